#!/usr/bin/python3
# labels: ranks
# timeout: 300
"""Ranks started with different command lines end together, with one line and the right code."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def run_two(first, second, code):
    """Runs rank 0 and rank 1 with different arguments; returns what lockstep said."""
    line = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "1", *cli.command(first), ":", "-n", "1"]
    done = subprocess.run(
        [*line, *cli.command(second)], capture_output=True, text=True, timeout=60, check=False
    )  # a hang is a failure
    cli.expect_equal(done.returncode, code, f"exit code of {first} beside {second}: {done.stderr}")
    return [text for text in done.stderr.splitlines() if text.startswith(("lockstep:", "[rank"))]


def test_one_rank_with_another_command_line_stops_all():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        train = ["train", experiment, "train.steps=2", "--quiet", "--out", folder / "run"]
        others = (
            [*train, "--bogus"],
            [*train, "--dry-run"],
            ["train", "--help"],
            ["--version"],
            ["describe", experiment],
            ["trian", experiment],
            [*train[:2], "train.steps=3", *train[3:]],
        )
        for other in others:
            for ranks in ((train, other), (other, train)):
                said = run_two(*ranks, 2)
                cli.expect_equal(len(said), 1, f"lines said by {ranks}: {said}")
        said = run_two(train, [*train, "--dry-run"], 2)[0]
        cli.expect("Rank 1 has another command line than rank 0" in said and "--dry-run" in said, said)
        cli.expect(not (folder / "run").exists(), "a run began")


def test_threads_may_differ():
    with cli.Folder() as folder:
        train = ["train", cli.write_busy(folder), "train.steps=2", "--quiet", "--out", folder / "run"]
        cli.expect_equal(run_two([*train, "--threads", 1], [*train, "--threads", 2], 0), [], "lines")


cli.run_tests(globals())
