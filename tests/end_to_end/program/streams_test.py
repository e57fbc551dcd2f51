#!/usr/bin/python3
# timeout: 300
"""Standard streams that are closed, full, or have lost their reader."""

import os
import pathlib
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def shell(arguments, redirections, code):
    """Runs under bash with the redirections and checks the exit code."""
    line = shlex.join(cli.command(arguments)) + " " + redirections
    done = subprocess.run(
        ["bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    cli.expect_equal(done.returncode, code, f"exit code of {line}: {done.stderr}")
    return done


def test_training_does_not_care_for_a_failing_stderr():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        warned = ["learning_rate={schedule: constant, peak: 0.01, warmup_steps: 99}", "--threads", 64]
        for number, redirection in enumerate(("2>/dev/full", "2>&-", "2> >(exit 0)", "0<&- 2>&-")):
            for mode in ("bar", "lines"):
                run = folder / f"{mode}{number}"
                done = shell(["train", experiment, *warned, "--out", run, "--progress", mode], redirection, 0)
                cli.expect("digest" in done.stdout, f"no result with {redirection}")
                cli.expect((run / "DONE").exists(), f"{run} is not done")
                log = (run / "log.txt").read_text(encoding="utf-8")
                cli.expect("warning" not in log, f"stderr went into the log: {log}")


def test_a_result_that_cannot_be_printed_is_3():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        run = folder / "run"
        train = ["train", experiment, "train.steps=2", "--out", run]
        lines = (
            [*train, "--overwrite"],
            [*train, "--resume", "--json"],
            [*train, "--resume", "--dry-run"],
            [*train, "--print-config"],
            ["evaluate", run],
            ["describe", experiment],
            ["inspect", run],
            ["train", "--help"],
            ["--version"],
        )
        for line in lines:
            for redirection in (">/dev/full", ">&-"):
                done = shell(line, redirection, 3)
                cli.expect("cannot write to standard output: " in done.stderr, f"{line}: {done.stderr}")
        cli.expect((run / "DONE").exists(), "the run itself is not done")


def test_a_reader_that_has_seen_enough_is_no_failure():
    done = shell(["train", "--help"], "| true; exit ${PIPESTATUS[0]}", 0)
    cli.expect_equal(done.stderr, "", "stderr")


cli.run_tests(globals())
