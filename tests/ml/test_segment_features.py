"""What is clustered: logs, outliers drawn in, features that say nothing left out."""

import numpy as np
import pytest

from ml.segments.features import positions, scaled_features
from tests.ml.segment_shops import SETTINGS, customers, many, with_wholesalers

FEATURES = SETTINGS.features


def test_features_are_standardised_logs() -> None:
    shop = many(50).assign(net_amount=np.exp(np.linspace(1, 2, 50)) - 1)
    points = scaled_features(shop, ("net_amount",), 0.02).points[:, 0]
    assert points.mean() == pytest.approx(0, abs=1e-12)
    assert points.std() == pytest.approx(1)
    inner = np.diff(points[2:-2])  # equal steps of the logs stay equal steps
    assert inner == pytest.approx(np.full(len(inner), inner[0]))


def test_a_thousandfold_customer_is_an_outlier_and_does_not_stretch_the_scale() -> None:
    shop = with_wholesalers()
    scaled = scaled_features(shop, FEATURES, 0.02)
    assert scaled.is_outlier[-11:].all()
    assert scaled.is_outlier[:-11].mean() < 0.01
    assert np.abs(scaled.points).max() < 4
    without = scaled_features(shop.iloc[:-11], FEATURES, 0.02)
    assert scaled.points[:-11].std(axis=0) == pytest.approx(without.points.std(axis=0), rel=0.05)


def test_a_feature_that_all_but_a_few_share_is_left_out() -> None:
    shop = customers(np.arange(100), [1] * 99 + [2], np.arange(100) + 1)
    assert scaled_features(shop, FEATURES, 0.02).left_out == ("order_count",)
    shop.loc[:2, "order_count"] = 3
    assert scaled_features(shop, FEATURES, 0.02).left_out == ()


def test_a_debt_is_worth_nothing_whatever_its_size() -> None:
    shop = many(100)
    shop.loc[:1, "net_amount"] = [-5.0, -50_000.0]
    points = scaled_features(shop, ("net_amount",), 0.02).points[:, 0]
    assert points[0] == points[1] == points.min()


def test_a_missing_value_counts_as_the_median() -> None:
    shop = customers([1, 9, 3, np.nan], [1] * 4, [1] * 4)
    points = scaled_features(shop, ("recency_days",), 0.02).points[:, 0]
    assert points[3] == points[2]


def test_positions_are_shares_of_worse_customers() -> None:
    shop = customers([10, 10, 30, 40], [1, 4, 2, 1], [5, -1, 70, 20])
    found = positions(shop)
    # By hand: half of the equals and all who are worse, of four; one order and no worth are 0.
    assert list(found["recency_rank_rate"]) == [0.75, 0.75, 0.375, 0.125]
    assert list(found["frequency_rank_rate"]) == [0, 0.875, 0.625, 0]
    assert list(found["value_rank_rate"]) == [0.375, 0, 0.875, 0.625]
