"""Faults: what goes wrong in a shop's files, put in on purpose, with a list of it as truth.

The files are written without fault first. Then rows are spoiled, copied, moved or torn as text, so that
nothing else changes: the other rows are those of the folder without faults, and truth/faults.csv lists these.
A few events of the change feeds come twice or too late in any case.
"""

import pandas as pd

from generator.arrays import random_of
from generator.fault_edits import Fault, Tables, apply
from generator.fault_plans import (
    plan_customer_feed,
    plan_product_feed,
    plan_ratings,
    plan_receipts,
    plan_shipments,
    plan_web_orders,
)
from generator.output import Output
from generator.scales import Options
from generator.shop import Shop
from generator.truth import write_frame

TREATMENT = {
    "negative_price": "quarantine",
    "future_date": "reject",
    "no_customer": "unknown_member",
    "duplicate": "dropped_duplicate",
    "orphan_product": "quarantine",
    "orphan_customer": "quarantine",
    "orphan_order": "quarantine",
    "late_parent": "healed",
    "quantity_out_of_range": "flagged",
    "missing_required": "quarantine",
    "malformed": "reject",
    "late_row": "accepted_late",
    "out_of_order_event": "accepted_late",
    "repeated_event": "dropped_duplicate",
}
COLUMNS = ("kind", "table", "file", "line_number", "row_number", "key", "treatment", "detail")


def put_faults(shop: Shop, output: Output) -> pd.DataFrame:
    """Put the faults into the files that were written, and write and return the list of them.

    `file` and `row_number` say where a row stands in the end, as the loaders count: files below the source's
    folder, rows from 1 behind a header.
    """
    options: Options = shop.options
    tables = Tables(output)
    planned: list[Fault] = []
    for table, plan in (
        ("pos_line", plan_receipts),
        ("web_order", plan_web_orders),
        ("shipment", plan_shipments),
        ("rating", plan_ratings),
        ("product_feed", plan_product_feed),
        ("customer_feed", plan_customer_feed),
    ):
        random = random_of(options.seed, f"faults in {table}")
        faults = plan(shop, tables.of(table), options.faults, random)
        apply(output, tables.of(table), faults)
        planned += faults
    planned.sort(key=lambda fault: (fault.table, fault.file, fault.row_number))
    rows = [
        (
            fault.kind,
            fault.table,
            fault.file,
            fault.row_number + (1 if fault.file.endswith(".csv") else 0),
            fault.row_number,
            fault.key,
            TREATMENT[fault.kind],
            fault.detail,
        )
        for fault in planned
    ]
    listed = pd.DataFrame(rows, columns=list(COLUMNS))
    write_frame(output, "faults", listed)
    return listed
