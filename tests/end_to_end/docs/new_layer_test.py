#!/usr/bin/python3
# labels: slow
# timeout: 900
"""README's promise: a new layer is one file. Its example is put into a copy of the tree, built, and holds the contract."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

PARTS = ("CMakeLists.txt", "framework", "data", "cluster", "experiments", "models", "tests")


def tool(*line):
    """Output of a command that must succeed."""
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False)
    cli.expect_equal(done.returncode, 0, f"{line}:\n{done.stdout[-5000:]}\n{done.stderr}\nexit code")
    return done.stdout


def copy_with_example(folder):
    """The tree with README's example of a layer in its place; returns the example's name."""
    for name in PARTS:
        source = cli.SOURCE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    text = (cli.SOURCE / "README.md").read_text(encoding="utf-8")
    path = re.search(r"`(framework/layers/\w+\.cpp)`", text).group(1)
    (example,) = re.findall(r"^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (folder / path).write_text(example, encoding="utf-8")
    return pathlib.Path(path).stem


def test_the_example_of_a_layer_holds_the_contract():
    with cli.Folder() as folder:
        layer = copy_with_example(folder)
        build = folder / "build"
        # Without optimisation: compiling takes longer than running.
        tool(
            "cmake", "-S", folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
            "-DLOCKSTEP_WARNINGS_AS_ERRORS=ON",
        )  # fmt: skip
        tool("cmake", "--build", build, "--parallel", os.cpu_count(), "--target", "test_contracts")
        said = tool(build / "tests" / "test_contracts", "--log_level=message", "--color_output=no")
        cli.expect(f"'{layer}' has no reference" in said, f"the layer was not tried: {said}")


cli.run_tests(globals())
