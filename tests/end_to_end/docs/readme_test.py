#!/usr/bin/python3
# labels: slow images
# timeout: 600
"""The README's commands, as a reader pastes them."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

SET_UP = re.compile(r"bash cluster/setup_node\.sh.* && (.*)")


def blocks(language):
    text = (cli.SOURCE / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def fresh_tree(folder):
    """What the commands look at, without the machine's set-up."""
    for name in ("experiments", "models", "data"):
        (folder / name).symlink_to(cli.SOURCE / name)
    (folder / "build").mkdir()
    (folder / "build" / "lockstep").symlink_to(cli.PROGRAM)


def without_set_up(block):
    """The machine is set up and these very tests are running: what follows the set-up is of interest."""
    match = SET_UP.match(block)
    if not match:
        return block
    return "" if match.group(1).startswith("ctest") else match.group(1)


def without_missing_data(block):
    mnist = cli.SOURCE / "experiments" / "lenet5_mnist.yaml"
    if cli.run(["train", mnist, "--dry-run"], code=None).returncode != 3:
        return block
    return "\n".join(line for line in block.splitlines() if "lenet5_mnist" not in line)


def test_every_command_works_as_pasted():
    commands = blocks("bash")
    cli.expect(len(commands) >= 5, f"found {len(commands)} blocks")
    cli.expect(sum(bool(SET_UP.match(block)) for block in commands) == 2, "two commands set the machine up")
    with cli.Folder() as folder:
        fresh_tree(folder)
        for block in commands:
            script = without_missing_data(without_set_up(block))
            done = subprocess.run(
                ["bash", "-euc", script], cwd=folder, capture_output=True, text=True, timeout=300, check=False
            )
            cli.expect_equal(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}\nexit code")
            cli.expect("Error" not in done.stderr, f"{script}\n{done.stderr}")
        solo, ranks = folder / "runs" / "lenet5_mnist", folder / "runs" / "lenet5_mnist-3"
        if not solo.exists():
            raise cli.Skipped("MNIST is not on this machine, so the lines with lenet5_mnist.yaml were not run")
        digest, other = (cli.run_json(["inspect", run])["metrics"]["last_step"]["digest"] for run in (solo, ranks))
        cli.expect_equal(other, digest, "digest under mpirun")


cli.run_tests(globals())
