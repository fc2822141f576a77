"""Evaluations on a real MLflow server, which is installed in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from ops import dotenv
from ops.settings import Settings
from tests.integration.learned import PLAN, learned_project, write_models
from tests.support import ROOT, Project

pytestmark = pytest.mark.thorough(minutes=3)
HOME = ROOT / ".cache" / "mlflow"
SERVER, CLIENT = HOME / "server", HOME / "client"


@pytest.fixture(scope="module")
def installed() -> None:
    """MLflow in an environment of its own and mlflow-skinny in a folder, kept for the next time."""
    pip = [str(SERVER / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    steps = [
        (SERVER / "bin" / "python", [sys.executable, "-m", "venv", str(SERVER)]),
        (SERVER / "bin" / "mlflow", [*pip, "mlflow>=3"]),
        (
            CLIENT / "mlflow",
            [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(CLIENT), "mlflow-skinny>=3"],
        ),
    ]
    for made, command in steps:
        if not made.exists():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"MLflow cannot be installed: {done.stderr.strip()[-300:]}")


@pytest.fixture
def mlflow(installed: None, tmp_path: Path) -> Iterator[str]:
    """The address of a running server, which is stopped afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        str(SERVER / "bin" / "mlflow"),
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db"]
    command += ["--artifacts-destination", str(tmp_path / "artifacts")]
    log = (tmp_path / "mlflow.log").open("w")
    path = f"{SERVER / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "MLFLOW_DISABLE_TELEMETRY": "true"}
    server = subprocess.Popen(
        command, env=environment, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True
    )
    try:
        wait_for(f"{address}/health", server, tmp_path / "mlflow.log")
        yield address
    finally:
        stop(server)
        log.close()


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and the workers that it started."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        try:
            urlopen(url, timeout=5).read()  # noqa: S310 - our own server
            return
        except (URLError, OSError):
            assert server.poll() is None, log.read_text()
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def ask(address: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(  # noqa: S310 - our own server
        f"{address}/api/2.0/mlflow/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.loads(urlopen(request, timeout=30).read())  # noqa: S310


def runs(address: str, model: str) -> list[dict[str, Any]]:
    """The runs of a model's experiment, each with its tags, parameters and metrics as dictionaries."""
    known = ask(address, "experiments/search", {"max_results": 100}).get("experiments", [])
    numbers = [item["experiment_id"] for item in known if item["name"] == model]
    found = (
        ask(address, "runs/search", {"experiment_ids": numbers, "max_results": 100}).get("runs", [])
        if numbers
        else []
    )
    return [
        {
            "status": run["info"]["status"],
            **{
                name: {item["key"]: item["value"] for item in run["data"].get(name, [])}
                for name in ("tags", "params", "metrics")
            },
        }
        for run in found
    ]


@pytest.fixture
def learned(database: Settings, tmp_path: Path, mlflow: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(CLIENT)]))
    project = learned_project(database, tmp_path / "project")
    dotenv.update(project.settings.env_file, {"MLFLOW_TRACKING_URI": mlflow})
    return project


def test_a_plan_sends_metrics_parameters_and_runs_once(learned: Project, mlflow: str) -> None:
    printed = learned.sqlmesh("plan", "prod", *PLAN)
    assert "not sent" not in printed
    sent = runs(mlflow, "ml.guess")
    assert len(sent) == 6  # two sources, three methods
    (champion,) = [
        run for run in sent if run["tags"]["role"] == "champion" and run["tags"]["source"] == "shop"
    ]
    assert champion["status"] == "FINISHED"
    assert champion["params"] == {"slope": "2.0"}
    assert champion["metrics"] == {"auc": 0.8, "baseline_auc": 0.5, "train_count": 100, "holdout_count": 50}
    assert champion["tags"]["environment"] == "prod"
    assert champion["tags"]["data_fingerprint"] == "abc"

    assert "MLflow had all of it already" in learned.retail("evaluate", "--track")
    assert len(runs(mlflow, "ml.guess")) == 6

    write_models(learned.root, auc=0.82)
    learned.sqlmesh("plan", "dev", *PLAN)
    both = [
        run
        for run in runs(mlflow, "ml.guess")
        if run["tags"]["source"] == "shop" and run["tags"]["role"] == "champion"
    ]
    assert sorted((run["tags"]["environment"], run["metrics"]["auc"]) for run in both) == [
        ("dev", 0.82),
        ("prod", 0.8),
    ]


def test_a_run_brings_its_duration_and_the_versions_of_its_libraries(learned: Project, mlflow: str) -> None:
    dotenv.update(learned.settings.env_file, {"MLFLOW_TRACKING_URI": None})
    learned.sqlmesh("plan", "prod", *PLAN)
    [(table,)] = learned.query("SELECT physical_table FROM ingest.model_promotion WHERE model = 'ml.guess'")
    learned.query(
        "INSERT INTO ingest.model_run VALUES ('ml.guess', %s, now(), 2.5, 1000, 'ab', '{\"numpy\": \"2.0\"}', '3.11')",
        table,
    )
    dotenv.update(learned.settings.env_file, {"MLFLOW_TRACKING_URI": mlflow})
    assert "Sent to MLflow: 6 runs" in learned.retail("evaluate", "--track")
    run = runs(mlflow, "ml.guess")[0]
    assert (run["metrics"]["run_seconds"], run["metrics"]["run_row_count"]) == (2.5, 1000)
    assert (run["tags"]["library.numpy"], run["tags"]["python_version"]) == ("2.0", "3.11")
