#!/usr/bin/python3
# labels: ranks
# timeout: 900
"""Sweeps: what runs, what is left alone, what failures and kills leave, and that no trial's bits depend on any of it.

LOCKSTEP_SWEEP_KILLS=30 kills the sweeper that often."""

import functools
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

KILLS = int(os.environ.get("LOCKSTEP_SWEEP_KILLS", "4"))
LISTS = ("optimizer.beta1=0.8,0.9", "seed=1,2")
# Weights that grow by a factor of 1e9 a step, or shrink a little.
DIVERGING = ("optimizer.weight_decay=1000", "learning_rate.peak=0.0001,1e6")
# Long enough to be met at work, with rare checkpoints.
LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 60"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)


def sweep_words(folder, *more, text=cli.BUSY_EXPERIMENT, lists=LISTS):
    return ["sweep", cli.write_busy(folder, text), *lists, "--out", folder / "out", *more]


def digests(result):
    """Of the finished trials, by name."""
    return {row["trial"]: row["digest"] for row in result["results"] if row["status"] == "done"}


def starts(trial):
    """The steps that the trial's trainings began at."""
    log = trial / "log.txt"
    return [int(step) for step in re.findall(r"from step (\d+)$", log.read_text() if log.exists() else "", re.M)]


def all_starts(folder):
    return {trial.name: starts(trial) for trial in (folder / "out" / "trials").glob("*")}


@functools.cache
def undisturbed():
    """Digests and duration of the long sweep that nobody disturbed."""
    with cli.Folder() as folder:
        begin = time.monotonic()
        result = cli.run_json(sweep_words(folder, text=LONG))
        return digests(result), time.monotonic() - begin


def test_a_sweep_runs_what_is_missing():
    with cli.Folder() as folder:
        listed = cli.run_json(sweep_words(folder, "--list"))
        cli.expect_equal([row["status"] for row in listed["results"]], ["waiting"] * 4, "listed before")
        cli.expect(not (folder / "out").exists(), "--list has written something")
        first = cli.run_json(sweep_words(folder, "--jobs", 1))
        cli.expect_equal((first["trials"], first["done"], first["failed"]), (4, 4, 0), "counts")
        more = cli.run_json(sweep_words(folder, lists=("optimizer.beta1=0.9,0.8,0.7", "seed=1,2")))
        cli.expect_equal((more["trials"], more["done"]), (6, 6), "counts with a value more")
        cli.expect(digests(first).items() <= digests(more).items(), "digests have changed")
        cli.expect_equal(sorted(all_starts(folder).values()), [[0]] * 6, "starts")
        again = cli.run_json(["sweep", folder / "out" / "sweep.yaml", "--out", folder / "out"])
        cli.expect_equal(again, more, "the sweep's own file, run again")
        cli.expect_equal(sorted(all_starts(folder).values()), [[0]] * 6, "starts after nothing was missing")


def test_a_trial_has_the_bits_of_a_training_alone():
    with cli.Folder() as folder:
        result = cli.run_json(sweep_words(folder, "--threads", 2))
        for row in result["results"]:
            overrides = [f"{key}={value}" for key, value in row["parameters"].items()]
            alone = cli.run_json(["train", folder / "busy.yaml", *overrides, "--out", folder / row["trial"]])
            cli.expect_equal(row["digest"], alone["digest"], row["trial"])
            cli.expect_equal(row["metric"], alone["validation"]["accuracy"], row["trial"])
        best = max(result["results"], key=lambda row: row["metric"])
        cli.expect_equal(result["best"], {key: best[key] for key in ("trial", "parameters", "metric")}, "best")


def test_the_index_has_a_row_a_trial_and_links_to_their_metrics():
    with cli.Folder() as folder:
        file = folder / "sweep.yaml"
        cli.write_busy(folder)
        file.write_text(
            "schema_version: 1\nname: tried\nbase: busy.yaml\nmethod: random\nrun_cap: 3\n"
            "metric: {name: test_loss}\nparameters:\n"
            "  learning_rate.peak: {min: 0.001, max: 0.1, distribution: log_uniform}\n"
            "  optimizer: {values: [{type: sgd}, {type: adam}]}\n",
            encoding="utf-8",
        )
        result = cli.run_json(["sweep", file, "--out", folder / "out"])
        with h5py.File(folder / "out" / "index.h5") as index:
            trials = index["trials"]
            cli.expect_equal((index.attrs["metric"], index.attrs["goal"]), ("test_loss", "minimize"), "metric")
            for number, row in enumerate(result["results"]):
                cli.expect_equal(trials["trial"].asstr()[number], row["trial"], "name")
                cli.expect_equal(trials["status"].asstr()[number], "done", "status")
                cli.expect_equal(trials["steps"][number], row["steps"], "steps")
                cli.expect_equal(trials["test_loss"][number], row["metric"], "metric")
                cli.expect_equal(trials["learning_rate.peak"][number], row["parameters"]["learning_rate.peak"], "peak")
                cli.expect("type" in trials["optimizer"].asstr()[number], "optimizer")
                high, low = trials["digest"][number]
                cli.expect_equal(f"{high:016x}{low:016x}", row["digest"], "digest")
                steps = index[f"runs/{row['trial']}/steps/step"]
                cli.expect_equal(steps[-1], row["steps"], "last step behind the link")
            curves = {name: index[f"curves/{name}/loss"][()].tolist() for name in index["curves"]}
            cli.expect_equal(trials.attrs["axes"].tolist(), ["number"], "the axis of viewers")
        best = min(result["results"], key=lambda row: row["metric"])
        cli.expect_equal(result["best"]["trial"], best["trial"], "best")
        for row in result["results"]:
            with h5py.File(pathlib.Path(row["run_dir"], "metrics.h5")) as metrics:
                cli.expect_equal(curves[row["trial"]], metrics["steps/loss"][()].tolist(), "curve")


def test_the_index_alone_has_the_curves_of_every_trial_that_began():
    with cli.Folder() as folder:
        listed = json.loads(cli.run(sweep_words(folder, "--json", lists=("optimizer.type=sgd", *DIVERGING)), code=1).stdout)
        shutil.rmtree(folder / "out" / "trials")
        with h5py.File(folder / "out" / "index.h5") as index:
            for row in listed["results"]:
                curve = index[f"curves/{row['trial']}"]
                cli.expect_equal(curve["step"][-1], row["steps"], "last step of the curve")
                cli.expect_equal(curve["loss"].dims[0][0], curve["step"], "scale of the curve")
                evaluated = len(curve["epochs/step"])
                cli.expect_equal(evaluated > 0, row["status"] == "done", f"{evaluated} evaluations")


def test_a_failed_trial_stops_no_other_and_is_run_again_on_demand():
    lists = ("optimizer={type: sgd},{type: sgd, momentum: 0.5}", *DIVERGING)
    with cli.Folder() as folder:
        done = cli.run(sweep_words(folder, "--json", lists=lists), code=1)
        result = json.loads(done.stdout)
        cli.expect_equal((result["done"], result["failed"]), (2, 2), "counts")
        failed = [row for row in result["results"] if row["status"] == "failed"]
        for row in failed:
            cli.expect(row["parameters"]["learning_rate.peak"] == 1e6 and row["reason"], f"failed: {row}")
            cli.expect(f"{row['run_dir']}: {row['reason']}" in done.stderr, f"the list: {done.stderr}")
            log = pathlib.Path(row["run_dir"], "log.txt").read_text(encoding="utf-8")
            cli.expect(row["reason"] in log, f"log: {log}")
        before = all_starts(folder)
        cli.run(sweep_words(folder, lists=lists), code=1)
        cli.expect_equal(all_starts(folder), before, "starts without --retry-failed")
        cli.run(sweep_words(folder, "--retry-failed", lists=lists), code=1)
        for row in result["results"]:
            expected = len(before[row["trial"]]) + (row["status"] == "failed")
            cli.expect_equal(len(all_starts(folder)[row["trial"]]), expected, "starts with --retry-failed")


def test_fail_fast_stops_the_others():
    with cli.Folder() as folder:
        lists = ("learning_rate.peak=1e6,0.01,0.02,0.03", "optimizer={type: sgd, weight_decay: 1000}")
        done = cli.run(sweep_words(folder, "--fail-fast", "--json", "--jobs", 1, lists=lists), code=1)
        states = [row["status"] for row in json.loads(done.stdout)["results"]]
        cli.expect_equal(states, ["failed", "waiting", "waiting", "waiting"], "states")


def test_a_process_that_cannot_say_how_it_ended_is_a_failure_too():
    with cli.Folder() as folder:
        running = cli.Job(sweep_words(folder, "--jobs", 1, text=LONG, lists=("seed=1,2",)))
        with running:
            first = "out/trials"
            running.wait_for(lambda: any((folder / first).glob("seed=1*/metrics.jsonl")), "a trial at work")
            trial = next(pid for pid in cli.processes(folder) if pid != running.process.pid)
            os.kill(trial, signal.SIGKILL)
            cli.expect_equal(running.end(), 1, "exit code")
            cli.expect("ended by signal 9" in running.said(), running.said())
        result = cli.run_json(sweep_words(folder, "--retry-failed", text=LONG, lists=("seed=1,2",)))
        cli.expect_equal(result["done"], 2, "done after --retry-failed")


def test_a_folder_that_cannot_be_used_is_one_trials_failure():
    with cli.Folder() as folder:
        names = [row["trial"] for row in cli.run_json(sweep_words(folder, "--list"))["results"]]
        trials = folder / "out" / "trials"
        (trials / names[0]).mkdir(parents=True)
        (folder / "out" / "sweep.yaml").touch()
        (trials / names[0] / "mine.txt").write_text("mine", encoding="utf-8")
        (trials / names[1]).write_text("a file", encoding="utf-8")
        for ranks in (None, 2):
            words = ["--json", *(["--ranks-per-trial", ranks] if ranks else [])]
            done = cli.run(sweep_words(folder, *words), code=1, ranks=ranks)
            result = json.loads(done.stdout)
            states = [row["status"] for row in result["results"]]
            cli.expect_equal(states, ["failed", "failed", "done", "done"], f"states with {ranks} ranks")
            for row in result["results"][:2]:
                cli.expect(f"{row['run_dir']}: {row['reason']}" in done.stderr, f"the list: {done.stderr}")
            (trials / names[2] / "DONE").unlink()
        cli.expect_equal((trials / names[0] / "mine.txt").read_text(encoding="utf-8"), "mine", "what was there")
        (trials / names[2] / "DONE").write_text("x" * 70000, encoding="utf-8")
        damaged = json.loads(cli.run(sweep_words(folder, "--json"), code=1).stdout)
        cli.expect_equal((damaged["failed"], damaged["done"]), (3, 1), "counts with a damaged end")


def test_a_trial_whose_experiment_is_lost_is_trained_again():
    with cli.Folder() as folder:
        first = cli.run_json(sweep_words(folder))
        run = pathlib.Path(first["results"][0]["run_dir"])
        (run / "resolved.yaml").unlink()
        shutil.rmtree(run / "checkpoints")
        again = cli.run_json(sweep_words(folder))
        cli.expect_equal(digests(again), digests(first), "digests")
        cli.expect_equal(starts(run), [0, 0], "starts")


def test_other_data_in_files_make_other_trials():
    with cli.Folder() as folder:
        images = [bytes((i * j) % 251 for j in range(784)) for i in range(1, 101)]
        places = {"first": images, "copy": images, "other": images[::-1]}
        results = {}
        for name, content in places.items():
            path = cli.write_digits(folder / name, content)
            data = [f"data={{dataset: idx, path: {path}, validation: 20}}", "seed=1,2", "train.batch_size=20"]
            results[name] = cli.run_json(sweep_words(folder, lists=data))
        cli.expect_equal(digests(results["copy"]), digests(results["first"]), "the same data elsewhere")
        cli.expect_equal(sorted(all_starts(folder).values()), [[0]] * 4, "starts")
        cli.expect(not digests(results["other"]).keys() & digests(results["first"]).keys(), "results of other data")


def test_damaged_figures_are_taken_from_the_snapshot_or_told():
    with cli.Folder() as folder:
        first = cli.run_json(sweep_words(folder))
        run = folder / "out" / "trials" / first["best"]["trial"]
        (run / "metrics.jsonl").write_bytes(b"\x00\xff" * 1000)
        cli.expect_equal(cli.run_json(sweep_words(folder)), first, "with the snapshot")
        (run / "metrics.h5").unlink()
        told = cli.run(sweep_words(folder))
        cli.expect(f"  {run}: " in told.stderr and "figures are damaged" in told.stderr, told.stderr)


def test_a_request_stops_the_trials_and_the_same_command_goes_on():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        with cli.Folder() as folder:
            running = cli.Job(sweep_words(folder, text=LONG))
            with running:
                running.wait_for(lambda: any((folder / "out").glob("trials/*/metrics.jsonl")), "a trial at work")
                running.process.send_signal(number)
                cli.expect_equal(running.end(), 75, f"exit code ({running.said()})")
            cli.expect_equal(cli.processes(folder), [], "processes")
            listed = cli.run_json(sweep_words(folder, "--list", text=LONG))
            cli.expect("stopped" in [row["status"] for row in listed["results"]], f"states: {listed}")
            result = cli.run_json(sweep_words(folder, text=LONG))
            cli.expect_equal(digests(result), undisturbed()[0], "digests")


def expect_nothing_lost(folder, checkpoints):
    """Every trial went on from its newest checkpoint, and a finished one stayed as it was."""
    for trial, begun in all_starts(folder).items():
        before, newest, finished = checkpoints.get(trial, ([], 0, False))
        expected = before if finished else [*before, newest]
        cli.expect(begun in (before, expected), f"{trial} began at {begun}, not {expected}")


def progress(folder):
    """Of each trial: where it began, its newest checkpoint, and whether it has finished."""
    found = {}
    for trial in (folder / "out" / "trials").glob("*"):
        newest = max((int(path.stem.split("_")[1]) for path in trial.glob("checkpoints/step_*.h5")), default=0)
        journal = trial / "metrics.jsonl"
        cli.expect(newest or not journal.exists() or not journal.stat().st_size, f"{trial} has steps but no checkpoint")
        found[trial.name] = (starts(trial), newest, (trial / "DONE").exists())
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
                running = cli.Job(sweep_words(folder, text=LONG))
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
            result = cli.run_json(sweep_words(folder, text=LONG))
            expect_nothing_lost(folder, known)
            cli.expect_equal(digests(result), expected, "digests")
            cli.expect_no_process(folder, 60)


def test_a_terminal_shows_a_table_of_what_runs():
    endless = LONG.replace("epochs: 60", "epochs: 60000")
    at_work = re.compile(r"seed=1_[0-9a-f]{12} +step [1-9][0-9]* of 420000")
    with cli.Folder() as folder:
        terminal, end = pty.openpty()
        words = cli.command(sweep_words(folder, text=endless, lists=("seed=1,2",)))
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


def test_two_sweepers_share_the_work_and_never_a_trial():
    with cli.Folder() as folder:
        words = sweep_words(folder, "--threads", 1, text=LONG, lists=("seed=1,2,3,4,5,6",))
        with cli.Job(words) as one, cli.Job(words) as other:
            cli.expect_equal((one.end(), other.end()), (0, 0), f"exit codes: {one.said()} {other.said()}")
            said = one.said() + other.said()
        cli.expect_equal(sorted(all_starts(folder).values()), [[0]] * 6, f"starts ({said})")
        states = [row["status"] for row in cli.run_json([*words, "--list"])["results"]]
        cli.expect_equal(states, ["done"] * 6, "states")


def test_a_dead_sweepers_trials_are_taken_over_while_another_waits():
    with cli.Folder() as folder:
        words = sweep_words(folder, "--threads", 1, text=LONG, lists=("seed=1,2",))
        with cli.Job(words) as one:
            one.wait_for(lambda: any((folder / "out").glob("trials/*/metrics.jsonl")), "a trial at work")
            with cli.Job(words) as other:
                other.wait_for(lambda: len(list((folder / "out").glob("trials/*/metrics.jsonl"))) == 2, "both at work")
                one.process.kill()
                cli.expect_equal(other.end(), 0, f"exit code ({other.said()})")
        result = cli.run_json([*words, "--list"])
        cli.expect_equal(result["done"], 2, "done")


def test_trials_know_nothing_of_a_launcher():
    with cli.Folder() as folder:
        result = json.loads(cli.run([*sweep_words(folder, lists=("seed=1,2",)), "--json"], ranks=1).stdout)
        for row in result["results"]:
            latest = pathlib.Path(row["run_dir"], "latest").read_text(encoding="utf-8").strip()
            provenance = cli.run_json(["inspect", pathlib.Path(row["run_dir"], latest)])["provenance"]
            cli.expect_equal(provenance["mpi"], "none", "the trial's MPI")


def test_mistakes_are_told_before_anything_runs():
    with cli.Folder() as folder:
        for lists, words in (
            (("seed=1,2", "optimizer.beta1=0.5,2"), ["optimizer.beta1 must be", "trial 2 of 4", "beta1=2"]),
            (("optimizer.beta=0.5,0.6",), ["unknown key optimizer.beta", "'beta1'"]),
            (("data.validation=100,800",), ["data.validation", "expected 0 to 729", "trial data.validation=800"]),
            (("seed=1,,2",), ["a value of the list is empty"]),
        ):
            done = cli.run(sweep_words(folder, lists=lists), code=2)
            for word in words:
                cli.expect(word in done.stderr, f"{word!r} is not in {done.stderr!r}")
            cli.expect(not (folder / "out").exists(), "something was written")
        (folder / "out").mkdir()
        (folder / "out" / "mine.txt").write_text("mine", encoding="utf-8")
        refused = cli.run(sweep_words(folder), code=2).stderr
        cli.expect("is no sweep's folder" in refused, refused)


cli.run_tests(globals())
