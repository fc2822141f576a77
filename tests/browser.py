"""Headless Chromium for tests, over DevTools' pipe: Debian's browser, no driver and no library beside it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"
)
DESKTOP, PHONE = (1280, 900), (390, 844)
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip


@dataclass
class Tab:
    """A page under remote control, without network: `errors` is what it complains of, `asked` what it fetches."""

    read: int
    write: int
    session: str = ""
    count: int = 0
    buffer: bytes = b""
    seen: list[dict[str, Any]] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        said = []
        for event in self.seen:
            given = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                said.append(given["exceptionDetails"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning"):
                said.append(" ".join(str(item.get("value", "")) for item in given["args"]))
            elif event["method"] == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
                said.append(given["entry"]["text"])
        return said

    @property
    def asked(self) -> list[str]:
        return [
            e["params"]["request"]["url"] for e in self.seen if e["method"] == "Network.requestWillBeSent"
        ]

    def open(self, path: Path, size: tuple[int, int]) -> None:
        """Open a file at a width and wait until it is there."""
        self.seen.clear()
        width, height = size
        phone = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.call("Emulation.setDeviceMetricsOverride", **phone)
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.seen):
            self._receive()

    def value(self, expression: str) -> Any:
        """Return what JavaScript says in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what is to be seen as a PNG; with `whole` down to the page's end."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(b64decode(answer["data"]))

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        self.count += 1
        message = {"id": self.count, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer["error"]
                return answer["result"]  # type: ignore[no-any-return]

    def _receive(self) -> dict[str, Any]:
        """Read one message; an event is noted."""
        while b"\0" not in self.buffer:
            piece = os.read(self.read, 2**20)
            assert piece, "Chromium has ended"
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.seen.append(message)
        return message


@contextmanager
def chromium() -> Iterator[Tab]:
    """Start Chromium, give its one tab, and end it."""
    assert CHROMIUM is not None
    commands, write = os.pipe()
    read, answers = os.pipe()
    profile = tempfile.mkdtemp(prefix="retailmesh-chromium-")

    def as_three_and_four() -> None:  # where Chromium looks for its pipe
        first, second = os.dup(commands), os.dup(answers)
        os.dup2(first, 3)
        os.dup2(second, 4)

    process = subprocess.Popen(
        [CHROMIUM, *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=as_three_and_four,
        close_fds=False,
        start_new_session=True,
    )
    os.close(commands)
    os.close(answers)
    try:
        tab = Tab(read, write)
        targets = tab.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        tab.session = tab.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=0,
            uploadThroughput=0,
        )
        yield tab
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its helpers too
        process.wait()
        os.close(read)
        os.close(write)
        shutil.rmtree(profile, ignore_errors=True)
