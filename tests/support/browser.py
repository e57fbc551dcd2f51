"""Headless Chromium through chromedriver, for tests of pages; the protocol is W3C WebDriver over HTTP."""

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import lockstep_cli as cli

WIDTHS = {"desktop": 1280, "phone": 390}


def require_chromium():
    """A page that nobody has opened is not tested, so this is a failure and no skip."""
    for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver")):
        cli.expect(shutil.which(program), f"{program} is not there; install Debian's package {package}")


class Browser:
    """A browser window; for `with`, which leaves no process behind."""

    def __init__(self):
        require_chromium()
        self.driver = subprocess.Popen(  # pylint: disable=consider-using-with
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.base = self._base()
        self.session = ""
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]}
        wanted = {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": options,
        }
        opened = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{opened['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()

    def _base(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return f"http://127.0.0.1:{found.group(1)}"
        raise cli.Failure("chromedriver ended without saying its port")

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + self.session + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise cli.Failure(f"{method} {path}: {error.read().decode()[:500]}") from error

    def chromium(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        """Runs JavaScript in the page and returns what it returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def open(self, path, width="desktop", scheme="light"):
        """Opens a local page, network off, and waits until its script has drawn it."""
        phone = width == "phone"
        self.chromium(
            "Emulation.setDeviceMetricsOverride", width=WIDTHS[width], height=900, deviceScaleFactor=1, mobile=phone
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.chromium("Emulation.setEmulatedMedia", features=features)
        self.chromium("Network.enable")
        self.chromium("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        self.call("POST", "/url", {"url": path.resolve().as_uri()})
        self.wait("return document.documentElement.dataset.drawn === 'true'", "the page is drawn")

    def wait(self, condition, what):
        limit = time.monotonic() + 30
        while not self.run(condition):
            cli.expect(time.monotonic() < limit, f"waited 30 s until {what}; console: {self.console()}")
            time.sleep(0.05)

    def console(self):
        """What the page has said to the console since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def point_at(self, selector, across=0.5, down=0.5):
        """Moves the pointer into an element that is scrolled into view."""
        x, y = self.run(
            "const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
            "const r = e.getBoundingClientRect();"
            "return [r.left + r.width * arguments[1], r.top + r.height * arguments[2]]",
            selector,
            across,
            down,
        )
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def click(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.run("arguments[0].scrollIntoView({block: 'center'})", found)
        self.call("POST", f"/element/{next(iter(found.values()))}/click", {})

    def print_pdf(self):
        return base64.b64decode(self.call("POST", "/print", {"background": True}))
