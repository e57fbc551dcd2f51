"""One digest over ranks x threads x hosts x instruction sets x networks x batch sizes: all combinations, or a sample."""

import itertools
import json
import subprocess

import lockstep_cli as cli

AXES = {
    "ranks": (1, 2, 3, 4, 5, 6, 8),
    "threads": (1, 2, 4),
    "network": ("shared memory", "TCP"),
    "isa": ("avx512", "avx2", "mixed"),
    "model": ("lenet5", "busy"),
    "batch": (64, 100, 512),
}
HOSTS = 3

# Each rank takes the next of the instruction sets.
WRAPPER = """\
#!/bin/bash
sets=({sets})
export LOCKSTEP_ISA=${{sets[$((OMPI_COMM_WORLD_RANK % ${{#sets[@]}}))]}}
exec {program} "$@"
"""


def combinations():
    """All of them, as dictionaries."""
    return [dict(zip(AXES, values)) for values in itertools.product(*AXES.values())]


def pairs_of(combination):
    """Every two values of different axes that a combination brings together."""
    return set(itertools.combinations(combination.items(), 2))


def sample():
    """Few combinations in which every two values of different axes meet."""
    left = set().union(*map(pairs_of, combinations()))
    chosen = []
    while left:
        best = max(combinations(), key=lambda each: len(pairs_of(each) & left))
        left -= pairs_of(best)
        chosen.append(best)
    return chosen


def figures(result):
    """What must be the same bits."""
    return {key: result[key] for key in ("digest", "steps", "samples_seen", "train", "validation", "test")}


class Matrix:
    """Runs combinations on the hosts, and compares each with the run of one process and one thread."""

    def __init__(self, folder, hosts):
        self.folder = folder
        self.hosts = hosts
        self.busy = cli.write_busy(folder)
        self.expected = {}
        here = cli.instruction_sets(self.busy)
        self.wrappers = {isa: self.wrapper(isa, here) for isa in AXES["isa"]}

    def wrapper(self, isa, here):
        """A program that trains on the instruction sets of this name, as far as this machine has them."""
        vectors = [name for name in here if name != "portable"]  # which takes minutes
        sets = [isa] if isa in here else vectors or here
        path = self.folder / isa
        path.write_text(WRAPPER.format(sets=" ".join(sets), program=cli.PROGRAM), encoding="utf-8")
        path.chmod(0o755)
        return path

    def check(self, each):
        """Trains once; fails when a figure differs."""
        key = (each["model"], each["batch"])
        if key not in self.expected:
            self.expected[key] = figures(cli.run_json([*self.words(each), "--threads", 1]))
        result = self.train(each)
        cli.expect_equal((result["ranks"], result["threads"]), (each["ranks"], each["threads"]), "ranks and threads")
        cli.expect_equal(figures(result), self.expected[key], str(each))

    def words(self, each):
        """What is trained: epochs whose last batches are short, LeNet-5 on its own or a net with dropout and augmentation."""
        words = ["train", self.busy]
        if each["model"] == "lenet5":
            words = ["train", cli.SOURCE / "experiments" / "lenet5_mnist.yaml", "data.dataset=synthetic"]
            words += ["data.synthetic={train: 900, test: 100}", "data.validation=50"]
        words += ["train.epochs=2", f"train.batch_size={each['batch']}", "checkpoint.keep=1"]
        return [*words, "--out", self.folder / "run", "--overwrite"]

    def train(self, each):
        """The result of one combination."""
        words = [self.wrappers[each["isa"]], *self.words(each), "--threads", each["threads"], "--json"]
        if each["network"] == "TCP":
            options = ("--ranks-per-host", HOSTS, "-n", each["ranks"], "--map-by", "node")
            return json.loads(self.hosts.call("run", HOSTS, *options, "--", *words).stdout)
        line = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", each["ranks"], *words]
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True, timeout=280, check=False)
        cli.expect_equal(done.returncode, 0, f"exit code of {each} ({done.stderr})")
        return json.loads(done.stdout)
