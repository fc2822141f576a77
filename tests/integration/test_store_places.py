"""Stock, parcels and ratings of the generated shop, recounted with pandas from the files as they lie there.

The files have faults, and `truth/faults.csv` says where: what is left out here is what it says, not what the
models decided.
"""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.integration.conftest import EverySource
from tests.support import Project

pytestmark = pytest.mark.long

IN_INDIA = "AT TIME ZONE 'Asia/Kolkata'"


@dataclass(frozen=True)
class Places:
    """The shop's files, and the project that they were planned in."""

    project: Project
    printed: str  # by the plan

    @property
    def folder(self) -> Path:
        return self.project.root / "data"

    def fact(self, sql: str) -> pd.DataFrame:
        return self.project.frame(sql)

    @cached_property
    def faults(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "truth" / "faults.csv", dtype=str)

    def faulty(self, table: str, *treatments: str) -> set[tuple[str, int]]:
        """Return the file and row number of a table's rows that are treated so."""
        found = self.faults[(self.faults["table"] == table) & self.faults["treatment"].isin(treatments)]
        return {(file, int(number)) for file, number in zip(found["file"], found["row_number"], strict=True)}

    def rows(self, table: str) -> pd.DataFrame:
        """Return a CSV table's rows but for those that its faults take away."""
        gone = self.faulty(table, "quarantine", "reject", "dropped_duplicate")
        kept = []
        for path in sorted((self.folder / "store").glob(f"{table.removesuffix('_line')}/**/*.csv")):
            with path.open(newline="", encoding="utf-8") as text:
                header, *lines = csv.reader(text)
            file = path.relative_to(self.folder / "store").as_posix()
            kept += [
                dict(zip(header, line, strict=True))
                for number, line in enumerate(lines, 1)
                if (file, number) not in gone
            ]
        return pd.DataFrame(kept)


@pytest.fixture(scope="module")
def places(every_source: EverySource) -> Places:
    return Places(every_source.project, every_source.printed)


def test_stock_is_what_the_files_count_in_every_place_on_every_day(places: Places) -> None:
    files = str(places.folder / "store" / "stock" / "*.parquet")
    counted = duckdb.sql(
        "SELECT location_id, product_id, snapshot_date::DATE::VARCHAR, on_hand, on_order, received_quantity, "
        f"issued_quantity, reorder_point, order_up_to, lead_time_days FROM read_parquet('{files}')"
    ).fetchall()
    fact = places.fact(
        "SELECT location_id, product_id, snapshot_date::text, on_hand_quantity::int, on_order_quantity::int, "
        "received_quantity::int, issued_quantity::int, reorder_point_quantity::int, order_up_to_quantity::int, "
        "lead_time_days FROM bi.inventory_snapshot"
    )
    assert len(counted) > 4_000
    assert sorted(fact.itertuples(index=False, name=None)) == sorted(counted)


def test_stock_follows_from_the_day_before_and_no_audit_complains(places: Places) -> None:
    fact = places.fact(
        "SELECT location_id, product_id, snapshot_date, on_hand_quantity::int AS on_hand, is_stock_out, "
        "(received_quantity - issued_quantity)::int AS change FROM bi.inventory_snapshot ORDER BY 1, 2, 3"
    )
    before = fact.groupby(["location_id", "product_id"])["on_hand"].shift()
    known = before.notna()
    assert ((before + fact["change"])[known] == fact["on_hand"][known]).all()
    assert (fact["is_stock_out"] == (fact["on_hand"] == 0)).all()
    assert fact["is_stock_out"].any()
    assert "stock_follows_from_the_day_before" not in places.printed


def test_stock_points_at_its_warehouse_and_at_the_product_that_held_when_the_day_ended(
    places: Places,
) -> None:
    wrong = places.fact(
        "SELECT stock.* FROM core.fct_inventory_snapshot AS stock "
        "LEFT JOIN core.dim_product AS product USING (product_key) "
        "LEFT JOIN core.dim_store AS store USING (store_key) "
        "WHERE product.product_id IS DISTINCT FROM stock.product_id "
        "OR store.store_id IS DISTINCT FROM stock.location_id OR store.store_kind <> 'warehouse' "
        f"OR (stock.counted_at {IN_INDIA})::date <> stock.snapshot_date + 1 "
        "OR NOT (stock.counted_at > product.valid_from_at AND stock.counted_at <= product.valid_to_at)"
    )
    assert wrong.empty


def test_a_parcel_stands_once_with_its_delivery(places: Places) -> None:
    rows = places.rows("shipment")
    files = rows.groupby("shipment_id").agg(
        order_id=("order_id", "first"),
        warehouse_id=("warehouse_id", "first"),
        handed_over_at=("handed_over_at", "first"),
        promised_date=("promised_date", "first"),
        delivered_at=("delivered_at", "max"),  # the empty text is the least
    )
    fact = places.fact(
        "SELECT shipment_id, order_id, warehouse_id, "
        f"to_char(handed_over_at {IN_INDIA}, 'YYYY-MM-DD HH24:MI:SS') AS handed_over_at, "
        "promised_date::text AS promised_date, "
        f"coalesce(to_char(delivered_at {IN_INDIA}, 'YYYY-MM-DD HH24:MI:SS'), '') AS delivered_at "
        "FROM bi.shipment ORDER BY 1"
    ).set_index("shipment_id")
    pd.testing.assert_frame_equal(fact, files.sort_index(), check_dtype=False, check_index_type=False)
    assert set(fact["delivered_at"] == "") == {True, False}


def test_the_share_of_parcels_on_time_and_their_days_are_those_of_the_files(places: Places) -> None:
    rows = places.rows("shipment")
    files = rows[rows["delivered_at"] != ""].drop_duplicates("shipment_id")
    delivered = pd.to_datetime(files["delivered_at"]).dt.normalize()
    delay = (delivered - pd.to_datetime(files["promised_date"])).dt.days
    transit = (delivered - pd.to_datetime(files["handed_over_at"]).dt.normalize()).dt.days
    [(count, late, delay_days, transit_days)] = places.project.query(
        "SELECT count(is_late), count(*) FILTER (WHERE is_late), sum(delay_days), sum(transit_days) "
        "FROM bi.shipment"
    )
    assert (count, late) == (len(files), int((delay > 0).sum()))
    assert (delay_days, transit_days) == (int(delay.sum()), int(transit.sum()))
    assert 0 < int(str(late)) < len(files)


def test_ratings_have_the_mean_that_the_files_give_each_product(places: Places) -> None:
    rows = places.rows("rating")
    files = rows.assign(score=rows["score"].astype(int)).groupby("product_id")["score"].agg(["sum", "count"])
    fact = places.fact(
        "SELECT product.product_id, sum(review.score) AS sum, count(*) AS count "
        "FROM core.fct_review AS review JOIN core.dim_product AS product USING (product_key) "
        "WHERE review.source = 'store' GROUP BY 1 ORDER BY 1"
    ).set_index("product_id")
    pd.testing.assert_frame_equal(fact, files.sort_index(), check_dtype=False, check_index_type=False)


def test_a_rating_stands_on_the_date_of_its_order_and_points_at_who_rated(places: Places) -> None:
    rated = places.rows("rating").set_index("rating_id")
    receipts = places.rows("pos_line").drop_duplicates("receipt_id").set_index("receipt_id")["sold_at"]
    fact = places.fact(
        "SELECT review.review_id, review.order_id, review.order_date::text, customer.customer_id, "
        f"to_char(review.answered_at {IN_INDIA}, 'YYYY-MM-DD HH24:MI:SS') AS rated_at "
        "FROM core.fct_review AS review JOIN core.dim_customer AS customer USING (customer_key) "
        "WHERE review.source = 'store'"
    ).set_index("review_id")
    assert set(fact.index) == set(rated.index)
    together = fact.join(rated, rsuffix="_file")
    assert (together["customer_id"] == together["customer_id_file"]).all()
    assert (together["rated_at"] == together["rated_at_file"]).all()
    in_store = together[together["receipt_id"] != ""]
    assert (in_store["order_id"] == in_store["receipt_id"]).all()
    assert (in_store["order_date"] == receipts[in_store["receipt_id"]].str[:10].to_numpy()).all()
    on_web = together[together["receipt_id"] == ""]
    assert len(on_web) > 0
    assert (on_web["order_id"] == on_web["order_id_file"]).all()


@pytest.mark.parametrize(("table", "day"), [("shipment", "handed_over_date"), ("rating", "rated_date")])
def test_what_is_held_back_or_repeated_is_what_was_planted(places: Places, table: str, day: str) -> None:
    held = places.project.query(
        f"SELECT source_file, row_number FROM stg.store__judged_{table} WHERE rule_name IS NOT NULL"
    )
    repeated = places.project.query(
        f"SELECT source_file, row_number FROM stg.store__judged_{table} WHERE copy_number > 1"
    )
    assert set(held) == places.faulty(table, "quarantine")
    assert (
        len(repeated) == len(places.faulty(table, "dropped_duplicate")) > 0
    )  # which of two is the copy is open
    [(raw, judged)] = places.project.query(
        f"SELECT (SELECT count(*) FROM raw_store.{table}), count({day}) FROM stg.store__judged_{table}"
    )
    assert raw == judged


def test_stores_and_warehouses_are_those_of_the_files(places: Places) -> None:
    stores, warehouses = places.rows("store"), places.rows("warehouse")
    fact = places.project.query(
        "SELECT place.store_id, place.store_kind, place.city, place.opened_date::text, supplier.store_id "
        "FROM bi.store AS place JOIN bi.store AS supplier ON supplier.store_key = place.supplied_by_store_key "
        "ORDER BY 2, 1"
    )
    shown = ["store_id", "city", "opened_on", "warehouse_id"]
    assert fact == [
        *((store, "store", city, opened, fills) for store, city, opened, fills in stores[shown].to_numpy()),
        ("unknown", "unknown", None, None, "unknown"),
        *(
            (place, "warehouse", city, None, "unknown")
            for place, city in warehouses[["warehouse_id", "city"]].to_numpy()
        ),
    ]


def test_bi_reader_reads_the_views_of_places(places: Places) -> None:
    connection = places.project.settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            for view in ("store", "inventory_snapshot", "shipment", "review"):
                cursor.execute(f"SELECT count(*) FROM bi.{view}")
                assert cursor.fetchone() > (0,)
    finally:
        connection.close()
