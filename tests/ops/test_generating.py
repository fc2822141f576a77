"""The demo's shop: made whole, once, and only in the project's own folder."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from loaders.contract import load_contracts
from ops import generating, loading
from ops.errors import OpsError
from ops.settings import Settings, load_settings

STORE = load_contracts()["store"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project whose real data lie in somebody else's folder."""
    shared = tmp_path / "shared" / "data" / "olist"
    shared.mkdir(parents=True)
    (shared / "olist_orders_dataset.csv").write_text("order_id\n")
    return load_settings(tmp_path / "project", {})


def make(settings: Settings) -> None:
    generating.demo_shop(settings, "tiny", Console(file=io.StringIO()))


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_shop_is_made_beside_what_lies_there_and_nowhere_else(settings: Settings) -> None:
    before = names(settings.data_dir)
    mine = settings.own_data_dir / "olist" / "olist_orders_dataset.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    make(settings)
    assert loading.with_files(settings, [STORE]) == [STORE]
    assert loading.folder_of(settings, STORE) == settings.root / "data" / "store"
    assert {path.name for path in settings.own_data_dir.iterdir()} == {
        "olist",
        "store",
        "truth",
        ".retail-generated",
    }
    assert mine.read_text() == "mine"
    assert names(settings.data_dir) == before


def test_each_time_the_same_shop_is_made(settings: Settings, tmp_path: Path) -> None:
    other = load_settings(tmp_path / "other", {})
    make(settings)
    make(other)
    for path in sorted(settings.own_data_dir.rglob("*")):
        if path.is_file():
            same = other.own_data_dir / path.relative_to(settings.own_data_dir)
            assert path.read_bytes() == same.read_bytes()


def test_a_run_that_was_stopped_leaves_no_half_of_a_shop(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(wanted: object, out: Path, **_options: object) -> None:
        (out / "store" / "pos").mkdir(parents=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(generating, "build", stop)
        with pytest.raises(KeyboardInterrupt):
            make(settings)
    assert loading.with_files(settings, [STORE]) == []
    make(settings)
    assert loading.with_files(settings, [STORE]) == [STORE]
    assert not (settings.own_data_dir / ".unfinished").exists()


def test_the_shop_is_made_again_after_somebody_deleted_its_files(settings: Settings) -> None:
    make(settings)
    files = names(settings.own_data_dir)
    (settings.own_data_dir / "store").rename(settings.root / "gone")
    make(settings)
    assert names(settings.own_data_dir) == files


def test_what_was_not_generated_is_not_replaced(settings: Settings) -> None:
    theirs = settings.own_data_dir / "truth" / "diary.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    with pytest.raises(OpsError, match="was not generated"):
        make(settings)
    assert theirs.read_text() == "mine"


def test_a_shop_of_another_scale_is_an_error_that_names_both(settings: Settings) -> None:
    generating.check_scale(settings, "medium")  # there is none
    make(settings)
    generating.check_scale(settings, "tiny")
    with pytest.raises(OpsError, match=r"data/store is of the scale tiny, not medium.*RETAIL_POSTGRES_DIR"):
        generating.check_scale(settings, "medium")
    for unknown in ("{}", "no JSON", '{"scale": 3}'):
        (settings.own_data_dir / "truth" / "parameters.json").write_text(unknown)
        generating.check_scale(settings, "medium")


def test_a_folder_that_cannot_be_written_is_named(settings: Settings) -> None:
    settings.root.mkdir()
    settings.own_data_dir.write_text("a file")
    with pytest.raises(OpsError, match="data: cannot be written"):
        make(settings)
