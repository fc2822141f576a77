"""Methods that turn features into the probability of an order: two baselines, a logistic regression, boosted trees.

What is fitted is calibrated by Platt's sigmoid (Platt 1999): the logit of the probability is scaled and shifted by a
logistic regression of its own, on a label window that was not fitted on. Unlike isotonic regression it makes no ties.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.propensity.measures import PROBABILITY_FLOOR
from ml.threads import use_one_thread

Numbers = npt.NDArray[np.float64]

BASE_RATE, RECENCY, LOGISTIC, BOOSTING = "base_rate", "recency", "logistic", "boosting"
BASELINES = (BASE_RATE, RECENCY)
CANDIDATES = (LOGISTIC, BOOSTING)
METHODS = (*BASELINES, *CANDIDATES)

LOGISTIC_C = (
    0.1  # inverse strength of the ridge penalty on standardised features, many of which tell the same
)
BOOSTING_PARAMETERS = {
    "max_iter": 100,
    "learning_rate": 0.06,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
}
SEED = 20_260_701


@dataclass(frozen=True)
class PropensityModel:
    """A fitted method; `slope` and `shift` are the sigmoid's, 1 and 0 where nothing was calibrated."""

    method: str
    names: tuple[str, ...]
    rate: float
    mean: Numbers
    scale: Numbers
    weights: Numbers
    intercept: float = 0.0
    trees: t.Any = None
    slope: float = 1.0
    shift: float = 0.0

    def probability(self, design: pd.DataFrame) -> Numbers:
        """Return the probability of an order for each row of design_frame, in its order."""
        if self.method == BASE_RATE:
            return np.full(len(design), self.rate)
        return calibrated(self, _raw_probability(self, design))

    def parameters(self) -> dict[str, t.Any]:
        """Return what was fitted, for the evaluation's row: weights are of standardised features."""
        if self.method == BASE_RATE:
            return {"rate": self.rate}
        told: dict[str, t.Any] = {"calibration_slope": self.slope, "calibration_shift": self.shift}
        if self.method == BOOSTING:
            return told | {"seed": SEED} | BOOSTING_PARAMETERS
        weights = {name: round(float(w), 6) for name, w in zip(self.names, self.weights, strict=True)}
        return told | {"c": LOGISTIC_C, "intercept": self.intercept, "weights": weights}


def fit_method(
    method: str,
    train: tuple[pd.DataFrame, Numbers],
    calibration: tuple[pd.DataFrame, Numbers] | None,
) -> PropensityModel:
    """Fit one of METHODS on (design, labels) and calibrate it on others, if there are any of both classes.

    The base rate is that of the calibration's window where there is one: the latest that was complete. Raises
    ValueError for labels of one class, which only the base rate takes.
    """
    design, happened = train
    latest = happened if calibration is None else calibration[1]
    none = np.zeros(0)
    if method == BASE_RATE:
        return PropensityModel(BASE_RATE, (), float(latest.mean()), none, none, none)
    if len(np.unique(happened)) < 2:
        raise ValueError("Labels of one class tell nothing apart.")
    model = _fit_trees(design, happened) if method == BOOSTING else _fit_linear(method, design, happened)
    return model if calibration is None else _calibrated(model, *calibration)


def _fit_linear(method: str, design: pd.DataFrame, happened: Numbers) -> PropensityModel:
    from sklearn.linear_model import LogisticRegression

    names = ("recency_days",) if method == RECENCY else _telling_columns(design)
    values = design[list(names)].to_numpy()
    with np.errstate(invalid="ignore"):
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(axis=0) / count)
    scale = np.where(spread > 1e-9, spread, np.inf)  # what hardly varies says nothing: it becomes 0
    regression = LogisticRegression(C=LOGISTIC_C, max_iter=1_000, tol=1e-6)
    use_one_thread()
    regression.fit(_standardised(values, mean, scale), happened)
    return PropensityModel(
        method,
        names,
        float(happened.mean()),
        mean,
        scale,
        regression.coef_[0],
        float(regression.intercept_[0]),
    )


def _fit_trees(design: pd.DataFrame, happened: Numbers) -> PropensityModel:
    from sklearn.ensemble import HistGradientBoostingClassifier

    names, none = _telling_columns(design), np.zeros(0)
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=SEED, **BOOSTING_PARAMETERS)
    use_one_thread()
    trees.fit(design[list(names)].to_numpy(), happened)
    return PropensityModel(BOOSTING, names, float(happened.mean()), none, none, none, trees=trees)


def _telling_columns(design: pd.DataFrame) -> tuple[str, ...]:
    """The features that differ between customers, or the first if none does: a source without reviews has none."""
    telling = tuple(name for name in design if design[name].nunique() > 1)
    return telling or (str(design.columns[0]),)


def calibrated(model: PropensityModel, raw: Numbers) -> Numbers:
    """Return what a method's raw probabilities become by its sigmoid."""
    return _sigmoid(model.slope * _logit(raw) + model.shift)


def _calibrated(model: PropensityModel, design: pd.DataFrame, happened: Numbers) -> PropensityModel:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(happened)) < 2:
        return model
    score = _logit(_raw_probability(model, design))
    sigmoid = LogisticRegression(C=1e6, max_iter=1_000, tol=1e-8).fit(score[:, None], happened)
    slope = float(sigmoid.coef_[0, 0])
    if slope <= 0:  # what ranks the wrong way round there is not turned around, but not believed either
        return replace(model, slope=0.0, shift=float(_logit(happened.mean(keepdims=True))[0]))
    return replace(model, slope=slope, shift=float(sigmoid.intercept_[0]))


def _raw_probability(model: PropensityModel, design: pd.DataFrame) -> Numbers:
    values = design[list(model.names)].to_numpy()  # on one thread: a fit has seen to it
    if model.trees is not None:
        return np.asarray(model.trees.predict_proba(values)[:, 1], dtype="float64")
    return _sigmoid(_standardised(values, model.mean, model.scale) @ model.weights + model.intercept)


def _standardised(values: Numbers, mean: Numbers, scale: Numbers) -> Numbers:
    """Mean 0 and deviation 1; what is missing takes the mean, as does what never varied in fitting."""
    return np.where(np.isfinite(values), (values - mean) / scale, 0.0)


def _sigmoid(score: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(score, -40, 40)))


def _logit(probability: Numbers) -> Numbers:
    sure = np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.log(sure / (1 - sure))
