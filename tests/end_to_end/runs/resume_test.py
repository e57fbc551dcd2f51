#!/usr/bin/python3
# labels: slow
# timeout: 900
"""Killed and resumed runs end with the bits of an undisturbed run."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

LONGER = cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 30")


def journal(run):
    """The recorded steps and epochs, without what depends on the clock."""
    rows = []
    for line in (pathlib.Path(run) / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row.pop("images_per_second", None)
        row.pop("seconds", None)
        rows.append(row)
    return rows


def check_kills(count):
    """So many kills at random moments lose nothing."""
    seed = random.randrange(1 << 30)
    print(f"        seed {seed}")
    rng = random.Random(seed)
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder, LONGER)
        start = time.monotonic()
        expected = cli.run_json(["train", experiment, "--out", folder / "undisturbed"])
        length = time.monotonic() - start
        kills = 0
        while kills < count:
            run = folder / f"killed_{kills}"
            # Kill the same run until it ends by itself: it may be killed several times.
            while kills < count:
                process = subprocess.Popen(
                    cli.command(["train", experiment, "--out", run, "--resume", "--quiet"]),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
                time.sleep(rng.uniform(0.0, 0.9 * length))
                ended = process.poll()
                os.killpg(process.pid, signal.SIGKILL) if ended is None else None
                _, errors = process.communicate()
                if ended is not None:
                    cli.expect_equal(ended, 0, f"exit code ({errors.decode()})")
                    break
                kills += 1
            threads = rng.choice([1, 2, 3])
            ranks = rng.choice([None, 2, 3])
            result = cli.run_json(["train", experiment, "--out", run, "--resume", "--threads", threads], ranks)
            cli.expect_equal(result["digest"], expected["digest"], f"digest after {kills} kills")
            cli.expect_equal(result["test"], expected["test"], "test figures")
            cli.expect_equal(journal(run), journal(folder / "undisturbed"), "journal")
            shutil.rmtree(run)


def test_kills_at_random_moments_lose_nothing():
    check_kills(3)


@cli.faults
def test_twenty_kills_at_random_moments_lose_nothing():
    check_kills(20)


def test_a_run_goes_on_from_any_checkpoint_on_other_ranks_and_threads():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        whole = folder / "whole"
        expected = cli.run_json(["train", experiment, "checkpoint.every_steps=1", "checkpoint.keep=0", "--out", whole])
        for step in (1, 6, 7, 9, 13):  # inside an epoch, at its end, right behind it
            part = folder / f"from_{step}"
            shutil.copytree(whole, part)
            for file in (part / "checkpoints").glob("step_*.h5"):
                if int(file.stem.split("_")[1]) > step:
                    file.unlink()
            (part / "latest").write_text(f"checkpoints/step_{step:08d}.h5\n", encoding="utf-8")
            ranks = 2 if step % 2 else 3
            result = cli.run_json(
                ["train", experiment, "checkpoint.every_steps=1", "checkpoint.keep=0", "--out", part, "--resume",
                 "--threads", 2],
                ranks,
            )  # fmt: skip
            cli.expect_equal(result["digest"], expected["digest"], f"digest from step {step}")
            cli.expect_equal(journal(part), journal(whole), f"journal from step {step}")


def test_a_finished_run_prints_its_result_again():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        first = cli.run_json(["train", experiment, "--out", folder / "run"])
        again = cli.run_json(["train", experiment, "--out", folder / "run", "--resume"])
        cli.expect_equal(again, first, "result")


def test_a_damaged_newest_checkpoint_is_passed_over():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        run = folder / "run"
        first = cli.run_json(["train", experiment, "--out", run])
        newest = run / (run / "latest").read_text(encoding="utf-8").strip()
        damaged = bytearray(newest.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        newest.write_bytes(damaged)
        done = cli.run(["train", experiment, "--out", run, "--resume", "--json"])
        cli.expect(newest.name in done.stderr, f"the damaged file is not named: {done.stderr}")
        cli.expect_equal(json.loads(done.stdout)["digest"], first["digest"], "digest")


def test_another_configuration_is_refused_by_its_keys():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        cli.run(["train", experiment, "--out", folder / "run"])
        done = cli.run(
            ["train", experiment, "learning_rate.peak=0.02", "seed=8", "--out", folder / "run", "--resume"], code=2
        )
        for key in ("learning_rate.peak", "seed"):
            cli.expect(key in done.stderr, f"{key} is not named: {done.stderr}")


def test_resume_without_a_run_starts_one():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        fresh = cli.run_json(["train", experiment, "--out", folder / "a"])
        started = cli.run_json(["train", experiment, "--out", folder / "b", "--resume"])
        cli.expect_equal(started["digest"], fresh["digest"], "digest")


cli.run_tests(globals())
