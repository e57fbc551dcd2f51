#!/usr/bin/python3
# labels: python
# timeout: 300
"""inspect shows runs, sweeps and their files, as text, JSON and CSV, follows a training, and tells damaged from foreign."""

import csv
import io
import os
import pathlib
import subprocess
import sys
import time

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

UTF8 = {"LC_ALL": "C.UTF-8"}
ASCII = {"LC_ALL": "C"}


def trained(folder, *overrides):
    """The folder of a finished run."""
    run = folder / "run"
    cli.run(["train", cli.write_busy(folder), *overrides, "--quiet", "--out", run])
    return run


def rows_of(target, table):
    """A table as a CSV reader sees it."""
    return list(csv.DictReader(io.StringIO(cli.run(["inspect", target, "--csv", table]).stdout)))


def test_a_run_is_shown_within_80_columns():
    with cli.Folder() as folder:
        run = trained(folder)
        text = cli.run(["inspect", run], env=UTF8, cwd=folder).stdout
        for words in (
            "outcome    DONE",
            "epoch    step        loss   accuracy       loss   accuracy       loss   accuracy",
            "layer          output rms",
            "accuracy by class (test)",
            "  latest",
            "  best",
            "▁",
        ):
            cli.expect(words in text, f"{words!r} is not in {text}")
        for line in text.splitlines()[1:]:
            cli.expect(len(line) <= 80, f"wider than 80 columns: {line}")
        plain = cli.run(["inspect", run], env=ASCII).stdout
        other = cli.run(["inspect", run], env={"LC_ALL": "C.utf-8"}).stdout
        cli.expect("▁" in other, f"not UTF-8: {other}")
        cli.expect(plain.isascii() and "\nloss       " in plain, f"not ASCII: {plain}")


def test_json_has_the_last_figures_of_layers_and_classes():
    with cli.Folder() as folder:
        run = trained(folder)
        metrics = cli.run_json(["inspect", run])["metrics"]
        with h5py.File(run / "metrics.h5", "r") as file:
            stored = file["layers"]
            for i, layer in enumerate(metrics["layers"]):
                cli.expect_equal(layer["layer"], stored["layer"].asstr()[i], "layer")
                for name in ("activation_rms", "zero_share", "dead_share", "weight_rms", "update_ratio"):
                    value = stored[name][-1, i]
                    cli.expect_equal(layer[name], None if value != value else value, f"{layer['layer']}: {name}")
            confusion = file["confusion"][()]
        for k, of_class in enumerate(metrics["per_class"]):
            cli.expect_equal(of_class["samples"], int(confusion[k].sum()), f"samples of class {k}")
            cli.expect_equal(of_class["correct"], int(confusion[k, k]), f"right ones of class {k}")
        from_file = cli.run_json(["inspect", run / "metrics.h5"])
        cli.expect_equal(from_file["layers"], metrics["layers"], "layers of metrics.h5")


def test_tables_are_csv_of_a_run_and_of_its_file():
    with cli.Folder() as folder:
        run = trained(folder)
        for table in ("steps", "epochs", "layers", "confusion"):
            cli.expect_equal(rows_of(run, table), rows_of(run / "metrics.h5", table), table)
        digest = cli.run_json(["inspect", run])["metrics"]["last_step"]["digest"]
        cli.expect_equal(rows_of(run, "steps")[-1]["digest"], digest, "last digest")
        cli.expect_equal([row["step"] for row in rows_of(run, "epochs")], ["7", "14"], "evaluations")
        cli.expect_equal({row["layer"] for row in rows_of(run, "layers")} >= {"c1", "r1", "out"}, True, "layers")
        counts = [int(count) for row in rows_of(run, "confusion") for name, count in row.items() if name != "true_class"]
        cli.expect_equal(sum(counts), 300, "samples of the confusion")


def test_a_training_is_followed_to_its_end():
    with cli.Folder() as folder:
        run = folder / "run"
        rhythm = ("train.steps=4000", "evaluate.every_steps=1000", "checkpoint.every_steps=1000")
        line = ["train", cli.write_busy(folder), *rhythm, "--quiet", "--out", run]
        with subprocess.Popen(cli.command(line), stdout=subprocess.DEVNULL) as training:
            while not (run / "metrics.jsonl").exists():
                cli.expect_equal(training.poll(), None, "train's exit code before its first step")
                time.sleep(0.01)
            lines = cli.run(["inspect", run, "--follow"]).stdout.splitlines()
            cli.expect_equal(training.wait(), 0, "exit code of train")
        evaluations = [line for line in lines if "test_accuracy=" in line]  # beside them one in 30 s
        steps = [line.split("step=")[1].split()[0] for line in evaluations]
        cli.expect_equal(steps, ["1000", "2000", "3000", "4000"], "one line per evaluation")
        cli.expect("test_accuracy=" in lines[-2], lines[-2])
        cli.expect_equal(lines[-1], "outcome    DONE (exit code 0): finished", "the last line")
        cli.expect_equal(cli.run(["inspect", run, "--follow"]).stdout.splitlines(), [*evaluations, lines[-1]], "after its end")
        (run / "DONE").unlink()
        cli.expect("killed" in cli.run(["inspect", run, "--follow"]).stdout, "a run without an end")


def test_a_sweep_is_a_table_of_its_trials():
    with cli.Folder() as folder:
        sweep = folder / "sweep"
        line = ["sweep", cli.write_busy(folder), "learning_rate.peak=0.01,0.001", "train.steps=5", "--out", sweep]
        swept = cli.run_json(line)
        for target in (sweep, sweep / "index.h5"):
            found = cli.run_json(["inspect", target])
            cli.expect_equal([row["status"] for row in found["trials"]], ["done", "done"], "states")
            cli.expect_equal([row["digest"] for row in found["trials"]], [row["digest"] for row in swept["results"]], "digests")
            cli.expect_equal([row["parameters"] for row in found["trials"]], [{"learning_rate.peak": x} for x in ("0.01", "0.001")], "keys")
            text = cli.run(["inspect", target]).stdout
            cli.expect("best       " in text and swept["best"]["trial"] in text, text)
            for row in text.splitlines()[1:]:
                cli.expect(len(row) <= 80, f"wider than 80 columns: {row}")
        trial = swept["results"][0]["trial"]
        (sweep / "trials" / trial / "DONE").unlink()
        for target, status in ((sweep, "interrupted"), (sweep / "index.h5", "done")):
            states = {row["trial"]: row["status"] for row in cli.run_json(["inspect", target])["trials"]}
            cli.expect_equal(states[trial], status, f"of {target}, whose trial has lost its end since")


def test_damaged_is_told_from_foreign():
    with cli.Folder() as folder:
        run = trained(folder)
        whole = (run / "metrics.h5").read_bytes()
        latest = (run / (run / "latest").read_text(encoding="utf-8").strip()).read_bytes()
        with h5py.File(folder / "foreign.h5", "w") as file:
            file["x"] = 1
        cases = {
            "short.h5": (whole[:1000], "is damaged"),
            "checkpoint.h5": (latest[:-100] + bytes(100), "is damaged"),
            "notes.txt": (b"hello", "text file"),
            "empty.h5": (b"", "is empty"),
            "foreign.h5": (None, "is an HDF5 file, but none of Lockstep"),
        }
        for name, (content, expected) in cases.items():
            if content is not None:
                (folder / name).write_bytes(content)
            said = cli.run(["inspect", folder / name], code=3).stderr
            cli.expect(expected in said and str(folder / name) in said, f"{name}: {said}")
        said = cli.run(["inspect", folder], code=3).stderr
        cli.expect("neither a run's nor a sweep's" in said, said)


def test_names_from_elsewhere_do_not_act_on_the_terminal():
    evil = "\x1b]0;x\x07\x1b[2J\x9b"
    with cli.Folder() as folder:
        weights = folder / "weights.h5"
        with h5py.File(weights, "w") as file:
            file["model"] = "x"
            file[f"parameters/{evil}/weight"] = numpy.zeros((2, 3), "f4")
        other = folder / "other.h5"
        with h5py.File(other, "w") as file:
            file.attrs["format"] = evil
        shown = cli.run(["inspect", weights]).stdout
        for text in (shown, cli.run(["compare", other, weights], code=3).stderr):
            cli.expect("\\x1b]0;x\\x07" in text, f"not escaped: {text!r}")
            cli.expect(not set(text) & set("\x1b\x07\x9b"), f"control characters: {text!r}")
        coloured = cli.run(["inspect", weights, "--color", "always"]).stdout
        cli.expect(coloured.startswith("\x1b[1mcheckpoint ") and "\x1b]" not in coloured, f"{coloured!r}")
        cli.expect_equal(cli.run_json(["inspect", weights])["parameters"][0]["name"], f"{evil}.weight", "in JSON")


def test_steps_that_only_the_snapshot_has_are_shown_too():
    with cli.Folder() as folder:
        run = trained(folder)
        whole = cli.run_json(["inspect", run])["metrics"]
        journal = run / "metrics.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join([*lines[:2], b"nonsense\n", *lines[5:]]))
        found = cli.run_json(["inspect", run])
        cli.expect_equal(found["metrics"], whole, "metrics")
        cli.expect("metrics.jsonl:3" in found["problems"][0], found["problems"])
        journal.unlink()
        cli.expect_equal(cli.run_json(["inspect", run])["metrics"]["steps"], whole["steps"], "without a journal")


def test_a_run_that_failed_has_all_its_steps_in_metrics_h5():
    with cli.Folder() as folder:
        run = folder / "run"
        line = ["train", cli.write_busy(folder), "optimizer={type: sgd, weight_decay: 1}", "learning_rate={schedule: constant, peak: 1000000}"]
        cli.run([*line, "--quiet", "--out", run], code=5)
        steps = cli.run_json(["inspect", run])["metrics"]["steps"]
        with h5py.File(run / "metrics.h5") as file:
            cli.expect(steps > 1 and len(file["steps/step"]) == steps, f"{steps} steps")


def test_what_was_trained_and_the_statistics_of_its_parameters():
    with cli.Folder() as folder:
        run = trained(folder, "seed=7")
        what = cli.run_json(["inspect", run])["experiment"]
        cli.expect_equal((what["name"], what["seed"], what["optimizer"]), ("busy", 7, "adam"), "experiment")
        cli.expect(", seed 7" in cli.run(["inspect", run]).stdout, "not in the text")
        latest = run / (run / "latest").read_text(encoding="utf-8").strip()
        with h5py.File(latest) as file:
            for found in cli.run_json(["inspect", latest])["parameters"]:
                values = file["parameters/" + found["name"].replace(".", "/")][()].astype("f8")
                cli.expect_equal((found["min"], found["max"]), (values.min(), values.max()), found["name"])
                for name, value in (("mean", values.mean()), ("rms", numpy.sqrt((values**2).mean()))):
                    cli.expect(abs(found[name] - value) < 1e-12, f"{name} of {found}: {value}")  # sums in another order
        for row in cli.run(["inspect", latest]).stdout.splitlines()[1:]:
            cli.expect(len(row) <= 80 or row.startswith("  "), f"wider than 80 columns: {row}")


def test_following_ends_when_nobody_reads_any_more():
    with cli.Folder() as folder:
        run = folder / "run"
        rhythm = ("train.steps=1000000", "evaluate.every_steps=100", "checkpoint.every_steps=1000")
        line = ["train", cli.write_busy(folder), *rhythm, "--quiet", "--out", run]
        with cli.Job(line) as training:
            training.wait_for(lambda: (run / "metrics.jsonl").exists(), "the first step")
            with subprocess.Popen(cli.command(["inspect", run, "--follow"]), stdout=subprocess.PIPE) as follower:
                follower.stdout.readline()
                follower.stdout.close()
                cli.expect_equal(follower.wait(timeout=60), 0, "exit code of inspect")
            cli.expect_equal(training.process.poll(), None, "train's exit code")


def test_forms_of_output_exclude_one_another():
    with cli.Folder() as folder:
        run = trained(folder)
        cli.expect("give one of them" in cli.run(["inspect", run, "--csv", "steps", "--json"], code=2).stderr, "two forms")
        said = cli.run(["inspect", run / "metrics.h5", "--follow"], code=2).stderr
        cli.expect("--follow is for the folder of a run" in said, said)


if __name__ == "__main__":
    cli.run_tests(globals())
