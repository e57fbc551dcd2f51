#!/usr/bin/python3
# labels: python
# timeout: 300
"""Every HDF5 file that is written keeps the layout of framework/storage/README.md, for HDF5's own tools and h5py,
also while it is being replaced."""

import os
import pathlib
import shutil
import subprocess
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import hdf5_layout
import lockstep_cli as cli

OPTIMIZERS = ("{type: adam}", "{type: sgd, momentum: 0.9}", "{type: sgd}")


def expect_layout(file):
    cli.expect_equal(hdf5_layout.problems_of(file), [], f"problems of {file}")
    for line in (["h5dump", "-H", file], ["h5ls", "-r", file], ["h5diff", file, file]):
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        cli.expect_equal((done.returncode, done.stderr), (0, ""), f"{line[0]} of {file}")


def test_files_of_a_sweep_and_its_trials():
    with cli.Folder() as folder:
        lists = f"optimizer={','.join(OPTIMIZERS)}"
        cli.run(["sweep", cli.write_busy(folder), lists, "--out", folder / "sweep"])
        files = sorted((folder / "sweep").rglob("*.h5"))
        cli.expect_equal(len([file for file in files if file.name == "metrics.h5"]), len(OPTIMIZERS), "metrics")
        cli.expect(len(files) > 2 * len(OPTIMIZERS), f"only {files}")
        for file in files:
            expect_layout(file)


def test_files_of_a_run_that_never_evaluated():
    with cli.Folder() as folder:
        words = ["train", cli.write_busy(folder), "evaluate.every_epochs=100", "--out", folder / "run"]
        cli.run([*words, "train.max_runtime=0.000001"], code=75)
        expect_layout(folder / "run" / "metrics.h5")


def broken(file, change):
    """What the rules say of a copy with that change."""
    copy = file.with_name("copy.h5")
    shutil.copy(file, copy)
    with h5py.File(copy, "r+") as opened:
        change(opened)
    return hdf5_layout.problems_of(copy)


def without(attribute, place):
    return lambda file: file[place].attrs.__delitem__(attribute)


def test_the_rules_find_what_is_wrong():
    def to_another_type(file):
        del file["epochs/step"]
        file["epochs/step"] = [1.5, 2.5]

    def to_a_link(file):
        file["steps/seconds"] = h5py.SoftLink("/epochs/seconds")

    with cli.Folder() as folder:
        cli.run(["train", cli.write_busy(folder), "--out", folder / "run"])
        for change, word in (
            (without("units", "steps/loss"), "/steps/loss has no units"),
            (without("long_name", "epochs"), "/epochs has no long_name"),
            (without("signal", "steps"), "its signal '' does not exist"),
            (without("default", "/"), "the default plot leads to /"),
            (without("DIMENSION_LIST", "steps/loss"), "step labels no axis of loss"),
            (without("DIMENSION_LIST", "steps/gradient_norm"), "/steps/gradient_norm: axis 0 has no scale"),
            (lambda file: file.__delitem__("confusion"), "/confusion is missing"),
            (to_another_type, "/epochs/step is ('f8', 1), not ('i8', 1)"),
            (to_another_type, "/epochs/step has no Fletcher32 checksum"),
            (to_a_link, "/steps/seconds is a link to another place"),
        ):
            problems = broken(folder / "run" / "metrics.h5", change)
            cli.expect(any(word in problem for problem in problems), f"{word!r} is not in {problems}")


def test_a_reader_at_any_time_sees_a_whole_file_and_harms_no_run():
    with cli.Folder() as folder:
        run = folder / "run"
        metrics = run / "metrics.h5"
        held = []
        lengths = [0]
        text = cli.BUSY_EXPERIMENT.replace("epochs: 2", "epochs: 100000")
        with cli.Job(["train", cli.write_busy(folder, text), "--out", run]) as job:
            job.wait_for(metrics.exists, "metrics.h5")
            while len(lengths) < 4 and job.process.poll() is None:
                file = h5py.File(metrics, "r")
                held = [*held[-3:], file]  # some stay open while the file is replaced
                steps = file["steps/step"][()]
                cli.expect_equal(steps.tolist(), list(range(1, len(steps) + 1)), "steps")
                cli.expect(len(steps) >= lengths[-1], "the file went back in time")
                if len(steps) > lengths[-1]:
                    lengths.append(len(steps))
            job.process.terminate()
            cli.expect_equal(job.end(), 75, f"exit code ({job.said()})")
        cli.expect_equal(len(lengths), 4, "versions seen")
        with h5py.File(metrics, "r") as file, h5py.File(run / (run / "latest").read_text().strip(), "r") as latest:
            cli.expect_equal(file["steps/step"][-1], latest["state"].attrs["step"], "last step")
            cli.expect_equal(file["steps/digest"][-1].tolist(), latest["state"].attrs["digest"].tolist(), "digest")
        cli.expect_equal(cli.run_json(["replay", run])["same"], True, "the same bits")


cli.run_tests(globals())
