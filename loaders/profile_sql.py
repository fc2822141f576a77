"""The queries of a profile. They are made from names that are quoted and from the texts below."""

from psycopg2 import sql

from loaders.contract import Contract

GROUPING_LIMIT = 31  # columns that Postgres' GROUPING() takes at once

# Per type: its name in Postgres, the pattern of its texts (pg_input_is_valid alone takes 'now' and '0x1F'),
# a text as one. A number with leading zeros is a code. A date has its year first: 01/02/2025 can be two days.
TYPES = {
    "integer": ("bigint", r"^\s*[-+]?(0|[1-9]\d*)\s*$", "value::bigint"),
    "numeric": ("numeric", r"^\s*[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*$", "value::numeric"),
    "boolean": ("boolean", r"^\s*[A-Za-z]+\s*$", "value::boolean::text"),
    "date": ("date", r"^\s*\d{4}-\d\d?-\d\d?\s*$", "value::date"),
    # Of instants with a zone the UTC time, so that they are in order; the others as they stand.
    "timestamp": (
        "timestamptz",
        r"^\s*\d{4}-\d\d?-\d\d?([ T]\d\d?:\d\d(:\d\d(\.\d+)?)?\s*(Z|[-+]\d\d(:?\d\d)?)?)?\s*$",
        r"CASE WHEN value ~ ':\S*\s*(Z|[-+]\d\d(:?\d\d)?)\s*$'"
        " THEN value::timestamptz AT TIME ZONE 'UTC' ELSE value::timestamp END",
    ),
}

# One pass over the table counts each value of each column; types are tried on distinct values only.
COLUMNS_SQL = """
WITH counted AS (
  SELECT {position} AS position, COALESCE({columns}) AS value, COUNT(*) AS n
  FROM {table}
  GROUP BY GROUPING SETS ({sets})
), typed AS MATERIALIZED (
  SELECT position, value, n, {casts} FROM counted
), ranked AS (
  SELECT
    position, value, n,
    ROW_NUMBER() OVER (PARTITION BY position ORDER BY n DESC, value COLLATE "C") AS place
  FROM typed
  WHERE value IS NOT NULL AND NOT position = ANY(%(personal)s)
), example AS (
  SELECT
    position,
    JSONB_AGG(JSONB_BUILD_ARRAY(LEFT(value, %(length)s), n) ORDER BY place) AS examples
  FROM ranked
  WHERE place <= %(examples)s
  GROUP BY position
), summary AS (
  SELECT
    position,
    SUM(n)::bigint AS row_count,
    COALESCE(SUM(n) FILTER (WHERE value IS NULL), 0)::bigint AS null_count,
    COUNT(value) AS distinct_count,
    JSONB_BUILD_OBJECT({fits}) AS fits,
    JSONB_BUILD_OBJECT({ranges}) AS ranges
  FROM typed
  GROUP BY position
)
SELECT
  position, row_count, null_count, distinct_count, fits,
  CASE WHEN NOT position = ANY(%(personal)s) THEN ranges END,
  COALESCE(examples, '[]')
FROM summary
LEFT JOIN example USING (position)
ORDER BY position
"""

KEY_SQL = """
WITH key AS (
  SELECT {columns}, COUNT(*) AS n, {incomplete} AS is_incomplete FROM {table} GROUP BY {columns}
), repeated AS (
  SELECT * FROM key WHERE n > 1 AND NOT is_incomplete
)
SELECT
  COALESCE(SUM(n) FILTER (WHERE is_incomplete), 0)::bigint,
  (SELECT COUNT(*) FROM repeated),
  (SELECT COALESCE(SUM(n - 1), 0)::bigint FROM repeated),
  (
    SELECT JSONB_AGG(JSONB_BUILD_ARRAY(JSONB_BUILD_ARRAY({texts}), n))
    FROM (SELECT * FROM repeated ORDER BY n DESC, {columns} LIMIT %(examples)s) AS most
    WHERE NOT %(personal)s
  )
FROM key
"""

REFERENCE_SQL = """
WITH referring AS (
  SELECT {column} AS value, COUNT(*) AS n FROM {table} WHERE {column} IS NOT NULL GROUP BY {column}
), target AS (
  SELECT DISTINCT {other_column} AS value FROM {other_table}
), orphan AS (
  SELECT value, n FROM referring WHERE NOT EXISTS (SELECT 1 FROM target WHERE target.value = referring.value)
)
SELECT
  COUNT(*),
  (SELECT COUNT(*) FROM orphan),
  (SELECT COALESCE(SUM(n), 0)::bigint FROM orphan),
  (
    SELECT JSONB_AGG(JSONB_BUILD_ARRAY(LEFT(value, %(length)s), n))
    FROM (SELECT * FROM orphan ORDER BY n DESC, value LIMIT %(examples)s) AS most
    WHERE NOT %(personal)s
  )
FROM referring
"""


def columns_query(contract: Contract, name: str, columns: list[str]) -> sql.Composed:
    """The query that profiles columns of a table; its parameters: personal (places), examples, length."""
    identifiers = [_quoted(column) for column in columns]
    casts = (
        f"CASE WHEN value ~ '{pattern}' AND pg_input_is_valid(value, '{known}') THEN {cast} END AS as_{kind}"
        for kind, (known, pattern, cast) in TYPES.items()
    )
    fits = (f"'{kind}', COALESCE(SUM(n) FILTER (WHERE as_{kind} IS NOT NULL), 0)" for kind in TYPES)
    ranges = [_range(kind, f"as_{kind}") for kind in TYPES] + [_range("text", 'value COLLATE "C"')]
    return sql.SQL(COLUMNS_SQL).format(
        table=_quoted(contract.schema_name, name),
        columns=sql.SQL(", ").join([*identifiers, sql.SQL("NULL")]),
        position=_position(identifiers),
        sets=sql.SQL(", ").join(sql.SQL("({})").format(identifier) for identifier in identifiers),
        casts=sql.SQL(", ".join(casts)),
        fits=sql.SQL(", ".join(fits)),
        ranges=sql.SQL(", ".join(ranges)),
    )


def key_query(contract: Contract, name: str) -> sql.Composed:
    """The query that tries a table's key; its parameters: personal (whether), examples, length."""
    identifiers = [_quoted(column) for column in contract.tables[name].key]
    return sql.SQL(KEY_SQL).format(
        table=_quoted(contract.schema_name, name),
        columns=sql.SQL(", ").join(identifiers),
        incomplete=sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(column) for column in identifiers),
        texts=sql.SQL(", ").join(sql.SQL("LEFT({}, %(length)s)").format(column) for column in identifiers),
    )


def reference_query(contract: Contract, name: str, column: str, target: tuple[str, str]) -> sql.Composed:
    """The query that looks a column's values up in another table's; its parameters as `key_query`'s."""
    return sql.SQL(REFERENCE_SQL).format(
        table=_quoted(contract.schema_name, name),
        column=_quoted(column),
        other_table=_quoted(contract.schema_name, target[0]),
        other_column=_quoted(target[1]),
    )


def _quoted(*names: str) -> sql.Identifier:
    """A quoted name for a query with parameters, where psycopg2 reads a single % as the mark of one."""
    return sql.Identifier(*(name.replace("%", "%%") for name in names))


def _position(identifiers: list[sql.Identifier]) -> sql.Composed:
    """SQL for which column a group is of: GROUPING() has a bit per column, 0 where the group is of it."""
    everything = (1 << len(identifiers)) - 1
    whens = (
        sql.SQL("WHEN {} THEN {}").format(
            sql.Literal(everything - (1 << (len(identifiers) - 1 - place))), sql.Literal(place)
        )
        for place in range(len(identifiers))
    )
    grouping = sql.SQL("GROUPING({})").format(sql.SQL(", ").join(identifiers))
    return sql.SQL("CASE {} {} END").format(grouping, sql.SQL(" ").join(whens))


def _range(kind: str, value: str) -> str:
    """SQL for a type's name and its smallest and largest value, as text."""
    ends = (f"LEFT({end}({value})::text, %(length)s)" for end in ("MIN", "MAX"))
    return f"'{kind}', JSONB_BUILD_ARRAY({', '.join(ends)})"
