#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Runs that are asked to stop or to save a checkpoint, and are resumed: the bits of an undisturbed run."""

import functools
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

# Long enough to be caught while it trains, with rare checkpoints.
LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 300"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 1000")):
    LONG = LONG.replace(short, long)
STEPS = 2100


@functools.cache
def undisturbed():
    """Result and journal of an undisturbed run."""
    with cli.Folder() as folder:
        result = cli.run_json(["train", cli.write_busy(folder, LONG), "--out", folder / "run"])
        return result, journal(folder / "run")


def journal(run):
    """The recorded steps and evaluations, without what depends on the clock."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key not in ("images_per_second", "seconds")} for row in rows]


def steps_done(run):
    path = run / "metrics.jsonl"
    return path.read_text(encoding="utf-8").count("\n") if path.exists() else 0


def checkpoints(run):
    return sorted(int(path.stem.split("_")[1]) for path in (run / "checkpoints").glob("step_*.h5"))


def job(folder, *more, ranks=None, threads=1):
    """A run at work, and its folder."""
    run = folder / "run"
    started = cli.Job(
        ["train", cli.write_busy(folder, LONG), "--quiet", "--threads", threads, "--out", run, *more], ranks
    )
    return started, run


def expect_stopped(running, run, who):
    """It ended with 75, one checkpoint more, and says so; returns the step."""
    cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
    end = (run / "STOPPED").read_text(encoding="utf-8")
    cli.expect(end.startswith("exit_code: 75\nreason: stopped after step ") and f"as {who} asked" in end, end)
    said = [line for line in running.said().splitlines() if "--resume" in line]
    cli.expect(len(said) == 1 and f"--resume --out {run}" in said[0], f"how to go on: {running.said()}")
    step = checkpoints(run)[-1]
    cli.expect_equal(json.loads((run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"], step, "step")
    summary = cli.run_json(["inspect", run])
    cli.expect_equal((summary["outcome"], summary["metrics"]["steps"]), ("STOPPED", step), "what inspect says")
    return step


def expect_goes_on(folder, run, ranks, threads):
    """Resumed on another layout it ends like the undisturbed run."""
    result = cli.run_json(["train", folder / "busy.yaml", "--out", run, "--resume", "--threads", threads], ranks)
    expected, rows = undisturbed()
    for key in ("digest", "steps", "samples_seen", "train", "validation", "test"):
        cli.expect_equal(result[key], expected[key], key)
    cli.expect_equal(journal(run), rows, "journal")
    cli.expect((run / "DONE").exists() and not (run / "STOPPED").exists(), "the mark of the end")


def test_a_process_alone_stops_at_each_of_the_signals():
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        with cli.Folder() as folder:
            running, run = job(folder)
            with running:
                running.wait_for(lambda: steps_done(run) >= 20, "step 20")
                running.process.send_signal(number)
                step = expect_stopped(running, run, number.name)
            cli.expect(20 <= step < STEPS, f"stopped after step {step}")
            expect_goes_on(folder, run, 2, 2)


@cli.faults
def test_whichever_rank_gets_a_signal_all_stop_after_the_same_step():
    for ranks, asked, number in ((2, 0, signal.SIGTERM), (2, 1, signal.SIGUSR1), (3, 2, signal.SIGINT)):
        with cli.Folder() as folder:
            running, run = job(folder, ranks=ranks)
            with running:
                running.wait_for(lambda: steps_done(run) >= 5, "step 5")
                os.kill(running.ranks()[asked], number)
                expect_stopped(running, run, "another rank" if asked else number.name)
            expect_goes_on(folder, run, None, 3)


def test_a_run_moves_to_other_ranks_and_threads_three_times_in_a_row():
    with cli.Folder() as folder:
        done = 0
        for resume, ranks, threads in (((), 2, 2), (("--resume",), 5, 1), (("--resume",), None, 3)):
            running, run = job(folder, *resume, ranks=ranks, threads=threads)
            with running:
                running.wait_for(lambda least=done + 100: steps_done(run) > least, "a hundred more steps")
                os.kill(running.ranks().get(0, running.process.pid), signal.SIGUSR1)
                stopped = expect_stopped(running, run, "SIGUSR1")
            cli.expect(stopped > done, f"step {stopped} after {done}")
            done = stopped
        expect_goes_on(folder, run, 3, 2)


def test_mpirun_passes_usr1_on():
    with cli.Folder() as folder:
        running, run = job(folder, ranks=3)
        with running:
            running.wait_for(lambda: steps_done(run) >= 5, "step 5")
            running.process.send_signal(signal.SIGUSR1)
            running.process.send_signal(signal.SIGUSR1)
            expect_stopped(running, run, "SIGUSR1")
        expect_goes_on(folder, run, 2, 1)


def test_usr2_saves_a_checkpoint_and_goes_on():
    for ranks in (None, 2):
        with cli.Folder() as folder:
            running, run = job(folder, "checkpoint.keep=0", ranks=ranks)
            with running:
                running.wait_for(lambda: steps_done(run) >= 20, "step 20")
                running.process.send_signal(signal.SIGUSR2)
                cli.expect_equal(running.end(), 0, f"exit code ({running.said()})")
            extra = set(checkpoints(run)) - {1000, 2000, STEPS}
            best = cli.run_json(["inspect", run])["metrics"]["epochs"]
            extra -= {epoch["step"] for epoch in best}  # each may have been the best so far
            # The ranks get the signal one after the other, maybe in different steps.
            cli.expect(1 <= len(extra) <= (ranks or 1), f"checkpoints beside the usual ones: {extra}")
            cli.expect_equal(journal(run), undisturbed()[1], "journal")


def test_a_signal_while_loading_stops_after_one_step():
    with cli.Folder() as folder:
        large = cli.BUSY_EXPERIMENT.replace("train: 730", "train: 60000").replace("epochs: 2", "epochs: 50")
        run = folder / "run"
        with cli.Job(["train", cli.write_busy(folder, large), "--out", run]) as running:
            caught = pathlib.Path(f"/proc/{running.process.pid}/status")
            usr1 = 1 << (signal.SIGUSR1 - 1)

            def is_listening():
                lines = caught.read_text(encoding="utf-8").splitlines()
                return int(next(line for line in lines if line.startswith("SigCgt:")).split()[1], 16) & usr1

            running.wait_for(is_listening, "handler of signals")
            cli.expect(not run.exists(), "the run had begun already")
            running.process.send_signal(signal.SIGUSR1)
            cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
        cli.expect_equal(checkpoints(run), [1], "checkpoints")


def test_max_runtime_stops_a_run_and_may_change_when_it_goes_on():
    for ranks in (None, 2):
        with cli.Folder() as folder:
            running, run = job(folder, "train.max_runtime=0.2s", ranks=ranks)
            with running:
                step = expect_stopped(running, run, "train.max_runtime of 0.2 s")
            cli.expect(step < STEPS, f"stopped after step {step}")
            expect_goes_on(folder, run, None, 2)


def test_a_stopped_run_says_so_as_json():
    with cli.Folder() as folder:
        run = folder / "run"
        done = cli.run(
            ["train", cli.write_busy(folder, LONG), "train.max_runtime=0.001", "--out", run, "--json"], code=75
        )
        said = json.loads(done.stdout)
        cli.expect_equal((said["stopped"], said["steps"], said["total_steps"]), (True, 1, STEPS), "JSON")
        cli.expect_equal(said["run_dir"], str(run), "folder")


cli.run_tests(globals())
