"""The sources of the tree, what each includes, and the unit that it belongs to."""

import re
from pathlib import Path

SOURCE_FOLDERS = ("framework", "data", "cluster", "experiments", "tests")

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def sources(root, suffixes=(".cpp", ".hpp")):
    """All source files as paths relative to the root."""
    found = []
    for folder in SOURCE_FOLDERS:
        for path in sorted((Path(root) / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(root))
    return found


def documents(root):
    """All Markdown files as paths relative to the root."""
    found = list(Path(root).glob("*.md"))
    for folder in (*SOURCE_FOLDERS, "models"):
        found += sorted((Path(root) / folder).rglob("*.md"))
    return [path.relative_to(root) for path in found]


def lines(root, path):
    return enumerate((Path(root) / path).read_text(encoding="utf-8").splitlines(), start=1)


def unit_of(path):
    """The unit that a relative path belongs to, or None."""
    parts = Path(path).parts
    if parts[0] == "framework":
        return "/".join(parts[:2])
    return parts[0] if parts[0] in SOURCE_FOLDERS else None


def includes(root, path):
    """(line number, quoted or None, angled or None) of each include."""
    for number, line in lines(root, path):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)
