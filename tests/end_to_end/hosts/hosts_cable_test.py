#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 600
"""A host's cable is pulled: if it is back after 3 s, the job continues to the same bits; else it ends and can be resumed."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import virtual_hosts

LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 300"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)
# Lost data are sent again for about 13 s before the connection is given up. A silent connection ends after 5 s.
LIMIT = 60


def at_work(job, folder):
    journal = folder / "run" / "metrics.jsonl"
    job.wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 200, "step 200")


def expect_same_bits(folder):
    """The run, finished, has the bits of one without hosts."""
    experiment = folder / "busy.yaml"
    result = cli.run_json(["train", experiment, "--out", folder / "run", "--resume"])
    expected = cli.run_json(["train", experiment, "--out", folder / "alone"])
    for key in ("digest", "steps", "train", "validation", "test"):
        cli.expect_equal(result[key], expected[key], key)


def cable(hosts, way):
    """The cable of h2, at login's end."""
    hosts.call("ssh", "login", f"ip link set h2 {way}")


def test_a_cable_that_is_back_after_3_s_changes_nothing():
    with cli.Folder() as folder, virtual_hosts.Hosts(3) as hosts:
        with hosts.job(cli.write_busy(folder, LONG), folder / "run", "--threads", 1) as job:
            at_work(job, folder)
            cable(hosts, "down")
            time.sleep(3)
            cli.expect(not (folder / "run" / "DONE").exists(), "the run was over before the cable was back")
            cable(hosts, "up")
            cli.expect_equal(job.end(), 0, f"exit code ({job.said()})")
        expect_same_bits(folder)


def test_a_cable_that_stays_away_ends_the_job_on_both_sides():
    for start, deadline in (("login", 30), ("h1", 2)):  # seen by keepalive first; by the ranks first
        with cli.Folder() as folder, virtual_hosts.Hosts(3) as hosts:
            words = (cli.write_busy(folder, LONG), folder / "run", "--threads", 1, f"train.step_deadline={deadline}")
            with hosts.job(*words, options=("--from", start)) as job:
                at_work(job, folder)
                cable(hosts, "down")
                since = time.monotonic()
                code = job.end()
                cli.expect(code not in (0, 75), f"exit code {code} ({job.said()})")
                seconds = hosts.wait_until_empty(since, LIMIT)
                print(f"        deadline {deadline} s, mpirun on {start}: code {code}, over after {seconds:.1f} s")
            expect_same_bits(folder)


cli.run_tests(globals())
