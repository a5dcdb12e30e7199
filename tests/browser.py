"""A headless Chromium that a test drives over two pipes, in the DevTools protocol.

Debian's packages ``chromium-headless-shell`` and ``chromium`` bring one; it needs no other package.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EXECUTABLES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def browser_executable() -> str | None:
    """The browser that is installed; ``None`` without any."""
    return next(filter(None, map(shutil.which, EXECUTABLES)), None)


class Browser:
    """One page. What the page logs, and every exception in it, is collected in ``complaints``."""

    def __init__(self, ask: int, answers: int) -> None:
        self._ask = ask
        self._answers = answers
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """The result of a command."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._ask, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._event(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            found = os.read(self._answers, 1 << 20)
            if not found:
                raise RuntimeError("the browser has ended")
            self._buffer += found
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def _event(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled":
                said = [str(each.get("value", each)) for each in parameters["args"]]
                self.complaints.append(f"console.{parameters['type']}: {' '.join(said)}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                url: str = parameters["request"]["url"]
                if not url.startswith(("file:", "data:", "about:")):
                    self.complaints.append(f"requests {url}")
            case _:
                pass

    def open(
        self, page: Path, *, width: int = 1440, height: int = 1000, dark: bool = False
    ) -> None:
        """Opens a file, and waits until it is loaded and drawn."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.command("Page.navigate", url=page.resolve().as_uri())
        while self.value("document.readyState") != "complete":
            pass
        self.frame()

    def frame(self) -> None:
        """Waits until what was asked for is drawn."""
        self.value(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
        )

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, of a promise what it promises."""
        found = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key goes down and up again."""
        text = {"text": key} if len(key) == 1 else {}
        self.command("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.command("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.frame()

    def click(self, x: float, y: float) -> None:
        """A click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )
        self.frame()

    def wheel(self, x: float, y: float, by: float) -> None:
        """A turn of the wheel at a place of the window; a negative one zooms in."""
        self.command("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)
        self.frame()

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """A picture of the window, or of the whole page."""
        found = self.command("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))

    def printed(self) -> bytes:
        """The page as PDF, as it prints."""
        found = self.command("Page.printToPDF", printBackground=True)
        return base64.b64decode(found["data"])


@contextmanager
def open_browser(executable: str, profile: Path) -> Generator[Browser]:
    """A browser with an empty profile, ended afterwards."""
    to_browser, ask = os.pipe()
    answers, from_browser = os.pipe()

    def as_pipes() -> None:  # the browser reads file descriptor 3 and writes 4
        os.dup2(to_browser, 63)
        os.dup2(from_browser, 64)
        os.dup2(63, 3)
        os.dup2(64, 4)

    process = subprocess.Popen(
        [
            executable,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ],
        close_fds=False,
        preexec_fn=as_pipes,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Browser(ask, answers)
    finally:
        os.write(ask, b'{"id": 0, "method": "Browser.close"}\0')
        process.wait(timeout=20)
        os.close(ask)
        os.close(answers)
