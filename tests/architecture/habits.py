"""How sources are written and how large they may be: each rule a function from the tree's root to a list of violations.

A violation reads `file:line: what is wrong and what is allowed`.
"""

import re
from pathlib import Path

from tree import SOURCE_FOLDERS, documents, includes, lines, sources, unit_of

COLUMNS = 100
CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b(.*)")


def crowded(root):
    """Folders of more than 30 sources, and sources of more than 300 lines."""
    problems, counts = [], {}
    for path in sources(root, (".cpp", ".hpp", ".py", ".sh", ".js", ".cmake")):
        counts[path.parent] = counts.get(path.parent, 0) + 1
        length = sum(1 for _ in lines(root, path))
        if length > 300:
            problems.append(f"{path}:300: {length} lines; a source has at most 300, so divide it by what it does")
    for folder, count in counts.items():
        if count > 30:
            problems.append(f"{folder}:1: {count} sources; a folder has at most 30, so give a subject a room of its own")
    return problems


def prose(root, path):
    """(line number, line) of a document without its tables and code."""
    is_code = False
    for number, line in lines(root, path):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith(("|", "    ")):
            yield number, line


def wide_texts(root):
    """Prose of documents, and comments of C++ sources (which clang-format leaves alone), of more than 100 columns."""
    texts = [(path, number, line) for path in documents(root) for number, line in prose(root, path)]
    for path in sources(root):
        texts += [(path, number, line) for number, line in lines(root, path) if line.lstrip().startswith("//")]
    return [
        f"{path}:{number}: {len(line)} columns; prose and comments have at most {COLUMNS}"
        for path, number, line in texts
        if len(line) > COLUMNS
    ]


def conditionals(root):
    """Preprocessor conditionals, except Highway's re-inclusion pattern where Highway may be included."""
    problems = []
    for path in sources(root):
        highway = unit_of(path) in ("framework/kernels", "framework/optimizers")
        excused = []  # one entry for each open conditional: does Highway's pattern explain it?
        for number, line in lines(root, path):
            match = CONDITIONAL.match(line)
            if not match:
                continue
            word, rest = match.groups()
            if word == "endif":
                if excused:
                    excused.pop()
                continue
            if word == "else" or word.startswith("elif"):
                continue
            fine = highway and ("HWY_" in rest or (bool(excused) and excused[-1]))
            excused.append(fine)
            if not fine:
                problems.append(
                    f"{path}:{number}: #{word} in a source; let CMake choose between two files, or use if constexpr "
                    "(only Highway's own pattern in framework/kernels and framework/optimizers is exempt)"
                )
    return problems


FOREIGN_FUNCTION = re.compile(r"\bstd::(sin|cos|tan|exp|log|pow|tanh)\(")


def foreign_functions(root):
    """Elementary functions of the C++ library where bits count: they differ between versions and machines."""
    places = ("framework/layers/", "framework/losses/", "framework/optimizers/", "framework/schedules/", "data/augmentations/")
    return [
        f"{path}:{number}: {match.group(0)}...) has other bits elsewhere; use framework/core/elementary.hpp"
        for path in sources(root)
        if str(path).startswith(places)
        for number, line in lines(root, path)
        if (match := FOREIGN_FUNCTION.search(line.split("//")[0]))
    ]


def misplaced_tests(root):
    """Tests outside the folder that mirrors the room of their source, and folders that mirror nothing."""
    problems = []
    for path in sources(root):
        if path.parts[0] != "tests" or path.parts[1] not in SOURCE_FOLDERS:
            continue
        room = Path(*path.parts[1:-1])
        stem = path.stem.removesuffix("_test")
        if not (Path(root) / room).is_dir():
            problems.append(f"{path}:1: tests of {room}, which does not exist")
        elif stem != path.stem and not list((Path(root) / room).glob(f"{stem}.?pp")):
            for other in sorted((Path(root) / unit_of(room)).rglob(f"{stem}.?pp"))[:1]:
                home = other.relative_to(root).parent
                problems.append(f"{path}:1: {stem} is a source of {home}, so its test belongs in tests/{home}")
    return problems


def names(root):
    """Names of source files and folders that are not snake_case."""
    problems = []
    for path in sources(root, (".cpp", ".hpp", ".py", ".sh")):
        # Highway's ending for a header that is included once for each instruction set.
        stem = path.stem.removesuffix("-inl") if unit_of(path) == "framework/kernels" else path.stem
        for part in (*path.parts[:-1], stem):
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", part):
                problems.append(f"{path}:1: '{part}' is not snake_case")
                break
    return problems


def header_habits(root):
    """Headers without #pragma once; sources that do not include their own header first; using-directives in headers."""
    problems = []
    for path in sources(root):
        text = (Path(root) / path).read_text(encoding="utf-8")
        if path.suffix == ".hpp":
            # A kernel header cannot have it: Highway includes it once for each target.
            if "#pragma once" not in text and "HWY_TARGET_TOGGLE" not in text:
                problems.append(f"{path}:1: a header starts with #pragma once")
            for number, line in lines(root, path):
                if re.match(r"\s*using\s+namespace\b", line):
                    problems.append(f"{path}:{number}: no using-directive in a header")
            continue
        own = path.with_suffix(".hpp")
        if (Path(root) / own).is_file():
            first = next(((n, q or a) for n, q, a in includes(root, path)), (1, None))
            if first[1] != str(own):
                problems.append(f'{path}:{first[0]}: the first include is the own header, "{own}"')
    return problems
