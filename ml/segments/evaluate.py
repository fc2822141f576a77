"""How good the segments are: apart, stable, none tiny, telling of the revenue to come; beside the rule-based grid."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation import Evaluation, data_fingerprint
from ml.segments.choice import chosen_count, tried_counts
from ml.segments.clusters import (
    SILHOUETTE_SAMPLE,
    STABILITY_SAMPLE,
    bootstrap_agreement,
    fit_clusters,
    mean_silhouette,
    smallest_share,
)
from ml.segments.run import SHOP_COLUMNS, SegmentSettings, scaled, shops

SEGMENT_MODEL = "ml.customer_segment"
SEGMENT_METHOD = "kmeans_log_rfm"
#: The segments of mart.customer: quintiles of recency and frequency, named by seeds/rfm_segment.csv.
GRID_METHOD = "rfm_grid"
#: The trap: k-means on standardised raw features, as many clusters as have the best silhouette.
RAW_METHOD = "kmeans_raw_by_silhouette"
FEW_BUYERS = 30
STEADY_GRID = "quintiles hardly move with the sample: the baseline is steady by construction"

Numbers = npt.NDArray[np.float64]


def segment_evaluations(
    customers: pd.DataFrame,
    curve: pd.DataFrame,
    at_cut: pd.DataFrame,
    grid: pd.DataFrame,
    settings: SegmentSettings,
) -> list[Evaluation]:
    """Return the evaluations of each source and currency (the evaluation's `part`).

    customers, curve: as run.customer_segments reads them. at_cut: the customers who had bought before the cut, with
    cut_date, as_of_date, holdout_days, recency_days, order_count and net_amount as they were on the eve of cut_date,
    and next_net_amount from then on. grid: r_score, f_score, segment (seed.rfm_segment).
    """
    codes = grid_codes(grid)
    later = dict(shops(at_cut))
    evaluations = []
    for key, shop in shops(customers):
        chosen = curve[(curve[SHOP_COLUMNS] == list(key)).all(axis=1) & curve["is_chosen"].astype(bool)].iloc[
            0
        ]
        evaluations += _now(key, shop, chosen, codes, settings)
        if key in later:
            evaluations.append(_later(key, later[key], codes, settings))
    return evaluations


def grid_codes(grid: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return a number for the segment of each recency score 1..5 (rows) and frequency score 1..5 (columns)."""
    table = grid.pivot_table(index="r_score", columns="f_score", values="segment", aggfunc="first")
    return np.asarray(pd.factorize(table.to_numpy().ravel())[0].reshape(table.shape), dtype=np.int64)


def learn_grid(recency_and_orders: Numbers) -> Numbers:
    """Return what the grid is told by: the sorted values of (customers, [recency_days, order_count])."""
    return np.sort(recency_and_orders * [-1.0, 1.0], axis=0)


def assign_grid(learned: Numbers, recency_and_orders: Numbers, codes: npt.NDArray[np.int64]) -> t.Any:
    """Return the number of the grid's segment for each customer, as mart.customer scores them.

    A score is 1 + five times the share of customers who are strictly worse, rounded down.
    """
    worse = [
        np.searchsorted(learned[:, column], recency_and_orders[:, column] * sign)
        for column, sign in enumerate((-1.0, 1.0))
    ]
    recency, frequency = (np.minimum(5 * count // len(learned), 4) for count in worse)
    return codes[recency, frequency]


def epsilon_squared(values: Numbers, labels: t.Any) -> float | None:
    """Return the share of the variance of values that groups explain, less what chance would (Kelley 1935).

    1 - (1 - eta squared) (n - 1) / (n - groups): comparable between different numbers of groups, below 0 where they
    explain less than chance. None where values do not differ, or as many groups as values.
    """
    groups, index = np.unique(np.asarray(labels), return_inverse=True)
    total = float(((values - values.mean()) ** 2).sum()) if len(values) else 0.0
    if total <= 0 or len(groups) >= len(values):
        return None
    counts = np.bincount(index)
    means = np.bincount(index, weights=values) / counts
    eta_squared = float((counts * (means - values.mean()) ** 2).sum()) / total
    return 1 - (1 - eta_squared) * (len(values) - 1) / (len(values) - len(groups))


def raw_kmeans(shop: pd.DataFrame, settings: SegmentSettings) -> tuple[int, float | None, float]:
    """Return what naive segments are: number of clusters, silhouette, share of the smallest.

    k-means of the standardised raw features, 2 to limits.most_count clusters, by silhouette alone.
    """
    raw = shop[list(settings.features)].to_numpy(dtype=float)
    spread = raw.std(axis=0)
    points = ((raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[:, spread > 0]
    best: tuple[int, float | None, float] = (1, None, 1.0)
    if points.shape[1] == 0:
        return best
    different = len(np.unique(points, axis=0))
    for count in range(2, min(settings.limits.most_count, different - 1) + 1):
        labels = fit_clusters(points, count).labels
        apart = mean_silhouette(points, labels)
        if apart is not None and (best[1] is None or apart > best[1]):
            best = (count, apart, smallest_share(labels, count))
    return best


def _now(
    key: tuple[str, str],
    shop: pd.DataFrame,
    chosen: pd.Series,
    codes: npt.NDArray[np.int64],
    settings: SegmentSettings,
) -> list[Evaluation]:
    """How the segments that are served stand among the customers of today; nothing is predicted."""
    recency_and_orders = shop[["recency_days", "order_count"]].to_numpy(dtype=float)
    points = scaled(shop, settings).points
    on_grid = assign_grid(learn_grid(recency_and_orders), recency_and_orders, codes)
    grid_agreement = bootstrap_agreement(
        recency_and_orders, learn_grid, lambda learned, rows: assign_grid(learned, rows, codes)
    )
    raw_count, raw_silhouette, raw_smallest = raw_kmeans(shop, settings)
    fingerprint = data_fingerprint(shop)
    raw_note = f"the baseline has {raw_count} clusters, silhouette {raw_silhouette or 0:.2f}"
    judged = (
        (
            "silhouette",
            chosen["silhouette"],
            GRID_METHOD,
            mean_silhouette(points, on_grid),
            SILHOUETTE_SAMPLE,
            "",
        ),
        (
            "stability_adjusted_rand",
            chosen["stability"],
            GRID_METHOD,
            grid_agreement,
            STABILITY_SAMPLE,
            STEADY_GRID,
        ),
        ("smallest_rate", chosen["smallest_rate"], RAW_METHOD, raw_smallest, len(shop), raw_note),
    )
    return [
        Evaluation(
            model=SEGMENT_MODEL,
            source=key[0],
            part=key[1],
            method=SEGMENT_METHOD,
            role="champion",
            metric=metric,
            metric_value=None if pd.isna(value) else float(value),
            is_higher_better=True,
            baseline_method=baseline,
            baseline_value=baseline_value,
            as_of_date=shop["as_of_date"].iat[0],
            cut_date=None,
            holdout_days=0,
            train_count=len(shop),
            holdout_count=min(len(shop), most),
            parameters={"cluster_count": int(chosen["cluster_count"]), "features": chosen["features"]},
            data_fingerprint=fingerprint,
            note="; ".join(filter(None, [chosen["note"], note])),
        )
        for metric, value, baseline, baseline_value, most, note in judged
    ]


def _later(
    key: tuple[str, str], shop: pd.DataFrame, codes: npt.NDArray[np.int64], settings: SegmentSettings
) -> Evaluation:
    """Whether segments that were learned before the cut tell who brings revenue after it."""
    known = replace(settings, features=tuple(name for name in settings.features if name in shop))
    unknown = ", ".join(sorted(set(settings.features) - set(known.features)))
    left_out = f"left out, for they are not known as of the cut: {unknown}" if unknown else ""
    points = scaled(shop, known).points
    count, note = chosen_count(tried_counts(points, settings.limits))
    labels = fit_clusters(points, count).labels
    recency_and_orders = shop[["recency_days", "order_count"]].to_numpy(dtype=float)
    on_grid = assign_grid(learn_grid(recency_and_orders), recency_and_orders, codes)
    revenue = np.log1p(np.maximum(shop["next_net_amount"].to_numpy(dtype=float), 0.0))
    buyers = int((revenue > 0).sum())
    few = f"only {buyers} of the customers brought revenue in the holdout" if buyers < FEW_BUYERS else ""
    told, told_by_grid = epsilon_squared(revenue, labels), epsilon_squared(revenue, on_grid)
    is_worse = told is not None and told_by_grid is not None and told <= told_by_grid
    advice = (
        "the rule-based segments (bi.customer_segment) tell more of the revenue to come" if is_worse else ""
    )
    cut: date = shop["cut_date"].iat[0]
    return Evaluation(
        model=SEGMENT_MODEL,
        source=key[0],
        part=key[1],
        method=SEGMENT_METHOD,
        role="champion",
        metric="next_revenue_epsilon_squared",
        metric_value=told,
        is_higher_better=True,
        baseline_method=GRID_METHOD,
        baseline_value=told_by_grid,
        as_of_date=shop["as_of_date"].iat[0],
        cut_date=cut,
        holdout_days=int(shop["holdout_days"].iat[0]),
        train_count=len(shop),
        holdout_count=len(shop),
        parameters={"cluster_count": count, "baseline_group_count": len(np.unique(on_grid))},
        data_fingerprint=data_fingerprint(shop),
        note="; ".join(filter(None, [note, left_out, few, advice])),
    )
