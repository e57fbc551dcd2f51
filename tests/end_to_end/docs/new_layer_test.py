#!/usr/bin/python3
"""README's promise: a new layer is one file. Its example is put into a copy of the tree, where CMake finds it, and holds the
contract.

Only what the new file changes is compiled: itself and the registry of layers. All else is linked from this build.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["LOCKSTEP_SOURCE_DIR"]) / "tests" / "support"))
import lockstep_cli as cli

BUILD = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"])
PARTS = ("CMakeLists.txt", "framework", "data", "cluster", "experiments", "models", "tests")


def tool(*line, cwd=None):
    """Output of a command that must succeed."""
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False, cwd=cwd)
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


def compiled(build, source):
    """The object that the commands of this build folder make of a source."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in entries if entry["file"].endswith("/" + source)]
    words = shlex.split(entry["command"])
    target = build / words[words.index("-o") + 1]
    target.parent.mkdir(parents=True, exist_ok=True)
    tool(*words, cwd=build)
    return target


def linked(build, objects):
    """The contract tests of this build, with these objects before all others."""
    command = tool("ninja", "-C", BUILD, "-t", "commands", "test_contracts").splitlines()[-1]
    (words,) = [part for part in re.split(r" && ", command) if " -o tests/test_contracts" in part]
    program = build / "test_contracts"
    words = shlex.split(words)
    at = words.index("-o")
    words[at + 1] = program
    tool(*words[:at], *objects, *words[at:], cwd=BUILD)
    return program


def test_the_example_of_a_layer_holds_the_contract():
    with cli.Folder() as folder:
        layer = copy_with_example(folder)
        build = folder / "build"
        tool("cmake", "-S", folder, "-B", build, "-G", "Ninja", "-DLOCKSTEP_WARNINGS_AS_ERRORS=ON")
        sources = (f"framework/layers/{layer}.cpp", "generated/layer_type_registry.cpp")
        program = linked(build, [compiled(build, source) for source in sources])
        said = tool(program, "--log_level=message", "--color_output=no")
        cli.expect(f"'{layer}' has no reference" in said, f"the layer was not tried: {said}")


cli.run_tests(globals())
