"""Questions about files of an earlier version, and the lasting part of an answer: for the maker of the files and the test."""

import dataclasses
import json
import pathlib
import shutil
import struct

MADE_IN = "/tmp/lockstep-0.1.0"


@dataclasses.dataclass
class Question:
    """A command line, in the folder of the files; `ranks`: the answer is the same under mpirun."""

    words: tuple
    ranks: bool = False


# The stopped run has another optimizer and schedule than the finished one.
OTHERWISE = (
    "optimizer={type: sgd, momentum: 0.9, nesterov: true, weight_decay: 0.001}",
    "learning_rate={schedule: step, peak: 0.1, every_steps: 16, factor: 0.5, warmup_steps: 2}",
)

QUESTIONS = {
    "inspect_finished": Question(("inspect", "runs/finished")),
    "inspect_stopped": Question(("inspect", "runs/stopped")),
    "inspect_sweep": Question(("inspect", "sweeps/tried")),
    "inspect_checkpoint": Question(("inspect", "checkpoint.h5")),
    "inspect_weights": Question(("inspect", "weights.h5")),
    "inspect_metrics": Question(("inspect", "runs/finished/metrics.h5")),
    "inspect_index": Question(("inspect", "sweeps/tried/index.h5")),
    "inspect_bundle": Question(("inspect", "finished.h5")),
    "inspect_sweeps_bundle": Question(("inspect", "tried.h5")),
    "evaluate_finished": Question(("evaluate", "runs/finished"), ranks=True),
    "evaluate_stopped_on_training": Question(("evaluate", "runs/stopped", "--split", "train")),
    "evaluate_checkpoint_on_validation": Question(("evaluate", "checkpoint.h5", "--split", "validation")),
    "evaluate_weights": Question(("evaluate", "weights.h5", "--data", "synthetic"), ranks=True),
    "predict_finished": Question(("predict", "runs/finished", "digit.pgm")),
    "predict_weights": Question(("predict", "weights.h5", "digit.pgm")),
    "replay_finished": Question(("replay", "runs/finished"), ranks=True),
    "replay_stopped_from_its_checkpoint": Question(("replay", "runs/stopped", "--from", "18", "--to", "23")),
    "compare_runs": Question(("compare", "runs/finished", "runs/stopped")),
    "compare_run_and_checkpoint": Question(("compare", "runs/finished", "checkpoint.h5")),
    "report_finished": Question(("report", "runs/finished")),
    "report_sweep": Question(("report", "sweeps/tried")),
    "bundle_stopped": Question(("bundle", "runs/stopped")),
    "bundle_sweep": Question(("bundle", "sweeps/tried", "--out", "again.h5")),
    "list_sweep": Question(("sweep", "tried.yaml", "--out", "sweeps/tried", "--list")),
    "list_sweep_of_its_folder": Question(("sweep", "sweeps/tried/sweep.yaml", "--out", "sweeps/tried", "--list")),
    "resume_stopped": Question(
        ("train", "everything.yaml", *OTHERWISE, "--resume", "--out", "runs/stopped"), ranks=True
    ),
    "resume_stopped_by_resolved": Question(("train", "runs/stopped/resolved.yaml", "--resume", "--out", "runs/stopped")),
    "resume_finished": Question(("train", "everything.yaml", "--resume", "--out", "runs/finished")),
    "sweep_on": Question(("sweep", "tried.yaml", "--out", "sweeps/tried"), ranks=True),
}

# What depends on the machine, the moment or the ranks, or may grow with a version: the key stays, its value is any.
PASSING = ("bytes", "images_per_second", "isa", "ranks", "seconds", "threads", "train_seconds")
ANY = "(any)"


def lasting(answer):
    """The answer without values that depend on moment or machine."""
    if isinstance(answer, dict):
        return {key: ANY if key in PASSING else lasting(value) for key, value in answer.items()}
    return [lasting(value) for value in answer] if isinstance(answer, list) else answer


def differences(found, recorded, place="answer"):
    """Where an answer differs from the recorded one; new keys do not count."""
    if recorded == ANY:
        return []
    if isinstance(recorded, dict) and isinstance(found, dict):
        missing = [f"{place}.{key} is missing" for key in recorded if key not in found]
        both = [key for key in recorded if key in found]
        return missing + [line for key in both for line in differences(found[key], recorded[key], f"{place}.{key}")]
    if isinstance(recorded, list) and isinstance(found, list) and len(found) == len(recorded):
        pairs = enumerate(zip(found, recorded))
        return [line for i, (ours, then) in pairs for line in differences(ours, then, f"{place}[{i}]")]
    return [] if found == recorded else [f"{place} is {found!r}, not {recorded!r}"]


SHIPPED = (
    "article_200_iterations",
    "article_small_init",
    "conv3x3_synthetic",
    "lenet5_fashion",
    "lenet5_mnist",
    "quickstart",
)
SHIPPED_SWEEPS = ("adam_search", "batch_scaling", "init_scale", "learning_rate")

# Settings that no shipped experiment has; put on top of conv3x3_synthetic.
SETTINGS = {
    "sgd_step": (
        "optimizer={type: sgd, momentum: 0.9, nesterov: true, weight_decay: 0.0005}",
        "learning_rate={schedule: step, peak: 0.1, every_steps: 30, factor: 0.5, warmup_steps: 5, initial_fraction: 0}",
    ),
    "sgd_plain_exponential": (
        "optimizer={type: sgd}",
        "learning_rate={schedule: exponential, peak: 0.1, every_steps: 100}",
        "train.steps=50",
    ),
    "adam_cosine": (
        "optimizer={type: adam, beta1: 0.5, beta2: 0.75, epsilon: 1e-6, weight_decay: 1e-4}",
        "learning_rate={schedule: cosine, peak: 3e-3, final_fraction: 0.05, warmup: 0.2}",
    ),
    "constant_rhythms": (
        "learning_rate=0.01",
        "evaluate.every_steps=7",
        "checkpoint={every_steps: 11, keep: 0}",
        "metrics.digest_every_steps=0",
        "train={steps: 40, batch_size: 96, micro_batch: 16, clip_norm: 0.5, max_runtime: 2h, step_deadline: 90s}",
    ),
    "data_and_loss": (
        "name=other",
        "seed=9223372036854775807",
        "loss={type: softmax_cross_entropy, label_smoothing: 0.2}",
        "data.normalize={mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]}",
        "data.augment.shift=3",
        "data.validation=128",
    ),
    "layers": ("model=../models/two_paths.yaml", "data.synthetic={train: 100, test: 100}", "model.layers.drop.rate=0.5"),
    "files": ("data={dataset: [idx, mnist, hdf5], path: pictures, validation: 10}",),
}


def texts(source):
    """The name of each recorded text and the command line that prints it; sweeps need the data of write_data."""
    experiments = source / "experiments"
    found = {f"{name}.yaml": ("train", experiments / f"{name}.yaml", "--print-config") for name in SHIPPED}
    base = experiments / "conv3x3_synthetic.yaml"
    found |= {f"with_{name}.yaml": ("train", base, *overrides, "--print-config") for name, overrides in SETTINGS.items()}
    nowhere = ("--out", "/tmp/lockstep-nowhere", "--list", "--json")
    return found | {f"{name}.json": ("sweep", experiments / f"{name}.yaml", *nowhere) for name in SHIPPED_SWEEPS}


def neutral(said, source):
    """The lasting part of a recorded text: no place of the source tree; for a sweep its trials' names and parameters."""
    if said.startswith("{"):
        trials = [{key: row[key] for key in ("trial", "parameters")} for row in json.loads(said)["results"]]
        return json.dumps(trials, indent=1) + "\n"
    return said.replace(str(source), "SOURCE")


def write_data(folder):
    """A data set `mnist` of the right size, all black, for LOCKSTEP_DATA: names of trials depend on no pixel."""
    place = pathlib.Path(folder) / "mnist"
    place.mkdir()
    for part, images in (("train", 60000), ("t10k", 10000)):
        with (place / f"{part}-images-idx3-ubyte").open("wb") as file:
            file.write(struct.pack(">IIII", 0x803, images, 28, 28))
            file.truncate(16 + images * 28 * 28)
        labels = struct.pack(">II", 0x801, images) + bytes(i % 10 for i in range(images))
        (place / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def copy_files(source, target):
    """All files; a sweep's own file names the folder of its base, and follows it as a user would move it."""
    shutil.copytree(source, target)
    path = target / "sweeps" / "tried" / "sweep.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(MADE_IN, str(target)), encoding="utf-8")
