# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gives logins to the database new passwords, while those that are in use go on working.

    rotate.py WHAT, and on standard input what logins.py is told, with {"users": {login: [a, b]},
    "rotate": [login]}, and {"operation"} where a rotation is that operation's own

A login has two users, and its secret names one. The other one gets the new password, and then the
secret names it: who reads the secret from then on logs in as that, and who has read it before is
not disturbed. So nobody may be logged in as the user that is to get a new password: that is looked
at before anything is written.

The label AWSPENDING tells how far a rotation has come, so that one which was cut off is finished
and no second one begun: on a version that is not current, that is the login to come; on the current
one, all but `end` is done.

An operation by which another site serves has a rotation of its own: the version that is to come is
named after it, so that it is finished and not begun twice, and any other that has not ended gives
way, for who is of the old site may know its passwords. Nobody is waited for then: whoever is logged
in as the other user goes on until that session ends, and is to read the new login.

begin: up to where the secrets name the new logins. end: when whoever used the old ones has read the
new ones. Both print {login: {"user", "before", "version", "changed"}}; before is who had the login
until then, version that of the secret which names the new one.
"""

from __future__ import annotations

import json
import secrets
import string
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
from botocore.exceptions import BotoCoreError, ClientError
from logins import MASTER, Server, lets_in, set_password

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
LENGTH = 40
# Legal in RDS, and in URLs and shells without quoting.
ALPHABET = string.ascii_letters + string.digits + "-_.~"
# Any number will do, if nobody else in this database takes the same.
LOCK = 7_420_918
SESSIONS = """
    select count(*), coalesce(string_agg(distinct host(client_addr), ', '), 'an unknown address')
    from pg_stat_activity where usename = %s
"""
SESSION = "{}, sessions: {}, from {}"
USED = (
    "who would get the new password is still logged in: {}. They have the login from before the "
    "last rotation. Replace these hosts, or end what is logged in there, then run this again. No "
    "password was changed"
)
FOREIGN = (
    "secret {}: username is {}, which is neither {}. Have the database set up, then write one of "
    "these with its password into the secret. No password was changed"
)


class Refused(Exception):
    """Why nothing was rotated; the text says what to do."""


class Secret:
    """A secret with a login, whose versions have labels. Raises an error of the SDK."""

    def __init__(self, name: str, region: str) -> None:
        self.name = name
        self._client = configuration.client("secretsmanager", region)

    def version(self, label: str) -> str:
        """Which version has a label; "" if none has."""
        told = self._client.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return next((version for version, labels in told.items() if label in labels), "")

    def read(self, label: str) -> dict[str, Any]:
        """The login, with all that is beside it in the secret. Raises Refused."""
        answer = self._client.get_secret_value(SecretId=self.name, VersionStage=label)
        try:
            found: dict[str, Any] = json.loads(answer["SecretString"])
            return {**found, "username": found["username"], "password": found["password"]}
        except (KeyError, TypeError, ValueError):
            text = "secret " + self.name + ": is a JSON object with username and password"
            raise Refused(text) from None

    def propose(self, login: Mapping[str, Any], version: str = "") -> None:
        """Keep a login that is to come. Its token makes repetitions one version, and names that;
        where none is given it is the SDK's.
        """
        token = {"ClientRequestToken": version} if version else {}
        self._client.put_secret_value(
            SecretId=self.name, SecretString=json.dumps(login), VersionStages=[PENDING], **token
        )

    def adopt(self) -> None:
        """Make the login that is to come the one that is read."""
        pending = self.version(PENDING)
        self._move(CURRENT, self.version(CURRENT), pending)

    def settle(self) -> None:
        """Take it down that a rotation is under way."""
        self._move(PENDING, self.version(PENDING), "")

    def _move(self, label: str, source: str, target: str) -> None:
        """Repeated by the SDK after a lost answer, the call is refused though it was done."""
        moved = {"MoveToVersionId": target} if target else {}
        try:
            self._client.update_secret_version_stage(
                SecretId=self.name, VersionStage=label, RemoveFromVersionId=source, **moved
            )
        except ClientError:
            if self.version(label) != target:
                raise


class Rotation:
    """One login on its way to another user."""

    def __init__(self, server: Server, given: Mapping[str, Any], login: str) -> None:
        self.login = login
        self.secret = Secret(given["secrets"][login], server.place.region)
        pending, current = self.secret.version(PENDING), self.secret.version(CURRENT)
        self.version = version_of(given.get("operation", ""), self.secret.name)
        self.proposed = pending not in ("", current) and self.version in ("", pending)
        self.unsettled = pending == current
        self.adopted = current == self.version if self.version else self.unsettled
        self._now = self.secret.read(CURRENT)
        users = given["users"][login]
        if self._now["username"] not in users:
            found = (self.secret.name, self._now["username"], " nor ".join(users))
            raise Refused(FOREIGN.format(*found))
        [self.other] = set(users) - {self._now["username"]}
        self.next = self.secret.read(PENDING) if self.proposed else self._anew()
        if self.next["username"] != self.other:
            # Left from before somebody wrote another login into the secret.
            self.proposed, self.next = False, self._anew()
        self.works = self.proposed and lets_in(server, self.next)

    @property
    def needs_other(self) -> bool:
        """Whether the other user is still to get its new password."""
        return not self.adopted and not self.works

    def _anew(self) -> dict[str, Any]:
        password = "".join(secrets.choice(ALPHABET) for _position in range(LENGTH))
        return {**self._now, "username": self.other, "password": password}

    def run(self, server: Server, master: Any) -> dict[str, Any]:
        """Go on from wherever it is, to where the secret names the new login."""
        if not self.adopted:
            if not self.proposed:
                self.secret.propose(self.next, self.version)
            if not self.works:
                set_password(master, self.next)
            # It must work before anybody reads it.
            server.connect(self.next).close()
            self.secret.adopt()
        return self.told(not self.adopted)

    def end(self) -> dict[str, Any]:
        """Let the next rotation be another one."""
        if self.unsettled:
            self.secret.settle()
        return self.told(self.unsettled)

    def told(self, changed: bool) -> dict[str, Any]:
        now = str(self._now["username"])
        user, before = (now, self.other) if self.adopted else (self.other, now)
        version = self.secret.version(CURRENT)
        return {"user": user, "before": before, "version": version, "changed": changed}


def begin(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Refused, psycopg2.Error, or what `configuration` and the SDK raise."""
    master = server.connect(server.login(MASTER))
    try:
        with master.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", (LOCK,))
            if not cursor.fetchone()[0]:
                raise Refused("another rotation is under way; run this again when it has ended")
        rotations = [Rotation(server, given, login) for login in given["rotate"]]
        if not given.get("operation"):
            refuse_used(master, rotations)
        return {rotation.login: rotation.run(server, master) for rotation in rotations}
    finally:
        master.close()


def end(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Refused, or what `configuration` and the SDK raise."""
    rotations = [Rotation(server, given, login) for login in given["rotate"]]
    return {rotation.login: rotation.end() for rotation in rotations}


def version_of(operation: str, secret: str) -> str:
    """The version of a secret that an operation makes; "" of none."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, operation + "/" + secret)) if operation else ""


def refuse_used(master: Any, rotations: list[Rotation]) -> None:
    """Who is logged in as a user that gets a new password would fail to come back.

    Raises Refused.
    """
    used = []
    for rotation in rotations:
        if rotation.needs_other:
            with master.cursor() as cursor:
                cursor.execute(SESSIONS, (rotation.other,))
                sessions, addresses = cursor.fetchone()
            if sessions:
                used.append(SESSION.format(rotation.other, sessions, addresses))
    if used:
        raise Refused(USED.format("; ".join(used)))


WHAT: Mapping[str, Callable[[Server, Mapping[str, Any]], dict[str, Any]]] = {
    "begin": begin,
    "end": end,
}


def main(what: str, given: Mapping[str, Any]) -> None:
    """Raises SystemExit, with what is wrong."""
    troubles = (configuration.Incomplete, configuration.Wrong, BotoCoreError, ClientError)
    try:
        print(json.dumps(WHAT[what](Server(given), given)))
    except Refused as trouble:
        raise SystemExit(str(trouble)) from None
    except (*troubles, OSError, psycopg2.Error) as trouble:
        raise SystemExit(
            "the rotation stopped, and the logins that the secrets name are as good as before; run "
            "this again to finish it: " + str(trouble).strip()
        ) from None


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
