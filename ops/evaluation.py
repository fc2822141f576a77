"""What the learned models of an environment are worth: its evaluations, judged by the gates of config.yaml."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from ruamel.yaml import YAML

from ml.gates import LAST_OF_PROD, Verdict, check_gates, judge
from ops.environments import PROD, schema_of
from ops.errors import OpsError
from ops.settings import Settings

Row = dict[str, Any]
LAYER = "ml"
EVALUATIONS = sql.SQL("SELECT * FROM {} ORDER BY model, source, part, metric, method")
# Of the tables that the views of an environment show now.
RUNS = sql.SQL("""
    WITH shown AS (
        SELECT DISTINCT shown.relname AS table_name
        FROM pg_class AS view
        JOIN pg_rewrite AS rule ON rule.ev_class = view.oid
        JOIN pg_depend AS link ON link.classid = 'pg_rewrite'::regclass AND link.objid = rule.oid
          AND link.refclassid = 'pg_class'::regclass AND link.refobjid <> view.oid
        JOIN pg_class AS shown ON shown.oid = link.refobjid
        WHERE view.relkind = 'v' AND view.relnamespace = %s::regnamespace
    )
    SELECT DISTINCT ON (run.model) run.*
    FROM ingest.model_run AS run
    JOIN shown ON shown.table_name = regexp_replace(run.physical_table, '^.*[.]|"', '', 'g')
    ORDER BY run.model, run.started_at DESC
""")


@dataclass(frozen=True)
class Judged:
    """One metric of a model on a source and part: the champion's value beside the others', and the gates about it."""

    model: str
    source: str
    part: str
    metric: str
    champion: str
    value: float | None
    baseline: str
    baseline_value: float | None
    challenger: str
    challenger_value: float | None
    is_better_than_baseline: bool | None
    gates: list[Verdict]
    note: str = ""

    @property
    def verdict(self) -> str:
        """`fails`, `passes`, `not judged` where there was nothing to compare, or nothing without a gate."""
        passed = [verdict.is_passed for verdict in self.gates]
        if not passed:
            return ""
        if False in passed:
            return "fails"
        return "passes" if True in passed else "not judged"


@dataclass(frozen=True)
class Evaluated:
    """The learned models of an environment: what each is worth, the rows behind it, the last run of each."""

    environment: str
    judged: list[Judged]
    failures: list[str]
    rows: list[Row]
    runs: list[Row]

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "environment": self.environment,
            "failures": self.failures,
            "judged": [{**asdict(item), "verdict": item.verdict} for item in self.judged],
            "evaluations": self.rows,
            "runs": self.runs,
        }


def evaluated(settings: Settings, environment: str = PROD) -> Evaluated:
    """Read and judge the evaluations that an environment shows.

    Raises OpsError where it has none, where config.yaml's gates make no sense, and without a server.
    """
    gates = read_gates(settings.root)
    schema = schema_of(LAYER, environment)
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            if not _exists(cursor, schema, "model_evaluation"):
                raise OpsError(_missing(cursor, environment))
            rows = _rows(cursor, EVALUATIONS.format(sql.Identifier(schema, "model_evaluation")))
            runs = _rows(cursor, RUNS, schema) if _exists(cursor, "ingest", "model_run") else []
            prod = (
                _rows(cursor, sql.SQL(LAST_OF_PROD)) if _exists(cursor, "ingest", "model_evaluation") else []
            )
    finally:
        connection.close()
    verdicts = judge(rows, gates, prod)
    failed = [verdict.sentence() for verdict in verdicts if verdict.is_passed is False]
    return Evaluated(environment, _judged(rows, verdicts), failed, rows, runs)


def read_gates(root: Path) -> list[dict[str, Any]]:
    """Return the gates of a project's config.yaml. Raises OpsError for what is no gate."""
    text = (root / "config.yaml").read_text("utf-8")
    # What the template asks the environment for is of no interest here.
    template = Environment(autoescape=False).from_string(text)  # noqa: S701 - YAML, not HTML
    config = YAML(typ="safe").load(template.render(env_var=lambda _name, default="": default))
    try:
        return check_gates((config.get("variables") or {}).get("gates") or [])
    except ValueError as error:
        raise OpsError(str(error)) from error


def _judged(rows: list[Row], verdicts: list[Verdict]) -> list[Judged]:
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["source"], row["part"], row["metric"]), []).append(row)
    found = []
    for key, group in groups.items():
        about = [verdict for verdict in verdicts if _key(verdict) == key]
        challenger = _best([row for row in group if row["role"] == "challenger"])
        champions = [row for row in group if row["role"] == "champion"] or [{}]
        for index, champion in enumerate(champions):
            mine = [v for v in about if v.method == champion.get("method")]
            others = [v for v in about if v.method not in {row.get("method") for row in champions}]
            found.append(
                Judged(
                    model=key[0],
                    source=key[1],
                    part=key[2],
                    metric=key[3],
                    champion=champion.get("method", ""),
                    value=champion.get("metric_value"),
                    baseline=champion.get("baseline_method", ""),
                    baseline_value=champion.get("baseline_value"),
                    challenger=challenger.get("method", ""),
                    challenger_value=challenger.get("metric_value"),
                    is_better_than_baseline=champion.get("is_better_than_baseline"),
                    gates=mine + (others if index == 0 else []),
                    note=champion.get("note", ""),
                )
            )
    return found


def _key(verdict: Verdict) -> tuple[str, str, str, str]:
    return verdict.model, verdict.source, verdict.part, verdict.metric


def _best(rows: list[Row]) -> Row:
    valued = [row for row in rows if row["metric_value"] is not None]
    if not valued:
        return rows[0] if rows else {}
    sign = 1 if valued[0]["is_higher_better"] else -1
    return max(valued, key=lambda row: sign * row["metric_value"])


def _missing(cursor: Cursor, environment: str) -> str:
    cursor.execute(
        "SELECT string_agg(CASE schemaname WHEN %s THEN %s ELSE substr(schemaname, length(%s) + 3) END, ', ' "
        "ORDER BY schemaname) FROM pg_views WHERE viewname = 'model_evaluation' AND schemaname LIKE %s",
        [LAYER, PROD, LAYER, f"{LAYER}%"],
    )
    [(others,)] = cursor.fetchall()
    has = f" These have: {others}." if others else ""
    todo = "`retail refresh` builds it" if environment == PROD else f"`sqlmesh plan {environment}` builds it"
    return f"{environment} has no {LAYER}.model_evaluation yet: {todo}.{has}"


def _exists(cursor: Cursor, schema: str, name: str) -> bool:
    cursor.execute(
        "SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('v', 'r')",
        [schema, name],
    )
    return cursor.fetchone() is not None


def _rows(cursor: Cursor, question: sql.Composable, *values: object) -> list[Row]:
    cursor.execute(question, values or None)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
