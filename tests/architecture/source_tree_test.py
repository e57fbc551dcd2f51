#!/usr/bin/python3
"""The source tree keeps its rules, and each rule notices a planted violation."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import habits  # noqa: E402  (found through the line above)
import rules  # noqa: E402
import tree  # noqa: E402

ROOT = Path(os.environ.get("LOCKSTEP_SOURCE_DIR", Path(__file__).resolve().parents[2]))


def planted(files):
    """A temporary tree with the given files."""
    folder = tempfile.TemporaryDirectory()
    for name, text in files.items():
        path = Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Tree(unittest.TestCase):
    """The real tree."""

    def check(self, rule):
        self.assertGreater(len(tree.sources(ROOT)), 10, f"there are hardly any sources in {ROOT}")
        problems = rule(ROOT)
        if problems:
            self.fail("\n" + "\n".join(problems))

    def test_units_include_only_what_the_table_allows(self):
        self.check(rules.unit_edges)

    def test_rooms_include_only_what_the_table_allows(self):
        self.check(rules.room_edges)

    def test_no_folder_and_no_source_is_too_large(self):
        self.check(habits.crowded)

    def test_tests_lie_where_their_sources_do(self):
        self.check(habits.misplaced_tests)

    def test_outside_libraries_stay_in_their_single_place(self):
        self.check(rules.outside_libraries)

    def test_headers_do_not_include_each_other_in_a_circle(self):
        self.check(rules.include_cycles)

    def test_sources_have_no_preprocessor_conditionals(self):
        self.check(habits.conditionals)

    def test_no_part_uses_elementary_functions_of_the_library(self):
        self.check(habits.foreign_functions)

    def test_prose_and_comments_have_no_wide_lines(self):
        self.assertGreater(len(tree.documents(ROOT)), 10, f"there are hardly any documents in {ROOT}")
        self.check(habits.wide_texts)

    def test_file_names_are_snake_case(self):
        self.check(habits.names)

    def test_headers_and_own_includes_keep_the_habits(self):
        self.check(habits.header_habits)


class Planted(unittest.TestCase):
    """Each rule against a tree that breaks it in one place and keeps it in others."""

    def expect(self, rule, files, *problems):
        with planted(files) as root:
            found = rule(root)
        self.assertEqual(len(found), len(problems), found)
        for text, problem in zip(found, problems):
            self.assertIn(problem, text)

    def test_an_upward_include_is_found(self):
        self.expect(
            rules.unit_edges,
            {
                "framework/core/a.hpp": '#pragma once\n\n#include "framework/graph/graph.hpp"\n',
                "framework/graph/graph.hpp": '#pragma once\n#include "framework/core/b.hpp"\n',
                "framework/core/b.hpp": "#pragma once\n",
                "experiments/main.cpp": '#include "framework/core/a.hpp"\n',
            },
            "framework/core/a.hpp:3: framework/core must not include framework/graph/graph.hpp; "
            "it may include: the standard library only",
        )

    def test_a_sideways_include_is_found(self):
        self.expect(
            rules.unit_edges,
            {
                "framework/config/a.cpp": '#include "framework/storage/b.hpp"\n',
                "framework/storage/b.hpp": "#pragma once\n",
            },
            "framework/config/a.cpp:1: framework/config must not include framework/storage/b.hpp; "
            "it may include: framework/core, framework/graph, framework/losses, framework/optimizers, framework/schedules, "
            "framework/training",
        )

    def test_an_include_of_a_room_above_is_found(self):
        self.expect(
            rules.room_edges,
            {
                "framework/training/exchange/a.hpp": '#include "framework/training/step/b.hpp"\n',
                "framework/training/step/b.hpp": '#include "framework/training/exchange/c.hpp"\n',
                "framework/training/exchange/c.hpp": '#include "framework/core/error.hpp"\n',
                "framework/training/trainer.hpp": '#include "framework/training/step/b.hpp"\n',
                "framework/training/step/d.cpp": '#include "framework/training/trainer.hpp"\n',
            },
            "framework/training/exchange/a.hpp:1: framework/training/exchange must not include "
            "framework/training/step/b.hpp; it may include: no other room of its unit",
            "framework/training/step/d.cpp:1: framework/training/step must not include framework/training/trainer.hpp; "
            "it may include: framework/training/exchange",
        )

    def test_an_include_that_a_plain_room_does_without_is_found(self):
        self.expect(
            rules.room_edges,
            {
                "experiments/check/a.hpp": '#include "cluster/mpi_session.hpp"\n#include "experiments/text/b.hpp"\n',
                "experiments/text/b.hpp": '#include "framework/core/error.hpp"\n',
                "experiments/verbs/c.cpp": '#include "cluster/mpi_session.hpp"\n',
            },
            "experiments/check/a.hpp:1: experiments/check must not include cluster/mpi_session.hpp",
        )

    def test_a_room_that_the_table_does_not_know_is_found(self):
        self.expect(
            rules.room_edges,
            {"experiments/attic/a.cpp": "\n", "framework/core/a.cpp": "\n", "framework/core/cellar/b.cpp": "\n"},
            "framework/core/cellar/b.cpp:1: the folder framework/core/cellar is no known room",
            "experiments/attic/a.cpp:1: the folder experiments/attic is no known room",
        )

    def test_a_crowd_is_found(self):
        files = {f"data/formats/a{number}.cpp": "\n" for number in range(31)}
        self.expect(
            habits.crowded,
            {**files, "cluster/a.cpp": "\n" * 300, "cluster/b.cpp": "\n" * 301},
            "cluster/b.cpp:300: 301 lines",
            "data/formats:1: 31 sources",
        )

    def test_a_misplaced_test_is_found(self):
        self.expect(
            habits.misplaced_tests,
            {
                "framework/training/trainer.cpp": "\n",
                "framework/training/step/sampler.cpp": "\n",
                "tests/framework/training/trainer_test.cpp": "\n",
                "tests/framework/training/anything_else_test.cpp": "\n",
                "tests/framework/training/sampler_test.cpp": "\n",
                "tests/data/attic/a_test.cpp": "\n",
            },
            "tests/data/attic/a_test.cpp:1: tests of data/attic, which does not exist",
            "tests/framework/training/sampler_test.cpp:1: sampler is a source of framework/training/step, "
            "so its test belongs in tests/framework/training/step",
        )

    def test_an_include_not_written_from_the_root_is_found(self):
        self.expect(
            rules.unit_edges,
            {"framework/core/a.cpp": '#include "a.hpp"\n', "framework/core/a.hpp": "#pragma once\n"},
            'framework/core/a.cpp:1: "a.hpp" is no file of this tree',
        )

    def test_an_unknown_unit_is_found(self):
        self.expect(rules.unit_edges, {"framework/misc/a.cpp": "\n"}, "framework/misc/a.cpp:1: the folder")

    def test_a_library_away_from_its_place_is_found(self):
        self.expect(
            rules.outside_libraries,
            {
                "framework/core/parallel.cpp": "#include <oneapi/tbb/task_arena.h>\n#include <vector>\n",
                "framework/training/trainer.cpp": "#include <fmt/format.h>\n#include <oneapi/tbb/task_arena.h>\n",
                "framework/training/peers.cpp": "#include <mpi.h>\n",
                "framework/graph/graph.cpp": "#include <unistd.h>\n",
                "framework/graph/other.cpp": "#include <eigen3/Eigen/Dense>\n",
            },
            "framework/graph/graph.cpp:1: <unistd.h> belongs to the operating system",
            "framework/graph/other.cpp:1: <eigen3/Eigen/Dense> is no standard header",
            "framework/training/peers.cpp:1: <mpi.h> of MPI may only be included in files matching cluster/",
            "framework/training/trainer.cpp:2: <oneapi/tbb/task_arena.h> of oneTBB may only be included",
        )

    def test_a_second_place_of_a_library_is_found(self):
        self.expect(
            rules.outside_libraries,
            {"data/idx_file.cpp": "#include <zlib.h>\n", "data/other.cpp": "\n#include <zlib.h>\n"},
            "data/other.cpp:2: zlib has one place in its unit, and data/idx_file.cpp is it already",
        )

    def test_a_circle_is_found(self):
        self.expect(
            rules.include_cycles,
            {
                "framework/core/a.hpp": '#include "framework/core/b.hpp"\n',
                "framework/core/b.hpp": '#include "framework/core/c.hpp"\n',
                "framework/core/c.hpp": '#include "framework/core/a.hpp"\n',
            },
            "framework/core/a.hpp -> framework/core/b.hpp -> framework/core/c.hpp -> framework/core/a.hpp",
        )

    def test_a_conditional_is_found(self):
        kernel = "#if defined(A_HPP_) == defined(HWY_TARGET_TOGGLE)\n#ifdef A_HPP_\n#undef A_HPP_\n#endif\n#endif\n"
        self.expect(
            habits.conditionals,
            {
                "framework/kernels/a.hpp": kernel + "#ifdef NDEBUG\n#endif\n",
                "framework/core/a.hpp": "#pragma once\n  #  if HWY_ONCE\n#endif\n",
            },
            "framework/core/a.hpp:2: #if in a source",
            "framework/kernels/a.hpp:6: #ifdef in a source",
        )

    def test_a_function_of_the_library_is_found(self):
        self.expect(
            habits.foreign_functions,
            {
                "framework/losses/a.cpp": "x = std::exp(y);  // as std::log(y)\n",
                "data/augmentations/a.cpp": "// std::sin(y)\nx = elementary::sin(y);\n",
                "experiments/text/a.cpp": "x = std::pow(y, 2);\n",
            },
            "framework/losses/a.cpp:1: std::exp(...) has other bits elsewhere",
        )

    def test_a_wide_line_is_found(self):
        wide = "x" * 101
        self.expect(
            habits.wide_texts,
            {
                "README.md": f"# A\n\n{wide[1:]}\n{wide}\n\n| {wide} |\n",
                "data/README.md": f"```bash\n{wide}\n```\n\n    {wide}\n\n- a\n  {wide[2:]}\n",
                "cluster/a.cpp": f"// {wide[4:]}\nint {wide};\n  // {wide}\n",
            },
            "README.md:4: 101 columns; prose and comments have at most 100",
            "data/README.md:8: 101 columns",
            "cluster/a.cpp:3: 106 columns",
        )

    def test_a_camel_case_name_is_found(self):
        self.expect(
            habits.names,
            {"framework/core/LaneView.hpp": "", "framework/core/lane_view2.hpp": "", "tests/x/run-it.sh": ""},
            "framework/core/LaneView.hpp:1: 'LaneView' is not snake_case",
            "tests/x/run-it.sh:1: 'run-it' is not snake_case",
        )

    def test_bad_habits_are_found(self):
        self.expect(
            habits.header_habits,
            {
                "framework/core/a.hpp": "using namespace std;\n",
                "framework/core/b.hpp": "#pragma once\n",
                "framework/core/b.cpp": '#include <vector>\n#include "framework/core/b.hpp"\n',
            },
            "framework/core/a.hpp:1: a header starts with #pragma once",
            "framework/core/a.hpp:1: no using-directive in a header",
            'framework/core/b.cpp:1: the first include is the own header, "framework/core/b.hpp"',
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
