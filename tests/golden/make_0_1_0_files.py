#!/usr/bin/python3
"""Makes tests/golden/0.1.0 with the program of that version: files as it wrote them, and what it answered about them.

    LOCKSTEP_PROGRAM=.../lockstep python3 tests/golden/make_0_1_0_files.py

It is never run again but to add files: what a user has from that version does not change. Everything is made in
/tmp/lockstep-0.1.0, in the name of the host `golden`, so that no path and no name of a machine is in the files.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import h5py

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import golden_answers as golden  # noqa: E402  (found through the line above)

PROGRAM = os.environ["LOCKSTEP_PROGRAM"]
PLACE = pathlib.Path(golden.MADE_IN)
SOURCE = pathlib.Path(__file__).resolve().parents[2]
TARGET = SOURCE / "tests" / "golden" / "0.1.0"

EXPERIMENT = """\
# One of every layer, and of every setting that decides bits.
schema_version: 1
name: everything
seed: 7
model:
  name: everything
  input: {shape: [1, 28, 28]}
  layers:
    - {name: c1, type: conv2d, filters: 4, kernel: 5, stride: 2, padding: 1, init: {weight: {type: he_normal}}}
    - {name: r1, type: relu}
    - {name: p1, type: max_pool2d, kernel: 2}
    - {name: left, type: conv2d, filters: 4, kernel: 3, padding: 1, inputs: [p1]}
    - {name: right, type: conv2d, filters: 4, kernel: 1, bias: false, inputs: [p1]}
    - {name: sum, type: add, inputs: [left, right]}
    - {name: r3, type: relu}
    - {name: both, type: concat, inputs: [r3, p1]}
    - {name: p2, type: avg_pool2d, kernel: 2}
    - {name: t1, type: tanh}
    - {name: flat, type: flatten}
    - {name: drop, type: dropout, rate: 0.1}
    - {name: f1, type: dense, units: 16}
    - {name: s1, type: sigmoid}
    - {name: out, type: dense, units: 10, weight_scale: 0.9}
data:
  dataset: synthetic
  synthetic: {train: 220, test: 50}
  validation: 20
  normalize: {mean: 0.1307, std: 0.3081}
  augment: {shift: 1}
train: {epochs: 12, batch_size: 40, clip_norm: 2}
loss: {type: softmax_cross_entropy, label_smoothing: 0.05}
optimizer: {type: adam, weight_decay: 0.0001}
learning_rate: {schedule: one_cycle, peak: 0.05, warmup: 0.25}
evaluate: {every_epochs: 3}
checkpoint: {every_steps: 25, keep: 2}
"""
SWEEP = """\
schema_version: 1
name: tried
base: everything.yaml
method: grid
metric: {name: test_loss}
overrides: {train.epochs: 4, checkpoint.keep: 1}
parameters:
  optimizer: {values: [{type: sgd, momentum: 0.8}, {type: adam, beta1: 0.8}]}
  learning_rate:
    values:
      - {schedule: cosine, peak: 0.03, final_fraction: 0.1}
      - {schedule: exponential, peak: 0.03, every_steps: 10, factor: 0.7}
"""


def run(*words, code=0):
    done = subprocess.run([PROGRAM, *map(str, words)], cwd=PLACE, capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"{words} ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def make_picture():
    """A seven, light on dark."""
    rows = [[0] * 28 for _ in range(28)]
    for x in range(7, 21):
        rows[6][x] = rows[7][x] = 250
    for y in range(8, 23):
        for x in (20 - (y - 6) // 2, 21 - (y - 6) // 2):
            rows[y][x] = 220
    (PLACE / "digit.pgm").write_bytes(b"P5 28 28 255\n" + bytes(value for row in rows for value in row))


def make_runs():
    run("train", "everything.yaml", "--out", "runs/finished")
    run("train", "everything.yaml", *golden.OTHERWISE, "--until", 23, "--out", "runs/stopped", code=75)


def stop_in_the_third_trial():
    """A sweep that was asked to stop during its third trial of four; returns whether it was caught there."""
    shutil.rmtree(PLACE / "sweeps", ignore_errors=True)
    words = [PROGRAM, "sweep", "tried.yaml", "--jobs", "1", "--threads", "1", "--out", "sweeps/tried"]
    with subprocess.Popen(words, cwd=PLACE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sweeper:
        journals = (PLACE / "sweeps").glob
        while sweeper.poll() is None and len(list(journals("tried/trials/*/metrics.jsonl"))) < 3:
            time.sleep(0.0002)
        sweeper.send_signal(signal.SIGUSR1)
    listed = json.loads(run("sweep", "tried.yaml", "--list", "--json", "--out", "sweeps/tried"))
    return [row["status"] for row in listed["results"]] == ["done", "done", "stopped", "waiting"]


def make_sweep():
    (PLACE / "tried.yaml").write_text(SWEEP, encoding="utf-8")
    for _ in range(50):
        if stop_in_the_third_trial():
            return
    sys.exit("The sweep was never met in its third trial.")


def make_weights():
    """Weights as other programs write them: only the model and the parameters."""
    latest = (PLACE / "runs/finished/latest").read_text(encoding="utf-8").strip()
    shutil.copy(PLACE / "runs/finished" / latest, PLACE / "checkpoint.h5")
    with h5py.File(PLACE / "checkpoint.h5") as checkpoint, h5py.File(PLACE / "weights.h5", "w") as weights:
        weights["model"] = checkpoint["model"].asstr()[()]
        for layer, parameters in checkpoint["parameters"].items():
            for name, values in parameters.items():
                weights[f"parameters/{layer}/{name}"] = values[()]


def make_bundles():
    run("bundle", "runs/finished", "--out", "finished.h5")
    run("bundle", "sweeps/tried", "--out", "tried.h5", "--checkpoints", "none")


def keep_trial(copy):
    """What the missing trial resolved to."""
    missing = {path.name for path in (copy / "sweeps/tried/trials").iterdir()}
    missing -= {path.name for path in (PLACE / "sweeps/tried/trials").iterdir()}
    shutil.copy(copy / "sweeps/tried/trials" / missing.pop() / "resolved.yaml", TARGET / "missing_trial.yaml")


def record_answers():
    """Each question is asked in a copy of its own, which is then thrown away."""
    answers = {}
    for name, question in golden.QUESTIONS.items():
        copy = PLACE.with_name("lockstep-0.1.0-copy")
        golden.copy_files(PLACE, copy)
        done = subprocess.run(
            [PROGRAM, *question.words, "--json"], cwd=copy, capture_output=True, text=True, check=False
        )
        if name == "sweep_on":
            keep_trial(copy)
        shutil.rmtree(copy)
        answers[name] = {"exit_code": done.returncode, "answer": golden.lasting(json.loads(done.stdout))}
        print(f"{name}: {done.returncode}", flush=True)
    undisturbed = json.loads(run("train", "everything.yaml", *golden.OTHERWISE, "--out", "../lockstep-0.1.0-copy", "--json"))
    shutil.rmtree(PLACE.with_name("lockstep-0.1.0-copy"))
    answers["undisturbed"] = {"exit_code": 0, "answer": golden.lasting(undisturbed)}
    (TARGET / "answers.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


def record_texts():
    """What the shipped experiments and sweeps resolve to, and an experiment with many other settings."""
    shutil.rmtree(TARGET / "resolved", ignore_errors=True)
    (TARGET / "resolved").mkdir()
    with tempfile.TemporaryDirectory() as data:
        golden.write_data(data)
        env = dict(os.environ, LOCKSTEP_DATA=data)
        for name, words in golden.texts(SOURCE).items():
            said = subprocess.run([PROGRAM, *words], env=env, capture_output=True, text=True, check=True).stdout
            (TARGET / "resolved" / name).write_text(golden.neutral(said, SOURCE), encoding="utf-8")


def main():
    if socket.gethostname() != "golden":
        line = ["unshare", "--uts", "sh", "-c", 'hostname golden && exec "$@"', "sh", sys.executable, *sys.argv]
        os.execvp(line[0], line)
    PLACE.mkdir()
    (PLACE / "everything.yaml").write_text(EXPERIMENT, encoding="utf-8")
    make_picture()
    make_runs()
    make_sweep()
    make_weights()
    make_bundles()
    shutil.rmtree(TARGET / "files", ignore_errors=True)
    shutil.copytree(PLACE, TARGET / "files")
    record_answers()
    record_texts()
    shutil.rmtree(PLACE)


main()
