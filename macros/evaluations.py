"""The evaluations of the learned models: their union, their gates, their record."""

from __future__ import annotations

import os
import typing as t

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.console import get_console
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_GRAIN
from ml.gates import JUDGED_COLUMNS, LAST_OF_PROD, check_gates, failures, judge

RECORD = "ingest.model_evaluation"
PROMOTIONS = "ingest.model_promotion"
EVALUATIONS = "model_evaluation"  # the union, in the layer below
LEARNED_LAYER = "ml"
GATES, WARN = "RETAIL_GATES", "warn"  # in the environment: what fails is told and stops nothing


@macro()
def union_evaluations(evaluator: MacroEvaluator) -> exp.Expression:
    """`@UNION_EVALUATIONS()`: the rows of the models that the variable `evaluated_models` lists; with none, no row."""
    names = evaluator.var("evaluated_models")
    if not isinstance(names, list):
        raise SQLMeshError("config.yaml: the variable `evaluated_models` has to list the evaluation models")
    if not names:
        nulls = [
            exp.alias_(exp.cast(exp.null(), kind, dialect="postgres"), name)
            for name, kind in EVALUATION_COLUMNS.items()
        ]
        return exp.select(*nulls).where(exp.false())
    united: exp.Query = exp.select(*EVALUATION_COLUMNS).from_(exp.to_table(names[0]))
    for name in names[1:]:
        select = exp.select(*EVALUATION_COLUMNS).from_(exp.to_table(name))
        united = exp.union(united, select, distinct=False, copy=False)
    return united


@macro()
def gate_failures(evaluator: MacroEvaluator, evaluations: exp.Expression) -> exp.Expression:
    """`@GATE_FAILURES(@this_model)`: one row per gate that does not hold, with a sentence that says the number.

    The sentences stand in the query itself: SQLMesh prints the query of an audit that fails, not its rows. With
    RETAIL_GATES=warn in the environment they are a warning, and no row.
    """
    gates = configured_gates(evaluator)
    none = exp.select(exp.alias_(exp.Literal.string(""), "gate_failure")).where(exp.false())
    if evaluator.runtime_stage != "auditing" or not gates:
        return none
    table = evaluations.unnest() if isinstance(evaluations, exp.Paren) else evaluations
    sentences = gates_that_fail(evaluator.engine_adapter, table, gates)
    if not sentences or only_warned(sentences):
        return none
    selects = [exp.select(exp.alias_(exp.Literal.string(text), "gate_failure")) for text in sentences]
    found: exp.Query = selects[0]
    for select in selects[1:]:
        found = exp.union(found, select, distinct=False, copy=False)
    return found


@macro()
def check_gates_before_promotion(evaluator: MacroEvaluator) -> list[str]:
    """`@CHECK_GATES_BEFORE_PROMOTION()` before a plan of prod: what another environment built is judged again.

    What a plan computes is audited. What it only promotes is not: since it was audited, prod may have become
    better or a gate stricter. With RETAIL_GATES=warn in the environment it warns and promotes.
    """
    gates = configured_gates(evaluator)
    if evaluator.runtime_stage != "before_all" or evaluator.dialect != "postgres" or not gates:
        return []
    adapter = evaluator.engine_adapter
    if evaluator.this_env != "prod":
        return []
    for snapshot in evaluator.snapshots.values():
        name = exp.to_table(snapshot.name, dialect="postgres")
        if (name.db, name.name) != (LEARNED_LAYER, EVALUATIONS) or not snapshot.is_model:
            continue
        table = exp.to_table(snapshot.table_name(), dialect="postgres")
        if is_left_to_compute(evaluator, snapshot) or prod_shows(adapter, table):
            continue
        sentences = gates_that_fail(adapter, table, gates)
        if sentences and not only_warned(sentences):
            raise SQLMeshError("Not promoted to prod: " + "; ".join(sentences))
    return []


def only_warned(sentences: list[str]) -> bool:
    """Whether what fails stops nothing, by the environment's word; then it is told.

    A person has to be forgotten and late rows have to count, however good the models are after it.
    """
    if os.environ.get(GATES) != WARN:
        return False
    get_console().log_warning(
        f"Gates that do not hold, and stop nothing ({GATES}={WARN}): " + "; ".join(sentences)
    )
    return True


def configured_gates(evaluator: MacroEvaluator) -> list[dict[str, t.Any]]:
    """The gates of config.yaml."""
    try:
        return check_gates(evaluator.var("gates", []))
    except ValueError as error:
        raise SQLMeshError(str(error)) from error


def gates_that_fail(adapter: t.Any, table: exp.Expression, gates: list[dict[str, t.Any]]) -> list[str]:
    """A sentence for each gate that the evaluations in a table do not pass."""
    rows = _judged_rows(adapter, exp.select(*JUDGED_COLUMNS).from_(table.copy()))
    known = adapter.table_exists(RECORD)
    prod = _judged_rows(adapter, LAST_OF_PROD) if known else []
    return failures(judge(rows, gates, prod))


def is_left_to_compute(evaluator: MacroEvaluator, snapshot: t.Any) -> bool:
    """Whether the plan will compute the model, or what it computed before did not pass its audits."""
    span = [evaluator.locals.get(name) for name in ("start", "end", "execution_time")]
    return not snapshot.intervals or bool(
        snapshot.missing_intervals(span[0] or "1970-01-01", span[1] or "now", span[2])
    )


def prod_shows(adapter: t.Any, table: exp.Table) -> bool:
    """Whether prod's view of the evaluations is one of this table already."""
    found = adapter.fetchone(
        f"SELECT definition FROM pg_views WHERE schemaname = '{LEARNED_LAYER}' AND viewname = '{EVALUATIONS}'"
    )
    return bool(found) and table.name in found[0]


@macro()
def record_evaluations(evaluator: MacroEvaluator) -> list[str]:
    """`@RECORD_EVALUATIONS()` after a plan or run: what the environment's models are worth, and which tables it shows.

    Adds the evaluations that differ from the last ones recorded for the environment, so that the same plan again adds
    nothing and one that takes a change back does. Does nothing without learned models or on another engine.
    """
    if evaluator.runtime_stage != "after_all" or evaluator.dialect != "postgres":
        return []
    views = [exp.to_table(view, dialect="postgres") for view in evaluator.views]
    learned = [view for view in views if view.db.split("__")[0] == LEARNED_LAYER]
    if not learned or not may_add(evaluator.engine_adapter, RECORD, PROMOTIONS):
        return []
    statements = [_promotions(evaluator.this_env, sorted({view.db for view in learned}))]
    statements += [_evaluations(evaluator.this_env, view) for view in learned if view.name == EVALUATIONS]
    return statements


def may_add(adapter: t.Any, *tables: str) -> bool:
    """Whether the tables of the record are there and take rows from us; says so where not."""
    for table in tables:
        found = adapter.fetchone(f"SELECT has_table_privilege(to_regclass('{table}'), 'INSERT')")
        if not found or not found[0]:
            get_console().log_warning(
                f"{table} is missing or takes no rows from this user, so the learned models' evaluations are not "
                "recorded: `retail load` or `retail refresh` makes it."
            )
            return False
    return True


def _judged_rows(adapter: t.Any, query: exp.Query | str) -> list[dict[str, t.Any]]:
    found = adapter.fetchall(query, quote_identifiers=True)
    return [dict(zip(JUDGED_COLUMNS, row, strict=True)) for row in found]


def _last_recorded(environment: str, columns: t.Iterable[str]) -> exp.Select:
    """The environment's rows as they were recorded last, one per grain."""
    return (
        exp.select(*columns)
        .distinct(*EVALUATION_GRAIN)
        .from_(exp.to_table(RECORD))
        .where(exp.column("environment").eq(environment))
        .order_by(*EVALUATION_GRAIN, exp.column("recorded_at").desc())
    )


def _evaluations(environment: str, view: exp.Table) -> str:
    names = ", ".join(EVALUATION_COLUMNS)
    label = exp.Literal.string(environment).sql("postgres")
    now = (
        exp.select(*EVALUATION_COLUMNS).from_(exp.table_(view.name, db=view.db, quoted=True)).sql("postgres")
    )
    last = _last_recorded(environment, EVALUATION_COLUMNS).sql("postgres")
    served = "model, source, part, metric"
    # A champion that followed another method and is what it was before that one came is recorded again: the newest
    # champion is the one that is served.
    return f"""
        WITH now AS ({now}), newest AS (
            SELECT DISTINCT ON ({served}) {served}, method FROM {RECORD}
            WHERE environment = {label} AND role = 'champion' ORDER BY {served}, recorded_at DESC
        ), replaced AS (
            SELECT {served}, method FROM newest EXCEPT SELECT {served}, method FROM now WHERE role = 'champion'
        ), back AS (
            SELECT {names} FROM now WHERE role = 'champion' AND ({served}) IN (SELECT {served} FROM replaced)
        )
        INSERT INTO {RECORD} ({names}, environment)
        SELECT {names}, {label} AS environment
        FROM ((SELECT {names} FROM now EXCEPT ({last})) UNION SELECT {names} FROM back) AS changed
    """


def _promotions(environment: str, schemas: list[str]) -> str:
    """Which table each view of the learned models shows, where that is another one than was recorded last."""
    label = exp.Literal.string(environment).sql("postgres")
    listed = ", ".join(exp.Literal.string(schema).sql("postgres") for schema in schemas)
    return f"""
        WITH shown AS (
            SELECT DISTINCT '{LEARNED_LAYER}.' || view.relname AS model,
                schema.nspname || '.' || shown.relname AS physical_table
            FROM pg_class AS view
            JOIN pg_namespace AS place ON place.oid = view.relnamespace AND place.nspname IN ({listed})
            JOIN pg_rewrite AS rule ON rule.ev_class = view.oid
            JOIN pg_depend AS link ON link.classid = 'pg_rewrite'::regclass AND link.objid = rule.oid
              AND link.refclassid = 'pg_class'::regclass AND link.refobjid <> view.oid
            JOIN pg_class AS shown ON shown.oid = link.refobjid
            JOIN pg_namespace AS schema ON schema.oid = shown.relnamespace
            WHERE view.relkind = 'v'
        ), last AS (
            SELECT DISTINCT ON (model) model, physical_table FROM {PROMOTIONS}
            WHERE environment = {label} ORDER BY model, promoted_at DESC
        )
        INSERT INTO {PROMOTIONS} (environment, model, physical_table)
        SELECT {label} AS environment, model, physical_table
        FROM (SELECT * FROM shown EXCEPT SELECT * FROM last) AS changed
    """
