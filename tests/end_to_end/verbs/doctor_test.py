#!/usr/bin/python3
# labels: ranks2
# timeout: 300
"""doctor looks at machine, ranks and folder; what jobs say about where they run, and what to start instead."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

SECTIONS = {"build", "processor", "MPI", "binding", "network", "file system", "data", "limits", "safety"}


def doctor(arguments, launch=(), code=0):
    """Its --json object; `launch` stands in front of the program."""
    line = [*launch, cli.PROGRAM, "doctor", "--json", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    cli.expect_equal(done.returncode, code, f"exit code of {line}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def messages(found, section, level):
    """What it says about a section."""
    return [f["message"] for f in found["findings"] if (f["section"], f["level"]) == (section, level)]


def all_cores():
    """The cores of this process; binding can lose some only if there are several."""
    return len(os.sched_getaffinity(0))


def test_alone():
    with cli.Folder() as folder:
        found = doctor(["--out", folder / "runs"])
        cli.expect_equal({f["section"] for f in found["findings"]}, SECTIONS, "sections")
        for finding in found["findings"]:
            cli.expect(finding["level"] in ("ok", "note"), f"to be changed: {finding}")
            cli.expect(finding["message"].endswith("."), finding["message"])
        cli.expect_equal(len(found["ranks"]), 1, "ranks")
        rank = found["ranks"][0]
        cli.expect_equal((rank["rank"], rank["threads"]), (0, all_cores()), "rank and threads")
        cli.expect("127.0.0.1/8" in str(rank["interfaces"]), f"no loopback: {rank}")
        cli.expect(rank["isa"] in ("avx512", "avx2", "portable"), f"isa: {rank}")
        cli.expect_equal(found["build"]["arithmetic_version"], 1, "arithmetic version")
        system = found["file_system"]
        cli.expect_equal((system["path"], system["writable"]), (str(folder), True), "folder")
        cli.expect(system["free_bytes"] > 0 and system["write_seconds"] > 0, f"figures: {system}")
        cli.expect_equal(list(folder.iterdir()), [], "what is left behind")


def test_lines_fit_80_columns_and_end_with_a_count():
    with cli.Folder() as folder:
        lines = cli.run(["doctor", "--out", folder]).stdout.splitlines()
        cli.expect(lines[0].split() == ["rank", "host", "CPUs", "threads", "isa"], lines[0])
        cli.expect(lines[-1].startswith("nothing to change, "), lines[-1])
        wide = [line for line in lines if len(line) > 80 and "/" not in line]
        cli.expect_equal(wide, [], "lines wider than 80 columns")


def test_two_ranks():
    with cli.Folder() as folder:
        launch = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "2"]
        crowded = all_cores() < 2
        found = doctor(["--out", folder], launch, code=int(crowded))
        cli.expect_equal([rank["rank"] for rank in found["ranks"]], [0, 1], "ranks")
        cli.expect("2 ranks on 1 host, started by mpirun" in messages(found, "MPI", "ok")[0], "MPI")
        cli.expect(found["mpi"]["library"].startswith("Open MPI"), f"library: {found['mpi']}")
        cli.expect_equal(list(folder.iterdir()), [], "what is left behind")


def test_more_ranks_than_cores_are_to_be_changed():
    ranks = all_cores() + 1
    launch = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
    with cli.Folder() as folder:
        said = messages(doctor(["--out", folder], launch, code=1), "binding", "change")
    cli.expect(len(said) == 1 and f"start {all_cores()} there at most" in said[0], f"said: {said}")


def test_a_folder_that_cannot_be_written():
    for place in ("/proc/runs", "/sys"):  # not even for root
        found = doctor(["--out", place], code=1)
        said = messages(found, "file system", "change")
        cli.expect(len(said) == 1 and "Runs cannot be written into" in said[0], f"said: {said}")
        cli.expect_equal(found["file_system"]["writable"], False, "writable")


def test_a_file_is_no_folder():
    with cli.Folder() as folder:
        (folder / "file").write_text("", encoding="utf-8")
        for ranks in (None, 2):
            launch = [] if ranks is None else ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
            for out in (folder / "file", folder / "file" / "runs"):
                found = doctor(["--out", out], launch, code=1)
                cli.expect({f["section"] for f in found["findings"]} == SECTIONS, f"sections: {found}")
                said = messages(found, "file system", "change")
                cli.expect(len(said) == 1 and "file is a file, expected a folder; name another" in said[0], f"{said}")


def test_damaged_data_are_to_be_changed():
    with cli.Folder() as folder:
        (folder / "mnist").mkdir()
        for part in ("train", "t10k"):
            for kind in ("images-idx3", "labels-idx1"):
                (folder / "mnist" / f"{part}-{kind}-ubyte").write_bytes(b"nothing")
        found = doctor(["--out", folder], ["env", f"LOCKSTEP_DATA={folder}"], code=1)
        said = messages(found, "data", "change")
        cli.expect(len(said) == 1 and "has mnist, but it cannot be loaded" in said[0], f"said: {said}")


def test_a_forced_instruction_set_is_noted():
    with cli.Folder() as folder:
        found = doctor(["--out", folder], ["env", "LOCKSTEP_ISA=portable"])
        cli.expect_equal(found["ranks"][0]["isa"], "portable", "isa")
        cli.expect_equal(len(messages(found, "processor", "note")), 1, "notes")


def test_the_line_that_is_suggested_gives_the_threads():
    if all_cores() < 2:
        raise cli.Skipped("one core cannot be kept from another")
    starving = ["mpirun", "--bind-to", "core", "-n", "1"]
    with cli.Folder() as folder:
        experiment = cli.write_busy(folder)
        out = folder / "a run"
        start = [cli.PROGRAM, "train", str(experiment), "train.steps=2", "--out", str(out), "--json"]
        done = subprocess.run([*starving, *start], capture_output=True, text=True, timeout=120, check=True)
        cli.expect_equal(json.loads(done.stdout)["threads"], 1, "threads of the bound rank")
        cli.expect("1 rank x 1 thread on 1 host, bound to 1 core" in done.stderr, done.stderr)
        warning = [line for line in done.stderr.splitlines() if line.startswith("warning:")]
        cli.expect(len(warning) == 1 and "--map-by slot:PE=" in warning[0], f"warnings: {warning}")
        line = re.search("`(.*)`", warning[0]).group(1)
        words = [*shlex.split(line), "--overwrite"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
        cli.expect_equal(json.loads(done.stdout)["threads"], all_cores(), f"threads of {line}")
        cli.expect("warning:" not in done.stderr, done.stderr)
        said = messages(doctor(["--out", folder], starving, code=1), "binding", "change")
        cli.expect(len(said) == 1 and "Rank 0 is bound to 1 core" in said[0], f"doctor: {said}")


def test_threads_that_are_meant_bring_no_warning():
    with cli.Folder() as folder:
        start = [cli.PROGRAM, "train", cli.write_busy(folder), "train.steps=1", "--out", folder / "run"]
        line = ["mpirun", "--bind-to", "core", "-n", "1", *map(str, start), "--threads", "1"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
        cli.expect("warning:" not in done.stderr, done.stderr)


cli.run_tests(globals())
