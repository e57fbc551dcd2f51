"""Reads the pages that `report` writes, for their tests."""

import html.parser
import json


class ReportPage(html.parser.HTMLParser):
    """Elements with their attributes and text, and the data of the page's scripts."""

    VOID = {"meta", "br", "img", "input", "link", "hr"}

    def __init__(self, path):
        super().__init__()
        self.elements = []
        self._open = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        self.close()
        self.data = json.loads(self.text(self.one("script", id="report-data")))

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attributes": dict(attrs), "text": [], "parents": [e["id"] for e in self._open]}
        element["id"] = len(self.elements)
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        while self._open and self._open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self._open:
            element["text"].append(data)

    @staticmethod
    def text(element):
        return "".join(element["text"])

    def find(self, tag=None, inside=None, **attributes):
        """Elements of a tag with these attributes (None: any value), below an element."""
        wanted = {name.replace("_", "-").rstrip("-"): value for name, value in attributes.items()}
        return [
            e
            for e in self.elements
            if tag in (None, e["tag"])
            and (inside is None or inside["id"] in e["parents"])
            and all(n in e["attributes"] and v in (None, e["attributes"][n]) for n, v in wanted.items())
        ]

    def one(self, tag=None, inside=None, **attributes):
        found = self.find(tag, inside, **attributes)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} elements {tag} {attributes}, not one")
        return found[0]


def looked_up(document, name):
    """The value at a name such as metrics.epochs.0.test_loss."""
    for key in name.split("."):
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def figure(value):
    """As `inspect` rounds."""
    if value is None:
        return "-"
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.4g}"


def percent(value):
    return "-" if value is None else f"{100 * value:.2f} %"
