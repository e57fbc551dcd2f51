"""Runs the lockstep program as a user would, for the script tests."""

import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

PROGRAM = os.environ["LOCKSTEP_PROGRAM"]
SOURCE = pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"])


class Skipped(Exception):
    """Why a test, or a part of it, cannot run on this machine; CTest shows the script as skipped."""


class Failure(AssertionError):
    """What a test expected and did not find."""


def command(arguments, ranks=None):
    """The command line, under mpirun when ranks are given."""
    line = [PROGRAM, *map(str, arguments)]
    if ranks is not None:
        line = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *line]
    return line


def run(arguments, ranks=None, code=0, env=None, cwd=None):
    """Runs to the end and checks the exit code (None: any); returns the finished process."""
    environment = dict(os.environ, **(env or {}))
    done = subprocess.run(
        command(arguments, ranks),
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env=environment,
        cwd=cwd,
        timeout=280,
        check=False,
    )
    if code is not None and done.returncode != code:
        raise Failure(
            f"{arguments} (ranks={ranks}) ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}"
        )
    return done


def rank_of(process):
    """The rank of a process, given as its folder in /proc; StopIteration: it is none."""
    variables = (process / "environ").read_text(encoding="utf-8").split("\0")
    return int(next(v for v in variables if v.startswith("OMPI_COMM_WORLD_RANK=")).split("=")[1])


def processes(folder):
    """All processes whose command line names the folder."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder) in path.read_text(encoding="utf-8"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def expect_no_process(folder, seconds):
    """Requires that all processes whose command line names the folder end within this many seconds."""
    limit = time.monotonic() + seconds
    while left := processes(folder):
        expect(time.monotonic() < limit, f"left after {seconds} s: {left}")
        time.sleep(0.02)


class Job:
    """The program while it runs, alone or under mpirun; for `with`, which leaves no process behind."""

    def __init__(self, arguments, ranks=None, env=None, line=None):
        self.stderr = tempfile.TemporaryFile("w+")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            line or command(arguments, ranks),
            stdout=subprocess.DEVNULL,
            stderr=self.stderr,
            env=dict(os.environ, **(env or {})),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may ignore it in the background
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in (*self.ranks().values(), self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.stderr.close()

    def ranks(self):
        """The process of each rank that lives; without mpirun there is none below the program."""
        found = {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = status.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found[rank_of(status.parent)] = int(status.parent.name)
            except (OSError, StopIteration):
                continue  # it has ended meanwhile, or is no rank
        return found

    def wait_for(self, condition, what):
        """Waits until the condition holds; fails if the program ends before."""
        limit = time.monotonic() + 120
        while not condition():
            expect(self.process.poll() is None, f"the program ended before {what}: {self.said()}")
            expect(time.monotonic() < limit, f"no {what} after 120 s: {self.said()}")
            time.sleep(0.01)

    def end(self):
        """Waits for the end; returns the exit code."""
        return self.process.wait(timeout=280)

    def said(self):
        """What it has written to stderr so far."""
        self.stderr.seek(0)
        return self.stderr.read()


def run_json(arguments, ranks=None, env=None, cwd=None):
    """Runs with --json and returns the object; anything else on stdout is a failure."""
    return json.loads(run([*arguments, "--json"], ranks, 0, env, cwd).stdout)


def instruction_sets(experiment):
    """The instruction sets that the program says this machine can run."""
    said = run(["train", experiment], code=2, env={"LOCKSTEP_ISA": "none"}).stderr
    return re.search(r"that this machine runs: (.*)\.", said).group(1).split(", ")


def expect(condition, message):
    """A check that also holds under python -O."""
    if not condition:
        raise Failure(message)


def expect_equal(found, expected, what):
    """Exact equality; floats too."""
    expect(found == expected, f"{what}: {found!r} is not {expected!r}")


class Folder:
    """A temporary folder for `with`."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="lockstep_test_"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def faults(test):
    """Marks a test that takes too long for every change, such as one that kills again and again: only `ctest -C Full` runs it."""
    test.part = "faults"
    return test


def run_tests(namespace):
    """Runs every function named test_*, says which, and ends with 1 if one failed, else 77 if one was skipped, else 0.

    Those that are marked run if LOCKSTEP_TEST_PART names their mark, and the others if it is empty.
    """
    part = os.environ.get("LOCKSTEP_TEST_PART", "")
    tests = [(name, value) for name, value in namespace.items() if name.startswith("test_")]
    tests = [(name, test) for name, test in tests if getattr(test, "part", "") == part]
    expect(len(tests) > 0, f"there is no test of part '{part}'")
    failures = 0
    skipped = 0
    for name, test in tests:
        start = time.monotonic()
        try:
            test()
            print(f"passed  {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Skipped as reason:
            skipped += 1
            print(f"SKIPPED {name}: {reason}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failures += 1
            print(f"FAILED  {name}: {error}", flush=True)
    raise SystemExit(1 if failures else 77 if skipped else 0)


BUSY_EXPERIMENT = """\
schema_version: 1
name: busy
seed: 7
model:
  name: busy
  input: {shape: [1, 28, 28]}
  layers:
    - {name: c1, type: conv2d, filters: 4, kernel: 5, stride: 2, padding: 1}
    - {name: r1, type: relu}
    - {name: p1, type: max_pool2d, kernel: 2}
    - {name: left, type: conv2d, filters: 4, kernel: 3, padding: 1, inputs: [p1]}
    - {name: right, type: conv2d, filters: 4, kernel: 1, inputs: [p1]}
    - {name: joined, type: add, inputs: [left, right]}
    - {name: t1, type: tanh}
    - {name: flat, type: flatten}
    - {name: drop, type: dropout, rate: 0.2}
    - {name: f1, type: dense, units: 20, weight_scale: 0.5}
    - {name: r2, type: relu}
    - {name: out, type: dense, units: 10}
data:
  dataset: synthetic
  synthetic: {train: 730, test: 300}
  validation: 100
  augment: {shift: 1}
train: {epochs: 2, batch_size: 100, clip_norm: 1.0}
loss: {type: softmax_cross_entropy, label_smoothing: 0.1}
optimizer: {type: adam}
learning_rate: {schedule: one_cycle, peak: 0.01, warmup: 0.1}
evaluate: {every_epochs: 1}
checkpoint: {every_steps: 3, keep: 2}
"""


def write_digits(folder, images):
    """MNIST's four files, images of our own in both parts, below what LOCKSTEP_DATA names; returns their folder."""
    place = pathlib.Path(folder) / "mnist"
    place.mkdir(parents=True)
    for part in ("train", "t10k"):
        with gzip.open(place / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(struct.pack(">IIII", 0x803, len(images), 28, 28) + b"".join(images))
        with gzip.open(place / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">II", 0x801, len(images)) + bytes(i % 10 for i in range(len(images))))
    return place


def write_busy(folder, text=BUSY_EXPERIMENT):
    """The experiment with everything that could tell ranks or threads apart."""
    path = pathlib.Path(folder) / "busy.yaml"
    path.write_text(text, encoding="utf-8")
    return path
