"""What was learned and promoted, kept for ever: the tables of `ingest` that plans and learned models add to.

SQLMesh drops the tables of versions that nobody uses any more. These lie outside, and whoever builds the models may
read and add, not change or delete.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

#: Their columns, each with its Postgres type and what it means. The columns of an evaluation are those of
#: ml/evaluation.py, which a test compares.
TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "model_run": (
        "One row per time that a learned model was computed. Only added to.",
        {
            "model": ("text NOT NULL", "The model, such as ml.customer_clv."),
            "physical_table": ("text NOT NULL", "The table that was written, as schema.name."),
            "started_at": ("timestamptz NOT NULL", "When it began."),
            "seconds": ("double precision NOT NULL", "How long it took, reading and writing included."),
            "row_count": ("bigint NOT NULL", "Rows that were written."),
            "data_fingerprint": (
                "text",
                "A hash of the rows that were written; the same rows have the same.",
            ),
            "library_versions": ("jsonb NOT NULL", "The versions of the libraries that the model uses."),
            "python_version": ("text NOT NULL", "The version of Python."),
        },
    ),
    "model_evaluation": (
        "One row per evaluation that an environment was given, and again when it changed. Only added to.",
        {
            "model": ("text NOT NULL", "The model whose scores are judged."),
            "source": ("text NOT NULL", "The shop."),
            "part": ("text NOT NULL", "What of it was judged."),
            "method": ("text NOT NULL", "The method that was judged."),
            "role": ("text NOT NULL", "champion, challenger or baseline."),
            "metric": ("text NOT NULL", "What was measured on the holdout."),
            "metric_value": ("double precision", "The metric's value."),
            "is_higher_better": ("boolean", "Whether a higher value is better."),
            "baseline_method": ("text", "The naive method that it is compared with."),
            "baseline_value": ("double precision", "The naive method's value on the same holdout."),
            "is_better_than_baseline": ("boolean", "Whether the value is better than the baseline's."),
            "as_of_date": ("date", "The last order_date of the source."),
            "cut_date": ("date", "The first day of the holdout."),
            "holdout_days": ("integer", "Days of the holdout."),
            "train_count": ("bigint", "Rows that were fitted on."),
            "holdout_count": ("bigint", "Rows that were judged."),
            "parameters": ("text", "The fitted parameters, as JSON."),
            "data_fingerprint": ("text", "A hash of the rows that were read."),
            "note": ("text", "Why a value is missing, or what to keep in mind."),
            "environment": ("text NOT NULL", "The environment that was planned or run."),
            "recorded_at": ("timestamptz NOT NULL DEFAULT now()", "When the plan or run ended."),
        },
    ),
    "model_promotion": (
        "One row per time that an environment was given another table of a learned model. Only added to.",
        {
            "environment": ("text NOT NULL", "The environment."),
            "model": ("text NOT NULL", "The model."),
            "physical_table": (
                "text NOT NULL",
                "The table that its view shows from then on, as schema.name.",
            ),
            "promoted_at": ("timestamptz NOT NULL DEFAULT now()", "When the plan ended."),
        },
    ),
    "score_distribution": (
        "One row per score that is watched and time that its distribution changed. Only added to.",
        {
            "environment": ("text NOT NULL", "The environment."),
            "model": ("text NOT NULL", "The model."),
            "source": ("text NOT NULL", "The shop."),
            "column_name": ("text NOT NULL", "The score."),
            "edges": (
                "double precision[] NOT NULL",
                "Where one bin ends and the next begins: the inner deciles of the first time.",
            ),
            "counts": ("bigint[] NOT NULL", "Rows in each bin, one more than there are edges."),
            "recorded_at": ("timestamptz NOT NULL DEFAULT now()", "When the plan or run ended."),
        },
    ),
    "promotion": (
        "One row per time that prod was given another state, by a promotion or a rollback. Only added to.",
        {
            "promotion_id": ("bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "Its number."),
            "kind": ("text NOT NULL CHECK (kind IN ('promotion', 'rollback'))", "promotion or rollback."),
            "from_environment": ("text", "The environment that `retail promote` was given."),
            "plan_id": ("text NOT NULL", "SQLMesh's plan."),
            "previous_plan_id": ("text", "The plan that prod was of before."),
            "commit": ("text", "The commit of the project's files; -dirty where they differed from it."),
            "models": ("jsonb NOT NULL", "The models that changed, each with added, removed or changed."),
            "shows": ("text NOT NULL", "A hash of the versions that prod consists of since."),
            "restored_promotion_id": (
                "bigint",
                "Of a rollback: whose state it brought back; null for that before the first.",
            ),
            "replaced": (
                "jsonb",
                "What prod was before, as SQLMesh's state held it; null where there was none.",
            ),
            "gates": ("jsonb", "The gates that `retail promote` asked, with their seconds."),
            "diff": ("jsonb", "What `retail diff` said before, without its samples."),
            "promoted_by": ("text NOT NULL", "Who promoted: a user at a machine, or of a workflow."),
            "promoted_at": ("timestamptz NOT NULL DEFAULT clock_timestamp()", "When the views were swapped."),
            "seconds": ("double precision NOT NULL", "From the plan's beginning until then."),
        },
    ),
}
NEWEST = "promotion"  # of the tables above
ADDED_TO = (*TABLES, "broken_dependent")  # the latter, which the ledger has, by promotions
INDEXES = """
CREATE INDEX IF NOT EXISTS model_run_table_idx ON ingest.model_run (physical_table, started_at);
CREATE INDEX IF NOT EXISTS model_evaluation_environment_idx ON ingest.model_evaluation (environment, recorded_at);
CREATE INDEX IF NOT EXISTS model_promotion_environment_idx ON ingest.model_promotion (environment, promoted_at);
CREATE INDEX IF NOT EXISTS score_distribution_environment_idx
    ON ingest.score_distribution (environment, recorded_at);
"""
# Whoever builds the models: called as usual, or as the roles were provisioned, which left default privileges.
BUILDERS = """
    SELECT rolname FROM pg_roles WHERE rolname = %s AND rolname <> current_user
    UNION
    SELECT reader.rolname
    FROM pg_default_acl AS given
    CROSS JOIN aclexplode(given.defaclacl) AS item
    JOIN pg_roles AS reader ON reader.oid = item.grantee
    WHERE given.defaclrole = current_user::regrole AND given.defaclobjtype = 'r'
      AND item.privilege_type = 'SELECT' AND reader.rolname <> current_user
"""


def column_types(table: str) -> dict[str, str]:
    """Return the columns of one of the tables, each with its Postgres type."""
    return {column: kind.split(" NOT NULL")[0] for column, (kind, _) in TABLES[table][1].items()}


def make_tables(cursor: Cursor, builder: str) -> None:
    """Make the tables that are missing; who builds the models (`builder`, usually) may read and add.

    The same goes for the ledger's `broken_dependent`, which has to be there.
    """
    for name, (description, columns) in TABLES.items():
        table = sql.Identifier("ingest", name)
        lines = [
            sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, (kind, _) in columns.items()
        ]
        cursor.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(table, sql.SQL(", ").join(lines)))
        cursor.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(description)))
        for column, (_, meaning) in columns.items():
            cursor.execute(
                sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(
                    table, sql.Identifier(column), sql.Literal(meaning)
                )
            )
    cursor.execute(INDEXES)
    cursor.execute(BUILDERS, [builder])
    for (role,) in cursor.fetchall():
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA ingest TO {}").format(sql.Identifier(role)))
        for name in ADDED_TO:
            cursor.execute(
                sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(
                    sql.Identifier("ingest", name), sql.Identifier(role)
                )
            )
