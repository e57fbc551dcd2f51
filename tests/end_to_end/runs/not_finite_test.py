#!/usr/bin/python3
# labels: python ranks
"""Results that are not finite are none: exit code 5 and the layer where it begins, for every verb that gives results."""

import json
import os
import pathlib
import sys

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

MODEL = """\
name: two
input: {shape: [1, 4, 4]}
layers:
  - {name: flat, type: flatten}
  - {name: f1, type: dense, units: 8}
  - {name: r1, type: relu}
  - {name: f2, type: dense, units: 10}
"""


def write_weights(path, **changed):
    """Weights from elsewhere: all 1, but for the layers that are given."""
    with h5py.File(path, "w") as file:
        file["model"] = MODEL
        for layer, shape in (("f1", (8, 16)), ("f2", (10, 8))):
            file[f"parameters/{layer}/weight"] = numpy.full(shape, changed.get(layer, 1), "f4")
            file[f"parameters/{layer}/bias"] = numpy.zeros(shape[0], "f4")


def write_data(path):
    """Images of a single grey, 1, so that outputs are sums of weights."""
    with h5py.File(path, "w") as file:
        for part in ("train", "test"):
            file[f"{part}/images"] = numpy.full((20, 4, 4), 255, "u1")
            file[f"{part}/labels"] = numpy.arange(20, dtype="i8") % 10


def write_picture(path):
    path.write_bytes(b"P5 4 4 255\n" + bytes([255] * 16))


def expect_no_result(arguments, layer, **options):
    done = cli.run([*arguments, "--json"], code=5, **options)
    cli.expect(f"first in the output of '{layer}'" in done.stderr, done.stderr)
    cli.expect("[E701]" in done.stderr, done.stderr)
    cli.expect_equal(json.loads(done.stdout)["code"], "E701", f"object of {arguments}")


def test_outputs_that_overflow_are_no_evaluation_and_no_prediction():
    with cli.Folder() as folder:
        write_data(folder / "data.h5")
        write_picture(folder / "picture.pgm")
        data = ("data.dataset=hdf5", f"data.path={folder / 'data.h5'}")
        for layer, scale in (("f1", 3e38), ("f2", 3e37), ("f2", -3e37)):
            weights = folder / "weights.h5"
            write_weights(weights, **{layer: scale})
            for ranks in (None, 2):
                expect_no_result(["evaluate", weights, *data], layer, ranks=ranks)
            if scale > 0:
                expect_no_result(["predict", weights, folder / "picture.pgm"], layer)
        write_weights(folder / "good.h5")
        found = cli.run_json(["evaluate", folder / "good.h5", *data])
        cli.expect_equal((found["samples"], found["correct"]), (20, 2), "of equal outputs")


def experiment(folder, optimizer, rate, steps=2):
    path = folder / "experiment.yaml"
    model = "".join(f"  {line}\n" for line in MODEL.splitlines())
    path.write_text(
        f"schema_version: 1\nname: large\nmodel:\n{model}"
        f"data: {{dataset: hdf5, path: {folder / 'data.h5'}}}\ntrain: {{steps: {steps}, batch_size: 20}}\n"
        f"optimizer: {optimizer}\nlearning_rate: {{schedule: constant, peak: {rate}}}\n",
        encoding="utf-8",
    )
    return path


def test_a_training_that_ends_with_infinite_outputs_has_failed():
    with cli.Folder() as folder:
        write_data(folder / "data.h5")
        for ranks in (None, 2):
            run = folder / f"run{ranks}"
            # One step that leaves finite weights, with which the outputs overflow.
            path = experiment(folder, "{type: sgd}", 1e6, steps=1)
            words = ["train", path, "model.layers.f1.weight_scale=1e20", "--out", run]
            done = cli.run(words, code=5, ranks=ranks)
            cli.expect("After the last step the network gives numbers that are not finite" in done.stderr, done.stderr)
            cli.expect("first in the output of 'f" in done.stderr, done.stderr)
            cli.expect((run / "FAILED").exists() and not (run / "DONE").exists(), "the mark of its end")
            cli.expect("exit_code: 5" in (run / "FAILED").read_text(encoding="utf-8"), "the exit code")


def test_an_optimizers_state_that_overflows_is_noticed_at_its_step():
    with cli.Folder() as folder:
        write_data(folder / "data.h5")
        path = experiment(folder, "{type: adam}", 1e-3)
        words = ["train", path, "model.layers.f2.weight_scale=1e25", "--out", folder / "run"]
        for ranks in (None, 2):
            done = cli.run([*words, "--overwrite"], code=5, ranks=ranks)
            cli.expect("What the optimizer keeps is inf at step 1, in second_moment of 'f" in done.stderr, done.stderr)


def test_an_epsilon_that_is_zero_in_float32_is_refused():
    with cli.Folder() as folder:
        write_data(folder / "data.h5")
        path = experiment(folder, "{type: adam, epsilon: 1e-50}", 1e-3)
        said = cli.run(["train", path, "--out", folder / "run"], code=2).stderr
        cli.expect("epsilon" in said and "1e-50" in said, said)


if __name__ == "__main__":
    cli.run_tests(globals())
