# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of an operation: an object for each entry, in the region that the operation moves to.

`operations/<site>/<id>/<number>.json` in the bucket of backups; those of a copy, of a drill or of
staging, as `operations/<site that it is of>/<site of the copy>/` in the bucket of that. An entry is
written before and after each act and never written over: S3 makes an object only where there is
none of its name, so of two that write at once one is told that it is not alone. Ids begin with a
time and sort by it.

The name of the site tells its journals from those of the other one, which S3 copies into the same
bucket, late and in any order, and of which some entries never come when a region is lost.
"""

from __future__ import annotations

import datetime
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..aws.errors import Meaning, collided, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..converge.holder import who
from .errors import NotAlone, Unreadable

STAMP = "%Y%m%dT%H%M%SZ"
ID = re.compile(r"\d{8}T\d{6}Z-([a-z]+)-[0-9a-f]{4}")
FIELDS = {"number", "at", "who", "step", "state", "facts"}
TRIES = 5
THREADS = 8
OPENED, BEGUN, DONE, FAILED, CLOSED = "opened", "begun", "done", "failed", "closed"
# In the last entry of one that took over another and touched nothing: the id of that.
LEFT = "left"
Entry = Mapping[str, Any]
Listener = Callable[["Journal"], None]
# Answers the entries of a journal of which there is a copy beside it, [] where there is none.
Kept = Callable[[str], Sequence[Any]]


@dataclass(slots=True)
class Journal:
    """That of one operation. entries: all of them, oldest first; none before it is opened. heard:
    is told of it after each entry that is added.
    """

    id: str
    entries: list[Entry]
    heard: Listener = lambda journal: None

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


def new_id(kind: str, now: datetime.datetime, ids: Iterable[str] = ()) -> str:
    """ "20261128T101500Z-failover-3f2a", which sorts behind all of `ids`, also where the clock here
    is late: the newest operation is known by that.
    """
    newest = max(ids, default="")
    if newest and newest >= f"{now:{STAMP}}":
        told = f"{newest.partition('-')[0]}+0000"
        now = datetime.datetime.strptime(told, f"{STAMP}%z") + datetime.timedelta(seconds=1)
    return f"{now:{STAMP}}-{kind}-{secrets.token_hex(2)}"


def is_id(text: str) -> bool:
    """Whether it is the id of an operation, and not what a person has called what was done."""
    return bool(kind_of(text))


def kind_of(text: str) -> str:
    """The operation that an id is of; "" of what is none."""
    found = ID.fullmatch(text)
    return found[1] if found else ""


def bucket(aws: Aws) -> str:
    return aws.scope.evidence


def begin(
    aws: Aws, id: str, facts: Mapping[str, Any], heard: Listener = lambda journal: None
) -> Journal:
    """A new journal, whose first entry says what the operation is. Raises NotAlone."""
    journal = Journal(id, [], heard)
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
    body = _body(entry)
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
    journal.heard(journal)


def unended(aws: Aws, kept: Kept = lambda id: ()) -> Journal | None:
    """The newest operation where it has not ended, or the one that it left as it was; else None.

    No older one is gone on with. Who opens an operation holds the lease of the site, opens it only
    where there is none that has not ended, or takes that over, and gives it an id behind all
    others. So this asks for the ids, a thousand at a time, and of one for its entries, however many
    operations there ever were; and what became of one that ended long ago stops no other.

    kept: entries are never written over, so one that was kept and is as long as that of its number
    is not read again: each step asks for all of them, while visitors wait.
    """
    for id in reversed(ids(aws)):
        sizes = _sizes(aws, id)
        # Of a folder without entries somebody else is the author.
        if sizes:
            return _open(aws, id, sizes, kept)
    return None


def _open(aws: Aws, id: str, sizes: Mapping[int, int], kept: Kept) -> Journal | None:
    """The operation, or the one that it left as it was; None where neither goes on."""
    last = _read(aws, id, max(sizes))
    if last["state"] != CLOSED:
        return _whole(aws, id, sizes, kept(id))
    left = str(last["facts"].get(LEFT, ""))
    return _open(aws, left, _sizes(aws, left), kept) if left else None


def ids(aws: Aws, where: str = "") -> list[str]:
    """Those of all operations of which there is a journal in a folder, oldest first. where: another
    one than the site's own.
    """
    where = where or folder(aws)
    found = View(aws).pages(
        "s3", "list_objects_v2", "CommonPrefixes", Bucket=bucket(aws), Prefix=where, Delimiter="/"
    )
    names = (item["Prefix"].removeprefix(where).rstrip("/") for item in found)
    return sorted(name for name in names if ID.fullmatch(name))


def last(aws: Aws, id: str) -> Entry | None:
    """The last entry of a journal; None where it has none. Raises Unreadable."""
    sizes = _sizes(aws, id)
    return _read(aws, id, max(sizes)) if sizes else None


def load(aws: Aws, id: str) -> Journal:
    """A journal, whole. Raises Unreadable where an entry of it is missing or none."""
    return _whole(aws, id, _sizes(aws, id), ())


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


def _whole(aws: Aws, id: str, sizes: Mapping[int, int], kept: Sequence[Any]) -> Journal:
    numbers, known = sorted(sizes), _known(kept, sizes)
    if numbers != list(range(len(numbers))) or not numbers:
        lacking = sorted(set(range(len(numbers))) - set(numbers))
        raise _unreadable(aws, id, f"lacks entry {lacking[0] if lacking else 0}")
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda number: known.get(number) or _read(aws, id, number), numbers)
        return Journal(id, list(found))


def _sizes(aws: Aws, id: str) -> dict[int, int]:
    """The numbers of the entries of a journal that are there, with their bytes."""
    where = f"{folder(aws)}{id}/"
    keys = View(aws).pages("s3", "list_objects_v2", "Contents", Bucket=bucket(aws), Prefix=where)
    names = {item["Key"].removeprefix(where).removesuffix(".json"): item["Size"] for item in keys}
    return {int(name): size for name, size in names.items() if name.isdecimal()}


def _known(kept: Sequence[Any], sizes: Mapping[int, int]) -> dict[int, Entry]:
    entries = [one for one in kept if isinstance(one, dict) and one.keys() == FIELDS]
    return {one["number"]: one for one in entries if sizes.get(one["number"]) == len(_body(one))}


def _body(entry: Entry) -> str:
    """In ASCII."""
    return json.dumps(entry, sort_keys=True)


def folder(aws: Aws) -> str:
    """That of the journals of a site, or of the copies of one that are called alike."""
    scope = aws.scope
    return folder_of(scope.copy_of["site"], scope.site) if scope.copy_of else folder_of(scope.site)


def folder_of(*sites: str) -> str:
    """A site, or one and what its copies are called."""
    return f"operations/{'/'.join(sites)}/"


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
