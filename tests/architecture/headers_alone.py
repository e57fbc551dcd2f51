#!/usr/bin/python3
"""Headers compile alone, with the flags that their units' sources are compiled with: headers_alone.py HEADER..."""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import tree  # noqa: E402  (found through the line above)

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
            result.setdefault(tree.unit_of(path.relative_to(ROOT)), [words[0], *flags])
    extra = [flag for pair in dict.fromkeys(include_flags) for flag in pair]
    return {unit: words + extra for unit, words in result.items()}


def compile_alone(command, root, header):
    """The compiler's complaint about a file that includes nothing but this header; empty when it has none."""
    # Included twice, so that a header without a guard is noticed too.
    text = f'#include "{header}"\n#include "{header}"\n'
    words = [*command, f"-I{root}", "-O0", "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{header} does not compile alone:\n{done.stderr}"


def a_forgotten_include_is_caught(command):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "planted.hpp").write_text("#pragma once\nstd::vector<int> f();\n", encoding="utf-8")
        return "planted.hpp does not compile alone" in compile_alone(command, folder, "planted.hpp")


def main(headers):
    commands = command_lines()
    fallback = next(iter(commands.values()))
    if not a_forgotten_include_is_caught(fallback):
        return "headers_alone.py does not notice a header that forgot an include"
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        answers = pool.map(
            lambda header: compile_alone(commands.get(tree.unit_of(header), fallback), ROOT, header), headers
        )
        return "\n".join(answer for answer in answers if answer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
