"""The explicit part: which rating a customer will give a product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.recommend.interaction import HIGHEST_RATING, LOWEST_RATING

#: Ratings at the mean that each product and each customer starts with (Koren 2010, section 2.1, for Netflix).
PRODUCT_PRIOR = 25.0
CUSTOMER_PRIOR = 10.0


@dataclass(frozen=True)
class RatingModel:
    """rating = mean + product_bias + customer_bias, in points of the scale of 1 to 5."""

    mean: float
    product_bias: npt.NDArray[np.float64]
    customer_bias: npt.NDArray[np.float64]

    def predict(self, ratings: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the expected rating of each row's `customer` and `product`, kept within the scale."""
        expected = (
            self.mean
            + self.product_bias[ratings["product"].to_numpy()]
            + self.customer_bias[ratings["customer"].to_numpy()]
        )
        return np.asarray(np.clip(expected, LOWEST_RATING, HIGHEST_RATING))


def fit_ratings(ratings: pd.DataFrame, customer_count: int, product_count: int) -> RatingModel | None:
    """Return the biases of ratings (`customer`, `product`, `score`), or None where there are no ratings.

    Koren 2010, "Factor in the Neighbors", section 2.1: b_i = Σ(r - mean) / (prior + n_i), then
    b_u = Σ(r - mean - b_i) / (prior + n_u). Who is not known has a bias of 0.
    """
    if ratings.empty:
        return None
    ordered = ratings.sort_values(["customer", "product", "score"])
    customer, product = ordered["customer"].to_numpy(), ordered["product"].to_numpy()
    score = ordered["score"].to_numpy(dtype=np.float64)
    mean = float(score.mean())
    product_bias = _shrunk_mean(product, score - mean, product_count, PRODUCT_PRIOR)
    customer_bias = _shrunk_mean(
        customer, score - mean - product_bias[product], customer_count, CUSTOMER_PRIOR
    )
    return RatingModel(mean, product_bias, customer_bias)


def _shrunk_mean(
    group: npt.NDArray[np.int64], value: npt.NDArray[np.float64], group_count: int, prior: float
) -> npt.NDArray[np.float64]:
    total = np.bincount(group, weights=value, minlength=group_count)
    return np.asarray(total / (prior + np.bincount(group, minlength=group_count)))
