# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of an operation: an object for each entry, in the region that the operation moves to.

`operations/<site>/<id>/<number>.json` in the bucket of backups. An entry is written before and
after each act and never written over: S3 makes an object only where there is none of its name, so
of two that write at once one is told that it is not alone. Ids begin with a time and sort by it.

The name of the site tells its journals from those of the other one, which S3 copies into the same
bucket, late and in any order, and of which some entries never come when a region is lost.
"""

from __future__ import annotations

import datetime
import json
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..aws.errors import Meaning, collided, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..converge.holder import who
from .errors import NotAlone, Unreadable

FIELDS = {"number", "at", "who", "step", "state", "facts"}
TRIES = 5
THREADS = 8
OPENED, BEGUN, DONE, FAILED, CLOSED = "opened", "begun", "done", "failed", "closed"
Entry = Mapping[str, Any]


@dataclass(slots=True)
class Journal:
    """That of one operation. entries: all of them, oldest first; none before it is opened."""

    id: str
    entries: list[Entry]

    @property
    def opened(self) -> Entry:
        """What the operation is: the facts of its first entry."""
        facts: Entry = self.entries[0]["facts"] if self.entries else {}
        return facts

    @property
    def ended(self) -> bool:
        return bool(self.entries) and self.entries[-1]["state"] == CLOSED

    def done(self, step: str) -> Entry | None:
        """What a step has recorded when it was done; None where it has not been."""
        found = [e for e in self.entries if e["step"] == step and e["state"] == DONE]
        return found[-1]["facts"] if found else None

    def attempts(self, step: str) -> int:
        """How often a step was begun."""
        return sum(e["step"] == step and e["state"] == BEGUN for e in self.entries)


def new_id(kind: str, now: datetime.datetime) -> str:
    """ "20261128T101500Z-failover-3f2a"."""
    return f"{now:%Y%m%dT%H%M%SZ}-{kind}-{secrets.token_hex(2)}"


def bucket(aws: Aws) -> str:
    return aws.scope.bucket("backups")


def begin(aws: Aws, id: str, facts: Mapping[str, Any]) -> Journal:
    """A new journal, whose first entry says what the operation is. Raises NotAlone."""
    journal = Journal(id, [])
    write(aws, journal, "open", OPENED, facts)
    return journal


def write(aws: Aws, journal: Journal, step: str, state: str, facts: Mapping[str, Any]) -> None:
    """Adds an entry. Raises NotAlone where another run has added one."""
    number = len(journal.entries)
    entry = {
        "number": number,
        "at": now().isoformat(timespec="milliseconds"),
        "who": who(),
        "step": step,
        "state": state,
        "facts": SECRETS.clean(dict(facts)),
    }
    body = json.dumps(entry, sort_keys=True)
    try:
        _put(aws, _key(aws, journal.id, number), body)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        # The answer of an attempt that was repeated may have been lost.
        if _read(aws, journal.id, number) != json.loads(body):
            raise NotAlone(
                f"another run goes on with operation {journal.id}; this one went no further",
                f"wait for it to end; its journal is in {bucket(aws)}",
            ) from error
    journal.entries.append(entry)


def unended(aws: Aws) -> Journal | None:
    """The newest operation that has not ended, None where all have.

    Of each the last entry tells that, so what became of one that ended long ago stops no other.
    """
    for id, numbers in sorted(_listed(aws).items(), reverse=True):
        if _read(aws, id, numbers[-1])["state"] != CLOSED:
            return load(aws, id)
    return None


def ids(aws: Aws) -> list[str]:
    """Those of all operations of which there is a journal here, oldest first."""
    return sorted(_listed(aws))


def load(aws: Aws, id: str) -> Journal:
    """A journal, whole. Raises Unreadable where an entry of it is missing or none."""
    numbers = _listed(aws, f"{id}/").get(id, [])
    if numbers != list(range(len(numbers))) or not numbers:
        lacking = sorted(set(range(len(numbers))) - set(numbers))
        raise _unreadable(aws, id, f"lacks entry {lacking[0] if lacking else 0}")
    with ThreadPoolExecutor(THREADS) as pool:
        return Journal(id, list(pool.map(lambda number: _read(aws, id, number), numbers)))


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _put(aws: Aws, key: str, body: str) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            aws.client("s3").put_object(
                Bucket=bucket(aws),
                Key=key,
                Body=body.encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
            return
        except Exception as error:
            if not collided(error) or not tries_left:
                raise
            time.sleep(1.0)


def _listed(aws: Aws, begins: str = "") -> dict[str, list[int]]:
    """The numbers of the entries of each journal of the site, ascending."""
    where = folder(aws)
    keys = View(aws).pages(
        "s3", "list_objects_v2", "Contents", Bucket=bucket(aws), Prefix=f"{where}{begins}"
    )
    found: dict[str, list[int]] = {}
    for item in keys:
        id, _slash, name = item["Key"].removeprefix(where).partition("/")
        number = name.removesuffix(".json")
        if number.isdecimal():
            found.setdefault(id, []).append(int(number))
    return {id: sorted(numbers) for id, numbers in found.items()}


def folder(aws: Aws) -> str:
    return f"operations/{aws.scope.site}/"


def _key(aws: Aws, id: str, number: int) -> str:
    return f"{folder(aws)}{id}/{number:04}.json"


def _read(aws: Aws, id: str, number: int) -> Entry:
    key = _key(aws, id, number)
    body = aws.client("s3").get_object(Bucket=bucket(aws), Key=key)["Body"].read()
    try:
        found: Entry = json.loads(body)
        if found.keys() == FIELDS and found["number"] == number:
            return found
    except (ValueError, AttributeError):
        pass
    raise _unreadable(aws, id, f"has an entry {number} that is none")


def _unreadable(aws: Aws, id: str, what: str) -> Unreadable:
    return Unreadable(
        f"the journal of operation {id} {what}",
        "the bucket keeps what each object was: aws s3api list-object-versions --region "
        f"{aws.scope.region} --bucket {bucket(aws)} --prefix {folder(aws)}{id}/ tells the version "
        "to put back by aws s3api copy-object; then run the same playbook again",
    )
