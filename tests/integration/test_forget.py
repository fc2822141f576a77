"""`retail forget`: a person leaves the whole database, old versions and environments too; the sums stay."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from psycopg2 import sql

from generator.build import generate
from generator.scales import options
from ops.postgres.throwaway import ThrowawayServer
from tests.integration.shops import INVOICES, OLIST, Line, write_csv, write_invoices
from tests.integration.star import delete_all_environments, fingerprints
from tests.support import Project

pytestmark = pytest.mark.thorough(minutes=6)

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")
ANA, BUYER = "ana-7d1f-unique", "5017701"  # of Olist; of Online Retail
RENAMED = {"ana": ANA, "c1": "order-customer-7d1f-1", "c2": "order-customer-7d1f-2", "501.0": f"{BUYER}.0"}
COMMENTS = ("chegou tarde", "ótimo")
SUMS = """
SELECT source, order_date, currency, sum(net_amount), sum(quantity), count(*), count(DISTINCT order_id)
FROM core.fct_order_line GROUP BY 1, 2, 3
UNION ALL
SELECT source, order_date, currency, sum(paid_amount), NULL::bigint, count(*), count(DISTINCT order_id)
FROM core.fct_payment GROUP BY 1, 2, 3
UNION ALL
SELECT source, order_date, NULL::text, sum(score), NULL::bigint, count(*), count(DISTINCT order_id)
FROM core.fct_review GROUP BY 1, 2, 3
UNION ALL
SELECT o.source, NULL::date, o.currency, sum(o.order_amount), NULL::bigint, count(*), count(DISTINCT c.customer_id)
FROM core.fct_order AS o JOIN core.dim_customer AS c USING (customer_key) GROUP BY 1, 2, 3
ORDER BY 1, 2, 3, 4
"""

# A customer who did everything: bought in both channels, got a parcel, brought something back, rated.
BUSY = """
SELECT customer_id FROM raw_store.customer_feed AS c
WHERE customer_id IN (SELECT customer_id FROM raw_store.pos_line)
    AND customer_id IN (SELECT customer_id FROM raw_store.web_order JOIN raw_store.shipment USING (order_id))
    AND customer_id IN (SELECT customer_id FROM raw_store.rating)
ORDER BY 1 LIMIT 1
"""
CONTACTS = """
SELECT DISTINCT value FROM raw_store.customer_feed AS own
CROSS JOIN LATERAL unnest(ARRAY[own.name, own.email, own.phone, own.address]) AS value
WHERE own.customer_id = %s AND NOT EXISTS (
    SELECT FROM raw_store.customer_feed AS other
    WHERE other.customer_id <> own.customer_id AND strpos(other::text, value) > 0
)
"""
STORE_SUMS = f"""
SELECT * FROM ({SUMS.replace("ORDER BY 1, 2, 3, 4", "")}) AS sold
UNION ALL
SELECT source, handed_over_date, carrier, sum(transit_days), sum(delay_days), count(*), count(DISTINCT order_id)
FROM core.fct_shipment GROUP BY 1, 2, 3
UNION ALL
SELECT source, snapshot_date, NULL::text, sum(on_hand_quantity), sum(issued_quantity), count(*),
    count(DISTINCT product_key)
FROM core.fct_inventory_snapshot GROUP BY 1, 2
UNION ALL
SELECT source, NULL::date, is_deleted::text, NULL::numeric, NULL::bigint, count(*), count(DISTINCT customer_id)
FROM core.dim_customer WHERE is_current GROUP BY 1, 3
ORDER BY 1, 2, 3, 4, 5, 6
"""
HELD = """
SELECT table_name, source_file, row_number, rule_name, healed_at IS NULL FROM quality.quarantined_row
ORDER BY 1, 2, 3, 4
"""
# What of the person's rows tells where they live.
REGIONS = """
SELECT o.ship_to, s.destination_city, s.destination_state, s.destination_postal_prefix,
    f.destination_city, f.destination_state, f.destination_postal_prefix, c.city, c.state, c.has_marketing_consent
FROM raw_store.web_order AS o
JOIN raw_store.shipment AS s USING (order_id)
JOIN core.fct_shipment AS f USING (shipment_id)
JOIN core.dim_customer AS c ON c.customer_id = o.customer_id
WHERE o.customer_id LIKE 'erased-%'
"""


def renamed(rows: Sequence[Line]) -> list[Line]:
    return [tuple(RENAMED.get(cell, cell) for cell in row) for row in rows]


def deliver(project: Project, *, again: bool = False) -> None:
    """Write both shops' files; `again` with one more line in the files that name customers."""
    for day, lines in INVOICES.items():
        line = (f"7099{day[-2:]}", "10002", "tin tray", "1", "1.125", "502.0", "EIRE")
        write_invoices(project.root / "data", day, renamed([*lines, *([line] if again else [])]))
    for name, rows in OLIST.items():
        more = [rows[-1]] if again and name == "olist_customers_dataset.csv" else []
        write_csv(project.root / "data" / "olist" / name, renamed([*rows, *more]))


def holding(postgres: ThrowawayServer, project: Project, needles: Sequence[str]) -> list[str]:
    """Return the tables, views and statistics, in both databases, in whose text one of the values stands."""
    found = []
    for database in (project.settings.database, project.settings.state_database):
        connection = postgres.server.connect(database)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            )
            places = [sql.Identifier(*row) for row in cursor.fetchall()]
            for place in [*places, sql.Identifier("pg_catalog", "pg_statistic")]:
                cursor.execute(
                    sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text LIKE ANY (%s)").format(place),
                    [[f"%{needle}%" for needle in needles]],
                )
                if cursor.fetchone() != (0,):
                    found.append(f"{database}: {place.strings}")
        connection.close()
    return found


def test_a_person_is_erased_everywhere_and_the_sums_stay(postgres: ThrowawayServer, project: Project) -> None:
    deliver(project)
    project.retail("load", "--all")
    project.retail("refresh")
    model = project.root / "models" / "core" / "dim_customer.sql"
    text = model.read_text()
    model.write_text(text.replace("customer.city::TEXT AS city", "UPPER(customer.city)::TEXT AS city"))
    project.sqlmesh("plan", "dev", "--auto-apply", "--no-prompts", "--skip-tests")
    model.write_text(text.replace("customer.city::TEXT AS city", "INITCAP(customer.city)::TEXT AS city"))
    project.sqlmesh(*PLAN)

    sums = project.query(SUMS)
    keys = project.query(
        "SELECT customer_key::text FROM core.dim_customer WHERE customer_id IN (%s, %s)", ANA, BUYER
    )
    assert len(keys) == 3
    needles = [*RENAMED.values(), BUYER, *COMMENTS, *(str(key) for (key,) in keys)]
    assert len(holding(postgres, project, needles)) > 20
    assert len(project.query("SELECT 1 FROM pg_namespace WHERE nspname = 'core__dev'")) == 1

    said = json.loads(project.retail("forget", "olist", ANA, "--dry-run", "--json"))
    assert said["rows"] == {"customer": 2, "order": 2, "order_review": 2}
    assert said["dates"] == ["2018-03-01", "2018-03-05"]
    assert said["environments_dropped"] == ["dev"]
    assert len(holding(postgres, project, needles)) > 20

    assert "Rows erased from" in project.retail("forget", "olist", ANA, "--yes")
    assert "Rows erased from" in project.retail("forget", "online_retail", BUYER, "--yes")
    assert holding(postgres, project, needles) == []
    assert project.query(SUMS) == sums
    assert project.query("SELECT 1 FROM pg_namespace WHERE nspname = 'core__dev'") == []
    assert "erased before" in project.retail("forget", "olist", ANA, "--yes")
    ledger = project.query("SELECT source, finished_at IS NOT NULL FROM ingest.erasure ORDER BY 1")
    assert ledger == [("olist", True), ("online_retail", True)]

    deliver(project, again=True)
    assert "files loaded" in project.retail("load", "--all")
    project.retail("refresh")
    assert holding(postgres, project, needles) == []
    olist = [row for row in sums if row[0] == "olist"]
    assert [row for row in project.query(SUMS) if row[0] == "olist"] == olist

    sums = project.query(SUMS)
    delete_all_environments(project)
    project.sqlmesh(*PLAN)
    assert holding(postgres, project, needles) == []
    assert project.query(SUMS) == sums


def deliver_again(folder: Path, person: str) -> int:
    """Change, but for their rows, the files that name the person, and those of the parcels. Returns how many."""
    changed = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".csv", ".jsonl") and (
            person in path.read_text("utf-8") or "shipment" in path.parts
        ):
            path.write_text(path.read_text("utf-8") + "\n", "utf-8")
            changed += 1
    return changed


@pytest.mark.marts
def test_a_customer_of_the_generated_shop_leaves_orders_parcels_and_ratings(
    postgres: ThrowawayServer, project: Project
) -> None:
    generate(options("tiny", seed=5, days=20, faults=0.01), project.root / "data")
    project.retail("load", "store")
    project.retail("refresh")
    [(person,)] = project.query(BUSY)
    contacts = [str(value) for (value,) in project.query(CONTACTS, person)]
    assert len(contacts) >= 2
    keys = project.query("SELECT customer_key::text FROM core.dim_customer WHERE customer_id = %s", person)
    hashes = project.query(
        "SELECT email_hash FROM stg.store__customer_feed WHERE customer_id = %s AND NOT email_hash IS NULL",
        person,
    )
    needles = [str(person), *contacts, *(str(value) for (value,) in [*keys, *hashes])]
    assert len(holding(postgres, project, needles)) > 10
    sums, held = project.query(STORE_SUMS), project.query(HELD)

    assert "Rows erased from" in project.retail("forget", "store", str(person), "--yes", timeout=1200)
    assert holding(postgres, project, needles) == []
    assert project.query(STORE_SUMS) == sums
    assert project.query(HELD) == held
    regions = project.query(REGIONS)
    assert regions
    assert {value for row in regions for value in row[:-1]} == {None}

    assert deliver_again(project.root / "data" / "store", str(person)) > 3
    project.retail("load", "store")
    project.retail("refresh")
    assert holding(postgres, project, needles) == []
    assert project.query(STORE_SUMS) == sums
    assert project.query(HELD) == held

    left = fingerprints(project)
    delete_all_environments(project)
    project.sqlmesh(*PLAN)
    assert fingerprints(project) == left
