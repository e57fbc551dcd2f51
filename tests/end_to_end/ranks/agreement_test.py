#!/usr/bin/python3
# labels: ranks2
# timeout: 300
"""Ranks that were started differently end at once, with one line that says what differs."""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

SECONDS = 20  # each takes about one; a job that waits for a rank for ever would take the timeout


def run_two(first, second):
    """Two ranks with different command lines, `env` and its words in front; returns the finished process."""
    line = ["mpirun", "--oversubscribe", "--bind-to", "none"]
    for arguments in (first, second):
        words = [str(word) for word in arguments]
        of_env = [word for word in words if word.startswith(("LOCKSTEP_", "--chdir"))]
        rest = words[len(of_env) :]
        line += [":"] * (arguments is second) + ["-n", "1", "env", *of_env, cli.PROGRAM, *rest]
    return subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)


def expect_apart(first, second, code, words):
    """Both ranks end with the code, within seconds, and one line says all the words."""
    start = time.monotonic()
    done = run_two(first, second)
    cli.expect_equal(done.returncode, code, f"exit code of {first} beside {second}: {done.stderr}")
    said = [line for line in done.stderr.splitlines() if line.startswith(("lockstep:", "[rank"))]
    cli.expect_equal(len(said), 1, f"lines said: {done.stderr!r}")
    for word in words:
        cli.expect(word in said[0], f"{word!r} is not in {said[0]!r}")
    cli.expect_equal(done.stdout, "", "stdout")
    print(f"        {time.monotonic() - start:.1f} s: {said[0]}")


def train(experiment, *overrides):
    """Arguments of a training."""
    return ["train", experiment, "--quiet", "--threads", "1", "--out", experiment.parent / "run", *overrides]


def test_ranks_with_the_same_experiment_train():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = run_two(train(experiment), train(experiment))
        cli.expect_equal(done.returncode, 0, f"exit code: {done.stderr}")


def test_experiments_are_compared():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        for key, expected, found in (
            ("seed", "7", "8"),
            ("learning_rate.peak", "0.01", "0.02"),
            ("train.epochs", "2", "1.5"),
            ("train.batch_size", "100", "50"),
            ("data.synthetic.train", "730", "731"),
            ("model.layers.f1.units", "20", "21"),
        ):
            ranks = []
            for name, value in (("here", expected), ("there", found)):
                place = folder / name
                place.mkdir(exist_ok=True)
                text = cli.run(["train", experiment, f"{key}={value}", "--print-config"]).stdout
                (place / "same.yaml").write_text(text, encoding="utf-8")
                start = ["train", "same.yaml", "--quiet", "--threads", "1", "--out", folder / "run"]
                ranks.append([f"--chdir={place}", *start])
            words = ["Rank 1 has another experiment than rank 0", f"{key.split('.')[-1]}: {found}", expected]
            expect_apart(*ranks, 2, words)
        cli.expect(not (folder / "run").exists(), "a run was begun")


def test_every_setting_shows_in_what_is_compared():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        plain = cli.run(["train", experiment, "--print-config"]).stdout
        for override in (
            "learning_rate.warmup=0.2",
            "learning_rate.schedule=cosine",
            "optimizer.beta2=0.8",
            "optimizer.weight_decay=0.1",
            "loss.label_smoothing=0.2",
            "train.micro_batch=64",
            "train.clip_norm=2",
            "evaluate.every_epochs=2",
            "checkpoint.every_steps=4",
            "metrics.digest_every_steps=2",
            "data.validation=90",
            "data.augment.shift=2",
            "data.normalize.std=0.3",
            "model.layers.drop.rate=0.3",
            "model.layers.drop.name=other",
            "model.layers.t1.type=sigmoid",
            "model.layers.out.init={weight: {type: constant, value: 0}}",
            "model.input.shape=[1, 29, 28]",
        ):
            changed = cli.run(["train", experiment, override, "--print-config"]).stdout
            cli.expect(changed != plain, f"{override} does not show")


def test_the_data_are_compared():
    images = [bytes([i]) * 784 for i in range(200)]
    digits = ["data.dataset=mnist", "data.validation=0"]
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        cli.write_digits(folder / "here", images)
        cli.write_digits(folder / "other", [*images[:-1], b"\1" + images[-1][1:]])
        cli.write_digits(folder / "fewer", images[:-1])
        here, other_pixel, fewer = (f"LOCKSTEP_DATA={folder / name}" for name in ("here", "other", "fewer"))
        first = [here, *train(experiment, *digits)]
        words = ["Rank 1 has another data set than rank 0", "digest", "LOCKSTEP_DATA"]
        expect_apart(first, [other_pixel, *train(experiment, *digits)], 3, words)
        expect_apart(first, [fewer, *train(experiment, *digits)], 3, [*words, "200 samples", "199 samples"])


def test_evaluation_compares_the_weights():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        for name, seed in (("a", 7), ("b", 8)):
            cli.run(["train", experiment, "--quiet", "--out", folder / name / "run", f"seed={seed}"])
        ranks = ([f"--chdir={folder / name}", "evaluate", "run", "--quiet"] for name in ("a", "b"))
        expect_apart(*ranks, 3, ["Rank 1 has another network than rank 0"])


cli.run_tests(globals())
