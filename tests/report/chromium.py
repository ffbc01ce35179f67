"""A headless Chromium over the DevTools protocol: what a reader's browser makes of a page."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--hide-scrollbars", "--remote-debugging-port=0", "--remote-allow-origins=*"),
)
"""It runs as root where tests run in a container."""

PATIENCE = 60
"""Seconds until it is up, or answers."""


def found() -> str | None:
    """Chromium's program, if there is one here."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def required() -> bool:
    """Whether a test that needs a browser must not be left out."""
    return os.environ.get("CSSIM_BROWSER") == "required"


class Browser:
    """One page of a running Chromium.

    Attributes:
        events: what the page told of itself since it was last asked, in order.
    """

    def __init__(self, socket: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket, self._ids = socket, itertools.count(1)
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self(f"{domain}.enable")

    _session = ""

    def __call__(self, method: str, **parameters: Any) -> Any:
        """Send a command and wait for its answer."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE))
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, path: Path, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Show a file on a screen of so many pixels, in a light or a dark room."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self("Emulation.setDeviceMetricsOverride", **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self("Page.navigate", url=path.absolute().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()
        self.run("document.fonts.ready.then(() => true)")

    def run(self, code: str) -> Any:
        """What a piece of script gives, run in the page from outside."""
        answer = self("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, path: Path, *, clip: dict[str, float] | None = None) -> None:
        """The whole page as a PNG, or a piece of it."""
        more = {"clip": {**clip, "scale": 1}} if clip else {}
        data = self("Page.captureScreenshot", format="png", captureBeyondViewport=True, **more)["data"]
        path.write_bytes(base64.b64decode(data))

    def pdf(self, path: Path) -> None:
        """The page as it is printed."""
        data = self("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium with an empty profile in a folder; it is gone afterwards."""
    from websockets.sync.client import connect

    program = found()
    assert program is not None
    home = folder / "profile"
    command = [program, *FLAGS, f"--user-data-dir={home}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port, way = _listening(home / "DevToolsActivePort", process)
            with connect(f"ws://127.0.0.1:{port}{way}", max_size=None, proxy=None) as socket:
                yield Browser(socket)
                socket.send(json.dumps({"id": 0, "method": "Browser.close"}))
                process.wait(PATIENCE)
        finally:
            process.kill()


def _listening(path: Path, process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Where it listens; it writes that down when it is up."""
    for _ in range(10 * PATIENCE):
        lines = path.read_text(encoding="utf-8").split() if path.exists() else []
        if len(lines) == 2:
            return int(lines[0]), lines[1]
        assert process.poll() is None, "Chromium ended before it was up"
        time.sleep(0.1)
    raise TimeoutError("Chromium does not come up")
