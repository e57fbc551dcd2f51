#!/usr/bin/python3
"""A loaded library that leaves another rounding mode or flushes denormals changes no bit."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

# Runs before main, as a library built with -ffast-math would.
SPOILER = """\
#include <fenv.h>
#include <xmmintrin.h>
__attribute__((constructor)) static void spoil(void) {
  fesetround(FE_UPWARD);
  _mm_setcsr(_mm_getcsr() | 0x8040);
}
"""


def spoiler(folder):
    """The library, built."""
    source = folder / "spoiler.c"
    source.write_text(SPOILER, encoding="utf-8")
    library = folder / "spoiler.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-lm"], check=True)
    return library


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "train", "validation", "test")}


def test_a_spoiled_start_gives_the_same_bits():
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        expected = figures(cli.run_json(["train", experiment, "--out", folder / "plain"]))
        spoiled = {"LD_PRELOAD": str(spoiler(folder))}
        for threads in (1, 3):
            out = folder / f"spoiled{threads}"
            found = cli.run_json(["train", experiment, "--out", out, "--threads", threads], env=spoiled)
            cli.expect_equal(figures(found), expected, f"{threads} threads")


cli.run_tests(globals())
