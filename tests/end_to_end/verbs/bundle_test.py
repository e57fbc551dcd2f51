#!/usr/bin/python3
# timeout: 600
"""Bundles: one plain file with everything of a run or a sweep, to the bit."""

import os
import pathlib
import shutil
import subprocess
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import bundles
import hdf5_layout
import lockstep_cli as cli
from hdf5_layout import attributes

HALVING = """\
schema_version: 1
base: busy.yaml
method: halving
parameters: {learning_rate.peak: {values: [0.00001, 0.01, 0.02, 0.0001]}}
overrides: {train.epochs: 18}
"""


def expect_scales(metrics):
    cli.expect_equal(metrics["steps/loss"].dims[0][0], metrics["steps/step"], "scale of the loss")
    cli.expect_equal(metrics["layers/gradient_rms"].dims[1][0], metrics["layers/layer"], "scale of the layers")


def expect_run(packed, run, checkpoints):
    """A run's group has what its folder has."""
    for name in ("experiment.yaml", "resolved.yaml", "log.txt"):
        cli.expect_equal(packed[name].asstr()[()], (run / name).read_text(encoding="utf-8"), name)
    with h5py.File(run / "metrics.h5") as metrics:
        bundles.expect_same_contents(packed["metrics"], metrics, "metrics", bundles.OF_THE_RUN)
    expect_scales(packed["metrics"])
    cli.expect_equal(sorted(packed["checkpoints"]), sorted(checkpoints), "checkpoints")
    for name in checkpoints:
        with h5py.File(run / "checkpoints" / f"{name}.h5") as checkpoint:
            bundles.expect_same_contents(packed["checkpoints"][name], checkpoint, name)
    for name in ("latest", "best"):
        cli.expect_equal(attributes(packed["checkpoints"])[name], bundles.named(run, name), name)


def expect_plain(file):
    """The layout's rules, and HDF5's own tools."""
    cli.expect_equal(hdf5_layout.problems_of(file), [], f"problems of {file}")
    for options in (["-H"], []):
        dump = subprocess.run(["h5dump", *options, file], capture_output=True, text=True, check=False)
        cli.expect_equal((dump.returncode, dump.stderr), (0, ""), "h5dump")
    with h5py.File(file) as bundle:
        cli.expect(len(bundles.nodes(bundle)) > 20, "a bundle without links that has nothing")


def test_a_runs_bundle_is_its_folder_to_the_bit():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
        result = cli.run_json(["bundle", run])
        file = folder / "runs" / "busy.h5"
        names = {bundles.named(run, "latest"), bundles.named(run, "best")}
        size = file.stat().st_size
        expected = {"file": str(file), "kind": "run", "runs": 1, "checkpoints": len(names), "bytes": size}
        cli.expect_equal(result, expected, "result")
        with h5py.File(file) as bundle:
            cli.expect_equal((attributes(bundle)["format"], attributes(bundle)["kind"]), ("lockstep-bundle", "run"), "kind")
            packed = bundle["runs/busy"]
            cli.expect_equal(list(bundle["runs"]), ["busy"], "runs")
            cli.expect_equal(attributes(packed)["status"], "done", "status")
            cli.expect_equal((attributes(packed)["outcome"], attributes(packed)["exit_code"]), ("DONE", 0), "end")
            expect_run(packed, run, names)
            shown = bundle
            while "default" in shown.attrs:
                shown = shown[attributes(shown)["default"]]
            cli.expect_equal(shown[attributes(shown)["signal"]].name, "/runs/busy/metrics/steps/loss", "what viewers show")
        expect_plain(file)
        cli.expect_equal(sorted(path.name for path in file.parent.iterdir()), ["busy", "busy.h5"], "files")


def test_equal_runs_give_equal_bundles():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
        for name in ("a.h5", "b.h5"):
            cli.run(["bundle", run, "--out", folder / name])
        cli.expect((folder / "a.h5").read_bytes() == (folder / "b.h5").read_bytes(), "the bytes differ")


def test_the_checkpoints_that_are_asked_for_are_packed():
    with cli.Folder() as folder:
        run = bundles.trained(folder, "checkpoint.keep=9")
        every = sorted(path.stem for path in (run / "checkpoints").iterdir())
        latest, best = bundles.named(run, "latest"), bundles.named(run, "best")
        for which, names in (("all", every), ("latest", [latest]), ("best", [best]), ("none", [])):
            result = cli.run_json(["bundle", run, "--checkpoints", which, "--overwrite"])
            cli.expect_equal(result["checkpoints"], len(names), f"number for {which}")
            with h5py.File(result["file"]) as bundle:
                expect_run(bundle["runs/busy"], run, names)
        cli.expect(len(every) > 3, f"checkpoints: {every}")


def test_a_sweeps_bundle_has_the_table_and_every_trial():
    with cli.Folder() as folder:
        sweep = bundles.swept(folder)
        result = cli.run_json(["bundle", sweep])
        cli.expect_equal((result["kind"], result["runs"]), ("sweep", 2), "result")
        with h5py.File(sweep / "index.h5") as index, h5py.File(result["file"]) as bundle:
            cli.expect_equal(bundle["sweep.yaml"].asstr()[()], (sweep / "sweep.yaml").read_text("utf-8"), "sweep.yaml")
            for group in ("trials", "curves"):
                bundles.expect_same_contents(bundle[group], index[group], group)
            for name in ("name", "metric", "goal", "default"):
                cli.expect_equal(bundle.attrs[name], index.attrs[name], name)
            cli.expect_equal(bundle["trials/test_loss"].dims[0][0], bundle["trials/trial"], "scale")
            for trial in index["trials/trial"].asstr():
                run = sweep / "trials" / trial
                expect_run(bundle["runs"][trial], run, {bundles.named(run, "latest"), bundles.named(run, "best")})
        expect_plain(result["file"])


def test_a_sweeps_bundle_is_as_far_as_its_runs_and_keeps_rows_without_one():
    with cli.Folder() as folder:
        sweep = bundles.swept(folder)
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
            cli.expect_equal({name: attributes(run)["status"] for name, run in bundle["runs"].items()}, statuses, "of runs")


def take_out(file, name, target):
    """As the README shows."""
    with h5py.File(file) as bundle, h5py.File(target, "w") as checkpoint:
        packed = bundle[name]
        checkpoint.attrs.update(packed.attrs)
        for part in packed:
            bundle.copy(packed[part], checkpoint)


def test_a_checkpoint_taken_out_evaluates_as_the_run_does():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
        cli.run(["bundle", run])
        take_out(folder / "runs" / "busy.h5", f"runs/busy/checkpoints/{bundles.named(run, 'latest')}", folder / "out.h5")
        expected = cli.run_json(["evaluate", run])
        found = cli.run_json(["evaluate", folder / "out.h5"])
        for key in ("digest", "loss", "correct", "per_class"):
            cli.expect_equal(found[key], expected[key], key)


cli.run_tests(globals())
