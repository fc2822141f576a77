"""The queries of the forecasts' models, and what they share."""

from __future__ import annotations

import typing as t

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext

from ml.forecast.sales import CANDIDATE_COLUMNS
from ml.forecast.settings import ForecastSettings
from ml.frame import read_frame
from ml.query import model_table, read_query


def forecast_settings(context: ExecutionContext) -> ForecastSettings:
    """Return the settings from config.yaml's variables."""
    variables: dict[str, t.Any] = {
        "horizon_weeks": context.var("forecast_horizon_weeks"),
        "most_windows": context.var("forecast_most_windows"),
        "least_known_days": context.var("forecast_least_known_days"),
        "complete_share": context.var("forecast_complete_share"),
        "incomplete_days": context.var("forecast_incomplete_days"),
        "active_weeks": context.var("forecast_active_weeks"),
    }
    return ForecastSettings(**variables)


def read_category_sales(context: ExecutionContext) -> pd.DataFrame:
    """Return net revenue and units by source, currency, category and day: all channels together."""
    keys = ["source", "currency", "category", "sales_date"]
    query = (
        exp.select(
            *keys,
            *(_as_double(exp.func("SUM", exp.column(name)), name) for name in ("net_amount", "unit_count")),
        )
        .from_(model_table(context, "mart.category_sales_daily"))
        .group_by(*keys)
        .order_by(*keys)
    )
    return read_frame(context, query)


def read_surroundings(context: ExecutionContext) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return orders by day, the sources with as_of_date and country_code, and the calendar.

    The country is the one that most orders come from: its holidays are the shop's. Of equals the first by name.
    """
    daily = model_table(context, "mart.sales_daily")
    count = _as_double(exp.func("SUM", exp.column("order_count")), "order_count")
    orders = read_frame(
        context, exp.select("source", "sales_date", count).from_(daily).group_by("source", "sales_date")
    )
    placed = read_frame(
        context, exp.select("source", "country_code", count).from_(daily).group_by("source", "country_code")
    )
    placed = placed.sort_values(["source", "order_count", "country_code"], ascending=[True, False, True])
    as_of = exp.alias_(exp.func("MAX", exp.column("order_date")), "as_of_date")
    known = exp.select("source", as_of).from_(model_table(context, "core.fct_order")).group_by("source")
    sources = read_frame(context, known).merge(
        placed.drop_duplicates("source")[["source", "country_code"]], on="source", how="left"
    )
    calendar = read_frame(context, exp.select("*").from_(model_table(context, "core.dim_date")))
    return orders, sources, calendar


def read_weekly_demand(context: ExecutionContext) -> pd.DataFrame:
    """Return units sold and their net value by source, product, channel, store, week and currency, in any order.

    Returns are not taken off.
    """
    # Grouped by what is stored and written as text behind that, and not sorted: half the time on millions of lines.
    # 1900 began with a Monday, and loaders take nothing older. Quantities have three decimals and amounts four: sums of
    # whole thousandths and ten-thousandths are exact in any order, as those of decimals are, in half the time.
    return read_query(
        context,
        """
        SELECT source, product_id, channel, CAST(store_key AS TEXT) AS store_key, week_start_date, currency,
          unit_count / 1000 AS unit_count, net_amount / 10000 AS net_amount
        FROM (
          SELECT line.source, line.product_id, placed.channel, line.store_key, line.currency,
            line.order_date - CAST((line.order_date - DATE '1900-01-01') % 7 AS INT) AS week_start_date,
            SUM(ROUND(CAST(line.quantity AS DOUBLE PRECISION) * 1000)) AS unit_count,
            SUM(ROUND(CAST(line.net_amount AS DOUBLE PRECISION) * 10000)) AS net_amount
          FROM core.fct_order_line AS line
          JOIN core.fct_order AS placed ON placed.order_key = line.order_key
          WHERE line.line_kind = 'product' AND NOT line.is_cancelled AND NOT line.is_return
            AND NOT line.product_id IS NULL
          GROUP BY 1, 2, 3, 4, 5, 6
        ) AS sold
        """,
        coded=("source", "product_id", "channel", "store_key", "currency"),
    )


def read_candidates(context: ExecutionContext) -> pd.DataFrame:
    """Return the rows of ml.sales_forecast_candidate, ordered."""
    return read_columns(context, "ml.sales_forecast_candidate", CANDIDATE_COLUMNS)


def read_columns(context: ExecutionContext, name: str, columns: t.Iterable[str]) -> pd.DataFrame:
    """Return some columns of a model's rows, ordered by them all: the order of rows decides the last bit of a sum."""
    wanted = exp.select(*columns).from_(model_table(context, name))
    return read_frame(context, wanted.order_by(*range(1, len(wanted.selects) + 1)))


def _as_double(value: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(exp.cast(value, "double"), name)
