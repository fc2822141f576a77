"""`retail rotate-passwords`: new ones for every role, known to `.env` and the server, the old ones worth nothing."""

from contextlib import closing
from dataclasses import replace
from typing import get_args

import pytest

from ops import dotenv
from ops.errors import OpsError
from ops.locks import PLAN
from ops.postgres import rotation
from ops.postgres.rotation import rotate
from ops.settings import Login, Role, Settings
from tests.ops.conftest import Place, fast_server_of
from tests.ops.test_cli import retail


@pytest.fixture
def started(place: Place, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An embedded server that runs."""
    monkeypatch.setattr(rotation, "server_of", fast_server_of)
    return place.start().settings


def test_every_role_gets_a_new_password_and_the_old_one_is_worth_nothing(
    place: Place, started: Settings
) -> None:
    done = retail(place.root, "rotate-passwords")
    assert done.returncode == 0, done.stderr
    renewed = place.settings()
    log = (place.home / "server.log").read_text()
    for role in get_args(Role):
        old, new = started.login(role).password, renewed.login(role).password
        assert len(new) >= 32
        assert new != old
        renewed.connect(role).close()
        with pytest.raises(OpsError, match="authentication failed"):
            started.connect(role)
        for secret in (old, new):
            assert secret not in done.stdout + done.stderr + log
    assert renewed.hash_key == started.hash_key
    assert place.env_file.stat().st_mode & 0o777 == 0o600


def test_rights_that_were_lost_come_back_and_so_does_a_lost_password(place: Place, started: Settings) -> None:
    with (
        closing(place.server().connect(started.database)) as administrator,
        administrator,
        administrator.cursor() as cursor,
    ):
        cursor.execute("REVOKE CREATE ON DATABASE retail FROM retail_loader")
        cursor.execute("ALTER ROLE retail_transformer PASSWORD 'changed by hand'")
    renewed = rotate(place.settings())
    with closing(renewed.connect("loader")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA raw_shop")
    renewed.connect().close()


def test_one_that_is_cut_short_is_ended_by_the_next_start(
    place: Place, started: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "provision", killed)
    with pytest.raises(KeyboardInterrupt):
        rotate(place.settings())
    written = dotenv.read(place.env_file)["PGPASSWORD"]
    assert written != started.transformer.password
    assert place.start().settings.transformer.password == written
    place.settings().connect().close()


def test_while_a_plan_is_under_way_nothing_changes(place: Place, started: Settings) -> None:
    with closing(started.connect()) as planning:
        planning.autocommit = True
        planning.cursor().execute("SELECT pg_advisory_lock(%s)", [PLAN])
        with pytest.raises(OpsError, match=r"A plan or run is under way \(retailmesh of retail_transformer"):
            rotate(place.settings())
    assert place.settings().transformer == started.transformer
    started.connect().close()


def test_another_server_and_one_that_does_not_run_are_refused_with_the_way_to_go(place: Place) -> None:
    other = replace(place.settings(), server="other", transformer=Login("me", "x"))
    with pytest.raises(OpsError, match="retail connect --create-roles URL"):
        rotate(other)
    done = retail(place.root, "rotate-passwords")
    assert (done.returncode, "retail start" in done.stderr) == (1, True)
