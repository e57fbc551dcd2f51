#!/usr/bin/python3
# labels: ranks
"""train warns once of what prevents a network from learning, names the layer, and says the same after it was stopped."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import checks
import lockstep_cli as cli


def test_training_says_once_where_to_look():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        line = ["train", experiment, "train.steps=130", "--quiet", "--out", folder / "run"]
        dead = "model.layers.f1.init.bias={type: constant, value: -100}"
        said = cli.run([*line, dead], code=0).stderr
        advice = f"`lockstep check {experiment} train.steps=130 '{dead}'` says why"
        cli.expect_equal(said.count(advice), 1, f"advice in {said}")
        cli.expect("learned nothing" in (folder / "run" / "log.txt").read_text(encoding="utf-8"), "nothing in log.txt")
        said = cli.run([*line, "--overwrite"], code=0).stderr
        cli.expect("check" not in said, said)


def test_a_run_that_goes_on_says_what_an_undisturbed_one_says():
    with cli.Folder() as folder:
        dead = "model.layers.f1.init.bias={type: constant, value: -100}"
        rest = ["train.steps=130", dead, "--quiet", "--resume", "--out", folder / "run"]
        line = ["train", cli.write_busy(folder), *rest]
        for step in (20, 90, 120):
            cli.run([*line, "--until", step], code=75)
        cli.run(line)
        log = (folder / "run" / "log.txt").read_text(encoding="utf-8")
        cli.expect_equal(log.count("learned nothing"), 1, f"warnings about the loss in {log}")
        cli.expect_equal(log.count("units of 'r2' are dead"), 1, f"warnings about the layer in {log}")


def test_training_names_the_layer_that_does_not_learn():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        zero = "={type: constant, value: 0}"
        cases = (
            ("model.layers.f1.init.bias={type: constant, value: -100}", "at step 7 20 of 20 units of 'r2' are dead"),
            ("model.layers.c1.init.bias={type: constant, value: -100}", "at step 7 4 of 4 channels of 'r1' are dead"),
            ("model.layers.right.init.bias={type: constant, value: 100}", "at step 7 100.00 % of the outputs of 't1' lie"),
            ("model.layers.f1.init.weight" + zero, "at step 7 all units of 'f1' have the same weights"),
        )
        for number, (override, expected) in enumerate(cases):
            said = checks.warnings_of([experiment, override, "evaluate.every_steps=7"], folder / f"run{number}")
            cli.expect(expected in said[0], f"{override}: {said[0]}")
            cli.expect(said[0].removeprefix("warning: ") in (folder / f"run{number}" / "log.txt").read_text(), "log.txt")
        said = checks.warnings_of([experiment, "learning_rate.peak=1", "evaluate.every_steps=1"], folder / "rate")
        cli.expect("at step 1 a step changes the weights of 'f1' by 8" in said[0], f"a rate that is too high: {said}")


def test_the_first_layer_that_is_not_finite_is_named_on_all_ranks():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        large = "={type: normal, std: 1e30}"
        line = ["train", experiment, f"model.layers.f1.init.weight{large}", f"model.layers.out.init.weight{large}"]
        for ranks in (None, 2):
            said = cli.run([*line, "--out", folder / f"run{ranks}"], code=5, ranks=ranks).stderr
            cli.expect("first in the output of 'out'," in said, said)


cli.run_tests(globals())
