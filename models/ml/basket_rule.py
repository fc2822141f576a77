"""ml.basket_rule: what is bought together, and not by chance."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.basket_shop import RULE_COLUMNS, RULE_DESCRIPTIONS, basket_rules
from ml.basket_source import BASKET_TABLES, read_baskets, rule_limits
from ml.kind import COPY_FULL

GRAIN = ("source", "scope", "antecedent_a_id", "antecedent_b_id", "consequent_id")


@model(
    "ml.basket_rule",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    columns=RULE_COLUMNS,
    column_descriptions=RULE_DESCRIPTIONS,
    depends_on=[*BASKET_TABLES, "ml.basket_rule_evaluation"],
    tags=["ml", "products"],
    audits=[
        (
            "not_null",
            {"columns": exp.tuple_(*GRAIN, "both_count", "support_rate", "lift", "p_value", "q_value")},
        ),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
        ("accepted_range", {"column": exp.column("confidence_rate"), "min_v": 0, "max_v": 1}),
        ("accepted_range", {"column": exp.column("q_value"), "min_v": 0, "max_v": 1}),
    ],
    description="One row per source, scope and rule 'who buys the antecedent also buys the consequent': between two"
    " products, of two products and a third, between two categories, and over two channels by the same "
    "customers. Counted as in mart.product_pair, mart.category_pair and mart.channel_pair; only rules "
    "that chance does not explain are kept: of each family at most rule_discovery_rate (config.yaml) "
    "are expected to be false. Nothing here is additive. Answers: what to show beside a basket, and how"
    " sure that is.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    limits = rule_limits(context)
    for shop in read_baskets(context):
        rules = basket_rules(shop, limits)
        if not rules.empty:
            yield rules
