"""start, stop, status, url, connect, rotate-passwords: the server that everything runs on."""

import os

import click

from ops.cli.output import print_json, say
from ops.errors import OpsError
from ops.settings import Role, load_settings


@click.command()
@click.option("--force", is_flag=True, help="Do so even if .env names another server.")
def start(force: bool) -> None:
    """Start the embedded Postgres; it keeps running until `retail stop`.

    The first time it makes the server, the roles and the databases, and writes .env, which sqlmesh reads too.
    """
    from ops.postgres import embedded

    result = embedded.start(load_settings(), force=force)
    for line in embedded.describe(result):
        say(line)


@click.command()
def stop() -> None:
    """Stop the embedded Postgres. Its data stays."""
    from ops.postgres.embedded import server_of

    settings = load_settings()
    server = server_of(settings)
    if server.stop():
        say(f"Postgres in {server.home} stopped.")
    else:
        say(f"No Postgres was running in {server.home}.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Say which server is used and how it is. Exit code 1 when it cannot be reached."""
    from ops.postgres.status import server_status

    found = server_status(load_settings())
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            if value is not None:
                say(f"{name.replace('_', ' '):<14} {value}")
    if found["state"] != "running":
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--bi", "role", flag_value="bi", help="For BI tools: reads only, and only the schema bi.")
@click.option("--loader", "role", flag_value="loader", help="For programs that load raw data.")
@click.option("--no-password", is_flag=True, help="Leave the password out.")
@click.option("--driver", default="postgresql", help="How the address begins, such as postgresql+psycopg2.")
def url(role: Role | None, no_password: bool, driver: str) -> None:
    """Print the address to connect to, with its password, for psql, SQLAlchemy or a BI tool."""
    settings = load_settings()
    if not settings.transformer.password and not settings.env_file.exists():
        raise OpsError("There is no server yet: `retail start` makes one, `retail connect URL` uses another.")
    click.echo(settings.url(role or "transformer", password=not no_password, driver=driver))


@click.command("rotate-passwords")
def rotate_passwords() -> None:
    """Give the roles of the embedded server new passwords, and the rights that they have to have.

    Nothing may be under way: programs that are connected stay so, and do not get in again with the old ones.
    """
    from ops.postgres.rotation import rotate

    settings = rotate(load_settings())
    say(f"New passwords are in {settings.env_file}; `retail url --bi` prints the one that BI tools need.")


@click.command()
@click.argument("address", metavar="[URL]", required=False)
@click.option("--state-database", help="The database for SQLMesh's state.  [default: retail_state]")
@click.option(
    "--create-roles",
    is_flag=True,
    help="URL is an administrator's: make the three roles and two databases there, and use those.",
)
def connect(address: str | None, state_database: str | None, create_roles: bool) -> None:
    """Use another Postgres (16 to 18) than the embedded one: test the connection and write it to .env.

    URL is like postgresql://user:password@host:5432/database. Without it DATABASE_URL is read, which keeps
    the password out of the shell's history.
    """
    from ops.postgres.remote import connect_to, create_on, version_of

    address = address or os.environ.get("DATABASE_URL")
    if not address:
        raise click.UsageError("Name a URL, or set DATABASE_URL.")
    connected = (create_on if create_roles else connect_to)(load_settings(), address, state_database)
    say(f"Connected: {connected.url(password=False)} (PostgreSQL {version_of(connected)}).")
    say(f"Written to {connected.env_file}: retail and sqlmesh use this server from now on.")
