"""The marts of stock, delivery, sellers and reviews against pandas straight from the files.

Stock comes from a generated shop. The rest comes from Olist, when it is there: its orders are really late. Every
measure of the dictionary that these marts serve is computed again by its own definition.
"""

import statistics
from datetime import date

import duckdb
import pandas as pd
import pytest

from ops.metrics import Metric, read_metrics
from tests.integration.public_data import DATA, olist
from tests.support import ROOT, Project

VIEWS = {
    "inventory": "mart.inventory",
    "inventory_daily": "mart.inventory_daily",
    "reorder_list": "mart.inventory",
    "delivery": "mart.delivery_monthly",
    "delivery_route": "mart.delivery_route",
    "delay_distribution": "mart.delay_distribution",
    "review_by_delay": "mart.review_by_delay",
    "seller_ranking": "mart.seller_monthly",
    "store_ranking": "mart.store_monthly",
    "review_summary": "mart.review_monthly",
    "review_category": "mart.review_category",
    "review_seller": "mart.review_seller",
}
WINDOW_DAYS, SERVICE_LEVEL = 28, 0.95  # as in config.yaml

pytestmark = pytest.mark.long
needs_olist = pytest.mark.skipif(
    not (DATA / "olist").is_dir(), reason=f"Olist is not in {DATA} (RETAIL_DATA_DIR)"
)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """Olist's orders with their days; those cancelled or unavailable left out."""
    rows = olist("orders")
    rows = rows[~rows["order_status"].isin(["canceled", "unavailable"])]
    day = {
        name: pd.to_datetime(rows[f"order_{column}"].str[:10].replace("", None))
        for name, column in (
            ("bought", "purchase_timestamp"),
            ("came", "delivered_customer_date"),
            ("promised", "estimated_delivery_date"),
        )
    }
    delay = (day["came"] - day["promised"]).dt.days
    return rows.assign(
        **day,
        delay=delay,
        is_delivered=delay.notna(),
        is_late=delay > 0,
        month=rows["order_purchase_timestamp"].str[:7],
    )


@pytest.fixture(scope="module")
def stock(every_mart: Project) -> pd.DataFrame:
    """The shop's stock files as they are."""
    files = str(every_mart.root / "data" / "store" / "stock" / "*.parquet")
    rows: pd.DataFrame = duckdb.sql(f"SELECT * FROM read_parquet('{files}')").df()
    return rows.assign(day=pd.to_datetime(rows["snapshot_date"])).sort_values(
        ["location_id", "product_id", "day"]
    )


ITEM = ["location_id", "product_id"]


def test_stock_out_rates_are_those_of_the_files(every_mart: Project, stock: pd.DataFrame) -> None:
    files = stock.assign(out=stock["on_hand"] == 0).groupby(ITEM)["out"].agg(["sum", "count"])
    mart = every_mart.frame(
        "SELECT location_id, product_id, stock_out_day_count, snapshot_day_count FROM bi.inventory"
    ).set_index(ITEM)
    assert files["sum"].sum() > 0
    assert mart.sort_index().to_numpy().tolist() == files.sort_index().to_numpy().tolist()
    [(rate,)] = every_mart.query(
        "SELECT sum(stock_out_day_count)::float / sum(snapshot_day_count) FROM bi.inventory"
    )
    assert rate == pytest.approx((stock["on_hand"] == 0).mean())
    assert every_mart.query(
        "SELECT count(*) FILTER (WHERE is_stock_out), count(*) FROM bi.inventory_daily"
    ) == [(int(files["sum"].sum()), len(stock))]


def test_what_to_order_follows_from_the_files_by_the_formula(
    every_mart: Project, stock: pd.DataFrame
) -> None:
    """Told product by product, as somebody would with a pencil."""
    mart = every_mart.frame("SELECT * FROM bi.inventory").set_index(ITEM)
    quantile = statistics.NormalDist().inv_cdf(SERVICE_LEVEL)
    for item, days in stock.groupby(ITEM):
        last = days[days["day"] > days["day"].max() - pd.Timedelta(days=WINDOW_DAYS)]
        is_out = last["on_hand"] == 0
        usual = last.loc[~is_out, "issued_quantity"].mean()
        issued = last["issued_quantity"].astype(float)
        wanted = issued.where(~is_out, issued.clip(lower=usual))
        seen = last.loc[~is_out | (last["issued_quantity"] > usual), "issued_quantity"]
        demand, deviation, lead = wanted.mean(), seen.std(), days["lead_time_days"].iloc[-1]
        # the generator's suppliers take the same time always
        safety = quantile * (lead * deviation**2) ** 0.5
        row, now = mart.loc[item], days.iloc[-1]
        assert float(row["daily_demand_quantity"]) == pytest.approx(demand, abs=1e-6)
        filled = row["fill_rate"] if demand > 0 else 1  # where nothing is wanted there is no rate
        assert float(filled) == pytest.approx(
            last["issued_quantity"].sum() / wanted.sum() if demand > 0 else 1, abs=1e-6
        )
        assert (float(row["lead_time_days"]), float(row["lead_time_deviation_days"])) == (lead, 0)
        assert float(row["safety_stock_quantity"]) == pytest.approx(safety, abs=2e-3)
        level = int(-(-(demand * lead + safety) // 1))
        assert row["reorder_level_quantity"] == level
        assert row["is_to_reorder"] == (now["on_hand"] + now["on_order"] <= level and demand > 0)
    assert every_mart.query("SELECT count(*) FROM bi.reorder_list") == [(int(mart["is_to_reorder"].sum()),)]
    assert 0 < mart["is_to_reorder"].sum() < len(mart)


@needs_olist
def test_olist_is_on_time_as_often_as_its_stamps_say(every_mart: Project, orders: pd.DataFrame) -> None:
    by_month = orders.groupby("month")[["is_delivered", "is_late"]].sum()
    mart = every_mart.query(
        "SELECT to_char(month_start_date, 'YYYY-MM'), delivered_order_count, late_order_count, "
        "on_time_rate::float FROM bi.delivery WHERE source = 'olist' ORDER BY 1"
    )
    assert [row[:3] for row in mart] == [(m, int(d), int(late)) for m, d, late in by_month.itertuples()]
    for (_, delivered, late), (*_, rate) in zip(by_month.itertuples(), mart, strict=True):
        assert rate is None if delivered == 0 else rate == pytest.approx(1 - late / delivered, abs=1e-6)
    overdue = orders["came"].isna() & (
        orders["promised"] < pd.to_datetime(olist("orders")["order_purchase_timestamp"].str[:10]).max()
    )
    assert every_mart.query("SELECT sum(overdue_order_count) FROM bi.delivery WHERE source = 'olist'") == [
        (int(overdue.sum()),)
    ]


@needs_olist
def test_what_lateness_costs_in_reviews_is_what_the_files_say(
    every_mart: Project, orders: pd.DataFrame
) -> None:
    reviewed = olist("order_reviews").merge(orders[orders["is_delivered"]], on="order_id")
    score = reviewed["review_score"].astype(int)
    expected = {
        "in time": (len(score[~reviewed["is_late"]]), score[~reviewed["is_late"]].mean()),
        "late": (len(score[reviewed["is_late"]]), score[reviewed["is_late"]].mean()),
    }
    mart = every_mart.query(
        "SELECT CASE WHEN bucket_number <= 5 THEN 'in time' ELSE 'late' END, sum(review_count)::int, "
        "(sum(average_review_score * review_count) / sum(review_count))::float "
        "FROM bi.review_by_delay WHERE source = 'olist' AND bucket_number > 0 GROUP BY 1"
    )
    found = {str(name): (count, mean) for name, count, mean in mart}
    assert {name: count for name, (count, _) in found.items()} == {n: c for n, (c, _) in expected.items()}
    for name, (_, mean) in expected.items():
        assert found[name][1] == pytest.approx(mean, abs=1e-5)
    assert expected["in time"][1] - expected["late"][1] > 1.5


@needs_olist
def test_routes_and_sellers_have_the_parcels_and_the_money_of_the_files(
    every_mart: Project, orders: pd.DataFrame
) -> None:
    items = olist("order_items").merge(orders, on="order_id")
    places = items.drop_duplicates(["order_id", "seller_id"])
    places = places.merge(olist("sellers"), on="seller_id").merge(olist("customers"), on="customer_id")
    routes = places.groupby(["seller_state", "customer_state"])["is_late"].agg(["count", "sum"])
    mart = every_mart.frame(
        "SELECT origin, destination_state, parcel_count, late_parcel_count FROM bi.delivery_route "
        "WHERE source = 'olist'",
    ).set_index(["origin", "destination_state"])
    assert mart.sort_index().to_numpy().tolist() == routes.sort_index().to_numpy().tolist()

    items["amount"] = items["price"].astype(float)
    sellers = items.groupby(["month", "seller_id"]).agg(
        amount=("amount", "sum"), orders=("order_id", "nunique")
    )
    ranking = every_mart.frame(
        "SELECT to_char(month_start_date, 'YYYY-MM') AS month, seller_id, net_amount::float, order_count "
        "FROM bi.seller_ranking WHERE source = 'olist' AND order_count > 0",
    ).set_index(["month", "seller_id"])
    together = ranking.join(sellers, how="outer")
    assert len(together) == len(ranking) == len(sellers)
    assert (together["net_amount"] - together["amount"]).abs().max() < 0.005
    assert (together["order_count"] == together["orders"]).all()


def test_a_rank_moves_against_the_month_before(every_mart: Project) -> None:
    ranking = every_mart.frame("SELECT * FROM bi.store_ranking")
    places = {(row.store_id, row.month_start_date): row.score_rank for row in ranking.itertuples()}
    for row in ranking.itertuples():
        before = (pd.Timestamp(row.month_start_date) - pd.DateOffset(months=1)).date()
        expected = places.get((row.store_id, before))
        assert (row.previous_score_rank == expected) or (
            pd.isna(row.previous_score_rank) and expected is None
        )
    assert ranking["composite_score"].astype(float).between(0, 100).all()
    assert isinstance(ranking["month_start_date"].iloc[0], date)


# What the dictionary's SQL is grouped by, beside the source, so that it gives a row of the mart.
GROUPS = {
    "mart.delivery_monthly": ("month_start_date", "date_trunc('month', {dated_by})::date"),
    "mart.review_monthly": ("month_start_date", "date_trunc('month', {dated_by})::date"),
    "mart.inventory": ("source", "''"),
    "mart.delivery_route": ("source", "''"),
    "mart.seller_monthly": (
        "seller_key::text || month_start_date",
        "line.seller_key::text || date_trunc('month', {dated_by})::date",
    ),
}


def is_told(mart: str, metric: Metric) -> bool:
    """Whether the definition gives a row of the mart: not a seller's by whole orders, nor the last stock's value."""
    if mart == "mart.seller_monthly":
        return metric.relation in ("", "core.fct_order_line AS line")
    return mart in GROUPS and (mart, metric.metric) != ("mart.inventory", "stock_value_amount")


METRICS = {
    f"{mart} {metric.metric}": (mart, metric)
    for metric in read_metrics(ROOT)
    for mart in sorted({VIEWS[view[3:]] for view in metric.served_in if view[3:] in VIEWS})
    if is_told(mart, metric)
}


@pytest.mark.parametrize("name", METRICS)
def test_each_definition_gives_the_number_of_the_mart(every_mart: Project, name: str) -> None:
    mart, metric = METRICS[name]
    if not metric.relation:
        assert_made_of_other_measures(every_mart, mart, metric)
        return
    key, group = GROUPS[mart]
    is_whole = key == "source"
    value = metric.metric
    if is_whole:
        value = f"sum({metric.metric})" if metric.additive_over else f"avg({metric.metric})"
    alias = metric.dated_by.split(".")[0].removeprefix("COALESCE(")
    source = "'store'" if mart == "mart.inventory" else "'olist'"
    expected = every_mart.query(
        f"SELECT {group.format(dated_by=metric.dated_by)}, ({metric.expression})::float FROM {metric.relation} "
        f"WHERE {alias}.source = {source} GROUP BY 1"
    )
    grouped = "GROUP BY 1" if is_whole else ""
    found = dict(
        every_mart.query(
            f"SELECT {chr(39) * 2 if is_whole else key}, ({value})::float FROM {mart} "
            f"WHERE source = {source} {grouped}"
        )
    )
    for group_value, number in expected:
        served = found.get(group_value, 0)
        if served != 0 or number:  # a sum over no rows is empty, and the mart says 0
            assert served == pytest.approx(number, abs=2e-3), group_value
    assert found or source == "'olist'"


def assert_made_of_other_measures(every_mart: Project, mart: str, metric: Metric) -> None:
    """The columns of a mart give the measure, but for what they are rounded to."""
    wrong = every_mart.query(
        f"SELECT count(*) FROM {mart} WHERE abs(({metric.expression}) - {metric.metric}) "
        f"> greatest(0.001, abs({metric.metric}) * 0.001) "
        f"OR (({metric.expression}) IS NULL) <> ({metric.metric} IS NULL)"
    )
    assert wrong == [(0,)]


def test_bi_reader_reads_the_views(every_mart: Project) -> None:
    connection = every_mart.settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            for view in VIEWS:
                cursor.execute(f"SELECT count(*) FROM bi.{view}")
                cursor.fetchone()
    finally:
        connection.close()
