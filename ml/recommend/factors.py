"""iALS: factors of customers and products by weighted alternating least squares, for more products than EASE takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.threads import use_one_thread

FACTOR_COUNT = 64
ITERATION_COUNT = 15
FACTOR_REGULARISATION = 0.05
#: Confidence of a stored cell is 1 + CONFIDENCE × its score, of the others 1 (Hu, Koren, Volinsky 2008, section 4).
CONFIDENCE = 20.0
SEED = 20260101


@dataclass(frozen=True)
class FactorModel:
    """Factors of C customers and P products, n_factors each; a score is their product."""

    customer_factors: npt.NDArray[np.float32]
    product_factors: npt.NDArray[np.float32]

    def scores(self, history: sparse.csr_matrix, customers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the scores (n × P) of customers, by their rows in the history; 0 for those without one."""
        use_one_thread()
        found = self.customer_factors[customers] @ self.product_factors.T
        found[np.diff(history.indptr)[customers] == 0] = 0.0
        return np.asarray(found)

    def pull(self, bought: npt.NDArray[np.int32], item: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return how close (cosine) each bought product (n) is to each listed item (n × k)."""
        length = np.linalg.norm(self.product_factors, axis=1, keepdims=True)
        unit = self.product_factors / np.where(length > 0, length, 1.0)
        return np.asarray(np.einsum("nf,nkf->nk", unit[bought], unit[item]))


def fit_factors(history: sparse.csr_matrix, factor_count: int = FACTOR_COUNT) -> FactorModel:
    """Return the factors of a history (C × P) by implicit's alternating least squares (Hu, Koren, Volinsky 2008).

    The seed is fixed and one thread computes, so that the same history gives the same factors bit for bit.
    """
    from implicit.als import AlternatingLeastSquares

    if not history.nnz:
        shape = history.shape
        return FactorModel(
            np.zeros((shape[0], factor_count), np.float32), np.zeros((shape[1], factor_count), np.float32)
        )
    confidence = history.astype(np.float32)  # implicit takes what is stored for the confidence itself
    confidence.data = 1.0 + np.float32(CONFIDENCE) * confidence.data
    use_one_thread()
    als = AlternatingLeastSquares(
        factors=factor_count,
        regularization=FACTOR_REGULARISATION,
        iterations=ITERATION_COUNT,
        random_state=SEED,
        num_threads=1,
        use_gpu=False,
    )
    als.fit(confidence, show_progress=False)
    return FactorModel(np.asarray(als.user_factors), np.asarray(als.item_factors))
