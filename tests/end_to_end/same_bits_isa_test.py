#!/usr/bin/python3
"""One digest for every instruction set that the program knows: on a machine without one of them the test is skipped."""

import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

ALL = ("avx512", "avx2", "portable")


def available(experiment):
    """Those that the program says this machine runs."""
    said = cli.run(["train", experiment], code=2, env={"LOCKSTEP_ISA": "none"}).stderr
    return re.search(r"that this machine runs: (.*)\.", said).group(1).split(", ")


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "steps", "samples_seen", "train", "validation", "test")}


def test_every_isa_gives_the_same_bits():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        found = {}
        for isa in available(experiment):
            result = cli.run_json(["train", experiment, "--out", folder / isa], env={"LOCKSTEP_ISA": isa})
            cli.expect_equal(result["isa"], isa, "isa")
            found[isa] = figures(result)
            cli.expect_equal(found[isa], found[next(iter(found))], isa)
        missing = [isa for isa in ALL if isa not in found]
        cli.expect("portable" in found, f"compared {list(found)}")
        if missing:
            raise cli.Skipped(f"compared {', '.join(found)}; this machine has no {', '.join(missing)}")


cli.run_tests(globals())
