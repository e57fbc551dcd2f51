#!/usr/bin/env python3
# labels: python
"""The files that storage/ writes, opened by h5py, h5dump and h5ls: other people's tools must read them."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import hdf5_layout
from hdf5_layout import attributes

README = pathlib.Path(__file__).parents[3] / "framework/storage/README.md"
BUILD = pathlib.Path(os.environ.get("LOCKSTEP_BUILD_DIR", pathlib.Path(__file__).parents[3] / "build"))
FILES = ("checkpoint.h5", "metrics.h5", "empty_metrics.h5", "index.h5", "bundle.h5")


class OtherTools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        subprocess.run(
            [BUILD / "tests" / "test_storage", "--run_test=sample_files"],
            env=os.environ | {"LOCKSTEP_SAMPLES": str(cls.folder)},
            check=True,
            capture_output=True,
        )

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def open(self, name):
        file = h5py.File(self.folder / name, "r")
        self.addCleanup(file.close)
        return file

    def test_h5dump_and_h5ls_read_every_file(self):
        for path in self.folder.iterdir():
            dump = subprocess.run(["h5dump", path], capture_output=True, text=True)
            self.assertEqual((dump.returncode, dump.stderr), (0, ""), path)
            listing = subprocess.run(["h5ls", "-r", path], capture_output=True, text=True)
            self.assertEqual(listing.returncode, 0, path)

    def test_every_file_has_the_layout(self):
        for name in FILES:
            self.assertEqual(hdf5_layout.problems_of(self.folder / name), [], name)

    def test_checkpoint_layout(self):
        file = self.open("checkpoint.h5")
        self.assertEqual(file.userblock_size, 512)
        self.assertEqual(attributes(file)["format"], "lockstep-checkpoint")
        self.assertEqual(file.attrs["schema_version"], 1)
        self.assertEqual(file.attrs["arithmetic_version"], 1)
        self.assertEqual(file["model"].asstr()[()], "name: m\u00fcller\ninput: {shape: [1, 28, 28]}\n")
        self.assertIn("name: sample", file["experiment"].asstr()[()])
        weight = file["parameters/c1/weight"]
        self.assertEqual((weight.shape, weight.dtype), ((2, 1, 3, 3), numpy.dtype("f4")))
        self.assertEqual(attributes(weight)["axis_order"], "OIHW")
        self.assertEqual(attributes(file["parameters/a0/weight"])["axis_order"], "OI")
        self.assertEqual(attributes(file["parameters/a0/bias"])["axis_order"], "O")
        self.assertEqual(file["parameters/a0/bias"][3], numpy.float32(860 + 300) + numpy.float32(3) / numpy.float32(7))
        self.assertEqual(file["optimizer/first_moment/c1/weight"].shape, (2, 1, 3, 3))
        self.assertEqual(file["optimizer"].attrs["beta1_power"], 1e-300)
        state = file["state"].attrs
        self.assertEqual((state["step"], state["seed"], state["samples_seen"]), (860, 2**64 - 1, 110080))
        self.assertEqual(state["digest"].tolist(), [0x8000000000000001, 42])
        self.assertTrue(numpy.isnan(state["best"]))
        self.assertEqual(attributes(file["provenance"])["commit"], "unknown")
        self.assertEqual(file["provenance"].attrs["ranks"], 2)

    def test_the_digest_can_be_checked_with_standard_tools(self):
        data = (self.folder / "checkpoint.h5").read_bytes()
        lines = data[:512].decode("ascii").splitlines()
        self.assertEqual(int(lines[1].split()[1]), len(data) - 512)
        self.assertRegex(lines[2], "^xxh3-128 [0-9a-f]{32}$")

    def test_metrics_layout(self):
        file = self.open("metrics.h5")
        self.assertEqual(attributes(file)["format"], "lockstep-metrics")
        steps = file["steps"]
        self.assertEqual(steps["step"][()].tolist(), [1, 2, 3, 4, 5])
        self.assertEqual(steps["loss"][0], 2.3)
        self.assertEqual(steps["digest"].shape, (5, 2))
        self.assertEqual(steps["digest"].dtype, numpy.dtype("u8"))
        self.assertEqual(steps["digest"][()].tolist()[2], [0xFEDCBA9876543210, 3])
        self.assertEqual(file["epochs/test_accuracy"][1], 1 / 3)
        self.assertTrue(numpy.isnan(file["epochs/test_accuracy"][0]))
        self.assertEqual(file["confusion"][()].tolist(), [[5, 1], [2, 7]])
        self.assertEqual(file["layers/layer"].asstr()[()].tolist(), ["c1", "relu"])
        self.assertEqual(file["layers/activation_rms"][()].tolist(), [[0.5, 0.25]])
        self.assertEqual(file["layers/dead_share"][0, 1], 0.375)
        self.assertTrue(numpy.isnan(file["layers/dead_share"][0, 0]))
        self.assertEqual(file["layers/update_ratio"][0, 0], 1e-3)
        self.assertEqual(
            set(file["layers"]),
            {"step", "epoch", "layer", "gradient_rms", "weight_rms", "update_ratio"}
            | {f"activation_{name}" for name in ("rms", "mean")}
            | {f"{name}_share" for name in ("zero", "dead", "saturated")},
        )

    def test_tables_have_dimension_scales(self):
        file = self.open("metrics.h5")
        for group, scale in (("steps", "step"), ("epochs", "epoch")):
            for name, column in file[group].items():
                if name not in (scale, "half"):
                    self.assertEqual(column.dims[0][0], file[group][scale], name)
        self.assertEqual(file["layers/gradient_rms"].dims[1][0], file["layers/layer"])
        confusion = file["confusion"].dims
        self.assertEqual([axis[0].name for axis in confusion], ["/true_class", "/predicted_class"])
        self.assertEqual(file["true_class"][()].tolist(), [0, 1])
        self.assertEqual(file["steps/digest"].dims[1][0].name, "/steps/half")

    def test_an_index_plots_the_metric_and_its_curves_the_loss(self):
        file = self.open("index.h5")
        trials = file[attributes(file)["default"]]
        self.assertEqual(trials[attributes(trials)["signal"]].name, "/trials/test_loss")
        self.assertEqual([trials[axis].dtype.kind for axis in attributes(trials)["axes"]], ["i"])
        self.assertEqual([scale.name for scale in trials["test_loss"].dims[0].values()], ["/trials/trial", "/trials/number"])
        curve = file["curves"][attributes(file["curves"])["default"]]
        for group, signal, axis in ((curve, "loss", "step"), (curve["epochs"], "train_loss", "epoch")):
            self.assertEqual((attributes(group)["signal"], attributes(group)["axes"].tolist()), (signal, [axis]))
            self.assertEqual(group[signal].dims[0][0], group[axis])

    def test_viewers_find_the_loss_curve(self):
        for name in ("metrics.h5", "empty_metrics.h5"):
            file = self.open(name)
            self.assertEqual(attributes(file)["NX_class"], "NXroot")
            group = file[attributes(file)["default"]]
            self.assertEqual(attributes(group)["NX_class"], "NXdata")
            self.assertEqual(group[attributes(group)["signal"]].name, "/steps/loss")
            self.assertEqual([group[axis].name for axis in attributes(group)["axes"]], ["/steps/step"])
            for other in ("epochs", "layers"):
                self.assertEqual(attributes(file[other])["NX_class"], "NXdata")
                self.assertIn(attributes(file[other])["signal"], file[other])

    def test_the_examples_of_the_readme_run(self):
        examples = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        self.assertEqual(len(examples), 6)
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("checkpoint.h5", "metrics.h5", "index.h5", "bundle.h5"):
                (pathlib.Path(scratch) / name).write_bytes((self.folder / name).read_bytes())
            (pathlib.Path(scratch) / "model.yaml").write_text("name: tiny\n")
            for example in examples:
                run = subprocess.run([sys.executable, "-c", example], cwd=scratch, capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stderr), (0, ""), example)
            self.assertTrue((pathlib.Path(scratch) / "loss.png").read_bytes().startswith(b"\x89PNG"))

    def test_external_links_lead_on(self):
        self.assertEqual(self.open("links.h5")["runs/a/steps/step"].shape, (5,))


if __name__ == "__main__":
    unittest.main()
