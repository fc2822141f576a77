"""Surrogate keys: the same in every rebuild, different for different natural keys."""

from __future__ import annotations

import itertools

import pytest

pytestmark = pytest.mark.both_versions

PARTS = (None, "", "~", "a", "b", "|", "a|b", "1:a", "0:", "é")


def literal(part: str | None) -> str:
    return "NULL::TEXT" if part is None else f"'{part}'::TEXT"


def test_a_key_is_the_same_for_ever(ask):
    """The values stand here because a rebuild has to give them again: who changes them changes every key."""
    query = "SELECT @SURROGATE_KEY('olist', id, number, day) AS key, @UNKNOWN_KEY() AS unknown FROM " + (
        "(VALUES ('o1'::TEXT, 7, '2018-05-01'::DATE)) AS raw(id, number, day)"
    )
    assert ask(query) == [("caa18249-5d49-2253-551f-58ead3d429e9", "4639fb6e-e26c-8e55-045f-458c696cb0f5")]


def test_different_natural_keys_have_different_surrogate_keys(ask):
    """NULL, '' and what looks like a separator stay apart, and so does the order of the parts."""
    pairs = list(itertools.product(PARTS, PARTS))
    values = ", ".join(f"({literal(first)}, {literal(second)})" for first, second in pairs)
    keys = ask(f"SELECT @SURROGATE_KEY(first, second) AS key FROM (VALUES {values}) AS raw(first, second)")
    singles = ", ".join(f"({literal(part)})" for part in PARTS)
    keys += ask(f"SELECT @SURROGATE_KEY(part) AS key FROM (VALUES {singles}) AS raw(part)")
    assert len(keys) == len(pairs) + len(PARTS)
    assert len(set(keys)) == len(keys)
    assert (None,) not in keys


def test_numbers_and_texts_that_read_alike_have_one_key(ask):
    """A natural key is text: it must not matter whether a model has cast it already."""
    ((number, text),) = ask(
        "SELECT @SURROGATE_KEY(n) AS number, @SURROGATE_KEY(n::TEXT) AS text FROM (VALUES (7)) AS raw(n)"
    )
    assert number == text
