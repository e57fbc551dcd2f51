#!/usr/bin/python3
# labels: ranks2
"""A recorded run is trained again on other ranks and threads, and every step compared."""

import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def recorded_run(folder):
    run = folder / "run"
    return run, cli.run_json(["train", cli.write_busy(folder), "--out", run])


def contents(run):
    return {path.relative_to(run): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


def test_a_run_has_the_same_bits_again_on_other_ranks_and_threads():
    with cli.Folder() as folder:
        run, trained = recorded_run(folder)
        before = contents(run)
        for ranks, threads in ((None, 1), (None, 3), (2, 1)):
            found = cli.run_json(["replay", run, "--threads", threads], ranks=ranks)
            cli.expect_equal(found["same"], True, f"same on {ranks} ranks x {threads} threads")
            cli.expect_equal(found["first_difference"], None, "first difference")
            cli.expect_equal(found["steps"], trained["steps"], "steps compared")
            cli.expect_equal(found["digest"], trained["digest"], "digest")
        cli.expect_equal(contents(run), before, "the run's folder")


def test_a_stretch_starts_at_a_checkpoint_before_it():
    with cli.Folder() as folder:
        run, trained = recorded_run(folder)
        start = trained["steps"] - 3
        done = cli.run(["replay", run, "--from", start])
        cli.expect(f"the same bits: 3 steps compared, up to step {trained['steps']}" in done.stdout, done.stdout)
        cli.expect("starting from" in done.stderr, done.stderr)
        part = cli.run_json(["replay", run, "--from", 2, "--to", 5])
        cli.expect_equal((part["same"], part["steps"], part["to"]), (True, 3, 5), "steps 3 to 5")


def change_digest(run, step):
    journal = run / "metrics.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        record = json.loads(line)
        if record["type"] == "step" and record["step"] == step:
            digest = record["digest"]
            lines[i] = line.replace(digest, ("0" if digest[0] != "0" else "1") + digest[1:])
    journal.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_first_difference_is_named_and_ends_with_1():
    with cli.Folder() as folder:
        run, _ = recorded_run(folder)
        change_digest(run, 4)
        change_digest(run, 9)
        for ranks in (None, 2):
            done = cli.run(["replay", run, "--json", "--threads", 1], ranks=ranks, code=1)
            found = json.loads(done.stdout)
            cli.expect_equal(found["same"], False, "same")
            cli.expect_equal(found["first_difference"]["step"], 4, "first step that differs")
            cli.expect_equal(found["first_difference"]["figure"], "digest", "figure that differs")
        said = cli.run(["replay", run], code=1).stdout
        cli.expect("step 4 differs: its digest was recorded as" in said, said)
        cli.run(["replay", run, "--from", 9])


def change_line(run, step, change):
    journal = run / "metrics.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    changed = [change(line) if f'"type":"step","step":{step},' in line else line for line in lines]
    cli.expect(changed != lines, f"the journal has no step {step}")
    journal.write_text("\n".join(changed) + "\n", encoding="utf-8")


def test_a_step_that_only_the_snapshot_has_is_compared_too():
    with cli.Folder() as folder:
        run, trained = recorded_run(folder)
        change_line(run, 4, lambda line: line[:20])
        found = cli.run_json(["replay", run])
        cli.expect_equal((found["same"], found["steps"]), (True, trained["steps"]), "all steps compared")
        cli.expect("this line is no record" in cli.run(["replay", run]).stderr, "the damaged line is not told")


def test_every_figure_that_training_repeats_is_compared():
    with cli.Folder() as folder:
        run, _ = recorded_run(folder)
        change_line(run, 4, lambda line: line.replace('"images_per_second":', '"images_per_second":1'))
        cli.expect_equal(cli.run_json(["replay", run])["same"], True, "speed does not count")
        for figure in ("gradient_norm", "learning_rate", "loss", "epoch"):
            change_line(run, 4, lambda line: line.replace(f'"{figure}":', f'"{figure}":9'))
            first = json.loads(cli.run(["replay", run, "--json"], code=1).stdout)["first_difference"]
            cli.expect_equal((first["step"], first["figure"]), (4, figure), "first difference")


def test_what_cannot_be_replayed_is_explained():
    with cli.Folder() as folder:
        run, trained = recorded_run(folder)
        steps = trained["steps"]
        for arguments, code, word in (
            ([folder], 3, "resolved.yaml"),
            ([run, "--to", steps + 1], 2, f"last recorded step, {steps}"),
            ([run, "--from", steps], 2, "no step to compare"),
        ):
            done = cli.run(["replay", *arguments], code=code)
            cli.expect(word in done.stderr, f"{word!r} is not in {done.stderr!r}")
        empty = folder / "empty"
        shutil.copytree(run, empty)
        (empty / "metrics.jsonl").unlink()
        (empty / "metrics.h5").unlink()
        cli.expect("nothing to compare" in cli.run(["replay", empty], code=3).stderr, "no records")


cli.run_tests(globals())
