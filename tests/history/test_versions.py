"""Whatever the shop's logs say and however they arrive, the models make the versions that the reference makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extras import execute_values

from tests.bench import Bench
from tests.history.reference import Event, Version, versions

Texts = dict[str, str | None]
CASES = 100
NOON = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
ZONES = (timezone(timedelta(hours=5, minutes=30)), UTC)


@dataclass(frozen=True)
class Feed:
    """A feed: what its rows may say, and what the models hold of it.

    The values are few, so that they meet: the same content again, an entity that comes back as it was.
    """

    entity: str
    texts: dict[str, tuple[str | None, ...]]
    compared: dict[str, Callable[[Texts], object]]  # by column of the conformed model
    beside: dict[str, Callable[[Texts], object]]

    def event(self, change: Change, sequence: int) -> Event:
        """What the reference is told."""
        return Event(
            change.entity,
            sequence,
            change.at,
            change.operation == "delete",
            tuple(value(change.texts) for value in self.compared.values()),
            tuple(value(change.texts) for value in self.beside.values()),
        )


@dataclass(frozen=True)
class Change:
    """An entry of a log: its place in the list is its sequence."""

    entity: str
    operation: str
    minute: int
    zone: timezone
    texts: Texts

    @property
    def at(self) -> datetime:
        return NOON + timedelta(minutes=self.minute)

    def row(self, sequence: int) -> dict[str, str | None]:
        """What stands in the raw table: of what is deleted the key."""
        texts = dict.fromkeys(self.texts) if self.operation == "delete" else self.texts
        at = self.at.astimezone(self.zone).isoformat()
        return {"operation": self.operation, "sequence": str(sequence), "updated_at": at, **texts}


def text(column: str) -> Callable[[Texts], object]:
    return lambda texts: (texts[column] or "").strip() or None


def number(column: str, divisor: int = 1) -> Callable[[Texts], object]:
    return lambda texts: Decimal(texts[column] or 0) / divisor if texts[column] else None


CUSTOMER = Feed(
    "customer",
    {
        "email": ("ann@example.com", "a.rao@example.com", None),  # in no column of the models
        "city": ("Agra", " Agra", "Pune", None),
        "postal_code": ("282001", "282002", "411001"),
        "marketing_consent": ("true", "false", None),
    },
    {
        "city": text("city"),
        "postal_prefix": lambda texts: (texts["postal_code"] or "")[:3],
        "has_marketing_consent": lambda texts: {"true": True, "false": False}.get(
            texts["marketing_consent"] or ""
        ),
    },
    {},
)
PRODUCT = Feed(
    "product",
    {
        "name": ("Lamp", "Lamp (New Pack)"),
        "list_price": ("479", "479.0", "499"),
        "cost": ("300", None),
        "tax_percent": ("12", "18", None),
        "weight_g": ("100", "200", None),
    },
    {
        "product_name": text("name"),
        "list_price_amount": number("list_price"),
        "cost_amount": number("cost"),
        "tax_rate": number("tax_percent", 100),
    },
    {"weight_g": number("weight_g")},
)


def logs(feed: Feed) -> st.SearchStrategy[list[Change]]:
    """Logs of three entities in some six minutes, with a clock that does what it likes."""
    change = st.builds(
        Change,
        entity=st.sampled_from(["a", "b", "c"]),
        operation=st.sampled_from(["insert", "update", "update", "delete"]),
        minute=st.integers(0, 5),
        zone=st.sampled_from(ZONES),
        texts=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in feed.texts.items()}),
    )
    return st.lists(change, min_size=1, max_size=16)


def deliveries(log: list[Change]) -> st.SearchStrategy[list[int]]:
    """Orders in which the log's entries come, some of them more than once."""
    entries = list(range(len(log)))
    again = st.lists(st.sampled_from(entries), max_size=4)
    return again.flatmap(lambda repeated: st.permutations(entries + repeated))


@pytest.fixture(scope="module")
def loader(history: Bench) -> Iterator[Connection]:
    connection = history.project.settings.connect_loader()
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def reader(history: Bench) -> Iterator[Connection]:
    connection = history.project.settings.connect()
    connection.autocommit = True
    yield connection
    connection.close()


def deliver(loader: Connection, feed: Feed, log: list[Change], delivery: Sequence[int]) -> None:
    """Put the log into the raw table, three rows a file, in the order of its delivery."""
    columns = ["operation", "sequence", "updated_at", *feed.texts]
    rows = []
    for place, entry in enumerate(delivery):
        row = log[entry].row(entry + 1)
        rows.append(
            [
                1,
                f"{place // 3}.jsonl",
                place % 3 + 1,
                NOON,
                log[entry].at,
                log[entry].entity,
                *(row[column] for column in columns),
            ]
        )
    names = ", ".join(
        [
            "_load_id",
            "_source_file",
            "_row_number",
            "_loaded_at",
            "_event_date",
            f"{feed.entity}_id",
            *columns,
        ]
    )
    table = f"raw_store.{feed.entity}_feed"
    with loader, loader.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
        execute_values(cursor, f"INSERT INTO {table} ({names}) VALUES %s", rows)


def made(reader: Connection, feed: Feed) -> tuple[list[Version], list[str]]:
    """Return the versions that the models make, and the dimension's keys of them."""
    entity = feed.entity
    columns = ", ".join(f"made.{column}" for column in (*feed.compared, *feed.beside))
    with reader.cursor() as cursor:
        cursor.execute(
            f"SELECT dimension.{entity}_key::text, made.{entity}_id, version_number, made.valid_from_at, "
            f"made.valid_to_at, made.is_current, made.is_deleted, {columns} "
            f"FROM conformed.{entity} AS made "
            f"FULL JOIN core.dim_{entity} AS dimension USING (source, {entity}_id, version_number) "
            f"WHERE source = 'store' AND {entity}_id <> 'SHIPPING' ORDER BY {entity}_id, version_number"
        )
        rows = cursor.fetchall()
    kept = len(feed.compared)
    return [Version(*row[1:7], tuple(row[7 : 7 + kept]), tuple(row[7 + kept :])) for row in rows], [
        row[0] for row in rows
    ]


@pytest.mark.slow
@pytest.mark.parametrize("feed", [CUSTOMER, PRODUCT], ids=lambda feed: feed.entity)
def test_any_log_in_any_order_gives_the_reference_s_versions_and_the_same_keys(
    feed: Feed, history: Bench, loader: Connection, reader: Connection
) -> None:
    @settings(max_examples=CASES, deadline=None)
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        log = data.draw(logs(feed))
        expected = versions(feed.event(change, place + 1) for place, change in enumerate(log))
        keys = []
        for _ in range(2):
            deliver(loader, feed, log, data.draw(deliveries(log)))
            found, found_keys = made(reader, feed)
            assert found == expected
            keys.append(found_keys)
        assert keys[0] == keys[1]
        assert len(set(keys[0])) == len(keys[0])

    holds()
