#!/usr/bin/python3
# labels: slow
# timeout: 600
"""The shipped experiments on drawn digits still end with what experiments/README.md says, digest included."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import recorded_results


def test_results_are_the_recorded_ones():
    recorded_results.compare("drawn digits", "synthetic", rows=1)


cli.run_tests(globals())
