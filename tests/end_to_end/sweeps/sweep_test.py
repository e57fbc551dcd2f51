#!/usr/bin/python3
# labels: ranks
# timeout: 300
"""Sweeps: what runs, what is left alone, what the index has, and that no trial's bits depend on any of it."""

import json
import os
import pathlib
import shutil
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import sweeps
from hdf5_layout import attributes


def test_a_sweep_runs_what_is_missing():
    with cli.Folder() as folder:
        listed = cli.run_json(sweeps.words(folder, "--list"))
        cli.expect_equal([row["status"] for row in listed["results"]], ["waiting"] * 4, "listed before")
        cli.expect(not (folder / "out").exists(), "--list has written something")
        first = cli.run_json(sweeps.words(folder, "--jobs", 1))
        cli.expect_equal((first["trials"], first["done"], first["failed"]), (4, 4, 0), "counts")
        more = cli.run_json(sweeps.words(folder, lists=("optimizer.beta1=0.9,0.8,0.7", "seed=1,2")))
        cli.expect_equal((more["trials"], more["done"]), (6, 6), "counts with a value more")
        cli.expect(sweeps.digests(first).items() <= sweeps.digests(more).items(), "digests have changed")
        cli.expect_equal(sorted(sweeps.all_starts(folder).values()), [[0]] * 6, "starts")
        again = cli.run_json(["sweep", folder / "out" / "sweep.yaml", "--out", folder / "out"])
        cli.expect_equal(again, more, "the sweep's own file, run again")
        cli.expect_equal(sorted(sweeps.all_starts(folder).values()), [[0]] * 6, "starts after nothing was missing")


def test_a_trial_has_the_bits_of_a_training_alone():
    with cli.Folder() as folder:
        result = cli.run_json(sweeps.words(folder, "--threads", 2))
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
            cli.expect_equal((attributes(index)["metric"], attributes(index)["goal"]), ("test_loss", "minimize"), "metric")
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
            cli.expect_equal(attributes(trials)["axes"].tolist(), ["number"], "the axis of viewers")
        best = min(result["results"], key=lambda row: row["metric"])
        cli.expect_equal(result["best"]["trial"], best["trial"], "best")
        for row in result["results"]:
            with h5py.File(pathlib.Path(row["run_dir"], "metrics.h5")) as metrics:
                cli.expect_equal(curves[row["trial"]], metrics["steps/loss"][()].tolist(), "curve")


def test_the_index_alone_has_the_curves_of_every_trial_that_began():
    with cli.Folder() as folder:
        listed = json.loads(cli.run(sweeps.words(folder, "--json", lists=("optimizer.type=sgd", *sweeps.DIVERGING)), code=1).stdout)
        shutil.rmtree(folder / "out" / "trials")
        with h5py.File(folder / "out" / "index.h5") as index:
            for row in listed["results"]:
                curve = index[f"curves/{row['trial']}"]
                cli.expect_equal(curve["step"][-1], row["steps"], "last step of the curve")
                cli.expect_equal(curve["loss"].dims[0][0], curve["step"], "scale of the curve")
                evaluated = len(curve["epochs/step"])
                cli.expect_equal(evaluated > 0, row["status"] == "done", f"{evaluated} evaluations")


def test_other_data_in_files_make_other_trials():
    with cli.Folder() as folder:
        images = [bytes((i * j) % 251 for j in range(784)) for i in range(1, 101)]
        places = {"first": images, "copy": images, "other": images[::-1]}
        results = {}
        for name, content in places.items():
            path = cli.write_digits(folder / name, content)
            data = [f"data={{dataset: idx, path: {path}, validation: 20}}", "seed=1,2", "train.batch_size=20"]
            results[name] = cli.run_json(sweeps.words(folder, lists=data))
        cli.expect_equal(sweeps.digests(results["copy"]), sweeps.digests(results["first"]), "the same data elsewhere")
        cli.expect_equal(sorted(sweeps.all_starts(folder).values()), [[0]] * 4, "starts")
        cli.expect(not sweeps.digests(results["other"]).keys() & sweeps.digests(results["first"]).keys(), "results of other data")


def test_trials_know_nothing_of_a_launcher():
    with cli.Folder() as folder:
        result = json.loads(cli.run([*sweeps.words(folder, lists=("seed=1,2",)), "--json"], ranks=1).stdout)
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
            done = cli.run(sweeps.words(folder, lists=lists), code=2)
            for word in words:
                cli.expect(word in done.stderr, f"{word!r} is not in {done.stderr!r}")
            cli.expect(not (folder / "out").exists(), "something was written")
        (folder / "out").mkdir()
        (folder / "out" / "mine.txt").write_text("mine", encoding="utf-8")
        refused = cli.run(sweeps.words(folder), code=2).stderr
        cli.expect("is no sweep's folder" in refused, refused)


cli.run_tests(globals())
