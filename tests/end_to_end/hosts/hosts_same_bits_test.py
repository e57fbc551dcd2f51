#!/usr/bin/python3
# labels: hosts ranks
# full: machines
# timeout: 600
"""Several hosts joined by TCP: the digest of the run alone, whatever the ranks, threads, cables and instruction sets."""

import json
import os
import pathlib
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import virtual_hosts

# Each host takes the next instruction set. What was taken is written down, one line per rank.
WRAPPER = """\
#!/bin/bash
sets=({sets})
number=$(hostname)
export LOCKSTEP_ISA=${{sets[$(( (${{number#h}} - 1) % ${{#sets[@]}} ))]}}
echo "$LOCKSTEP_ISA" >>{log}
exec {program} "$@"
"""


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "steps", "samples_seen", "train", "validation", "test")}


def alone(folder):
    """The experiment, and its figures without hosts."""
    experiment = cli.write_busy(folder)
    return experiment, figures(cli.run_json(["train", experiment, "--out", folder / "alone"]))


def train(hosts, folder, experiment, threads=1, **more):
    """The result of a run on all hosts."""
    words = hosts.train(experiment, folder / "run", "--threads", threads, "--json", "--overwrite", **more)
    return json.loads(hosts.call(*words).stdout)


def test_ranks_and_threads_of_three_hosts_change_no_bit():
    with cli.Folder() as folder, virtual_hosts.Hosts(3) as hosts:
        experiment, expected = alone(folder)
        for ranks, threads, start in ((1, 1, "login"), (1, 2, "h1"), (2, 1, "login")):
            options = ("--ranks-per-host", ranks, "--from", start)
            result = train(hosts, folder, experiment, threads, options=options)
            what = f"{ranks} ranks per host x {threads} threads, mpirun on {start}"
            cli.expect_equal((result["ranks"], result["threads"]), (3 * ranks, threads), what)
            cli.expect_equal(figures(result), expected, what)
            with h5py.File(max((folder / "run" / "checkpoints").glob("*.h5"))) as checkpoint:
                cli.expect_equal(int(checkpoint["provenance"].attrs["hosts"]), 3, "hosts")


def test_a_slow_network_changes_no_bit():
    with cli.Folder() as folder, virtual_hosts.Hosts(2, "--rate", "5mbit") as hosts:
        experiment, expected = alone(folder)
        cli.expect_equal(figures(train(hosts, folder, experiment)), expected, "5 Mbit/s")


def test_hosts_of_different_instruction_sets_train_to_the_same_bits():
    with cli.Folder() as folder, virtual_hosts.Hosts(3) as hosts:
        experiment, expected = alone(folder)
        sets = cli.instruction_sets(experiment)
        log, wrapper = folder / "sets", folder / "wrapper"
        wrapper.write_text(WRAPPER.format(sets=" ".join(sets), log=log, program=cli.PROGRAM), encoding="utf-8")
        wrapper.chmod(0o755)
        result = train(hosts, folder, experiment, program=wrapper)
        taken = log.read_text(encoding="utf-8").split()
        cli.expect_equal((len(taken), set(taken)), (3, set(sets)), "instruction sets of the ranks")
        cli.expect_equal(figures(result), expected, f"hosts with {sets}")


cli.run_tests(globals())
