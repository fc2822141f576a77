"""EASE: a linear item-to-item model with a closed form (Steck 2019, "Embarrassingly Shallow Autoencoders")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.threads import use_one_thread

#: Added to the diagonal, times the mean square of the stored cells, so that it means the same whatever their scale.
REGULARISATION = 300.0
BLOCK = 512
#: Of histories that are copied at once: as many as stay in the processor's cache, of so many products; one in any case.
COPIED_CELLS, COPIED_PRODUCTS = 500_000, 64


@dataclass(frozen=True)
class EaseModel:
    """Weights (P × P): what having bought the row's product adds to the score of the column's."""

    weights: npt.NDArray[np.float32]

    def scores(self, history: sparse.csr_matrix, customers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the scores (n × P) of customers, by their rows in the history (C × P)."""
        # By product, each row of weights is read once for all customers: half the time of by customer, the same sums.
        return np.asarray(history[customers].tocsc() @ self.weights)

    def pull(self, bought: npt.NDArray[np.int32], item: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return what each bought product (n) adds to each listed item (n × k), but for the history's own weight."""
        return self.weights[bought[:, None], item]


def fit_ease(history: sparse.csr_matrix, regularisation: float = REGULARISATION) -> EaseModel:
    """Return the weights B (P × P, zero diagonal) that minimise ||X - XB||² + λ||B||² for a history X (C × P).

    Steck 2019, eq. 8: with P = (X'X + λI)^-1, B_ij = -P_ij / P_jj. The inverse comes from a Cholesky factorisation in
    single precision and in place, so that the memory is that of one P × P matrix. One thread, so that the order of
    summation and with it the last bit does not depend on the machine's load.

    Raises numpy.linalg.LinAlgError where the matrix is not positive definite, which λ > 0 rules out.
    """
    from scipy.linalg import lapack

    inverse = gram(history)
    if not inverse.size:
        return EaseModel(inverse)
    mean_square = float(np.mean(history.data.astype(np.float64) ** 2)) if history.nnz else 1.0
    inverse.flat[:: len(inverse) + 1] += np.float32(regularisation * mean_square)
    use_one_thread()
    # The transpose of a symmetric C matrix is LAPACK's own order of it: nothing is copied.
    factor, info = lapack.spotrf(inverse.T, lower=0, clean=0, overwrite_a=1)
    if info == 0:
        factor, info = lapack.spotri(factor, lower=0, overwrite_c=1)
    if info != 0:
        raise np.linalg.LinAlgError(f"the matrix of products is not positive definite (LAPACK: {info})")
    weights = factor.T  # C order again; its lower triangle is filled
    _mirror_lower(weights)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0.0)
    return EaseModel(weights)


def gram(history: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    """Return X'X (P × P, dense, symmetric to the bit) of a sparse X."""
    product_count = history.shape[1]
    result = np.empty((product_count, product_count), dtype=np.float32)
    write_gram(history, history.T.tocsr(), 0, result)
    return result


def write_gram(
    history: sparse.csr_matrix, buyers: sparse.csr_matrix, start: int, rows: npt.NDArray[np.float32]
) -> None:
    """Write the rows of X'X from `start` on, as many as `rows` (n × P) has; `buyers` (P × C) is X', in rows too.

    A product's row is the sum of its buyers' histories, each times what the buyer has of it, in the buyers' order: the
    copied histories of a few products at a time, as one long vector of their rows. That takes half the time of a
    sparse product, which finds out first where it will have no cell.
    """
    product_count = history.shape[1]
    first, stop = start, start + len(rows)
    ends = buyers.indptr
    held = np.diff(history.indptr)[buyers.indices[ends[start] : ends[stop]]]
    copied = np.append(0, np.cumsum(held, dtype=np.int64))[ends[start : stop + 1] - ends[start]]
    while first < stop:
        most = copied[first - start] + COPIED_CELLS
        last = int(np.searchsorted(copied, most, side="right")) - 1 + start
        last = min(max(last, first + 1), first + COPIED_PRODUCTS, stop)
        own = slice(ends[first], ends[last])
        histories = history[buyers.indices[own]]
        row = np.arange(last - first, dtype=np.int32) * np.int32(product_count)
        histories.indices += np.repeat(row, np.diff(copied[first - start : last - start + 1]))
        shape = ((last - first) * product_count, histories.shape[0])
        flat = sparse.csc_matrix((histories.data, histories.indices, histories.indptr), shape=shape)
        rows[first - start : last - start] = (flat @ buyers.data[own]).reshape(-1, product_count)
        first = last


def _mirror_lower(matrix: npt.NDArray[np.float32]) -> None:
    """Copy the lower triangle onto the upper one, in place and in blocks."""
    for start in range(0, len(matrix), BLOCK):
        stop = min(start + BLOCK, len(matrix))
        square = np.tril(matrix[start:stop, start:stop])
        matrix[start:stop, start:stop] = square + np.tril(square, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
