#!/usr/bin/python3
"""Mistakes that people make have the code of their kind, behind the sentence and in JSON."""

import json
import os
import pathlib
import re
import shutil
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

LIST = cli.SOURCE / "framework" / "core" / "error_code.hpp"

# Codes that one command in a scratch folder cannot provoke, and the test that sees them.
ELSEWHERE = {
    106: "end_to_end/program/streams_test.py",
    503: "framework/storage/files/descriptor_test.cpp",
    504: "framework/storage/run/run_directory_test.cpp",
    510: "framework/storage/checkpoint/training_state_test.cpp",
    511: "framework/storage/checkpoint/run_checkpoints_test.cpp",
    513: "framework/storage/checkpoint/training_state_test.cpp",
    514: "framework/storage/files/atomic_file_test.cpp",
    518: "faults/hostile_hdf5_test.py",
    601: "framework/training/exchange/thread_communicator_test.cpp",
    602: "cluster/watchdog_test.cpp",
    603: "end_to_end/ranks/ranks_disagree_test.py",
    604: "end_to_end/ranks/ranks_disagree_test.py",
    699: "framework/core/error_test.cpp",
    702: "framework/training/exchange/replica_check_test.cpp",
}
NOWHERE = {
    516: "resolved.yaml and the checkpoints of a run disagree on its length",
    607: "2 GiB in one message",
    609: "a system that does not answer",
}

# Command lines below a folder with busy.yaml, the run `run` of it, and what `prepare` has made; each with its code.
MISTAKES = (
    (101, ["frobnicate"]),
    (102, ["train", "busy.yaml", "--nope"]),
    (103, ["train", "busy.yaml", "--resume", "--overwrite", "--out", "run"]),
    (104, ["replay", "run", "--to", "9999"]),
    (105, ["bundle", "run", "--out", "notes.txt"]),
    (201, ["train", "missing.yaml"]),
    (202, ["train", "malformed.yaml"]),
    (203, ["train", "model.yaml"]),
    (204, ["train", "busy.yaml", "train.batchsize=9"]),
    (204, ["train", "busy.yaml", "optimizer={type: adam, momentum: 0.9}"]),
    (205, ["train", "busy.yaml", "train={batch_size: 10}"]),
    (205, ["train", "busy.yaml", "data={dataset: hdf5}"]),
    (205, ["train", "busy.yaml", "learning_rate={schedule: constant}"]),
    (205, ["sweep", "uncapped.yaml"]),
    (206, ["train", "busy.yaml", "seed=-1"]),
    (206, ["train", "busy.yaml", "train.batch_size=ten"]),
    (206, ["train", "busy.yaml", "optimizer=adam"]),
    (206, ["train", "busy.yaml", "optimizer.type=[adam]"]),
    (207, ["train", "busy.yaml", "optimizer.type=adamm"]),
    (207, ["train", "busy.yaml", "loss.type=cross"]),
    (207, ["train", "busy.yaml", "learning_rate.schedule=cosin"]),
    (207, ["train", "busy.yaml", "model.layers.c1.type=conv"]),
    (207, ["sweep", "bayes.yaml"]),
    (208, ["train", "busy.yaml", "train={batch_size: 10, steps: 5, epochs: 1}"]),
    (208, ["train", "busy.yaml", "evaluate={every_steps: 5, every_epochs: 1}"]),
    (208, ["train", "busy.yaml", "learning_rate={schedule: one_cycle, peak: 0.1, warmup: 0.1, warmup_steps: 5}"]),
    (208, ["train", "busy.yaml", "optimizer={type: sgd, nesterov: true}"]),
    (209, ["train", "busy.yaml", "nonsense"]),
    (210, ["sweep", "endless.yaml"]),
    (211, ["sweep", "unmeasured.yaml"]),
    (212, ["sweep", "paired.yaml"]),
    (301, ["train", "busy.yaml", "model.layers.f1.name=r2"]),
    (302, ["train", "busy.yaml", "model.layers.flat.type=relu"]),
    (303, ["train", "busy.yaml", "model.input.shape=[65536, 65536, 65536]"]),
    (304, ["train", "flat.yaml"]),
    (305, ["train", "busy.yaml", "model.layers.out.units=9"]),
    (401, ["train", "busy.yaml", "data={dataset: idx, path: nowhere}"]),
    (402, ["train", "busy.yaml", "data.dataset=mnst"]),
    (403, ["train", "busy.yaml", "data={dataset: hdf5, path: foreign.h5}"]),
    (404, ["train", "busy.yaml", "data.validation=730"]),
    (405, ["evaluate", "run", "data.validation=0", "--split", "validation"]),
    (406, ["predict", "run", "notes.txt"]),
    (407, ["predict", "two", "dot.pgm"]),
    (501, ["inspect", "missing"]),
    (502, ["inspect", "/dev/null"]),
    (505, ["train", "busy.yaml", "--out", "other"]),
    (506, ["inspect", "other"]),
    (507, ["evaluate", "unsaved"]),
    (508, ["inspect", "damaged.h5"]),
    (508, ["evaluate", "damaged.h5"]),
    (508, ["inspect", "empty.h5"]),
    (509, ["inspect", "notes.txt"]),
    (509, ["inspect", "foreign.h5"]),
    (509, ["evaluate", "foreign.h5"]),
    (509, ["evaluate", "run/metrics.h5"]),
    (509, ["evaluate", "bundle.h5"]),
    (509, ["compare", "run", "notes.txt"]),
    (512, ["train", "busy.yaml", "seed=8", "--resume", "--out", "run"]),
    (515, ["replay", "unrecorded"]),
    (517, ["inspect", "newer.h5"]),
    (517, ["evaluate", "newer.h5"]),
    (605, ["bench", "busy.yaml"]),
    (606, ["train", "busy.yaml"]),
    (608, ["train", "busy.yaml", "data.synthetic.train=1000000000000", "--dry-run"]),
    (701, ["train", "busy.yaml", "optimizer={type: sgd, weight_decay: 1}", "learning_rate={schedule: constant, peak: 1000000}"]),
)
ENVIRONMENTS = {606: {"LOCKSTEP_ISA": "abacus"}}
RANKS = {605: 2}

MODEL = "schema_version: 1\nname: tiny\ninput: {shape: [1, 28, 28]}\nlayers:\n  - {name: flat, type: flatten}\n"
MANY = list(range(1, 60))
KEYS = ("seed", "train.epochs", "data.validation", "train.batch_size")
SWEEP = "schema_version: 1\nname: some\nbase: busy.yaml\n"


def prepare(folder):
    """What the command lines read."""
    cli.write_busy(folder)
    cli.run(["train", "busy.yaml", "--quiet", "--out", "run"], cwd=folder)
    two = ("model.input.shape=[2, 28, 28]", "data.synthetic={train: 730, test: 300, channels: 2}")
    cli.run(["train", "busy.yaml", *two, "--quiet", "--out", "two"], cwd=folder)
    cli.run(["bundle", "run", "--out", "bundle.h5"], cwd=folder)
    texts = {
        "notes.txt": "hello\n",
        "empty.h5": "",
        "dot.pgm": "P5 1 1 255\n0",
        "malformed.yaml": "a: [1, 2\n",
        "model.yaml": MODEL,
        "flat.yaml": cli.BUSY_EXPERIMENT.split("model:")[0] + "model: model.yaml\ndata:" + cli.BUSY_EXPERIMENT.split("data:")[1],
        "uncapped.yaml": SWEEP + "method: random\nparameters: {seed: {min: 1, max: 9, distribution: int_uniform}}\n",
        "bayes.yaml": SWEEP + "method: bayes\nparameters: {seed: {values: [1, 2]}}\n",
        "endless.yaml": SWEEP + "parameters:\n" + "".join(f"  {key}: {{values: {MANY}}}\n" for key in KEYS),
        "unmeasured.yaml": SWEEP + "overrides: {data.validation: 0}\nmetric: {name: validation_accuracy}\nparameters: {seed: {values: [1, 2]}}\n",
        "paired.yaml": SWEEP + "ranks_per_trial: 2\nparameters: {seed: {values: [1, 2]}}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "other").mkdir()
    (folder / "other" / "thesis.txt").write_text("mine\n", encoding="utf-8")
    latest = folder / "run" / (folder / "run" / "latest").read_text(encoding="utf-8").strip()
    content = bytearray(latest.read_bytes())
    content[-100] ^= 1
    (folder / "damaged.h5").write_bytes(content)
    for name, lost in (("unsaved", ("checkpoints", "latest", "best")), ("unrecorded", ("metrics.jsonl", "metrics.h5"))):
        shutil.copytree(folder / "run", folder / name)
        for part in lost:
            path = folder / name / part
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with h5py.File(folder / "foreign.h5", "w") as file:
        file["x"] = 1
    with h5py.File(latest) as file, h5py.File(folder / "newer.h5", "w") as newer:
        newer.attrs["format"] = file.attrs["format"]
        newer.attrs["schema_version"] = 99


def listed():
    """The exit code of each error code."""
    exit_codes = {"usage": 2, "data": 3, "peer": 4, "numeric": 5}
    entries = re.findall(r"ErrorCode k\w+{(\d+), ErrorKind::(\w+),", LIST.read_text(encoding="utf-8"))
    return {int(number): exit_codes[kind] for number, kind in entries}


def test_each_mistake_has_its_code():
    exit_codes = listed()
    wrong = []
    with cli.Folder() as folder:
        prepare(folder)
        for number, words in MISTAKES:
            has_verb = number != 101
            line = [*words, "--json"] if has_verb else words
            done = cli.run(line, RANKS.get(number), None, ENVIRONMENTS.get(number), folder)
            said = [text for text in done.stderr.splitlines() if text.endswith(f" [E{number}]")]
            code = json.loads(done.stdout)["code"] if has_verb and done.stdout else None
            found = (len(said), done.returncode, code)
            if found != (1, exit_codes[number], f"E{number}" if has_verb else None):
                wrong.append(f"{words} is not E{number}: {found} {done.stderr}")
    cli.expect(not wrong, "\n".join(wrong))


def test_all_codes_are_tried_here_or_elsewhere():
    tried = [*{number for number, _ in MISTAKES}, *ELSEWHERE, *NOWHERE]
    cli.expect_equal(sorted(tried), sorted(listed()), "codes, each in one place")
    for test in ELSEWHERE.values():
        cli.expect((cli.SOURCE / "tests" / test).exists(), f"there is no {test}")


if __name__ == "__main__":
    cli.run_tests(globals())
