#!/usr/bin/python3
# timeout: 300
"""The verb bench: what it measures, prints and draws. No figure is judged, because tests do not measure time."""

import os
import pathlib
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

SHORT = ["--windows", 1, "--threads", 1, "--batch", 64]
SYNTHETIC = ["data={dataset: synthetic, synthetic: {train: 300, test: 100}}"]


def expect_refused(arguments, code, words, ranks=None):
    done = cli.run(["bench", *arguments], ranks, code)
    for word in words:
        cli.expect(word in done.stderr, f"{word!r} is not in {done.stderr!r}")
    cli.expect_equal(done.stdout, "", f"stdout of {arguments}")


def check_layers(found):
    for layer in found["layers"]:
        cli.expect(layer["phase"] in ("forward", "backward"), f"phase of {layer}")
        cli.expect(layer["seconds"] > 0, f"seconds of {layer}")
        cli.expect((layer["gflops"] > 0) == (layer["operations"] > 0), f"rate of {layer}")


def test_the_object_says_what_was_measured():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = cli.run(["bench", experiment, "--windows", 1, "--threads", 3, "--batch", "16,64", "--json"])
        found = cli.json.loads(done.stdout)
        cli.expect_equal(found["batch_size"], 100, "batch")
        cli.expect_equal(found["micro_batch"], 32, "micro-batch")
        check_layers(found)
        names = [(layer["name"], layer["phase"]) for layer in found["layers"]]
        for name in ("c1+r1+p1", "left", "right", "joined", "f1+r2", "out"):
            cli.expect_equal(names.count((name, "forward")), 1, f"{name} forward in {names}")
            cli.expect_equal(names.count((name, "backward")), 1, f"{name} backward in {names}")
        for kind in ("training", "inference"):
            points = [(point["batch"], point["threads"]) for point in found[kind]]
            cli.expect_equal(points, [(b, t) for b in (16, 64, 100) for t in (1, 2, 3)], kind)
            own = [point for point in found[kind] if (point["batch"], point["threads"]) == (100, 3)]
            cli.expect_equal(found[f"{kind}_images_per_second"], own[0]["images_per_second"], f"{kind}'s figure")
        for key in ("peak_gflops", "inference_latency_us"):
            cli.expect(found[key] > 0, f"{key}: {found[key]}")
        parts = [part["name"] for part in found["step_parts"]]
        cli.expect_equal(parts, ["batch assembly", "loss", "sum of gradients", "update", "digest"], "parts")
        cli.expect("measuring layers" in done.stderr, f"no progress in {done.stderr!r}")
        more_than_allowed = found["allowed_cores"] < 3
        cli.expect_equal("times say nothing about more cores" in done.stderr, more_than_allowed, "warning")


def test_micro_batches_follow_the_batch_as_in_training():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        line = ["bench", experiment, "--windows", 1, "--threads", 1, "--batch", "600"]
        cut = {point["batch"]: point["micro_batch"] for point in cli.run_json(line)["training"]}
        cli.expect_equal(cut, {100: 32, 600: 64}, "micro-batches by the rule")
        fixed = {point["micro_batch"] for point in cli.run_json([*line, "train.micro_batch=48"])["training"]}
        cli.expect_equal(fixed, {48}, "micro-batches where the experiment fixes them")


def test_the_table_fits_100_columns_for_any_network():
    experiment = cli.SOURCE / "experiments" / "quickstart.yaml"
    models = sorted((cli.SOURCE / "models").glob("*.yaml"))
    cli.expect(len(models) >= 3, f"models: {models}")
    for model in models:
        if "input: {shape: [1, 28, 28]}" not in model.read_text(encoding="utf-8"):
            continue
        small = [f"model={model}", "train.batch_size=8"]  # fewer than a micro-batch of 16
        done = cli.run(["bench", experiment, *small, *SYNTHETIC, *SHORT, "--quiet"])
        widest = max(len(line) for line in done.stdout.splitlines())
        cli.expect(widest <= 100, f"{model.name}: {widest} columns")
        for words in ("whole step", "images/s", "one image", "of peak"):
            cli.expect(words in done.stdout, f"{words} is missing for {model.name}")
        cli.expect("\033[" not in done.stdout, "colour in a pipe")
    done = cli.run(["bench", experiment, *SYNTHETIC, *SHORT, "--color", "always"])
    cli.expect("\033[1m" in done.stdout, "no bold headings with --color always")


def test_the_picture_is_well_formed_and_within_its_frame():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        picture = folder / "roofline.svg"
        picture.write_text("old", encoding="utf-8")
        cli.run(["bench", experiment, *SHORT, "--quiet", "--roofline", picture])
        root = xml.etree.ElementTree.parse(picture).getroot()
        svg = "{http://www.w3.org/2000/svg}"
        cli.expect_equal(root.tag, svg + "svg", "root")
        width, height = float(root.get("width")), float(root.get("height"))
        texts = [text.text for text in root.iter(svg + "text")]
        for words in ("busy", "FLOP per byte", "GFLOP/s", "FMA peak", "L1 ", "L2 ", "DRAM ", "c1+r1+p1"):
            cli.expect(any(words in text for text in texts), f"{words} is not among {texts}")
        for text in root.iter(svg + "text"):
            x, y = float(text.get("x")), float(text.get("y"))
            cli.expect(0 <= x <= width and 0 <= y <= height, f"{text.text} lies at {x}, {y} of {width} x {height}")
        cli.expect_equal(len(list(root.iter(svg + "circle"))), 5, "layers that compute")
        cli.expect_equal([path.name for path in folder.glob(".*")], [], "files left over")


def test_mistakes_are_explained_before_anything_is_measured():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        expect_refused([folder / "none.yaml"], 2, ["none.yaml"])
        expect_refused([experiment, "--batch", "64,x"], 2, ["--batch", "a whole number", "'x'"])
        expect_refused([experiment, "--batch", "0"], 2, ["--batch", "'0'"])
        expect_refused([experiment, "--batch", "631"], 2, ["--batch", "at most 630", "631"])
        expect_refused([experiment, "data.dataset=idx", f"data.path={folder}"], 3, [str(folder)])
        expect_refused([experiment, "--roofline", folder], 3, [str(folder), "is a folder"])
        expect_refused([experiment, "--roofline", folder / "none" / "a.svg"], 3, ["none"])
        expect_refused([experiment], 2, ["bench measures one process", "2 ranks"], ranks=2)


cli.run_tests(globals())
