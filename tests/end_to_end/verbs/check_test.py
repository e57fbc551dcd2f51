#!/usr/bin/python3
# timeout: 600
"""check names what keeps a network from learning, and its advice, followed to the letter, makes it learn."""

import gzip
import json
import os
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

EXPERIMENTS = pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "experiments"
HE_NORMAL = ("init.weight={type: he_normal}", "weight_scale=1")
CONVOLUTIONS_BY_HE = {f"model.layers.{layer}.{change}" for layer in ("c1", "c3") for change in HE_NORMAL}
LAYERS = ("c1", "c3", "f5", "f6", "output")


def mnist():
    """Its folder; skips the test where there is none."""
    folder = pathlib.Path(os.environ.get("LOCKSTEP_DATA", "/nowhere")) / "mnist"
    if not folder.is_dir():
        raise cli.Skipped("LOCKSTEP_DATA has no mnist")
    return folder


def check(arguments, code):
    """Its --json object; every finding is one that can be acted on."""
    done = cli.run(["check", *arguments, "--json"], code=code)
    found = json.loads(done.stdout)
    for finding in found["findings"]:
        cli.expect(finding["message"].endswith("."), finding["message"])
        cli.expect(finding["reason"] and finding["where"], f"no reason or place: {finding}")
        for override in finding["overrides"]:
            cli.expect(override in found["overrides"], f"{override} is not among all overrides")
    cli.expect_equal(code == 1, bool(causes(found)), f"exit code and findings: {found['findings']}")
    for override in found["overrides"]:
        changed = config_of(followed(arguments, [override]))
        cli.expect(changed != config_of(arguments), f"advised is what is set already: {override}")
    return found


def followed(arguments, advice):
    """The arguments with advice, which replaces overrides of the same keys."""
    keys = {override.split("=")[0] for override in advice}
    return [word for word in arguments if str(word).split("=")[0] not in keys] + advice


def config_of(arguments):
    """The whole experiment as text."""
    return cli.run(["train", *arguments, "--print-config"]).stdout


def causes(found):
    """(id, where) of what must be changed."""
    return [(f["id"], f["where"]) for f in found["findings"] if f["level"] == "change"]


def accuracy_after(arguments):
    """Of the test set, after training."""
    with cli.Folder() as folder:
        return cli.run_json(["train", *arguments, "--out", folder / "run"])["test"]["accuracy"]


def warnings_of(arguments, run):
    """What training warns of."""
    said = cli.run(["train", *arguments, "--quiet", "--out", run], code=0).stderr
    return [line for line in said.splitlines() if line.startswith("warning:")]


def test_small_initial_weights_of_the_convolutions():
    mnist()
    experiment = EXPERIMENTS / "article_small_init.yaml"
    found = check([experiment], 1)
    cli.expect_equal(causes(found), [("signal_vanishes", "c1"), ("signal_vanishes", "c3")], "causes")
    cli.expect_equal(set(found["overrides"]), CONVOLUTIONS_BY_HE, "advice")
    cli.expect_equal([f["id"] for f in found["findings"] if f["level"] == "follows"], ["no_learning"], "consequences")
    accuracy = accuracy_after([experiment, *found["overrides"]])
    cli.expect(accuracy > 0.96, f"after the advice the accuracy is {accuracy}")
    cli.expect_equal(causes(check([experiment, *found["overrides"]], 0)), [], "findings after the advice")


def test_good_experiments_raise_nothing():
    mnist()
    for experiment in sorted(EXPERIMENTS.glob("*.yaml")):
        is_sweep = "\nbase: " in experiment.read_text(encoding="utf-8")
        if is_sweep or experiment.name == "article_small_init.yaml":
            continue
        found = cli.run(["check", experiment, "--json"], code=None)
        if found.returncode == 3:
            print(f"        its data are missing: {experiment.name}")
            continue
        findings = [f for f in json.loads(found.stdout)["findings"] if f["level"] != "note"]  # such as of many cores
        cli.expect_equal(findings, [], experiment.name)
        with cli.Folder() as folder:
            cli.expect_equal(warnings_of([experiment], folder / "run"), [], experiment.name)


def check_mistake(overrides, expected, better):
    """A mistake put into lenet5_mnist: its causes, and that their advice, `better`, helps."""
    mnist()
    experiment = EXPERIMENTS / "lenet5_mnist.yaml"
    found = check([experiment, *overrides], 1)
    cli.expect_equal(causes(found), expected, "causes")
    cli.expect_equal(found["overrides"], better, "advice")
    with_advice = found["trial_with_overrides"]
    cli.expect(with_advice["accuracy"] > 0.6, f"the advice does not help: {with_advice}")
    check(followed([experiment, *overrides], found["overrides"]), 0)


def test_weights_of_zero():
    zero = [f"model.layers.{layer}.init.weight={{type: constant, value: 0}}" for layer in LAYERS]
    check_mistake(
        zero,
        [("equal_units", layer) for layer in LAYERS[:-1]],
        [f"model.layers.{layer}.init.weight={{type: he_normal}}" for layer in LAYERS[:-1]],
    )


def test_a_rate_that_is_100_times_too_high():
    check_mistake(["learning_rate.peak=1.6"], [("rate_too_high", "learning_rate.peak")], ["learning_rate.peak=0.016"])


def test_rates_that_are_a_million_times_off():
    wrong = ("1.6e4", "rate_too_high"), ("1.6e-8", "rate_too_low")
    for peak, finding in wrong:
        check_mistake([f"learning_rate.peak={peak}"], [(finding, "learning_rate.peak")], ["learning_rate.peak=0.016"])


def test_plain_gradient_descent_that_leaves_the_finite_numbers():
    override = ["optimizer={type: sgd, momentum: 0.9}", "learning_rate.peak=1000"]
    check_mistake(override, [("rate_too_high", "learning_rate.peak")], ["learning_rate.peak=0.1"])


def test_bytes_that_are_not_scaled():
    mnist()
    experiment = EXPERIMENTS / "lenet5_mnist.yaml"
    found = check([experiment, "data.normalize={mean: 0, std: 0.00392156862745098}"], 1)
    cli.expect_equal(causes(found), [("unscaled_input", "data.normalize")], "causes")
    cli.expect_equal(found["findings"][0]["key"], "data.normalize", "key")
    value = found["findings"][0]["value"]
    numbers = [float(part.split(":")[1]) for part in value.strip("{}").split(",")]
    cli.expect(abs(numbers[0] - 0.1307) < 0.01 and abs(numbers[1] - 0.3081) < 0.01, f"not MNIST's mean and deviation: {value}")
    check([experiment, *found["overrides"]], 0)


def test_rectifiers_that_are_all_dead():
    check_mistake(
        ["model.layers.c3.init.bias={type: constant, value: -100}"],
        [("dead_relus", "relu3")],
        ["model.layers.c3.init.bias={type: constant, value: 0}"],
    )


def test_biases_that_kill_every_rectifier():
    bias = "model.layers.{}.init.bias={{type: constant, value: {}}}"
    check_mistake(
        [bias.format(layer, -10) for layer in LAYERS[:-1]],
        [("dead_relus", relu) for relu in ("relu1", "relu3", "relu5", "relu6")],
        [bias.format(layer, 0) for layer in LAYERS[:-1]],
    )


def model_of(folder, text):
    """An override that takes a model file of this text."""
    path = folder / "model.yaml"
    path.write_text(text, encoding="utf-8")
    return f"model={path}"


def test_weights_that_saturate_every_layer():
    lenet5 = (EXPERIMENTS.parent / "models" / "lenet5.yaml").read_text(encoding="utf-8")
    weight = "model.layers.{}.init.weight={{type: {}}}"
    with cli.Folder() as folder:
        model = model_of(folder, lenet5.replace("type: relu", "type: tanh"))
        check_mistake(
            [model, *(weight.format(layer, "normal, std: 3") for layer in LAYERS[:-1])],
            [("saturated", tanh) for tanh in ("relu1", "relu3", "relu5", "relu6")],
            [weight.format(layer, "glorot_normal") for layer in LAYERS[:-1]],
        )


def test_a_deep_network_of_sigmoids():
    layers = "".join(f"  - {{name: f{i}, type: dense, units: 64}}\n  - {{name: s{i}, type: sigmoid}}\n" for i in range(8))
    head = "name: deep\ninput: {shape: [1, 28, 28]}\nlayers:\n  - {name: flat, type: flatten}\n"
    last = "  - {name: out, type: dense, units: 10, init: {weight: {type: lecun_normal}}}\n"
    with cli.Folder() as folder:
        advice = [f"model.layers.s{i}.type=tanh" for i in range(8)]
        check_mistake([model_of(folder, head + layers + last)], [("signal_vanishes", "s0")], advice)


def test_a_scale_of_the_weights_beside_good_ones():
    scale = [f"model.layers.{layer}.weight_scale=" for layer in ("c1", "c3")]
    expected = [("signal_vanishes", "c1"), ("signal_vanishes", "c3")]
    check_mistake([key + "1e-4" for key in scale], expected, [key + "1" for key in scale])


def test_an_optimizer_whose_second_memory_is_long_enough_already():
    with cli.Folder() as folder:
        found = check([cli.write_busy(folder), "optimizer.beta1=0.9999", "optimizer.beta2=0.999"], 1)
        cli.expect("optimizer.beta1=0.9" in found["overrides"], f"advice: {found['overrides']}")


def test_a_rate_that_cannot_fall_in_a_run_so_short():
    with cli.Folder() as folder:
        rate = "learning_rate={schedule: step, peak: 0.01, every_steps: 1, factor: 0.5}"
        found = check([cli.write_busy(folder), rate, "train.steps=1"], 1)
        cli.expect("learning_rate={schedule: constant, peak: 0.01}" in found["overrides"], f"advice: {found['overrides']}")


def test_all_ranks_end_alike():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        alone = cli.run(["check", experiment, "learning_rate.peak=1000", "--json"], code=1).stdout
        cli.expect_equal(cli.run(["check", experiment, "learning_rate.peak=1000", "--json"], code=1, ranks=2).stdout, alone, "what two ranks say")


def test_labels_that_are_shuffled():
    source = mnist()
    with cli.Folder() as folder:
        for file in source.iterdir():
            opened = gzip.open if file.suffix == ".gz" else open
            with opened(file, "rb") as stored:
                content = stored.read()
            if "labels" in file.name:
                labels = list(content[8:])
                random.Random(1).shuffle(labels)
                content = struct.pack(">II", 0x801, len(labels)) + bytes(labels)
            (folder / file.name.removesuffix(".gz")).write_bytes(content)
        found = check([EXPERIMENTS / "lenet5_mnist.yaml", "data.dataset=idx", f"data.path={folder}"], 1)
    cli.expect_equal(causes(found), [("shuffled_labels", "data")], "causes")
    cli.expect(found["one_batch"]["loss"] < 1.5, f"one batch is not learned by heart: {found['one_batch']}")


def test_settings_that_do_not_fit_one_another():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)  # 14 steps
        found = check([experiment, "learning_rate.warmup_steps=14", "evaluate.every_steps=50"], 1)
        levels = {f["id"]: f["level"] for f in found["findings"]}
        cli.expect_equal(levels.get("warmup_without_end"), "change", "level of warm-up")
        cli.expect_equal(levels.get("evaluate_never_due"), "note", "level of a rhythm")
        check([experiment, *found["overrides"]], 0)
        cli.expect_equal(len(found["gradients"]), 10, "tensors whose gradient was looked at")
        for gradient in found["gradients"]:
            cli.expect(gradient["error"] < 0.1, f"gradient: {gradient}")


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
            said = warnings_of([experiment, override, "evaluate.every_steps=7"], folder / f"run{number}")
            cli.expect(expected in said[0], f"{override}: {said[0]}")
            cli.expect(said[0].removeprefix("warning: ") in (folder / f"run{number}" / "log.txt").read_text(), "log.txt")
        said = warnings_of([experiment, "learning_rate.peak=1", "evaluate.every_steps=1"], folder / "rate")
        cli.expect("at step 1 a step changes the weights of 'f1' by 8" in said[0], f"a rate that is too high: {said}")


def test_the_first_layer_that_is_not_finite_is_named_on_all_ranks():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        large = "={type: normal, std: 1e30}"
        line = ["train", experiment, f"model.layers.f1.init.weight{large}", f"model.layers.out.init.weight{large}"]
        for ranks in (None, 2):
            said = cli.run([*line, "--out", folder / f"run{ranks}"], code=5, ranks=ranks).stderr
            cli.expect("first in the output of 'out'," in said, said)


def test_what_it_prints_fits_a_terminal():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = cli.run(["check", experiment], code=None)
        cli.expect(done.returncode in (0, 1), done.stderr)
        table = done.stdout.split("\n\n")[0].splitlines()
        cli.expect_equal(len(table), 14, "a line a layer, heading and input")
        for line in done.stdout.splitlines():
            cli.expect(len(line) <= 80 or line.startswith("lockstep train "), f"wider than 80 columns: {line}")


def test_mistakes_of_the_file_end_as_everywhere():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        said = cli.run(["check", experiment, "learning_rate.peek=1"], code=2).stderr
        cli.expect("did you mean 'peak'" in said, said)
        cli.run(["check", experiment, "data.dataset=idx", f"data.path={folder / 'none'}"], code=3)


if __name__ == "__main__":
    cli.run_tests(globals())
