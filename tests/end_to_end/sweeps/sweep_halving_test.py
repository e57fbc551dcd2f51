#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Sweeps that end bad trials early, and the option of `train` that pauses a run for them."""

import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

RATES = (0.00001, 0.01, 0.02, 0.0001, 0.03, 0.001, 0.005)
STEPS = 126  # 18 epochs of 7
RUNGS = (STEPS // 9, STEPS // 3)
KILLS = 6


def sweep_file(folder, rates=RATES, method="halving"):
    cli.write_busy(folder, cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 18"))
    path = folder / "sweep.yaml"
    values = ", ".join(f"{rate:.6f}" for rate in rates)
    path.write_text(
        f"schema_version: 1\nbase: busy.yaml\nmethod: {method}\n"
        f"parameters: {{learning_rate.peak: {{values: [{values}]}}}}\n",
        encoding="utf-8",
    )
    return path


def words_of(folder, *more, **sweep):
    return ["sweep", sweep_file(folder, **sweep), "--out", folder / "out", *more]


def by_rate(result):
    return {row["parameters"]["learning_rate.peak"]: row for row in result["results"]}


def summary(result):
    return {rate: (row["status"], row["steps"], row["digest"]) for rate, row in by_rate(result).items()}


def accuracy_at(rate, step):
    """Those of a separate training up to that step."""
    with cli.Folder() as folder:
        sweep_file(folder)
        override = f"learning_rate.peak={rate:.6f}"
        cli.run(["train", folder / "busy.yaml", override, "--until", step, "--out", folder / "run"], code=75)
        epochs = cli.run_json(["inspect", folder / "run" / "metrics.h5"])["epochs"]
        cli.expect_equal(epochs[-1]["step"], step, "the pause's evaluation")
        return epochs[-1]["validation_accuracy"]


def best(rates, step):
    """A third of them, rounded up."""
    ranked = sorted(rates, key=lambda rate: -accuracy_at(rate, step))  # stable: the earlier of equals
    return ranked[: -(-len(rates) // 3)]


def test_the_best_of_each_rung_go_on_and_the_last_of_them_have_the_bits_of_a_grid():
    with cli.Folder() as folder, cli.Folder() as other:
        result = cli.run_json(words_of(folder, "--threads", 2))
        cli.expect_equal((result["trials"], result["done"], result["pruned"]), (7, 1, 6), "counts")
        found = by_rate(result)
        second = best(RATES, RUNGS[0])
        first = best([rate for rate in RATES if rate in second], RUNGS[1])
        for rate, row in found.items():
            expected = STEPS if rate in first else RUNGS[1] if rate in second else RUNGS[0]
            cli.expect_equal((row["steps"], row["status"]), (expected, "done" if rate in first else "pruned"), str(rate))
        grid = by_rate(cli.run_json(words_of(other, method="grid")))
        for rate in first:
            cli.expect_equal(found[rate]["digest"], grid[rate]["digest"], "digest")
            cli.expect_equal(found[rate]["trial"], grid[rate]["trial"], "name")
        cli.expect_equal(result["best"]["trial"], found[first[0]]["trial"], "best")
        again = cli.run_json(words_of(folder))
        cli.expect_equal(again, result, "run again")
        cli.expect_equal(cli.run_json(words_of(folder, "--list")), result, "listed")


@cli.faults
def test_more_values_are_judged_with_those_that_were_there():
    with cli.Folder() as folder, cli.Folder() as other:
        cli.run_json(words_of(folder, rates=RATES[:4]))
        more = cli.run_json(words_of(folder))
        whole = summary(cli.run_json(words_of(other)))
        for rate, (status, steps, digest) in summary(more).items():
            if whole[rate][0] == "done":
                cli.expect_equal((status, steps, digest), whole[rate], f"of {rate}")


@cli.faults
def test_a_killed_sweep_ends_as_if_nothing_had_been():
    with cli.Folder() as folder:
        begin = time.monotonic()
        expected = summary(cli.run_json(words_of(folder)))
        seconds = time.monotonic() - begin
    seed = random.randrange(1 << 30)
    print(f"kills at moments of seed {seed}", flush=True)
    moments = random.Random(seed)
    with cli.Folder() as folder:
        for _ in range(KILLS):
            with cli.Job(words_of(folder)) as running:
                time.sleep(moments.uniform(0, seconds / 2))
                running.process.kill()
                running.process.wait()
        cli.expect_equal(summary(cli.run_json(words_of(folder))), expected, "after the kills")


@cli.faults
def test_two_sweepers_decide_the_same():
    with cli.Folder() as folder:
        expected = summary(cli.run_json(words_of(folder)))
    with cli.Folder() as folder:
        words = words_of(folder, "--threads", 1)
        with cli.Job(words) as one, cli.Job(words) as other:
            cli.expect_equal((one.end(), other.end()), (0, 0), f"exit codes: {one.said()} {other.said()}")
        cli.expect_equal(summary(cli.run_json([*words, "--list"])), expected, "of two")
    for ranks, together in ((2, 1), (2, 2), (4, 2)):
        with cli.Folder() as folder:
            words = words_of(folder, "--threads", 1, "--ranks-per-trial", together)
            cli.expect_equal(summary(cli.run_json(words, ranks)), expected, f"of {ranks} ranks, {together} a trial")


def test_a_failed_trial_holds_nobody_up():
    with cli.Folder() as folder:
        path = sweep_file(folder)
        text = path.read_text(encoding="utf-8").replace("0.000010", "1e6")
        path.write_text(text + "overrides: {optimizer: {type: sgd, weight_decay: 1}}\n", encoding="utf-8")
        done = cli.run(["sweep", path, "--out", folder / "out", "--json"], code=1)
        cli.expect("1 of 7 trials failed" in done.stderr, done.stderr)


def test_a_paused_run_goes_on_to_the_bits_of_one_that_was_not():
    with cli.Folder() as folder:
        whole = cli.run_json(["train", sweep_file(folder).with_name("busy.yaml"), "--out", folder / "whole"])
        words = ["train", folder / "busy.yaml", "--out", folder / "run", "--resume"]
        for step, ranks in ((20, 1), (20, 2), (41, 2), (15, 1)):
            stopped = cli.run([*words, "--until", step], ranks=ranks, code=75)
            reached = max(step, 41) if step == 15 else step
            cli.expect(f"stopped after step {reached} of {STEPS}, as --until {step} asked" in stopped.stderr, stopped.stderr)
            cli.expect("without --until or with a later step" in stopped.stderr, stopped.stderr)
        steps = [row["step"] for row in cli.run_json(["inspect", folder / "run" / "metrics.h5"])["epochs"]]
        cli.expect_equal([step for step in steps if step % 7 != 0], [20, 41], "evaluations at the pauses")
        cli.expect_equal(cli.run_json(words)["digest"], whole["digest"], "digest")


def test_mistakes_in_the_file_are_told():
    with cli.Folder() as folder:
        for text, method, words in (
            ("halving: {factor: 1}\n", "halving", ["halving.factor", "2 to 100"]),
            ("halving: {rung: 1}\n", "halving", ["unknown key halving.rung", "'rungs'"]),
            ("halving: {factor: 3}\n", "grid", ["goes only with method: halving"]),
        ):
            path = sweep_file(folder, method=method)
            path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
            said = cli.run(["sweep", path, "--out", folder / "out"], code=2).stderr
            for word in words:
                cli.expect(word in said, f"{word!r} is not in {said!r}")


cli.run_tests(globals())
