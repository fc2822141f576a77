"""A dbt project that holds the same SQL as the SQLMesh project: each model's and audit's query, rendered by SQLMesh.

| SQLMesh | dbt |
|---|---|
| SEED | seed, with the columns' types |
| VIEW | view |
| FULL | table |
| INCREMENTAL_BY_TIME_RANGE | incremental, delete+insert by day, between the variables `start` and `end` |
| EMBEDDED | inlined into what reads it, as SQLMesh does |
| EXTERNAL | source |
| an audit | a singular test, a warning where the audit does not block |
| indexes, ANALYZE | `indexes`, a post-hook |

dbt-postgres runs no Python: Python models, and what reads them, are left out, and returned with the reason. Any other
kind is an error, so that nothing is left out in silence. Grants and comments in the database are left out as well:
dbt has less to do.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.macros import RuntimeStage
from sqlmesh.core.model import Model

PROJECT = "retail"
PARTS = ("models", "seeds", "tests")
VARIABLES = {"start": "2000-01-01", "end": "2100-01-01"}
# Days that no model names: what SQLMesh renders for them, dbt fills in.
SENTINELS: Mapping[str, Any] = {"start": "1903-07-07", "end": "1904-07-07"}
FORGOTTEN_SENTINEL = re.compile(r"\b190[34]-\d\d")
JINJA = re.compile(r"\{[{%#]|[}%#]\}")
MATERIALIZED = {"VIEW": "view", "FULL": "table", "INCREMENTAL_BY_TIME_RANGE": "incremental"}
WHERE_TABLE_IS_NEW = "{% if flags.WHICH != 'clone' and not is_incremental() %}"  # a clone is a view
REFERENCE = re.compile(r'"(ref|source) (\w+) (\w+)"')
THIS = '"this"."model"'


class TranslationError(Exception):
    """A model that dbt cannot have, for a reason that was not foreseen."""


@dataclass
class Translation:
    """What became of the models, by their SQLMesh names: `left_out` tells why."""

    built: list[str] = field(default_factory=list)
    seeds: list[str] = field(default_factory=list)
    inlined: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    tests: int = 0


class Translator:
    """Writes a dbt project into a folder, and later what has changed of it: to render everything takes long."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
        self._written: dict[str, str] = {}  # by the name in dbt, from what

    def translate(self, context: Context) -> Translation:
        """Write the dbt project of a SQLMesh project.

        Raises TranslationError where a model is of no kind that dbt-postgres has a counterpart of.
        """
        models = dict(context.models)
        done = Translation(left_out=left_out(models))
        writer = _Writer(models, self._folder)
        wanted = [models[fqn] for fqn in context.dag.sorted if fqn in models]
        for model in wanted:
            if model.name in done.left_out:
                continue
            if model.kind.is_external:
                done.sources.append(model.name)
            elif model.kind.is_embedded:
                done.inlined.append(model.name)
            else:
                done.tests += len(_audits(model))
                (done.seeds if model.kind.is_seed else done.built).append(model.name)
                self._write(writer, model)
        for name in self._written.keys() - {
            node(model) for model in wanted if model.name not in done.left_out
        }:
            writer.remove(name)
            del self._written[name]
        writer.write_settings([model for model in wanted if model.kind.is_external])
        return done

    def _write(self, writer: _Writer, model: Model) -> None:
        made_from = writer.made_from(model)
        if self._written.get(node(model)) != made_from:
            writer.remove(node(model))
            writer.write(model)
            self._written[node(model)] = made_from


def left_out(models: Mapping[str, Model]) -> dict[str, str]:
    """Return the Python models and all that reads them, with the reason."""
    found = {fqn: "a Python model" for fqn, model in models.items() if model.is_python}
    while more := {
        fqn: f"reads {models[read[0]].name}"
        for fqn, model in models.items()
        if fqn not in found and (read := sorted(_read_by(model) & found.keys()))
    }:
        found |= more
    return {models[fqn].name: why for fqn, why in sorted(found.items())}


def _read_by(model: Model) -> set[str]:
    return model.depends_on or set()


def node(model: Model) -> str:
    """Return dbt's name of a model: dbt knows no schemas."""
    return f"{model.schema_name}__{model.view_name}"


class _Writer:
    """Writes the files of one dbt project."""

    def __init__(self, models: Mapping[str, Model], folder: Path) -> None:
        self.models, self.folder = models, folder

    def remove(self, name: str) -> None:
        """Delete the files of a model, by its name in dbt."""
        for part in PARTS:
            shutil.rmtree(self.folder / part / name, ignore_errors=True)

    def made_from(self, model: Model) -> str:
        """Return a text that changes when the model's files would."""
        read = {model.fqn} | {fqn for fqn in _read_by(model) if self._is_embedded(fqn)}
        while (
            more := {fqn for name in read for fqn in _read_by(self.models[name]) if self._is_embedded(fqn)}
            - read
        ):
            read |= more
        hashes = [self.models[fqn].data_hash for fqn in sorted(read)]
        return " ".join([*hashes, model.metadata_hash, str(model.mapping_schema)])

    def _is_embedded(self, fqn: str) -> bool:
        return fqn in self.models and self.models[fqn].kind.is_embedded

    def write(self, model: Model) -> None:
        """Write a model with its properties and tests, or a seed."""
        if model.kind.is_seed:
            self._write_seed(model)
        else:
            self._write_model(model)
            self._write_tests(model)

    def _write_model(self, model: Model) -> None:
        kind = model.kind.name.value if model.kind.name else None
        if kind not in MATERIALIZED or getattr(model.kind, "materialized", False) or model.pre_statements:
            raise TranslationError(f"{model.name}: dbt has no counterpart for a model of kind {model.kind}")
        config: dict[str, Any] = {"materialized": MATERIALIZED[kind], **self._placed(model)}
        hooks: list[str] = []
        if kind == "INCREMENTAL_BY_TIME_RANGE":
            config |= _by_day(model)
        if kind != "VIEW":
            config["indexes"], hooks = _afterwards(model)
        query = model.render_query_or_raise(**SENTINELS)
        name = node(model)
        head = (
            f"{{{{ config(post_hook={json.dumps(hooks)}) }}}}\n" if hooks else ""
        )  # in YAML dbt renders it too soon
        self._write(f"models/{name}/{name}.sql", head + self._sql(query, model.name))
        self._write_properties("models", model, config)

    def _write_tests(self, model: Model) -> None:
        for number, (audit, arguments) in enumerate(_audits(model), 1):
            query = model.render_audit_query(audit, **SENTINELS, **arguments)
            head = "" if audit.blocking else "{{ config(severity='warn') }}\n"
            name = node(model)
            text = head + self._sql(query, f"{audit.name} of {model.name}")
            self._write(f"tests/{name}/{name}__{number}_{audit.name}.sql", text)

    def _write_seed(self, model: Any) -> None:
        self._write(f"seeds/{node(model)}/{node(model)}.csv", model.seed.content)
        types = {name: kind.sql("postgres") for name, kind in model.columns_to_types_or_raise.items()}
        self._write_properties("seeds", model, {"column_types": types, **self._placed(model)})

    def write_settings(self, sources: list[Model]) -> None:
        """Write the project's own files: its name, its sources, where it connects to."""
        schemas: dict[str, list[str]] = {}
        for model in sources:
            schemas.setdefault(model.schema_name, []).append(model.view_name)
        listed = [
            {"name": schema, "tables": [{"name": table} for table in sorted(tables)]}
            for schema, tables in sorted(schemas.items())
        ]
        self._write_yaml("models/sources.yml", {"version": 2, "sources": listed})
        flags = {"send_anonymous_usage_stats": False, "use_colors": False}
        settings = {"name": PROJECT, "profile": PROJECT, "vars": VARIABLES, "flags": flags}
        self._write_yaml("dbt_project.yml", settings)
        environment = {"host": "PGHOST", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
        connection: dict[str, Any] = {
            key: f"{{{{ env_var('{name}') }}}}" for key, name in environment.items()
        }
        connection |= {"type": "postgres", "port": "{{ env_var('PGPORT') | as_number }}", "threads": 4}
        outputs = {target: {**connection, "schema": f"dbt_{target}"} for target in ("prod", "dev")}
        self._write_yaml("profiles.yml", {PROJECT: {"target": "dev", "outputs": outputs}})

    def _placed(self, model: Model) -> dict[str, str]:
        return {"schema": model.schema_name, "alias": model.view_name}

    def _write_properties(self, kind: str, model: Model, config: dict[str, Any]) -> None:
        properties = {
            "name": node(model),
            "description": model.description or "",
            "config": config,
            "columns": [
                {"name": name, "description": text}
                for name, text in (model.column_descriptions or {}).items()
            ],
        }
        name = node(model)
        self._write_yaml(f"{kind}/{name}/{name}.yml", {"version": 2, kind: [properties]})

    def _sql(self, query: exp.Expr, what: str) -> str:
        """Return the query with what it reads as dbt's refs and sources, and its days as dbt's variables."""
        text = self._named(query.copy()).sql("postgres", pretty=True, comments=False)
        if JINJA.search(text):
            raise TranslationError(f"{what}: its SQL holds what dbt would take for Jinja")
        text = REFERENCE.sub(_as_jinja, text)
        for variable, day in SENTINELS.items():
            text = text.replace(f"'{day}'", f"'{{{{ var(\"{variable}\") }}}}'")
        if FORGOTTEN_SENTINEL.search(text):
            raise TranslationError(f"{what}: it computes with its first or last day before the query runs")
        return text + "\n"

    def _named(self, query: exp.Expr) -> exp.Expr:
        """Put a reference in the place of each model that the query reads, the query of those that are embedded."""
        for table in list(query.find_all(exp.Table)):
            model = self.models.get(exp.table_name(table, "postgres", identify=True))
            if model is None:
                continue
            alias = exp.to_identifier(table.alias or table.name, quoted=True)
            if model.kind.is_embedded:
                inlined = self._named(model.render_query_or_raise(**SENTINELS).copy())
                table.replace(exp.Subquery(this=inlined, alias=exp.TableAlias(this=alias)))
            else:
                kind = "source" if model.kind.is_external else "ref"
                reference = exp.to_identifier(f"{kind} {model.schema_name} {model.view_name}", quoted=True)
                table.replace(exp.Table(this=reference, alias=exp.TableAlias(this=alias)))
        return query

    def _write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def _write_yaml(self, path: str, content: Mapping[str, Any]) -> None:
        self._write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")  # JSON is YAML


def _audits(model: Model) -> list[tuple[Any, Any]]:
    return [(audit, arguments) for audit, arguments in model.audits_with_args if not audit.skip]


def _as_jinja(reference: re.Match[str]) -> str:
    kind, schema, table = reference.groups()
    return (
        f"{{{{ source('{schema}', '{table}') }}}}"
        if kind == "source"
        else f"{{{{ ref('{schema}__{table}') }}}}"
    )


def _by_day(model: Model) -> dict[str, Any]:
    """Return how dbt replaces the days between the variables; a column that is new is added."""
    if model.time_column is None:
        raise TranslationError(f"{model.name}: it has no time column")
    day = model.time_column.column.name
    between = f"{day} between '{{{{ var('start') }}}}' and '{{{{ var('end') }}}}'"
    return {
        "incremental_strategy": "delete+insert",
        "unique_key": day,
        "incremental_predicates": [between],
        "on_schema_change": "append_new_columns",
    }


def _afterwards(model: Model) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the indexes and hooks that do what SQLMesh does behind the query of a table that is new."""
    indexes: list[dict[str, Any]] = []
    hooks: list[str] = []
    never_analyzed: Any = SimpleNamespace(fetchone=lambda *_: None)
    for statement in model.render_post_statements(
        **SENTINELS, this_model=THIS, runtime_stage=RuntimeStage.CREATING, engine_adapter=never_analyzed
    ):
        if isinstance(statement, exp.Analyze):
            hooks.append("analyze {{ this }}")
        elif isinstance(statement, exp.Create) and isinstance(statement.this, exp.Index):
            params = statement.this.args["params"]
            columns = [column.this.name for column in params.args["columns"]]
            if where := params.args.get("where"):
                hooks.append(f"create index on {{{{ this }}}} ({', '.join(columns)}) {where.sql('postgres')}")
            else:
                indexes.append({"columns": columns, "unique": bool(statement.args.get("unique"))})
        else:
            raise TranslationError(f"{model.name}: dbt is not told of {statement.sql('postgres')}")
    hooks = [f"{WHERE_TABLE_IS_NEW}{hook}{{% endif %}}" for hook in hooks]
    return indexes, hooks
