"""How much processor time forecasts cost: `python benchmarks/forecast.py [--series 1000] [--days 730]`.

Synthetic daily series with level, week, trend and noise, a third of them intermittent, are backtested on all
candidates over six windows and forecast. Prints CPU seconds of each candidate and of the whole, choice and intervals
included, and, with --reference, of statsforecast's ETS on one origin; ends with 1 when the whole misses its limit of
20 CPU seconds per 1,000 series of 2 years.
"""

import sys
import time
from datetime import date

import click
import numpy as np

from ml.forecast.boosting import boosted
from ml.forecast.calendar import calendar_features
from ml.forecast.candidates import candidate_forecasts, fallback_order
from ml.forecast.intermittent import adida_imapa, croston_sba, tsb
from ml.forecast.intervals import widths_by_origin
from ml.forecast.naive import last_year, seasonal_naive, window_average
from ml.forecast.panel import backtest_origins
from ml.forecast.scoring import PRIOR_WINDOWS, choose_methods, cumulative_error, naive_scale, served_forecasts
from ml.forecast.smoothing import ets, theta

HORIZON = 28
LIMIT = 20.0  # CPU seconds for 1,000 series of 730 days


def synthetic(series: int, days: int) -> np.ndarray:
    """Return (series, days) of daily sales, the last third of them intermittent."""
    rng = np.random.default_rng(1)
    time_ = np.arange(days)
    week = 1 + 0.3 * np.sin(2 * np.pi * (time_[None, :] + rng.integers(0, 7, (series, 1))) / 7)
    level = rng.lognormal(3, 1, (series, 1)) * (1 + rng.normal(0, 0.0005, (series, 1)) * time_)
    values = np.maximum(level, 0.1) * week * rng.gamma(4, 0.25, (series, days))
    rare = series - series // 3
    values[rare:] *= rng.random((series - rare, days)) < 0.15
    values[:, 0] += 1.0
    return values


def whole(values: np.ndarray, origins: list[int], features: np.ndarray) -> None:
    """Run what the models run: candidates at all origins, scores, champions, intervals."""
    forecasts = candidate_forecasts(values, origins, HORIZON, 1, features)
    scale = np.stack([naive_scale(values, origin, 7) for origin in origins])
    actuals = np.stack([values[:, origin : origin + HORIZON] for origin in origins[:-1]])
    scores = np.stack(
        [
            cumulative_error(forecasts[:, number], actual, scale[number])
            for number, actual in enumerate(actuals)
        ],
        axis=1,
    )
    groups = np.zeros((len(origins), len(values)), dtype=np.int64)
    available = ~np.isnan(forecasts).any(axis=3)
    chosen = choose_methods(scores, available, groups, PRIOR_WINDOWS, fallback_order())
    served = served_forecasts(forecasts, chosen)
    widths_by_origin((actuals - served[:-1]) / scale[:-1, :, None], groups)


@click.command()
@click.option("--series", default=1000, show_default=True)
@click.option("--days", default=730, show_default=True)
@click.option(
    "--reference", is_flag=True, help="Also time statsforecast's ETS 'ANZ', on 50 series and one origin."
)
def main(series: int, days: int, reference: bool) -> None:
    """Measure, print, and judge."""
    values = synthetic(series, days)
    origins = backtest_origins(days, HORIZON, 6, 56)
    features = calendar_features(date(2024, 1, 1), days + HORIZON, 1, [])
    parts = {
        "seasonal_naive": lambda: seasonal_naive(values, origins, HORIZON, 7),
        "window_average": lambda: window_average(values, origins, HORIZON, 7, 8),
        "last_year": lambda: last_year(values, origins, HORIZON, 1),
        "ets": lambda: ets(values, origins, HORIZON, 7),
        "theta": lambda: theta(values, origins, HORIZON, 7),
        "croston_sba": lambda: croston_sba(values, origins, HORIZON),
        "tsb": lambda: tsb(values, origins, HORIZON),
        "adida, imapa": lambda: adida_imapa(values, origins, HORIZON, 91),
        "boosting": lambda: boosted(values, origins, HORIZON, 1, features, None, False),
        "whole": lambda: whole(values, origins, features),
    }
    click.echo(f"{series} series of {days} days, {len(origins) - 1} windows and today: CPU seconds")
    used = 0.0
    for name, run in parts.items():
        began = time.process_time()
        run()
        used = time.process_time() - began
        click.echo(f"{name:16}{used:8.2f}")
    if reference:
        from statsforecast.models import AutoETS

        began = time.process_time()
        for row in values[:50]:
            AutoETS(7, model="ANZ").forecast(row, HORIZON)
        per_thousand = (time.process_time() - began) * 20
        click.echo(f"statsforecast's ETS 'ANZ', 1,000 series, one origin: {per_thousand:.1f}")
    limit = LIMIT * series * days / (1000 * 730)
    if series >= 1000 and used > limit:
        click.echo(f"Over the limit of {limit:.0f} CPU seconds.")
        sys.exit(1)


if __name__ == "__main__":
    main()
