#!/usr/bin/python3
# labels: python
# timeout: 300
"""A run names the data set that it was trained on, and is evaluated on no other unless told to."""

import gzip
import os
import pathlib
import struct
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

EITHER = cli.BUSY_EXPERIMENT.replace("dataset: synthetic", "dataset: [mnist, fashion_mnist]")


def write_named_set(folder, seed):
    """Four gzipped IDX files of noise."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for part, count in (("train", 300), ("t10k", 200)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(struct.pack(">IIII", 0x803, count, 28, 28) + images.tobytes())
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">II", 0x801, count) + labels.tobytes())


def test_the_set_that_was_taken_from_a_list_is_recorded():
    with cli.Folder() as folder:
        write_named_set(folder / "first" / "mnist", 1)
        write_named_set(folder / "second" / "fashion_mnist", 2)
        first, second = ({"LOCKSTEP_DATA": str(folder / name)} for name in ("first", "second"))
        experiment = cli.write_busy(folder, EITHER)
        line = ["train", experiment, "train.steps=2", "--out", folder / "run"]
        trained = cli.run_json(line, env=first)
        cli.expect_equal(trained["dataset"], "mnist", "data set")
        resolved = (folder / "run" / "resolved.yaml").read_text(encoding="utf-8")
        cli.expect("dataset: mnist\n" in resolved, f"the list is kept: {resolved}")
        done = cli.run(["evaluate", folder / "run"], env=second, code=3)
        cli.expect("was trained on the data set mnist" in done.stderr, done.stderr)
        told = cli.run_json(["evaluate", folder / "run", "data.dataset=fashion_mnist"], env=second)
        cli.expect_equal(told["dataset"], "fashion_mnist", "data set that was asked for")
        cli.expect_equal(cli.run_json([*line, "--resume"], env=first), trained, "resumed by the list")


def test_a_lone_hdf5_file_is_no_test_set_of_its_own_run():
    with cli.Folder() as folder:
        rng = np.random.default_rng(4)
        with h5py.File(folder / "one.h5", "w") as file:
            file["images"] = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
            file["labels"] = rng.integers(0, 10, 300, dtype=np.uint8)
        run = folder / "run"
        data = ["data.dataset=hdf5", f"data.path={folder}/one.h5"]
        cli.run(["train", cli.write_busy(folder), "train.steps=2", *data, "--out", run])
        done = cli.run(["evaluate", run], code=3)
        cli.expect("has no test split" in done.stderr, done.stderr)
        cli.expect_equal(cli.run_json(["evaluate", run, "--split", "train"])["samples"], 200, "training samples")
        cli.expect_equal(cli.run_json(["evaluate", run, "--data", folder / "one.h5"])["samples"], 300, "all samples")


cli.run_tests(globals())
