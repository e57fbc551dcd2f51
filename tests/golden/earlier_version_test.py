#!/usr/bin/python3
# labels: ranks
# timeout: 600
"""Everything that version 0.1.0 left behind works as it did then: runs, a sweep, bundles, weights, and the shipped experiments.

`0.1.0/README.md` says what the files are."""

import json
import os
import pathlib
import re
import sys

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "golden"))
import golden_answers as golden
import lockstep_cli as cli

VERSION = cli.SOURCE / "tests" / "golden" / "0.1.0"
ANSWERS = json.loads((VERSION / "answers.json").read_text(encoding="utf-8"))


def ask(folder, name, ranks=None):
    """Asks a question in a copy of the files in `folder`; returns the copy and what differs from the recorded answer."""
    copy = folder / f"{name}_{ranks}"
    golden.copy_files(VERSION / "files", copy)
    recorded = ANSWERS[name]
    words = [*golden.QUESTIONS[name].words, "--json"]
    done = cli.run(words, ranks=ranks, code=recorded["exit_code"], cwd=copy)
    return copy, golden.differences(json.loads(done.stdout), recorded["answer"], name)


def test_every_question_has_the_answer_of_then():
    cli.expect_equal(sorted(ANSWERS), sorted([*golden.QUESTIONS, "undisturbed"]), "recorded questions")
    with cli.Folder() as folder:
        found = [line for name in golden.QUESTIONS for line in ask(folder, name)[1]]
    cli.expect(not found, "\n".join(found))


def test_two_ranks_give_the_same_answers():
    names = [name for name, question in golden.QUESTIONS.items() if question.ranks]
    cli.expect(len(names) >= 4, f"questions: {names}")
    with cli.Folder() as folder:
        found = [line for name in names for line in ask(folder, name, ranks=2)[1]]
    cli.expect(not found, "\n".join(found))


def test_an_answer_that_differs_is_noticed():
    recorded = {"loss": 0.1, "classes": [{"correct": 1}], "seconds": golden.ANY}
    for found, words in (
        ({"loss": 0.1, "classes": [{"correct": 1, "new": 2}], "seconds": 3, "new": 4}, ""),
        ({"loss": 0.1, "classes": [{"correct": 2}], "seconds": 3}, "answer.classes[0].correct is 2, not 1"),
        ({"loss": 0.10000000000000002, "classes": [{"correct": 1}], "seconds": 3}, "answer.loss is"),
        ({"loss": 0.1, "classes": [], "seconds": 3}, "answer.classes is []"),
        ({"loss": 0.1, "classes": [{"correct": 1}]}, "answer.seconds is missing"),
    ):
        said = "\n".join(golden.differences(found, recorded))
        cli.expect(said.startswith(words) and bool(said) == bool(words), f"{found}: {said!r}")


def test_a_stopped_run_ends_with_the_digest_of_the_undisturbed_one():
    with cli.Folder() as folder:
        copy, _ = ask(folder, "resume_stopped")
        steps = cli.run_json(["inspect", copy / "runs" / "stopped"])["metrics"]
        cli.expect_equal(steps["last_step"]["digest"], ANSWERS["undisturbed"]["answer"]["digest"], "digest")
        cli.expect_equal(steps["steps"], ANSWERS["undisturbed"]["answer"]["steps"], "steps")
        log = (copy / "runs" / "stopped" / "log.txt").read_text(encoding="utf-8")
        cli.expect_equal(re.findall(r"from step (\d+)$", log, re.M), ["0", "23"], "starts")


def test_trials_that_are_done_are_left_alone_and_the_others_go_on():
    with cli.Folder() as folder:
        copy, _ = ask(folder, "sweep_on")
        before, after = VERSION / "files" / "sweeps" / "tried" / "trials", copy / "sweeps" / "tried" / "trials"
        starts = {}
        for trial in after.iterdir():
            starts[trial.name] = re.findall(r"from step (\d+)$", (trial / "log.txt").read_text(encoding="utf-8"), re.M)
            if not (before / trial.name / "DONE").exists():
                continue
            files = sorted(path.relative_to(trial) for path in trial.rglob("*") if path.is_file())
            cli.expect(len(files) > 5, f"files of a trial: {files}")
            for file in files:
                same = (trial / file).read_bytes() == (before / trial.name / file).read_bytes()
                cli.expect(same, f"{trial.name}/{file} has changed")
        names = [row["trial"] for row in ANSWERS["sweep_on"]["answer"]["results"]]
        cli.expect_equal([starts[name] for name in names], [["0"], ["0"], ["0", "2"], ["0"]], "starts")
        resolved = (after / names[3] / "resolved.yaml").read_text(encoding="utf-8")
        cli.expect_equal(resolved, (VERSION / "missing_trial.yaml").read_text(encoding="utf-8"), "the new trial's experiment")


def values(node):
    """Values of a data set: numbers as they are, texts of any of HDF5's kinds of strings."""
    found = node[()]
    if node.dtype.kind in "OS":
        return [text.decode() if isinstance(text, bytes) else text for text in numpy.ravel(found)]
    return found.tobytes()


def test_a_bundle_has_what_it_had():
    with cli.Folder() as folder:
        copy = folder / "copy"
        golden.copy_files(VERSION / "files", copy)
        cli.run(["bundle", "runs/finished", "--out", "again.h5"], cwd=copy)
        compared = []
        with h5py.File(VERSION / "files" / "finished.h5") as then, h5py.File(copy / "again.h5") as now:

            def compare(name, node):
                if isinstance(node, h5py.Dataset):
                    cli.expect(name in now, f"{name} is missing")
                    cli.expect_equal(values(now[name]), values(node), name)
                    compared.append(name)

            then.visititems(compare)
        cli.expect(len(compared) > 60, f"compared: {compared}")


def test_pages_of_a_run_and_a_sweep_show_their_digests():
    with cli.Folder() as folder:
        for question, asked in (("report_finished", "evaluate_finished"), ("report_sweep", None)):
            copy, _ = ask(folder, question)
            page = (copy / ANSWERS[question]["answer"]["file"]).read_text(encoding="utf-8")
            rows = ANSWERS["list_sweep"]["answer"]["results"]
            digests = [ANSWERS[asked]["answer"]["digest"]] if asked else [row["digest"] for row in rows if row["digest"]]
            for digest in digests:
                cli.expect(digest in page, f"{digest} is not in the page of {question}")


def test_experiments_and_sweeps_resolve_to_the_same_bytes():
    with cli.Folder() as folder:
        golden.write_data(folder)
        texts = golden.texts(cli.SOURCE)
        recorded = {path.name: path.read_text(encoding="utf-8") for path in (VERSION / "resolved").iterdir()}
        cli.expect_equal(sorted(texts), sorted(recorded), "recorded texts")
        for name, words in texts.items():
            said = cli.run(words, env={"LOCKSTEP_DATA": str(folder)}).stdout
            cli.expect_equal(golden.neutral(said, cli.SOURCE), recorded[name], name)
        said = cli.run(["train", VERSION / "files" / "everything.yaml", "--print-config"]).stdout
        run = VERSION / "files" / "runs" / "finished"
        cli.expect_equal(said, (run / "resolved.yaml").read_text(encoding="utf-8"), "of the finished run")


cli.run_tests(globals())
