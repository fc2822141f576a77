"""What an evaluation says: one metric of one method on a holdout, beside the baseline's on the same rows."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

#: Every model that evaluates yields these columns, so that ml.model_evaluation is their union.
EVALUATION_COLUMNS = {
    "model": "text",
    "source": "text",
    "part": "text",
    "method": "text",
    "role": "text",
    "metric": "text",
    "metric_value": "double",
    "is_higher_better": "boolean",
    "baseline_method": "text",
    "baseline_value": "double",
    "is_better_than_baseline": "boolean",
    "as_of_date": "date",
    "cut_date": "date",
    "holdout_days": "int",
    "train_count": "bigint",
    "holdout_count": "bigint",
    "parameters": "text",
    "data_fingerprint": "text",
    "note": "text",
}
EVALUATION_GRAIN = ("model", "source", "part", "method", "metric")
EVALUATION_DESCRIPTIONS = {
    "model": "The model whose scores are judged, such as ml.customer_clv.",
    "source": "The shop whose data it was fitted on and judged with.",
    "part": "What of it was judged: 'all', or a grain, group or horizon.",
    "method": "The method that was judged.",
    "role": "champion: its scores are served; challenger: it was compared; baseline: the naive method.",
    "metric": "What was measured on the holdout.",
    "metric_value": "The metric's value. NULL where it cannot be computed: note tells why. Not additive.",
    "is_higher_better": "Whether a higher value is better.",
    "baseline_method": "The naive method that it is compared with.",
    "baseline_value": "The naive method's value of the metric on the same holdout. Not additive.",
    "is_better_than_baseline": "Whether the value is better than the baseline's. NULL where either is missing.",
    "as_of_date": "The last order_date of the source: nothing later was known.",
    "cut_date": "The first day of the holdout: nothing from here on was seen in fitting.",
    "holdout_days": "Days of the holdout, from cut_date on.",
    "train_count": "Rows that were fitted on (customers, series, interactions: what the model's grain is).",
    "holdout_count": "Rows that were judged.",
    "parameters": "The fitted parameters, as JSON.",
    "data_fingerprint": "A hash of the rows that were read: the same data has the same fingerprint.",
    "note": "Why a value is missing, or what to keep in mind. Empty where there is nothing to say.",
}


@dataclass(frozen=True)
class Evaluation:
    """One metric of one method on one holdout; the fields are the columns above."""

    model: str
    source: str
    method: str
    role: str
    metric: str
    metric_value: float | None
    is_higher_better: bool
    as_of_date: date
    cut_date: date | None
    holdout_days: int
    train_count: int
    holdout_count: int
    data_fingerprint: str
    baseline_method: str = ""
    baseline_value: float | None = None
    part: str = "all"
    parameters: dict[str, t.Any] | None = (
        None  # no field(): SQLMesh does not serialise what a class body calls
    )
    note: str = ""


def evaluation_frame(evaluations: t.Sequence[Evaluation]) -> pd.DataFrame:
    """Return evaluations as rows of EVALUATION_COLUMNS in the grain's order; what is not finite becomes NULL."""
    rows = []
    for one in evaluations:
        row = dict(vars(one))
        for name in ("metric_value", "baseline_value"):
            number = row[name]
            row[name] = float(number) if number is not None and np.isfinite(number) else None
        value, baseline = row["metric_value"], row["baseline_value"]
        better = None
        if value is not None and baseline is not None:
            better = value > baseline if one.is_higher_better else value < baseline
        row["is_better_than_baseline"] = better
        row["parameters"] = json.dumps(one.parameters or {}, sort_keys=True, default=float)
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))
    return frame.sort_values(list(EVALUATION_GRAIN), ignore_index=True)


def data_fingerprint(frame: pd.DataFrame) -> str:
    """Return 16 hexadecimal digits that tell these rows from others; their order does not matter, their columns do."""
    hashes = np.sort(pd.util.hash_pandas_object(frame, index=False).to_numpy())
    names = ",".join(map(str, frame.columns)).encode()
    return hashlib.sha256(names + hashes.tobytes()).hexdigest()[:16]
