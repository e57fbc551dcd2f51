"""The layout of framework/storage/README.md, as rules that any file of ours keeps."""

import h5py
import numpy as np

NUMBERS = ("i8", "u8", "f4", "f8")

# The least that a file of each format contains: type and number of dimensions.
CONTENTS = {
    "lockstep-checkpoint": {
        "experiment": ("text", 0),
        "model": ("text", 0),
        "parameters": "group",
        "state": "group",
        "provenance": "group",
    },
    "lockstep-metrics": {
        "steps/step": ("i8", 1),
        "steps/epoch": ("f8", 1),
        "steps/loss": ("f8", 1),
        "steps/learning_rate": ("f8", 1),
        "steps/gradient_norm": ("f8", 1),
        "steps/images_per_second": ("f8", 1),
        "steps/digest": ("u8", 2),
        "steps/half": ("i8", 1),
        "epochs/epoch": ("f8", 1),
        "epochs/step": ("i8", 1),
        "epochs/train_loss": ("f8", 1),
        "epochs/train_accuracy": ("f8", 1),
        "epochs/validation_loss": ("f8", 1),
        "epochs/validation_accuracy": ("f8", 1),
        "epochs/test_loss": ("f8", 1),
        "epochs/test_accuracy": ("f8", 1),
        "epochs/seconds": ("f8", 1),
        "confusion": ("i8", 2),
        "true_class": ("i8", 1),
        "predicted_class": ("i8", 1),
        "experiment": ("text", 0),
        "provenance": "group",
        "layers/layer": ("text", 1),
        "layers/activation_rms": ("f8", 2),
        "layers/gradient_rms": ("f8", 2),
    },
    "lockstep-sweep": {
        "trials/trial": ("text", 1),
        "trials/status": ("text", 1),
        "trials/steps": ("i8", 1),
        "trials/digest": ("u8", 2),
        "runs": "group",
    },
    "lockstep-bundle": {"runs": "group"},
}
# What metrics say about their run; a bundle has this beside them.
OF_THE_RUN = ("experiment", "provenance")
OF_EVALUATIONS = ("confusion", "true_class", "predicted_class", "layers/layer", "layers/activation_rms", "layers/gradient_rms")


def attributes(node):
    """A node's attributes; texts, which are stored with a fixed length, as texts."""
    return {name: decoded(value) for name, value in node.attrs.items() if name not in ("DIMENSION_LIST", "REFERENCE_LIST")}


def decoded(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, np.ndarray) and value.dtype.kind == "S":
        return np.array([text.decode("utf-8") for text in value])
    return value


class Findings(list):
    """Sentences about broken rules."""

    def expect(self, condition, text):
        if not condition:
            self.append(text)


def type_of(dataset):
    text = h5py.check_string_dtype(dataset.dtype)
    if text is None:
        return dataset.dtype.str[1:] if dataset.dtype.str[0] in "<|" else dataset.dtype.str
    return "text" if text.length is not None and text.encoding == "utf-8" else f"text of another kind ({text})"


def says_something(node, name):
    value = attributes(node).get(name)
    return isinstance(value, str) and value.strip() != ""


def links_of(group, path=""):
    """All links in a group and where they are; links to other files are not followed."""
    for name in group:
        link = group.get(name, getlink=True)
        place = f"{path}/{name}"
        yield place, link
        if isinstance(link, h5py.HardLink) and isinstance(group[name], h5py.Group):
            yield from links_of(group[name], place)


def check_dataset(place, dataset, found):
    kind = type_of(dataset)
    found.expect(says_something(dataset, "long_name"), f"{place} has no long_name")
    if kind == "text":
        found.expect(dataset.ndim < 2, f"{place}: texts in {dataset.ndim} dimensions")
        found.expect(isinstance(attributes(dataset).get("units"), str), f"{place} has no units")
        return
    found.expect(kind in NUMBERS, f"{place}: {kind} is no type of ours")
    found.expect(says_something(dataset, "units"), f"{place} has no units")
    found.expect(dataset.chunks is not None, f"{place} is not chunked")
    found.expect(dataset.fletcher32, f"{place} has no Fletcher32 checksum")


def scales_of(dataset, dimension):
    return [scale.name for scale in dataset.dims[dimension].values()]


def check_nxdata(place, group, found):
    """Signal and axes exist, axes are scales of the signal, and rows of all columns are labelled."""
    own = attributes(group)
    signal = own.get("signal", "")
    axes = list(own.get("axes", []))
    if signal == "" or signal not in group:
        found.append(f"{place}: its signal {signal!r} does not exist")
        return
    columns = [signal, *own.get("auxiliary_signals", [])]
    for column in columns:
        found.expect(column in group and group[column].ndim == len(axes), f"{place}: {column} does not fit the axes {axes}")
    for dimension, axis in enumerate(axes):
        found.expect(f"{group.name}/{axis}" in scales_of(group[signal], dimension), f"{place}: {axis} labels no axis of {signal}")
    for name in group:
        dataset = group[name]
        if not isinstance(dataset, h5py.Dataset) or h5py.h5ds.is_scale(dataset.id):
            continue
        for dimension in range(dataset.ndim):
            found.expect(scales_of(dataset, dimension) != [], f"{place}/{name}: axis {dimension} has no scale")


def check_default_plot(file, found):
    found.expect(attributes(file).get("NX_class") == "NXroot", "the root is no NXroot")
    node, steps = file, 0
    while (name := attributes(node).get("default")) is not None and steps < 4:
        found.expect(name in node, f"the default {name} of {node.name} does not exist")
        if name not in node:
            return
        node, steps = node[name], steps + 1
    found.expect(attributes(node).get("NX_class") == "NXdata", f"the default plot leads to {node.name}, which is no NXdata")


def check_group(file, found, root=""):
    """Everything below `root`, whatever the file's format."""
    for place, link in links_of(file[root or "/"], root):
        if not isinstance(link, h5py.HardLink):
            is_run = isinstance(link, h5py.ExternalLink) and place.startswith("/runs/")
            found.expect(is_run and not link.filename.startswith("/"), f"{place} is a link to another place")
            continue
        node = file[place]
        found.expect(h5py.h5g.get_objinfo(file.id, place.encode()).mtime == 0, f"{place}: its time is tracked")
        if isinstance(node, h5py.Dataset):
            check_dataset(place, node, found)
        else:
            found.expect(says_something(node, "long_name"), f"{place} has no long_name")
            if attributes(node).get("NX_class") == "NXdata":
                check_nxdata(place, node, found)


def check_contents(file, form, found, root=""):
    for path, expected in CONTENTS[form].items():
        place = f"{root}/{path}"
        if place not in file and path in OF_EVALUATIONS and not len(file[f"{root}/epochs/step"]):
            continue
        if root and form == "lockstep-metrics" and path in OF_THE_RUN:
            continue
        if place not in file:
            found.append(f"{place} is missing")
        elif expected != "group":
            actual = (type_of(file[place]), file[place].ndim)
            found.expect(actual == expected, f"{place} is {actual}, not {expected}")


def check_runs(file, found):
    """In a bundle, metrics and checkpoints have what separate files of them have."""
    for run in file["runs"].values():
        check_contents(file, "lockstep-metrics", found, f"{run.name}/metrics")
        for checkpoint in run["checkpoints"].values():
            check_contents(file, "lockstep-checkpoint", found, checkpoint.name)


def superblock_version(path):
    """The HDF5 file after a user block, if there is one."""
    with open(path, "rb") as file:
        start = file.read(1024)
    at = start.index(b"\x89HDF\r\n\x1a\n")
    return start[at + 8]


def take_off_block(path):
    """Cuts the user block off: a file changed on purpose counts as not verified then."""
    path.write_bytes(path.read_bytes()[512:])


def problems_of_block(path):
    """The user block states how long the rest is."""
    with open(path, "rb") as file:
        block = file.read(512)
        length = len(file.read())
    if not block.startswith(b"LOCKSTEP "):
        return ["it has no user block of ours"]
    stated = int(block.splitlines()[1].split()[1])
    return [] if stated == length else [f"its user block states {stated} bytes, but {length} follow"]


def problems_of(path):
    """Violations of the layout; an empty list for a good file."""
    found = Findings()
    found.expect(superblock_version(path) >= 2, "it is in HDF5's old format")
    found.extend(problems_of_block(path))
    with h5py.File(path, "r") as file:
        form = attributes(file).get("format")
        found.expect(np.asarray(file.attrs.get("schema_version")).dtype == np.int64, "schema_version is no int64")
        if form not in CONTENTS:
            return [*found, f"its format {form!r} is unknown"]
        check_contents(file, form, found)
        check_group(file, found)
        if form == "lockstep-bundle":
            check_runs(file, found)
        if form != "lockstep-checkpoint":
            check_default_plot(file, found)
    return list(found)
