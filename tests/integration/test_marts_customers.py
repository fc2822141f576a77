"""Customers and products of the public data: the marts against pandas straight from the raw files."""

from collections import Counter
from decimal import Decimal
from itertools import combinations

import pandas as pd
import pytest

from tests.integration.public_data import invoices, merchandise, needs_public_data, olist, olist_sales
from tests.support import Project

pytestmark = [pytest.mark.long, pytest.mark.slow, needs_public_data]

SUPPORT = 0.005


@pytest.fixture(scope="module")
def wholesale() -> pd.DataFrame:
    """The wholesaler's lines of merchandise with their day and month, and whether they were sold or came back."""
    lines = merchandise()
    return lines.assign(
        customer=lines["Customer ID"].str.removesuffix(".0"),
        product=lines["StockCode"].str.strip().str.upper(),
        day=pd.to_datetime(lines["InvoiceDate"]),
        month=pd.PeriodIndex(lines["InvoiceDate"].str[:7], freq="M"),
        is_sale=lines["quantity"] > 0,
    )


@pytest.fixture(scope="module")
def buyers(wholesale: pd.DataFrame) -> pd.DataFrame:
    """The wholesaler's known customers with an order: recency, frequency, monetary value and first month."""
    known = wholesale[wholesale["customer"] != ""]
    sold = known[known["is_sale"]]
    as_of = pd.to_datetime(invoices()["InvoiceDate"]).max()
    frame = sold.groupby("customer").agg(
        first=("day", "min"),
        last=("day", "max"),
        orders=("Invoice", "nunique"),
        cohort=("month", "min"),
    )
    return frame.assign(
        recency=(as_of - frame["last"]).dt.days,
        tenure=(as_of - frame["first"]).dt.days,
        net=known.groupby("customer")["amount"].sum(),
    )


def quintile(worst_first: pd.Series) -> pd.Series:
    """Scores 1 to 5 by the share of values that are strictly lower."""
    strictly_lower = worst_first.rank(method="min").astype(int) - 1
    return 1 + 5 * strictly_lower // len(worst_first)


def test_recency_frequency_and_monetary_value_are_those_of_the_files(
    every_mart: Project, buyers: pd.DataFrame
) -> None:
    found = every_mart.query(
        "SELECT customer_id, recency_days, tenure_days, order_count, net_amount, r_score, f_score, m_score "
        "FROM bi.customer_value WHERE source = 'online_retail' AND order_count > 0 ORDER BY 1"
    )
    scores = pd.DataFrame(
        {
            "r": quintile(-buyers["recency"]),
            "f": quintile(buyers["orders"]),
            "m": quintile(buyers["net"].astype(float)),
        }
    )
    expected = buyers[["recency", "tenure", "orders", "net"]].join(scores).sort_index()
    assert found == list(expected.itertuples(name=None))
    assert len(found) > 4_000
    assert set(scores["r"]) == {1, 2, 3, 4, 5}


def test_tiers_are_multiples_of_the_median(every_mart: Project, buyers: pd.DataFrame) -> None:
    median = buyers["net"].astype(float).median()
    times = buyers["net"].astype(float) / median
    found = every_mart.query(
        "SELECT monetary_tier, count(*) FROM bi.customer_value "
        "WHERE source = 'online_retail' AND order_count > 0 GROUP BY 1"
    )
    assert dict(found) == {
        "super": (times > 4).sum(),
        "ultra": ((times > 2) & (times <= 4)).sum(),
        "high": ((times > 1) & (times <= 2)).sum(),
        "standard": (times <= 1).sum(),
    }


def test_the_customers_rhythm_is_that_of_their_days(every_mart: Project, wholesale: pd.DataFrame) -> None:
    sold = wholesale[(wholesale["customer"] != "") & wholesale["is_sale"]]
    days = sold[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    gaps = days.assign(gap=days.groupby("customer")["day"].diff().dt.days).dropna()
    expected = gaps.groupby("customer")["gap"].agg(["mean", "median", "max"])
    found = every_mart.query(
        "SELECT customer_id, mean_gap_days, median_gap_days, longest_gap_days FROM bi.customer_value "
        "WHERE source = 'online_retail' AND mean_gap_days IS NOT NULL ORDER BY 1"
    )
    assert [row[0] for row in found] == list(expected.index)
    for (_, mean, median, longest), row in zip(found, expected.itertuples(), strict=True):
        assert float(mean) == pytest.approx(row.mean, abs=0.005001)
        assert (float(median), longest) == (row.median, row.max)


def test_cohorts_are_those_of_the_files_and_months_to_come_are_absent(
    every_mart: Project, wholesale: pd.DataFrame, buyers: pd.DataFrame
) -> None:
    known = wholesale[wholesale["customer"].isin(buyers.index)].join(buyers["cohort"], on="customer")
    known = known.assign(number=[(m - c).n for m, c in zip(known["month"], known["cohort"], strict=True)])
    sold = known[known["is_sale"]]
    keys = ["cohort", "number"]
    customers = sold.groupby(keys)["customer"].nunique()
    orders = sold.groupby(keys)["Invoice"].nunique()
    revenue = known.groupby(keys)["amount"].sum()
    last = wholesale["month"].max()
    expected = []
    for cohort, size in buyers["cohort"].value_counts().sort_index().items():
        so_far = Decimal(0)
        for number in range((last - cohort).n + 1):
            key = (cohort, number)
            so_far += revenue.get(key, Decimal(0))
            active = customers.get(key, 0)
            expected.append(
                (
                    str(cohort),
                    number,
                    size,
                    active,
                    orders.get(key, 0),
                    revenue.get(key, Decimal(0)),
                    round(Decimal(int(active)) / int(size), 6),
                    so_far,
                )
            )
    found = every_mart.query(
        "SELECT to_char(acquisition_month_start_date, 'YYYY-MM'), month_number, cohort_customer_count, "
        "customer_count, order_count, net_amount, retention_rate, cumulative_net_amount "
        "FROM bi.cohort WHERE source = 'online_retail' ORDER BY 1, 2"
    )
    assert found == expected
    assert len(found) == 11 * 12 / 2


def test_the_triangle_holds_the_same_and_nothing_of_the_future(every_mart: Project) -> None:
    found = every_mart.query(
        "SELECT count(*) FROM bi.cohort JOIN bi.cohort_triangle AS wide "
        "USING (source, currency, acquisition_month_start_date) WHERE wide.measure = 'retention_rate' "
        "AND (to_jsonb(wide) ->> ('month_' || to_char(month_number, 'FM00')))::numeric = retention_rate"
    )
    assert found == every_mart.query("SELECT count(*) FROM bi.cohort WHERE month_number <= 24")
    filled = every_mart.query(
        "SELECT count(*) FROM bi.cohort_triangle AS wide CROSS JOIN jsonb_each_text(to_jsonb(wide)) AS cell "
        "WHERE measure = 'retention_rate' AND cell.key ~ '^month_' AND cell.value IS NOT NULL"
    )
    assert filled == found


def test_new_and_returning_customers_are_those_of_the_files(
    every_mart: Project, wholesale: pd.DataFrame, buyers: pd.DataFrame
) -> None:
    sold = wholesale[(wholesale["customer"] != "") & wholesale["is_sale"]].join(
        buyers["cohort"], on="customer"
    )
    kind = (sold["month"] == sold["cohort"]).map({True: "new", False: "returning"}).rename("kind")
    expected = sold.groupby([sold["month"].astype(str), kind]).agg(
        customers=("customer", "nunique"), orders=("Invoice", "nunique")
    )
    found = every_mart.query(
        "SELECT to_char(month_start_date, 'YYYY-MM'), customer_type, customer_count, order_count "
        "FROM bi.new_returning_customer WHERE source = 'online_retail' AND customer_count > 0 ORDER BY 1, 2"
    )
    assert found == [(*key, *row) for key, row in zip(expected.index, expected.to_numpy(), strict=True)]


def test_few_of_olists_customers_come_back(every_mart: Project) -> None:
    items = olist_sales()
    orders = items.groupby("customer_unique_id")["order_id"].nunique()
    found = every_mart.query(
        "SELECT count(*), count(*) FILTER (WHERE is_repeat), max(order_count) "
        "FROM bi.customer_value WHERE source = 'olist'"
    )
    assert found == [(len(orders), (orders > 1).sum(), orders.max())]
    assert (orders > 1).mean() < 0.01


def test_pairs_are_those_of_an_independent_count(every_mart: Project, wholesale: pd.DataFrame) -> None:
    sold = wholesale[wholesale["is_sale"]]
    baskets = sold.groupby("Invoice")["product"].agg(lambda products: sorted(set(products)))
    singles = Counter(product for basket in baskets for product in basket)
    least = SUPPORT * len(baskets)
    frequent = {product for product, count in singles.items() if count >= least}
    pairs: Counter[tuple[str, str]] = Counter()
    for basket in baskets:
        pairs.update(combinations([product for product in basket if product in frequent], 2))
    expected = {
        (a, b): (count, singles[a], singles[b], len(baskets))
        for (a, b), count in pairs.items()
        if count >= least
    }
    rows = every_mart.query(
        "SELECT product_a_id, product_b_id, basket_count, basket_a_count, basket_b_count, all_basket_count, "
        "support_rate, confidence_a_to_b_rate, confidence_b_to_a_rate, lift, leverage "
        "FROM bi.product_pair WHERE source = 'online_retail'"
    )
    assert {tuple(sorted((a, b))) for a, b, *_ in rows} == expected.keys()
    for a, b, both, of_a, of_b, all_baskets, support, a_to_b, b_to_a, lift, leverage in rows:
        counts = expected[tuple(sorted((a, b)))]
        assert (both, {of_a, of_b}, all_baskets) == (counts[0], set(counts[1:3]), counts[3])
        chance = of_a / all_baskets * of_b / all_baskets
        assert float(support) == pytest.approx(both / all_baskets, abs=1e-6)
        assert float(a_to_b) == pytest.approx(both / of_a, abs=1e-6)
        assert float(b_to_a) == pytest.approx(both / of_b, abs=1e-6)
        assert float(lift) == pytest.approx(both / all_baskets / chance, rel=1e-5)
        assert float(leverage) == pytest.approx(both / all_baskets - chance, abs=1e-6)
    assert len(rows) > 1_000


def test_products_are_ranked_and_classed_by_their_revenue(
    every_mart: Project, wholesale: pd.DataFrame
) -> None:
    revenue = wholesale.groupby("product")["amount"].sum().astype(float)
    ordered = revenue.sort_values(ascending=False)
    before = (ordered.clip(lower=0).cumsum() - ordered.clip(lower=0)) / ordered.clip(lower=0).sum()
    classes = before.map(lambda share: "A" if share < 0.8 else "B" if share < 0.95 else "C")
    classes[ordered <= 0] = "C"
    found = dict(
        every_mart.query(
            "SELECT product_id, abc_class FROM bi.product_performance WHERE source = 'online_retail'"
        )
    )
    assert found == classes.to_dict()


def test_weekly_demand_varies_as_in_the_files(every_mart: Project, wholesale: pd.DataFrame) -> None:
    as_of = pd.to_datetime(invoices()["InvoiceDate"]).max()
    sold = wholesale[wholesale["is_sale"]]
    weekly = sold.assign(week=(as_of - sold["day"]).dt.days // 7).pivot_table(
        index="product", columns="week", values="quantity", aggfunc="sum"
    )
    found = every_mart.query(
        "SELECT product_id, on_sale_week_count, weekly_unit_variation FROM bi.product_performance "
        "WHERE source = 'online_retail' AND order_count > 0 ORDER BY 1"
    )
    assert [row[0] for row in found] == sorted(weekly.index)
    for product, weeks, variation in found[::20]:
        units = weekly.loc[product].reindex(range(weekly.loc[product].last_valid_index() + 1)).fillna(0)
        assert weeks == len(units)
        assert float(variation) == pytest.approx(units.std(ddof=0) / units.mean(), abs=1e-5)


def test_a_products_score_is_drawn_to_the_mean_of_all_reviews(every_mart: Project) -> None:
    reviews = olist("order_reviews").assign(score=olist("order_reviews")["review_score"].astype(int))
    sold = olist_sales()[["order_id", "product_id"]].drop_duplicates()
    scores = reviews.merge(sold, on="order_id").groupby("product_id")["score"].agg(["sum", "count"])
    mean = reviews["score"].mean()
    expected = (scores["sum"] + 10 * mean) / (scores["count"] + 10)
    found = every_mart.query(
        "SELECT product_id, review_count, bayesian_review_score FROM bi.product_performance "
        "WHERE source = 'olist' AND review_count > 0 ORDER BY 1"
    )
    assert [row[:2] for row in found] == list(scores["count"].sort_index().items())
    for product, _, score in found:
        assert float(score) == pytest.approx(expected[product], abs=1e-4)
