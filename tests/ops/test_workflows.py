"""The workflows: valid, pinned, with the least rights, and made of what runs on a laptop."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click import Context, Group
from ruamel.yaml import YAML

from ops.cli.main import cli
from tests.support import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
Job = tuple[str, dict[str, Any]]
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
#: What a person chooses: a title, a branch's name, a commit's message. None of it may become part of a program.
CHOSEN = re.compile(r"github\.(head_ref|ref_name|event\.(?!pull_request\.(number|head\.repo\.full_name)\b))")


def read(file: Path) -> dict[str, Any]:
    return YAML(typ="safe").load(file.read_text("utf-8"))


def jobs() -> list[Job]:
    return [(f"{file.stem}.{name}", job) for file in FILES for name, job in read(file)["jobs"].items()]


def runs() -> list[tuple[str, str]]:
    return [(name, step["run"]) for name, job in jobs() for step in job["steps"] if "run" in step]


def test_there_are_the_four() -> None:
    assert [file.stem for file in FILES] == ["check", "deploy", "nightly", "pull-request"]


def test_githubs_schema_holds() -> None:
    command = ("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = subprocess.run(
        [sys.executable, *command, *map(str, FILES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_zizmor_finds_no_way_in() -> None:
    done = zizmor(FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_a_title_that_becomes_part_of_a_program(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = (FOLDER / "pull-request.yml").read_text("utf-8")
    assert "run: make dev-env" in text
    bad = text.replace("run: make dev-env", "run: echo ${{ github.event.pull_request.title }}")
    (folder / "pull-request.yml").write_text(bad, "utf-8")
    assert "template-injection" in zizmor(folder).stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(file: Path) -> None:
    used = [line for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.search(line)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_has_no_rights_that_a_job_does_not_ask_for(file: Path) -> None:
    assert read(file)["permissions"] == {}


def test_jobs_write_only_what_their_purpose_is() -> None:
    writes = {
        (name, right) for name, job in jobs() for right, how in job["permissions"].items() if how == "write"
    }
    assert writes == {
        ("pull-request.environment", "checks"),
        ("pull-request.environment", "pull-requests"),
        ("nightly.refresh", "issues"),
    }


@pytest.mark.parametrize(("name", "job"), jobs(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_job_ends(name: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 180


@pytest.mark.parametrize(("name", "run"), runs())
def test_every_step_is_a_make_target_that_is_there(name: str, run: str) -> None:
    found = re.fullmatch(r"make ([a-z-]+)((?: [A-Z]+=\S+)*)", run.strip())
    assert found, f"{name}: {run}"
    assert found[1] in TARGET.findall((ROOT / "Makefile").read_text("utf-8"))


def test_targets_run_commands_of_retail_that_are_there() -> None:
    used = re.findall(
        r"\$\(BIN\)/retail ([a-z-]+)(?: ([a-z]+)(?=\s))?", (ROOT / "Makefile").read_text("utf-8")
    )
    assert {"pr", "github", "promote", "nightly"} <= {name for name, _ in used}
    for name, second in used:
        command = cli.get_command(Context(cli), name)
        assert command is not None, name
        if isinstance(command, Group):
            assert command.get_command(Context(command), second), f"{name} {second}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_that_a_stranger_writes_gets_into_a_program(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "pull_request_target" not in text
    assert CHOSEN.findall(text) == []
    assert [run for _, run in runs() if "${{" in run] == []


def test_secrets_are_given_to_what_has_merged_only_and_to_one_step() -> None:
    for file in FILES:
        workflow = read(file)
        has_secrets = "secrets." in file.read_text("utf-8")
        assert not (has_secrets and ("pull_request" in workflow["on"])), file.name
        for job in workflow["jobs"].values():
            assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})
            assert sum("secrets." in str(step) for step in job["steps"]) <= 1


def test_a_deployment_is_alone_and_never_cancelled_half_way() -> None:
    for name in ("deploy", "nightly"):
        assert read(FOLDER / f"{name}.yml")["concurrency"] == {"group": name, "cancel-in-progress": False}


def test_a_checkout_leaves_no_token_behind() -> None:
    for name, job in jobs():
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, name
