#!/usr/bin/python3
"""One digest for every instruction set that the program knows: on a machine without one of them the test is skipped."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

ALL = ("avx512", "avx2", "portable")


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "steps", "samples_seen", "train", "validation", "test")}


def compare(experiment, overrides, folder):
    """Trains on each instruction set and compares."""
    found = {}
    for isa in cli.instruction_sets(experiment):
        arguments = ["train", experiment, *overrides, "--out", folder / isa]
        result = cli.run_json(arguments, env={"LOCKSTEP_ISA": isa})
        cli.expect_equal(result["isa"], isa, "isa")
        found[isa] = figures(result)
        cli.expect_equal(found[isa], found[next(iter(found))], isa)
    missing = [isa for isa in ALL if isa not in found]
    cli.expect("portable" in found, f"compared {list(found)}")
    if missing:
        raise cli.Skipped(f"compared {', '.join(found)}; this machine has no {', '.join(missing)}")


def test_every_isa_gives_the_same_bits():
    with cli.Folder() as folder:
        compare(cli.write_busy(folder), [], folder)


def test_every_isa_trains_lenet5_for_100_steps_to_the_same_bits():
    overrides = ["data.dataset=synthetic", "data.synthetic={train: 2000, test: 100}", "data.validation=0"]
    overrides += ["train.steps=100", "train.batch_size=48", "train.micro_batch=16"]
    with cli.Folder() as folder:
        compare(cli.SOURCE / "experiments" / "lenet5_mnist.yaml", overrides, folder)


cli.run_tests(globals())
