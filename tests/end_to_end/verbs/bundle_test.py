#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Bundles: one plain file with all of a run or a sweep, to the bit, whatever the state of what is packed."""

import os
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import hdf5_layout
import lockstep_cli as cli

# Long enough to be met at work, with checkpoints that come and go.
LONG = cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 60000")
HALVING = """\
schema_version: 1
base: busy.yaml
method: halving
parameters: {learning_rate.peak: {values: [0.00001, 0.01, 0.02, 0.0001]}}
overrides: {train.epochs: 18}
"""


def trained(folder, *more):
    """A finished run; returns its folder."""
    run = folder / "runs" / "busy"
    cli.run(["train", cli.write_busy(folder), "--out", run, *more])
    return run


def swept(folder):
    """A finished sweep of two trials; returns its folder."""
    sweep = folder / "sweeps" / "tried"
    cli.run(["sweep", cli.write_busy(folder), "optimizer.beta1=0.8,0.9", "--out", sweep])
    return sweep


def nodes(group, path=""):
    """Every object by its path; each link must be a hard one."""
    found = {}
    for name in group:
        link = group.get(name, getlink=True)
        cli.expect(isinstance(link, h5py.HardLink), f"{path}/{name} is a {type(link).__name__}")
        found[f"{path}/{name}"] = group[name]
        if isinstance(group[name], h5py.Group):
            found.update(nodes(group[name], f"{path}/{name}"))
    return found


# What the metrics say of their run, the bundle has in its texts and checkpoints.
OF_THE_RUN = ("/experiment", "/provenance")


def expect_same_contents(packed, source, what, elsewhere=()):
    """The same objects with the same values, to the bit, and attributes, those of dimension scales aside."""
    ours = nodes(packed)
    theirs = {path: node for path, node in nodes(source).items() if path not in elsewhere}
    cli.expect_equal(sorted(ours), sorted(theirs), f"objects of {what}")
    for path, expected in [("", source), *theirs.items()]:
        found = ours[path] if path else packed
        for name, value in expected.attrs.items():
            if name in ("DIMENSION_LIST", "REFERENCE_LIST") or (path, name) == ("", "NX_class"):
                continue
            same = numpy.array_equal(found.attrs[name], value) or (value != value and found.attrs[name] != value)
            cli.expect(same, f"{what}{path} @{name}")
        if isinstance(expected, h5py.Dataset):
            cli.expect_equal((found.dtype, found.shape), (expected.dtype, expected.shape), f"kind of {what}{path}")
            if found.dtype.kind == "O":
                cli.expect(numpy.array_equal(found[()], expected[()]), f"texts of {what}{path}")
            else:
                cli.expect_equal(found[()].tobytes(), expected[()].tobytes(), f"bits of {what}{path}")


def expect_scales(metrics):
    cli.expect_equal(metrics["steps/loss"].dims[0][0], metrics["steps/step"], "scale of the loss")
    cli.expect_equal(metrics["layers/gradient_rms"].dims[1][0], metrics["layers/layer"], "scale of the layers")


def expect_run(packed, run, checkpoints):
    """A run's group has what its folder has."""
    for name in ("experiment.yaml", "resolved.yaml", "log.txt"):
        cli.expect_equal(packed[name].asstr()[()], (run / name).read_text(encoding="utf-8"), name)
    with h5py.File(run / "metrics.h5") as metrics:
        expect_same_contents(packed["metrics"], metrics, "metrics", OF_THE_RUN)
    expect_scales(packed["metrics"])
    cli.expect_equal(sorted(packed["checkpoints"]), sorted(checkpoints), "checkpoints")
    for name in checkpoints:
        with h5py.File(run / "checkpoints" / f"{name}.h5") as checkpoint:
            expect_same_contents(packed["checkpoints"][name], checkpoint, name)
    for name in ("latest", "best"):
        cli.expect_equal(packed["checkpoints"].attrs[name], named(run, name), name)


def named(run, name):
    return pathlib.Path((run / name).read_text(encoding="utf-8").strip()).stem


def expect_plain(file):
    """The layout's rules, and HDF5's own tools."""
    cli.expect_equal(hdf5_layout.problems_of(file), [], f"problems of {file}")
    for options in (["-H"], []):
        dump = subprocess.run(["h5dump", *options, file], capture_output=True, text=True, check=False)
        cli.expect_equal((dump.returncode, dump.stderr), (0, ""), "h5dump")
    with h5py.File(file) as bundle:
        cli.expect(len(nodes(bundle)) > 20, "a bundle without links that has nothing")


def test_a_runs_bundle_is_its_folder_to_the_bit():
    with cli.Folder() as folder:
        run = trained(folder)
        result = cli.run_json(["bundle", run])
        file = folder / "runs" / "busy.h5"
        names = {named(run, "latest"), named(run, "best")}
        size = file.stat().st_size
        expected = {"file": str(file), "kind": "run", "runs": 1, "checkpoints": len(names), "bytes": size}
        cli.expect_equal(result, expected, "result")
        with h5py.File(file) as bundle:
            cli.expect_equal((bundle.attrs["format"], bundle.attrs["kind"]), ("lockstep-bundle", "run"), "kind")
            packed = bundle["runs/busy"]
            cli.expect_equal(list(bundle["runs"]), ["busy"], "runs")
            cli.expect_equal(packed.attrs["status"], "done", "status")
            cli.expect_equal((packed.attrs["outcome"], packed.attrs["exit_code"]), ("DONE", 0), "end")
            expect_run(packed, run, names)
            shown = bundle
            while "default" in shown.attrs:
                shown = shown[shown.attrs["default"]]
            cli.expect_equal(shown[shown.attrs["signal"]].name, "/runs/busy/metrics/steps/loss", "what viewers show")
        expect_plain(file)
        cli.expect_equal(sorted(path.name for path in file.parent.iterdir()), ["busy", "busy.h5"], "files")


def test_equal_runs_give_equal_bundles():
    with cli.Folder() as folder:
        run = trained(folder)
        for name in ("a.h5", "b.h5"):
            cli.run(["bundle", run, "--out", folder / name])
        cli.expect((folder / "a.h5").read_bytes() == (folder / "b.h5").read_bytes(), "the bytes differ")


def test_the_checkpoints_that_are_asked_for_are_packed():
    with cli.Folder() as folder:
        run = trained(folder, "checkpoint.keep=9")
        every = sorted(path.stem for path in (run / "checkpoints").iterdir())
        latest, best = named(run, "latest"), named(run, "best")
        for which, names in (("all", every), ("latest", [latest]), ("best", [best]), ("none", [])):
            result = cli.run_json(["bundle", run, "--checkpoints", which, "--overwrite"])
            cli.expect_equal(result["checkpoints"], len(names), f"number for {which}")
            with h5py.File(result["file"]) as bundle:
                expect_run(bundle["runs/busy"], run, names)
        cli.expect(len(every) > 3, f"checkpoints: {every}")


def test_a_sweeps_bundle_has_the_table_and_every_trial():
    with cli.Folder() as folder:
        sweep = swept(folder)
        result = cli.run_json(["bundle", sweep])
        cli.expect_equal((result["kind"], result["runs"]), ("sweep", 2), "result")
        with h5py.File(sweep / "index.h5") as index, h5py.File(result["file"]) as bundle:
            cli.expect_equal(bundle["sweep.yaml"].asstr()[()], (sweep / "sweep.yaml").read_text("utf-8"), "sweep.yaml")
            for group in ("trials", "curves"):
                expect_same_contents(bundle[group], index[group], group)
            for name in ("name", "metric", "goal", "default"):
                cli.expect_equal(bundle.attrs[name], index.attrs[name], name)
            cli.expect_equal(bundle["trials/test_loss"].dims[0][0], bundle["trials/trial"], "scale")
            for trial in index["trials/trial"].asstr():
                run = sweep / "trials" / trial
                expect_run(bundle["runs"][trial], run, {named(run, "latest"), named(run, "best")})
        expect_plain(result["file"])


def test_a_sweeps_bundle_is_as_far_as_its_runs_and_keeps_rows_without_one():
    with cli.Folder() as folder:
        sweep = swept(folder)
        cli.run(["sweep", folder / "busy.yaml", "optimizer.beta1=0.8,0.7", "--out", sweep])
        with h5py.File(sweep / "index.h5") as index:
            first, second = index["trials/trial"].asstr()
        run = sweep / "trials" / second
        cli.run(["train", run / "resolved.yaml", "--out", run, "--overwrite", "train.epochs=1"])
        shutil.rmtree(sweep / "trials" / first)
        result = cli.run_json(["bundle", sweep, "--checkpoints", "none"])
        with h5py.File(result["file"]) as bundle:
            cli.expect_equal(bundle["trials/trial"].asstr()[()].tolist(), [first, second], "rows")
            cli.expect_equal(bundle["trials/steps"][()].tolist(), [14, 7], "steps of the rows")
            cli.expect_equal(list(bundle["curves"]), [second], "curves")
            cli.expect_equal(len(bundle["runs"]), 2, "runs, also the one that the table has not")
            cli.expect(first not in bundle["runs"], "a run without a folder")


def test_trials_that_were_given_up_stay_so():
    with cli.Folder() as folder:
        cli.write_busy(folder)
        halving = folder / "halving.yaml"
        halving.write_text(HALVING, encoding="utf-8")
        swept_down = cli.run_json(["sweep", halving, "--out", folder / "out"])
        statuses = {row["trial"]: row["status"] for row in swept_down["results"]}
        cli.expect("pruned" in statuses.values(), f"statuses: {statuses}")
        with h5py.File(cli.run_json(["bundle", folder / "out"])["file"]) as bundle:
            table = dict(zip(bundle["trials/trial"].asstr(), bundle["trials/status"].asstr()))
            cli.expect_equal(table, statuses, "statuses in the table")
            cli.expect_equal({name: run.attrs["status"] for name, run in bundle["runs"].items()}, statuses, "of runs")


def test_nothing_is_replaced_unless_asked_and_then_only_bundles():
    with cli.Folder() as folder:
        run = trained(folder)
        cli.run(["bundle", run])
        file = folder / "runs" / "busy.h5"
        before = file.read_bytes()
        refused = cli.run(["bundle", run, "--checkpoints", "none"], code=2).stderr
        cli.expect("--overwrite" in refused and str(file) in refused, refused)
        cli.expect(file.read_bytes() == before, "the file was changed")
        cli.run(["bundle", run, "--checkpoints", "none", "--overwrite"])
        cli.expect(file.stat().st_size < len(before), "the file was not replaced")
        metrics = (run / "metrics.h5").read_bytes()
        refused = cli.run(["bundle", run, "--out", run / "metrics.h5", "--overwrite"], code=2).stderr
        cli.expect("is no bundle" in refused, refused)
        cli.expect((run / "metrics.h5").read_bytes() == metrics, "the metrics were replaced")
        refused = cli.run(["bundle", run, "--out", folder], code=2).stderr
        cli.expect("is a folder" in refused, refused)
        refused = cli.run(["bundle", run, "--out", folder / "nowhere" / "a.h5"], code=3).stderr
        cli.expect("nowhere" in refused and "not written" in refused, refused)


def test_a_damaged_checkpoint_is_named_and_nothing_is_written():
    with cli.Folder() as folder:
        run = trained(folder)
        damaged = run / "checkpoints" / f"{named(run, 'latest')}.h5"
        best = named(run, "best")
        cli.expect(damaged.stem != best, "the test needs two checkpoints")
        data = bytearray(damaged.read_bytes())
        data[-100] ^= 1
        damaged.write_bytes(data)
        refused = cli.run(["bundle", run], code=3).stderr
        for words in (damaged.name, "is damaged", "--checkpoints", "is not written"):
            cli.expect(words in refused, f"{words!r} is not in {refused!r}")
        cli.expect_equal([path.name for path in (folder / "runs").iterdir()], ["busy"], "files")
        cli.expect_equal(cli.run_json(["bundle", run, "--checkpoints", "best"])["checkpoints"], 1, "the good one")
        damaged.write_bytes(data[512:])
        refused = cli.run(["bundle", run, "--checkpoints", "latest", "--out", folder / "a.h5"], code=3).stderr
        cli.expect("no digest" in refused, refused)


def test_metrics_come_from_the_journal_and_what_it_lacks_from_the_tables():
    with cli.Folder() as folder:
        run = trained(folder)
        journal, tables = run / "metrics.jsonl", run / "metrics.h5"
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
        keep = tables.read_bytes()

        def expect_whole(what, warned):
            done = cli.run(["bundle", run, "--overwrite", "--checkpoints", "none"])
            cli.expect_equal("warning" in done.stderr, warned, f"warning, {what}: {done.stderr}")
            tables.write_bytes(keep)
            with h5py.File(folder / "runs" / "busy.h5") as bundle, h5py.File(tables) as metrics:
                expect_same_contents(bundle["runs/busy/metrics"], metrics, what, OF_THE_RUN)

        tables.unlink()
        expect_whole("without tables", False)
        tables.write_bytes(b"damaged")
        expect_whole("with damaged tables", True)
        journal.write_text("".join(lines[:5]) + "damaged\n" + "".join(lines[6:9]), encoding="utf-8")
        expect_whole("with a damaged journal", True)
        journal.unlink()
        expect_whole("without a journal", False)


def test_a_run_is_bundled_while_it_trains():
    with cli.Folder() as folder:
        run = folder / "runs" / "busy"
        running = cli.Job(["train", cli.write_busy(folder, LONG), "--out", run, "--threads", 1])
        with running:
            running.wait_for(lambda: (run / "latest").exists(), "a checkpoint")
            last = 0
            for number in range(10):
                done = cli.run(["bundle", run, "--out", folder / f"{number}.h5"])
                cli.expect("trained at this moment (busy)" in done.stderr, done.stderr)
                with h5py.File(folder / f"{number}.h5") as bundle:
                    packed = bundle["runs/busy"]
                    cli.expect_equal(packed.attrs["status"], "running", "status")
                    cli.expect("outcome" not in packed.attrs, "an outcome")
                    steps = packed["metrics/steps/step"][()].tolist()
                    cli.expect_equal(steps, list(range(1, len(steps) + 1)), "steps")
                    saved = [checkpoint["state"].attrs["step"] for checkpoint in packed["checkpoints"].values()]
                    cli.expect(last <= max(saved) <= steps[-1], f"checkpoints {saved} after {last}, {steps[-1]} steps")
                    last = max(saved)


def take_out(file, name, target):
    """As the README shows."""
    with h5py.File(file) as bundle, h5py.File(target, "w") as checkpoint:
        packed = bundle[name]
        checkpoint.attrs.update(packed.attrs)
        for part in packed:
            bundle.copy(packed[part], checkpoint)


def test_a_checkpoint_taken_out_evaluates_as_the_run_does():
    with cli.Folder() as folder:
        run = trained(folder)
        cli.run(["bundle", run])
        take_out(folder / "runs" / "busy.h5", f"runs/busy/checkpoints/{named(run, 'latest')}", folder / "out.h5")
        expected = cli.run_json(["evaluate", run])
        found = cli.run_json(["evaluate", folder / "out.h5"])
        for key in ("digest", "loss", "correct", "per_class"):
            cli.expect_equal(found[key], expected[key], key)


def test_other_verbs_say_what_a_bundle_is():
    with cli.Folder() as folder:
        run = trained(folder)
        cli.run(["bundle", run])
        file = folder / "runs" / "busy.h5"
        found = cli.run_json(["inspect", file])
        names = sorted({named(run, "latest"), named(run, "best")})
        cli.expect_equal((found["kind"], found["of"], found["name"]), ("bundle", "run", "busy"), "what it is")
        inside = [{"name": "busy", "status": "done", "steps": 14, "checkpoints": names}]
        cli.expect_equal(found["runs"], inside, "what is inside")
        text = cli.run(["inspect", file]).stdout
        cli.expect("bundle" in text and "busy" in text, text)
        for arguments in (["evaluate", file], ["predict", file, file]):
            refused = cli.run(arguments, code=3).stderr
            cli.expect("is a bundle of runs" in refused, refused)
        file.write_bytes(file.read_bytes()[:5000])
        refused = cli.run(["inspect", file], code=3).stderr
        cli.expect(str(file) in refused, refused)


def test_what_is_neither_a_run_nor_a_sweep_is_refused():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        for given, words in (
            (folder, "neither a run's nor a sweep's"),
            (experiment, "is no folder"),
            (folder / "a", "does not exist"),
        ):
            refused = cli.run(["bundle", given], code=3).stderr
            cli.expect(words in refused and str(given) in refused, refused)
        sweep = swept(folder)
        (sweep / "index.h5").write_bytes(b"no HDF5")
        refused = cli.run(["bundle", sweep], code=3).stderr
        cli.expect("writes it anew" in refused, refused)
        cli.run(["sweep", sweep / "sweep.yaml", "--out", sweep])
        cli.run(["bundle", sweep])


def test_the_folder_may_be_given_in_any_way_and_under_mpirun():
    with cli.Folder() as folder:
        run = trained(folder)
        for given, place in ((f"{run}/", folder), (".", run), ("runs/busy", folder), ("../busy/.", run)):
            file = pathlib.Path(cli.run_json(["bundle", given], cwd=place)["file"])
            cli.expect((place / file).samefile(folder / "runs" / "busy.h5"), f"file for {given}: {file}")
            (place / file).unlink()
        result = cli.run_json(["bundle", run], ranks=2)
        cli.expect_equal(result["runs"], 1, "runs under mpirun")


cli.run_tests(globals())
