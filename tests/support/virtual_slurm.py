"""A Slurm cluster made by cluster/virtual_slurm.sh, for the tests labelled `hosts`."""

import re
import subprocess
import time

import lockstep_cli as cli
import virtual_hosts

SCRIPT = cli.SOURCE / "cluster" / "virtual_slurm.sh"
TEMPLATE = cli.SOURCE / "cluster" / "train.sbatch"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


class Slurm(virtual_hosts.Hosts):
    """Slurm on h1 ... hN; for `with`."""

    def up(self):
        self.env["OMPI_MCA_mpi_yield_when_idle"] = "1"  # the hosts share this machine's cores
        self.env["LOCKSTEP_PROGRAM"] = cli.PROGRAM
        line = ["bash", str(SCRIPT), "up", str(self.count)]
        done = subprocess.run(line, capture_output=True, text=True, env=self.env, timeout=120, check=False)
        if done.returncode == virtual_hosts.CANNOT_RUN:
            raise cli.Skipped(done.stderr.strip())
        cli.expect_equal(done.returncode, 0, f"exit code of {line} ({done.stderr})")

    def do(self, *words):
        """What a command on login, such as scancel, says."""
        return self.call("ssh", "login", *words).stdout

    def submit(self, experiment, run, *more, options=()):
        """Submits the template; returns the job."""
        fixed = ("--parsable", f"--nodes={self.count}", "--cpus-per-task=1", f"--output={self.folder}/%j.log")
        return int(self.do("sbatch", *fixed, *options, TEMPLATE, experiment, run, "--quiet", *more))

    def said(self, job):
        """What the job has written."""
        path = self.folder / f"{job}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def about(self, job):
        """Its fields, as `scontrol show job` names them."""
        return dict(re.findall(r"(\w+)=(\S*)", self.do("scontrol", "show", "job", job)))

    def wait_for(self, job, condition, what):
        """Waits until the condition holds; fails if the job ends before."""
        limit = time.monotonic() + 180
        while not condition():
            cli.expect(self.about(job)["JobState"] not in ENDED, f"job {job} ended before {what}: {self.said(job)}")
            cli.expect(time.monotonic() < limit, f"no {what} after 180 s: {self.said(job)}")
            time.sleep(0.1)

    def end(self, job):
        """Waits for the end; returns the job's state and exit code."""
        limit = time.monotonic() + 240
        while (about := self.about(job))["JobState"] not in ENDED:
            cli.expect(time.monotonic() < limit, f"job {job} has not ended: {about} {self.said(job)}")
            time.sleep(0.2)
        return about["JobState"], int(about["ExitCode"].split(":")[0])
