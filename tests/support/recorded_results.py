"""Compares the shipped experiments with what experiments/README.md says of them."""

import lockstep_cli as cli


def recorded(data):
    """The table's rows of a data set: experiment, steps, accuracy, loss, digest."""
    text = (cli.SOURCE / "experiments" / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    return [(name, *figures) for name, of_data, *figures in rows if of_data == data]


def compare(data, dataset, rows):
    """Trains each experiment of the data set again; `rows` is how many the table has at least."""
    expected = recorded(data)
    cli.expect(len(expected) >= rows, f"the table has {len(expected)} rows of {data}")
    for name, steps, accuracy, loss, digest in expected:
        arguments = [cli.SOURCE / "experiments" / f"{name}.yaml", f"data.dataset={dataset}"]
        if cli.run(["train", *arguments, "--dry-run"], code=None).returncode == 3:
            raise cli.Skipped(f"{data} is not on this machine")
        with cli.Folder() as folder:
            result = cli.run_json(["train", *arguments, "--out", folder / "run"])
        cli.expect_equal(result["digest"], digest, f"digest of {name} on {data}")
        cli.expect_equal(result["steps"], int(steps.split()[0]), f"steps of {name}")
        cli.expect_equal(f"{100 * result['test']['accuracy']:.2f} %", accuracy, f"accuracy of {name}")
        cli.expect_equal(f"{result['test']['loss']:.4f}", loss, f"loss of {name}")
