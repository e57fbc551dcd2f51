#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 900
"""cluster/train.sbatch on a real Slurm: whatever stops or kills its job, it goes on to the bits of the run alone."""

import functools
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import virtual_hosts
import virtual_slurm

LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 600"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)


@functools.cache
def alone():
    with cli.Folder() as folder:
        return cli.run_json(["train", cli.write_busy(folder, LONG), "--out", folder / "run"])


def started(slurm, folder, *more, options=()):
    """A job at work, past its first checkpoint; and its run's folder."""
    run = folder / "run"
    job = slurm.submit(cli.write_busy(folder, LONG), run, *more, options=options)
    slurm.wait_for(job, lambda: list((run / "checkpoints").glob("step_*00.h5")), "checkpoint")
    return job, run


def expect_done(slurm, job, folder):
    """It has ended well, with the bits of the run alone."""
    cli.expect_equal(slurm.end(job), ("COMPLETED", 0), f"end of the job ({slurm.said(job)})")
    cli.expect((folder / "run" / "DONE").exists(), "the run is not done")
    result = cli.run_json(["train", folder / "busy.yaml", "--out", folder / "run", "--resume"])
    for key in ("digest", "steps", "train", "validation", "test"):
        cli.expect_equal(result[key], alone()[key], key)


def kill_a_rank(slurm):
    ranks = [process for process in slurm.living() if virtual_hosts.name_of(process) == "lockstep"]
    os.kill(int(ranks[-1].name), signal.SIGKILL)


def test_usr1_saves_and_requeues_whoever_gets_it():
    with virtual_slurm.Slurm(2) as slurm:
        for ask in (("scancel", "-s", "USR1"), ("scancel", "--batch", "-s", "USR1")):  # the second as near the limit
            with cli.Folder() as folder:
                job, run = started(slurm, folder)
                slurm.do(*ask, job)
                slurm.wait_for(job, (run / "STOPPED").exists, "STOPPED")
                slurm.wait_for(job, lambda job=job: slurm.about(job)["Restarts"] != "0", "second start")
                expect_done(slurm, job, folder)
                cli.expect("go on by the same command" in slurm.said(job), slurm.said(job))


def test_scancel_saves_and_stops_for_good_and_the_next_job_goes_on():
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        job, run = started(slurm, folder)
        slurm.do("scancel", job)
        cli.expect_equal(slurm.end(job)[0], "CANCELLED", "state")
        cli.expect((run / "STOPPED").exists(), f"nothing was saved: {slurm.said(job)}")
        expect_done(slurm, slurm.submit(folder / "busy.yaml", run), folder)


def test_a_killed_rank_requeues_the_job_as_often_as_allowed():
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        job, _ = started(slurm, folder)
        kill_a_rank(slurm)
        expect_done(slurm, job, folder)
        cli.expect("the job is queued again, retry 1 of 3" in slurm.said(job), slurm.said(job))
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        slurm.env["LOCKSTEP_RETRIES"] = "0"
        job, run = started(slurm, folder)
        kill_a_rank(slurm)
        state, code = slurm.end(job)
        cli.expect_equal((state, code >= 128), ("FAILED", True), f"end of the job, exit code {code}")
        cli.expect("after 0 retries" in slurm.said(job), slurm.said(job))


def test_a_new_checkpoint_starts_the_count_of_failures_again():
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        slurm.env["LOCKSTEP_RETRIES"] = "1"
        job, run = started(slurm, folder)
        kill_a_rank(slurm)
        slurm.wait_for(job, lambda: slurm.about(job)["Restarts"] == "1", "second start")
        before = (run / "latest").read_text(encoding="utf-8")
        slurm.wait_for(job, lambda: (run / "latest").read_text(encoding="utf-8") != before, "new checkpoint")
        kill_a_rank(slurm)
        expect_done(slurm, job, folder)
        cli.expect_equal(slurm.said(job).count("retry 1 of 1"), 2, f"first retries ({slurm.said(job)})")


def test_the_job_without_a_folder_ends_in_one_sentence():
    done = subprocess.run(["bash", virtual_slurm.TEMPLATE, "x.yaml"], capture_output=True, text=True, check=False)
    cli.expect_equal((done.returncode, done.stderr.count("\n")), (2, 1), f"exit code and lines ({done.stderr})")


def test_a_job_whose_node_dies_goes_on_on_another():
    with virtual_slurm.Slurm(3) as slurm, cli.Folder() as folder:
        job, _ = started(slurm, folder, "train.step_deadline=5", options=("--nodes=2",))
        cli.expect_equal(slurm.about(job)["NodeList"], "h[1-2]", "nodes")
        slurm.call("kill", "h2")
        expect_done(slurm, job, folder)
        cli.expect_equal(slurm.about(job)["NodeList"], "h[1,3]", "nodes of the last start")


def test_a_job_under_mpirun_goes_on_too():
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        slurm.env["LOCKSTEP_LAUNCHER"] = "mpirun --bind-to none"
        job, run = started(slurm, folder)
        slurm.do("scancel", "--batch", "-s", "USR1", job)
        slurm.wait_for(job, (run / "STOPPED").exists, "STOPPED")
        expect_done(slurm, job, folder)


def test_a_mistake_is_not_tried_again():
    with virtual_slurm.Slurm(2) as slurm, cli.Folder() as folder:
        job = slurm.submit(cli.write_busy(folder), folder / "run", "optimizer.typ=sgd")
        cli.expect_equal(slurm.end(job), ("FAILED", 2), f"end of the job ({slurm.said(job)})")
        cli.expect_equal(slurm.about(job)["Restarts"], "0", "restarts")


cli.run_tests(globals())
