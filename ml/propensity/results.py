"""The rows of the propensity models: evaluation, scores, deciles, drivers. Each source by itself."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation import Evaluation, data_fingerprint, evaluation_frame
from ml.propensity.design import DRIVERS, design_frame
from ml.propensity.fitting import BASE_RATE, BASELINES, CANDIDATES, METHODS, SEED, fit_method
from ml.propensity.folds import current_date, folds_for
from ml.propensity.measures import PROPENSITY_METRICS, area_under_curve, deciles, measured
from ml.propensity.shuffling import shuffled_probabilities
from ml.propensity.study import (
    HORIZONS,
    PropensityOptions,
    PropensityStudy,
    fitting_rows,
    latest_rate,
    prepared,
    reason_not_to_fit,
    study_horizon,
    window_of,
)

PROPENSITY_MODEL = "ml.customer_propensity"
RISK_PRECISION = "churn_risk_precision"
SHUFFLES = 5
MOST_SHUFFLED_ROWS = 10_000

#: (source, horizon in days) -> the method that is served.
Champions = t.Mapping[tuple[str, int], str]


def horizon_part(horizon_days: int) -> str:
    """Return what the evaluation calls a horizon."""
    return f"{horizon_days} days"


def served_methods(evaluation: pd.DataFrame) -> dict[tuple[str, int], str]:
    """Return the champions that rows of ml.customer_propensity_evaluation name (source, part, method)."""
    return {
        (row.source, horizon): row.method
        for row in evaluation.itertuples()
        for horizon in HORIZONS
        if row.part == horizon_part(horizon)
    }


def evaluate_propensity(frame: pd.DataFrame, options: PropensityOptions) -> pd.DataFrame:
    """Return the rows of ml.customer_propensity_evaluation for rows of ml.customer_feature with next_order_days."""
    rows: list[Evaluation] = []
    for source, group in prepared(frame).groupby("source"):
        fingerprint = data_fingerprint(group)
        for horizon in HORIZONS:
            study = study_horizon(group, horizon, options)
            rows += _evaluations(str(source), study, fingerprint, options)
    return evaluation_frame(rows)


def score_propensity(frame: pd.DataFrame, champions: Champions, options: PropensityOptions) -> pd.DataFrame:
    """Return the rows of ml.customer_propensity: every customer of the current as-of date, for each horizon.

    The champion is fitted anew by the recipe that was judged, on windows that are one horizon later.
    """
    scored = [
        _scores(str(source), group, horizon, champions.get((str(source), horizon), BASE_RATE), options)
        for source, group in prepared(frame).groupby("source")
        for horizon in HORIZONS
    ]
    return pd.concat(scored, ignore_index=True)


def propensity_deciles(frame: pd.DataFrame, champions: Champions, options: PropensityOptions) -> pd.DataFrame:
    """Return the rows of ml.propensity_decile; none where the base rate is served, which tells nobody apart."""
    parts = [
        _decile_rows(source, study, method)
        for source, study, method in _champions_judged(frame, champions, options)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def propensity_drivers(frame: pd.DataFrame, champions: Champions, options: PropensityOptions) -> pd.DataFrame:
    """Return the rows of ml.propensity_driver; none where the base rate is served."""
    parts = [
        _driver_rows(source, study, method)
        for source, study, method in _champions_judged(frame, champions, options)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _champions_judged(
    frame: pd.DataFrame, champions: Champions, options: PropensityOptions
) -> t.Iterator[tuple[str, PropensityStudy, str]]:
    for source, group in prepared(frame).groupby("source"):
        for horizon in HORIZONS:
            method = champions.get((str(source), horizon), BASE_RATE)
            if method == BASE_RATE:
                continue
            study = study_horizon(group, horizon, options, (method,))
            if not study.reason:
                yield str(source), study, method


def _evaluations(
    source: str, study: PropensityStudy, fingerprint: str, options: PropensityOptions
) -> list[Evaluation]:
    judged = study.folds.scored if study.folds else None
    common: dict[str, t.Any] = {
        "model": PROPENSITY_MODEL,
        "source": source,
        "part": horizon_part(study.horizon_days),
        "as_of_date": study.as_of,
        "cut_date": window_of(judged, study.horizon_days)[0] if judged else None,
        "holdout_days": study.horizon_days,
        "train_count": study.train_count,
        "holdout_count": len(study.happened),
        "data_fingerprint": fingerprint,
    }
    higher = PROPENSITY_METRICS | {RISK_PRECISION: True}
    if study.reason:
        note = f"The base rate is served. {study.reason}"
        return [
            Evaluation(
                **common, method=BASE_RATE, role="champion", metric=metric, metric_value=None,
                is_higher_better=is_higher, note=note,
                parameters={"rate": study.base_rate} if np.isfinite(study.base_rate) else {},
            )
            for metric, is_higher in higher.items()
        ]  # fmt: skip
    values = {method: _values(study, method, options) for method in METHODS}
    baseline = min(BASELINES, key=lambda method: values[method]["log_loss"])
    return [
        Evaluation(
            **common, method=method, role=_role(method, study.champion), metric=metric,
            metric_value=values[method][metric], is_higher_better=is_higher,
            baseline_method=BASE_RATE if metric == RISK_PRECISION else baseline,
            baseline_value=values[BASE_RATE if metric == RISK_PRECISION else baseline][metric],
            parameters=_told(study, method),
            note=_note(study, method, metric, values),
        )
        for method in METHODS
        for metric, is_higher in higher.items()
    ]  # fmt: skip


def _values(study: PropensityStudy, method: str, options: PropensityOptions) -> dict[str, float]:
    """All metrics; the precision of the churn flag is the share of the flagged that did not order."""
    probability = study.probability(method)
    base_rate = study.models[BASE_RATE].rate
    flagged = probability < options.propensity_risk_factor * base_rate
    flagged = flagged if method != BASE_RATE else np.ones_like(flagged)  # nobody apart: all or none
    silent = 1 - study.happened[flagged]
    precision = float(silent.mean()) if len(silent) else float("nan")
    return measured(study.happened, probability) | {RISK_PRECISION: precision}


def _role(method: str, champion: str) -> str:
    if method == champion:
        return "champion"
    return "challenger" if method in CANDIDATES else "baseline"


def _told(study: PropensityStudy, method: str) -> dict[str, t.Any]:
    folds = study.folds
    assert folds is not None  # noqa: S101 - a study without a reason has folds
    return study.models[method].parameters() | {
        "trained_as_of": [str(day) for day in folds.train],
        "calibrated_as_of": str(folds.calibration) if folds.calibration else None,
        "judged_as_of": str(folds.scored),
    }


def _note(
    study: PropensityStudy, method: str, metric: str, values: t.Mapping[str, t.Mapping[str, float]]
) -> str:
    if not np.isfinite(values[method][metric]):
        return "Nobody was flagged." if metric == RISK_PRECISION else "Not defined for these rows."
    if method == study.champion and method in BASELINES:
        return "No model beats the baseline by more than chance explains: the baseline is served."
    return ""


def _scores(
    source: str, group: pd.DataFrame, horizon: int, method: str, options: PropensityOptions
) -> pd.DataFrame:
    as_of = current_date(group)
    rows = group[group["as_of_date"] == as_of]
    base_rate, note = latest_rate(group, horizon)
    folds = folds_for(group, as_of, horizon, options.propensity_least_history_days)
    if method != BASE_RATE:
        reason = reason_not_to_fit(group, folds, horizon)
        method, note = (BASE_RATE, f"{note} {reason}".strip()) if reason else (method, note)
    if method == BASE_RATE:
        probability = np.full(len(rows), base_rate)
        note = note or "Nothing better than the base rate: ml.customer_propensity_evaluation tells why."
    else:
        model = fit_method(method, *fitting_rows(group, folds, horizon))
        probability = model.probability(design_frame(rows, horizon))
    tells = method != BASE_RATE
    return pd.DataFrame(
        {
            "source": source,
            "customer_id": rows["customer_id"].to_numpy(),
            "as_of_date": as_of,
            "horizon_days": horizon,
            "method": method,
            "probability_rate": _nullable(probability),
            "base_rate": _nullable(np.full(len(rows), base_rate)),
            "decile": _or_none(deciles(probability), tells),
            "is_likely": _or_none(probability >= base_rate, tells),
            "is_churn_risk": _or_none(probability < options.propensity_risk_factor * base_rate, tells),
            "note": note,
        }
    )


def _nullable(numbers: npt.NDArray[np.float64]) -> npt.NDArray[t.Any]:
    if np.isfinite(numbers).all():
        return numbers
    return np.array([number if np.isfinite(number) else None for number in numbers], dtype=object)


def _or_none(values: npt.NDArray[t.Any], tells: bool) -> npt.NDArray[np.object_]:
    """The values as plain objects, None where they tell nothing: SQLMesh writes pandas' NA as something else."""
    return values.astype(object) if tells else np.full(len(values), None, dtype=object)


def _decile_rows(source: str, study: PropensityStudy, method: str) -> pd.DataFrame:
    assert study.folds is not None  # noqa: S101 - as above
    probability = study.probability(method)
    judged = pd.DataFrame(
        {"decile": deciles(probability), "predicted": probability, "happened": study.happened}
    )
    table = judged.groupby("decile").agg(
        customer_count=("happened", "size"),
        ordering_customer_count=("happened", "sum"),
        predicted_rate=("predicted", "mean"),
        least_predicted_rate=("predicted", "min"),
        most_predicted_rate=("predicted", "max"),
        actual_rate=("happened", "mean"),
    )
    everybody = study.happened.mean()
    captured = table["ordering_customer_count"].cumsum() / study.happened.sum()
    table = table.assign(
        lift_ratio=table["actual_rate"] / everybody,
        captured_rate=captured.clip(upper=1.0),
        calibration_gap=table["predicted_rate"] - table["actual_rate"],
        ordering_customer_count=table["ordering_customer_count"].astype("int64"),
    ).reset_index()
    first = {"source": source, "horizon_days": study.horizon_days}
    return table.assign(**first, as_of_date=study.folds.scored, method=method)


def _driver_rows(source: str, study: PropensityStudy, method: str) -> pd.DataFrame:
    """Permutation importance (Breiman 2001): the AUC that is lost when a column is shuffled between the customers."""
    assert study.folds is not None  # noqa: S101 - as above
    design = study.design.iloc[:MOST_SHUFFLED_ROWS].reset_index(drop=True)
    happened = study.happened[:MOST_SHUFFLED_ROWS]
    model = study.models[method]
    said = model.probability(design)
    whole = area_under_curve(happened, said)
    used = {group: [name for name in names if name in model.names] for group, names in DRIVERS.items()}
    asked = [("group", group, names, group) for group, names in used.items() if names]
    asked += [("feature", name, [name], group) for group, names in used.items() for name in names]
    random = np.random.default_rng(SEED)
    orders = [random.permutation(len(design)) for _ in range(SHUFFLES)]
    shuffled = shuffled_probabilities(model, design, [names for _, _, names, _ in asked], orders)
    rows = []
    for (kind, driver, _, group), probabilities in zip(asked, shuffled, strict=True):
        lost = [whole - area_under_curve(happened, one) for one in probabilities]
        direction = design[driver].corr(pd.Series(said), method="spearman") if kind == "feature" else None
        rows.append((kind, driver, group, float(np.mean(lost)), float(np.std(lost)), direction))
    columns = ["driver_kind", "driver", "driver_group", "auc_loss", "auc_loss_deviation", "direction"]
    table = pd.DataFrame(rows, columns=columns).astype({"direction": "float64"})
    table["importance_rank"] = (
        table.groupby("driver_kind")["auc_loss"].rank(ascending=False, method="first").astype(int)
    )
    return table.assign(
        source=source,
        horizon_days=study.horizon_days,
        as_of_date=study.folds.scored,
        method=method,
        holdout_count=len(design),
        holdout_auc=whole,
    )
