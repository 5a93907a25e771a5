# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a replica has of its primary, before it takes the primary's place."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from sessions import LOOK, PATIENCE, Refused, master_of, row
from tables import compare, contents

# What a replica that was restarted had received before is not told: nothing at all until it streams
# again, and then from the beginning of a segment on, which may be before what is applied. What it
# received of a record whose end never came is told as well, and is never applied: then the process
# that applies waits for more.
POINT = """
    select pg_is_in_recovery() as in_recovery, pg_last_wal_receive_lsn()::text as received,
        pg_last_wal_replay_lsn()::text as replayed,
        coalesce(pg_last_wal_replay_lsn() >= coalesce(%s::pg_lsn, pg_last_wal_receive_lsn()), false)
            as applied,
        pg_last_wal_receive_lsn() is null or exists (
            select from pg_stat_activity where backend_type = 'startup'
            and wait_event in ('RecoveryRetrieveRetryInterval', 'RecoveryWalStream')
        ) as waits,
        extract(epoch from pg_last_xact_replay_timestamp())::float as last_commit
"""
BEHIND = "the replica has received {} and applied no more than {}"
STILL = 5.0  # seconds without anything new, where nobody tells how much there is
# On a replica pg_current_snapshot() names no transaction that is under way, though there are some
# from its xmin on. So each is asked for: what is not committed here now, subtransactions included,
# this server will never have.
SNAPSHOT = """
    with told as (select pg_current_snapshot() as it),
    ends as (
        select pg_snapshot_xmin(it)::text::bigint as low, pg_snapshot_xmax(it)::text::bigint as high
        from told
    )
    select low, high, case when high - low <= %s then (
        select coalesce(string_agg(xid::text, ',' order by xid), '')
        from generate_series(low, high - 1) as xid
        where pg_xact_status(xid::text::xid8) is distinct from 'committed'
    ) end as others
    from ends
"""
MOST = 1_000_000  # transactions that are asked for
BEAT = """
    select id, extract(epoch from at)::float as at, writes from phoenix.heartbeat
    order by id desc limit 1
"""
APPLIED = """
    select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= %s::pg_lsn as applied,
        pg_last_wal_replay_lsn()::text as replayed,
        pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())::bigint as missing,
        to_regclass('phoenix.frozen') is not null as there
"""


def point(server: Server, _given: Mapping[str, Any]) -> dict[str, Any]:
    """What the replica has, once it has applied all that it had received when it was asked. Nobody
    on RDS can stop what it receives: that goes on where its primary lives. snapshot: by it is told
    which transactions of the primary it has.

    Raises Refused where it does not come to an end with what it received.
    """
    with master_of(server) as master:
        end, before, since = time.monotonic() + PATIENCE, None, time.monotonic()
        target = None
        while True:
            found = row(master, POINT, target)
            target = target or found["received"]
            if found["replayed"] != before:
                before, since = found["replayed"], time.monotonic()
            applied, waits = found.pop("applied"), found.pop("waits")
            still = waits and time.monotonic() - since >= STILL
            if applied or still or not found["in_recovery"]:
                snapshot = known(**row(master, SNAPSHOT, MOST))
                return {**found, "snapshot": snapshot, "beat": newest_beat(master)}
            if time.monotonic() > end:
                raise Refused(BEHIND.format(found["received"] or "more", found["replayed"]))
            time.sleep(LOOK)


def known(low: int, high: int, others: str | None) -> str:
    """A snapshot as PostgreSQL writes it. Where too many were under way to be asked for, one that
    has none of them: rather too much is taken for lost than too little.
    """
    told = (low, low, "") if others is None else (low, high, others)
    return ":".join(str(part) for part in told)


def newest_beat(master: Any) -> dict[str, Any] | None:
    """None where nobody beats."""
    there = row(master, "select to_regclass('phoenix.heartbeat') is not null as there")["there"]
    return row(master, BEAT) if there else None


def caught_up(server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"caught": True, "seconds"}, and what `contents` tells, once the replica has all up to the
    freeze. With {"frozen"}, what freeze told: "differ", the names of the tables that differ.

    Raises Refused where it does not get there in time, with the bytes that it lacks.
    """
    began = time.monotonic()
    with master_of(server) as master:
        while True:
            found = row_of_freeze(master, given)
            seconds = round(time.monotonic() - began, 1)
            if found["applied"] and found["visible"]:
                break
            if seconds > PATIENCE:
                raise Refused(lacks(given["lsn"], **found))
            time.sleep(LOOK)
        told = contents(master, given)
    differ = {"differ": compare(given["frozen"], told)} if given.get("frozen") else {}
    return {"caught": True, "seconds": seconds, **told, **differ}


def row_of_freeze(master: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """How far the replica is, and whether the last row of the freeze is there."""
    found: dict[str, Any] = row(master, APPLIED, given["lsn"], given["lsn"])
    asked = "select 1 as one from phoenix.frozen where operation = %s"
    there = found.pop("there") and row(master, asked, given["operation"])
    return {**found, "visible": bool(there)}


def lacks(lsn: str, applied: bool, replayed: str, missing: int, visible: bool) -> str:
    if applied:
        return "the replica has applied " + replayed + ", and has not the last row of the freeze"
    text = "the replica has applied {}, and lacks {} bytes up to {}"
    return text.format(replayed, missing, lsn)
