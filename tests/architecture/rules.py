"""The rules of the source tree, each a function from the tree's root to a list of violations.

A violation reads `file:line: what is wrong and what is allowed`. Data flows downwards: nothing earlier in the table of
units sees anything later. It is the house style's, but for what README's decisions say.
"""

import re
from pathlib import Path

SOURCE_FOLDERS = ("framework", "data", "cluster", "experiments", "tests")

# Which units a unit may include, itself aside.
UNITS = {
    "framework/core": [],
    "framework/kernels": ["framework/core"],
    "framework/layers": ["framework/core", "framework/kernels"],
    "framework/losses": ["framework/core", "framework/kernels"],
    "framework/optimizers": ["framework/core", "framework/kernels"],
    "framework/schedules": ["framework/core"],
    "framework/graph": ["framework/core", "framework/kernels", "framework/layers"],
    "framework/training": [
        "framework/core",
        "framework/kernels",
        "framework/graph",
        "framework/losses",
        "framework/optimizers",
        "framework/schedules",
    ],
    "framework/storage": ["framework/core", "framework/graph", "framework/optimizers", "framework/training"],
    "framework/config": [
        "framework/core",
        "framework/graph",
        "framework/losses",
        "framework/optimizers",
        "framework/schedules",
        "framework/training",
    ],
    # Kernels too: pixels are put into lanes by one.
    "data": ["framework/core", "framework/kernels", "framework/training", "framework/storage"],
    "cluster": ["framework/core", "framework/training"],
    "experiments": ["*"],
    "tests": ["*"],
}

# Which rooms (folders) of its own unit a source may include, its own room aside; "*" is all of them. A unit that has rooms is
# listed here with each of them: the unit's own folder is a room too.
ROOMS = {
    "framework/kernels": [],
    "framework/kernels/conv2d": ["framework/kernels"],
    "framework/training": ["*"],
    "framework/training/exchange": [],
    "framework/training/step": ["framework/training/exchange"],
    # The canonical tree, for the norm.
    "framework/training/update": ["framework/training/exchange"],
    "framework/training/diagnosis": ["framework/training/step"],
    "framework/training/evaluation": [
        "framework/training/diagnosis",
        "framework/training/exchange",
        "framework/training/step",
    ],
    "framework/storage/files": [],
    "framework/storage/hdf5": ["framework/storage/files"],
    "framework/storage/checkpoint": ["framework/storage/files", "framework/storage/hdf5"],
    "framework/storage/metrics": ["framework/storage/files", "framework/storage/hdf5"],
    "framework/storage/run": ["*"],
    "data": ["data/formats", "data/images"],
    "data/images": ["data/augmentations"],
    "data/formats": ["data/images"],
    "data/pictures": ["data/formats", "data/images"],
    "experiments": ["experiments/program"],
    "experiments/text": [],
    "experiments/program": ["experiments/text"],
    "experiments/results": ["experiments/program", "experiments/text"],
    "experiments/workbench": ["experiments/program", "experiments/results", "experiments/text"],
    # Plain libraries: neither command line nor ranks nor data.
    "experiments/check": ["experiments/text"],
    "experiments/bench": ["experiments/text"],
    "experiments/compare": ["experiments/program", "experiments/results", "experiments/text"],
    "experiments/doctor": ["experiments/program", "experiments/text", "experiments/workbench"],
    "experiments/run": ["experiments/program", "experiments/results", "experiments/text", "experiments/workbench"],
    "experiments/report": ["experiments/program", "experiments/results", "experiments/text", "experiments/workbench"],
    "experiments/sweep": [
        "experiments/program",
        "experiments/results",
        "experiments/run",
        "experiments/text",
        "experiments/workbench",
    ],
    "experiments/verbs": ["*"],
}

# Rooms that may not include certain units although their own unit may.
UNITS_OF_ROOMS = {
    room: ["framework/core", "framework/kernels", "framework/layers", "framework/graph", "framework/training",
           "framework/storage", "framework/config", "framework/losses", "framework/optimizers", "framework/schedules"]
    for room in ("experiments/text", "experiments/check", "experiments/bench")
}

# Where an outside library may be included: a pattern of its headers, and one of files.
LIBRARIES = {
    "oneTBB": (r"(oneapi/)?tbb/", r"framework/core/parallel\.cpp"),
    "Random123": (r"Random123/", r"framework/core/random\.cpp|tests/.*"),
    "xxHash": (r"xxhash\.h", r"framework/core/digest\.cpp|tests/.*"),
    "Highway": (r"hwy/", r"framework/(kernels|optimizers)/.*|tests/framework/kernels/.*"),
    "HDF5": (r"hdf5(_hl)?\.h|H5.*\.h", r"framework/storage/hdf5/hdf5_(library\.hpp|[a-z]+\.cpp)|tests/.*"),
    "nlohmann-json": (r"nlohmann/", r"framework/storage/.*\.cpp|experiments/.*|tests/.*"),
    "yaml-cpp": (r"yaml-cpp/", r"framework/config/yaml_reader\.cpp"),
    "zlib": (r"zlib\.h", r"data/.*\.cpp|tests/.*"),
    "stb": (r"stb/.*|stb_.*\.h", r"data/.*\.cpp|tests/.*"),
    "MPI": (r"mpi\.h", r"cluster/.*|tests/(cluster|benchmarks)/.*"),
    "CLI11": (r"CLI/", r"experiments/program/command_line\.cpp"),
    "mustache": (r"kainjow/", r"experiments/.*"),
    "Boost.Test": (r"boost/", r"tests/.*"),
    "Google Benchmark": (r"benchmark/", r"tests/benchmarks/.*"),
    "fmt": (r"fmt/", r".*"),
}

# Libraries that one file of the folder alone may include.
SINGLE_PLACES = {
    "zlib": "data",
    "stb": "data",
    "nlohmann-json": "framework/storage",
}

# The operating system's own headers, and the only files that meet it.
SYSTEM_HEADERS = re.compile(r"((sys|net|netinet|arpa)/[a-z_]+|ifaddrs|unistd|fcntl|sched|pthread|signal|poll|spawn|netdb|pwd|termios|xmmintrin)\.h")
SYSTEM_PLACES = re.compile(r"framework/core/parallel\.cpp|(framework/storage|data|cluster|experiments|tests)/.*")

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b(.*)")


def sources(root, suffixes=(".cpp", ".hpp")):
    """All source files as paths relative to the root."""
    found = []
    for folder in SOURCE_FOLDERS:
        for path in sorted((Path(root) / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(root))
    return found


def lines(root, path):
    return enumerate((Path(root) / path).read_text(encoding="utf-8").splitlines(), start=1)


def unit_of(path):
    """The unit that a relative path belongs to, or None."""
    parts = Path(path).parts
    if parts[0] == "framework":
        return "/".join(parts[:2])
    return parts[0] if parts[0] in UNITS else None


def includes(root, path):
    """(line number, quoted or None, angled or None) of each include."""
    for number, line in lines(root, path):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def unit_edges(root):
    """Includes between units that the table does not allow."""
    problems = []
    for path in sources(root):
        unit = unit_of(path)
        if unit not in UNITS:
            problems.append(f"{path}:1: the folder {unit} is no known unit; add it to the table in {__name__}.py")
            continue
        allowed = UNITS[unit]
        for number, quoted, _ in includes(root, path):
            if quoted is None:
                continue
            if not (Path(root) / quoted).is_file():
                problems.append(
                    f'{path}:{number}: "{quoted}" is no file of this tree; includes are written from the root, '
                    "outside headers in angle brackets"
                )
                continue
            target = unit_of(quoted)
            if target != unit and "*" not in allowed and target not in allowed:
                permitted = ", ".join(allowed) or "the standard library only"
                problems.append(
                    f"{path}:{number}: {unit} must not include {quoted}; it may include: {permitted}"
                )
    return problems


def room_edges(root):
    """Includes between the rooms of a unit that the table does not allow, and folders that it does not know."""
    problems = []
    with_rooms = {unit_of(room) for room in ROOMS}
    for path in sources(root):
        unit, room = unit_of(path), str(Path(path).parent)
        if unit == "tests" or (unit not in with_rooms and room == unit):
            continue
        if room not in ROOMS:
            problems.append(f"{path}:1: the folder {room} is no known room; add it to the table in {__name__}.py")
            continue
        for number, quoted, _ in includes(root, path):
            target = quoted and str(Path(quoted).parent)
            if not target or target == room:
                continue
            if unit_of(quoted) == unit:
                if "*" not in ROOMS[room] and target not in ROOMS[room]:
                    permitted = ", ".join(ROOMS[room]) or "no other room of its unit"
                    problems.append(f"{path}:{number}: {room} must not include {quoted}; it may include: {permitted}")
            elif room in UNITS_OF_ROOMS and unit_of(quoted) not in UNITS_OF_ROOMS[room]:
                permitted = ", ".join(UNITS_OF_ROOMS[room])
                problems.append(f"{path}:{number}: {room} must not include {quoted}; it may include: {permitted}")
    return problems


def crowded(root):
    """Folders of more than 30 sources, and sources of more than 300 lines."""
    problems, counts = [], {}
    for path in sources(root, (".cpp", ".hpp", ".py", ".sh", ".js")):
        counts[path.parent] = counts.get(path.parent, 0) + 1
        length = sum(1 for _ in lines(root, path))
        if length > 300:
            problems.append(f"{path}:300: {length} lines; a source has at most 300, so divide it by what it does")
    for folder, count in counts.items():
        if count > 30:
            problems.append(f"{folder}:1: {count} sources; a folder has at most 30, so give a subject a room of its own")
    return problems


def outside_libraries(root):
    """Outside headers away from their single place."""
    problems = []
    places = {}
    for path in sources(root):
        for number, _, angled in includes(root, path):
            if angled is None or re.fullmatch(r"[a-z_0-9]+", angled):
                continue
            for library, (headers, where) in LIBRARIES.items():
                if re.match(headers, angled):
                    if not re.fullmatch(where, str(path)):
                        problems.append(
                            f"{path}:{number}: <{angled}> of {library} may only be included in files matching {where}"
                        )
                    elif unit_of(path) == SINGLE_PLACES.get(library):
                        places.setdefault(library, {})[str(path)] = number
                    break
            else:
                if not SYSTEM_HEADERS.fullmatch(angled):
                    problems.append(
                        f"{path}:{number}: <{angled}> is no standard header and of no library that the table allows: "
                        + ", ".join(LIBRARIES)
                    )
                elif not SYSTEM_PLACES.fullmatch(str(path)):
                    problems.append(
                        f"{path}:{number}: <{angled}> belongs to the operating system, which only core's parallel, "
                        "storage, data, cluster and experiments may meet"
                    )
    for library, files in places.items():
        first, *others = sorted(files)
        for other in others:
            problems.append(f"{other}:{files[other]}: {library} has one place in its unit, and {first} is it already")
    return problems


def include_cycles(root):
    """Headers that include each other in a circle."""
    graph = {str(path): [q for _, q, _ in includes(root, path) if q] for path in sources(root, (".hpp",))}
    problems = []
    state = {}

    def visit(node, trail):
        state[node] = "open"
        for target in graph.get(node, []):
            if state.get(target) == "open":
                circle = trail[trail.index(target):] + [target]
                problems.append(f"{node}:1: headers include each other in a circle: " + " -> ".join(circle))
            elif target in graph and target not in state:
                visit(target, trail + [target])
        state[node] = "done"

    for node in graph:
        if node not in state:
            visit(node, [node])
    return problems


def conditionals(root):
    """Preprocessor conditionals, except Highway's re-inclusion pattern in the kernels."""
    problems = []
    for path in sources(root):
        kernel = unit_of(path) == "framework/kernels"
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
            fine = kernel and ("HWY_" in rest or (bool(excused) and excused[-1]))
            excused.append(fine)
            if not fine:
                problems.append(
                    f"{path}:{number}: #{word} in a source; let CMake choose between two files, or use if constexpr "
                    "(only Highway's own pattern in framework/kernels is exempt)"
                )
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
            # A kernel header that Highway includes once for each target cannot say so.
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
