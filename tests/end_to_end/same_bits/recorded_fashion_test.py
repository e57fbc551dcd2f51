#!/usr/bin/python3
# labels: slow images
# timeout: 1200
"""The shipped experiments still end with what experiments/README.md says of them on Fashion-MNIST, digest included."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli
import recorded_results


def test_results_are_the_recorded_ones():
    recorded_results.compare("Fashion-MNIST", "fashion_mnist", rows=2)


cli.run_tests(globals())
