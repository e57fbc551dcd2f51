#!/usr/bin/python3
"""Every error code is listed once, is thrown somewhere, and stands in the README's table."""

import os
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import tree  # noqa: E402  (found through the line above)

ROOT = Path(os.environ.get("LOCKSTEP_SOURCE_DIR", Path(__file__).resolve().parents[2]))
LIST = "framework/core/error_code.hpp"
EXIT_CODES = {"usage": "2", "data": "3", "peer": "4", "numeric": "5"}
ENTRY = re.compile(r'inline constexpr ErrorCode k(\w+)\{(\d+), ErrorKind::(\w+), "([^"]*)"\};')


def listed():
    """(name, number, kind, meaning) of each code, in the order of the list."""
    return ENTRY.findall((ROOT / LIST).read_text(encoding="utf-8"))


class ErrorCodes(unittest.TestCase):
    def test_every_entry_of_the_list_is_read_by_this_test(self):
        text = (ROOT / LIST).read_text(encoding="utf-8")
        self.assertGreater(len(listed()), 50)
        self.assertEqual(len(listed()), text.count("inline constexpr ErrorCode"))

    def test_numbers_and_names_are_given_once_and_numbers_ascend(self):
        numbers = [int(number) for _, number, _, _ in listed()]
        self.assertEqual(numbers, sorted(set(numbers)))
        names = [name for name, _, _, _ in listed()]
        self.assertEqual(len(names), len(set(names)))

    def test_every_code_is_used(self):
        used = set()
        for path in tree.sources(ROOT):
            if str(path) != LIST and path.parts[0] != "tests":
                used.update(re.findall(r"errors::k(\w+)", (ROOT / path).read_text(encoding="utf-8")))
        self.assertEqual(used, {name for name, _, _, _ in listed()})

    def test_the_readme_has_the_table(self):
        text = (ROOT / "framework/core/README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| E(\d+) \| (\d) \| (.*) \|$", text, re.MULTILINE)
        self.assertEqual(rows, [(number, EXIT_CODES[kind], meaning) for _, number, kind, meaning in listed()])

    def test_no_code_is_made_up_elsewhere(self):
        made_up = []
        for path in tree.sources(ROOT):
            if str(path) == LIST:
                continue
            for number, line in tree.lines(ROOT, path):
                if re.search(r"ErrorCode\w* ?\w*\{\d", line):
                    made_up.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(made_up, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
