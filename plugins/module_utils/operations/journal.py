# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of an operation: an object for each entry, in the region that the operation moves to.

`operations/<id>/<number>.json` in the bucket of backups. An entry is written before and after each
act and never written over: S3 makes an object only where there is none of its name, so of two that
write at once one is told that it is not alone. Ids begin with a time, so they sort by it.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..converge.holder import who
from .errors import NotAlone, Unreadable

FOLDER = "operations/"
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
        aws.client("s3").put_object(
            Bucket=bucket(aws),
            Key=_key(journal.id, number),
            Body=body.encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except Exception as error:
        # The answer of an attempt that was repeated may have been lost.
        if meaning(error) is not Meaning.EXISTS or _read(aws, journal.id, number) != entry:
            if meaning(error) is Meaning.EXISTS:
                raise NotAlone(
                    f"another run goes on with operation {journal.id}; this one went no further",
                    "wait for it to end; its journal is in " + bucket(aws),
                ) from error
            raise
    journal.entries.append(entry)


def unended(aws: Aws) -> Journal | None:
    """The newest operation that has not ended, None where all have."""
    for id in reversed(ids(aws)):
        journal = load(aws, id)
        if not journal.ended:
            return journal
    return None


def ids(aws: Aws) -> list[str]:
    """Those of all operations of which there is a journal here, oldest first."""
    found = View(aws).pages("s3", "list_objects_v2", "Contents", Bucket=bucket(aws), Prefix=FOLDER)
    return sorted({item["Key"].split("/")[1] for item in found if item["Key"].count("/") == 2})


def load(aws: Aws, id: str) -> Journal:
    """A journal, whole. Raises Unreadable where an entry of it is missing or none."""
    found = View(aws).pages(
        "s3", "list_objects_v2", "Contents", Bucket=bucket(aws), Prefix=f"{FOLDER}{id}/"
    )
    numbers = sorted(_numbers(item["Key"] for item in found))
    if numbers != list(range(len(numbers))) or not numbers:
        raise Unreadable(
            f"the journal of operation {id} lacks an entry", f"look into {bucket(aws)}"
        )
    return Journal(id, [_read(aws, id, number) for number in numbers])


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _numbers(keys: Iterable[str]) -> list[int]:
    names = (key.rpartition("/")[2].removesuffix(".json") for key in keys)
    return [int(name) for name in names if name.isdecimal()]


def _key(id: str, number: int) -> str:
    return f"{FOLDER}{id}/{number:04}.json"


def _read(aws: Aws, id: str, number: int) -> Entry:
    body = aws.client("s3").get_object(Bucket=bucket(aws), Key=_key(id, number))["Body"].read()
    try:
        found: Entry = json.loads(body)
    except ValueError as error:
        raise Unreadable(
            f"entry {number} of the journal of operation {id} is no JSON",
            f"look into {bucket(aws)}",
        ) from error
    return found
