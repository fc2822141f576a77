"""A program that promotes the small project many times: `python -m tests.promotion.promotions FOLDER FIRST LAST`.

Each promotion gives both views another number, and every third moves their columns: both ways of swapping are used.
"""

import sys
from pathlib import Path

from sqlmesh import Context

from tests.promotion.conftest import SALE, write_models


def models_of(root: Path, number: int) -> None:
    """Write the models of one promotion."""
    sale = SALE.replace("10", str(number))
    write_models(root, sale=f"{number}::INT AS first, {sale}" if number % 3 == 0 else sale)


def main() -> None:
    """Promote, saying each number when it is in prod."""
    root, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for number in range(first, last + 1):
        models_of(root, number)
        sys.stdout.write(f"begin {number}\n")
        sys.stdout.flush()
        Context(paths=[root]).plan("prod", auto_apply=True, no_prompts=True)
        sys.stdout.write(f"promoted {number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
