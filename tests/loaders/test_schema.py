"""The raw layer's tables: made from the contracts, extended with them, readable for those who build models."""

import psycopg2
import pytest

from loaders.contract import Contract
from loaders.errors import LoadError
from loaders.schema import ensure_tables, raw_columns
from tests.loaders.conftest import SALE, Shop, shop_contract

ODD = 'a "b" %s; DROP TABLE x; -- %'


def made(shop: Shop, *contracts: Contract) -> None:
    connection = shop.connect()
    ensure_tables(connection, contracts)
    connection.close()


def columns(shop: Shop, schema: str = "raw_shop") -> dict[str, str]:
    return dict(
        shop.query(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = '{schema}.sale'::regclass AND attnum > 0 ORDER BY attnum"
        )
    )


def test_a_raw_table_has_the_load_and_the_contracts_columns(shop: Shop) -> None:
    made(shop, shop.contract)
    assert columns(shop) == {
        "_load_id": "bigint",
        "_source_file": "text",
        "_row_number": "bigint",
        "_loaded_at": "timestamp with time zone",
        "_event_date": "date",
        "_extra": "jsonb",
        "id": "text",
        "day": "text",
        "note": "text",
    }
    assert list(columns(shop)) == list(raw_columns(shop.contract.tables["sale"]))


def test_a_table_without_an_event_time_has_no_event_date(shop: Shop) -> None:
    made(shop, shop_contract({"id": {}}))
    assert "_event_date" not in columns(shop)


def test_making_the_tables_twice_changes_nothing(shop: Shop) -> None:
    shop.load("id,day,note\n1,2024-01-01,a\n")
    made(shop, shop.contract)
    assert len(shop.rows()) == 1


def test_a_column_that_the_contract_gained_is_added(shop: Shop) -> None:
    shop.load("id,day,note\n1,2024-01-01,a\n")
    shop.contract = shop_contract({**SALE, "colour": {"description": "The colour."}})
    shop.load("id,day,note,colour\n2,2024-01-02,b,red\n", "second.csv")
    assert shop.rows("id, colour") == [("1", None), ("2", "red")]


def test_indexes_are_made_when_rows_are_there(shop: Shop) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'raw_shop' ORDER BY indexname"
    made(shop, shop.contract)
    assert shop.query(indexes) == []
    shop.load("id,day,note\n1,2024-01-01,a\n")
    assert [row[0].split(" USING ")[1] for row in shop.query(indexes)] == [
        "btree (_event_date)",
        "btree (id)",
    ]
    shop.load("id,day,note\n2,2024-01-01,a\n", "second.csv")
    assert [row[0].split(" USING ")[1] for row in shop.query(indexes)] == [
        "btree (_event_date)",
        "btree (id)",
        "brin (_load_id)",
    ]


@pytest.mark.both_versions
def test_names_that_need_quoting_are_quoted(shop: Shop) -> None:
    sale = {
        "files": "*.csv",
        "apply": "append",
        "key": [ODD],
        "columns": {ODD: {"description": ODD}, "order": {}},
    }
    sale |= {"event_time": {"column": "select", "format": "%Y-%m-%d"}}
    sale["columns"] |= {"select": {"required": True}}
    shop.contract = Contract.model_validate({"source": ODD, "tables": {f"{ODD}t": sale}})
    for value in ("1", "2"):
        shop.load(f'"{ODD.replace(chr(34), chr(34) * 2)}",ORDER,select,x%s\n{value},"",2024-01-01,{ODD}\n')
    connection = shop.connect()
    with connection.cursor() as cursor:
        cursor.execute(
            psycopg2.sql.SQL("SELECT {}, {}, _extra FROM {}").format(
                *map(psycopg2.sql.Identifier, (ODD, "order")),
                psycopg2.sql.Identifier(f"raw_{ODD}", f"{ODD}t"),
            )
        )
        assert cursor.fetchall() == [("2", None, {"x%s": ODD})]
    connection.close()


def test_those_who_build_models_may_read_what_was_loaded(shop: Shop) -> None:
    shop.load("id,day,note\n1,2024-01-01,a\n2,bad,b\n")
    connection = shop.settings.connect("transformer")
    with connection.cursor() as cursor:
        for table in ("raw_shop.sale", "ingest.load", "ingest.rejected_row"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchall() == [(1,)]
    connection.close()


def test_a_user_who_may_not_make_tables_is_told_so(shop: Shop) -> None:
    connection = shop.settings.connect("bi")
    with pytest.raises(LoadError, match="may not make the raw tables"):
        ensure_tables(connection, {"shop": shop.contract})
    connection.close()
