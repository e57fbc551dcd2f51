#!/usr/bin/python3
# timeout: 600
"""The page of a run says what the run's files say, to the last digit, and lets nothing in them run."""

import fcntl
import json
import os
import pathlib
import random
import re
import shutil
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
from report_page import ReportPage, figure, looked_up, percent

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too' {{title}}"


def train(folder, *words, name="run", text=cli.BUSY_EXPERIMENT, env=None):
    experiment = cli.write_busy(folder, text)
    cli.run(["train", experiment, "--out", folder / name, "--quiet", *words], env=env)
    return folder / name


def report(run, *words, env=None):
    """The page, what `--json` said, and what stderr said."""
    done = cli.run(["report", run, *words, "--json"], env=env)
    said = json.loads(done.stdout)
    return ReportPage(pathlib.Path(said["file"])), said, done.stderr


def checked_numbers(page, document, names, inside=None):
    """Compares all numbers of the page whose names match; returns how many there are."""
    number = 0
    for element in page.find(data_name=None, data_value=None, inside=inside):
        name = element["attributes"]["data-name"]
        if re.match(names, name):
            found = json.loads(element["attributes"]["data-value"])
            cli.expect_equal(found, looked_up(document, name), name)
            rounded = {"loss": figure, "accuracy": percent}.get(name.rsplit(".", maxsplit=1)[-1].rsplit("_", maxsplit=1)[-1])
            if rounded:
                cli.expect_equal(page.text(element), rounded(found), f"text of {name}")
            number += 1
    return number


def test_every_number_is_that_of_the_other_verbs():
    with cli.Folder() as folder:
        run = train(folder)
        page, said, _ = report(run)
        cli.expect_equal(said["kind"], "run", "kind")
        cli.expect_equal(said["bytes"], (run / "report.html").stat().st_size, "bytes")
        inspected = cli.run_json(["inspect", run])
        cli.expect_equal(checked_numbers(page, inspected, r"metrics\.(epochs|last_step)"), 2 * 9 + 7, "numbers of inspect RUN")
        checkpoint = cli.run_json(["inspect", run / "checkpoints" / inspected["checkpoints"][-1]["file"]])
        facts = {key for key, value in checkpoint["provenance"].items() if value != ""}
        number = checked_numbers(page, checkpoint, r"provenance\.|state\.")
        cli.expect_equal(number, len(facts) + len(checkpoint["state"]) + 1, "numbers of inspect CHECKPOINT")
        evaluated = cli.run_json(["evaluate", run])
        confusion = page.one("section", id="confusion")
        number = checked_numbers(page, evaluated, r"samples|correct|accuracy|loss|per_class", confusion)
        cli.expect_equal(number, 4 + 10, "numbers of evaluate")
        cli.expect_equal(page.text(page.one("code", id="digest")), evaluated["digest"], "digest")
        files = [page.text(e) for e in page.find("code", inside=page.one("table", id="checkpoints"))]
        cli.expect_equal(files[::2], [c["file"] for c in inspected["checkpoints"]], "checkpoints")
        cli.expect_equal(files[1::2], [c["digest"] for c in inspected["checkpoints"]], "digests")


def test_layers_are_those_of_describe():
    with cli.Folder() as folder:
        run = train(folder)
        page, _, _ = report(run)
        described = cli.run_json(["describe", run / "resolved.yaml"])
        rows = page.find("tr", data_layer=None)
        cli.expect_equal([r["attributes"]["data-layer"] for r in rows], [l["name"] for l in described["layers"]], "layers")
        for row, layer in zip(rows, described["layers"]):
            cli.expect_equal(checked_numbers(page, layer, r"parameters|multiply_adds|output_bytes", row), 3, "numbers")
            formulas = " ".join(page.text(e) for e in page.find("code", inside=row))
            for formula in layer["arithmetic"].values():
                cli.expect(formula in formulas, f"{layer['name']} lacks {formula}: {formulas}")
        inspected = cli.run_json(["inspect", run])
        figures = inspected["metrics"]["layers"]
        measured = [name for name in figures[0] if name not in ("layer", "step") and any(l[name] is not None for l in figures)]
        number = checked_numbers(page, inspected, r"metrics\.layers", page.one("section", id="statistics"))
        cli.expect_equal(number, len(figures) * len(measured), "figures of layers")


def test_curves_have_every_recorded_figure():
    with cli.Folder() as folder:
        run = train(folder)
        page, _, _ = report(run)
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        for kind, columns in (("step", page.data["curves"]["steps"]), ("epoch", page.data["curves"]["evaluations"])):
            records = [line for line in lines if line["type"] == kind]
            for name, values in columns.items():
                cli.expect_equal(values, [record[name] for record in records], f"{kind}s' {name}")


def test_pictures_have_the_probabilities_of_predict():
    with cli.Folder() as folder:
        random.seed(5)
        images = [random.randbytes(784) for _ in range(130)]
        place = cli.write_digits(folder, images)
        env = {"LOCKSTEP_DATA": str(folder)}
        words = ("data.dataset=mnist", "data.validation=0", "train.epochs=1", "train.batch_size=32")
        run = train(folder, *words, env=env)
        page, _, _ = report(run, env=env)
        predicted = cli.run_json(["predict", run, place / "t10k-images-idx3-ubyte.gz"])["predictions"]
        cli.expect(len(page.data["samples"]) > 20, "hardly any picture")
        for sample in page.data["samples"]:
            expected = predicted[sample["sample"]]
            cli.expect_equal(sample["probabilities"], expected["probabilities"], "probabilities")
            cli.expect_equal((sample["truth"], sample["guess"]), (sample["sample"] % 10, expected["class"]), "classes")
        for cell, places in enumerate(page.data["cells"]):
            classes = {(page.data["samples"][p]["truth"], page.data["samples"][p]["guess"]) for p in places}
            cli.expect(classes <= {divmod(cell, 10)}, f"cell {cell} has pictures of {classes}")
            button = page.one("button", data_cell=str(cell))
            cli.expect_equal(len(places), min(12, int(button["attributes"]["data-count"])), f"pictures of cell {cell}")
        mistakes = [i for i, p in enumerate(predicted) if p["class"] != i % 10]
        worst = max(mistakes, key=lambda i: max(predicted[i]["probabilities"]))
        first = page.find("span", data_sample=None)[0]["attributes"]
        cli.expect_equal(int(first["data-sample"]), worst, "the worst mistake")
        cli.expect_equal(json.loads(first["data-value"]), max(predicted[worst]["probabilities"]), "its probability")


def plant_provenance(checkpoint):
    """Makes it a file without our digest, as from elsewhere, with a hostile fact."""
    with h5py.File(checkpoint) as old, h5py.File(checkpoint.with_suffix(".new"), "w") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value
        for name in old:
            old.copy(name, new)
        new["provenance"].attrs["host"] = HOSTILE
    checkpoint.with_suffix(".new").rename(checkpoint)


def test_nothing_is_loaded_and_nothing_foreign_runs():
    with cli.Folder() as folder:
        run = train(folder, name=HOSTILE.replace("/", "|"))
        (run / "DONE").unlink()
        (run / "FAILED").write_text(f"exit_code: 5\nreason: {HOSTILE}\n", encoding="utf-8")
        with open(run / "resolved.yaml", "a", encoding="utf-8") as file:
            file.write(f"# {HOSTILE}\n")
        plant_provenance(next((run / "checkpoints").glob("*_00000014.h5")))
        page, _, _ = report(run)
        cli.expect(run.name in page.text(page.one("p", **{"class": "kind"})), "the path is missing")
        cli.expect_equal(page.text(page.one("td", data_name="provenance.host")), HOSTILE, "provenance")
        cli.expect(HOSTILE in page.text(page.one("p", **{"class": "ending failed"})), "the reason is missing")
        cli.expect(HOSTILE in page.text(page.one("pre", id="configuration")), "the configuration is missing")
        allowed = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "script", "noscript"}
        allowed |= {"p", "h1", "h2", "h3", "ul", "ol", "li", "dl", "dt", "dd", "div", "span", "b", "code", "pre", "figure"}
        allowed |= {"figcaption", "table", "thead", "tbody", "tr", "th", "td", "button", "canvas", "details", "summary"}
        cli.expect_equal({e["tag"] for e in page.elements} - allowed, set(), "other elements")
        cli.expect_equal(len(page.find("script")), 4, "scripts: the data, the library, two of ours")
        for element in page.elements:
            for name, value in element["attributes"].items():
                loads = name in ("src", "href", "srcset", "action", "style") or name.startswith("on")
                cli.expect(not loads, f"<{element['tag']} {name}={value!r}>")
        policy = page.one("meta", http_equiv="Content-Security-Policy")["attributes"]["content"]
        cli.expect(policy.startswith("default-src 'none'; img-src data:;"), policy)
        cli.expect("unsafe" not in policy and policy.count("'sha256-") == 5, policy)


def test_without_the_data_the_page_says_what_the_files_do():
    with cli.Folder() as folder:
        place = cli.write_digits(folder, [bytes([i]) * 784 for i in range(130)])
        env = {"LOCKSTEP_DATA": str(folder)}
        run = train(folder, "data.dataset=mnist", "data.validation=0", "train.epochs=1", env=env)
        shutil.rmtree(place)
        page, _, said = report(run, env={"LOCKSTEP_DATA": str(folder)})
        cli.expect("Without its data" in said and "mnist" in said, f"stderr: {said}")
        cli.expect("Without its data" in page.text(page.one("ul", **{"class": "notes"})), "the page does not say so")
        recorded = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines() if '"epoch",' in line]
        counts = [int(e["attributes"]["data-count"]) for e in page.find("button", data_cell=None)]
        cli.expect_equal(counts, [count for row in recorded[-1]["confusion"] for count in row], "confusion")
        cli.expect("sheet" not in page.data and "kernels" in page.data, f"data: {list(page.data)}")


def test_how_the_run_ended_stands_on_top():
    with cli.Folder() as folder:
        run = train(folder)

        def mark():
            page, _, _ = report(run)
            return page.text(page.find("span", inside=page.one("h1"))[0]), page.text(page.one("header"))

        cli.expect_equal(mark()[0], "DONE", "mark")
        (run / "DONE").rename(run / "STOPPED")
        (run / "STOPPED").write_text("exit_code: 75\nreason: stopped after step 3\n", encoding="utf-8")
        cli.expect_equal(mark()[0], "STOPPED", "mark")
        cli.expect("stopped after step 3" in mark()[1], "the reason is missing")
        (run / "STOPPED").unlink()
        cli.expect_equal(mark()[0], "INTERRUPTED", "mark")
        with open(run / "run.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            cli.expect_equal(mark()[0], "RUNNING", "mark")
            cli.expect("is being trained now" in mark()[1], "the page does not say that it goes on")
            cli.expect("is being trained now" in report(run)[2], "stderr does not say that it goes on")
        shutil.rmtree(run / "checkpoints")
        page, _, said = report(run)
        cli.expect("no checkpoint" in said and "cells" not in page.data, f"without checkpoints: {said}")
        (run / "metrics.jsonl").unlink()
        (run / "metrics.h5").unlink()
        page, _, said = report(run)
        cli.expect("recorded no step" in said and not page.find("section", id="curves"), f"without records: {said}")
        (run / "resolved.yaml").write_text("name: [", encoding="utf-8")
        cli.expect("resolved.yaml" in report(run)[2], "a damaged configuration goes unsaid")


def test_several_folders_and_ranks_and_mistakes():
    with cli.Folder() as folder:
        first = train(folder)
        second = folder / "again"
        shutil.copytree(first, second)
        before = {p: p.read_bytes() for p in first.rglob("*") if p.is_file()}
        pages = cli.run_json(["report", f"{first}/", second], ranks=2)["pages"]
        cli.expect_equal([p["file"] for p in pages], [str(r / "report.html") for r in (first, second)], "pages")
        after = {p: p.read_bytes() for p in first.rglob("*") if p.is_file()}
        after.pop(first / "report.html")
        cli.expect_equal(after, before, "files of the run")
        elsewhere = folder / "page.html"
        cli.expect(str(elsewhere) in cli.run(["report", first, "--out", elsewhere]).stdout, "the page is not named")
        cli.expect("one file" in cli.run(["report", first, second, "--out", elsewhere], code=2).stderr, "--out")
        cli.expect("neither a run's folder" in cli.run(["report", folder], code=3).stderr, "a folder of nothing")
        cli.expect(str(folder / "none") in cli.run(["report", folder / "none"], code=3).stderr, "a missing folder")
        missing = folder / "none" / "page.html"
        cli.expect(str(missing.parent) in cli.run(["report", first, "--out", missing], code=3).stderr, "an unwritable page")


if __name__ == "__main__":
    cli.run_tests(globals())
