"""How good the lists are on the last weeks, which were not seen, against what is popular."""

from __future__ import annotations

import typing as t
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ml.evaluation import Evaluation, data_fingerprint
from ml.recommend.ease import REGULARISATION
from ml.recommend.interaction import HALF_LIFE_DAYS, IMPLICIT_WEIGHTS, Interaction, Shop, interactions
from ml.recommend.metrics import hits_of, ndcg_at, precision_at, recall_at, rmse
from ml.recommend.rank import EXCLUDED, top_k
from ml.recommend.rating import fit_ratings
from ml.recommend.serve import (
    BUY_AGAIN,
    DECAYED_FREQUENCY,
    DISCOVERY,
    EASE_MOST_PRODUCTS,
    POPULARITY,
    buy_again_scores,
    chunks,
    discovery_scores,
    fit_items,
    item_method,
)
from ml.recommend.similar import SIMILAR_BLOCK, shrunk_cosine

HOLDOUT_DAYS = 28
#: So many customers are judged at most, spread evenly over all: the standard error of a rate is then below 0.005.
MOST_CUSTOMERS_JUDGED = 10_000
#: What a purchase's time-decayed frequency adds to the item model's score where both lists are judged as one.
BUY_AGAIN_WEIGHT = 0.1
RECALL_PLACES, PRECISION_PLACES = 20, 10
DECIDING_METRIC = "ndcg_at_10"
RECOMMENDATION_MODEL, SIMILAR_MODEL = "ml.product_recommendation", "ml.similar_product"
ALL, NEW_CUSTOMER, RATING = "all", "new_customer", "rating"
RATINGS_NOTE = "ratings enter the implicit score; no list is ranked by an expected rating"
COSINE, BIASES, MEAN_RATING = "shrunk_cosine", "shrunk_biases", "mean_rating"


class Tally:
    """What is known of one method's lists so far: metrics by customer, and the products that were listed."""

    def __init__(self) -> None:
        self.recall: list[npt.NDArray[np.float64]] = []
        self.precision: list[npt.NDArray[np.float64]] = []
        self.ndcg: list[npt.NDArray[np.float64]] = []
        self.listed: set[int] = set()

    def add(self, scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> None:
        """Judge scores (n × P) by the truth (n × P); customers without a true product do not count."""
        count = truth.sum(axis=1)
        if not count.all():
            judged = np.flatnonzero(count)
            scores, truth, count = scores[judged], truth[judged], count[judged]
        items, _ = top_k(scores, RECALL_PLACES)
        hits = hits_of(items, truth)
        self.recall.append(recall_at(hits, count, RECALL_PLACES))
        self.precision.append(precision_at(hits, PRECISION_PLACES))
        self.ndcg.append(ndcg_at(hits, count, PRECISION_PLACES))
        self.listed.update(np.unique(items[:, :PRECISION_PLACES]).tolist())

    def customer_count(self) -> int:
        return sum(map(len, self.recall))

    def metrics(self, product_count: int) -> dict[str, float]:
        """Return each metric's mean over the customers; coverage is the share of products in any list of ten."""
        if not self.customer_count():
            return dict.fromkeys(
                ("recall_at_20", "precision_at_10", DECIDING_METRIC, "coverage_at_10"), np.nan
            )
        return {
            "recall_at_20": float(np.mean(np.concatenate(self.recall))),
            "precision_at_10": float(np.mean(np.concatenate(self.precision))),
            DECIDING_METRIC: float(np.mean(np.concatenate(self.ndcg))),
            "coverage_at_10": len(self.listed - {-1}) / max(product_count, 1),
        }


def evaluate_recommendations(shop: Shop, ease_most_products: int = EASE_MOST_PRODUCTS) -> list[Evaluation]:
    """Return how good recommendations are that know nothing of the 28 days that end with the shop's last sale.

    Judged are customers who bought before and bought a product in the holdout that had been sold before. `buy_again`
    and `discovery` are judged by the holdout's products that the customer had bought before, and by the others; `all`
    by both, with one ranking: the item model's score + 0.1 × time-decayed frequency. `new_customer` is popularity's
    list for those who had bought nothing. The method with the better NDCG@10 of a part is its champion; without
    anybody to judge it is popularity. What was offered on the day of the cut is not known, so nothing is left out.
    """
    if shop.events.empty:
        return []
    cut = int(shop.events["day"].max()) - HOLDOUT_DAYS + 1
    known = interactions(shop, cut)
    holdout = _holdout(shop, known, cut)
    bought_before = np.diff(known.score.indptr) > 0
    buys = np.diff(holdout.indptr) > 0
    tallies = _judge_known_customers(
        known, holdout, _spread(np.flatnonzero(bought_before & buys)), ease_most_products
    )
    tallies[NEW_CUSTOMER, POPULARITY] = newcomers = Tally()
    customers = _spread(np.flatnonzero(~bought_before & buys))
    for start, stop in chunks(len(customers), holdout.shape[1]):
        rows = customers[start:stop]
        newcomers.add(discovery_scores(None, known, rows), _dense(holdout, rows))
    about = _about(shop, cut, known)
    return [
        *_rankings(tallies, about, int(np.count_nonzero(known.customer_count))),
        *_rating(shop, cut, about),
    ]


def _judge_known_customers(
    known: Interaction, holdout: sparse.csr_matrix, customers: npt.NDArray[np.int64], ease_most_products: int
) -> dict[tuple[str, str], Tally]:
    """Judge each method of the parts `all`, `buy_again` and `discovery`."""
    method = item_method(known.score.shape[1], ease_most_products)
    both = f"{method}_and_buy_again"
    names = [(ALL, both), (ALL, POPULARITY), (BUY_AGAIN, DECAYED_FREQUENCY), (BUY_AGAIN, POPULARITY)]
    names += [(DISCOVERY, method), (DISCOVERY, POPULARITY), (DISCOVERY, COSINE)]
    tallies = {name: Tally() for name in names}
    if not len(customers):
        return tallies
    model = fit_items(known.score, ease_most_products)
    binary = known.binary()
    cosine = _all_cosines(binary) if known.score.shape[1] <= ease_most_products else None
    popular = known.customer_count.astype(np.float32)
    bought = {name: _bought_scores(known, name) for name in (DECAYED_FREQUENCY, POPULARITY)}
    for start, stop in chunks(len(customers), holdout.shape[1]):
        rows = customers[start:stop]
        truth, before = _dense(holdout, rows), _dense(binary, rows)
        again, new = truth & before, truth & ~before
        tallies[ALL, POPULARITY].add(np.tile(popular, (len(rows), 1)), truth)
        liked = model.scores(known.score, rows)
        tallies[ALL, both].add(_both_lists(liked, known, rows), truth)
        tallies[DISCOVERY, method].add(discovery_scores(liked, known, rows), new)
        tallies[DISCOVERY, POPULARITY].add(discovery_scores(None, known, rows), new)
        for name, scores_of_bought in bought.items():
            tallies[BUY_AGAIN, name].add(_bought_only(scores_of_bought, rows), again)
        if cosine is not None:
            scores = np.asarray(binary[rows].tocsc() @ cosine)
            scores[before] = EXCLUDED
            tallies[DISCOVERY, COSINE].add(scores, new)
    return tallies


def _both_lists(
    liked: npt.NDArray[np.float32], known: Interaction, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    scores = liked.copy()
    cells = known.frequency[rows].tocoo()
    scores[cells.row, cells.col] += np.float32(BUY_AGAIN_WEIGHT) * cells.data
    return scores


def _bought_scores(known: Interaction, method: str) -> sparse.csr_matrix:
    """The scores of what each customer bought (C × P) by a method of buying again."""
    frequency = known.frequency
    return sparse.csr_matrix(
        (buy_again_scores(known, method), frequency.indices, frequency.indptr), shape=frequency.shape
    )


def _bought_only(scores: sparse.csr_matrix, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    dense = np.full((len(rows), scores.shape[1]), EXCLUDED, dtype=np.float32)
    cells = scores[rows].tocoo()
    dense[cells.row, cells.col] = cells.data
    return dense


def _all_cosines(binary: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    product_count = binary.shape[1]
    buyers = binary.T.tocsr()
    cosines = np.empty((product_count, product_count), dtype=np.float32)
    for start in range(0, product_count, SIMILAR_BLOCK):
        stop = min(start + SIMILAR_BLOCK, product_count)
        cosines[start:stop] = shrunk_cosine(binary, buyers, start, stop)[0]
    return cosines


def _holdout(shop: Shop, known: Interaction, cut: int) -> sparse.csr_matrix:
    """What each customer bought from the cut on, of the products that had been sold before (C × P, 0 and 1)."""
    events = shop.events[shop.events["day"].to_numpy() >= cut]
    customer, product = events["customer"].to_numpy(), events["product"].to_numpy()
    sold = known.customer_count[product] > 0
    ones = np.ones(int(sold.sum()), dtype=np.bool_)
    return sparse.csr_matrix((ones, (customer[sold], product[sold])), shape=known.score.shape)


def _dense(matrix: sparse.csr_matrix, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return np.asarray(matrix[rows].toarray() != 0)


def _spread(customers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most MOST_CUSTOMERS_JUDGED of the customers, at equal distances."""
    if len(customers) <= MOST_CUSTOMERS_JUDGED:
        return customers
    return customers[np.arange(MOST_CUSTOMERS_JUDGED) * len(customers) // MOST_CUSTOMERS_JUDGED]


def _about(shop: Shop, cut: int, known: Interaction) -> dict[str, t.Any]:
    """What all rows of the shop's evaluation have in common."""
    return {
        "source": shop.source,
        "as_of_date": shop.as_of,
        "cut_date": date(1970, 1, 1) + timedelta(days=cut),
        "holdout_days": HOLDOUT_DAYS,
        "train_count": int(known.score.nnz),
        "data_fingerprint": data_fingerprint(pd.concat([shop.events, shop.ratings], ignore_index=True)),
    }


def _note(part: str, role: str, method: str, judged_count: int) -> str:
    """Why popularity is served where it is."""
    if not judged_count:
        return "nobody in the holdout to judge: popularity is served"
    if method != POPULARITY or role != "champion":
        return ""
    if part == NEW_CUSTOMER:
        return "nothing is known of who never bought: popularity is served"
    return "no method is better than popularity, which is served"


def _rankings(
    tallies: dict[tuple[str, str], Tally], about: dict[str, t.Any], product_count: int
) -> t.Iterator[Evaluation]:
    values = {name: tally.metrics(product_count) for name, tally in tallies.items()}
    parameters = {
        "regularisation": REGULARISATION,
        "half_life_days": HALF_LIFE_DAYS,
        "buy_again_weight": BUY_AGAIN_WEIGHT,
        **{f"weight_{part}": weight for part, weight in IMPLICIT_WEIGHTS.items()},
    }
    for (part, method), tally in tallies.items():
        if method == COSINE and not tally.customer_count():
            continue
        baseline = values[part, POPULARITY]
        own = [name for listed, name in tallies if listed == part and name not in (POPULARITY, COSINE)]
        wins = [name for name in own if values[part, name][DECIDING_METRIC] > baseline[DECIDING_METRIC]]
        for metric, value in values[part, method].items():
            yield Evaluation(
                **about,
                model=SIMILAR_MODEL if method == COSINE else RECOMMENDATION_MODEL,
                part=part,
                method=method,
                role=_role(method, wins),
                metric=metric,
                metric_value=value,
                is_higher_better=True,
                baseline_method="" if method == POPULARITY else POPULARITY,
                baseline_value=None if method == POPULARITY else baseline[metric],
                holdout_count=tally.customer_count(),
                parameters={} if method == POPULARITY else parameters,
                note=_note(part, _role(method, wins), method, tally.customer_count()),
            )


def _role(method: str, wins: list[str]) -> str:
    """The method that beats popularity is served; where none does, popularity is."""
    if method == COSINE:
        return "champion"  # of ml.similar_product, whose only method it is
    if method == POPULARITY:
        return "baseline" if wins else "champion"
    return "champion" if method in wins else "challenger"


def _rating(shop: Shop, cut: int, about: dict[str, t.Any]) -> t.Iterator[Evaluation]:
    """The root mean squared error of the ratings given from the cut on, in points of the scale of 1 to 5."""
    is_known = shop.ratings["day"].to_numpy() < cut
    train, holdout = shop.ratings[is_known], shop.ratings[~is_known]
    model = fit_ratings(train, len(shop.customer_ids), len(shop.product_ids))
    value = baseline = np.nan
    if model is not None and len(holdout):
        actual = holdout["score"].to_numpy(dtype=np.float64)
        value = rmse(model.predict(holdout), actual)
        baseline = rmse(np.full(len(actual), model.mean), actual)
    common = {**about, "train_count": len(train), "holdout_count": len(holdout)}
    note = "" if np.isfinite(value) else "no ratings of products before the cut or from it on"
    for method, error in ((BIASES, value), (MEAN_RATING, baseline)):
        is_baseline = method == MEAN_RATING
        yield Evaluation(
            **common,
            model=RECOMMENDATION_MODEL,
            part=RATING,
            method=method,
            role="baseline" if is_baseline else "challenger",
            metric="rmse",
            metric_value=error,
            is_higher_better=False,
            baseline_method="" if is_baseline else MEAN_RATING,
            baseline_value=None if is_baseline else baseline,
            note=note or ("" if is_baseline else RATINGS_NOTE),
        )


def champions(evaluations: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the champion's method by source and part, from rows of EVALUATION_COLUMNS."""
    served = evaluations[
        (evaluations["model"] == RECOMMENDATION_MODEL)
        & (evaluations["role"] == "champion")
        & (evaluations["metric"] == DECIDING_METRIC)
    ]
    return {
        (source, part): method
        for source, part, method in zip(served["source"], served["part"], served["method"], strict=True)
    }
