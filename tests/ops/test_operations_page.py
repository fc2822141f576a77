"""docs/operations.md: its unit files are units, its cron lines are cron lines, and its tables name what there is."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from croniter import croniter

from ops import alerts, log
from ops.cli.main import COMMANDS
from ops.doctor.report import CHECKS
from tests.support import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
UNITS = {text.partition("\n")[0].removeprefix("# "): text for kind, text in BLOCKS if kind == "ini"}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as files, with a project's folder that is there."""
    programs = tmp_path / "project" / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("retail", "sqlmesh"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for name, text in UNITS.items():
        (folder / name).write_text(text.replace("/srv/retailmesh", str(tmp_path / "project")))
    return folder


def test_every_timer_has_its_service_and_every_command_is_one() -> None:
    assert len(UNITS) == 7
    for name, text in UNITS.items():
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)
        if name.endswith(".timer"):
            assert name.replace(".timer", ".service") in UNITS
            assert unit["Timer"]["OnCalendar"]
        for program, command in re.findall(
            r"^Exec\w+=-?/srv/retailmesh/\.venv/bin/(\w+) ([\w-]+)", text, re.MULTILINE
        ):
            assert command in COMMANDS if program == "retail" else command == "janitor"
        assert "[Service]" not in text or "User=retailmesh" in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_takes_the_units(units: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(units.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_LOG_LEVEL": "warning"},
    )
    about_ours = [line for line in done.stderr.splitlines() if "retailmesh" in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_would_have_told_of_a_wrong_one(units: Path) -> None:
    wrong = units / "retailmesh-refresh.service"
    wrong.write_text(wrong.read_text().replace("WorkingDirectory=", "WorkDirectory="))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(wrong)], capture_output=True, text=True, check=False
    )
    assert "WorkDirectory" in done.stderr


def test_cron_takes_the_lines() -> None:
    (table,) = [text for kind, text in BLOCKS if kind == "cron"]
    lines = [line for line in table.splitlines() if not line.startswith(("PATH=", "@reboot"))]
    assert len(lines) == 3
    for line in lines:
        when = " ".join(line.split()[:5])
        assert croniter.is_valid(when)
        assert "cd /srv/retailmesh && " in line
    assert set(re.findall(r"retail ([\w-]+)", table)) <= set(COMMANDS)


def test_the_tables_name_every_check_and_every_variable() -> None:
    checks = PAGE.partition("| check | fails |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", checks, re.MULTILINE) == ["server", *CHECKS]
    for name in (
        alerts.SLACK,
        alerts.WEBHOOK,
        alerts.SMTP,
        alerts.MAIL_TO,
        alerts.MAIL_FROM,
        log.FORMAT,
        log.FILE,
    ):
        assert f"`{name}" in PAGE
        assert f"# {name}=" in (ROOT / ".env.example").read_text("utf-8")
