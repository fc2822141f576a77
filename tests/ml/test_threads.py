"""The learned models compute on one thread: SQLMesh computes several side by side, in threads of one process."""

from __future__ import annotations

import typing as t

import numpy as np
import pandas as pd
import pytest
import scipy.linalg  # noqa: F401  # the library whose threads are counted
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from ml.propensity.fitting import BOOSTING, LOGISTIC, fit_method
from ml.recommend.ease import fit_ease
from ml.recommend.factors import fit_factors
from ml.segments.clusters import fit_clusters

RANDOM = np.random.default_rng(1)
POINTS = RANDOM.normal(size=(300, 3))
HISTORY = sparse.csr_matrix((RANDOM.random((40, 12)) < 0.3).astype(np.float32))
DESIGN = pd.DataFrame(POINTS, columns=["recency_days", "frequency", "monetary"])
HAPPENED = (POINTS[:, 0] > 0).astype(np.float64)
FITS: dict[str, t.Callable[[], object]] = {
    "segments": lambda: fit_clusters(POINTS, 3),
    "propensity, linear": lambda: fit_method(LOGISTIC, (DESIGN, HAPPENED), None),
    "propensity, trees": lambda: fit_method(BOOSTING, (DESIGN, HAPPENED), None),
    "recommendations, ease": lambda: fit_ease(HISTORY),
    "recommendations, ials": lambda: fit_factors(HISTORY),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_a_fit_that_ends_does_not_set_the_threads_of_another_loose(fit: t.Callable[[], object]) -> None:
    with threadpool_limits(limits=2):
        fit()
        assert {library["num_threads"] for library in threadpool_info()} == {1}
