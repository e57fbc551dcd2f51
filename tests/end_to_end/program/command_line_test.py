#!/usr/bin/python3
# timeout: 600
"""Verbs, exit codes, errors and outputs as users and scripts meet them."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli


def expect_refused(arguments, code, words, ranks=None, cwd=None, env=None):
    """Ends with the code, says all the words in one line on stderr, and nothing on stdout."""
    done = cli.run(arguments, ranks, code, env, cwd)
    said = [line for line in done.stderr.splitlines() if line.startswith(("lockstep:", "[rank"))]
    cli.expect_equal(len(said), 1, f"lines said by {arguments}: {done.stderr!r}")
    for word in words:
        cli.expect(word in said[0], f"{word!r} is not in {said[0]!r}")
    cli.expect_equal(done.stdout, "", f"stdout of {arguments}")


def test_help_of_every_verb():
    overall = cli.run(["--help"]).stdout
    verbs = {path.stem for path in (cli.SOURCE / "experiments" / "verbs").glob("*.cpp")}
    cli.expect({"train", "sweep"} < verbs, f"verbs: {verbs}")
    for verb in verbs:
        cli.expect(f"\n  {verb} " in overall, f"{verb} is missing from --help")
        text = cli.run([verb, "--help"]).stdout
        for option in ("--json", "--threads", "--quiet", "--color"):
            cli.expect(option in text, f"{verb} --help does not show {option}")
        widest = max(len(line) for line in text.splitlines())
        cli.expect(widest <= 80, f"{verb} --help is {widest} columns wide")


def test_usage_errors_are_2():
    expect_refused([], 2, ["--help"])
    expect_refused(["trian", "x.yaml"], 2, ["did you mean 'train'"])
    expect_refused(["train"], 2, ["EXPERIMENT"])
    expect_refused(["train", "nowhere.yaml"], 2, ["nowhere.yaml"])
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        expect_refused(["train", experiment, "--threads", "0"], 2, ["threads"])
        expect_refused(["train", experiment, "train.batchsize=3"], 2, ["train.batchsize", "batch_size"])
        expect_refused(["train", experiment, "train.batch_size=none"], 2, ["batch_size", "none"])
        expect_refused(["train", experiment, "oops"], 2, ["oops"])
        expect_refused(["train", experiment, "--resume", "--overwrite"], 2, ["overwrite"])
        expect_refused(["train", experiment], 2, ["LOCKSTEP_ISA", "mmx"], env={"LOCKSTEP_ISA": "mmx"})
        expect_refused(["train", experiment, "model.layers.c1.kernel=40"], 2, ["c1", "40"])
        expect_refused(["train", experiment, "model.layers.out.units=7"], 2, ["override", "7", "10"])
        broken = cli.write_busy(folder, cli.BUSY_EXPERIMENT.replace("seed: 7", "sed: 7"))
        expect_refused(["train", broken], 2, [f"{broken}:3:1", "seed"])


def test_a_mistake_found_late_says_where_it_was_written():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder, cli.BUSY_EXPERIMENT.replace("validation: 100", "validation: 800"))
        expect_refused(["train", experiment], 2, [f"{experiment}:23:15: data.validation: expected 0 to 729"])
        experiment = cli.write_busy(folder)
        for override in ("data.validation=800", "data.normalize.mean=[1, 2]", "data.augment.shift=28"):
            expect_refused(["train", experiment, override], 2, [f"override '{override}': {override.split('=')[0]}: "])
        shape = "model.input.shape=[1, 30, 30]"
        expect_refused(["train", experiment, shape], 2, [f"override '{shape}': The model 'busy' takes inputs"])


def test_mistakes_of_the_command_line_are_explained():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        for arguments, words in (
            (["--out", ""], "--out: a value is expected, but it is empty"),
            (["--threads"], "--threads needs a value after it"),
            (["--threads", "abc"], "--threads: a whole number from 1 to 1024 is expected, but found 'abc'"),
            (["--out", "a", "--out", "b"], "--out is given 2 times, but may be given once"),
            (["--resum"], "there is no option --resum, did you mean '--resume'?"),
            (["--color", "alway"], "did you mean 'always'?"),
        ):
            expect_refused(["train", experiment, *arguments], 2, [words, "'lockstep train --help'"])
        expect_refused(["--json", "train", experiment], 2, ["options come after the verb"])
        expect_refused(["inspect", "a", "b"], 2, ["no place for the argument 'b'"])


def test_data_errors_are_3():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        empty = folder / "empty"
        empty.mkdir()
        expect_refused(["train", experiment, "data.dataset=idx", f"data.path={empty}"], 3, [str(empty)])
        expect_refused(["evaluate", folder / "none.h5"], 3, ["none.h5"])
        text = folder / "text.h5"
        text.write_text("no HDF5 at all", encoding="utf-8")
        expect_refused(["evaluate", text], 3, ["text.h5"])
        expect_refused(["inspect", empty], 3, [str(empty)])


def test_numeric_failure_is_5_on_one_and_on_three_ranks():
    with cli.Folder() as folder:
        text = cli.BUSY_EXPERIMENT.replace("optimizer: {type: adam}", "optimizer: {type: sgd}")
        text = text.replace(", clip_norm: 1.0", "")
        experiment = cli.write_busy(folder, text)
        wild = ["model.layers.t1.type=relu", "data.normalize.std=1e-30"]  # tanh would bound it
        expect_refused(["train", experiment, *wild, "--quiet", "--out", folder / "one"], 5, ["step"])
        cli.expect((folder / "one" / "FAILED").exists(), "no FAILED mark")
        expect_refused(["train", experiment, *wild, "--quiet", "--out", folder / "three"], 5, ["step"], ranks=3)


def test_an_error_of_every_rank_is_said_once():
    with cli.Folder() as folder:
        expect_refused(["train", folder / "none.yaml"], 2, ["none.yaml"], ranks=3)
        experiment = cli.write_busy(folder)
        target = folder / "file"
        target.write_text("", encoding="utf-8")
        expect_refused(["train", experiment, "--quiet", "--out", target / "run"], 3, [str(target)], ranks=2)


def test_a_run_is_never_overwritten():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        first = cli.run_json(["train", experiment], cwd=folder)
        second = cli.run_json(["train", experiment], cwd=folder)
        cli.expect_equal(first["run_dir"], "runs/busy", "first folder")
        cli.expect_equal(second["run_dir"], "runs/busy-2", "second folder")
        expect_refused(["train", experiment, "--out", "runs/busy"], 2, ["--resume", "--overwrite"], cwd=folder)
        again = cli.run_json(["train", experiment, "--out", "runs/busy", "--overwrite"], cwd=folder)
        cli.expect_equal(again["digest"], first["digest"], "digest")
        files = folder / "precious"
        files.mkdir()
        (files / "thesis.txt").write_text("years of work", encoding="utf-8")
        expect_refused(["train", experiment, "--out", files, "--overwrite"], 2, ["precious"])
        cli.expect((files / "thesis.txt").exists(), "--overwrite removed what no run wrote")


def test_the_run_directory_holds_what_is_promised():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        run = folder / "run"
        result = cli.run_json(["train", experiment, "train.epochs=1.5", "--out", run])
        for name in ("experiment.yaml", "resolved.yaml", "metrics.jsonl", "metrics.h5", "log.txt", "latest", "best", "DONE"):
            cli.expect((run / name).exists(), f"{name} is missing")
        cli.expect_equal((run / "experiment.yaml").read_bytes(), experiment.read_bytes(), "experiment.yaml")
        cli.expect_equal(result["steps"], 11, "steps")  # 1.5 epochs of ceil(630 / 100)
        cli.expect_equal(len(list((run / "checkpoints").glob("*.h5"))) >= 2, True, "checkpoints are kept")
        again = cli.run_json(["train", run / "resolved.yaml", "--out", folder / "again"])
        cli.expect_equal(again["digest"], result["digest"], "digest of resolved.yaml")


def test_print_config_runs_alone_and_writes_nothing():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = cli.run(["train", experiment, "seed=9", "model.layers.f1.units=33", "--print-config"], cwd=folder)
        cli.expect("seed: 9" in done.stdout and "33" in done.stdout, "overrides are not in the configuration")
        cli.expect(not (folder / "runs").exists(), "a run was written")
        resolved = folder / "resolved.yaml"
        resolved.write_text(done.stdout, encoding="utf-8")
        cli.expect("stride: 1" in done.stdout and "he_normal" in done.stdout, "defaults of layers are missing")
        as_json = cli.run_json(["train", resolved, "--print-config"], cwd=folder)
        cli.expect_equal(as_json["seed"], 9, "seed in JSON")
        cli.expect_equal(as_json["model"]["layers"][0]["stride"], 2, "stride in JSON")
        again = cli.run(["train", resolved, "--print-config"], cwd=folder)
        cli.expect_equal(again.stdout, done.stdout, "the configuration of the configuration")


def test_a_dry_run_checks_and_writes_nothing():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        cli.run(["train", experiment, "--dry-run"], cwd=folder)
        cli.expect(not (folder / "runs").exists(), "a run was written")
        expect_refused(["train", experiment, "--dry-run", "data.dataset=idx", "data.path=/nowhere"], 3, ["/nowhere"])
        plan = cli.run_json(["train", experiment, "--dry-run"], cwd=folder)
        cli.expect_equal(plan["run_dir"], "runs/busy", "folder")
        cli.expect_equal(plan["samples"], {"train": 630, "validation": 100, "test": 300}, "samples")
        cli.expect_equal((plan["dry_run"], plan["steps"], plan["dataset"]), (True, 14, "synthetic"), "plan")


def files_of(folder):
    """All paths below it, with their contents."""
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_a_dry_run_finds_what_would_stop_the_run():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        cli.run(["train", experiment, "train.steps=2", "--out", folder / "run"])
        (folder / "files").mkdir()
        (folder / "files" / "thesis.txt").write_text("", encoding="utf-8")
        before = files_of(folder)
        dry = ["train", experiment, "train.steps=2", "--dry-run", "--quiet"]
        expect_refused([*dry, "--out", folder / "run"], 2, ["holds a run already"])
        expect_refused([*dry, "--out", experiment], 2, ["is a file"])
        expect_refused([*dry, "--out", experiment / "run"], 2, ["is a file"])
        expect_refused([*dry, "--out", folder / "files", "--overwrite"], 2, ["is no run's folder"])
        expect_refused([*dry, "seed=8", "--out", folder / "run", "--resume"], 2, ["these keys differ: seed"])
        expect_refused([*dry, "name=other", "--out", folder / "run", "--resume"], 2, ["these keys differ: name"])
        for start in ("--resume", "--overwrite"):
            cli.expect_equal(cli.run_json([*dry, "--out", folder / "run", start])["run_dir"], str(folder / "run"), start)
        cli.expect_equal(cli.run_json([*dry, "--out", folder / "a" / "b"])["dry_run"], True, "new folder")
        cli.expect_equal(files_of(folder), before, "files")


def test_the_newest_run_of_a_name_is_resumed_and_overwritten():
    with cli.Folder() as folder:
        line = ["train", cli.write_busy(folder), "train.steps=2"]
        for _ in range(2):
            cli.run(line, cwd=folder)
        for start in ("--resume", "--overwrite"):
            cli.expect_equal(cli.run_json([*line, start], cwd=folder)["run_dir"], "runs/busy-2", start)


def test_describe_prints_the_arithmetic():
    model = cli.SOURCE / "models" / "lenet5.yaml"
    text = cli.run(["describe", model]).stdout
    for words in ("(28 + 2*0 - 5)/1 + 1 = 24", "(24 + 2*0 - 2)/2 + 1 = 12", "6x24x24", "44,426", "281,640"):
        cli.expect(words in text, f"{words!r} is not in the table")
    cli.expect(max(len(line) for line in text.splitlines()) <= 100, "the table is too wide")
    found = cli.run_json(["describe", model])
    cli.expect_equal(found["parameters"], 44426, "parameters")
    cli.expect_equal(found["multiply_adds"], 281640, "multiply-adds")
    cli.expect_equal(found["layers"][0]["output_shape"], [6, 24, 24], "first shape")
    changed = cli.run_json(["describe", cli.SOURCE / "experiments" / "lenet5_mnist.yaml", "model.layers.c1.filters=8"])
    cli.expect_equal(changed["layers"][0]["output_shape"], [8, 24, 24], "overridden shape")


def test_progress_lines_are_stable_and_stdout_is_clean():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        done = cli.run(["train", experiment, "--out", folder / "run", "--progress", "lines"])
        lines = [line for line in done.stderr.splitlines() if line.startswith("epoch=")]
        cli.expect_equal(len(lines), 2, f"lines in {done.stderr}")
        fields = dict(part.split("=") for part in lines[1].split())
        for key in ("epoch", "step", "loss", "train_loss", "validation_accuracy", "test_accuracy"):
            cli.expect(key in fields, f"{key} is missing in {lines[1]}")
        quiet = cli.run(["train", experiment, "--out", folder / "quiet", "--quiet", "--json"])
        cli.expect_equal(quiet.stderr, "", "stderr of --quiet")
        json.loads(quiet.stdout)


def test_threads_that_cannot_help_are_mentioned():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        few = ["train", experiment, "--out", folder / "few", "--overwrite", "--threads", 2, "train.batch_size=16"]
        advised = "--threads 1 would be as fast" in cli.run(few).stderr
        cli.expect_equal(advised, len(os.sched_getaffinity(0)) > 1, "advice for one micro-batch a step")
        many = ["train", experiment, "--out", folder / "many", "--threads", 2]
        cli.expect("would be as fast" not in cli.run(many).stderr, "advice for seven micro-batches a step")


def test_inspect_tells_runs_checkpoints_and_metrics_apart():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        run = folder / "run"
        trained = cli.run_json(["train", experiment, "--out", run])
        found = cli.run_json(["inspect", run])
        cli.expect_equal(found["outcome"], "DONE", "outcome")
        cli.expect_equal(found["metrics"]["last_step"]["digest"], trained["digest"], "digest")
        latest = run / (run / "latest").read_text(encoding="utf-8").strip()
        checkpoint = cli.run_json(["inspect", latest])
        cli.expect_equal(checkpoint["state"]["digest"], trained["digest"], "digest in the checkpoint")
        cli.expect_equal(checkpoint["verified"], True, "verified")
        metrics = cli.run_json(["inspect", run / "metrics.h5"])
        cli.expect_equal(metrics["steps"], trained["steps"], "steps")
        for target in (run, latest, run / "metrics.h5"):
            text = cli.run(["inspect", target]).stdout
            cli.expect(trained["digest"] in text, f"no digest in the text about {target}")


def test_color_settings():
    model = cli.SOURCE / "models" / "lenet5.yaml"
    forced = {"CLICOLOR_FORCE": "1"}
    cli.expect("\033[" not in cli.run(["describe", model]).stdout, "colour in a pipe")
    cli.expect("\033[" not in cli.run(["describe", model], ranks=2).stdout, "colour in a pipe behind mpirun")
    cli.expect("\033[" in cli.run(["describe", model, "--color", "always"]).stdout, "no colour with always")
    cli.expect("\033[" in cli.run(["describe", model], env=forced).stdout, "no colour with CLICOLOR_FORCE")
    both = {**forced, "NO_COLOR": "1"}
    cli.expect("\033[" not in cli.run(["describe", model], env=both).stdout, "NO_COLOR does not win")


cli.run_tests(globals())
