"""Who may include whom: tables, and rules that are each a function from the tree's root to a list of violations.

A violation reads `file:line: what is wrong and what is allowed`. Data flows downwards: nothing earlier in the table of
units sees anything later. It is the house style's, but for what README's decisions say.
"""

import re
from pathlib import Path

from tree import includes, sources, unit_of

# Which other units a unit may include.
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
    # Kernels, too: a kernel puts pixels into lanes.
    "data": ["framework/core", "framework/kernels", "framework/training", "framework/storage"],
    "cluster": ["framework/core", "framework/training"],
    "experiments": ["*"],
    "tests": ["*"],
}

# Which other rooms (folders) of its own unit a source may include; "*" is all of them. A unit with rooms is listed here with
# each of them. The unit's own folder is a room, too.
ROOMS = {
    "framework/kernels": [],
    "framework/kernels/conv2d": ["framework/kernels"],
    "framework/training": ["*"],
    "framework/training/exchange": [],
    "framework/training/step": ["framework/training/exchange"],
    # For the canonical tree, which the norm is added along.
    "framework/training/update": ["framework/training/exchange"],
    "framework/training/diagnosis": ["framework/training/step"],
    "framework/training/evaluation": [
        "framework/training/diagnosis",
        "framework/training/exchange",
        "framework/training/step",
    ],
    "framework/storage/files": [],
    "framework/storage/sandbox": [],
    "framework/storage/hdf5": ["framework/storage/files", "framework/storage/sandbox"],
    "framework/storage/checkpoint": ["framework/storage/files", "framework/storage/hdf5"],
    "framework/storage/metrics": ["framework/storage/files", "framework/storage/hdf5"],
    "framework/storage/run": ["*"],
    "data": ["data/augmentations", "data/formats", "data/images"],
    "data/augmentations": [],
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
    "experiments/doctor": ["experiments/program", "experiments/text"],
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
    "libseccomp": (r"seccomp\.h", r"framework/storage/sandbox/limits\.cpp"),
    "Highway": (r"hwy/", r"framework/(kernels|optimizers)/.*|tests/framework/kernels/.*"),
    "HDF5": (r"hdf5(_hl)?\.h|H5.*\.h", r"framework/storage/hdf5/(hdf5_library\.hpp|[a-z0-9_]+\.cpp)|tests/.*"),
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

# Libraries that only one file of the folder may include.
SINGLE_PLACES = {
    "zlib": "data",
    "stb": "data",
    "nlohmann-json": "framework/storage",
}

# The operating system's own headers, and the only files that meet it.
SYSTEM_HEADERS = re.compile(r"((sys|net|netinet|arpa)/[a-z_]+|ifaddrs|unistd|fcntl|sched|pthread|signal|poll|spawn|netdb|pwd|termios|xmmintrin)\.h")
SYSTEM_PLACES = re.compile(r"framework/core/parallel\.cpp|(framework/storage|data|cluster|experiments|tests)/.*")


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
