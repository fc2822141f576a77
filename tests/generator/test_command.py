"""`retail generate`: what it writes, what it refuses, and how much it makes of a scale."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.errors import GeneratorError
from generator.scales import SCALES, options
from generator.shop import Shop
from loaders.contract import load_contracts
from loaders.files import find_files
from ops.cli.generate import SCALE_NAMES, generate
from ops.errors import OpsError
from tests.generator.files import Generated


def run(*arguments: object) -> Result:
    return CliRunner().invoke(generate, [str(argument) for argument in arguments])


def test_json_says_what_stands_in_the_files(tmp_path: Path) -> None:
    done = run("--scale", "tiny", "--days", 20, "--end", "2025-11-05", "--out", tmp_path / "shop", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["start"], said["end"]) == ("2025-10-17", "2025-11-05")
    shop = Generated(tmp_path / "shop", said)
    for table, count in said["rows"].items():
        assert len(shop.rows(table)) == count, table
        assert len(shop.files(table)) == said["files"][table]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = run("--scale", "tiny", "--out", tmp_path)
    assert isinstance(refused.exception, OpsError)
    assert "is not empty" in str(refused.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_force_replaces_what_was_generated_and_nothing_else(tmp_path: Path) -> None:
    assert run("--scale", "tiny", "--days", 30, "--out", tmp_path).exit_code == 0
    (tmp_path / "mine.txt").write_text("mine")
    assert run("--scale", "tiny", "--days", 14, "--out", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert len(list((tmp_path / "store" / "stock").iterdir())) == 14


def test_force_leaves_foreign_files_among_the_generated_alone(tmp_path: Path) -> None:
    assert run("--scale", "tiny", "--days", 14, "--out", tmp_path).exit_code == 0
    (tmp_path / "store" / "pos" / "mine.csv").write_text("mine")
    refused = run("--scale", "tiny", "--days", 14, "--out", tmp_path, "--force")
    assert "were not generated" in str(refused.exception)
    assert (tmp_path / "store" / "pos" / "mine.csv").read_text() == "mine"


def test_every_scale_is_offered_and_nonsense_is_refused(tmp_path: Path) -> None:
    assert tuple(SCALES) == SCALE_NAMES
    for wrong in ({"scale": "huge"}, {"scale": "tiny", "days": 3}, {"scale": "tiny", "faults": 0.9}):
        with pytest.raises(GeneratorError):
            options(**wrong)  # type: ignore[arg-type]
    assert isinstance(run("--out", tmp_path / "x", "--scale", "tiny", "--days", 3).exception, OpsError)


def test_scales_come_out_as_large_as_they_say(tiny: Generated, small_shop: Shop, medium_shop: Shop) -> None:
    assert tiny.summary.lines == pytest.approx(SCALES["tiny"].lines, rel=0.2)
    for shop in (small_shop, medium_shop):
        scale = shop.options.scale
        assert shop.lines == pytest.approx(scale.lines, rel=0.05)
        assert (len(shop.people), len(shop.products)) == (scale.customers, scale.products)
        assert len(shop.ratings) == scale.ratings


def test_the_contract_finds_every_file(tiny: Generated) -> None:
    found = find_files(load_contracts()["store"], tiny.store)
    assert {file.name for file in found} == {
        row["file"].removeprefix("store/") for row in tiny.truth("files")
    }
