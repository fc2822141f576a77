"""How good probabilities are: discrimination, proper scores, calibration, lift. Equal ones are never told apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Metric -> whether a higher value is better.
PROPENSITY_METRICS = {
    "auc": True,
    "log_loss": False,
    "brier": False,
    "calibration_error": False,
    "top_decile_lift": True,
}
PROBABILITY_FLOOR = 1e-6  # a probability of 0 that comes true would cost infinitely much


def area_under_curve(happened: Floats, probability: Floats) -> float:
    """Return the chance that who ordered is ranked above who did not, ties counting half; NaN with one class only.

    The Mann-Whitney statistic by mean ranks (Hanley and McNeil 1982). Both arrays have the shape (n,).
    """
    positives = float(happened.sum())
    negatives = len(happened) - positives
    if not positives or not negatives:
        return float("nan")
    _, group, size = np.unique(probability, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(size) - (size - 1) / 2
    rank_sum = float(mean_rank[group] @ happened)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def row_losses(happened: Floats, probability: Floats) -> Floats:
    """Return each row's negative log likelihood, in nats."""
    sure = np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return -(happened * np.log(sure) + (1 - happened) * np.log1p(-sure))


def log_loss_of(happened: Floats, probability: Floats) -> float:
    """Return the mean negative log likelihood, in nats; NaN without rows."""
    return float(row_losses(happened, probability).mean()) if len(happened) else float("nan")


def brier_score_of(happened: Floats, probability: Floats) -> float:
    """Return the mean squared difference (Brier 1950); NaN without rows."""
    return float(np.mean((probability - happened) ** 2)) if len(happened) else float("nan")


def deciles(probability: Floats) -> npt.NDArray[np.int64]:
    """Return 1 (the most likely tenth) to 10: 1 + ten times the share that is strictly more likely, rounded down."""
    _, group, size = np.unique(-probability, return_inverse=True, return_counts=True)
    ahead = np.cumsum(size) - size
    return np.asarray(1 + 10 * ahead[group] // max(len(probability), 1), dtype=np.int64)


def calibration_error_of(happened: Floats, probability: Floats) -> float:
    """Return the expected calibration error: |mean probability - share that ordered| by decile, weighted by its size.

    Bins of equal size as in Nixon et al. 2019 ("Measuring calibration in deep learning"); NaN without rows.
    """
    if not len(happened):
        return float("nan")
    decile = deciles(probability)
    difference = np.bincount(decile, weights=probability - happened)
    return float(np.abs(difference).sum() / len(happened))


def top_decile_lift(happened: Floats, probability: Floats) -> float:
    """Return how often the most likely tenth orders, by how often all do; NaN where nobody does.

    Of equals on the border each counts with the share of them that still fits in.
    """
    share = float(happened.mean()) if len(happened) else 0.0
    if not share:
        return float("nan")
    room = len(happened) / 10
    _, group, size = np.unique(-probability, return_inverse=True, return_counts=True)
    taken = np.clip((room - (np.cumsum(size) - size)) / size, 0, 1)
    return float(taken[group] @ happened / room / share)


def measured(happened: Floats, probability: Floats) -> dict[str, float]:
    """Return each metric of PROPENSITY_METRICS; what cannot be computed is NaN."""
    return {
        "auc": area_under_curve(happened, probability),
        "log_loss": log_loss_of(happened, probability),
        "brier": brier_score_of(happened, probability),
        "calibration_error": calibration_error_of(happened, probability),
        "top_decile_lift": top_decile_lift(happened, probability),
    }
