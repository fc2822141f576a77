"""How long recommendations take for a large shop: 100,000 customers, 10,000 products, 4.7 million interactions
(4.75 million lines, of which a few repeat a customer and product).

    .venv/bin/python -m benchmarks.recommend [--customers N] [--products N] [--interactions N] [--json]

The shop is drawn from a fixed seed: customers differ in how much they buy, products in how popular they are, and each
customer keeps to some of 50 departments. Seconds of processor time and of the clock, and the largest memory, of the
steps: interactions from lines, the fit of EASE, and the lists of all customers, written nowhere.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np
import pandas as pd

from ml.recommend.ease import fit_ease
from ml.recommend.interaction import Shop, day_number, interactions
from ml.recommend.serve import DECAYED_FREQUENCY, EASE, recommendations
from ml.recommend.similar import similar_products

SEED = 20260101
DEPARTMENTS = 50
DAYS = 730
AS_OF = date(2026, 6, 30)
FIT_TARGET, MEMORY_TARGET = 35.0, 3.0  # seconds, GB


def draw_shop(customer_count: int, product_count: int, interaction_count: int) -> Shop:
    """Return a shop whose lines are drawn from a fixed seed."""
    random = np.random.default_rng(SEED)
    customer = random.choice(
        customer_count, interaction_count, p=_shares(random.gamma(1.0, 1.0, customer_count) + 0.05)
    )
    department = (customer * 7 + random.geometric(0.05, interaction_count)) % DEPARTMENTS
    place = np.floor(product_count // DEPARTMENTS * random.power(0.8, interaction_count)).astype(np.int64)
    events = pd.DataFrame(
        {
            "customer": customer.astype(np.int32),
            "product": (department * (product_count // DEPARTMENTS) + place).astype(np.int32),
            "day": (day_number(AS_OF) - random.integers(0, DAYS, interaction_count)).astype(np.int32),
            "unit_count": random.integers(1, 6, interaction_count).astype(np.float64),
        }
    )
    return Shop(
        source="synthetic",
        as_of=AS_OF,
        customer_ids=np.array([f"C{i:06d}" for i in range(customer_count)], dtype=object),
        product_ids=np.array([f"P{i:05d}" for i in range(product_count)], dtype=object),
        is_offered=random.random(product_count) > 0.05,
        events=events,
        ratings=pd.DataFrame({"customer": [], "product": [], "day": [], "score": []}, dtype=np.int32),
    )


def measure(customer_count: int, product_count: int, interaction_count: int) -> dict[str, float]:
    """Return the seconds of each step, the rows that came out and the largest memory in GB."""
    result: dict[str, float] = {}
    shop = draw_shop(customer_count, product_count, interaction_count)
    with _timed("interactions", result):
        known = interactions(shop, day_number(AS_OF) + 1)
    result["cells"] = known.score.nnz
    with _timed("fit", result):
        fit_ease(known.score)
    del known
    with _timed("recommendations", result):
        result["rows"] = sum(map(len, recommendations(shop, DECAYED_FREQUENCY, EASE)))
    with _timed("similar_products", result):
        result["similar_rows"] = sum(map(len, similar_products(shop)))
    result["memory_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return result


@contextmanager
def _timed(step: str, result: dict[str, float]) -> Iterator[None]:
    clock, processor = time.perf_counter(), time.process_time()
    yield
    result[f"{step}_s"] = time.perf_counter() - clock
    result[f"{step}_cpu_s"] = time.process_time() - processor


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--interactions", type=int, default=4_750_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments.customers, arguments.products, arguments.interactions)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:24} {value:12,.1f}")
    verdict = result["fit_cpu_s"] <= FIT_TARGET and result["memory_gb"] <= MEMORY_TARGET
    print(f"targets: fit {FIT_TARGET:.0f} s, memory {MEMORY_TARGET:.0f} GB: {'met' if verdict else 'missed'}")


if __name__ == "__main__":
    main()
