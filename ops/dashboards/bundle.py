"""The specification compiled into the folder of YAML files that Superset imports: the same input, the same bytes."""

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ruamel.yaml import YAML

from ops.dashboards.charts import BAND, BAND_SUFFIXES, form_data
from ops.dashboards.datasets import Resolved, Table, in_schema
from ops.dashboards.pages import dashboard
from ops.dashboards.shops import Shop
from ops.dashboards.spec import Spec, file_name

NAMESPACE = UUID("6d1c6f0e-0f2c-5c0e-9f5b-5f1f6f2a7f10")
VERSION = "1.0.0"
METADATA = "metadata.yaml"
DATABASE = "retailmesh"
TIMESTAMP = "2000-01-01T00:00:00+00:00"  # Superset wants one; when it was compiled is nobody's business


@dataclass(frozen=True)
class Target:
    """For what a bundle is made: an environment's views, and how Superset reaches them."""

    environment: str
    uri: str  # without a password

    @property
    def schema(self) -> str:
        return "bi" if self.environment == "prod" else f"bi__{self.environment}"

    @property
    def mark(self) -> str:
        """What everything of this environment's bundle bears, so that the next one can remove what is gone."""
        return f"https://retailmesh.invalid/dashboards/{self.environment}"

    def title(self, name: str) -> str:
        return name if self.environment == "prod" else f"{name} ({self.environment})"

    def slug(self, name: str) -> str:
        return name if self.environment == "prod" else f"{name}-{self.environment}"

    def uuid(self, kind: str, name: str) -> str:
        return str(uuid5(NAMESPACE, f"{self.environment}/{kind}/{name}"))


def compile_bundle(
    spec: Spec, tables: Mapping[str, Table], shops: list[Shop], target: Target
) -> dict[str, dict[str, Any]]:
    """Return path -> content of the bundle. Raises OpsError for a chart that its dataset cannot fill."""
    files: dict[str, dict[str, Any]] = {
        METADATA: {"version": VERSION, "type": "assets", "timestamp": TIMESTAMP},
        f"databases/{DATABASE}.yaml": _database(target),
    }
    for name, table in tables.items():
        files[f"datasets/{DATABASE}/{target.slug(name)}.yaml"] = _dataset(table, spec.labels, target)
    for page in spec.pages:
        for chart in page.charts():
            viz_type, params = form_data(chart, tables[chart.data], spec.labels)
            name = f"{page.slug}/{chart.name}"
            files[f"charts/{target.slug(page.slug)}/{file_name(chart.name)}.yaml"] = {
                "slice_name": target.title(chart.name),
                "description": chart.text or None,
                "viz_type": viz_type,
                "params": params,
                "cache_timeout": None,
                "uuid": target.uuid("chart", name),
                "dataset_uuid": target.uuid("dataset", chart.data),
                "version": VERSION,
                "is_managed_externally": True,
                "external_url": target.mark,
            }
        for phone in (False, True):
            shown = dashboard(page, spec, tables, shops, target, phone=phone)
            files[f"dashboards/{shown['slug']}.yaml"] = shown
    return files


def write_bundle(files: Mapping[str, dict[str, Any]], folder: Path) -> None:
    """Write the bundle as files; those of one that stands in the folder already go."""
    if (folder / METADATA).exists():
        for part in {Path(name).parts[0] for name in files if name != METADATA}:
            shutil.rmtree(folder / part, ignore_errors=True)
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = io.StringIO()
        yaml.dump(content, text)
        path.write_text(text.getvalue(), "utf-8")


def _database(target: Target) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": target.uri,
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "allows_virtual_table_explore": True,
            "engine_params": {"connect_args": {"application_name": "dashboards"}},
        },
        "uuid": str(uuid5(NAMESPACE, "database")),  # one for all environments
        "version": VERSION,
    }


def _dataset(table: Table, labels: Mapping[str, str], target: Target) -> dict[str, Any]:
    dataset = table.dataset
    name = dataset.view or table.name
    return {
        "table_name": name if dataset.view else target.title(name),
        "main_dttm_col": dataset.date,
        "currency_code_column": dataset.currency,
        "description": dataset.text or None,
        "schema": target.schema,
        "sql": in_schema(table.query, target.schema) if table.query else None,
        "uuid": target.uuid("dataset", table.name),
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": labels.get(column.name) or column.name.replace("_", " ").capitalize(),
                "description": column.text or None,
                "type": column.kind.upper(),
                "is_dttm": column.kind in ("date", "timestamptz"),
                "is_active": True,
                "groupby": True,
                "filterable": True,
            }
            for column in table.columns.values()
        ],
        "metrics": [_metric(measure, measure.label) for measure in table.measures.values()]
        + _bands(list(table.measures.values())),
        "version": VERSION,
        "database_uuid": str(uuid5(NAMESPACE, "database")),
        "is_managed_externally": True,
        "external_url": target.mark,
    }


def _metric(measure: Resolved, name: str) -> dict[str, Any]:
    return {
        "metric_name": name,
        "verbose_name": name,
        "metric_type": None,
        "expression": measure.sql,
        "description": measure.text or None,
    }


def _bands(measures: list[Resolved]) -> list[dict[str, Any]]:
    """A forecast and its bounds again, under the names by which Superset draws an interval."""
    by_name = {measure.name: measure for measure in measures}
    if not BAND_SUFFIXES.keys() <= by_name.keys():
        return []
    return [_metric(by_name[name], BAND + suffix) for name, suffix in BAND_SUFFIXES.items()]
