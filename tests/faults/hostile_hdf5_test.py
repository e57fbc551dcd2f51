#!/usr/bin/python3
# labels: python
# timeout: 600
"""HDF5 files that are made or damaged to do harm end in a sentence, whichever verb reads them.

Each mutant is a good file with a few bytes changed where libhdf5 keeps its structures, and a right digest over them: what
a digest finds is tested elsewhere. Every verb that reads such a file must end with its result or with one sentence and
exit code 3, within seconds and with little memory. Seeds are fixed, so a mutant can be made again: `mutant(kind, number)`.
"""

import os
import pathlib
import random
import re
import resource
import shutil
import sys
import time

import h5py
import numpy
import xxhash

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

BLOCK = 512
SECONDS = 20  # on a crowded machine; alone 5
KIBIBYTES = 400 * 1024  # of the program and of what it starts, each alone


def sealed(content):
    """A file of ours with a right digest over whatever it has."""
    digest = xxhash.xxh3_128(content[BLOCK:]).hexdigest().encode()
    head = re.sub(rb"xxh3-128 [0-9a-f]{32}", b"xxh3-128 " + digest, bytes(content[:BLOCK]))
    return head + bytes(content[BLOCK:])


class Kitchen:
    """Good files of every kind that a verb reads, and the command lines that read them."""

    def __init__(self, folder):
        self.folder = folder
        self.experiment = cli.write_busy(folder)
        cli.run(["sweep", self.experiment, "seed=1,2", "train.epochs=1", "--out", folder / "sweep", "--quiet"])
        self.run = next((folder / "sweep" / "trials").iterdir())
        cli.run(["bundle", folder / "sweep", "--out", folder / "bundle.h5", "--quiet"])
        self.checkpoint = self.run / (self.run / "latest").read_text(encoding="utf-8").strip()
        self.write_weights()
        self.write_data_set()
        golden = cli.SOURCE / "tests" / "golden" / "0.1.0"
        self.files = {
            "checkpoint": self.checkpoint,
            "metrics": self.run / "metrics.h5",
            "index": folder / "sweep" / "index.h5",
            "bundle": folder / "bundle.h5",
            "weights": folder / "weights.h5",
            "data": folder / "data.h5",
            "earlier": next(golden.rglob("index.h5")),
        }

    def write_weights(self):
        with h5py.File(self.checkpoint) as source, h5py.File(self.folder / "weights.h5", "w") as file:
            file["model"] = source["model"].asstr()[()]  # a text of variable length
            for layer, tensors in source["parameters"].items():
                for name, values in tensors.items():
                    file[f"parameters/{layer}/{name}"] = values[()]
                    file[f"parameters/{layer}/{name}"].attrs["axis_order"] = values.attrs["axis_order"].decode()

    def write_data_set(self):
        generator = numpy.random.default_rng(1)
        with h5py.File(self.folder / "data.h5", "w") as file:
            for part, count in (("train", 60), ("test", 20)):
                pixels = generator.integers(0, 256, (count, 28, 28), dtype="u1")
                file.create_dataset(f"{part}/images", data=pixels, chunks=(7, 28, 28), compression="gzip")
                file[f"{part}/labels"] = numpy.arange(count, dtype="i8") % 10

    def lines(self, kind, path):
        """The command lines that read a file of a kind."""
        given = ("data.dataset=hdf5", f"data.path={path}", "data.validation=0")
        fresh = self.folder / "fresh"
        return {
            "checkpoint": (["inspect", path], ["evaluate", path], ["compare", path, self.checkpoint]),
            "metrics": (["inspect", path], ["inspect", path, "--csv", "steps"], ["compare", path, self.run / "metrics.h5"]),
            "index": (["inspect", path],),
            "bundle": (["inspect", path],),
            "weights": (["inspect", path], ["evaluate", path, "data.dataset=synthetic"]),
            "data": (
                ["train", self.experiment, *given, "train.batch_size=20", "train.steps=1", "--out", fresh],
                ["evaluate", self.checkpoint, *given],
            ),
            "earlier": (["inspect", path],),
        }[kind]


def places(content, dice):
    """Where to change bytes: in one of HDF5's structures, or anywhere near the beginning or the end."""
    marks = [found.start() for found in re.finditer(rb"GCOL|TREE|SNOD|HEAP|OHDR|FRHP|FADB|BTHD", content)]
    if marks and dice.random() < 0.7:
        mark = dice.choice(marks)
        return lambda: mark + dice.randrange(4, 80)
    span = dice.choice((256, 2048, 16384, len(content)))
    return lambda: dice.choice((dice.randrange(span), len(content) - 1 - dice.randrange(span)))


def mutant(content, kind, number):
    """The file with a few bytes changed. Number 0 is the file itself."""
    dice = random.Random(f"{kind} {number}")
    changed = bytearray(content)
    first = BLOCK if content.startswith(b"LOCKSTEP ") else 0
    place = places(content, dice)
    for _ in range(dice.choice((1, 1, 2, 4)) if number else 0):
        at = place()
        if first <= at < len(content):
            changed[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, changed[at] ^ (1 << dice.randrange(8))))
    return sealed(changed) if first else bytes(changed)


def expect_sentence(line, done, seconds, what):
    said = done.stderr.strip().splitlines()
    cli.expect(done.returncode in (0, 1, 3), f"{what}: {line} ended with {done.returncode}: {done.stderr[-500:]}")
    cli.expect(seconds < SECONDS, f"{what}: {line} took {seconds:.1f} s")
    if done.returncode == 3:
        cli.expect(re.search(r"\. \[E\d{3}\]$", said[-1]), f"{what}: {line} said {said}")
        cli.expect("nforeseen" not in said[-1], f"{what}: {line} said {said}")
    return said[-1] if done.returncode == 3 else ""


def try_mutants(numbers):
    """Mutants of each kind, read by all verbs in turn; returns how each ended."""
    ends = {}
    with cli.Folder() as folder:
        kitchen = Kitchen(folder)
        for kind, good in kitchen.files.items():
            content = good.read_bytes()
            for number in numbers:
                path = folder / f"{kind}.mutant.h5"
                path.write_bytes(mutant(content, kind, number))
                lines = kitchen.lines(kind, path)
                line = lines[number % len(lines)]
                began = time.monotonic()
                done = cli.run(line, code=None)
                said = expect_sentence(line, done, time.monotonic() - began, f"mutant {kind} {number}")
                shutil.rmtree(folder / "fresh", ignore_errors=True)
                code = said[-5:-1] if said else "read"
                ends.setdefault(kind, {}).setdefault(code, []).append(number)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    cli.expect(most < KIBIBYTES, f"a process took {most} KiB")
    return ends


def expect_held(numbers):
    ends = try_mutants(numbers)
    for kind, found in ends.items():
        print(f"{kind}: " + ", ".join(f"{len(tried)} {code}" for code, tried in sorted(found.items())))
        cli.expect(0 in found.get("read", []), f"the good {kind} was not read")
    held = [f"{kind} {number}" for kind, found in ends.items() for number in found.get("E518", [])]
    print("held although they crash or hang libhdf5:", ", ".join(held))
    if h5py.version.hdf5_version == "1.10.8":
        cli.expect("earlier 28" in held, f"the mutant that crashes libhdf5 1.10.8 is not among {held}")


def test_changed_structures_end_in_a_sentence():
    expect_held([*range(8), 28, 40])


@cli.faults
def test_a_thousand_changed_structures_end_in_a_sentence():
    expect_held(range(150))


def test_files_that_claim_too_much_are_refused():
    with cli.Folder() as folder:
        with h5py.File(folder / "giant.h5", "w") as file:
            file["model"] = "name: x\n"
            file.create_dataset("parameters/f1/weight", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024))
        with h5py.File(folder / "bomb.h5", "w") as file:
            file["model"] = "name: x\n"
            zeros = numpy.zeros((64, 1 << 20), "f4")
            file.create_dataset("parameters/f1/weight", data=zeros, chunks=(1, 1 << 20), compression="gzip")
        with h5py.File(folder / "crowd.h5", "w", libver="latest") as file:
            file["model"] = "name: x\n"
            for number in range(70000):
                file.create_group(f"parameters/{number}")
        for name, part in (("giant", "claims"), ("crowd", "holds more than 65536 names")):
            began = time.monotonic()
            done = cli.run(["evaluate", folder / f"{name}.h5"], code=3)
            expect_sentence(name, done, time.monotonic() - began, name)
            cli.expect(part in done.stderr, f"{name}: {done.stderr}")
        done = cli.run(["inspect", folder / "bomb.h5"], code=0)
        cli.expect("67108864" in done.stdout, done.stdout)


def test_data_elsewhere_are_not_read():
    secret = b"secret of another file"
    with cli.Folder() as folder:
        (folder / "secret").write_bytes(secret * 100)
        with h5py.File(folder / "outside.h5", "w") as file:
            file["model"] = "name: x\n"
            file.create_dataset("parameters/f1/weight", (10, 4), "f4", external=[(str(folder / "secret"), 0, 160)])
        with h5py.File(folder / "linked.h5", "w") as file:
            file["model"] = h5py.ExternalLink(str(folder / "outside.h5"), "/model")
            file["parameters"] = h5py.SoftLink("/parameters")
        layout = h5py.VirtualLayout((10, 4), "f4")
        layout[:] = h5py.VirtualSource(str(folder / "outside.h5"), "parameters/f1/weight", (10, 4))
        with h5py.File(folder / "virtual.h5", "w", libver="latest") as file:
            file["model"] = "name: x\n"
            file.create_virtual_dataset("parameters/f1/weight", layout)
        for name, part in (("outside", "in another file"), ("linked", "link"), ("virtual", "virtual")):
            for line in (["inspect", folder / f"{name}.h5"], ["evaluate", folder / f"{name}.h5"]):
                said = cli.run(line, code=3).stderr
                cli.expect(part in said and "secret of" not in said, said)


def test_without_protection_a_good_file_reads_the_same():
    with cli.Folder() as folder:
        kitchen = Kitchen(folder)
        for kind in ("checkpoint", "metrics", "index", "bundle", "weights", "earlier"):
            line = ["inspect", kitchen.files[kind], "--json"]
            cli.expect_equal(cli.run([*line, "--trust"]).stdout, cli.run(line).stdout, kind)


if __name__ == "__main__":
    cli.run_tests(globals())
