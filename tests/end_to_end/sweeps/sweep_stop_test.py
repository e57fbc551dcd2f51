#!/usr/bin/python3
# labels: ranks
# timeout: 900
"""Sweepers that are asked to stop, are killed, or share a folder: no work is lost, and the trials end with the same bits.

LOCKSTEP_SWEEP_KILLS=30 kills the sweeper that often."""

import functools
import os
import pathlib
import pty
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import sweeps

KILLS = int(os.environ.get("LOCKSTEP_SWEEP_KILLS", "4"))

@functools.cache
def undisturbed():
    """Digests and duration of the long sweep when it is not disturbed."""
    with cli.Folder() as folder:
        begin = time.monotonic()
        result = cli.run_json(sweeps.words(folder, text=sweeps.LONG))
        return sweeps.digests(result), time.monotonic() - begin


def test_a_request_stops_the_trials_and_the_same_command_goes_on():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        with cli.Folder() as folder:
            running = cli.Job(sweeps.words(folder, text=sweeps.LONG))
            with running:
                running.wait_for(lambda: any((folder / "out").glob("trials/*/metrics.jsonl")), "a trial at work")
                running.process.send_signal(number)
                cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
            cli.expect_equal(cli.processes(folder), [], "processes")
            listed = cli.run_json(sweeps.words(folder, "--list", text=sweeps.LONG))
            cli.expect("stopped" in [row["status"] for row in listed["results"]], f"states: {listed}")
            result = cli.run_json(sweeps.words(folder, text=sweeps.LONG))
            cli.expect_equal(sweeps.digests(result), undisturbed()[0], "digests")


def expect_nothing_lost(folder, checkpoints):
    """Every trial went on from its newest checkpoint, and a finished one stayed as it was."""
    for trial, begun in sweeps.all_starts(folder).items():
        before, newest, finished = checkpoints.get(trial, ([], 0, False))
        expected = before if finished else [*before, newest]
        cli.expect(begun in (before, expected), f"{trial} began at {begun}, not {expected}")


def progress(folder):
    """For each trial: where it began, its newest checkpoint, and whether it has finished."""
    found = {}
    for trial in (folder / "out" / "trials").glob("*"):
        newest = max((int(path.stem.split("_")[1]) for path in trial.glob("checkpoints/step_*.h5")), default=0)
        journal = trial / "metrics.jsonl"
        cli.expect(newest or not journal.exists() or not journal.stat().st_size, f"{trial} has steps but no checkpoint")
        found[trial.name] = (sweeps.starts(trial), newest, (trial / "DONE").exists())
    return found


def test_a_killed_sweeper_loses_nothing():
    expected, seconds = undisturbed()
    seed = random.randrange(1 << 30)
    print(f"kills at moments of seed {seed}", flush=True)
    moments = random.Random(seed)
    kills = 0
    while kills < KILLS:
        with cli.Folder() as folder:
            known = {}
            while kills < KILLS:
                running = cli.Job(sweeps.words(folder, text=sweeps.LONG))
                with running:
                    time.sleep(moments.uniform(0, 0.6 * seconds))
                    if running.process.poll() is not None:
                        break
                    running.process.kill()
                    running.process.wait()
                kills += 1
                cli.expect_no_process(folder, 60)
                expect_nothing_lost(folder, known)
                known = progress(folder)
            result = cli.run_json(sweeps.words(folder, text=sweeps.LONG))
            expect_nothing_lost(folder, known)
            cli.expect_equal(sweeps.digests(result), expected, "digests")
            cli.expect_no_process(folder, 60)


def test_a_terminal_shows_a_table_of_what_runs():
    endless = sweeps.LONG.replace("epochs: 60", "epochs: 60000")
    at_work = re.compile(r"seed=1_[0-9a-f]{12} +step [1-9][0-9]* of 420000")
    with cli.Folder() as folder:
        terminal, end = pty.openpty()
        words = cli.command(sweeps.words(folder, text=endless, lists=("seed=1,2",)))
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=end) as process:
            os.close(end)
            shown = b""
            asked = False
            try:
                while piece := os.read(terminal, 65536):
                    shown += piece
                    if not asked and at_work.search(shown.decode()):
                        process.terminate()
                        asked = True
            except OSError:
                pass  # the other end is closed
            os.close(terminal)
            cli.expect_equal(process.wait(), 75, "exit code")
        text = shown.decode()
        cli.expect("2 trials, 0 done, 0 failed, " in text, f"no sum in {text!r}")
        cli.expect_equal(text.count("status=stopped"), 2, "lines of trials that ended")
        cli.expect("\033[J" in text, "the table is not taken away")


@cli.faults
def test_two_sweepers_share_the_work_and_never_a_trial():
    with cli.Folder() as folder:
        words = sweeps.words(folder, "--threads", 1, text=sweeps.LONG, lists=("seed=1,2,3,4,5,6",))
        with cli.Job(words) as one, cli.Job(words) as other:
            cli.expect_equal((one.end(), other.end()), (0, 0), f"exit codes: {one.said()} {other.said()}")
            said = one.said() + other.said()
        cli.expect_equal(sorted(sweeps.all_starts(folder).values()), [[0]] * 6, f"starts ({said})")
        states = [row["status"] for row in cli.run_json([*words, "--list"])["results"]]
        cli.expect_equal(states, ["done"] * 6, "states")


@cli.faults
def test_a_dead_sweepers_trials_are_taken_over_while_another_waits():
    with cli.Folder() as folder:
        words = sweeps.words(folder, "--threads", 1, text=sweeps.LONG, lists=("seed=1,2",))
        with cli.Job(words) as one:
            one.wait_for(lambda: any((folder / "out").glob("trials/*/metrics.jsonl")), "a trial at work")
            with cli.Job(words) as other:
                other.wait_for(lambda: len(list((folder / "out").glob("trials/*/metrics.jsonl"))) == 2, "both at work")
                one.process.kill()
                cli.expect_equal(other.end(), 0, f"exit code ({other.said()})")
        result = cli.run_json([*words, "--list"])
        cli.expect_equal(result["done"], 2, "done")


cli.run_tests(globals())
