"""The changes that are measured: small edits of models, such as people make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """A text in a file that another takes the place of."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Make the edit. Raises ValueError where the text does not stand there once."""
        path = root / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} holds {text.count(self.old)} times, not once: {self.old}")
        path.write_text(text.replace(self.old, self.new), "utf-8")

    def back(self) -> Edit:
        """Return the edit that takes this one back."""
        return Edit(self.file, self.new, self.old)


@dataclass(frozen=True)
class Change:
    """A change under a short name, which is that of its environment too.

    `forward_only` is dbt's name of a model whose history is left as it is. `is_back` says that the change takes the one
    before back, straight in prod.
    """

    name: str
    title: str
    edits: tuple[Edit, ...]
    forward_only: str | None = None
    is_back: bool = False


LEAF = Edit(
    "models/marts/delivery/delay_distribution.sql",
    "bucket.to_days < 100000",
    "bucket.to_days < 10000",
)
CHANGES = (
    Change(
        "metadata",
        "a description",
        (
            Edit(
                "models/core/fct_order_line.sql",
                "'One row per order line. ",
                "'One row per line of an order. ",
            ),
        ),
    ),
    Change(
        "new_column",
        "a column more in a fact",
        (
            Edit(
                "models/core/fct_order.sql",
                "    currency = 'Currency of the amounts, ISO 4217.'\n",
                "    currency = 'Currency of the amounts, ISO 4217.',\n    is_paid = 'Some payment is known.'\n",
            ),
            Edit(
                "models/core/fct_order.sql",
                "  placed.currency::TEXT AS currency\n",
                "  placed.currency::TEXT AS currency,\n"
                "  (\n    COALESCE(payment_total.payment_count, 0) > 0\n  )::BOOLEAN AS is_paid\n",
            ),
        ),
    ),
    Change("leaf", "an expression in a leaf", (LEAF,)),
    Change("leaf_back", "that taken back", (LEAF.back(),), is_back=True),
    Change(
        "fact",
        "an expression in a fact",
        (
            Edit(
                "models/core/fct_order_line.sql",
                "line.promotion_code::TEXT AS promotion_code",
                "UPPER(line.promotion_code)::TEXT AS promotion_code",
            ),
        ),
    ),
    Change(
        "forward_only",
        "a column more, forward only",
        (
            Edit(
                "models/core/fct_inventory_snapshot.sql",
                "    is_stock_out = 'Nothing was left at the end of the day.'\n",
                "    is_stock_out = 'Nothing was left at the end of the day.',\n"
                "    is_on_order = 'More of it is under way.'\n",
            ),
            Edit(
                "models/core/fct_inventory_snapshot.sql",
                "    stock.on_hand_quantity = 0\n  )::BOOLEAN AS is_stock_out\n",
                "    stock.on_hand_quantity = 0\n  )::BOOLEAN AS is_stock_out,\n"
                "  (\n    stock.on_order_quantity > 0\n  )::BOOLEAN AS is_on_order\n",
            ),
        ),
        forward_only="core__fct_inventory_snapshot",
    ),
)
LEARNED = Change(
    "learned",
    "a function of `ml/`",
    (
        Edit(
            "ml/recommend/similar.py",
            "score[both < LEAST_CUSTOMERS]",
            "score[both <= LEAST_CUSTOMERS]",
        ),
    ),
)
