#!/usr/bin/python3
"""The program takes no transcendental function from the mathematical library: their last bits differ between machines."""

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


class Symbols(unittest.TestCase):
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
