# SPDX-License-Identifier: Apache-2.0
"""A browser to be driven: chromedriver over the WebDriver protocol (W3C), with
Python's standard library alone."""

import json
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1000",
]
KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Escape": "\ue00c",
    "PageDown": "\ue00f", "End": "\ue010", "Home": "\ue011",
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}


def find_programs():
    """chromedriver and chromium, or None where one is missing."""
    driver = shutil.which("chromedriver")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    return (driver, browser) if driver and browser else None


class Browser:
    def __init__(self, driver, browser):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [driver, "--port=0"], stdout=subprocess.PIPE, text=True
        )
        self.base = f"http://127.0.0.1:{self._port()}"
        options = {
            "binary": browser,
            "args": SWITCHES + [f"--user-data-dir={self.profile.name}"],
        }
        answer = self._request("POST", "/session", {
            "capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }}
        })
        self.base += f"/session/{answer['sessionId']}"
        self._request("POST", "/timeouts", {"script": 60000})

    def _port(self):
        for line in self.process.stdout:
            match = re.search(r"started successfully on port (\d+)", line)
            if match:
                return int(match.group(1))
        raise RuntimeError("chromedriver does not start")

    def _request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"},
            method=method)
        # The driver is on this machine, whatever proxies there are.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._request("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
            self.profile.cleanup()

    def open(self, path):
        self._request("POST", "/url", {"url": f"file://{path}"})

    def run(self, script, *arguments):
        """The value of a function body."""
        return self._request("POST", "/execute/sync",
                             {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        """The same for one that calls the last of its arguments when done."""
        return self._request("POST", "/execute/async",
                             {"script": script, "args": list(arguments)})

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self._request("POST", "/goog/cdp/execute",
                             {"cmd": name, "params": parameters})

    def log(self):
        """What the console was told since the last call."""
        return self._request("POST", "/se/log", {"type": "browser"})

    # ---- Input -----------------------------------------------------------

    def _perform(self, kind, actions, **more):
        self._request("POST", "/actions", {"actions": [
            {"type": kind, "id": kind, "actions": actions, **more}]})

    def keys(self, *names):
        """Presses keys one after another; "Shift+Tab" holds the first."""
        for name in names:
            parts = [KEYS.get(part, part) for part in
                     (name.split("+") if len(name) > 1 else [name])]
            self._perform(
                "key",
                [{"type": "keyDown", "value": part} for part in parts]
                + [{"type": "keyUp", "value": part} for part in parts[::-1]])

    def _point(self, selector, x, y):
        """A place inside an element, in the window's coordinates."""
        left, top = self.run(
            "const e = document.querySelector(arguments[0]);"
            "e.scrollIntoView({block: 'nearest'});"
            "const r = e.getBoundingClientRect(); return [r.left, r.top];",
            selector)
        return {"x": round(left + x), "y": round(top + y)}

    def click(self, selector, x=5, y=5):
        self._perform("pointer", [
            {"type": "pointerMove", **self._point(selector, x, y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0}])

    def drag(self, selector, x, y, by):
        start = self._point(selector, x, y)
        end = {"x": start["x"] + by, "y": start["y"]}
        self._perform("pointer", [
            {"type": "pointerMove", **start},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 100, **end},
            {"type": "pointerUp", "button": 0}])

    def wheel(self, selector, x, y, by):
        self._perform("wheel", [
            {"type": "scroll", "deltaX": 0, "deltaY": by,
             **self._point(selector, x, y)}])
