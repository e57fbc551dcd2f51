#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 900
"""Kills of a rank, of mpirun, of all on a host: the job ends with nothing left, and resumed has the undisturbed bits.

python3 hosts_killed_test.py [--kills N] [--seed S] [--within SECONDS]
"""

import argparse
import functools
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import virtual_hosts

COUNT = 3
STEPS = 2100
LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 300"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)


def arguments():
    """How many kills of each kind, and how soon a job must be over: a busy machine takes its time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--within", type=float, default=30)
    return parser.parse_args()


OPTIONS = arguments()
CHANCE = random.Random(OPTIONS.seed)
print(f"        seed {OPTIONS.seed}")


@functools.cache
def undisturbed():
    with cli.Folder() as folder:
        return cli.run_json(["train", cli.write_busy(folder, LONG), "--out", folder / "run"])


def kill_a_rank(_, job):
    """A rank on a host, possibly another one than that of rank 0."""
    rank = CHANCE.randrange(COUNT)
    os.kill(job.ranks()[rank], signal.SIGKILL)
    return f"rank {rank}"


def kill_mpirun(_, job):
    os.kill(job.mpirun(), signal.SIGKILL)
    return "mpirun"


def kill_a_host(hosts, _):
    host = f"h{CHANCE.randint(1, COUNT)}"
    hosts.call("kill", host)
    return host


def killed(hosts, folder, kill):
    """A job that was killed at some step; says how soon it was over."""
    journal = folder / "run" / "metrics.jsonl"
    step = CHANCE.randrange(1, STEPS // 2)
    start = CHANCE.choice(("login", "h1"))
    with hosts.job(folder / "busy.yaml", folder / "run", "--threads", 1, options=("--from", start)) as job:
        job.wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= step, f"step {step}")
        since = time.monotonic()
        what = kill(hosts, job)
        code = job.end()
        cli.expect(code not in (0, 75), f"{what} was killed, and the job ended with {code}")
        seconds = hosts.wait_until_empty(since, OPTIONS.within)
        print(f"        {what} killed at step {step} (mpirun on {start}): code {code}, over after {seconds:.2f} s", flush=True)


def resumed(hosts, folder):
    """Resumes the job alone or on the hosts, and compares."""
    more = ["--resume", "--json", "--threads", str(CHANCE.randint(1, 2))]
    if CHANCE.random() < 0.3:
        hosts.call(*hosts.train(folder / "busy.yaml", folder / "run", *more))
    result = cli.run_json(["train", folder / "busy.yaml", "--out", folder / "run", "--resume"])
    for key in ("digest", "steps", "train", "validation", "test"):
        cli.expect_equal(result[key], undisturbed()[key], key)


def kill_and_resume(kill):
    with virtual_hosts.Hosts(COUNT) as hosts:
        for _ in range(OPTIONS.kills):
            with cli.Folder() as folder:
                cli.write_busy(folder, LONG)
                hosts.up()
                killed(hosts, folder, kill)
                hosts.up()
                resumed(hosts, folder)


def test_a_killed_rank_ends_the_job_and_loses_nothing():
    kill_and_resume(kill_a_rank)


def test_a_killed_mpirun_leaves_nothing_behind():
    kill_and_resume(kill_mpirun)


def test_the_death_of_a_host_ends_the_job_and_loses_nothing():
    kill_and_resume(kill_a_host)


cli.run_tests(globals())
