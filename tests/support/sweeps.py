"""What the tests of sweeps have in common: a small sweep, a long one, and what their trials have left."""

import re

import lockstep_cli as cli

LISTS = ("optimizer.beta1=0.8,0.9", "seed=1,2")
# Weights that grow by a factor of 1e9 per step, or shrink a little.
DIVERGING = ("optimizer.weight_decay=1000", "learning_rate.peak=0.0001,1e6")
# Long enough to be caught while it trains, with rare checkpoints.
LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 60"), ("every_epochs: 1", "every_epochs: 50"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)


def words(folder, *more, text=cli.BUSY_EXPERIMENT, lists=LISTS):
    """The command line of a sweep in `folder`/out."""
    return ["sweep", cli.write_busy(folder, text), *lists, "--out", folder / "out", *more]


def digests(result):
    """Of the finished trials, by name."""
    return {row["trial"]: row["digest"] for row in result["results"] if row["status"] == "done"}


def starts(trial):
    """The steps that the trial's trainings began at."""
    log = trial / "log.txt"
    return [int(step) for step in re.findall(r"from step (\d+)$", log.read_text() if log.exists() else "", re.M)]


def all_starts(folder):
    """Of each trial, by name."""
    return {trial.name: starts(trial) for trial in (folder / "out" / "trials").glob("*")}
