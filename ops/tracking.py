"""Evaluations and runs for an MLflow server, through mlflow-skinny. Nothing here is needed without one."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ops import dotenv
from ops.errors import OpsError
from ops.evaluation import Evaluated, Row
from ops.settings import Settings

ADDRESS = "MLFLOW_TRACKING_URI"
KEY = "retailmesh.key"  # a hash of all that a run says: it is sent once
LONGEST_VALUE = 500  # of a parameter, on every version of the server
BATCH = 100  # parameters or tags that the server takes at once
FORBIDDEN = re.compile(r"[^\w. /-]")
HASTE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}  # MLflow's own: minutes


def address(settings: Settings) -> str:
    """Return the MLflow server's address from `.env` or the environment. Raises OpsError without one."""
    named = {**os.environ, **dotenv.read(settings.env_file)}.get(ADDRESS, "")
    if not named:
        raise OpsError(f"{ADDRESS} names no MLflow server: set it in {settings.env_file} or the environment.")
    return named


def track(settings: Settings, found: Evaluated) -> int:
    """Send an environment's evaluations: an experiment per model, a run per source and method.

    Returns how many runs were new to the server. Raises OpsError without an address, without mlflow-skinny, and where
    the server does not answer.
    """
    uri = address(settings)
    for name, value in HASTE.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise OpsError(
            f"{ADDRESS} is set, but mlflow-skinny is not installed: `.venv/bin/pip install 'mlflow-skinny>=3'`."
        ) from error
    try:
        client = MlflowClient(tracking_uri=uri)
        return sum(_send(client, found, list(rows)) for rows in _runs(found))
    except MlflowException as error:
        raise OpsError(f"MLflow at {uri} did not take the evaluations: {str(error).strip()}") from error


def _runs(found: Evaluated) -> Iterator[list[Row]]:
    def key(row: Row) -> tuple[str, str, str]:
        return row["model"], row["source"], row["method"]

    for _, rows in groupby(sorted(found.rows, key=key), key=key):
        yield list(rows)


def _send(client: Any, found: Evaluated, rows: list[Row]) -> bool:
    """Send one run, unless the server has it. Returns whether it was new."""
    from mlflow.entities import Metric, Param, RunTag

    first = rows[0]
    run = next((item for item in found.runs if item["model"] == first["model"]), {})
    said = json.dumps([found.environment, rows, run.get("data_fingerprint")], sort_keys=True, default=str)
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    known = client.get_experiment_by_name(first["model"])
    experiment = known.experiment_id if known else client.create_experiment(first["model"])
    if client.search_runs([experiment], f"tags.`{KEY}` = '{digest}'", max_results=1):
        return False
    name = f"{found.environment} {first['source']} {first['method']}"
    sent = client.create_run(experiment, tags=tags(found.environment, rows, run), run_name=name)
    run_id, now = sent.info.run_id, int(time.time() * 1000)
    params = [Param(key, value) for key, value in parameters(rows).items()]
    for start in range(0, len(params), BATCH):
        client.log_batch(run_id, params=params[start : start + BATCH])
    values = [Metric(key, value, now, 0) for key, value in metrics(rows, run).items()]
    for start in range(0, len(values), BATCH):
        client.log_batch(run_id, metrics=values[start : start + BATCH])
    client.set_terminated(run_id)
    client.log_batch(run_id, tags=[RunTag(KEY, digest)])  # last: a run that broke off is sent again
    return True


def tags(environment: str, rows: list[Row], run: Row) -> dict[str, str]:
    """Return what identifies a run: environment, source, role, data, versions."""
    first = rows[0]
    names = ("source", "method", "role", "baseline_method", "as_of_date", "cut_date", "data_fingerprint")
    versions: dict[str, Any] = {
        f"library.{name}": text for name, text in (run.get("library_versions") or {}).items()
    }
    more: dict[str, Any] = {
        name: run[name] for name in ("physical_table", "python_version", "started_at") if name in run
    }
    found: dict[str, Any] = {
        "environment": environment,
        **{name: first[name] for name in names},
        **versions,
        **more,
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def metrics(rows: list[Row], run: Row) -> dict[str, float]:
    """Return the values by `metric`, or `metric/part` where the part is not all, with the baseline's and the counts."""
    found: dict[str, float | None] = {
        "run_seconds": run.get("seconds"),
        "run_row_count": run.get("row_count"),
    }
    for row in rows:
        place = "" if row["part"] == "all" else f"/{row['part']}"
        found[f"{row['metric']}{place}"] = row["metric_value"]
        found[f"baseline_{row['metric']}{place}"] = row["baseline_value"]
        found[f"train_count{place}"], found[f"holdout_count{place}"] = (
            row["train_count"],
            row["holdout_count"],
        )
    return {FORBIDDEN.sub("_", name): float(value) for name, value in found.items() if value is not None}


def parameters(rows: list[Row]) -> dict[str, str]:
    """Return the fitted parameters, flat: `slope`, `weights.recency`, and `part/slope` where parts differ."""
    fitted = {row["part"]: json.loads(row["parameters"] or "{}") for row in rows}
    same = len({json.dumps(value, sort_keys=True) for value in fitted.values()}) == 1
    found: dict[str, str] = {}
    for part, values in fitted.items():
        place = "" if same or part == "all" else f"{part}/"
        found |= {f"{place}{name}": text for name, text in _flat(values)}
    return {FORBIDDEN.sub("_", name)[:250]: text[:LONGEST_VALUE] for name, text in found.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)
