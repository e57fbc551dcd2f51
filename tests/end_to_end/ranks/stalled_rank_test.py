#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Ranks that are stopped, spin, leave without a word or miscalculate: all end, with 4 or 5, and no process is left."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

LONG = cli.BUSY_EXPERIMENT
for short, long in (("epochs: 2", "epochs: 2000"), ("every_epochs: 1", "every_epochs: 100"), ("_steps: 3", "_steps: 100")):
    LONG = LONG.replace(short, long)
SHORT_DEADLINE = "train.step_deadline=2"

# Makes rank 1 do what its variable FAULT says when it sends its 400th message.
FAULTY = """\
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request* request) {
  static int calls = 0;
  const char* rank = getenv("OMPI_COMM_WORLD_RANK");
  if (++calls == 400 && rank && strcmp(rank, "1") == 0) {
    const char* fault = getenv("FAULT");
    if (strcmp(fault, "spin") == 0) for (volatile int i = 0;; ++i) {}
    if (strcmp(fault, "finalize") == 0) { PMPI_Finalize(); _exit(0); }
  }
  return PMPI_Isend(data, count, type, to, tag, comm, request);
}
"""

# Changes what rank 1 has received with its 400th message by what its variable FAULT says.
MISTAKEN = """\
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
static float* received;
static int messages;
int MPI_Irecv(void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request* request) {
  const char* rank = getenv("OMPI_COMM_WORLD_RANK");
  if (tag == 0 && rank && strcmp(rank, "1") == 0 && ++messages == 400) received = data;
  return PMPI_Irecv(data, count, type, from, tag, comm, request);
}
int MPI_Testall(int count, MPI_Request* requests, int* done, MPI_Status* statuses) {
  int code = PMPI_Testall(count, requests, done, statuses);
  if (*done && received && messages == 400) {
    received[3] = strcmp(getenv("FAULT"), "infinite") == 0 ? INFINITY : received[3] + 1;
    received = NULL;
  }
  return code;
}
"""


def faulty(folder, source=FAULTY):
    """The library, built with the flags of the MPI that is here."""
    (folder / "faulty.c").write_text(source, encoding="utf-8")
    library = folder / "faulty.so"
    subprocess.run(["mpicc", "-shared", "-fPIC", "-w", "-o", library, folder / "faulty.c"], check=True)
    return str(library)


def train(folder, *more):
    return ["train", cli.write_busy(folder, LONG), "--quiet", "--threads", 1, "--out", folder / "run", *more]


def at_work(running, folder):
    journal = folder / "run" / "metrics.jsonl"
    running.wait_for(lambda: journal.exists() and journal.stat().st_size > 1000, "step 10")


def expect_stalled(running, ranks, place="(exchange of gradients)"):
    """All ranks are gone with 4, and those that waited have said where."""
    cli.expect_equal(running.end(), 4, f"exit code ({running.said()})")
    cli.expect(not any(pathlib.Path(f"/proc/{pid}/exe").exists() for pid in ranks.values()), "a rank is left")
    lines = [line for line in running.said().splitlines() if "Nothing has moved for 2 s at step" in line]
    cli.expect(lines and all(line.startswith("[rank ") for line in lines), f"what was said: {running.said()}")
    cli.expect(any(place in line for line in lines), f"{place} is not in {lines}")


def test_a_stopped_rank_ends_the_job():
    for ranks, stopped in ((2, 1), (3, 0)):
        with cli.Folder() as folder, cli.Job(train(folder, SHORT_DEADLINE), ranks) as running:
            at_work(running, folder)
            processes = running.ranks()
            os.kill(processes[stopped], signal.SIGSTOP)
            expect_stalled(running, processes)


@cli.faults
def test_a_rank_that_spins_or_leaves_alone_ends_the_job():
    with cli.Folder() as folder:
        library = faulty(folder)
        for fault in ("spin", "finalize"):
            environment = {"LD_PRELOAD": library, "FAULT": fault}
            arguments = train(folder, SHORT_DEADLINE, "--overwrite")
            with cli.Job(arguments, 3, env=environment) as running:
                at_work(running, folder)
                expect_stalled(running, running.ranks())


def test_a_rank_that_miscalculates_ends_the_job_and_is_named():
    parts = r"lockstep: After step \d+ the weights of rank 1 have the digest \w+, but those of rank 0 have \w+: a processor "
    infinite = r"\[rank 1 \S+\] The norm of the gradient is inf at step \d+, .* No other rank has found this: check the"
    with cli.Folder() as folder:
        library = faulty(folder, MISTAKEN)
        for fault, line in (("other", parts), ("infinite", infinite)):
            with cli.Job(train(folder, "--overwrite"), 2, env={"LD_PRELOAD": library, "FAULT": fault}) as running:
                cli.expect_equal(running.end(), 5, f"exit code ({running.said()})")
                said = [text for text in running.said().splitlines() if re.match(line, text)]
                cli.expect_equal(len(said), 1, f"lines like {line} in {running.said()}")


def test_a_job_that_was_stopped_as_a_whole_goes_on():
    with cli.Folder() as folder:
        short = train(folder, SHORT_DEADLINE, "train.epochs=100")
        with cli.Job(short, 2) as running:
            at_work(running, folder)
            processes = running.ranks().values()
            for number in (signal.SIGSTOP, signal.SIGCONT):
                for pid in processes:
                    os.kill(pid, number)
                if number == signal.SIGSTOP:
                    time.sleep(4)  # twice the deadline
                    cli.expect(not (folder / "run" / "DONE").exists(), "the run was over before it was stopped")
            cli.expect_equal(running.end(), 0, f"exit code ({running.said()})")


@cli.faults
def test_many_ranks_on_few_cores_raise_no_alarm():
    with cli.Folder() as folder:
        done = cli.run(train(folder, SHORT_DEADLINE, "train.epochs=10"), 8)
        cli.expect("Nothing has moved" not in done.stderr, done.stderr)


cli.run_tests(globals())
