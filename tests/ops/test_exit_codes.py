"""What `retail` returns, as docs/operations.md lists it: 0 done, 1 failed, 2 called wrongly, 130 stopped."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.test_cli import retail
from tests.support import ROOT, quiet_environment

NO_SERVER = "PGHOST=127.0.0.1\nPGPORT=1\nRETAIL_SERVER=other\n"
NEEDS_SERVER = (
    ["status"], ["doctor"], ["load", "--all"], ["loads"], ["profile", "store"], ["refresh"], ["summary"], ["evaluate"],
    ["quality"],
)  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["doctor", "--help"], ["contracts", "--check"]]
)
def test_what_is_done_is_0(tmp_path: Path, arguments: list[str]) -> None:
    root = ROOT if arguments[0] == "contracts" else tmp_path
    assert retail(root, *arguments).returncode == 0


@pytest.mark.parametrize("arguments", NEEDS_SERVER, ids=" ".join)
def test_what_fails_is_1_with_a_sentence_and_no_traceback(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / ".env").write_text(NO_SERVER)
    shutil.copy(ROOT / "config.yaml", tmp_path)
    done = retail(tmp_path, *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["doctor", "--nonsense"],
        ["load"],
        ["load", "olist", "--all"],
        ["loads", "--limit", "none"],
        ["quality", "--fail-on", "nonsense"],
        ["connect"],
        ["profile"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_2_and_says_how_to_call(tmp_path: Path, arguments: list[str]) -> None:
    done = retail(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr


def test_one_that_is_stopped_is_130(tmp_path: Path) -> None:
    code = "import ops.cli.main as m\ndef stop(**_): raise KeyboardInterrupt\nm.cli = stop\nm.main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "Stopped.\n")


def test_one_that_is_terminated_ends_by_the_signal(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(NO_SERVER)
    code = "import os, ops.cli.main as m\ndef end(**_): os.kill(os.getpid(), 15)\nm.cli = end\nm.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=quiet_environment(), check=False)
    assert done.returncode == -signal.SIGTERM  # which a shell shows as 143


def test_the_page_lists_them() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert re.findall(r"^\| (\d+) \|", page.partition("## Exit codes")[2], re.MULTILINE) == [
        "0",
        "1",
        "2",
        "130",
        "143",
    ]
