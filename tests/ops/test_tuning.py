"""Server settings computed from memory and cores."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.postgres.tuning import configuration, tuned


def megabytes(settings: dict[str, tuple[str, str]], name: str) -> int:
    found = re.fullmatch(r"(\d+)MB", settings[name][0])
    assert found
    return int(found.group(1))


@pytest.mark.parametrize(("memory", "shared", "work"), [(2048, 512, 21), (24576, 4096, 256)])
def test_a_small_and_a_larger_machine(memory: int, shared: int, work: int) -> None:
    settings = tuned(memory, 2)
    assert (megabytes(settings, "shared_buffers"), megabytes(settings, "work_mem")) == (shared, work)


@given(st.integers(512, 10**6), st.integers(1, 256))
def test_it_never_takes_more_memory_than_there_is(memory: int, cores: int) -> None:
    settings = tuned(memory, cores)
    busy = megabytes(settings, "shared_buffers") + 2 * cores * megabytes(settings, "work_mem")
    assert busy <= memory * 0.5 + 8 * cores


def test_the_file_says_why() -> None:
    text = configuration({"port": "5999"}, {"jit": ("off", "compiling costs more")})
    assert "port = '5999'" in text
    assert "jit = 'off'  # compiling costs more" in text
