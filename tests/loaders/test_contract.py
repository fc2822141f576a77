"""A contract is checked whole; what is wrong is named by file and key."""

from pathlib import Path
from typing import Any

import pytest

from loaders.contract import CONTRACTS_FOLDER, load_contract, load_contracts
from loaders.errors import ContractError
from loaders.external import HEAD, external_models, outdated, write_external_models
from tests.loaders.conftest import shop_contract
from tests.support import ROOT

GOOD = """
source: shop
tables:
  sale:
    files: "*.csv"
    apply: append
    key: [id]
    event_time: {column: day, format: "%Y-%m-%d"}
    columns:
      id: {required: true, references: product.id}
      day: {required: true}
  product:
    files: products.csv
    apply: snapshot
    columns: {id: {header: Product No}}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    return path


def test_a_contract_tells_its_tables_in_loading_order(tmp_path: Path) -> None:
    contract = load_contract(written(tmp_path, GOOD))
    assert contract.loading_order() == ["product", "sale"]
    assert contract.tables["product"].header("id") == "Product No"


def test_tables_that_reference_each_other_still_have_an_order(tmp_path: Path) -> None:
    text = GOOD.replace("{header: Product No}", "{references: sale.id}")
    assert sorted(load_contract(written(tmp_path, text)).loading_order()) == ["product", "sale"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("apply: append", "apply: sometimes", r"shop.yaml: tables.sale.apply: .*'snapshot' or 'append'"),
        ("key: [id]", "key: [nope]", "tables.sale: key: there is no column 'nope'"),
        ("column: day", "column: nope", "event_time: there is no column 'nope'"),
        ("day: {required: true}", "day: {}", "column 'day' must be required"),
        ("product.id}", "product.nope}", "columns.id.references: there is no 'product.nope'"),
        ("required: true}\n", "wanted: true}\n", "columns.day.wanted: Extra inputs are not permitted"),
        ("key: [id]", "format: {delimiter: ';;'}", "format.delimiter: must be one ASCII character"),
        (
            "day: {required: true}",
            "day: {required: true, personal: e-mail}",
            "columns.day.personal: .*'email'",
        ),
        ("source: shop", "source: shop\nperson: sale.nobody", "person: there is no 'sale.nobody'"),
        ("source: shop", "source: shop\nperson: sale.id", "'sale.id' must be marked as personal: pseudonym"),
        ("key: [id]", "format: {encoding: klingon}", "Python knows no encoding 'klingon'"),
        ("key: [id]", "format: {encoding: utf-16}", "'utf-16' is not supported"),
        ("source: shop", "source: shop\ntime_zone: Mars/Olympus", "there is no time zone 'Mars/Olympus'"),
        ('{column: day, format: "%Y-%m-%d"}', "{column: day}", "'column' needs a 'format'"),
        ('{column: day, format: "%Y-%m-%d"}', "{through: day}", "'day' references no other table"),
        ('{column: day, format: "%Y-%m-%d"}', "{through: id}", "'product' has no event time column"),
        ('%d"}', '%d", touches: [day]}', "event_time: 'day' references no other table"),
        ('%d"}', '%d", touches: [id]}', "event_time: 'product' has no event time column"),
        ('%d"}', '%d", touches: [nope]}', "event_time: there is no column 'nope'"),
        ('%d"}', '%d", touches: [id, id]}', "touches: a column occurs twice"),
        (
            '{column: day, format: "%Y-%m-%d"}',
            "{through: id, touches: [id]}",
            "'touches' goes with 'column'",
        ),
        ('files: "*.csv"', 'files: "**/x.csv"', "files: must be a pattern"),
        ("day: {required: true}", "_load_id: {}\n      day: {required: true}", "every raw table has already"),
        (
            "day: {required: true}",
            "Id: {}\n      day: {required: true}",
            "'id' and 'Id' have the same header",
        ),
        ("product:", "p" * 64 + ":", "longer than 63 bytes"),
        ("source: shop", "source: [", "is no valid YAML"),
        ("source: shop", "shop: source", "source: Field required"),
    ],
)
def test_what_is_wrong_with_a_contract_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ContractError, match=message):
        load_contract(written(tmp_path, GOOD.replace(old, new)))


def test_two_contracts_for_one_source_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(ContractError, match="'shop' has a contract already"):
        load_contracts(tmp_path)


def test_a_missing_contract_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"nope.yaml: cannot be read"):
        load_contract(tmp_path / "nope.yaml")


def test_the_projects_contracts_describe_every_table_and_column() -> None:
    for contract in load_contracts(CONTRACTS_FOLDER).values():
        for name, table in contract.tables.items():
            assert table.description, name
            assert all(column.description for column in table.columns.values()), name


def test_the_external_models_are_what_the_contracts_say() -> None:
    stale = outdated(load_contracts(), ROOT / "external_models")
    assert stale == [], "run `retail contracts --write`"


def test_external_models_quote_reserved_and_odd_names() -> None:
    contract = shop_contract({"id": {}, "Odd column": {}}, source="Odd shop")
    order = contract.model_copy(update={"tables": {"order": contract.tables["sale"]}})
    text = external_models(order)
    assert text.startswith(HEAD)
    assert '- name: \'"raw_Odd shop"."order"\'' in text
    assert "    Odd column: text" in text


def test_writing_external_models_brings_the_folder_up_to_date(tmp_path: Path) -> None:
    contracts: dict[str, Any] = {"shop": shop_contract()}
    (tmp_path / "closed_shop.yaml").write_text("")
    written = write_external_models(contracts, tmp_path)
    assert [path.name for path in written] == ["closed_shop.yaml", "ingest.yaml", "shop.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ingest.yaml", "shop.yaml"]
    assert outdated(contracts, tmp_path) == []
