"""What becomes of revenue, orders and customers, by source and month, as the metric dictionary defines them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.relations import Relations
from ops.diff.state import Name
from ops.diff.types import KpiChange, Skipped
from ops.metrics import SEED, Metric, read_metrics

if TYPE_CHECKING:
    from sqlglot import exp

KPIS = ("net_amount", "order_count", "customer_count")
Key = tuple[str, str, date | None]  # source, currency, month; None: over all time
Values = Mapping[Key, Decimal]


def kpi_changes(
    cursor: Cursor,
    root: Path,
    relations: Relations,
    not_computed: Collection[str],
    say: Callable[[str], None],
) -> tuple[list[KpiChange], list[Skipped]]:
    """Return where the measures differ. What is not there to be computed is told instead."""
    if not (root / SEED).exists():
        return [], [Skipped("revenue, orders and customers", f"there is no {SEED}, which defines them")]
    found: list[KpiChange] = []
    without: dict[str, list[str]] = {}
    empty = {relation_name(name) for name in not_computed}
    after, before = (
        {relation_name(name): item for name, item in side.items()}
        for side in (relations.after, relations.before)
    )
    for metric in kpis(root):
        read = tables_of(metric)
        missing = sorted(name for name in read if name not in after or name not in before)
        if missing:
            without.setdefault(f"not both have {', '.join(missing)}", []).append(metric.label)
        elif read & empty:
            reason = f"nothing of {', '.join(sorted(read & empty))} is computed yet"
            without.setdefault(reason, []).append(metric.label)
        elif any(after[name].table != before[name].table for name in read):
            say(f"Comparing {metric.label.lower()}")
            sides = ({name: item.name for name, item in side.items()} for side in (before, after))
            found += compared(metric, *(values_of(cursor, metric, names) for names in sides))
    return found, [Skipped(", ".join(labels), reason) for reason, labels in without.items()]


def relation_name(name: str) -> str:
    """Return the model's name as a definition says it, `core.fct_order_line`, from the state's."""
    from sqlglot import exp

    table = exp.to_table(name, dialect="postgres")
    return f"{table.db}.{table.name}"


def compared(metric: Metric, before: Values, after: Values) -> list[KpiChange]:
    """Return the totals and months that differ, the total of a source and currency before its months."""
    keys: Iterable[Key] = sorted(
        before.keys() | after.keys(), key=lambda key: (key[0], key[1], key[2] or date.min)
    )
    return [
        KpiChange(metric.metric, metric.label, metric.unit, *key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def kpis(root: Path) -> list[Metric]:
    """Return the measures that are compared, as the dictionary defines them; none where there is no dictionary."""
    if not (root / SEED).exists():
        return []
    return [metric for metric in read_metrics(root) if metric.metric in KPIS and metric.relation]


def tables_of(metric: Metric) -> set[str]:
    """Return what a measure is computed from: `core.fct_order_line`."""
    from sqlglot import exp

    return {f"{table.db}.{table.name}" for table in _query(metric).find_all(exp.Table)}


def _query(metric: Metric) -> exp.Expr:
    from sqlglot import exp, parse_one

    fact = parse_one(f"SELECT 1 FROM {metric.relation}", dialect="postgres").find(exp.From)
    alias = fact.this.alias if fact else ""
    month = f"DATE_TRUNC('month', {metric.dated_by})::DATE"
    cut = f"{alias}.source, {alias}.currency"
    return parse_one(
        f"SELECT {alias}.source, {alias}.currency, {month}, GROUPING({month}) = 1, {metric.expression} "
        f"FROM {metric.relation} GROUP BY GROUPING SETS (({cut}, {month}), ({cut}))",
        dialect="postgres",
    )


def values_of(cursor: Cursor, metric: Metric, names: Mapping[str, Name]) -> dict[Key, Decimal]:
    """Compute a measure by source, currency and month, and over all time, from the tables under these names."""
    from sqlglot import exp

    query = _query(metric)
    for table in list(query.find_all(exp.Table)):
        schema, name = names[f"{table.db}.{table.name}"]
        table.set("db", exp.to_identifier(schema, quoted=True))
        table.set("this", exp.to_identifier(name, quoted=True))
    cursor.execute(query.sql("postgres"))
    return {
        (source, currency, None if is_total else month): Decimal(value)
        for source, currency, month, is_total, value in cursor.fetchall()
        if value is not None
    }
