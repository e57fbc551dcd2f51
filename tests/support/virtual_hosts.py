"""Hosts made by cluster/virtual_hosts.sh, and jobs on them, for the tests labelled `hosts`."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import lockstep_cli as cli

SCRIPT = cli.SOURCE / "cluster" / "virtual_hosts.sh"
CANNOT_RUN = 77
JOB_PROGRAMS = ("lockstep", "mpirun", "orted", "srun", "slurmstepd")


class Hosts:
    """h1 ... hN and login as a separate set; for `with`, which leaves nothing behind."""

    def __init__(self, count, *options):
        self.count = count
        self.options = options

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lockstep_hosts_"))
        self.env = dict(os.environ, LOCKSTEP_HOSTS_DIR=str(self.folder / "state"))
        try:
            self.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.call("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    def line(self, *words):
        """The command line of the script."""
        return ["bash", str(SCRIPT), *map(str, words)]

    def call(self, *words, code=0):
        """Runs the script to its end, checks the exit code (None: any), and returns the finished process."""
        done = subprocess.run(
            self.line(*words), capture_output=True, text=True, env=self.env, timeout=280, check=False
        )
        if done.returncode == CANNOT_RUN:
            raise cli.Skipped(done.stderr.strip())
        if code is not None:
            cli.expect_equal(done.returncode, code, f"exit code of {words} ({done.stdout}{done.stderr})")
        return done

    def up(self):
        """All hosts, also those that were killed."""
        self.call("up", self.count, *self.options)

    def train(self, experiment, out, *more, options=(), program=cli.PROGRAM):
        """The words of a run on all hosts."""
        train = ["train", experiment, "--out", out, *more]
        return ["run", self.count, *options, "--", program, *train]

    def job(self, *words, **more):
        """The same as train(), while it runs."""
        return HostsJob(self, self.train(*words, **more))

    def living(self):
        """Folders in /proc of the processes that live on the hosts, those that hold the hosts aside."""
        state = self.folder / "state"
        inside = (state / "namespace").read_text(encoding="utf-8").strip()
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "ns" / "pid") == inside and name_of(process) in JOB_PROGRAMS:
                    yield process
            except OSError:
                continue  # it has ended meanwhile

    def wait_until_empty(self, since, limit):
        """Waits until no process of a job is left; returns the seconds since then."""
        while left := [name_of(process) for process in self.living()]:
            cli.expect(time.monotonic() - since < limit, f"still there after {limit} s: {left}")
            time.sleep(0.02)
        return time.monotonic() - since


def name_of(process):
    """The program of a process, given as its folder in /proc; a zombie has none."""
    words = (process / "stat").read_text(encoding="utf-8")
    return "" if words.rpartition(")")[2].split()[0] == "Z" else words[words.index("(") + 1 : words.rindex(")")]


class HostsJob(cli.Job):
    """A job on the hosts; its process is the script's."""

    def __init__(self, hosts, words):
        self.hosts = hosts
        super().__init__(None, env=hosts.env, line=hosts.line(*words))

    def __exit__(self, *error):
        for process in self.hosts.living():
            os.kill(int(process.name), signal.SIGKILL)
        super().__exit__(*error)

    def ranks(self):
        found = {}
        for process in self.hosts.living():
            try:
                if name_of(process) == "lockstep":
                    found[cli.rank_of(process)] = int(process.name)
            except (OSError, StopIteration):
                continue  # it has ended meanwhile
        return found

    def mpirun(self):
        """The process of mpirun."""
        return next(int(process.name) for process in self.hosts.living() if name_of(process) == "mpirun")
