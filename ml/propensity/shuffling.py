"""What a fitted method says of customers some of whose features were shuffled between them."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.propensity.fitting import PropensityModel, calibrated

Values = npt.NDArray[np.float64]


def shuffled_probabilities(
    model: PropensityModel,
    design: pd.DataFrame,
    asked: t.Sequence[t.Sequence[str]],
    orders: t.Sequence[npt.NDArray[np.int64]],
) -> t.Iterator[list[Values]]:
    """Yield, for each list of features, the probabilities with these in each of the orders.

    They are what model.probability says. design: rows of design_frame, (n, features). orders: permutations of its
    rows. Of boosted trees only those that a shuffled feature decides in are asked again, to the same sums in the same
    order: most features decide in few of them.
    """
    values = design[list(model.names)].to_numpy()
    says = _TreesSaid(model.trees, values) if model.trees is not None else None
    for names in asked:
        places = [model.names.index(name) for name in names]
        said = []
        for order in orders:
            if says is None:
                columns = {name: design[name].to_numpy()[order] for name in names}
                said.append(model.probability(design.assign(**columns)))
                continue
            shuffled = values.copy()
            shuffled[:, places] = values[order][:, places]
            said.append(calibrated(model, says.probability(shuffled, places)))
        yield said


class _TreesSaid:
    """What each tree of a HistGradientBoostingClassifier of two classes said of rows, and which columns it asked.

    scikit-learn has no public way to one tree; a test holds this to what `predict_proba` says.
    """

    def __init__(self, trees: t.Any, values: Values) -> None:
        bitsets, places = trees._bin_mapper.make_known_categories_bitsets()
        self._options = {"known_cat_bitsets": bitsets, "f_idx_map": places, "n_threads": 1}
        self._start = trees._baseline_prediction.ravel()[0]
        self._trees = [tree for (tree,) in trees._predictors]
        self._said = [tree.predict(values, **self._options) for tree in self._trees]
        self._columns = [
            set(tree.nodes["feature_idx"][tree.nodes["is_leaf"] == 0].tolist()) for tree in self._trees
        ]

    def probability(self, values: Values, changed: t.Iterable[int]) -> Values:
        """Return the probability of the second class for the rows with other values in the changed columns."""
        from scipy.special import expit

        columns = set(changed)
        score = np.full(len(values), self._start)
        for tree, said, asked in zip(self._trees, self._said, self._columns, strict=True):
            score += said if columns.isdisjoint(asked) else tree.predict(values, **self._options)
        return np.asarray(expit(score), dtype=np.float64)
