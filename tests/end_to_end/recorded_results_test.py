#!/usr/bin/python3
# labels: slow images
# timeout: 1200
"""The shipped experiments still end with what experiments/README.md says of them, digest included."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

DATASETS = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}


def recorded():
    """The rows of the table: experiment, data set, steps, accuracy, loss, digest."""
    text = (cli.SOURCE / "experiments" / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    cli.expect(len(rows) >= 6, f"the table has {len(rows)} rows")
    return rows


def test_results_are_the_recorded_ones():
    compared = 0
    for name, data, steps, accuracy, loss, digest in recorded():
        arguments = [cli.SOURCE / "experiments" / f"{name}.yaml", f"data.dataset={DATASETS[data]}"]
        present = cli.run(["train", *arguments, "--dry-run"], code=None)
        if present.returncode == 3:
            print(f"        not compared, {data} is not on this machine: {name}")
            continue
        with cli.Folder() as folder:
            result = cli.run_json(["train", *arguments, "--out", folder / "run"])
        cli.expect_equal(result["digest"], digest, f"digest of {name} on {data}")
        cli.expect_equal(result["steps"], int(steps.split()[0]), f"steps of {name}")
        cli.expect_equal(f"{100 * result['test']['accuracy']:.2f} %", accuracy, f"accuracy of {name}")
        cli.expect_equal(f"{result['test']['loss']:.4f}", loss, f"loss of {name}")
        compared += 1
    cli.expect(compared > 0, "neither data set is on this machine")


cli.run_tests(globals())
