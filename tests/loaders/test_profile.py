"""A profile says what is in the raw tables, and nothing about persons."""

import csv
import json
from collections.abc import Callable, Sequence
from io import StringIO
from typing import cast

import pytest
from psycopg2 import sql
from rich.console import Console

from loaders.contract import Contract
from loaders.errors import LoadError
from loaders.profile import ColumnProfile, TableProfile, as_dicts, profile_source, render
from loaders.schema import ensure_tables, table_name
from ops.settings import Settings

Rows = list[tuple[str | None, ...]]
Profile = Callable[[Contract, dict[str, Rows]], dict[str, TableProfile]]


@pytest.fixture
def profile(module_database: Settings) -> Profile:
    """Fill a contract's raw tables with rows and profile them."""

    def run(contract: Contract, tables: dict[str, Rows]) -> dict[str, TableProfile]:
        connection = module_database.connect_loader()
        try:
            with connection.cursor() as cursor:
                drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
                cursor.execute(drop.format(sql.Identifier(contract.schema_name)))
                ensure_tables(connection, [contract])
                for name, rows in tables.items():
                    columns = list(contract.tables[name].columns)
                    copy = sql.SQL("COPY {} (_load_id, _source_file, _row_number, {}) FROM STDIN CSV")
                    file = StringIO()
                    csv.writer(file).writerows((1, "f", number, *row) for number, row in enumerate(rows))
                    file.seek(0)
                    names = sql.SQL(", ").join(map(sql.Identifier, columns))
                    cursor.copy_expert(copy.format(table_name(contract, name), names), file)
            return {found.table: found for found in profile_source(connection, contract)}
        finally:
            connection.close()

    return run


def contract(**tables: dict[str, object]) -> Contract:
    """A contract of a shop; each table needs its columns only."""
    plain = {name: {"files": f"{name}.csv", "apply": "snapshot", **table} for name, table in tables.items()}
    return Contract.model_validate({"source": "corner_shop", "tables": plain})


def one_column(values: Sequence[str | None], profile: Profile, **spec: object) -> ColumnProfile:
    shop = contract(sale={"columns": {"value": spec}})
    return profile(shop, {"sale": [(value,) for value in values]})["sale"].columns[0]


def screen(profiles: list[TableProfile]) -> str:
    """What a wide terminal shows."""
    console = Console(width=200, file=StringIO())
    console.print(render(profiles))
    return cast(StringIO, console.file).getvalue()


@pytest.mark.both_versions
def test_a_column_is_counted_and_its_most_frequent_values_come_first(profile: Profile) -> None:
    column = one_column(["b", "a", None, "b", "c", "d", "e", "f", None], profile)
    assert (column.rows, column.nulls, column.distinct) == (9, 2, 6)
    assert column.null_share == pytest.approx(2 / 9)
    assert column.examples == [("b", 2), ("a", 1), ("c", 1), ("d", 1), ("e", 1)]
    assert (column.minimum, column.maximum) == ("a", "f")


@pytest.mark.parametrize(
    ("values", "kind", "minimum", "maximum"),
    [
        (["9", "10", "-3", None], "integer", "-3", "10"),
        (["0", "1"], "integer", "0", "1"),
        (["9.5", "10", "-.25", "1e2"], "numeric", "-0.25", "100"),
        (["99999999999999999999", "1"], "numeric", "1", "99999999999999999999"),
        (["true", "f", "Yes"], "boolean", "false", "true"),
        (["2025-10-02", "2025-9-30"], "date", "2025-09-30", "2025-10-02"),
        (["2025-10-02 08:00:00", "2025-10-02"], "timestamp", "2025-10-02 00:00:00", "2025-10-02 08:00:00"),
        (
            ["2025-10-02T08:00:00+05:00", "2025-10-02T04:00Z"],
            "timestamp",
            "2025-10-02 03:00:00",
            "2025-10-02 04:00:00",
        ),
        (["04195", "30210"], "text", "04195", "30210"),
        (["2025-02-30", "2025-02-31"], "text", "2025-02-30", "2025-02-31"),
        (["02/01/2025"], "text", "02/01/2025", "02/01/2025"),
        (["0x1F", "1_000", "NaN"], "text", "0x1F", "NaN"),
        (["now", "infinity"], "text", "infinity", "now"),
        (["12", "C12"], "text", "12", "C12"),
        ([None, None], "empty", None, None),
        ([], "empty", None, None),
    ],
)
def test_the_type_is_guessed_and_the_range_is_that_of_the_type(
    values: list[str | None], kind: str, minimum: str | None, maximum: str | None, profile: Profile
) -> None:
    column = one_column(values, profile)
    assert (column.type_guess, column.minimum, column.maximum) == (kind, minimum, maximum)
    assert column.misfits == 0


def test_a_few_bad_values_are_told_and_do_not_hide_the_type(profile: Profile) -> None:
    column = one_column(["7", "8"] * 100 + ["n/a"], profile)
    assert (column.type_guess, column.misfits, column.minimum, column.maximum) == ("integer", 1, "7", "8")


@pytest.mark.parametrize("personal", ["free text", "email"])
def test_values_of_a_personal_column_are_not_told_anywhere(personal: str, profile: Profile) -> None:
    shop = contract(
        person={"key": ["mail"], "columns": {"mail": {"personal": personal}}},
        sale={"columns": {"buyer": {"references": "person.mail"}}},
    )
    rows: Rows = [("ann@example.org",), ("ann@example.org",)]
    found = profile(shop, {"person": rows, "sale": [("bob@example.org",)]})
    person = found["person"]
    assert (person.columns[0].rows, person.columns[0].distinct, person.columns[0].type_guess) == (
        2,
        1,
        "text",
    )
    assert person.key is not None
    assert person.key.surplus_rows == 1
    assert found["sale"].references[0].orphan_rows == 1
    assert "ann@" not in json.dumps(as_dicts([person])) + screen([person])
    # What refers to a person is that person's, whether its own column says so or not.
    assert found["sale"].references[0].examples == []


@pytest.mark.both_versions
def test_a_key_that_holds_and_one_that_does_not(profile: Profile) -> None:
    shop = contract(
        good={"key": ["a"], "columns": {"a": {}}},
        bad={"key": ["a", "b"], "columns": {"a": {}, "b": {}}},
        none={"columns": {"a": {}}},
    )
    bad: Rows = [("1", "x"), ("1", "x"), ("1", "x"), ("2", "x"), ("2", "x"), ("2", None), (None, None)]
    found = profile(shop, {"good": [("1",), ("2",)], "bad": bad, "none": [("1",), ("1",)]})
    assert found["good"].key is not None
    assert found["good"].key.is_unique
    assert found["none"].key is None
    key = found["bad"].key
    assert key is not None
    assert not key.is_unique
    assert (key.incomplete_rows, key.repeated_keys, key.surplus_rows) == (2, 2, 3)
    assert key.examples == [(["1", "x"], 3), (["2", "x"], 2)]


@pytest.mark.both_versions
def test_a_reference_is_measured_by_values_and_its_orphans_by_rows(profile: Profile) -> None:
    shop = contract(
        product={"columns": {"code": {}}},
        sale={"columns": {"product": {"references": "product.code"}}},
    )
    sales: Rows = [("a",), ("a",), ("b",), ("x",), ("x",), ("y",), (None,)]
    (reference,) = profile(shop, {"product": [("a",), ("b",), (None,)], "sale": sales})["sale"].references
    assert (reference.values, reference.orphan_values, reference.orphan_rows) == (4, 2, 3)
    assert reference.found_share == pytest.approx(0.5)
    assert reference.examples == [("x", 2), ("y", 1)]


def test_a_table_without_rows_has_a_profile(profile: Profile) -> None:
    shop = contract(
        product={"key": ["code"], "columns": {"code": {}}},
        sale={"columns": {"product": {"references": "product.code"}, "price": {}}},
    )
    found = profile(shop, {})
    assert [table.rows for table in found.values()] == [0, 0]
    assert found["product"].key is not None
    assert found["product"].key.is_unique
    assert found["sale"].references[0].found_share == 1.0
    assert [column.name for column in found["sale"].columns] == ["product", "price"]


def test_names_and_values_that_look_like_sql_or_markup_stay_what_they_are(profile: Profile) -> None:
    hostile = 'a"; DROP TABLE x; --'
    shop = contract(order={"key": [hostile, "%s"], "columns": {hostile: {}, "%s": {}}})
    table = profile(shop, {"order": [("[bold]'; --", "{0}"), ("line\nbreak", "%")]})["order"]
    assert [column.name for column in table.columns] == [hostile, "%s"]
    assert table.columns[0].examples == [("[bold]'; --", 1), ("line\nbreak", 1)]
    text = screen([table])
    assert "[bold]'; --" in text
    assert "line break" in text


def test_more_columns_than_one_pass_takes_are_all_profiled(profile: Profile) -> None:
    names = [f"c{number}" for number in range(70)]
    table = profile(contract(wide={"columns": {name: {} for name in names}}), {"wide": [tuple(names)] * 2})[
        "wide"
    ]
    assert table.rows == 2
    assert [column.name for column in table.columns] == names
    assert [column.examples for column in table.columns] == [[(name, 2)] for name in names]


def test_a_field_of_megabytes_is_not_printed_whole(profile: Profile) -> None:
    column = one_column(["x" * 3_000_000], profile)
    assert column.examples == [("x" * 100, 1)]
    assert column.maximum == "x" * 100


def test_a_source_that_was_never_loaded_is_a_clear_message(database: Settings) -> None:
    connection = database.connect_loader()
    try:
        with pytest.raises(LoadError, match=r"corner_shop: .* retail load corner_shop"):
            profile_source(connection, contract(sale={"columns": {"a": {}}}))
    finally:
        connection.close()


def test_the_screen_shows_what_is_wrong(profile: Profile) -> None:
    shop = contract(
        product={"key": ["code"], "columns": {"code": {}}},
        sale={"columns": {"product": {"references": "product.code"}}},
    )
    found = profile(shop, {"product": [("a",), ("a",)], "sale": [("z",)] * 3})
    text = screen(list(found.values()))
    assert "corner_shop.product: 2 rows" in text
    assert "key (code): 1 keys occur again, in 1 more rows, such as a (2)" in text
    assert "product -> product.code: 1 of 1 values not found, in 3 rows, such as z (3)" in text


def test_a_profile_is_what_json_knows(profile: Profile) -> None:
    shop = contract(sale={"key": ["a"], "columns": {"a": {}}})
    (table,) = as_dicts(list(profile(shop, {"sale": [("1",), ("2",)]}).values()))
    again = json.loads(json.dumps(table))
    assert again["columns"][0]["type_guess"] == "integer"
    assert again["key"]["is_unique"] is True
