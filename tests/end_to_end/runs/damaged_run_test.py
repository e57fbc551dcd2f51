#!/usr/bin/python3
# timeout: 600
"""Runs whose files were damaged, exchanged or lost can be resumed or say why not, and lose nothing more."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def contents(run):
    """Every file of a run but its lock, with the time of its last change."""
    files = [file for file in sorted(run.rglob("*")) if file.is_file() and file.name != "run.lock"]
    return {file.relative_to(run): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def checkpoint_of(run, step):
    return run / "checkpoints" / f"step_{step:08d}.h5"


def journal_steps(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["step"] for row in rows if row["type"] == "step"]


def trained(folder, name="run", *overrides):
    run = folder / name
    return run, cli.run_json(["train", cli.write_busy(folder), *overrides, "--out", run])


def unfinished(run, step):
    """Takes a finished run back to a checkpoint, as if it had been killed after it."""
    for file in (run / "checkpoints").glob("*.h5"):
        if int(file.stem.split("_")[1]) > step:
            file.unlink()
    (run / "DONE").unlink()


def keep_checkpoint(run, step):
    """Removes all checkpoints but that of a step."""
    for file in (run / "checkpoints").glob("*.h5"):
        if file != checkpoint_of(run, step):
            file.unlink()


def test_a_checkpoint_of_another_run_is_passed_over():
    with cli.Folder() as folder:
        run, first = trained(folder)
        other, _ = trained(folder, "other", "seed=8", "learning_rate.peak=0.02")
        unfinished(run, 12)
        shutil.copy(checkpoint_of(other, 12), checkpoint_of(run, 12))
        alone = folder / "alone"
        shutil.copytree(run, alone)
        keep_checkpoint(alone, 12)
        resume = ["train", folder / "busy.yaml", "--resume", "--json", "--out"]
        done = cli.run([*resume, run])
        cli.expect("of another run" in done.stderr, done.stderr)
        cli.expect_equal(json.loads(done.stdout)["digest"], first["digest"], "digest")
        before = contents(alone)
        done = cli.run([*resume, alone], code=3)
        for words in (checkpoint_of(alone, 12).name, "of another run", "seed", "learning_rate.peak", "--overwrite"):
            cli.expect(words in done.stderr, f"{words!r} is not in {done.stderr!r}")
        cli.expect_equal(contents(alone), before, "files")


def test_a_checkpoint_under_another_name_is_passed_over():
    with cli.Folder() as folder:
        run, first = trained(folder)
        shutil.copy(checkpoint_of(run, 12), checkpoint_of(run, 14))
        done = cli.run(["train", folder / "busy.yaml", "--out", run, "--resume", "--json"])
        cli.expect("step_00000014.h5 is of step 12" in done.stderr, done.stderr)
        cli.expect_equal(json.loads(done.stdout)["digest"], first["digest"], "digest")


def test_resuming_keeps_every_row_of_a_damaged_journal():
    with cli.Folder() as folder:
        run, first = trained(folder)
        whole = (run / "metrics.jsonl").read_bytes()
        for name, damage in {
            "a bad line": whole.replace(b'{"type":"step","step":3,', b'{"type":"\0\0\0\0","st\0p":3,'),
            "the first half": whole[: len(whole) // 3],
            "nothing": None,
        }.items():
            part = folder / name.replace(" ", "_")
            shutil.copytree(run, part)
            unfinished(part, 12)
            (part / "metrics.jsonl").write_bytes(damage) if damage else (part / "metrics.jsonl").unlink()
            done = cli.run(["train", folder / "busy.yaml", "--out", part, "--resume", "--json"])
            cli.expect("metrics.jsonl is not as this run had written it" in done.stderr, done.stderr)
            cli.expect_equal(json.loads(done.stdout)["digest"], first["digest"], "digest")
            cli.expect_equal(journal_steps(part), list(range(1, first["steps"] + 1)), f"steps with {name}")
            found = cli.run_json(["inspect", part / "metrics.h5"])
            cli.expect_equal(found["steps"], first["steps"], "rows of metrics.h5")


def test_damaged_tables_are_made_anew_from_the_journal():
    with cli.Folder() as folder:
        run, _ = trained(folder)
        metrics = run / "metrics.h5"
        good = cli.run_json(["inspect", metrics])
        whole = metrics.read_bytes()
        for name, damage in {
            "one bit": whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:],
            "cut off": whole[:-1000],
            "no HDF5": bytes(len(whole)),
            "missing": None,
        }.items():
            metrics.write_bytes(damage) if damage else metrics.unlink()
            if damage:
                said = cli.run(["inspect", metrics], code=3).stderr
                cli.expect(str(metrics) in said, f"{name}: {said}")
                said = cli.run(["inspect", run]).stderr
                cli.expect("metrics.jsonl has all of its figures" in said, f"{name}: {said}")
                cli.run(["compare", run, run])
            resumed = cli.run(["train", folder / "busy.yaml", "--out", run, "--resume"])
            cli.expect("was made anew from the journal" in resumed.stderr, f"{name}: {resumed.stderr}")
            found = cli.run_json(["inspect", metrics])
            for part in ("steps", "epochs", "last_step", "layers", "confusion"):
                cli.expect_equal(found.get(part), good.get(part), f"{part} after {name}")


def test_a_damaged_index_is_made_anew():
    with cli.Folder() as folder:
        words = ["sweep", cli.write_busy(folder), "seed=1,2", "train.epochs=1", "--out", folder / "sweep"]
        cli.run(words)
        index = folder / "sweep" / "index.h5"
        whole = index.read_bytes()
        index.write_bytes(whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:])
        said = cli.run(["inspect", index], code=3).stderr
        cli.expect("is damaged" in said, said)
        cli.run(words)
        cli.expect_equal(index.read_bytes(), whole, "the index")


def test_steps_that_are_lost_are_named():
    with cli.Folder() as folder:
        run, _ = trained(folder)
        unfinished(run, 12)
        (run / "metrics.h5").unlink()
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (run / "metrics.jsonl").write_text("".join(lines[:2] + ["{\n"] + lines[4:]), encoding="utf-8")
        done = cli.run(["train", folder / "busy.yaml", "--out", run, "--resume"])
        cli.expect("the figures of steps 3-4 are lost" in done.stderr, done.stderr)
        cli.expect_equal(journal_steps(run), [1, 2, *range(5, 15)], "steps")
        cli.expect("{\n" in (run / "metrics.jsonl.damaged").read_text(encoding="utf-8"), "metrics.jsonl.damaged")


def test_a_finished_run_is_left_as_it_is():
    with cli.Folder() as folder:
        run, first = trained(folder)
        with (run / "metrics.jsonl").open("a", encoding="utf-8") as journal:
            journal.write("{\n")  # nor is anything repaired
        before = contents(run)
        done = cli.run(["train", folder / "busy.yaml", "--out", run, "--resume", "--json"])
        cli.expect_equal(json.loads(done.stdout), first, "result")
        cli.expect("already finished; here is its result" in done.stderr, done.stderr)
        cli.expect_equal(contents(run), before, "files")
        ranks = cli.run_json(["train", folder / "busy.yaml", "--out", run, "--resume"], ranks=2)
        cli.expect_equal(ranks["digest"], first["digest"], "digest on two ranks")
        cli.expect_equal(contents(run), before, "files")


def test_an_end_that_was_not_recorded_is_recorded():
    with cli.Folder() as folder:
        run, first = trained(folder)
        (run / "DONE").unlink()
        again = cli.run_json(["train", folder / "busy.yaml", "--out", run, "--resume"])
        cli.expect_equal(again["digest"], first["digest"], "digest")
        cli.expect((run / "DONE").exists(), "no DONE")


def test_a_log_that_cannot_be_written_does_not_hide_the_error():
    with cli.Folder() as folder:
        text = cli.BUSY_EXPERIMENT.replace("optimizer: {type: adam}", "optimizer: {type: sgd}")
        text = text.replace(", clip_norm: 1.0", "").replace("type: tanh", "type: relu")
        wild = ["train", cli.write_busy(folder, text), "data.normalize.std=1e-30", "--out", folder / "run"]
        cli.run(wild, code=5)
        log = folder / "run" / "log.txt"
        limit = 64 * 1024  # room for the line of a start, not for that of the failure
        log.write_bytes(b"x" * (limit - 150))
        (folder / "run" / "FAILED").unlink()
        done = subprocess.run(
            ["bash", "-c", f'trap "" XFSZ; ulimit -f {limit // 1024}; exec "$@"', "-", *cli.command([*wild, "--resume"])],
            capture_output=True,
            text=True,
            check=False,
        )
        cli.expect_equal(done.returncode, 5, f"exit code ({done.stderr})")
        cli.expect("learning_rate.peak" in done.stderr, done.stderr)
        cli.expect("learning_rate.peak" in (folder / "run" / "FAILED").read_text(encoding="utf-8"), "FAILED")


def test_damaged_texts_are_data_errors():
    with cli.Folder() as folder:
        run, _ = trained(folder)
        for text in ("", "{[", "schema_version: 1\nsed: 3\n"):
            (run / "resolved.yaml").write_text(text, encoding="utf-8")
            done = cli.run(["train", folder / "busy.yaml", "--out", run, "--resume"], code=3)
            for words in ("resolved.yaml", "damaged", "/experiment", "--overwrite"):
                cli.expect(words in done.stderr, f"{words!r} is not in {done.stderr!r}")


def test_inspect_shows_what_is_left_of_a_damaged_run():
    with cli.Folder() as folder:
        run, first = trained(folder)
        keep_checkpoint(run, 14)
        checkpoint_of(run, 12).write_bytes(b"")
        checkpoint_of(run, 13).write_text("no HDF5", encoding="utf-8")
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (run / "metrics.jsonl").write_text("".join([lines[0], "{\n", *lines[1:]]), encoding="utf-8")
        done = cli.run(["inspect", run, "--json"])
        cli.expect("metrics.jsonl:2: this line is no record" in done.stderr, done.stderr)
        found = json.loads(done.stdout)
        cli.expect_equal(found["metrics"]["steps"], first["steps"], "steps")
        states = {entry["file"]: entry["state"] for entry in found["checkpoints"]}
        expected = {"step_00000012.h5": "damaged", "step_00000013.h5": "damaged", "step_00000014.h5": "verified"}
        cli.expect_equal(states, expected, "states")
        text = cli.run(["inspect", run]).stdout
        cli.expect(first["digest"] in text and "damaged" in text, text)


cli.run_tests(globals())
