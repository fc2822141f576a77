"""A layer reads only what lies left of it."""

from __future__ import annotations

import pytest

from linter.layers import LayersReadLeft, StoredDaysKeepNoAttributes


@pytest.mark.parametrize(
    ("model", "reads"),
    [
        ("stg.corner_shop__sale", "raw_corner_shop.sale"),
        ("stg.corner_shop__to_order", "stg.corner_shop__sale"),
        ("stg.corner_shop__sale", "seed.stock_code"),
        ("conformed.order", "stg.corner_shop__to_order"),
        ("conformed.order", "seed.country"),
        ("conformed.order", "conformed.control_total"),
        ("core.fct_order", "conformed.order"),
        ("core.fct_order", "core.dim_customer"),
        ("core.dim_date", "seed.holiday"),
        ("mart.sales", "core.fct_order"),
        ("mart.sales_by_month", "mart.sales"),
        ("mart.sales", "seed.exchange_rate"),
        ("bi.metric", "seed.metric"),
        ("ml.customer_segment", "mart.customer"),
        ("ml.customer_segment", "ml.customer_rfm"),
        ("ml.customer_clv", "seed.clv_tier"),
        ("bi.customer", "ml.customer_segment"),
        ("bi.sales", "core.fct_order"),
        ("bi.quality_check", "quality.check_result"),
        ("quality.reconciliation", "raw_corner_shop.sale"),
        ("quality.reconciliation", "ingest.load"),
        ("quality.summary", "quality.reconciliation"),
    ],
)
def test_a_model_may_read_to_its_left(model, reads, make_model, complaints):
    assert complaints(LayersReadLeft, make_model(model, f"SELECT a::INT AS a FROM {reads}")) == []


@pytest.mark.parametrize(
    ("model", "reads"),
    [
        ("stg.corner_shop__sale", "raw_olist.order"),
        ("stg.corner_shop__sale", "stg.olist__order"),
        ("stg.corner_shop__sale", "conformed.order"),
        ("conformed.order", "raw_corner_shop.sale"),
        ("conformed.order", "core.dim_date"),
        ("core.fct_order", "stg.corner_shop__sale"),
        ("core.fct_order", "mart.sales"),
        ("mart.sales", "conformed.order"),
        ("mart.sales", "ml.customer_segment"),
        ("ml.customer_segment", "conformed.customer"),
        ("ml.customer_segment", "bi.customer"),
        ("bi.customer", "conformed.customer"),
        ("bi.customer", "bi.sales"),
        ("core.fct_order", "quality.reconciliation"),
        ("mart.sales", "ingest.load"),
    ],
)
def test_a_model_may_not_read_past_its_neighbours_or_to_its_right(model, reads, make_model, complaints):
    (message,) = complaints(LayersReadLeft, make_model(model, f"SELECT a::INT AS a FROM {reads}"))
    assert message.startswith(f"{model} reads {reads}; ")


def test_only_a_mapping_of_staging_asks_the_ledger(make_model, complaints):
    query = "SELECT a::INT AS a FROM ingest.load"
    assert (
        complaints(LayersReadLeft, make_model("stg.corner_shop__to_reference", query, tags="(mapping)")) == []
    )
    assert complaints(LayersReadLeft, make_model("stg.corner_shop__sale", query, tags="(staging)")) != []


def test_the_message_says_what_is_allowed(make_model, complaints):
    fact = make_model("core.fct_order", "SELECT a::INT AS a FROM stg.olist__order")
    staged = make_model("stg.olist__order", "SELECT a::INT AS a FROM raw_online_retail.transaction")
    assert complaints(LayersReadLeft, fact) == [
        "core.fct_order reads stg.olist__order; core may read conformed, core, seed"
    ]
    assert complaints(LayersReadLeft, staged) == [
        "stg.olist__order reads raw_online_retail.transaction; stg may read raw_olist, stg.olist__* and seed"
    ]


def test_every_wrong_read_is_named_also_in_a_cte_and_a_subquery(make_model, complaints):
    query = """
    WITH sold AS (SELECT a FROM raw_olist.order)
    SELECT a::INT AS a FROM sold WHERE a IN (SELECT a FROM stg.olist__order)
    """
    messages = complaints(LayersReadLeft, make_model("mart.sales", query))
    assert [message.split(";")[0] for message in messages] == [
        "mart.sales reads raw_olist.order",
        "mart.sales reads stg.olist__order",
    ]


def test_a_model_that_reads_itself_reads_its_own_layer(make_model, complaints):
    model = make_model("core.fct_stock", "SELECT a FROM core.fct_stock", columns="(a INT)")
    assert complaints(LayersReadLeft, model) == []


def test_a_schema_that_is_no_layer_is_refused(make_model, complaints):
    (message,) = complaints(LayersReadLeft, make_model("warehouse.fct_order"))
    assert "'warehouse' is no layer" in message


BY_DAY = "INCREMENTAL_BY_TIME_RANGE (time_column day)"


@pytest.mark.parametrize("dimension", ["core.dim_product", "core.dim_store"])
def test_a_mart_that_is_stored_by_day_reads_no_dimension(dimension, make_model, complaints):
    query = f"SELECT day::DATE AS day FROM core.fct_sale JOIN {dimension} USING (key)"
    (message,) = complaints(StoredDaysKeepNoAttributes, make_model("mart.sales_daily", query, kind=BY_DAY))
    assert message.startswith(f"mart.sales_daily reads {dimension}; ")


@pytest.mark.parametrize(
    ("model", "kind", "reads"),
    [
        ("mart.sales_daily", BY_DAY, "core.fct_sale"),
        ("mart.sales_daily", BY_DAY, "core.dim_date"),
        ("mart.sales_daily", "FULL", "core.dim_product"),
        ("bi.sales_daily", "VIEW", "core.dim_product"),
        ("core.fct_sale", BY_DAY, "core.dim_product"),  # a key: `retail refresh` looks for stale ones
    ],
)
def test_keys_the_calendar_and_what_is_computed_whole_may_be_read(model, kind, reads, make_model, complaints):
    query = f"SELECT day::DATE AS day FROM {reads}"
    assert complaints(StoredDaysKeepNoAttributes, make_model(model, query, kind=kind)) == []
