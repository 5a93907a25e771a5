# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a migration as migrate.py does, on a masked copy, and tells what it would mean to others.

    rehearse.py, and on standard input what migrate.py is told, and "copy": the name of the copy

Only a database that says of itself that it is this copy, and masked, is touched, whatever address
was given. Prints what migrate.py prints, "trouble": None, and what `watching` tells of the command;
that says, too, what is not seen. Of a release that has migrated the copy already, nothing is run
and nothing told: it is rehearsed on a new copy.

Of a migration that fails the same is printed, without "output": "trouble" is why it failed, which
is said on standard error, too, with what was held and left. changed, before and after are None
where that is not known; what it left counts as changed. It ends with 1 then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import migrate
from watching import Watch, asked

LEAVINGS = ("rewritten", "made", "gone", "invalid")
COMMENT = """
    select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database
    where datname = current_database()
"""


def rehearse(given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises what `migrate.migrate` raises, with what was seen where it has been run."""
    watch = Watch()
    try:
        with migrate.opened(given) as (session, tool):
            # Before the tool is asked for anything: some make a table when they are.
            refuse_other(session, given["copy"])
            done = migrate.run(session, tool, given, watch.over)
    except migrate.Failed as trouble:
        if not watch.began:
            raise
        why, seen = str(trouble).strip(), watch.told()
        print(json.dumps({**known(trouble, seen), **seen, "trouble": why}))
        raise migrate.Failed("\n".join([why, *in_words(seen)])) from trouble
    return {**done, **watch.told(), "trouble": None}


def refuse_other(session: Any, copy: str) -> None:
    """Raises Failed where the database does not say that it is this copy, and masked."""
    # As module staging_proof has it say it.
    wanted = "phoenix copy " + copy + ", masked"
    [(found,)] = asked(session, COMMENT)
    if found != wanted:
        raise migrate.Failed(
            "the database does not say that it is the masked copy "
            + copy
            + ", but "
            + (found or "nothing")
            + ": no migration is rehearsed on it, for it might be production. Module staging_proof "
            "has the copy say '" + wanted + "'"
        )


def known(trouble: migrate.Failed, seen: Mapping[str, Any]) -> dict[str, Any]:
    """{"changed", "before", "after"}, as far as it is known. What a tool left half done changes no
    revision.
    """
    before = after = changed = None
    if isinstance(trouble, migrate.Broken):
        before, after = trouble.before, trouble.after
        changed = None if after is None else after != before
    if any(seen[what] for what in LEAVINGS):
        changed = True
    return {"changed": changed, "before": before, "after": after}


def in_words(seen: Mapping[str, Any]) -> Iterator[str]:
    """What of it matters to whoever reads why it failed, a line each."""
    yield "It ran for " + str(seen["seconds"]) + " seconds."
    for table, lock in seen["locks"].items():
        if lock["keeps_from"] != "nothing":
            held = table + " was held with " + lock["mode"] + " for " + str(lock["seconds"])
            yield held + " seconds, which keeps others from " + lock["keeps_from"] + "."
    if seen["longest"]:
        took = " took " + str(seen["longest"]["seconds"]) + " seconds."
        yield "The longest statement, " + seen["longest"]["statement"] + "," + took
    if seen["made"] is None:
        yield "What it left is not known: the server did not answer."
        return
    for what, left in (
        ("It has rewritten ", seen["rewritten"]),
        ("It has left ", seen["made"]),
        ("It has dropped ", seen["gone"]),
        ("These indexes are not valid now: ", seen["invalid"]),
    ):
        if left:
            yield what + ", ".join(left) + "."


if __name__ == "__main__":
    migrate.main(json.load(sys.stdin), rehearse)
