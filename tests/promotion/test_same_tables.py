"""A plan for prod compares the columns of tables only where they may have changed."""

from __future__ import annotations

import pytest

from tests.promotion.conftest import SALE, Shop
from tests.promotion.prod import in_state
from tests.support import query

pytestmark = pytest.mark.both_versions

# Writes down what is made; SQLMesh compares a table with one that it makes for that.
WATCH = (
    "CREATE TABLE public.made (name text)",
    """
    CREATE FUNCTION public.write_down() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.made SELECT object_identity FROM pg_event_trigger_ddl_commands();
    END $$
    """,
    "CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION write_down()",
)
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = 'core.sale'::regclass AND attnum > 0 ORDER BY attnum"
)
UNFINISHED = "UPDATE sqlmesh._environments SET finalized_ts = NULL WHERE name = 'prod'"


@pytest.fixture
def watched(shop: Shop) -> Shop:
    shop.administer(*WATCH)
    return shop


def describe(shop: Shop, text: str) -> None:
    """Give the table's model another description, which its rows have nothing to do with."""
    file = shop.root / "models" / "sale.sql"
    sale = file.read_text("utf-8").replace(
        "MODEL (name core.sale", f"MODEL (name core.sale, description '{text}'"
    )
    file.write_text(sale, "utf-8")


def compared(shop: Shop) -> int:
    """How many tables were compared with their models since the last time that this was asked."""
    [(count,)] = shop.administer(
        "WITH gone AS (DELETE FROM public.made RETURNING name) "
        "SELECT count(*) FROM gone WHERE name LIKE '%schema_tmp%'"
    )
    assert isinstance(count, int)
    return count


def test_a_new_description_compares_nothing_and_is_shown(watched: Shop) -> None:
    describe(watched, "What was sold.")
    watched.plan()
    assert compared(watched) == 0
    shown = "SELECT obj_description('core.sale'::regclass)"
    assert query(watched.settings, shown) == [("What was sold.",)]


def test_a_column_that_is_added_or_dropped_forward_only_is_there_or_gone(watched: Shop) -> None:
    watched.write(sale=f"{SALE}, 2::INT AS more")
    watched.plan("--forward-only")
    assert compared(watched) == 1
    assert query(watched.settings, COLUMNS) == [("id",), ("amount",), ("name",), ("more",)]
    watched.write(sale=SALE)
    watched.plan("--forward-only", "--allow-destructive-model", "core.sale")
    assert compared(watched) == 1
    assert query(watched.settings, COLUMNS) == [("id",), ("amount",), ("name",)]


def test_after_a_plan_that_did_not_end_every_table_is_compared(watched: Shop) -> None:
    in_state(watched, UNFINISHED)
    describe(watched, "What was sold.")
    watched.plan()
    assert compared(watched) == 1


def test_a_table_whose_model_gives_rights_on_it_gets_them(watched: Shop) -> None:
    describe(
        watched, "What was sold.', grants ('select' = array['bi_reader']), grants_target_layer 'physical"
    )
    watched.plan()
    assert compared(watched) == 1
