#!/usr/bin/python3
# timeout: 600
"""The page of a sweep says what `sweep --list` says, to the last digit, and lets nothing in its table run."""

import json
import os
import pathlib
import sys
from urllib.parse import unquote

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hdf5_layout
import lockstep_cli as cli
from report_page import ReportPage, percent
from report_test import HOSTILE, checked_numbers, report

DIVERGING = "optimizer={type: sgd, weight_decay: 1000}"  # at the largest rate


def sweep(folder, *words, code=0, text=cli.BUSY_EXPERIMENT):
    """Runs a sweep; returns its folder and what --list says of it."""
    experiment = cli.write_busy(folder, text)
    line = ["sweep", experiment, "--out", folder / "sweep", *words]
    cli.run([*line, "--quiet"], code=code)
    return folder / "sweep", cli.run_json([*line, "--list"])


def expect_sweep(page, listed):
    """The page's table, best trial, failures and drawn figures are those of the list."""
    cli.expect_equal([r["attributes"]["data-trial"] for r in page.find("tr", data_trial=None)],
                     [r["trial"] for r in listed["results"]], "trials")
    for row, result, drawn in zip(page.find("tr", data_trial=None), listed["results"], page.data["trials"]):
        cells = {e["attributes"]["data-name"]: e for e in page.find(inside=row, data_name=None)}
        for name, value in {**result["parameters"], "metric": result["metric"], "steps": result["steps"]}.items():
            cli.expect_equal(json.loads(cells[name]["attributes"]["data-value"]), value, f"{name} of {result['trial']}")
        cli.expect_equal(page.text(cells["metric"]), percent(result["metric"]), "text of the metric")
        texts = [page.text(cells[name]) for name in ("status", "digest")]
        cli.expect_equal(texts, [result["status"], result["digest"] or ""], f"status and digest of {result['trial']}")
        figures = (drawn["values"], drawn["metric"], drawn["status"])
        cli.expect_equal(figures, (list(result["parameters"].values()), result["metric"], result["status"]), "drawn figures")
    for status in ("trials", "done", "failed", "pruned"):
        counts = [page.text(e) for e in page.find("dd", data_count=status)]
        cli.expect_equal(counts, [str(listed[status])] if listed[status] else [], status)
    reasons = [page.text(e) for e in page.find("li", inside=(page.find("section", id="failures") or [page.one("footer")])[0])]
    cli.expect_equal(reasons, [f"{r['trial']}: {r['reason']}" for r in listed["results"] if r["status"] == "failed"], "failures")
    best = page.one("section", id="best")
    cli.expect(listed["best"]["trial"] in page.text(best), f"the best is not {listed['best']}: {page.text(best)}")
    cli.expect_equal(checked_numbers(page, listed["best"], "metric", best), 1, "metric of the best")
    cli.expect_equal(page.data["trials"][page.data["best"]]["name"], listed["best"]["trial"], "the best that is drawn")


def test_a_sweep_is_what_its_list_says():
    with cli.Folder() as folder:
        words = ("learning_rate.peak=0.00001,0.0003,1e6", "seed=7,8", DIVERGING, "evaluate.every_steps=4")
        place, listed = sweep(folder, *words, code=1)
        cli.expect_equal((listed["done"], listed["failed"]), (4, 2), "done and failed trials")
        trials = [place / "trials" / r["trial"] for r in listed["results"]]
        said = cli.run_json(["report", place, trials[1]])["pages"]
        cli.expect_equal([p["kind"] for p in said], ["run", "sweep"], "pages, those that others link first")
        page = ReportPage(place / "report.html")
        expect_sweep(page, listed)
        links = {e["attributes"]["href"] for e in page.find("a")}
        cli.expect_equal([(place / unquote(link)).resolve() for link in links], [(trials[1] / "report.html").resolve()], "links")
        for drawn, trial in zip(page.data["trials"], trials):
            lines = [json.loads(line) for line in (trial / "metrics.jsonl").read_text().splitlines()]
            known = [line for line in lines if line["type"] == "epoch" and line["validation_accuracy"] is not None]
            curve = {"x": [line["step"] for line in known], "y": [line["validation_accuracy"] for line in known]}
            cli.expect_equal(drawn["metric_curve"], curve, "curve of the metric")
        cli.expect_equal([p["is_log"] for p in page.data["parameters"]], [True, False], "logarithmic axes")
        elsewhere = folder / "a b"
        elsewhere.mkdir()
        cli.run(["report", place, "--out", elsewhere / "page.html"])
        link = unquote(ReportPage(elsewhere / "page.html").find("a")[0]["attributes"]["href"])
        cli.expect((elsewhere / link).resolve().is_file(), f"{link} leads nowhere")


def test_a_sweep_that_gave_trials_up_says_so():
    with cli.Folder() as folder:
        cli.write_busy(folder, cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 9"))
        file = folder / "halving.yaml"
        file.write_text(
            "schema_version: 1\nbase: busy.yaml\nmethod: halving\nhalving: {factor: 3, rungs: 1}\n"
            "parameters: {learning_rate.peak: {min: 0.0001, max: 0.05, distribution: log_uniform}}\nrun_cap: 3\n",
            encoding="utf-8",
        )
        words = ["sweep", file, "--out", folder / "sweep"]
        cli.run([*words, "--quiet"])
        listed = cli.run_json([*words, "--list"])
        cli.expect_equal((listed["done"], listed["pruned"]), (1, 2), "done and pruned trials")
        page, _, _ = report(folder / "sweep")
        expect_sweep(page, listed)
        cli.expect_equal([p["is_log"] for p in page.data["parameters"]], [True], "logarithmic axes")


def plant_names(place):
    """Hostile texts wherever a sweep's table has texts."""
    hdf5_layout.take_off_block(place / "index.h5")
    with h5py.File(place / "index.h5", "r+") as file:
        file.attrs["name"] = HOSTILE
        for column in ("trial", "status"):
            texts = [text.decode() for text in file["trials"][column]]
            del file["trials"][column]
            file["trials"][column] = [f"{column} {HOSTILE}", *texts[1:]]
        del file["trials/seed"]
        file["trials"].create_dataset("seed", data=[f"value {HOSTILE}"] + ["1"] * (len(file["trials/trial"]) - 1))


def test_nothing_in_a_sweep_runs():
    with cli.Folder() as folder:
        place, _ = sweep(folder, "learning_rate.peak=0.01", "seed=7,8", "train.epochs=1")
        plant_names(place)
        page, _, _ = report(place)
        cli.expect_equal(page.text(page.one("h1")), HOSTILE, "title")
        row = page.find("tr", data_trial=None)[0]
        cli.expect(f"value {HOSTILE}" in page.text(row) and f"trial {HOSTILE}" in page.text(row), f"row: {page.text(row)}")
        cli.expect_equal(len(page.find("script")), 5, "scripts: the data, two libraries, two of ours")
        cli.expect_equal([e for e in page.elements if e["tag"] in ("img", "a", "svg", "iframe")], [], "other elements")
        (place / "index.h5").unlink()
        cli.expect("index.h5" in cli.run(["report", place], code=3).stderr, "a sweep without its table")


if __name__ == "__main__":
    cli.run_tests(globals())
