"""Queries as the user of BI tools: those of docs/questions.md answer with rows, those of the benchmark run."""

import re

import pytest

from benchmarks.bi_queries import Question, read_questions
from ops.bi_contract import read_contract
from tests.integration.conftest import EverySource
from tests.integration.public_data import needs_public_data
from tests.support import ROOT

PAGE = (ROOT / "docs" / "questions.md").read_text("utf-8")
QUERY = re.compile(r"^```sql\n(.*?)^```\n\n(\|[^\n]*\|)$", re.MULTILINE | re.DOTALL)
QUERIES = QUERY.findall(PAGE)  # each with the header of its answer
PUBLIC = ("'olist'", "'online_retail'")

pytestmark = [pytest.mark.long, pytest.mark.slow]


def of(sql: str, header: str) -> object:
    """The query and the header of its answer, named by what it reads; run where its source's files are."""
    named = "-".join(re.findall(r"bi\.(\w+)", sql))
    marks = [needs_public_data] if any(source in sql for source in PUBLIC) else []
    return pytest.param(sql, header, id=named, marks=marks)


def test_every_query_stands_above_its_answer() -> None:
    assert len(QUERIES) == PAGE.count("```sql") >= 6


@pytest.mark.parametrize(("sql", "header"), [of(sql, header) for sql, header in QUERIES])
def test_a_query_answers_with_the_columns_that_the_page_shows(
    every_source: EverySource, sql: str, header: str
) -> None:
    connection = every_source.project.settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            columns = [column[0] for column in cursor.description]
            assert cursor.fetchone()
    finally:
        connection.close()
    assert columns == [name.strip() for name in header.strip("|").split("|")]


def test_the_benchmark_asks_every_view() -> None:
    asked = {view for question in read_questions() for view in re.findall(r"\bbi\.(\w+)", question.sql)}
    assert asked == set(read_contract(ROOT))


@pytest.mark.parametrize("question", read_questions(), ids=lambda question: question.number)
def test_a_question_of_the_benchmark_is_understood(every_source: EverySource, question: Question) -> None:
    connection = every_source.project.settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            cursor.execute(question.sql)
    finally:
        connection.close()
