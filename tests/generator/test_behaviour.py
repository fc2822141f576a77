"""The shop behaves so that models find something, and what they find can be compared with the truth."""

import numpy as np
import pandas as pd
import pytest

from generator import customers as members
from generator.catalogue import offers_per_day
from generator.ratings import affinity
from generator.shop import Shop
from generator.visits import NO_ONE
from tests.generator.bg_nbd import fit


def daily_lines(shop: Shop) -> np.ndarray:
    """Return how many lines were sold on each day."""
    days = shop.receipts.at[shop.receipts.lines.quantity > 0] // 86_400
    web = shop.web.placed_at[shop.web_lines.document - 1] // 86_400
    return np.bincount(np.concatenate([days, web]), minlength=shop.seasons.days)


def test_rates_and_dropouts_have_the_parameters_means(medium_shop: Shop) -> None:
    people = medium_shop.people
    assert people.rate.mean() == pytest.approx(members.R / people.alpha, rel=0.05)
    assert people.rate.var() == pytest.approx(members.R / people.alpha**2, rel=0.12)
    assert people.dropout.mean() == pytest.approx(members.A / (members.A + members.B), rel=0.05)


def test_repeat_purchases_are_as_many_as_bg_nbd_expects(medium_shop: Shop) -> None:
    people, visits = medium_shop.people, purchases_per_customer(medium_shop)
    watched = medium_shop.seasons.days - people.arrived_busy
    expected = (1 - np.exp(-people.rate * people.dropout * watched)) / people.dropout
    # A visit is not seen if everything that was wanted was out of stock.
    assert (visits - 1).sum() == pytest.approx(expected.sum(), rel=0.04)
    gone = np.isfinite(people.alive_until_busy)
    assert gone.mean() == pytest.approx((1 - np.exp(-people.dropout * expected)).mean(), abs=0.12)


def test_bg_nbd_can_be_recovered_from_what_was_sold(medium_shop: Shop) -> None:
    receipts, people = medium_shop.receipts, medium_shop.people
    sold = (receipts.customer != NO_ONE) & (receipts.lines.quantity > 0)
    customer = np.concatenate([receipts.customer[sold], medium_shop.web_customer])
    day = np.concatenate([receipts.at[sold], medium_shop.web.placed_at]) // 86_400
    seen = (
        pd.DataFrame({"customer": customer, "day": day})
        .groupby("customer")["day"]
        .agg(["nunique", "min", "max"])
    )
    first, last = seen["min"].to_numpy(), seen["max"].to_numpy()
    watched = (medium_shop.seasons.days - first).astype(float)
    r, alpha, a, b = fit(seen["nunique"].to_numpy() - 1, (last - first).astype(float), watched)
    assert r / alpha == pytest.approx(members.R / people.alpha, rel=0.15)
    assert a / (a + b) == pytest.approx(members.A / (members.A + members.B), rel=0.15)


def purchases_per_customer(shop: Shop) -> np.ndarray:
    lines, customer = shop.receipts.lines, shop.receipts.customer
    first = (lines.number == 1) & (customer != NO_ONE) & (lines.quantity > 0)
    count = np.bincount(customer[first], minlength=len(shop.people))
    return count + np.bincount(shop.web_customer, minlength=len(shop.people))


def test_nobody_buys_after_dropping_out(small_shop: Shop) -> None:
    people = small_shop.people
    gone = np.isfinite(people.alive_until_busy)
    until = np.where(gone, small_shop.seasons.day_at(np.where(gone, people.alive_until_busy, 0)), 10**6)
    sold = (small_shop.receipts.lines.quantity > 0) & (small_shop.receipts.customer != NO_ONE)
    day = small_shop.receipts.at[sold] // 86_400
    assert (day <= until[small_shop.receipts.customer[sold]]).all()
    assert (small_shop.web.placed_at // 86_400 <= until[small_shop.web_customer]).all()


def test_weekends_sell_more(small_shop: Shop) -> None:
    lines = daily_lines(small_shop)
    weekday = pd.DatetimeIndex(small_shop.seasons.dates()).weekday.to_numpy()
    assert lines[weekday >= 5].mean() > 1.2 * lines[weekday < 4].mean()


def test_festivals_sell_more(medium_shop: Shop) -> None:
    when = medium_shop.seasons
    before_diwali = (np.array(when.festival_name) == "Diwali") & (when.festival > 1.4)
    assert before_diwali.sum() >= 7
    busy = pd.Series(daily_lines(medium_shop))
    usual = busy.rolling(29, center=True, min_periods=15).median().to_numpy()
    assert (busy[before_diwali] / usual[before_diwali]).mean() > 1.15
    assert {"Diwali", "Holi", "Independence Day", "Republic Day"} <= set(when.festival_name)


def test_demand_grows(medium_shop: Shop) -> None:
    lines = daily_lines(medium_shop)
    assert lines[-90:].mean() > 1.1 * lines[30:120].mean()


def test_offers_sell_more_pieces_of_what_is_on_offer(small_shop: Shop) -> None:
    off, _ = offers_per_day(small_shop.promotions, small_shop.seasons.days, len(small_shop.products))
    lines = small_shop.receipts.lines
    sold = np.zeros(off.shape)
    np.add.at(sold, (small_shop.receipts.at // 86_400, lines.product), np.maximum(lines.quantity, 0))
    active = small_shop.products.is_active
    usual = (sold * (off == 0)).sum(axis=0) / np.maximum((active & (off == 0)).sum(axis=0), 1)
    expected = (usual[None, :] * (active & (off > 0))).sum()
    assert (sold * (off > 0)).sum() > 1.2 * expected


def test_few_products_sell_much_and_some_only_now_and_then(small_shop: Shop) -> None:
    products = small_shop.products
    sold = np.bincount(small_shop.receipts.lines.product, minlength=len(products))
    top = np.sort(sold)[::-1][: len(products) // 5].sum() / sold.sum()
    assert 0.45 < top < 0.9
    share = products.is_active[:, products.is_intermittent].mean()
    assert 0.02 < share < 0.2
    assert products.is_intermittent.sum() > 30


def test_tastes_show_in_what_customers_buy(small_shop: Shop) -> None:
    people, products, receipts = small_shop.people, small_shop.products, small_shop.receipts
    member = np.flatnonzero((receipts.customer != NO_ONE) & (receipts.lines.quantity > 0))
    customer, product = receipts.customer[member], receipts.lines.product[member]
    somebody = np.random.default_rng(1).permutation(customer)
    own = affinity(people, products, customer, product).mean()
    assert own > affinity(people, products, somebody, product).mean() + 0.3


def test_late_parcels_and_dislikes_lower_the_score(medium_shop: Shop) -> None:
    rated, given = medium_shop.rated, medium_shop.ratings
    late = rated.late_days[given.line] > 0
    assert 0.02 < (medium_shop.web.late_days() > 0).mean() < 0.25
    assert given.score[late].mean() < given.score[~late].mean() - 0.4
    liking = affinity(
        medium_shop.people, medium_shop.products, rated.customer[given.line], rated.product[given.line]
    )
    assert np.corrcoef(liking, given.score)[0, 1] > 0.2
    assert set(given.score) == {1, 2, 3, 4, 5}


def test_stock_runs_out_now_and_then_and_comes_again(small_shop: Shop) -> None:
    stock = small_shop.stock
    assert (stock.on_hand >= 0).all()
    before = np.vstack([stock.opening[None, :], stock.on_hand[:-1]])
    assert (stock.on_hand == before + stock.received - stock.issued).all()
    assert 0.002 < (stock.lost.sum() - stock.substituted.sum()) / stock.issued.sum() < 0.06
    assert stock.substituted.sum() > 0
    empty = stock.on_hand == 0
    assert (empty[:-20].any(axis=0) & (stock.received[-20:].sum(axis=0) > 0)).any()


def test_spend_levels_differ_between_customers(small_shop: Shop) -> None:
    receipts = small_shop.receipts
    sold = (receipts.customer != NO_ONE) & (receipts.lines.quantity > 0)
    spent = np.bincount(receipts.customer[sold], receipts.lines.amount[sold], len(small_shop.people))
    visits = purchases_per_customer(small_shop)
    often = visits >= 5
    per_visit = spent[often] / visits[often]
    assert np.corrcoef(np.log(per_visit + 1), np.log(small_shop.people.spend[often]))[0, 1] > 0.3
