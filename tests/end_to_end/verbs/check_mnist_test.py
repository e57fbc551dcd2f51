#!/usr/bin/python3
# timeout: 600
"""check names what keeps a network from learning MNIST, and its advice, followed to the letter, makes it learn."""

import gzip
import json
import os
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import checks
import lockstep_cli as cli

EXPERIMENTS = pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "experiments"
HE_NORMAL = ("init.weight={type: he_normal}", "weight_scale=1")
CONVOLUTIONS_BY_HE = {f"model.layers.{layer}.{change}" for layer in ("c1", "c3") for change in HE_NORMAL}
LAYERS = ("c1", "c3", "f5", "f6", "output")


def mnist():
    """The folder of MNIST; skips the test if there is none."""
    folder = pathlib.Path(os.environ.get("LOCKSTEP_DATA", "/nowhere")) / "mnist"
    if not folder.is_dir():
        raise cli.Skipped("LOCKSTEP_DATA has no mnist")
    return folder


def accuracy_after(arguments):
    """Accuracy on the test set after training."""
    with cli.Folder() as folder:
        return cli.run_json(["train", *arguments, "--out", folder / "run"])["test"]["accuracy"]


def test_small_initial_weights_of_the_convolutions():
    mnist()
    experiment = EXPERIMENTS / "article_small_init.yaml"
    found = checks.check([experiment], 1)
    cli.expect_equal(checks.causes(found), [("signal_vanishes", "c1"), ("signal_vanishes", "c3")], "causes")
    cli.expect_equal(set(found["overrides"]), CONVOLUTIONS_BY_HE, "advice")
    cli.expect_equal([f["id"] for f in found["findings"] if f["level"] == "follows"], ["no_learning"], "consequences")
    accuracy = accuracy_after([experiment, *found["overrides"]])
    cli.expect(accuracy > 0.96, f"after the advice the accuracy is {accuracy}")
    cli.expect_equal(checks.causes(checks.check([experiment, *found["overrides"]], 0)), [], "findings after the advice")


@cli.faults
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
            cli.expect_equal(checks.warnings_of([experiment], folder / "run"), [], experiment.name)


def check_mistake(overrides, expected, better):
    """A mistake put into lenet5_mnist: its causes, and that their advice, `better`, helps."""
    mnist()
    experiment = EXPERIMENTS / "lenet5_mnist.yaml"
    found = checks.check([experiment, *overrides], 1)
    cli.expect_equal(checks.causes(found), expected, "causes")
    cli.expect_equal(found["overrides"], better, "advice")
    with_advice = found["trial_with_overrides"]
    cli.expect(with_advice["accuracy"] > 0.6, f"the advice does not help: {with_advice}")
    checks.check(checks.followed([experiment, *overrides], found["overrides"]), 0)


@cli.faults
def test_weights_of_zero():
    zero = [f"model.layers.{layer}.init.weight={{type: constant, value: 0}}" for layer in LAYERS]
    check_mistake(
        zero,
        [("equal_units", layer) for layer in LAYERS[:-1]],
        [f"model.layers.{layer}.init.weight={{type: he_normal}}" for layer in LAYERS[:-1]],
    )


def test_a_rate_that_is_100_times_too_high():
    check_mistake(["learning_rate.peak=1.6"], [("rate_too_high", "learning_rate.peak")], ["learning_rate.peak=0.016"])


@cli.faults
def test_rates_that_are_a_million_times_off():
    wrong = ("1.6e4", "rate_too_high"), ("1.6e-8", "rate_too_low")
    for peak, finding in wrong:
        check_mistake([f"learning_rate.peak={peak}"], [(finding, "learning_rate.peak")], ["learning_rate.peak=0.016"])


@cli.faults
def test_plain_gradient_descent_that_leaves_the_finite_numbers():
    override = ["optimizer={type: sgd, momentum: 0.9}", "learning_rate.peak=1000"]
    check_mistake(override, [("rate_too_high", "learning_rate.peak")], ["learning_rate.peak=0.1"])


@cli.faults
def test_bytes_that_are_not_scaled():
    mnist()
    experiment = EXPERIMENTS / "lenet5_mnist.yaml"
    found = checks.check([experiment, "data.normalize={mean: 0, std: 0.00392156862745098}"], 1)
    cli.expect_equal(checks.causes(found), [("unscaled_input", "data.normalize")], "causes")
    cli.expect_equal(found["findings"][0]["key"], "data.normalize", "key")
    value = found["findings"][0]["value"]
    numbers = [float(part.split(":")[1]) for part in value.strip("{}").split(",")]
    cli.expect(abs(numbers[0] - 0.1307) < 0.01 and abs(numbers[1] - 0.3081) < 0.01, f"not MNIST's mean and deviation: {value}")
    checks.check([experiment, *found["overrides"]], 0)


@cli.faults
def test_rectifiers_that_are_all_dead():
    check_mistake(
        ["model.layers.c3.init.bias={type: constant, value: -100}"],
        [("dead_relus", "relu3")],
        ["model.layers.c3.init.bias={type: constant, value: 0}"],
    )


@cli.faults
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


@cli.faults
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


@cli.faults
def test_a_deep_network_of_sigmoids():
    layers = "".join(f"  - {{name: f{i}, type: dense, units: 64}}\n  - {{name: s{i}, type: sigmoid}}\n" for i in range(8))
    head = "name: deep\ninput: {shape: [1, 28, 28]}\nlayers:\n  - {name: flat, type: flatten}\n"
    last = "  - {name: out, type: dense, units: 10, init: {weight: {type: lecun_normal}}}\n"
    with cli.Folder() as folder:
        advice = [f"model.layers.s{i}.type=tanh" for i in range(8)]
        check_mistake([model_of(folder, head + layers + last)], [("signal_vanishes", "s0")], advice)


@cli.faults
def test_a_scale_of_the_weights_beside_good_ones():
    scale = [f"model.layers.{layer}.weight_scale=" for layer in ("c1", "c3")]
    expected = [("signal_vanishes", "c1"), ("signal_vanishes", "c3")]
    check_mistake([key + "1e-4" for key in scale], expected, [key + "1" for key in scale])


@cli.faults
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
        found = checks.check([EXPERIMENTS / "lenet5_mnist.yaml", "data.dataset=idx", f"data.path={folder}"], 1)
    cli.expect_equal(checks.causes(found), [("shuffled_labels", "data")], "causes")
    cli.expect(found["one_batch"]["loss"] < 1.5, f"one batch is not learned by heart: {found['one_batch']}")


cli.run_tests(globals())
