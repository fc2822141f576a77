"""A very small shop with a short history is evaluated, and passes the project's own gates."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.clv.evaluation import evaluate_clv
from ml.evaluation import Evaluation, evaluation_frame
from ml.forecast.demand import source_demands
from ml.forecast.demand_choice import demand_champion_rows
from ml.forecast.demand_tables import demand_evaluation_rows
from ml.forecast.sales import sales_candidates
from ml.forecast.sales_evaluation import sales_evaluation_rows
from ml.forecast.settings import ForecastSettings
from ml.gates import failures, judge
from ml.propensity.results import evaluate_propensity
from ml.propensity.study import PropensityOptions
from ml.recommend.evaluate import evaluate_recommendations
from ml.segments.evaluate import segment_evaluations
from ml.segments.run import segment_curve
from ops.evaluation import read_gates
from tests.ml.forecast_series import calendar, orders_of, shop, sources_of, weekly_demand
from tests.ml.propensity_truth import planted_customers
from tests.ml.segment_shops import GRID, SETTINGS, many
from tests.ml.shops import drawn_shop
from tests.support import ROOT

AS_OF = date(2026, 6, 30)


def _sales_rows(days: int) -> pd.DataFrame:
    sales = shop(days=days)
    return sales_evaluation_rows(
        sales_candidates(sales, orders_of(sales), sources_of(sales), calendar(), ForecastSettings())
    )


def _demand_rows(days: int) -> pd.DataFrame:
    demand = weekly_demand(np.random.default_rng(0).poisson(2, (3, days // 7)).astype(float))
    sales, settings = shop(days=days), ForecastSettings()
    (series,) = source_demands(demand, orders_of(sales), sources_of(sales), calendar(), settings)
    return demand_evaluation_rows(demand_champion_rows(series, settings), settings)


def _segment_rows(customers: int) -> list[Evaluation]:
    shoppers = many(customers)
    cut = shoppers.assign(cut_date=AS_OF - timedelta(days=9), holdout_days=10, next_net_amount=5.0)
    return segment_evaluations(shoppers, segment_curve(shoppers, SETTINGS), cut, GRID, SETTINGS)


def _clv_rows_of(customers: int, days: int) -> list[Evaluation]:
    random = np.random.default_rng(1)
    bought = pd.DataFrame(
        {
            "customer_id": random.integers(0, customers, 3 * customers).astype(str),
            "order_date": [
                AS_OF - timedelta(days=int(day)) for day in random.integers(0, days, 3 * customers)
            ],
            "net_amount": random.gamma(4, 10, 3 * customers),
        }
    ).drop_duplicates(["customer_id", "order_date"])
    return evaluate_clv(
        bought.assign(source="shop", currency="EUR", is_purchase=1, as_of_date=AS_OF), holdout_days=180
    )


@pytest.mark.parametrize(("customers", "days"), [(1, 1), (4, 20), (25, 60), (60, 110)])
def test_a_very_small_and_short_shop_fails_no_gate_of_the_project(customers: int, days: int) -> None:
    cuts = tuple(cut for cut in (0, 30, 60, 90) if cut < days)
    frames = [
        _sales_rows(days),
        _demand_rows(max(days, 7)),
        evaluate_propensity(planted_customers(customers, cuts=cuts, history_days=days), PropensityOptions()),
        evaluation_frame(_segment_rows(customers)),
        evaluation_frame(_clv_rows_of(customers, days)),
        evaluation_frame(evaluate_recommendations(drawn_shop(customers, 8, 3 * customers))),
    ]
    rows = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    gates = read_gates(ROOT)
    assert {gate["model"] for gate in gates} == set(rows["model"]) & {gate["model"] for gate in gates}
    judged = rows.where(rows.notna(), None).to_dict("records")
    assert failures(judge(judged, gates)) == []
