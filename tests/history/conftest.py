"""The models from the shop's feeds to the dimensions, as views over raw tables."""

from __future__ import annotations

import pytest

from loaders.contract import load_contracts
from loaders.schema import ensure_tables
from tests.bench import Bench, bench_of
from tests.support import Project

ENTITIES = ("customer", "product")


@pytest.fixture(scope="module")
def history(module_project: Project) -> Bench:
    """Raw tables without a row, and what the models make of them whenever they are asked."""
    connection = module_project.settings.connect_loader()
    ensure_tables(connection, load_contracts())
    connection.close()
    bench = bench_of(module_project)
    for entity in ENTITIES:
        mapping, conformed = f"stg.store__to_{entity}", f"conformed.{entity}"
        bench.fill_rest(conformed, mapping)  # the other sources
        bench.fill_rest(f"core.dim_{entity}", conformed)
        for model in (f"stg.store__{entity}_feed", mapping, conformed, f"core.dim_{entity}"):
            bench.show(model)
    return bench
