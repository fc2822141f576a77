"""Tables of customers to the rows of ml.segment_curve and ml.customer_segment, each source and currency by itself."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.segments.choice import CountLimits, chosen_count, tried_counts
from ml.segments.clusters import Clusters, fit_clusters
from ml.segments.features import ScaledFeatures, positions, scaled_features
from ml.segments.names import UNDIVIDED, SegmentName, by_priority, mean_positions, named_clusters, overlap

#: A shop, and a currency in it: amounts of different currencies are not compared.
SHOP_COLUMNS = ["source", "currency"]
CURVE_COLUMNS = [
    *SHOP_COLUMNS,
    "cluster_count",
    "as_of_date",
    "customer_count",
    "silhouette",
    "inertia",
    "elbow",
    "score",
    "stability",
    "smallest_rate",
    "is_stable",
    "is_large_enough",
    "is_chosen",
    "features",
    "note",
]
SEGMENT_COLUMNS = [
    *SHOP_COLUMNS,
    "customer_id",
    "as_of_date",
    "recency_days",
    "order_count",
    "net_amount",
    "recency_rank_rate",
    "frequency_rank_rate",
    "value_rank_rate",
    "cluster_number",
    "segment",
    "recommended_action",
    "rule_distance",
    "centroid_distance",
    "is_outlier",
    "note",
]
WORTHLESS = "net_amount is not positive: taken as nothing"


@dataclass(frozen=True)
class SegmentSettings:
    """What is clustered on (columns of mart.customer), and what the number of clusters has to hold."""

    features: tuple[str, ...]
    limits: CountLimits


def shops(customers: pd.DataFrame) -> t.Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Give each source and currency with its customers, sorted, so that the order of the rows does not matter."""
    ordered = customers.sort_values([*SHOP_COLUMNS, "customer_id"], ignore_index=True)
    for (source, currency), shop in ordered.groupby(SHOP_COLUMNS, sort=True):
        yield (str(source), str(currency)), shop.reset_index(drop=True)


def scaled(shop: pd.DataFrame, settings: SegmentSettings) -> ScaledFeatures:
    """Return a shop's customers as points."""
    return scaled_features(shop, settings.features, settings.limits.least_rate)


def segment_curve(
    customers: pd.DataFrame, settings: SegmentSettings, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return CURVE_COLUMNS: one row per source, currency and number of clusters that was tried, one of them chosen.

    customers: SHOP_COLUMNS, customer_id, as_of_date and the features, one row per customer.
    before: SHOP_COLUMNS and cluster_count of the last run's choices, where there was one.
    """
    last = {} if before is None else before.set_index(SHOP_COLUMNS)["cluster_count"].to_dict()
    rows = []
    for key, shop in shops(customers):
        features = scaled(shop, settings)
        tried = tried_counts(features.points, settings.limits)
        chosen, reason = chosen_count(tried, last.get(key))
        left_out = [f"{name} left out: it hardly differs between customers" for name in features.left_out]
        common = {
            "source": key[0],
            "currency": key[1],
            "as_of_date": shop["as_of_date"].iat[0],
            "customer_count": len(shop),
            "features": ", ".join(features.names),
        }
        curve = [vars(one) for one in tried]
        if chosen == 1:
            inertia = fit_clusters(features.points, 1).inertia
            undivided = {"cluster_count": 1, "inertia": inertia, "smallest_rate": 1.0}
            curve.insert(0, {**undivided, "is_stable": True, "is_large_enough": True})
        for one in curve:
            is_chosen = one["cluster_count"] == chosen
            note = "; ".join(filter(None, [reason, *left_out])) if is_chosen else ""
            rows.append({**common, **one, "is_chosen": is_chosen, "note": note})
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def customer_segments(
    customers: pd.DataFrame,
    curve: pd.DataFrame,
    rules: pd.DataFrame,
    settings: SegmentSettings,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return SEGMENT_COLUMNS: one row per customer, with the cluster, its name and what to do.

    customers: as above, with recency_days, order_count and net_amount. curve: what segment_curve chose for them.
    rules: the columns of seeds/learned_segment.csv. before: SHOP_COLUMNS, customer_id and segment of the last run.
    cluster_number counts from 1, the cluster whose customers are worth most first.
    """
    choices = curve[curve["is_chosen"].astype(bool)].set_index(SHOP_COLUMNS)["cluster_count"].to_dict()
    actions = rules.set_index("segment")["recommended_action"].to_dict()
    tables = []
    for key, shop in shops(customers):
        features = scaled(shop, settings)
        count = int(choices.get(key, 1))
        fit = fit_clusters(features.points, count)
        places = positions(shop)
        names = _names(shop, fit, places, rules, before)
        segments = np.array([name.segment for name in names])[fit.labels]
        undivided = "the customers cannot be told apart: one segment" if count == 1 else ""
        worthless = np.where(shop["net_amount"] > 0, "", WORTHLESS)
        numbers = _by_value(mean_positions(places, fit.labels, count))
        tables.append(
            pd.concat([shop, places], axis=1).assign(
                cluster_number=numbers[fit.labels],
                segment=segments,
                recommended_action=[actions[segment] for segment in segments],
                rule_distance=np.array([name.rule_distance for name in names])[fit.labels],
                centroid_distance=fit.distances,
                is_outlier=features.is_outlier,
                note=["; ".join(filter(None, [undivided, one])) for one in worthless],
            )[SEGMENT_COLUMNS]
        )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=SEGMENT_COLUMNS)


def _names(
    shop: pd.DataFrame, fit: Clusters, places: pd.DataFrame, rules: pd.DataFrame, before: pd.DataFrame | None
) -> list[SegmentName]:
    """The names of a shop's clusters, matched to the last run's by the customers that they share."""
    count = len(fit.centroids)
    if count == 1:
        return [SegmentName(UNDIVIDED, 0.0)]
    kept = None
    if before is not None and len(before):
        keys = [*SHOP_COLUMNS, "customer_id"]
        last = shop[keys].merge(before[[*keys, "segment"]], on=keys, how="left")["segment"]
        kept = overlap(fit.labels, count, last, list(by_priority(rules)["segment"]))
    return named_clusters(mean_positions(places, fit.labels, count), rules, kept)


def _by_value(centres: t.Any) -> t.Any:
    """The numbers of the clusters from 1: by value, then frequency, then recency, the best first."""
    order = np.lexsort((-centres[:, 0], -centres[:, 1], -centres[:, 2]))
    numbers = np.empty(len(centres), dtype=np.int64)
    numbers[order] = np.arange(1, len(centres) + 1)
    return numbers
