#!/usr/bin/python3
# timeout: 1200
"""Every header compiles alone, with the flags that its unit's sources are compiled with."""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import rules  # noqa: E402  (found through the line above)

ROOT = Path(os.environ["LOCKSTEP_SOURCE_DIR"])
BUILD = Path(os.environ["LOCKSTEP_BUILD_DIR"])


def command_lines():
    """For each unit the compiler and its flags, and for "*" the union of all include folders."""
    result, include_flags = {}, []
    for entry in json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8")):
        words = shlex.split(entry["command"])
        flags = []
        position = 1
        while position < len(words):
            word = words[position]
            if word in ("-o", "-c"):
                position += 2
                continue
            if word == "-isystem":
                include_flags.append((word, words[position + 1]))
            flags.append(word)
            position += 1
        path = Path(entry["file"])
        if path.is_relative_to(ROOT):
            result.setdefault(rules.unit_of(path.relative_to(ROOT)), [words[0], *flags])
    extra = [flag for pair in dict.fromkeys(include_flags) for flag in pair]
    return {unit: words + extra for unit, words in result.items()}


def compile_alone(command, root, header):
    """The compiler's complaint about a file that includes nothing but this header; empty when it has none."""
    # Included twice, so that a header without a guard is noticed too.
    text = f'#include "{header}"\n#include "{header}"\n'
    words = [*command, f"-I{root}", "-O0", "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{header} does not compile alone:\n{done.stderr}"


class HeadersAlone(unittest.TestCase):
    def test_every_header_compiles_alone(self):
        commands = command_lines()
        headers = rules.sources(ROOT, (".hpp",))
        self.assertGreater(len(headers), 10)
        fallback = next(iter(commands.values()))
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            answers = pool.map(
                lambda header: compile_alone(commands.get(rules.unit_of(header), fallback), ROOT, header), headers
            )
            problems = [answer for answer in answers if answer]
        if problems:
            self.fail("\n" + "\n".join(problems))

    def test_a_header_that_forgot_an_include_is_caught(self):
        command = next(iter(command_lines().values()))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "planted.hpp").write_text("#pragma once\nstd::vector<int> f();\n", encoding="utf-8")
            self.assertIn("planted.hpp does not compile alone", compile_alone(command, folder, "planted.hpp"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
