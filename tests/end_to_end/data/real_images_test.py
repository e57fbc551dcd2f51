#!/usr/bin/python3
# labels: slow images
# timeout: 900
"""LeNet-5 learns real images: MNIST where it is present, else Fashion-MNIST."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

# Test accuracy to reach by one epoch of MNIST, or two of Fashion-MNIST.
TARGETS = {"mnist": (1, 0.98), "fashion_mnist": (2, 0.86)}


def test_quickstart_learns():
    quickstart = cli.SOURCE / "experiments" / "quickstart.yaml"
    probe = cli.run(["train", quickstart, "--dry-run"])
    dataset = "fashion_mnist" if "on fashion_mnist" in probe.stderr else "mnist"
    epochs, target = TARGETS[dataset]
    with cli.Folder() as folder:
        result = cli.run_json(["train", quickstart, f"train.epochs={epochs}", "--out", folder / "run"])
        cli.expect_equal(result["dataset"], dataset, "data set")
        cli.expect_equal(result["test"]["samples"], 10000, "test images")
        cli.expect_equal(result["train"]["samples"] + result["validation"]["samples"], 60000, "training images")
        print(f"        {dataset}: {result['test']['accuracy']:.4f}, {result['images_per_second']:.0f} images/s")
        cli.expect(result["test"]["accuracy"] > target, f"{result['test']['accuracy']} is not above {target}")
        found = cli.run_json(["evaluate", folder / "run"], ranks=2)
        cli.expect_equal(found["correct"], result["test"]["correct"], "correct on two ranks")


cli.run_tests(globals())
