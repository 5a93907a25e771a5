# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy is cut off and takes the place of its server: what it has, and what it lacks for ever."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.roles.conftest import Remote
from tests.roles.recovering import Recovering, recovering

pytestmark = pytest.mark.real
# An application with a ledger: what a line of it names was committed, as far as the server said.
# One transaction is open from the beginning on and committed in the end, one is never committed.
LEDGER = """
import json, os, pathlib, psycopg2, random, sys, threading
target = json.loads(sys.argv[1])
place = pathlib.Path("/var/tmp/ledger")
def session():
    return psycopg2.connect(connect_timeout=10, **target)
def insert(cursor, table, key, *more):
    values = ", ".join(["%s"] * (1 + len(more)))
    cursor.execute("insert into " + table + " values (" + values + ")", (key, *more))
    return [table.replace('"', ''), key]
def transaction(cursor, key, points):
    made = [insert(cursor, "pledges", key, "1.50")]
    for number in range(points):
        cursor.execute("savepoint one")
        card = key * 100 + number
        row = insert(cursor, '"Gift Cards"', card, JSON, chr(228), b"\\x00\\xff", None)
        if number % 3 == 2:
            cursor.execute("rollback to one")
        else:
            cursor.execute("release one")
            made.append(row)
    made.append(insert(cursor, "events", key, "2026-03-01" if key % 2 else "2026-09-01"))
    made.append(insert(cursor, "child", key))
    return made
JSON = '{"a":\\n [1,\\r 2], "b": "line\\\\nbreak"}'
def write(first, ledger):
    chance, made = random.Random(first), session()
    for key in range(first, first + 1000000):
        if (place / "stop").exists():
            break
        rows = transaction(made.cursor(), key, chance.choice((0, 2, 70)))
        if key % 7 == 0:
            made.rollback()
            continue
        made.commit()
        print(json.dumps(rows), file=ledger, flush=True)
with open(place / "lines", "w") as ledger:
    long, never = session(), session()
    kept = transaction(long.cursor(), 5000001, 90)
    transaction(never.cursor(), 5000003, 5)
    threads = [threading.Thread(target=write, args=(n * 1000000, ledger)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept += transaction(long.cursor(), 5000002, 3)
    long.commit()
    never.rollback()
    print(json.dumps(kept), file=ledger, flush=True)
"""
LEDGERS = "/var/tmp/ledger"
CARDS = "public.Gift Cards"
KEYS = "select array_agg(id) from {}"


class Story:
    """What a test finds out, and a later one needs. They are in the order of a failover."""

    early: dict[str, Any]
    point: dict[str, Any]
    orphans: dict[str, Any]


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def both(account: Remote) -> Iterator[Recovering]:
    """Two servers with tables and sequences, and an application that writes."""
    with recovering(account) as found:
        tables = (
            "create table pledges (id bigint primary key, amount numeric)",
            'create table "Gift Cards" (id bigint primary key, j json, t text, b bytea, n date)',
            "create table events (id bigint, at date) partition by range (at)",
            "create table spring partition of events for values from ('2026-1-1') to ('2026-7-1')",
            "create table autumn partition of events default",
            "create table parent (id bigint)",
            "create table child () inherits (parent)",
            "create table quiet (id bigint primary key, what text)",
            "insert into quiet values (1, 'old'), (2, 'old'), (3, 'old')",
            "create unlogged table seen (id int)",
        )
        assert found.ask("migration", *tables) == []
        found.put("/var/tmp/ledger.py", LEDGER)
        yield found


def start(both: Recovering) -> None:
    """The application writes from here on."""
    both.remote.shell(f"mkdir -p {LEDGERS} && rm -f {LEDGERS}/*")
    target = json.dumps(both.database.target(both.user("application")))
    words = ("systemd-run", "--collect", "--unit=ledger", "python3", "/var/tmp/ledger.py", target)
    both.site.inside(both.remote.number, *words)
    goes_on(both)


def goes_on(both: Recovering, more: int = 50) -> None:
    """Wait until the ledger has so many more lines."""
    before = lines(both)
    both.site.until(lambda: lines(both) >= before + more)


def lines(both: Recovering) -> int:
    return int(both.remote.shell(f"cat {LEDGERS}/lines 2>/dev/null | wc -l"))


def acknowledged(both: Recovering) -> dict[str, set[int]]:
    """The keys of each table that the ledger has, once the application has ended."""
    both.remote.shell(
        f"touch {LEDGERS}/stop; while systemctl -q is-active ledger; do sleep 0.1; done"
    )
    found: dict[str, set[int]] = {}
    for line in both.remote.shell(f"cat {LEDGERS}/lines").splitlines():
        for table, key in json.loads(line):
            part = ("spring" if key % 2 else "autumn") if table == "events" else table
            found.setdefault(f"public.{part}", set()).add(key)
    return found


def keys(both: Recovering, table: str, *, copy: bool) -> set[int]:
    name = '"' + table.removeprefix("public.") + '"'
    [[found]] = both.ask("database", KEYS.format(name), copy=copy)
    return set(found or ())


def test_what_a_copy_has_is_told_when_it_has_applied_all(both: Recovering, story: Story) -> None:
    start(both)
    # As an operation asks, whoever still writes: what the copy had before it is cut off.
    found = story.early = both.run("point", copy=True)
    assert found["in_recovery"]
    goes_on(both)
    both.cut()
    goes_on(both)
    found = story.point = both.run("point", copy=True)
    assert found["in_recovery"]
    low, high, others = found["snapshot"].split(":")
    assert int(low) < int(high)
    # PostgreSQL itself names none of those that are under way.
    told = both.ask("database", "select pg_current_snapshot()::text", copy=True)
    assert told == [[f"{low}:{high}:"]]
    assert len(others.split(",")) > 90


def test_the_rows_that_the_new_server_lacks_are_those_that_were_committed_after_the_cut(
    both: Recovering, story: Story
) -> None:
    goes_on(both)
    both.ask("application", "update quiet set what = 'new' where id = 1")
    both.ask("application", "delete from quiet where id = 2")
    ledger = acknowledged(both)
    both.ask("migration", "vacuum (freeze) pledges", "insert into seen values (1)")
    both.promote()
    lost = {table: found - keys(both, table, copy=True) for table, found in ledger.items()}
    assert 5000001 in lost["public.pledges"]
    found = story.orphans = both.run("orphans", snapshot=story.point["snapshot"])
    counts = {table: len(missing) for table, missing in lost.items()}
    assert found["tables"] == {**counts, "public.parent": 0, "public.quiet": 1}
    assert min(counts.values()) > 20
    assert found["total"] == sum(counts.values()) + 1
    assert list(found["in_doubt"]) == ["public.seen"]
    for table, missing in lost.items():
        rows = [json.loads(line) for line in exported(both, found["files"][table])]
        assert sorted(row["id"] for row in rows) == sorted(missing)
    [updated] = exported(both, found["files"]["public.quiet"])
    assert json.loads(updated) == {"id": 1, "what": "new"}


def exported(both: Recovering, file: dict[str, Any]) -> list[str]:
    """The lines of a file, which is what was told of it."""
    mode, text = both.remote.shell(
        f"stat -c %a '{file['path']}'; base64 -w0 '{file['path']}'"
    ).splitlines()
    content = base64.b64decode(text)
    assert (mode, len(content)) == ("600", file["bytes"])
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    return gzip.decompress(content).decode().splitlines()


def test_a_server_that_was_restored_tells_by_its_rows_alone_what_it_has(
    both: Recovering, story: Story
) -> None:
    assert "snapshot" not in both.run("contents", copy=True)
    told = both.run("contents", copy=True, snapshot=True)["snapshot"]
    found = both.run("orphans", snapshot=told)
    assert {**found, "seconds": 0} == {**story.orphans, "seconds": 0}


# The files of the last one are what later tests read.
@pytest.mark.parametrize("room", [{"compare_mb": 0}, {}])
def test_what_was_replicated_after_a_copy_was_asked_is_not_counted_as_lost(
    both: Recovering, story: Story, room: dict[str, int]
) -> None:
    known = story.early["snapshot"]
    before = both.run("orphans", snapshot=known)
    assert before["total"] > story.orphans["total"]
    told = both.run("contents", copy=True, snapshot=True, known=known, **room)["snapshot"]
    found = both.run("orphans", snapshot=told)
    if room:
        # Of tables that are not read it is not known: rather too much is taken for lost.
        assert story.orphans["total"] < found["total"] <= before["total"]
    else:
        assert {**found, "seconds": 0} == {**story.orphans, "seconds": 0}


def test_orphans_are_rows_again_when_they_are_read_as_json(both: Recovering, story: Story) -> None:
    lines = exported(both, story.orphans["files"][CARDS])[:50]
    text = ("[" + ",".join(lines) + "]").replace("'", "''")
    statement = (
        'insert into "Gift Cards" select * from '
        f"json_populate_recordset(null::\"Gift Cards\", '{text}')"
    )
    assert both.ask("application", statement, copy=True) == []
    asked = 'select j::text, t, b::text, n::text from "Gift Cards" group by 1, 2, 3, 4'
    both_have = [both.ask("database", asked, copy=copy) for copy in (False, True)]
    assert [row[1:] for row in both_have[0]] == [["ä", "\\x00ff", None]]
    assert {tuple(row[1:]) for row in both_have[1]} == {("ä", "\\x00ff", None)}
    assert {json.dumps(json.loads(row[0])) for row in both_have[1]} == {
        json.dumps(json.loads(both_have[0][0][0]))
    }


def test_orphans_that_are_asked_for_again_are_in_the_same_files(
    both: Recovering, story: Story
) -> None:
    again = both.run("orphans", snapshot=story.point["snapshot"])
    assert {**again, "seconds": 0} == {**story.orphans, "seconds": 0}


def test_another_server_than_the_old_one_is_asked_for_no_orphans(both: Recovering) -> None:
    assert "it is another one" in both.refused("orphans", snapshot="999999999:999999999:")
