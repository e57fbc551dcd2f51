#!/usr/bin/python3
# labels: ranks
# timeout: 300
"""Runs, checkpoints and metrics files compared: configuration, results, and the first step, tensor and bit that differ."""

import json
import os
import pathlib
import shutil
import sys

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def train(folder, name, *more, **launch):
    run = folder / name
    cli.run(["train", cli.write_busy(folder), "--out", run, "checkpoint.keep=99", *more], **launch)
    return run


def compared(*paths, code):
    """What it says, and that the exit code agrees with it."""
    found = json.loads(cli.run(["compare", *paths, "--json"], code=code).stdout)
    same = found["same_results"] and found["same_configuration"] is not False
    cli.expect_equal(code, 0 if same else 1, "exit code")
    cli.expect_equal(found["first_difference"] is None, found["same_results"], "no first difference")
    cli.run(["compare", *paths], code=code)
    return found


def checkpoint(run, step):
    return run / "checkpoints" / f"step_{step:08}.h5"


def flipped(source, target, path, element):
    """A copy without user block whose element has one bit flipped; returns both values."""
    target.write_bytes(source.read_bytes()[512:])
    with h5py.File(target, "r+") as file:
        values = file[path][()]
        before = values[element]
        bits = values.view("u4")
        bits[element] ^= 1
        file[path][...] = bits.view("f4")
        return [float(before), float(values[element])]


def test_the_same_experiment_on_ranks_and_threads_is_the_same():
    with cli.Folder() as folder:
        one = train(folder, "a", "--threads", 1)
        other = train(folder, "b", "--threads", 1, ranks=2)
        found = compared(one, other, one / "metrics.h5", checkpoint(one, 14), code=0)
        cli.expect_equal((found["same_results"], found["same_configuration"]), (True, True), "with metrics")
        found = compared(one, other, code=0)
        cli.expect_equal((found["same_results"], found["same_configuration"]), (True, True), "runs")
        cli.expect_equal(found["configuration"], [], "keys that differ")
        trained = cli.run_json(["inspect", one])["metrics"]["last_step"]["digest"]
        cli.expect_equal([row["digest"] for row in found["results"]], [trained, trained], "digests")
        cli.run(["compare", one, other], ranks=2, code=0)


def test_names_and_rhythms_are_listed_and_are_no_difference():
    with cli.Folder() as folder:
        one = train(folder, "a")
        other = train(folder, "b", "name=other", "evaluate.every_epochs=2", "checkpoint.every_steps=5")
        found = compared(one, other, code=0)
        keys = {row["key"]: (row["values"], row["changes_results"]) for row in found["configuration"]}
        expected = {
            "name": (["busy", "other"], False),
            "evaluate.every_epochs": (["1", "2"], False),
            "checkpoint.every_steps": (["3", "5"], False),
        }
        cli.expect_equal(keys, expected, "keys")


def test_a_key_that_changes_results_and_where_they_part():
    with cli.Folder() as folder:
        one = train(folder, "a")
        other = train(folder, "b", "model.layers.f1.init={weight: {type: constant, value: 0.01}}")
        found = compared(one, other, code=1)
        cli.expect_equal((found["same_results"], found["same_configuration"]), (False, False), "answers")
        keys = [row["key"] for row in found["configuration"]]
        cli.expect(keys and all(key.startswith("model.layers.f1.init") for key in keys), f"keys: {keys}")
        first = found["first_difference"]
        cli.expect_equal((first["step"], first["figure"]), (1, "digest"), "first step")
        cli.expect_equal((first["checkpoint_step"], first["layer"], first["tensor"]), (3, "c1", "weight"), "tensor")
        with h5py.File(checkpoint(one, 3)) as a, h5py.File(checkpoint(other, 3)) as b:
            ours, theirs = (file["parameters/c1/weight"][()] for file in (a, b))
        different = numpy.argwhere(ours != theirs)
        cli.expect_equal(first["index"], different[0].tolist(), "element")
        at = tuple(first["index"])
        cli.expect_equal(first["values"], [float(ours[at]), float(theirs[at])], "values")
        cli.expect_equal((first["differing"], first["elements"]), (len(different), ours.size), "counts")


def test_a_configuration_alone_that_differs_is_a_difference():
    with cli.Folder() as folder:
        one = train(folder, "a", "optimizer={type: sgd, momentum: 0}")
        other = train(folder, "b", "optimizer={type: sgd, momentum: 0, nesterov: false}", "loss.label_smoothing=0.1")
        compared(one, other, code=0)
        other = train(folder, "c", "optimizer={type: sgd, momentum: 0}", "train.clip_norm=1000")
        clipped = train(folder, "d", "optimizer={type: sgd, momentum: 0}", "train.clip_norm=2000")
        found = compared(other, clipped, code=1)
        cli.expect_equal((found["same_results"], found["same_configuration"]), (True, False), "answers")


def test_one_flipped_bit_is_told_exactly():
    with cli.Folder() as folder:
        run = train(folder, "a")
        copy = folder / "copy.h5"
        for path, layer, tensor, element in (
            ("parameters/left/weight", "left", "weight", (1, 2, 0, 1)),
            ("parameters/out/bias", "out", "bias", (9,)),
            ("optimizer/second_moment/f1/weight", "f1", "weight (second_moment)", (3, 5)),
        ):
            values = flipped(checkpoint(run, 14), copy, path, element)
            for other in (checkpoint(run, 14), run):
                first = compared(other, copy, code=1)["first_difference"]
                cli.expect_equal((first["layer"], first["tensor"]), (layer, tensor), "tensor")
                cli.expect_equal((first["index"], first["values"]), (list(element), values), "element")
                cli.expect_equal((first["differing"], first["step"]), (1, 14), "count and step")
            text = cli.run(["compare", run, copy], code=1).stdout
            cli.expect("1 of " in " ".join(text.split()), text)
            cli.expect(max(map(len, text.splitlines())) <= 80 + len(str(folder)), text)


def test_a_number_of_a_checkpoint_that_differs_is_told():
    with cli.Folder() as folder:
        run = train(folder, "a")
        copy = folder / "copy.h5"
        for group, name in (("optimizer", "beta1_power"), ("state", "samples_seen"), ("state", "epoch_loss")):
            copy.write_bytes(checkpoint(run, 14).read_bytes()[512:])
            with h5py.File(copy, "r+") as file:
                bits = numpy.array(file[group].attrs[name]).view("u8") ^ numpy.uint64(1)
                file[group].attrs.modify(name, bits.view(file[group].attrs[name].dtype)[()])
            first = compared(checkpoint(run, 14), copy, code=1)["first_difference"]
            cli.expect_equal((first["figure"], first["step"]), (name, 14), "number")
            cli.expect(name in cli.run(["compare", run, copy], code=1).stdout, "not in the text")


def test_metrics_tell_their_configuration_and_three_fit_80_columns():
    with cli.Folder() as folder:
        runs = [train(folder, f"run{seed}", f"seed={seed}") for seed in (1, 2, 3)]
        runs[2] = train(folder, "long", "model.layers.f1.init={weight: {type: constant, value: 0.01}}")
        found = compared(runs[0] / "metrics.h5", runs[1] / "metrics.h5", code=1)
        cli.expect_equal([row["key"] for row in found["configuration"]], ["seed"], "keys")
        text = cli.run(["compare", *runs], code=1, cwd=folder).stdout
        for row in text.splitlines()[3:]:
            cli.expect(len(row) <= 80, f"wider than 80 columns: {row}")


def test_runs_of_other_lengths_differ_and_their_common_part_does_not():
    with cli.Folder() as folder:
        one = train(folder, "a", "learning_rate={schedule: constant, peak: 0.01}")
        other = train(folder, "b", "learning_rate={schedule: constant, peak: 0.01}", "train.epochs=3")
        first = compared(one, other, code=1)["first_difference"]
        cli.expect_equal((first["step"], first["figure"], first["figures"]), (15, "steps", ["14", "21"]), "lengths")
        cli.expect("tensor" not in first, f"a tensor: {first}")
        found = compared(checkpoint(one, 6), other, code=1)
        cli.expect_equal((found["same_results"], found["same_configuration"]), (True, False), "a checkpoint on the way")


def test_what_cannot_be_read_is_3_and_what_cannot_be_meant_is_2():
    with cli.Folder() as folder:
        run = train(folder, "a")
        other = folder / "b"
        shutil.copytree(run, other)
        data = bytearray(checkpoint(other, 14).read_bytes())
        data[-100] ^= 1
        checkpoint(other, 14).write_bytes(data)
        for second in (other, checkpoint(other, 14)):
            said = cli.run(["compare", run, second], code=3).stderr
            cli.expect("step_00000014.h5 is damaged" in said, said)
        nowhere = folder / "nowhere"
        for second, word in ((folder, "not a run's"), (nowhere, "nowhere"), (folder / "busy.yaml", "text file")):
            said = cli.run(["compare", run, second], code=3).stderr
            cli.expect(word in said, said)
        cli.run(["compare", run], code=2)


cli.run_tests(globals())
