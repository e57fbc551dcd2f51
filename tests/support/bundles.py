"""What the tests of bundles have in common: what is packed, and how the two are compared."""

import pathlib

import h5py
import numpy

import lockstep_cli as cli


def trained(folder, *more):
    """A finished run; returns its folder."""
    run = folder / "runs" / "busy"
    cli.run(["train", cli.write_busy(folder), "--out", run, *more])
    return run


def swept(folder):
    """A finished sweep of two trials; returns its folder."""
    sweep = folder / "sweeps" / "tried"
    cli.run(["sweep", cli.write_busy(folder), "optimizer.beta1=0.8,0.9", "--out", sweep])
    return sweep


def nodes(group, path=""):
    """Every object by its path; each link must be a hard one."""
    found = {}
    for name in group:
        link = group.get(name, getlink=True)
        cli.expect(isinstance(link, h5py.HardLink), f"{path}/{name} is a {type(link).__name__}")
        found[f"{path}/{name}"] = group[name]
        if isinstance(group[name], h5py.Group):
            found.update(nodes(group[name], f"{path}/{name}"))
    return found


# What metrics files say about their run is in the texts and checkpoints of the bundle.
OF_THE_RUN = ("/experiment", "/provenance")


def expect_same_contents(packed, source, what, elsewhere=()):
    """The same objects with the same values, to the bit, and attributes, those of dimension scales aside."""
    ours = nodes(packed)
    theirs = {path: node for path, node in nodes(source).items() if path not in elsewhere}
    cli.expect_equal(sorted(ours), sorted(theirs), f"objects of {what}")
    for path, expected in [("", source), *theirs.items()]:
        found = ours[path] if path else packed
        for name, value in expected.attrs.items():
            if name in ("DIMENSION_LIST", "REFERENCE_LIST") or (path, name) == ("", "NX_class"):
                continue
            same = numpy.array_equal(found.attrs[name], value) or (value != value and found.attrs[name] != value)
            cli.expect(same, f"{what}{path} @{name}")
        if isinstance(expected, h5py.Dataset):
            cli.expect_equal((found.dtype, found.shape), (expected.dtype, expected.shape), f"kind of {what}{path}")
            if found.dtype.kind == "S":
                cli.expect(numpy.array_equal(found[()], expected[()]), f"texts of {what}{path}")
            else:
                cli.expect_equal(found[()].tobytes(), expected[()].tobytes(), f"bits of {what}{path}")


def named(run, name):
    return pathlib.Path((run / name).read_text(encoding="utf-8").strip()).stem
