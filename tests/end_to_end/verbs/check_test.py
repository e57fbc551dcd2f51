#!/usr/bin/python3
# labels: ranks
"""check compares settings with one another, says the same on all ranks, and ends like the other verbs."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import checks
import lockstep_cli as cli


def test_an_optimizer_whose_second_memory_is_long_enough_already():
    with cli.Folder() as folder:
        found = checks.check([cli.write_busy(folder), "optimizer.beta1=0.9999", "optimizer.beta2=0.999"], 1)
        cli.expect("optimizer.beta1=0.9" in found["overrides"], f"advice: {found['overrides']}")


def test_a_rate_that_cannot_fall_in_a_run_so_short():
    with cli.Folder() as folder:
        rate = "learning_rate={schedule: step, peak: 0.01, every_steps: 1, factor: 0.5}"
        found = checks.check([cli.write_busy(folder), rate, "train.steps=1"], 1)
        cli.expect("learning_rate={schedule: constant, peak: 0.01}" in found["overrides"], f"advice: {found['overrides']}")


def test_settings_that_do_not_fit_one_another():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)  # 14 steps
        found = checks.check([experiment, "learning_rate.warmup_steps=14", "evaluate.every_steps=50"], 1)
        levels = {f["id"]: f["level"] for f in found["findings"]}
        cli.expect_equal(levels.get("warmup_without_end"), "change", "level of warm-up")
        cli.expect_equal(levels.get("evaluate_never_due"), "note", "level of a rhythm")
        checks.check([experiment, *found["overrides"]], 0)
        cli.expect_equal(len(found["gradients"]), 10, "tensors whose gradient was looked at")
        for gradient in found["gradients"]:
            cli.expect(gradient["error"] < 0.1, f"gradient: {gradient}")


def test_all_ranks_end_alike():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        alone = cli.run(["check", experiment, "learning_rate.peak=1000", "--json"], code=1).stdout
        cli.expect_equal(cli.run(["check", experiment, "learning_rate.peak=1000", "--json"], code=1, ranks=2).stdout, alone, "what two ranks say")


def test_what_it_prints_fits_a_terminal():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = cli.run(["check", experiment], code=None)
        cli.expect(done.returncode in (0, 1), done.stderr)
        table = done.stdout.split("\n\n")[0].splitlines()
        cli.expect_equal(len(table), 14, "one line per layer, heading and input")
        for line in done.stdout.splitlines():
            cli.expect(len(line) <= 80 or line.startswith("lockstep train "), f"wider than 80 columns: {line}")


def test_mistakes_of_the_file_end_as_everywhere():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        said = cli.run(["check", experiment, "learning_rate.peek=1"], code=2).stderr
        cli.expect("did you mean 'peak'" in said, said)
        cli.run(["check", experiment, "data.dataset=idx", f"data.path={folder / 'none'}"], code=3)


cli.run_tests(globals())
