"""The audit that looks at the data: what looks like an e-mail address or a telephone number stops a plan."""

from __future__ import annotations

import pytest

# Each with the columns that the audit looks at; rows of dated models stand on a day that is audited.
MODELS = {
    "core.dim_customer": ("customer_id", "city", "state"),
    "bi.customer": ("customer_id", "city", "state"),
    "core.dim_store": ("store_name", "city", "state"),
    "bi.store": ("store_name", "city", "state"),
    "conformed.shipment": ("carrier", "destination_city", "destination_state"),
    "core.fct_shipment": ("carrier", "destination_city", "destination_state"),
}
DAY = {"handed_over_date": "2025-06-26"}
PERSONAL = (
    "ann@example.org",
    "Leeds (ann.o'neil+shop@mail.example.co.uk)",
    "+44 20 7946 0001",
    "+5511987654321",
    "0044 20 7946 0001",
    "(020) 7946 0001",
    "01632 960 001",
    "555-123-4567",
    "(555) 123-4567",
    "+1-555-123-4567x890",
)
HARMLESS = (
    None,
    "",
    "sao paulo",
    "SP",
    "13085",
    "0013085000123",
    "20260301-000123",
    "2026-03-01",
    "erased-0f3b5c1a9d8e4f7ab2c3d4e5f6a7b8c9",
    "861eff4711a542e4b93843c6dd7febb0",
    "01037-000",
    "@home",
)


@pytest.mark.parametrize("model", MODELS)
def test_what_looks_like_an_address_or_a_number_to_call_is_found_in_every_column(bench, model):
    for column in MODELS[model]:
        bench.fill(model, [DAY | {column: text} for text in PERSONAL])
        assert bench.complaints(model, "no_personal_values") == len(PERSONAL), column


@pytest.mark.parametrize("model", MODELS)
def test_ids_places_and_dates_are_not(bench, model):
    bench.fill(model, [DAY | dict.fromkeys(MODELS[model], text) for text in HARMLESS])
    assert bench.complaints(model, "no_personal_values") == 0
