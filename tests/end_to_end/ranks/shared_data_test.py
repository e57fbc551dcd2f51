#!/usr/bin/python3
# labels: ranks
# timeout: 300
"""The ranks of a host read their data once and have one copy of them in memory."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

IMAGES = [bytes([i % 251]) * 784 for i in range(5000)]
BYTES = 2 * len(b"".join(IMAGES))  # training and test images
SECONDS = 100  # each takes about one; a hang is a failure


def train(folder, out, *overrides):
    """Arguments of a training on the images."""
    experiment = cli.write_busy(folder)
    digits = ["data.dataset=mnist", "data.validation=0"]
    return ["train", experiment, "--quiet", "--threads", "1", "--out", folder / out, *digits, *overrides]


def run_in(folders, arguments):
    """Runs one rank in each folder. All use the same path for their data: data/ in the folder of the rank."""
    line = ["mpirun", "--oversubscribe", "--bind-to", "none"]
    for number, folder in enumerate(folders):
        line += [":"] * (number > 0)
        line += ["-n", "1", "env", f"--chdir={folder}", "LOCKSTEP_DATA=/proc/self/cwd/data", *cli.command(arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)


def said(stderr):
    """The lines of the program."""
    return [line for line in stderr.splitlines() if line.startswith(("lockstep:", "[rank", "warning:"))]


def test_one_rank_of_a_host_opens_the_files():
    with cli.Folder() as folder:
        folders = [folder / name for name in ("with_files", "without", "without_either")]
        for place in folders:
            place.mkdir()
        cli.write_digits(folders[0] / "data", IMAGES)
        for arguments in (
            train(folder, "run", "train.steps=2"),
            ["evaluate", folder / "run", "--quiet"],
            ["replay", folder / "run", "--quiet"],
        ):
            done = run_in(folders, arguments)
            cli.expect_equal((done.returncode, said(done.stderr)), (0, []), f"{arguments[0]}: {done.stderr}")
        done = run_in(folders[::-1], train(folder, "other"))
        cli.expect_equal(done.returncode, 3, f"exit code where rank 0 has no files: {done.stderr}")
        cli.expect_equal(len(said(done.stderr)), 1, f"lines said: {done.stderr}")


def shared_images(pid):
    """Inode, size, resident and proportional size in kB of the images that a rank shares."""
    smaps = pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
    found = re.findall(r"^\S+ r--s \S+ \S+ (\d+) +/memfd:lockstep_data.*\n((?:[A-Z]\w+:.*\n)+)", smaps, re.M)
    cli.expect_equal(len(found), 1, f"mappings of shared images in process {pid}")
    inode, figures = found[0]
    return inode, *(int(re.search(rf"^{key}: +(\d+) kB", figures, re.M)[1]) for key in ("Size", "Rss", "Pss"))


def test_all_ranks_see_the_same_memory():
    with cli.Folder() as folder:
        cli.write_digits(folder / "data", IMAGES)
        arguments = train(folder, "run", "train.steps=1000000")
        with cli.Job(arguments, ranks=3, env={"LOCKSTEP_DATA": str(folder / "data")}) as job:
            job.wait_for(lambda: (folder / "run" / "metrics.jsonl").exists(), "a first step")
            found = [shared_images(pid) for pid in job.ranks().values()]
        cli.expect_equal(len(found), 3, "ranks")
        cli.expect_equal(len({inode for inode, *_ in found}), 1, f"memories: {found}")
        for _, size, resident, proportional in found:
            cli.expect(size * 1024 > BYTES, f"{size} kB do not hold the images")
            cli.expect_equal(resident, size, "resident kB")
            cli.expect(proportional <= size / 3 + 8, f"{proportional} of {size} kB is not a third")


def test_damaged_files_end_all_ranks_with_one_sentence():
    with cli.Folder() as folder:
        images = cli.write_digits(folder / "data", IMAGES) / "train-images-idx3-ubyte.gz"
        images.write_bytes(images.read_bytes()[:-100])
        done = cli.run(train(folder, "run"), 3, 3, {"LOCKSTEP_DATA": str(folder / "data")})
        cli.expect_equal(len(said(done.stderr)), 1, f"lines said: {done.stderr}")
        cli.expect("ends in the middle; fetch it again" in done.stderr, done.stderr)


def limit_file_sizes():
    """Limits the file size of a process and of those that it starts: the images do not fit, everything else does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))


def test_where_memory_cannot_be_shared_ranks_have_copies_and_the_same_bits():
    with cli.Folder() as folder:
        cli.write_digits(folder / "data", IMAGES)
        digests = set()
        for ranks, limit, warnings in ((None, None, 0), (2, None, 0), (2, limit_file_sizes, 1)):
            arguments = [*train(folder, "run", "train.steps=5"), "--json", "--overwrite"]
            done = subprocess.run(
                cli.command(arguments, ranks),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=True,
                env=dict(os.environ, LOCKSTEP_DATA=str(folder / "data")),
                preexec_fn=limit,
            )
            lines = said(done.stderr)
            cli.expect_equal(len(lines), warnings, f"lines said: {lines}")
            cli.expect(all("Rank 0 cannot share its images" in line for line in lines), f"said: {lines}")
            digests.add(re.search(r'"digest": "(\w+)"', done.stdout)[1])
        cli.expect_equal(len(digests), 1, f"digests: {digests}")


cli.run_tests(globals())
