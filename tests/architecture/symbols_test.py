#!/usr/bin/python3
"""What the compiled program may contain: no transcendental function of the mathematical library, whose last bits differ
between machines, and wide vectors only in functions that are chosen where the machine has them."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

TRANSCENDENTALS = re.compile(
    r"(?:__)?(?:exp|exp2|exp10|pow10|expm1|log|log2|log10|log1p|pow|sin|cos|tan|asin|acos|atan|atan2|sincos|sinh|cosh|tanh"
    r"|asinh|acosh|atanh|cbrt|hypot|erf|erfc|tgamma|lgamma|gamma|j0|j1|jn|y0|y1|yn)(?:f|l|f32|f64|f128|_r|f_r|l_r)?"
    r"(?:_finite)?"
)


def transcendental_symbols(nm_output):
    """Names in the output of `nm -u` that are transcendental functions of the mathematical library."""
    found = []
    for line in nm_output.splitlines():
        words = line.split()
        if len(words) < 2 or words[-2] not in ("U", "w"):
            continue
        name = words[-1].split("@")[0]
        if name.startswith("_ZGV") or TRANSCENDENTALS.fullmatch(name):
            found.append(name)
    return found


def undefined_symbols(program):
    return subprocess.run(["nm", "-D", "-u", program], check=True, capture_output=True, text=True).stdout


def functions_with_wide_vectors(listing):
    """Names of functions in the output of `objdump -d` that use registers which not every machine has."""
    found, name = [], ""
    for line in listing.splitlines():
        if line.endswith(">:"):
            name = line[line.index("<") + 1 : -2]
        elif "%ymm" in line or "%zmm" in line:
            if not found or found[-1] != name:
                found.append(name)
    return found


class Symbols(unittest.TestCase):
    def test_wide_vectors_are_used_by_functions_of_an_instruction_set_alone(self):
        # Sources that Highway compiles several times could leave a function for AVX-512 where all machines call it.
        listing = subprocess.run(
            ["objdump", "-d", "--no-show-raw-insn", os.environ["LOCKSTEP_PROGRAM"]],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        wide = functions_with_wide_vectors(listing)
        if not any("N_AVX3" in name for name in wide):
            self.skipTest("this build has one instruction set only")
        self.assertTrue(any("N_AVX2" in name for name in wide), "objdump has not seen the real thing")
        self.assertEqual([name for name in wide if "N_AVX" not in name], [])

    def test_the_program_needs_no_transcendental_function(self):
        listing = undefined_symbols(os.environ["LOCKSTEP_PROGRAM"])
        self.assertTrue("memcpy" in listing, "nm has not seen the real thing")
        self.assertEqual(transcendental_symbols(listing), [])

    def test_a_program_that_calls_exp_and_powf_is_caught(self):
        code = (
            "#include <cmath>\n#include <cstdio>\n"
            "int main(int n, char**) { std::printf(\"%g %g %g\", std::exp(double(n)), std::pow(float(n), 1.5F),"
            " std::sqrt(double(n))); }\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder) / "planted.cpp", Path(folder) / "planted"
            source.write_text(code, encoding="utf-8")
            subprocess.run(["c++", "-O1", "-o", program, source], check=True)
            self.assertEqual(sorted(transcendental_symbols(undefined_symbols(program))), ["exp", "powf"])

    def test_names_are_told_apart(self):
        listing = "\n".join(
            f"                 U {name}"
            for name in ("tanhf@GLIBC_2.2.5", "log1pl", "__expf_finite", "_ZGVbN4v_sinf", "sincosf")
        )
        self.assertEqual(len(transcendental_symbols(listing)), 5)
        harmless = "\n".join(
            f"                 U {name}"
            for name in ("sqrt@GLIBC_2.2.5", "fma", "fmaf", "floor", "ldexp", "printf", "login", "expand", "round")
        )
        self.assertEqual(transcendental_symbols(harmless), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
