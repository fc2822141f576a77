"""What is fitted: interactions, EASE, iALS, ratings, similarities, each against a slow or written-out reference."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ml.recommend.ease import fit_ease, gram
from ml.recommend.factors import CONFIDENCE, FACTOR_REGULARISATION, fit_factors
from ml.recommend.interaction import _in_order, interactions
from ml.recommend.rank import EXCLUDED, NO_ITEM, top_k
from ml.recommend.rating import fit_ratings
from ml.recommend.similar import SHRINKAGE, similar_products
from tests.ml.shops import LAST_DAY, drawn_shop, shop_of_lines


def history(rows: int = 60, columns: int = 23, seed: int = 3) -> sparse.csr_matrix:
    random = np.random.default_rng(seed)
    return sparse.csr_matrix((random.random((rows, columns)) < 0.2) * random.random((rows, columns))).astype(
        np.float32
    )


def test_ease_is_the_ridge_regression_of_each_product_on_the_others() -> None:
    matrix = history()
    dense = matrix.toarray().astype(np.float64)
    penalty = 5.0 * np.mean(matrix.data.astype(np.float64) ** 2)
    expected = np.zeros((dense.shape[1], dense.shape[1]))
    for product in range(dense.shape[1]):
        others = np.delete(np.arange(dense.shape[1]), product)
        x = dense[:, others]
        expected[others, product] = np.linalg.solve(
            x.T @ x + penalty * np.eye(len(others)), x.T @ dense[:, product]
        )
    np.testing.assert_allclose(fit_ease(matrix, 5.0).weights, expected, atol=2e-5)


def test_the_gram_matrix_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = history(columns=37)
    whole, weights = gram(matrix), fit_ease(matrix).weights
    monkeypatch.setattr("ml.recommend.ease.BLOCK", 8)
    for cells, products in ((1, 64), (100, 64), (500_000, 5)):
        monkeypatch.setattr("ml.recommend.ease.COPIED_CELLS", cells)
        monkeypatch.setattr("ml.recommend.ease.COPIED_PRODUCTS", products)
        np.testing.assert_array_equal(gram(matrix), whole)
    np.testing.assert_array_equal(fit_ease(matrix).weights, weights)
    np.testing.assert_allclose(whole, (matrix.T @ matrix).toarray(), rtol=1e-5)


def test_the_gram_matrix_adds_in_the_order_of_customers() -> None:
    matrix = history(400, 9)
    dense = matrix.toarray()
    expected = np.zeros((9, 9), dtype=np.float32)
    for customer in dense:
        expected += np.outer(customer, customer)
    np.testing.assert_array_equal(gram(matrix), expected)


def test_two_fits_are_equal_bit_for_bit() -> None:
    matrix = history(200, 50)
    assert fit_ease(matrix).weights.tobytes() == fit_ease(matrix).weights.tobytes()
    one, other = fit_factors(matrix, 8), fit_factors(matrix, 8)
    assert one.customer_factors.tobytes() == other.customer_factors.tobytes()
    assert one.product_factors.tobytes() == other.product_factors.tobytes()


def test_factors_of_products_solve_their_weighted_ridge_regressions() -> None:
    """Hu, Koren and Volinsky 2008, eq. 5: y_i = (X'C_iX + λI)^-1 X'C_i p_i, where c = 1 + 20 score."""
    matrix = history(80, 30)
    model = fit_factors(matrix, 4)
    x = model.customer_factors.astype(np.float64)
    bought = matrix.toarray() > 0
    confidence = 1.0 + CONFIDENCE * matrix.toarray().astype(np.float64)
    for product in range(30):
        c = confidence[:, product]
        left = (x * c[:, None]).T @ x + FACTOR_REGULARISATION * np.eye(x.shape[1])
        expected = np.linalg.solve(left, x.T @ (c * bought[:, product]))
        np.testing.assert_allclose(model.product_factors[product], expected, atol=0.02)


def test_who_has_no_history_has_no_scores() -> None:
    matrix = sparse.csr_matrix(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]))
    assert not fit_factors(matrix, 2).scores(matrix, np.array([1])).any()
    assert (
        not fit_factors(sparse.csr_matrix((2, 3))).scores(sparse.csr_matrix((2, 3)), np.array([0, 1])).any()
    )
    assert not fit_ease(sparse.csr_matrix((2, 3), dtype=np.float32)).weights.any()


def test_the_implicit_score_adds_its_four_parts() -> None:
    lines = [("a", "x", 0), ("a", "x", 9), ("a", "x", 90), ("a", "y", 179), ("b", "y", 89), ("b", "y", 89)]
    known = interactions(shop_of_lines(lines, [("a", "y", 3, 2.0), ("a", "y", 2, 4.0)]), LAST_DAY + 1)
    purchase, quantity = np.log(2) / np.log(4), np.log(3) / np.log(4)
    expected = [
        [
            (0.3 + 0.2 * 0.5 ** (1 / 90) + 0.1) / 0.6,
            0.4 * 3 / 4 + 0.3 * purchase + 0.2 * 0.25 + 0.1 * np.log(2) / np.log(4),
        ],
        [0.0, (0.3 * purchase + 0.2 * 0.5 + 0.1 * quantity) / 0.6],
    ]
    np.testing.assert_allclose(known.score.toarray(), expected, rtol=1e-6)
    frequency = [[0.5 ** (1 / 90) + 0.5 ** (10 / 90) + 0.5 ** (91 / 90), 0.25], [0.0, 0.5]]
    np.testing.assert_allclose(known.frequency.toarray(), frequency, rtol=1e-6)
    assert known.day_count.tolist() == [3, 1, 1]
    assert (LAST_DAY - known.last_day).tolist() == [0, 179, 89]
    assert known.customer_count.tolist() == [1, 2]


def test_interactions_do_not_depend_on_the_order_of_rows_or_on_what_comes_later() -> None:
    shop = drawn_shop()
    cut = LAST_DAY - 27
    known = interactions(shop, cut)
    random = np.random.default_rng(5)
    events = shop.events.sample(frac=1, random_state=1)
    later = events["day"].to_numpy() >= cut
    events.loc[later, "product"] = random.integers(0, len(shop.product_ids), later.sum()).astype(np.int32)
    events.loc[later, "unit_count"] = 1_000.0
    ratings = shop.ratings.sample(frac=1, random_state=2)
    ratings.loc[ratings["day"] >= cut, "score"] = 1.0
    other = interactions(replace(shop, events=events, ratings=ratings), cut)
    assert known.score.data.tobytes() == other.score.data.tobytes()
    assert known.score.indices.tobytes() == other.score.indices.tobytes()
    assert known.frequency.data.tobytes() == other.frequency.data.tobytes()
    assert fit_ease(known.score).weights.tobytes() == fit_ease(other.score).weights.tobytes()


def test_interactions_are_the_same_where_a_row_does_not_fit_into_one_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = drawn_shop()
    units = np.random.default_rng(4).choice([0.1, 0.2, 0.3, 1.0], len(shop.events))
    shop = replace(shop, events=shop.events.assign(unit_count=units))
    packed = interactions(shop, LAST_DAY)
    monkeypatch.setattr("ml.recommend.interaction.LARGEST_NUMBER", 0)
    by_three_keys = interactions(shop, LAST_DAY)
    for name in ("score", "frequency"):
        one, other = getattr(packed, name), getattr(by_three_keys, name)
        assert (one.data.tobytes(), one.indices.tobytes()) == (other.data.tobytes(), other.indices.tobytes())
    np.testing.assert_array_equal(packed.last_day, by_three_keys.last_day)


def test_rows_that_fit_into_no_number_are_in_order_all_the_same() -> None:
    random = np.random.default_rng(5)
    columns = {"customer": (0, 1_000), "product": (0, 1_000), "day": (0, 300), "unit_count": (1, 9)}
    rows = pd.DataFrame({name: random.integers(*limits, 500) for name, limits in columns.items()})
    shop: t.Any = SimpleNamespace(product_ids=range(2**50))
    cell, day, units = _in_order(shop, rows, "unit_count", 200)
    known = rows[rows["day"] < 200].sort_values(["customer", "product", "day", "unit_count"])
    np.testing.assert_array_equal(cell, known["customer"].to_numpy() * 2**50 + known["product"].to_numpy())
    np.testing.assert_array_equal(day, known["day"])
    np.testing.assert_array_equal(units, known["unit_count"])


def test_the_best_of_a_row_are_those_of_a_full_sort() -> None:
    random = np.random.default_rng(11)
    for columns in (3, 10, 700, 2_000):
        scores = random.integers(0, 9, (30, columns)).astype(np.float32)  # many ties
        scores[random.random(scores.shape) < 0.3] = EXCLUDED
        scores[0] = EXCLUDED
        items, values = top_k(scores, 10)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        best = np.take_along_axis(scores, order, axis=1)
        width = min(10, columns)
        np.testing.assert_array_equal(items[:, :width], np.where(best > EXCLUDED, order, NO_ITEM))
        np.testing.assert_array_equal(values[:, :width], best)
        assert (items[:, width:] == NO_ITEM).all()


def test_ratings_are_the_mean_and_shrunk_biases() -> None:
    ratings = pd.DataFrame({"customer": [0, 0, 1], "product": [0, 1, 0], "score": [5.0, 3.0, 4.0]})
    model = fit_ratings(ratings, 3, 2)
    assert model is not None
    product = np.array([1.0 / 27, -1.0 / 26])
    customer = np.array([((1 - product[0]) + (-1 - product[1])) / 12, -product[0] / 11, 0.0])
    np.testing.assert_allclose(model.product_bias, product)
    np.testing.assert_allclose(model.customer_bias, customer)
    unknown = pd.DataFrame({"customer": [2], "product": [1]})
    np.testing.assert_allclose(model.predict(unknown), [4.0 + product[1]])
    assert fit_ratings(ratings.iloc[:0], 3, 2) is None


def test_similar_products_share_customers() -> None:
    shop = shop_of_lines(
        [(c, p, 1) for c in "abcd" for p in "xy"]
        + [("a", "z", 2), ("b", "z", 2), ("e", "z", 1), ("e", "w", 1)],
        withheld=["y"],
    )
    rows = pd.concat(similar_products(shop))
    found = {(row.product_id, row.similar_product_id): (row.rank, row.score) for row in rows.itertuples()}
    cosine = round(2 / (np.sqrt(4 * 3) + SHRINKAGE), 6)
    assert (
        found
        == {  # y is not offered and in no list but has one; w shares one customer with z, which says nothing
            ("x", "z"): (1, pytest.approx(cosine)),
            ("y", "x"): (1, pytest.approx(round(4 / (4 + SHRINKAGE), 6))),
            ("y", "z"): (2, pytest.approx(cosine)),
            ("z", "x"): (1, pytest.approx(cosine)),
        }
    )
