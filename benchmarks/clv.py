"""How fast customers' value is fitted and scored: 100,000 simulated customers, each model by itself.

    .venv/bin/python -m benchmarks.clv [--customers 100000] [--days 730] [--repeat 3] [--json]

Customers arrive over the days, buy and stop as BG/NBD says, and are known by whole days, as in the models. The aim is
fitting BG/NBD and Gamma-Gamma in less than two seconds together, from the customers' x, t_x, T and values to parameters
with standard errors. The best of the repetitions counts, since other work on the machine only ever makes one slower;
beside it stands the processor time of the same run. Memory is the process' peak.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from ml.clv.scores import ClvTerms, clv_scores
from ml.clv.shop import fit_shop

TARGET = 2.0
R, ALPHA, A, B = 1.1, 60.0, 0.7, 6.0
P, Q, GAMMA = 4.0, 3.5, 40.0
TIERS = pd.DataFrame(
    {"tier": ["Diamond", "Gold", "Silver", "Bronze"], "customer_share_rate": [0.05, 0.2, 0.5, 1.0]}
)


def customers(count: int, days: int, seed: int = 1) -> pd.DataFrame:
    """Return simulated customers as mart.customer shows them to the models."""
    random = np.random.default_rng(seed)
    rate, dropout = random.gamma(R, 1 / ALPHA, count), random.beta(A, B, count)
    watched = random.integers(0, days, count)
    x, t_x = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
    who, now = np.arange(count), np.zeros(count)
    while len(who):
        now = now + random.exponential(1, len(who)) / rate[who]
        within = np.ceil(now) <= watched[who]
        who, now = who[within], now[within]
        day = np.ceil(now).astype(int)
        x[who] += day > t_x[who]
        t_x[who] = day
        stays = random.random(len(who)) >= dropout[who]
        who, now = who[stays], now[stays]
    value = random.gamma(P * (x + 1)) / (x + 1) / random.gamma(Q, 1 / GAMMA, count)
    return pd.DataFrame(
        {
            "source": "shop",
            "currency": "EUR",
            "customer_id": [f"C{place:07d}" for place in range(count)],
            "as_of_date": date(2026, 6, 30),
            "repeat_count": x,
            "active_days": t_x,
            "tenure_days": watched,
            "mean_amount": value,
        }
    )


def timed(run: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the seconds and the processor seconds of the fastest of some runs."""
    times = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(times)


def measure(count: int, days: int, repeat: int) -> dict[str, tuple[float, float]]:
    """Return seconds and processor seconds of each step."""
    shop = customers(count, days)
    found = {
        f"fit {method}": timed(lambda method=method: fit_shop(method, shop), repeat)  # type: ignore[misc]
        for method in ("bg_nbd", "gamma_gamma", "pareto_nbd")
    }
    chosen = pd.DataFrame({"source": "shop", "currency": "EUR", "method": ["bg_nbd", "gamma_gamma"]})
    terms = ClvTerms(1095.0, 0.10)
    found["fit and score ml.customer_clv"] = timed(lambda: clv_scores(shop, chosen, TIERS, terms), repeat)
    return found


def main() -> None:
    """Run from the command line; exit 1 above the target."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=100_000)
    arguments.add_argument("--days", type=int, default=730)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    found = measure(given.customers, given.days, given.repeat)
    fitting = found["fit bg_nbd"][0] + found["fit gamma_gamma"][0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if given.json:
        print(json.dumps({"seconds": found, "fitting": fitting, "peak_mb": peak, "cores": os.cpu_count()}))
    else:
        print("| step | seconds | processor seconds |\n|---|--:|--:|")
        for step, (wall, cpu) in found.items():
            print(f"| {step} | {wall:.2f} | {cpu:.2f} |")
        verdict = "within" if fitting < TARGET else "above"
        print(
            f"\n{given.customers:,} customers are fitted in {fitting:.2f} s, {verdict} the {TARGET:.0f} s aimed at."
        )
        print(f"Peak memory: {peak:,.0f} MB.")
    raise SystemExit(fitting >= TARGET)


if __name__ == "__main__":
    main()
