"""What the tables of customer lifetime value read."""

from __future__ import annotations

from sqlglot import exp


def clv_customers_query(customer: exp.Table) -> exp.Select:
    """Return the query for who bought, in mart.customer, with the columns that `clv_scores` wants, by the grain."""
    return (
        exp.select("source", "currency", "customer_id", "as_of_date", "tenure_days")
        .select("order_day_count - 1 AS repeat_count", "tenure_days - recency_days AS active_days")
        .select("CAST(net_amount AS DOUBLE) / order_day_count AS mean_amount")
        .from_(customer)
        .where("order_count > 0")
        .order_by("source", "currency", "customer_id")
    )


def clv_days_query(line: exp.Table, order: exp.Table) -> exp.Select:
    """Return the query for customers' days in core.fct_order_line, with the columns that `evaluate_clv` wants.

    What counts as a purchase is what mart.order_sale counts; a return stands on the day of the refund. as_of_date is
    the last order_date of the source in core.fct_order. In any order: to sort the rows costs as much as to make them.
    Sums of whole ten-thousandths are exact in any order, as those of decimals are, in three quarters of the time.
    """
    as_of = exp.select("source", "MAX(order_date) AS as_of_date").from_(order).group_by("source")
    event = (
        exp.select("source", "currency", "customer_id", "is_return", "net_amount")
        .select(
            "CASE WHEN is_return THEN COALESCE(return_date, order_date) ELSE order_date END AS order_date"
        )
        .from_(line)
        .where("line_kind = 'product' AND NOT is_cancelled AND NOT customer_id IS NULL")
    )
    day = (
        exp.select("source", "currency", "customer_id", "order_date")
        .select("MAX(CASE WHEN is_return THEN 0 ELSE 1 END) AS is_purchase")
        .select("SUM(ROUND(CAST(net_amount AS DOUBLE) * 10000)) / 10000 AS net_amount")
        .from_(event.subquery("event"))
        .group_by("source", "currency", "customer_id", "order_date")
    )
    grain = [f"day.{name}" for name in ("source", "currency", "customer_id", "order_date")]
    return (
        exp.select(*grain, "day.is_purchase", "day.net_amount", "as_of.as_of_date")
        .from_(day.subquery("day"))
        .join(as_of.subquery("as_of"), on="as_of.source = day.source")
    )


def clv_champions_query(evaluation: exp.Table) -> exp.Select:
    """Return the query for the methods that serve, in ml.customer_clv_evaluation."""
    return (
        exp.select("source", "part AS currency", "method")
        .distinct()
        .from_(evaluation)
        .where("role = 'champion'")
    )
