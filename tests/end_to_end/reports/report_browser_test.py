#!/usr/bin/python3
# timeout: 600
"""The pages of `report` in headless Chromium, network off: drawn, quiet, and answering to hovering and clicks."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
from browser import Browser

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import report_sweep_test

# The share of a canvas' pixels that anything has been drawn on, in per mille.
INK = """
return [...document.querySelectorAll(arguments[0])].map((canvas) => {
  const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let drawn = 0;
  for (let i = 3; i < bytes.length; i += 4) drawn += bytes[i] > 0;
  return Math.round(4000 * drawn / bytes.length);
});
"""
TEXTS = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"


def trained(folder, *words):
    experiment = cli.write_busy(folder)
    cli.run(["train", experiment, "--out", folder / "run", "--quiet", *words])
    cli.run(["report", folder / "run"])
    return folder / "run" / "report.html"


def expect_all_drawn(page, selector, number):
    ink = page.run(INK, selector)
    cli.expect_equal(len(ink), number, f"number of {selector}")
    cli.expect(all(share > 0 for share in ink), f"{selector} are empty: {ink}")


def expect_it_fits(page, what):
    width, room = page.run("return [document.scrollingElement.scrollWidth, innerWidth]")
    cli.expect(width <= room, f"{what}: {width} pixels of content in {room}")
    cli.expect_equal(page.console(), [], f"{what}: console")


def expect_every_width_and_scheme(page, path):
    backgrounds = set()
    for width in ("desktop", "phone"):
        for scheme in ("light", "dark"):
            page.open(path, width, scheme)
            expect_it_fits(page, f"{path.name} at {width}, {scheme}")
            backgrounds.add(page.run(BACKGROUND))
    cli.expect_equal(len(backgrounds), 2, f"backgrounds of two schemes, {backgrounds}")


def test_a_run_is_drawn_at_every_width_in_both_schemes():
    with cli.Folder() as folder, Browser() as page:
        path = trained(folder)
        expect_every_width_and_scheme(page, path)
        expect_all_drawn(page, ".plot canvas:first-of-type", 4)
        expect_all_drawn(page, "#digits canvas", 10)
        expect_all_drawn(page, ".maps canvas", 12)
        expect_all_drawn(page, "#kernel-layers canvas", 3)
        lines = page.run("return document.querySelectorAll('#statistics polyline').length")
        cli.expect(lines > 0, "no course of a layer's figure is drawn")


def test_hovering_shows_the_values_in_all_charts():
    with cli.Folder() as folder, Browser() as page:
        page.open(trained(folder))
        before = page.run(TEXTS, ".legend output")
        page.point_at(".plot", 0.3)
        page.wait("return document.querySelector('.where').textContent !== ''", "a step is under the pointer")
        where = page.run(TEXTS, ".chart:not(:nth-child(2)) .where")
        cli.expect(len(where) == 3 and len(set(where)) == 1 and where[0].startswith("step "), f"places: {where}")
        step = int(where[0].split()[1].rstrip(","))
        loss = page.run("const s = report.curves.steps; return s.loss[s.step.indexOf(arguments[0])]", step)
        after = page.run(TEXTS, ".legend output")
        cli.expect_equal(after[0], f"{loss:.4f}", f"loss at step {step}")
        cli.expect(after != before, f"the values stay: {after}")
        page.point_at("h1")
        page.wait("return document.querySelector('.where').textContent === ''", "the pointer has left")
        cli.expect_equal(page.run(TEXTS, ".legend output"), before, "values afterwards")


def test_zooming_moves_all_charts_and_the_loss_may_be_logarithmic():
    with cli.Folder() as folder, Browser() as page:
        page.open(trained(folder))
        labels = ".plot .dygraph-axis-label-x"
        before = page.run(TEXTS, labels)
        box = page.run("const e = document.querySelector('.plot'); e.scrollIntoView({block: 'center'});"
                       "const r = e.getBoundingClientRect(); return [r.left + 200, r.top + 90]")
        pointer = [
            {"type": "pointerMove", "duration": 0, "x": round(box[0]), "y": round(box[1])},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 50, "x": round(box[0]) + 120, "y": round(box[1])},
            {"type": "pointerUp", "button": 0},
        ]
        page.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": pointer}]})
        page.wait(f"return [...document.querySelectorAll('{labels}')].map((e) => e.textContent).join() !== "
                  f"'{','.join(before)}'", "the charts are zoomed")
        charts = [page.run(TEXTS, f".chart:nth-child({i}) {labels}") for i in (1, 2, 3, 4)]
        cli.expect(all(chart == charts[0] for chart in charts), f"charts show other steps: {charts}")
        curve = "return document.querySelector('.plot canvas').toDataURL()"
        linear = page.run(curve)
        page.click(".chart:nth-child(1) .switch input")
        cli.expect(page.run(curve) != linear, "the axis stays linear")
        cli.expect_equal(page.console(), [], "console")


def test_cells_show_their_pictures_and_pictures_their_way_through():
    with cli.Folder() as folder, Browser() as page:
        page.open(trained(folder), "phone")
        page.click("#matrix tr:nth-child(3) td:nth-of-type(3) button")
        title = page.run(TEXTS, "#cell h3")
        cli.expect_equal(title, ["Class 2, recognised"], "cell")
        number = page.run("return report.cells[22].length")
        cli.expect(number > 0, "the network recognises no 2")
        expect_all_drawn(page, "#cell canvas", number)
        before = page.run("return [...document.querySelectorAll('.maps canvas')].map((c) => c.toDataURL())")
        page.click("#digits button:nth-child(4)")
        after = page.run("return [...document.querySelectorAll('.maps canvas')].map((c) => c.toDataURL())")
        cli.expect(all(a != b for a, b in zip(after, before)), "some layer shows the same for another picture")
        cli.expect_equal(len(page.run(TEXTS, "#probabilities i")), 10, "bars")
        expect_it_fits(page, "after the clicks")


def test_the_print_is_light_and_whole():
    with cli.Folder() as folder, Browser() as page:
        page.open(trained(folder), scheme="dark")
        pdf = page.print_pdf()
        cli.expect(pdf.startswith(b"%PDF") and len(pdf) > 50_000, f"a print of {len(pdf)} bytes")
        page.chromium("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        cli.expect_equal(page.run(BACKGROUND), "rgb(255, 255, 255)", "paper")
        cli.expect_equal(page.console(), [], "console")


def test_a_run_without_weights_or_records_is_no_error_in_the_browser():
    with cli.Folder() as folder, Browser() as page:
        path = trained(folder)
        for file in ("metrics.jsonl", "metrics.h5", "latest", "best"):
            (folder / "run" / file).unlink()
        for file in (folder / "run" / "checkpoints").iterdir():
            file.unlink()
        cli.run(["report", folder / "run"])
        page.open(path)
        expect_it_fits(page, "an empty run")


def swept(folder, *words):
    experiment = cli.write_busy(folder)
    cli.run(["sweep", experiment, "--out", folder / "sweep", "--quiet", *words], code=None)
    cli.run(["report", folder / "sweep"])
    return folder / "sweep" / "report.html"


def test_a_sweep_is_drawn_at_every_width_in_both_schemes():
    with cli.Folder() as folder, Browser() as page:
        # The best trial's name is as long as a phone's line.
        path = swept(folder, "learning_rate.peak=0.00001234567890123,0.0003,1e6", "seed=7,8", "train.batch_size=50,100",
                     report_sweep_test.DIVERGING)
        expect_every_width_and_scheme(page, path)
        expect_all_drawn(page, ".plot canvas:first-of-type", 2)
        marks = page.run("return ['.trial-lines .seen', '#coordinates .axis', '#strips svg', '#strips circle', '.mean']"
                         ".map((selector) => document.querySelectorAll(selector).length)")
        cli.expect_equal(marks, [12, 4, 3, 3 * 8, 2 + 2 + 2], "lines, axes, strips, dots, means")


def test_a_trial_that_is_pointed_at_is_named_everywhere():
    with cli.Folder() as folder, Browser() as page:
        page.open(swept(folder, "learning_rate.peak=0.001,0.03", "seed=7,8"))
        number = page.run("return document.querySelector('#strips circle').dataset.number")
        page.point_at("#strips circle")
        page.wait("return document.querySelector('circle.chosen') !== null", "a dot is chosen")
        told = page.run(TEXTS, ".pointed")
        value = page.run("return report.trials[arguments[0]].metric", int(number))
        cli.expect(all(f"validation_accuracy {100 * value:.2f} %" in text for text in told), f"told: {told}")
        chosen = page.run("return document.querySelector('#table .chosen').dataset.trial")
        cli.expect_equal(chosen, page.run("return report.trials[arguments[0]].name", int(number)), "row")
        cli.expect_equal(len(page.run(TEXTS, ".trial-lines .chosen")), 1, "lines chosen")
        page.point_at(".plot", 0.5)
        page.wait("return document.querySelector('.pointed').textContent.startsWith('#')", "a curve is named")
        page.point_at("h1")
        page.wait("return document.querySelector('.chosen') === null", "nothing is pointed at")
        cli.expect_equal(page.console(), [], "console")


def test_the_table_of_trials_sorts_by_any_column():
    with cli.Folder() as folder, Browser() as page:
        page.open(swept(folder, "learning_rate.peak=0.0003,0.00001,1e6", "seed=7,8", report_sweep_test.DIVERGING))
        column = "return [...document.querySelectorAll('#table tbody tr')].map((r) => r.cells[arguments[0]].dataset.value)"
        page.click("#table th:nth-child(2) button")
        cli.expect_equal([float(v) for v in page.run(column, 1)], [0.00001] * 2 + [0.0003] * 2 + [1e6] * 2, "rates")
        page.click("#table th:nth-child(4) button")
        page.click("#table th:nth-child(4) button")
        values = [v for v in page.run(column, 3) if v != "null"]
        cli.expect_equal(values, sorted(values, key=float, reverse=True), "metrics, largest first")


def test_hostile_names_of_trials_are_text_in_the_browser():
    with cli.Folder() as folder, Browser() as page:
        path = swept(folder, "seed=7,8", "train.epochs=1")
        report_sweep_test.plant_names(folder / "sweep")
        cli.run(["report", folder / "sweep"])
        page.open(path)
        expect_it_fits(page, "a hostile sweep")
        cli.expect_equal(page.run(TEXTS, "h1"), [report_sweep_test.HOSTILE], "title")
        cli.expect_equal(page.run("return document.querySelectorAll('img').length"), 0, "images")


def test_lenet5_on_mnist_is_a_light_page():
    with cli.Folder() as folder:
        words = ["train", cli.SOURCE / "experiments" / "lenet5_mnist.yaml", "--out", folder / "run", "--quiet"]
        if cli.run([*words, "--dry-run"], code=None).returncode == 3:
            raise cli.Skipped("MNIST is not on this machine")
        cli.run(words)
        said = cli.run_json(["report", folder / "run"])
        cli.expect(said["bytes"] < 3_000_000, f"{said['bytes']} bytes")
        with Browser() as page:
            expect_every_width_and_scheme(page, pathlib.Path(said["file"]))


if __name__ == "__main__":
    cli.run_tests(globals())
