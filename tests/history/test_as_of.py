"""Every line of a generated shop with faults has the versions of its customer and product that held at its time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from generator.build import generate
from generator.scales import options
from loaders.contract import load_contracts
from loaders.load import load_source
from tests.bench import Bench
from tests.history.reference import Event, Version, versions

FAULTS = 0.06
UNKNOWN = 0  # the version of whom nobody knows
Document = dict[str, object]
#: What opens a version, as the files have it.
COMPARED: dict[str, Callable[[Document], tuple[object, ...]]] = {
    "customer": lambda event: (
        event["city"],
        event["state"],
        str(event["postal_code"] or "")[:3],
        event["marketing_consent"],
    ),
    "product": lambda event: tuple(
        event[name] for name in ("name", "category", "brand", "list_price", "cost", "tax_percent")
    ),
}
LINES = """
SELECT (sold_at::timestamp AT TIME ZONE 'Asia/Kolkata'), _event_date, customer_id, product_id
FROM raw_store.pos_line
UNION ALL
SELECT placed_at::timestamptz, _event_date, customer_id, line ->> 'product_id'
FROM raw_store.web_order, jsonb_array_elements(lines::jsonb) AS line
WHERE pg_input_is_valid(lines, 'jsonb')
"""
FOUND = """
SELECT line.line_id::int, customer.source, customer.version_number, product.source, product.version_number
FROM core.fct_order_line AS line
JOIN core.dim_customer AS customer USING (customer_key)
JOIN core.dim_product AS product USING (product_key)
"""


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory, history: Bench) -> dict[str, list[Version]]:
    """The versions by entity that the generated files tell of; the files are loaded."""
    folder = tmp_path_factory.mktemp("shop")
    generate(options("tiny", seed=11, faults=FAULTS), folder)
    tables = ("pos/*/*", "web/*", "customer_feed/*", "product_feed/*")
    paths = [file for table in tables for file in sorted((folder / "store").glob(table))]
    load_source(history.project.settings.connect_loader, load_contracts()["store"], paths, folder)
    return {entity: versions(events_of(folder, entity)) for entity in COMPARED}


@pytest.fixture(scope="module")
def lines(feeds: dict[str, list[Version]], history: Bench) -> pd.DataFrame:
    """Every line of the receipts and the web orders, and some at the very instants of the changes."""
    columns = ["ordered_at", "order_date", "customer_id", "product_id"]
    sold = pd.DataFrame(history.project.query(LINES), columns=columns)
    starts = {entity: [v for v in found if v.number > 1] for entity, found in feeds.items()}
    edges = [
        {"ordered_at": at, "order_date": at.date(), f"{entity}_id": version.entity}
        for entity, found in starts.items()
        for version in found
        for at in (version.start, version.start - pd.Timedelta(microseconds=1))
    ]
    lines = pd.concat([sold, pd.DataFrame(edges)], ignore_index=True)
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"], utc=True)
    return lines.astype({"customer_id": object, "product_id": object}).sort_values(
        "ordered_at", ignore_index=True
    )


@pytest.fixture(scope="module")
def found(lines: pd.DataFrame, history: Bench) -> pd.DataFrame:
    """The versions by line that the fact's keys lead to."""
    plain = lines.astype(object).where(lines.notna(), None)
    rows = [
        {"source": "store", "order_id": str(place), "line_id": str(place), **row}
        for place, row in enumerate(plain.to_dict("records"))
    ]
    history.fill_rest("core.fct_order_line", "core.dim_customer", "core.dim_product")
    history.fill("conformed.order_line", rows)
    days = lines["order_date"]
    history.compute("core.fct_order_line", str(days.min()), str(days.max()))
    return (
        pd.DataFrame(
            history.project.query(FOUND),
            columns=["line", "customer_source", "customer", "product_source", "product"],
        )
        .set_index("line")
        .sort_index()
    )


def events_of(folder: Path, entity: str) -> list[Event]:
    """Return the feed's events as its files have them."""
    documents = [
        json.loads(text)
        for file in sorted((folder / "store" / f"{entity}_feed").glob("*.jsonl"))
        for text in file.read_text("utf-8").splitlines()
    ]
    return [
        Event(
            document[f"{entity}_id"],
            document["sequence"],
            datetime.fromisoformat(document["updated_at"]),
            document["operation"] == "delete",
            COMPARED[entity](document),
        )
        for document in documents
    ]


@pytest.mark.slow
@pytest.mark.parametrize("entity", COMPARED)
def test_a_line_finds_the_version_of_its_own_time(
    entity: str, feeds: dict[str, list[Version]], lines: pd.DataFrame, found: pd.DataFrame
) -> None:
    told = pd.DataFrame(
        [(version.entity, version.start, version.number) for version in feeds[entity]],
        columns=[f"{entity}_id", "ordered_at", "version"],
    )
    told["ordered_at"] = pd.to_datetime(told["ordered_at"], utc=True).astype(lines["ordered_at"].dtype)
    wanted = pd.merge_asof(lines, told.sort_values("ordered_at"), on="ordered_at", by=f"{entity}_id")
    expected = wanted["version"].fillna(UNKNOWN).astype(int)
    actual = found[entity].where(found[f"{entity}_source"] == "store", UNKNOWN)
    assert len(actual) == len(lines)
    assert actual.tolist() == expected.tolist()
    # It was worth comparing: later versions, and ids that nobody knows.
    assert (expected > 1).sum() > 5
    assert ((expected == UNKNOWN) & lines[f"{entity}_id"].notna()).any()


@pytest.mark.slow
def test_the_generated_feeds_come_late_twice_and_end(feeds: dict[str, list[Version]], history: Bench) -> None:
    late = "SELECT COUNT(*) FROM raw_store.customer_feed WHERE _source_file NOT LIKE '%' || _event_date || '.jsonl'"
    twice = "SELECT COUNT(*) FROM stg.store__customer_feed WHERE copy_number > 1"
    for query in (late, twice):
        assert history.project.query(query) > [(0,)]
    assert any(version.is_deleted for version in feeds["product"])
