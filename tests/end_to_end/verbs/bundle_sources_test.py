#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Bundles of damaged runs, running ones and other folders; what a bundle may replace, and what other verbs say about it."""

import os
import pathlib
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import bundles
import lockstep_cli as cli
from hdf5_layout import attributes

# Long enough to be caught while it trains, with checkpoints that come and go.
LONG = cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 60000")


def test_nothing_is_replaced_unless_asked_and_then_only_bundles():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
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
        run = bundles.trained(folder)
        damaged = run / "checkpoints" / f"{bundles.named(run, 'latest')}.h5"
        best = bundles.named(run, "best")
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
        run = bundles.trained(folder)
        journal, tables = run / "metrics.jsonl", run / "metrics.h5"
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
        keep = tables.read_bytes()

        def expect_whole(what, warned):
            done = cli.run(["bundle", run, "--overwrite", "--checkpoints", "none"])
            cli.expect_equal("warning" in done.stderr, warned, f"warning, {what}: {done.stderr}")
            tables.write_bytes(keep)
            with h5py.File(folder / "runs" / "busy.h5") as bundle, h5py.File(tables) as metrics:
                bundles.expect_same_contents(bundle["runs/busy/metrics"], metrics, what, bundles.OF_THE_RUN)

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
                    cli.expect_equal(attributes(packed)["status"], "running", "status")
                    cli.expect("outcome" not in packed.attrs, "an outcome")
                    steps = packed["metrics/steps/step"][()].tolist()
                    cli.expect_equal(steps, list(range(1, len(steps) + 1)), "steps")
                    saved = [checkpoint["state"].attrs["step"] for checkpoint in packed["checkpoints"].values()]
                    cli.expect(last <= max(saved) <= steps[-1], f"checkpoints {saved} after {last}, {steps[-1]} steps")
                    last = max(saved)


def test_other_verbs_say_what_a_bundle_is():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
        cli.run(["bundle", run])
        file = folder / "runs" / "busy.h5"
        found = cli.run_json(["inspect", file])
        names = sorted({bundles.named(run, "latest"), bundles.named(run, "best")})
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
        sweep = bundles.swept(folder)
        (sweep / "index.h5").write_bytes(b"no HDF5")
        refused = cli.run(["bundle", sweep], code=3).stderr
        cli.expect("writes it anew" in refused, refused)
        cli.run(["sweep", sweep / "sweep.yaml", "--out", sweep])
        cli.run(["bundle", sweep])


def test_the_folder_may_be_given_in_any_way_and_under_mpirun():
    with cli.Folder() as folder:
        run = bundles.trained(folder)
        for given, place in ((f"{run}/", folder), (".", run), ("runs/busy", folder), ("../busy/.", run)):
            file = pathlib.Path(cli.run_json(["bundle", given], cwd=place)["file"])
            cli.expect((place / file).samefile(folder / "runs" / "busy.h5"), f"file for {given}: {file}")
            (place / file).unlink()
        result = cli.run_json(["bundle", run], ranks=2)
        cli.expect_equal(result["runs"], 1, "runs under mpirun")


cli.run_tests(globals())
