#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Sweeps under mpirun: the trials' bits do not depend on the number of ranks, nor on what stops, fails or is killed."""

import functools
import json
import os
import pathlib
import signal
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import sweeps

LISTS = ("optimizer.beta1=0.8,0.9", "seed=1,2,3")
# Ways to spread a sweep: ranks, and options.
TOGETHER = ("--ranks-per-trial", 2)
LAUNCHES = ((2, ()), (3, ()), (2, TOGETHER), (4, TOGETHER))


def sweep_words(folder, *more, text=sweeps.LONG, lists=LISTS):
    return sweeps.words(folder, "--threads", 1, *more, text=text, lists=lists)


@functools.cache
def alone():
    """Digests of an undisturbed sweep by one process."""
    with cli.Folder() as folder:
        return sweeps.digests(cli.run_json(sweep_words(folder)))


def at_work(running, folder, ranks):
    """This many trials have taken a step, and none is done."""

    def journals():
        return [path for path in (folder / "out").glob("trials/*/metrics.jsonl") if path.stat().st_size]

    running.wait_for(lambda: len(journals()) >= ranks and len(running.ranks()) > 0, "trials at work")


def expect_goes_on(folder):
    """The same command, without ranks, finishes the sweep with the bits of the undisturbed one."""
    cli.expect_equal(sweeps.digests(cli.run_json(sweep_words(folder))), alone(), "digests")


def check_bits(launches):
    """The sweep ends with the bits of one process, however it is spread."""
    for ranks, options in launches:
        with cli.Folder() as folder:
            result = cli.run_json(sweep_words(folder, *options), ranks)
            cli.expect_equal((result["done"], result["failed"]), (6, 0), f"counts on {ranks} ranks")
            cli.expect_equal(sweeps.digests(result), alone(), f"digests on {ranks} ranks {options}")
            with h5py.File(folder / "out" / "index.h5") as index:
                states = list(index["trials/status"].asstr())
            cli.expect_equal(states, ["done"] * 6, "the index")
            cli.expect_no_process(folder, 0)


def test_the_trials_have_the_same_bits_on_two_ranks():
    check_bits(LAUNCHES[:1])


@cli.faults
def test_the_trials_have_the_same_bits_on_any_ranks():
    check_bits(LAUNCHES[1:])


def test_only_rank_0_speaks_and_counts_all_trials():
    with cli.Folder() as folder:
        done = cli.run(sweep_words(folder, "--jobs", 1), 2)
        cli.expect_equal(done.stdout.count("trials     6: 6 done, 0 failed"), 1, done.stdout)
        lines = [line for line in done.stderr.splitlines() if line.startswith("trial=")]
        cli.expect_equal(len(lines), 6, f"lines of trials: {done.stderr}")
        listed = cli.run([*sweep_words(folder), "--list"], 2)
        cli.expect_equal(listed.stdout, done.stdout, "--list on two ranks")


def test_each_rank_takes_part():
    with cli.Folder() as folder:
        with cli.Job(sweep_words(folder), 2) as running:
            at_work(running, folder, 2)
            parents = {
                int((pathlib.Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
                for pid in cli.processes(folder / "out" / "trials")
            }
            cli.expect_equal(parents, set(running.ranks().values()), "parents of the trials")
            cli.expect_equal(running.end(), 0, running.said())


# Which process is asked (None: mpirun) by which signal, among how many ranks, spread how.
REQUESTS = (
    (1, signal.SIGUSR1, 2, ()),
    (None, signal.SIGUSR1, 3, ()),
    (2, signal.SIGINT, 3, ()),
    (None, signal.SIGUSR1, 4, TOGETHER),
    (0, signal.SIGTERM, 4, TOGETHER),
    (3, signal.SIGUSR1, 4, TOGETHER),
)


def check_requests(requests):
    """All ranks stop, and the same command goes on."""
    for asked, number, ranks, options in requests:
        with cli.Folder() as folder:
            with cli.Job(sweep_words(folder, *options), ranks) as running:
                at_work(running, folder, 2)
                os.kill(running.process.pid if asked is None else running.ranks()[asked], number)
                cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
                cli.expect_equal(running.said().count("the same command goes on"), 1, running.said())
            cli.expect_no_process(folder, 0)
            listed = cli.run_json(sweep_words(folder, "--list"))
            cli.expect("stopped" in [row["status"] for row in listed["results"]], f"states: {listed}")
            expect_goes_on(folder)


def test_a_request_to_a_rank_stops_all_and_the_same_command_goes_on():
    check_requests(REQUESTS[:1])


@cli.faults
def test_a_request_to_any_rank_stops_all_and_the_same_command_goes_on():
    check_requests(REQUESTS[1:])


@cli.faults
def test_a_request_to_a_rank_without_work_stops_those_that_have_some():
    for ranks, options in ((2, ()), (4, TOGETHER)):
        with cli.Folder() as folder:
            endless = sweeps.LONG.replace("epochs: 60", "epochs: 60000")
            words = sweep_words(folder, *options, text=endless, lists=("seed=1",))
            with cli.Job(words, ranks) as running:
                at_work(running, folder, 1)
                os.kill(running.ranks()[ranks - 1], signal.SIGUSR1)
                cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
            listed = cli.run_json([*words, "--list"], ranks=None if not options else ranks)
            cli.expect_equal([row["status"] for row in listed["results"]], ["stopped"], "states")


def test_the_time_limit_of_a_trial_is_its_own():
    lists = ("seed=1,2,3", "train.max_runtime=0.001")
    with cli.Folder() as folder:
        result = json.loads(cli.run(sweep_words(folder, *TOGETHER, "--json", lists=lists), 2, code=75).stdout)
        cli.expect_equal([(row["status"], row["steps"]) for row in result["results"]], [("stopped", 1)] * 3, "trials")


@cli.faults
def test_a_killed_rank_or_launcher_leaves_nothing_and_loses_nothing():
    for killed, ranks, options in ((0, 2, ()), (1, 2, ()), (None, 2, ()), (3, 4, TOGETHER), (None, 4, TOGETHER)):
        with cli.Folder() as folder:
            with cli.Job(sweep_words(folder, *options), ranks) as running:
                at_work(running, folder, 2)
                os.kill(running.process.pid if killed is None else running.ranks()[killed], signal.SIGKILL)
                cli.expect(running.end() != 0, "the job ended well")
                cli.expect_no_process(folder, 60)
            result = cli.run_json(sweep_words(folder), 2)
            cli.expect_equal(sweeps.digests(result), alone(), "digests")


def failures(result):
    return [row for row in result["results"] if row["status"] == "failed"]


@cli.faults
def test_a_failed_trial_stops_no_other():
    lists = ("optimizer={type: sgd, weight_decay: 1000}", "learning_rate.peak=0.0001,1e6,0.0002,9e5")
    for ranks, options in ((2, ()), (4, TOGETHER)):
        with cli.Folder() as folder:
            words = sweep_words(folder, *options, "--json", text=cli.BUSY_EXPERIMENT, lists=lists)
            starts = [0]
            for more in ((), ("--retry-failed",), ()):
                done = cli.run([*words, *more], ranks, code=1)
                result = json.loads(done.stdout)
                cli.expect_equal((result["done"], result["failed"]), (2, 2), "counts")
                for row in failures(result):
                    cli.expect(" at step " in row["reason"], f"reason: {row['reason']}")
                    cli.expect(f"{row['run_dir']}: {row['reason']}" in done.stderr, f"the list: {done.stderr}")
                    said = pathlib.Path(row["run_dir"], "stderr.txt").read_text(encoding="utf-8")
                    cli.expect(row["reason"] in said, f"stderr.txt: {said}")
                logs = [pathlib.Path(row["run_dir"], "log.txt").read_text(encoding="utf-8") for row in failures(result)]
                starts.append(sum(log.count("from step") for log in logs))
            cli.expect(starts[1] < starts[2] == starts[3], f"starts of what failed, all so far: {starts}")


def test_fail_fast_stops_all_ranks():
    lists = ("optimizer={type: sgd, weight_decay: 1000}", "learning_rate.peak=0.0001,0.0002,1e6,0.0003")
    endless = sweeps.LONG.replace("epochs: 60", "epochs: 60000")
    for ranks, options in ((2, ()), (4, TOGETHER)):
        with cli.Folder() as folder:
            words = sweep_words(folder, *options, "--fail-fast", "--json", text=endless, lists=lists)
            states = [row["status"] for row in json.loads(cli.run(words, ranks, code=1).stdout)["results"]]
            cli.expect_equal((states.count("failed"), states.count("done")), (1, 0), f"states: {states}")
            cli.expect_no_process(folder, 0)


def test_mistakes_are_told_once():
    with cli.Folder() as folder:
        said = cli.run(sweep_words(folder, lists=("optimizer.beta=0.5,0.6",)), 2, code=2).stderr
        cli.expect_equal(said.count("unknown key optimizer.beta"), 1, said)
        cli.expect(not (folder / "out").exists(), "something was written")
        for ranks, options, words in (
            (3, TOGETHER, "ranks_per_trial is 2, but the job has 3 ranks, which is no multiple of it"),
            (None, TOGETHER, "ranks_per_trial is 2, but the job has 1 rank,"),
            (2, (*TOGETHER, "--jobs", 2), "--jobs 2 is the number of trials at a time on each rank"),
        ):
            said = cli.run(sweep_words(folder, *options), ranks, code=2).stderr
            cli.expect_equal(said.count(words), 1, said)
            cli.expect(not (folder / "out").exists(), "something was written")


def test_a_folder_that_is_not_shared_is_refused():
    with cli.Folder() as folder:
        program = cli.command([*sweep_words(folder)[:2], "seed=1,2", "--out", "out"])
        places = [folder / "one", folder / "other"]
        line = ["mpirun", "--oversubscribe", "--bind-to", "none"]
        for place in places:
            place.mkdir()
            line += [*(":" if place != places[0] else ""), "-n", "1", "--wdir", str(place), *program]
        with cli.Job([], line=line) as running:
            cli.expect_equal(running.end(), 2, f"exit code ({running.said()})")
            cli.expect_equal(running.said().count("is not the folder that rank 0 writes"), 1, running.said())


def test_the_sweeps_file_says_how_many_ranks_a_trial_has():
    with cli.Folder() as folder:
        cli.write_busy(folder)
        file = folder / "sweep.yaml"
        file.write_text(
            "schema_version: 1\nname: tried\nbase: busy.yaml\nranks_per_trial: 2\n"
            "parameters: {seed: {values: [1, 2]}}\n",
            encoding="utf-8",
        )
        result = cli.run_json(["sweep", file, "--out", folder / "out", "--threads", 1], 2)
        for row in result["results"]:
            log = pathlib.Path(row["run_dir"], "log.txt").read_text(encoding="utf-8")
            cli.expect("2 ranks x 1 thread" in log, log)
        again = cli.run_json(["sweep", file, "--out", folder / "out", "--ranks-per-trial", 1])
        cli.expect_equal(again, result, "the finished sweep without mpirun")


cli.run_tests(globals())
