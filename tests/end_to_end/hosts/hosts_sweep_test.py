#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 300
"""A sweep under srun on two nodes: both take part, and the trials end with the bits of the sweep alone."""

import functools
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import sweeps
import virtual_hosts
import virtual_slurm

TOGETHER = ("--ranks-per-trial", 2)


def sweep_words(folder):
    return sweeps.words(folder, "--threads", 1, "--json", text=sweeps.LONG, lists=("seed=1,2,3,4,5,6",))


@functools.cache
def alone():
    with cli.Folder() as folder:
        return sweeps.digests(json.loads(cli.run(sweep_words(folder)).stdout))


def srun(folder, *more):
    """What a command on login starts: one rank per node."""
    launch = ["srun", "--mpi=pmix", "-K1", "--wait=10", "--nodes=2", "--ntasks=2", "--cpus-per-task=1"]
    return ["ssh", "login", *launch, cli.PROGRAM, *sweep_words(folder), *more]


def expect_goes_on(slurm, folder, *more):
    result = json.loads(slurm.call(*srun(folder, *more)).stdout)
    cli.expect_equal(sweeps.digests(result), alone(), "digests")


def starters(trials):
    """The beginnings of the trials' last lines about where they train: ranks and threads of each."""
    return {line.split(", ")[1] for path in trials.glob("*/log.txt") for line in path.open() if "from step" in line}


def test_both_nodes_take_part_with_the_bits_of_the_sweep_alone():
    with virtual_slurm.Slurm(2) as slurm:
        for options, ranks in (((), "1 rank x 1 thread"), (TOGETHER, "2 ranks x 1 thread")):
            with cli.Folder() as folder:
                expect_goes_on(slurm, folder, *options)
                cli.expect_equal(starters(folder / "out" / "trials"), {ranks}, "where the trials were trained")
                hosts = {
                    json.loads(cli.run(["inspect", next(trial.glob("checkpoints/*.h5")), "--json"]).stdout)["provenance"]["host"]
                    for trial in (folder / "out" / "trials").glob("*")
                }
                cli.expect_equal(hosts, {"h1"} if options else {"h1", "h2"}, "hosts that recorded trials")


def at_work(slurm, running, folder):
    journals = (folder / "out").glob
    running.wait_for(lambda: any(path.stat().st_size for path in journals("trials/*/metrics.jsonl")), "a trial at work")
    return [int(process.name) for process in slurm.living() if virtual_hosts.name_of(process) == "lockstep"]


def test_a_request_or_a_kill_ends_the_job_and_the_same_command_goes_on():
    with virtual_slurm.Slurm(2) as slurm:
        for options, number in (((), signal.SIGUSR1), ((), signal.SIGKILL), (TOGETHER, signal.SIGUSR1), (TOGETHER, signal.SIGKILL)):
            with cli.Folder() as folder:
                with cli.Job([], env=slurm.env, line=slurm.line(*srun(folder, *options))) as running:
                    os.kill(at_work(slurm, running, folder)[-1], number)
                    asked = time.monotonic()
                    code = running.end()
                    cli.expect((code == 75) == (number == signal.SIGUSR1) and code != 0, f"{code}: {running.said()}")
                    slurm.wait_until_empty(asked, 15)
                    cli.expect_no_process(folder, 5)
                expect_goes_on(slurm, folder, *options)


cli.run_tests(globals())
