#!/usr/bin/python3
# labels: python
# timeout: 300
"""Files written are read by h5dump, h5ls and h5py; weights made by h5py are read by us."""

import gzip
import os
import pathlib
import struct
import subprocess
import sys
import zlib

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import hdf5_layout
import lockstep_cli as cli
from hdf5_layout import attributes

MODEL = """\
name: by_hand
input: {shape: [1, 28, 28]}
layers:
  - {name: conv, type: conv2d, filters: 3, kernel: [5, 3], stride: 2}
  - {name: act, type: relu}
  - {name: pool, type: max_pool2d, kernel: 2}
  - {name: flat, type: flatten}
  - {name: out, type: dense, units: 10}
"""


def tool(*line):
    """Output of one of HDF5's own tools."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    cli.expect_equal(done.returncode, 0, f"{line}: {done.stderr}")
    return done.stdout


def test_every_file_of_a_run_opens_everywhere():
    with cli.Folder() as folder:
        run = folder / "run"
        result = cli.run_json(["train", cli.write_busy(folder), "--out", run])
        files = [run / "metrics.h5", *sorted((run / "checkpoints").glob("*.h5"))]
        for file in files:
            tool("h5dump", "-H", str(file))
            tool("h5ls", "-r", str(file))
        with h5py.File(run / "metrics.h5", "r") as metrics:
            cli.expect_equal(attributes(metrics)["format"], "lockstep-metrics", "format")
            cli.expect_equal(len(metrics["steps/loss"]), result["steps"], "rows")
            digest = metrics["steps/digest"][-1]
            cli.expect_equal(f"{digest[0]:016x}{digest[1]:016x}", result["digest"], "last digest")
            cli.expect_equal(metrics["epochs/test_accuracy"][-1], result["test"]["accuracy"], "test accuracy")
            cli.expect_equal(int(metrics["confusion"][()].sum()), result["test"]["samples"], "confusion")
        latest = run / (run / "latest").read_text(encoding="utf-8").strip()
        with h5py.File(latest, "r") as checkpoint:
            cli.expect_equal(attributes(checkpoint)["format"], "lockstep-checkpoint", "format")
            cli.expect_equal(checkpoint["parameters/c1/weight"].shape, (4, 1, 5, 5), "c1.weight")
            cli.expect_equal(attributes(checkpoint["parameters/c1/weight"])["axis_order"], "OIHW", "axis order")
            cli.expect_equal(int(checkpoint["state"].attrs["step"]), result["steps"], "step")
            for state in ("first_moment", "second_moment"):
                cli.expect(f"optimizer/{state}/out/bias" in checkpoint, f"{state} is missing")


def test_metrics_of_an_earlier_version_are_read():
    newer = ("activation_mean", "zero_share", "dead_share", "saturated_share", "weight_rms", "update_ratio")
    with cli.Folder() as folder:
        run = folder / "run"
        cli.run_json(["train", cli.write_busy(folder), "--out", run])
        hdf5_layout.take_off_block(run / "metrics.h5")
        with h5py.File(run / "metrics.h5", "r+", libver="latest") as metrics:
            for name in newer:
                del metrics["layers"][name]
        cli.expect_equal(cli.run_json(["inspect", run / "metrics.h5"])["steps"], 14, "steps")
        with h5py.File(run / "metrics.h5", "r+", libver="latest") as metrics:
            del metrics["layers/gradient_rms"]
        said = cli.run(["inspect", run / "metrics.h5"], code=3).stderr
        cli.expect("/layers/gradient_rms" in said, said)


def write_idx(folder, images, labels):
    """A data set of two IDX files, gzipped, as both training and test part."""
    for part in ("train", "t10k"):
        header = struct.pack(">IIII", 0x803, len(images), 28, 28)
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(header + images.tobytes())
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">II", 0x801, len(labels)) + labels.tobytes())


def by_hand(weights, images):
    """The network of MODEL in numpy, in double; pixels scaled to 0..1."""
    x = images.astype(np.float64) / 255
    windows = np.lib.stride_tricks.sliding_window_view(x, (5, 3), axis=(1, 2))[:, ::2, ::2]
    y = np.einsum("nyxij,oij->noyx", windows, weights["conv/weight"][:, 0]) + weights["conv/bias"][:, None, None]
    y = np.maximum(y, 0)
    n, o, h, w = y.shape
    y = y[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, o, h // 2, 2, w // 2, 2).max(axis=(3, 5))
    return y.reshape(n, -1) @ weights["out/weight"].T + weights["out/bias"]


def test_weights_made_by_h5py_evaluate_as_by_hand():
    rng = np.random.default_rng(1)
    shapes = {"conv/weight": (3, 1, 5, 3), "conv/bias": (3,), "out/weight": (10, 3 * 6 * 6), "out/bias": (10,)}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    images = rng.integers(0, 256, (100, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, 100, dtype=np.uint8)
    logits = by_hand({name: value.astype(np.float64) for name, value in weights.items()}, images)
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(100), labels])
    with cli.Folder() as folder:
        write_idx(folder, images, labels)
        for kind, dtype in (("variable", h5py.string_dtype()), ("fixed", f"S{len(MODEL)}"), ("ascii", h5py.string_dtype("ascii"))):
            file = folder / f"{kind}.h5"
            with h5py.File(file, "w") as out:
                out.create_dataset("model", data=MODEL.encode() if kind == "fixed" else MODEL, dtype=dtype)
                for name, value in weights.items():
                    out[f"parameters/{name}"] = value
            found = cli.run_json(["evaluate", file, "--data", folder])
            cli.expect_equal(found["correct"], int((logits.argmax(axis=1) == labels).sum()), f"{kind}: correct")
            # Float against double over sums of 108 products.
            cli.expect(abs(found["loss"] - loss) < 1e-5 * loss, f"{kind}: loss {found['loss']} is not {loss}")
            cli.expect_equal(found["verified"], False, "verified")
            cli.expect_equal(sum(c["samples"] for c in found["per_class"]), 100, "per class")
        images_file = folder / "t10k-images-idx3-ubyte.gz"
        found = cli.run_json(["predict", folder / "fixed.h5", images_file])
        cli.expect_equal(len(found["predictions"]), 100, "predictions")
        for row, prediction in zip(logits, found["predictions"]):
            cli.expect_equal(prediction["class"], int(row.argmax()), prediction["image"])
            expected = np.exp(row) / np.exp(row).sum()
            cli.expect(np.abs(expected - prediction["probabilities"]).max() < 1e-5, "probabilities")


def test_what_is_strange_about_weights_from_elsewhere_is_said():
    with cli.Folder() as folder:
        file = folder / "weights.h5"
        with h5py.File(file, "w") as out:
            out["model"] = MODEL
            out["parameters/conv/weight"] = np.zeros((3, 1, 5, 3), "f4")
            out["parameters/conv/bias"] = np.zeros(3, "f4")
            out["parameters/out/weight"] = np.zeros((10, 108), "f4")
            out.create_dataset("parameters/out/bias", (10,), "f4")  # never written: zeros
        done = cli.run(["evaluate", file, "--data", "synthetic"])
        cli.expect("not verified" in done.stderr, done.stderr)
        cli.expect("warning" not in done.stderr, done.stderr)
        with h5py.File(file, "a") as out:
            out["parameters/out/scale"] = np.ones(10, "f4")
            out["parameters/old/bias"] = np.ones(10, "f4")
        for verb in (["evaluate", file, "--data", "synthetic"], ["predict", file, write_light_png(folder)]):
            done = cli.run([*verb, "--quiet"])
            cli.expect("warning: no layer of the model uses" in done.stderr, done.stderr)
            cli.expect("old.bias" in done.stderr and "out.scale" in done.stderr, done.stderr)


def test_images_of_other_ranges_are_warned_of():
    with cli.Folder() as folder:
        with h5py.File(folder / "images.h5", "w") as out:
            out["images"] = np.linspace(0, 255, 200 * 784, dtype="f4").reshape(200, 28, 28)
            out["labels"] = np.arange(200) % 10
        run = folder / "run"
        data = ["data.dataset=hdf5", f"data.path={folder / 'images.h5'}"]
        done = cli.run(["train", cli.write_busy(folder), *data, "--out", run])
        cli.expect_equal(done.stderr.count("are float32 from 0 to 255, expected about 0 to 1"), 1, done.stderr)
        done = cli.run(["evaluate", run, "--data", folder / "images.h5"])
        cli.expect_equal(done.stderr.count("are float32 from 0 to 255, expected about 0 to 1"), 1, done.stderr)
        done = cli.run(["evaluate", run, "--data", folder / "busy.yaml"], code=3)
        cli.expect("which is not HDF5" in done.stderr, done.stderr)


def test_a_stored_text_that_cannot_be_read_is_a_data_error():
    with cli.Folder() as folder:
        for name, texts in {
            "model": {"model": "layers: [{"},
            "no_model": {"model": "name: x\ninput: {shape: [1, 28, 28]}\nlayers: [{name: a, type: dens}]\n"},
            "experiment": {"model": MODEL, "experiment": "sed: 3"},
        }.items():
            with h5py.File(folder / f"{name}.h5", "w") as out:
                out.create_group("parameters")
                for path, text in texts.items():
                    out[path] = text
            done = cli.run(["evaluate", folder / f"{name}.h5", "--data", "synthetic"], code=3)
            cli.expect(f"{name}.h5" in done.stderr, f"the file is not named: {done.stderr}")


def write_png(path, pixels):
    """A grey picture of 8 bits."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def write_light_png(folder):
    pixels = np.zeros((28, 28), dtype=np.uint8)
    pixels[4:24, 12:16] = 255
    write_png(folder / "light.png", pixels)
    return folder / "light.png"


def test_a_picture_file_is_recognised():
    with cli.Folder() as folder:
        run = folder / "run"
        cli.run(["train", cli.write_busy(folder), "--out", run])
        pixels = np.zeros((28, 28), dtype=np.uint8)
        pixels[4:24, 12:16] = 255
        write_png(folder / "light.png", pixels)
        write_png(folder / "dark.png", 255 - pixels)
        light = cli.run_json(["predict", run, folder / "light.png"])["predictions"][0]
        dark = cli.run_json(["predict", run, folder / "dark.png", "--invert"])["predictions"][0]
        cli.expect_equal(dark["probabilities"], light["probabilities"], "inverted picture")
        cli.expect(abs(sum(light["probabilities"]) - 1) < 1e-5, "probabilities do not sum to 1")
        # One picture is computed alone, several as a batch.
        among = cli.run_json(["predict", run, folder / "dark.png", folder / "light.png"])["predictions"][1]
        cli.expect_equal(among["probabilities"], light["probabilities"], "one picture among several")


cli.run_tests(globals())
