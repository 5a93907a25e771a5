# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logins to a database, on a host that may read their secrets: none of them leaves it.

    logins.py WHAT, and on standard input {"path", "region", "database", "secrets": {login: name}},
    and {"server": {"host", "port"}} where no parameter below the path tells that

open: writes the master user's into a file for libpq, and tells where the server is. passwords: lets
the users of all secrets log in with what the secrets hold, and tells whom it gave a new password.
record: writes down what the database was set up with, {"digest"}, and tells whether that is new.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
from botocore.exceptions import BotoCoreError, ClientError
from psycopg2 import extensions, sql

AUTHORITIES = "/etc/phoenix/database-authorities.pem"
PASSWORDS = Path("/run/phoenix-database/passwords")
MASTER = "database"
RECORD = "database_configuration"
# What PostgreSQL says of a wrong password, and of a user that has none yet.
REFUSED = "password authentication failed"
PATIENCE = 10  # seconds for a connection


class Server:
    """Where the database is, and its logins. Raises what `configuration` and the SDK raise."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        wanted = ("database_endpoint", "database_port")
        self.place = configuration.Place(given["path"].rstrip("/"), given["region"], wanted)
        told = given.get("server")
        self.parameters = {} if told else configuration.fetch_parameters(self.place)
        server: list[str] = (
            [told["host"], told["port"]] if told else [self.parameters[name] for name in wanted]
        )
        self.host, self.port = server
        self.database = given["database"]
        self._secrets = given["secrets"]

    def login(self, name: str) -> dict[str, str]:
        """User name and password."""
        return configuration.fetch_secret(self._secrets[name], self.place.region)

    def logins(self) -> list[dict[str, str]]:
        """All but the master user's."""
        return [self.login(name) for name in sorted(self._secrets) if name != MASTER]

    def connect(self, login: Mapping[str, str]) -> Any:
        """A connection without transactions around statements. Raises psycopg2.OperationalError."""
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            dbname=self.database,
            user=login["username"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert=AUTHORITIES,
            connect_timeout=PATIENCE,
            application_name="phoenix",
        )
        connection.autocommit = True
        return connection


def open_master(server: Server, given: Mapping[str, Any]) -> dict[str, str]:
    """Writes the file that libpq looks a password up in. Where the server is is no secret."""
    login = server.login(MASTER)
    fields = (server.host, server.port, "*", login["username"], login["password"])
    line = ":".join(field if field == "*" else escaped(field) for field in fields)
    PASSWORDS.parent.mkdir(mode=0o700, exist_ok=True)
    PASSWORDS.unlink(missing_ok=True)
    with os.fdopen(os.open(PASSWORDS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(line + "\n")
    return {"host": server.host, "port": server.port}


def escaped(field: str) -> str:
    """A field of the file of passwords."""
    return field.replace("\\", "\\\\").replace(":", "\\:")


def set_passwords(server: Server, given: Mapping[str, Any]) -> list[str]:
    """The users that could not log in before."""
    strangers = [login for login in server.logins() if not lets_in(server, login)]
    if strangers:
        master = server.connect(server.login(MASTER))
        for login in strangers:
            set_password(master, login)
        master.close()
    return [login["username"] for login in strangers]


def lets_in(server: Server, login: Mapping[str, str]) -> bool:
    """Whether the password is right; what else keeps a user out comes after that.

    Raises psycopg2.OperationalError where no answer tells.
    """
    try:
        server.connect(login).close()
    except psycopg2.OperationalError as error:
        text = str(error)
        if REFUSED in text:
            return False
        if "permission denied" in text or "too many connections" in text:
            return True
        raise
    return True


def set_password(master: Any, login: Mapping[str, str]) -> None:
    """Give a user a password, of which the server and its logs see no more than it keeps."""
    user = login["username"]
    kept = extensions.encrypt_password(login["password"], user, master, "scram-sha-256")
    statement = sql.SQL("alter role {} password {}").format(sql.Identifier(user), sql.Literal(kept))
    with master.cursor() as cursor:
        cursor.execute(statement)


def record(server: Server, given: Mapping[str, Any]) -> bool:
    """Whether it was not written down yet."""
    if server.parameters.get(RECORD) == given["digest"]:
        return False
    client = configuration.client("ssm", server.place.region)
    client.put_parameter(
        Name=server.place.path + "/" + RECORD, Value=given["digest"], Type="String", Overwrite=True
    )
    return True


WHAT: Mapping[str, Callable[[Server, Mapping[str, Any]], Any]] = {
    "open": open_master,
    "passwords": set_passwords,
    "record": record,
}


def main(what: str, given: Mapping[str, Any]) -> None:
    """Raises SystemExit, with what is wrong."""
    troubles = (configuration.Incomplete, configuration.Wrong, BotoCoreError, ClientError)
    try:
        print(json.dumps(WHAT[what](Server(given), given)))
    except (*troubles, OSError, psycopg2.Error) as trouble:
        raise SystemExit("the database's logins: " + str(trouble).strip()) from None


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
