#!/usr/bin/python3
# labels: ranks
# timeout: 300
"""Sweeps whose trials fail, lose files or cannot have a folder: no other trial is touched, and failures are reported."""

import json
import os
import pathlib
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import sweeps


def test_a_failed_trial_stops_no_other_and_is_run_again_on_demand():
    lists = ("optimizer={type: sgd},{type: sgd, momentum: 0.5}", *sweeps.DIVERGING)
    with cli.Folder() as folder:
        done = cli.run(sweeps.words(folder, "--json", lists=lists), code=1)
        result = json.loads(done.stdout)
        cli.expect_equal((result["done"], result["failed"]), (2, 2), "counts")
        failed = [row for row in result["results"] if row["status"] == "failed"]
        for row in failed:
            cli.expect(row["parameters"]["learning_rate.peak"] == 1e6 and row["reason"], f"failed: {row}")
            cli.expect(f"{row['run_dir']}: {row['reason']}" in done.stderr, f"the list: {done.stderr}")
            log = pathlib.Path(row["run_dir"], "log.txt").read_text(encoding="utf-8")
            cli.expect(row["reason"] in log, f"log: {log}")
        before = sweeps.all_starts(folder)
        cli.run(sweeps.words(folder, lists=lists), code=1)
        cli.expect_equal(sweeps.all_starts(folder), before, "starts without --retry-failed")
        cli.run(sweeps.words(folder, "--retry-failed", lists=lists), code=1)
        for row in result["results"]:
            expected = len(before[row["trial"]]) + (row["status"] == "failed")
            cli.expect_equal(len(sweeps.all_starts(folder)[row["trial"]]), expected, "starts with --retry-failed")


def test_fail_fast_stops_the_others():
    with cli.Folder() as folder:
        lists = ("learning_rate.peak=1e6,0.01,0.02,0.03", "optimizer={type: sgd, weight_decay: 1000}")
        done = cli.run(sweeps.words(folder, "--fail-fast", "--json", "--jobs", 1, lists=lists), code=1)
        states = [row["status"] for row in json.loads(done.stdout)["results"]]
        cli.expect_equal(states, ["failed", "waiting", "waiting", "waiting"], "states")


def test_a_process_that_cannot_say_how_it_ended_is_a_failure_too():
    with cli.Folder() as folder:
        running = cli.Job(sweeps.words(folder, "--jobs", 1, text=sweeps.LONG, lists=("seed=1,2",)))
        with running:
            first = "out/trials"
            running.wait_for(lambda: any((folder / first).glob("seed=1*/metrics.jsonl")), "a trial at work")
            trial = next(pid for pid in cli.processes(folder) if pid != running.process.pid)
            os.kill(trial, signal.SIGKILL)
            cli.expect_equal(running.end(), 1, "exit code")
            cli.expect("ended by signal 9" in running.said(), running.said())
        result = cli.run_json(sweeps.words(folder, "--retry-failed", text=sweeps.LONG, lists=("seed=1,2",)))
        cli.expect_equal(result["done"], 2, "done after --retry-failed")


def test_a_folder_that_cannot_be_used_is_one_trials_failure():
    with cli.Folder() as folder:
        names = [row["trial"] for row in cli.run_json(sweeps.words(folder, "--list"))["results"]]
        trials = folder / "out" / "trials"
        (trials / names[0]).mkdir(parents=True)
        (folder / "out" / "sweep.yaml").touch()
        (trials / names[0] / "mine.txt").write_text("mine", encoding="utf-8")
        (trials / names[1]).write_text("a file", encoding="utf-8")
        for ranks in (None, 2):
            words = ["--json", *(["--ranks-per-trial", ranks] if ranks else [])]
            done = cli.run(sweeps.words(folder, *words), code=1, ranks=ranks)
            result = json.loads(done.stdout)
            states = [row["status"] for row in result["results"]]
            cli.expect_equal(states, ["failed", "failed", "done", "done"], f"states with {ranks} ranks")
            for row in result["results"][:2]:
                cli.expect(f"{row['run_dir']}: {row['reason']}" in done.stderr, f"the list: {done.stderr}")
            (trials / names[2] / "DONE").unlink()
        cli.expect_equal((trials / names[0] / "mine.txt").read_text(encoding="utf-8"), "mine", "what was there")
        (trials / names[2] / "DONE").write_text("x" * 70000, encoding="utf-8")
        damaged = json.loads(cli.run(sweeps.words(folder, "--json"), code=1).stdout)
        cli.expect_equal((damaged["failed"], damaged["done"]), (3, 1), "counts with a damaged end")


def test_a_trial_whose_experiment_is_lost_is_trained_again():
    with cli.Folder() as folder:
        first = cli.run_json(sweeps.words(folder))
        run = pathlib.Path(first["results"][0]["run_dir"])
        (run / "resolved.yaml").unlink()
        shutil.rmtree(run / "checkpoints")
        again = cli.run_json(sweeps.words(folder))
        cli.expect_equal(sweeps.digests(again), sweeps.digests(first), "digests")
        cli.expect_equal(sweeps.starts(run), [0, 0], "starts")


def test_damaged_figures_are_taken_from_the_snapshot_or_told():
    with cli.Folder() as folder:
        first = cli.run_json(sweeps.words(folder))
        run = folder / "out" / "trials" / first["best"]["trial"]
        (run / "metrics.jsonl").write_bytes(b"\x00\xff" * 1000)
        cli.expect_equal(cli.run_json(sweeps.words(folder)), first, "with the snapshot")
        (run / "metrics.h5").unlink()
        told = cli.run(sweeps.words(folder))
        cli.expect(f"  {run}: " in told.stderr and "figures are damaged" in told.stderr, told.stderr)


cli.run_tests(globals())
