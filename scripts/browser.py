"""A headless Chromium that is told what to do over its DevTools protocol: it opens pages of Odoo as a
logged-in user and takes pictures of them.
"""

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import websocket

from . import paths, processes
from .console import SetupError

_NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
_START_S = 30
_PAGE_S = 60
# Nothing loads any more, and the web client has drawn what it has.
_IS_READY = """
    document.readyState === "complete" &&
    !document.querySelector(".o_loading_indicator, .o_blockUI") &&
    [...document.querySelectorAll("iframe[src]")].every(
        ({ contentDocument: page }) =>
            !page || (page.URL !== "about:blank" && page.readyState === "complete")
    ) &&
    !!document.querySelector(%s)
"""
_SETTLE_S = 1.0


class Browser:
    """One page; `running()` starts it."""

    def __init__(self, address: str, width: int, height: int) -> None:
        # Chromium refuses a page's address from a page of another origin only.
        self._socket = websocket.create_connection(address, timeout=_PAGE_S)
        self._numbers = itertools.count(1)
        self.resize(width, height)
        # Where the demo is at home: its customers' clocks agree with the screen's.
        self._say("Emulation.setTimezoneOverride", timezoneId="Europe/Berlin")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, in pixels."""
        self._say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def log_in(self, url: str, session: str) -> None:
        """Go on as the user of a session, see `WebClient.session`."""
        self._say("Network.setCookie", name="session_id", value=session, url=url)

    def open(self, url: str, ready: str) -> None:
        """Open a page and wait until it shows an element.

        :param ready: CSS selector
        :raise TimeoutError: it does not within a minute
        """
        self._say("Page.navigate", url=url)
        self._wait(ready, url)

    def click(self, selector: str, ready: str) -> None:
        """Click an element, and wait for another."""
        self._run(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait(ready, selector)

    def run(self, script: str, ready: str) -> None:
        """Run JavaScript in the page, and wait for an element."""
        self._run(script)
        self._wait(ready, script)

    def take_picture(self, file: Path) -> None:
        """Write what is to be seen as PNG."""
        picture = self._say("Page.captureScreenshot", format="png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(picture["data"]))

    def close(self) -> None:
        """End the connection; the browser is ended by who has started it."""
        self._socket.close()

    def _wait(self, selector: str, where: str) -> None:
        deadline = time.monotonic() + _PAGE_S
        while not self._run(_IS_READY % json.dumps(selector)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{where} does not show {selector}")
            time.sleep(0.2)
        # Charts and avatars are drawn a little later.
        time.sleep(_SETTLE_S)

    def _run(self, script: str) -> Any:
        answer = self._say("Runtime.evaluate", expression=script)
        return answer["result"].get("value")

    def _say(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            # Events come between.
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            return answer.get("result")


@contextmanager
def running(width: int = 1366, height: int = 900) -> Iterator[Browser]:
    """A browser with a window of so many pixels.

    :raise SetupError: there is none, or it does not start
    """
    port = processes.free_port()
    paths.TEMPORARY.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=paths.TEMPORARY, ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            _command(port, profile), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            browser = Browser(_find_page(port), width, height)
            yield browser
            browser.close()
        finally:
            process.kill()
            process.wait()


def _command(port: int, profile: str) -> list[str]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if not program:
        raise SetupError("There is no Chromium: run make setup")
    return [
        program,
        "--headless=new",
        # Containers have no user namespaces; only our own pages are opened.
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        f"--remote-debugging-port={port}",
        "--remote-allow-origins=*",
        "about:blank",
    ]


def _find_page(port: int) -> str:
    """The address of the first page, once there is one."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as response:
                pages = json.load(response)
        except OSError:
            pages = []
        for page in pages:
            if page["type"] == "page":
                return str(page["webSocketDebuggerUrl"])
        time.sleep(0.2)
    raise SetupError("Chromium does not start")
