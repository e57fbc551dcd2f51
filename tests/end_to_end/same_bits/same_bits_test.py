#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""One digest for threads {1, 2, 3, 5} x ranks {1, 2, 3, 5}: dropout, augmentation, clipping, batch 100."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "steps", "samples_seen", "train", "validation", "test")}


def test_threads_and_ranks_change_no_bit():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        expected = figures(cli.run_json(["train", experiment, "--out", folder / "solo", "--threads", 1]))
        for ranks in (None, 1, 2, 3, 5):
            for threads in (1, 2, 3, 5):
                out = folder / f"r{ranks}t{threads}"
                result = cli.run_json(["train", experiment, "--out", out, "--threads", threads], ranks)
                cli.expect_equal(result["ranks"], ranks or 1, "ranks")
                cli.expect_equal(result["threads"], threads, "threads")
                cli.expect_equal(figures(result), expected, f"{ranks} ranks x {threads} threads")


def test_evaluation_over_ranks_is_exact():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        trained = cli.run_json(["train", experiment, "--out", folder / "run"])
        for ranks in (None, 2, 3):
            for split in ("train", "validation", "test"):
                found = cli.run_json(["evaluate", folder / "run", "--split", split], ranks)
                for key in ("samples", "correct", "accuracy", "loss"):
                    cli.expect_equal(found[key], trained[split][key], f"{split} {key} on {ranks} ranks")


cli.run_tests(globals())
