"""What the segments read, as queries over tables that the caller names."""

from __future__ import annotations

from sqlglot import exp, parse_one

CUSTOMERS = """
SELECT source, customer_id, currency, as_of_date
FROM customer
WHERE order_count > 0
"""

# Recency, frequency and value as they were on the eve of the cut, and what came then. A return counts on the day of the
# refund, as in mart.customer; one that came back after the cut is of the holdout. Each source has a cut: LEFT tells
# Postgres that the join loses no rows, so that it groups millions of them by hash and does not sort them.
AT_CUT = """
WITH as_of AS (
  SELECT source, MAX(order_date) AS as_of_date FROM placed GROUP BY source
), cut AS (
  SELECT source, as_of_date, as_of_date - CAST(:holdout_days - 1 AS INT) AS cut_date FROM as_of
), event AS (
  SELECT source, currency, customer_id, order_date AS event_date, 1 AS order_count, net_sale_amount AS net_amount
  FROM sale
  WHERE NOT customer_id IS NULL
  UNION ALL
  SELECT source, currency, customer_id, COALESCE(return_date, order_date) AS event_date, 0 AS order_count, net_amount
  FROM line
  WHERE line_kind = 'product' AND is_return AND NOT is_cancelled AND NOT customer_id IS NULL
)
SELECT
  event.source,
  event.currency,
  event.customer_id,
  cut.as_of_date,
  cut.cut_date,
  CAST(:holdout_days AS INT) AS holdout_days,
  CAST(cut.cut_date - 1 - MAX(event.event_date)
    FILTER (WHERE event.order_count > 0 AND event.event_date < cut.cut_date) AS DOUBLE PRECISION) AS recency_days,
  CAST(SUM(event.order_count) FILTER (WHERE event.event_date < cut.cut_date) AS DOUBLE PRECISION) AS order_count,
  CAST(SUM(event.net_amount) FILTER (WHERE event.event_date < cut.cut_date) AS DOUBLE PRECISION) AS net_amount,
  CAST(COALESCE(SUM(event.net_amount) FILTER (WHERE event.event_date >= cut.cut_date), 0) AS DOUBLE PRECISION)
    AS next_net_amount
FROM event
LEFT JOIN cut ON cut.source = event.source
GROUP BY event.source, event.currency, event.customer_id, cut.as_of_date, cut.cut_date
HAVING SUM(event.order_count) FILTER (WHERE event.event_date < cut.cut_date) > 0
ORDER BY event.source, event.currency, event.customer_id
"""


def customers_query(customer: exp.Expression, features: tuple[str, ...]) -> exp.Expression:
    """Return the query for the customers who bought, with recency, frequency, value and the features, by their grain.

    customer: the table of mart.customer.
    """
    query = parse_one(CUSTOMERS, dialect="postgres", into=exp.Select)
    for name in dict.fromkeys(("recency_days", "order_count", "net_amount", *features)):
        query = query.select(exp.alias_(exp.cast(exp.column(name), "double"), name))
    return _over(query, {"customer": customer}).order_by("source", "currency", "customer_id")


def at_cut_query(
    placed: exp.Expression, sale: exp.Expression, line: exp.Expression, holdout_days: int
) -> exp.Expression:
    """Return the query for evaluate.segment_evaluations' `at_cut`; the holdout ends with the source's last order_date.

    placed, sale, line: the tables of core.fct_order, mart.order_sale and core.fct_order_line.
    """
    query = parse_one(AT_CUT, dialect="postgres", into=exp.Select)
    for placeholder in list(query.find_all(exp.Placeholder)):
        placeholder.replace(exp.Literal.number(holdout_days))
    return _over(query, {"placed": placed, "sale": sale, "line": line})


def _over(query: exp.Select, tables: dict[str, exp.Expression]) -> exp.Select:
    """Put tables where the query names them."""
    for table in list(query.find_all(exp.Table)):
        if table.name in tables:
            table.replace(exp.alias_(tables[table.name].copy(), table.alias_or_name, table=True))
    return query
