# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the environment as a whole: who serves, what is under way, what is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...converge.active import Active
from ...converge.entries import Entry
from ...converge.lease import LAPSE
from ..journal import Journal
from .verdict import BUILD, COMMAND, Check, Seen, Verdict, bad, good, unknown

FAILBACK = "the old primary is to be made its replica: docs/disaster-recovery.md"
# What a failover asks of the manifest, of the site that it moves to and of the one that it leaves.
NEEDED = {
    "to": (
        "iam_role/builder",
        "iam_role/web",
        "instance_profile/web",
        "load_balancer/main",
        "security_group/database",
    ),
    "from": ("security_group/database",),
}
DAY = 86400


def serving(seen: Seen) -> Verdict:
    active: Active = seen.fact("active")
    site = seen.site
    age = seen.age(active.since) if active.since else None
    said = f"site {site.active_site} serves"
    if site.protected:
        return good(f"{said}, and {seen.scope.site} stands by", age)
    why = f"nothing stands by since {active.since}"
    return bad(f"{said}, and {why}: {seen.scope.site} is to be made a copy first", FAILBACK, age)


def operation(seen: Seen) -> Verdict:
    """None may be under way. The one that is there first is told, wherever its journal is."""
    for name in ("unended", "active:unended"):
        journal: Journal | None = seen.fact(name)
        if journal:
            facts = journal.opened
            kind = str(facts.get("operation", "operation"))
            return bad(
                f"{kind} {journal.id} of {facts.get('operator', 'nobody known')} has not ended; it "
                f"stands at step {journal.entries[-1]['step']}",
                f"{COMMAND}ansible-playbook operatingdev.phoenix.dr_{kind}",
                seen.age(str(facts["began"])) if facts.get("began") else None,
            )
    return good("all operations have ended")


def lease(seen: Seen) -> Verdict:
    entries: list[Entry] = seen.fact("lease")
    if not entries:
        return good(f"nobody writes at site {seen.scope.site}")
    last = entries[-1]
    if last.age > LAPSE:
        return good(f"a run of {last.holder.who} left it behind; the next one takes it", last.age)
    said = f"a run of {last.holder.who} writes at site {seen.scope.site}"
    return bad(said, "let that run end, and look again", last.age)


def manifest(seen: Seen) -> Verdict:
    found: Mapping[str, Any] = seen.fact("manifest")
    if not found:
        return bad(f"site {seen.scope.site} has no manifest of the environment", BUILD)
    age = seen.age(found["written"])
    if found["active"] != seen.site.active_site:
        said = f"it takes {found['active']} for the site that serves"
        return bad(f"{said}, the record names {seen.site.active_site}", BUILD, age)
    missing = [
        f"{address} of {site}"
        for side, site in (("to", seen.scope.site), ("from", seen.peer.site))
        for address in NEEDED[side]
        if not found["sites"].get(site, {}).get("known", {}).get(address)
    ]
    if missing:
        return bad(f"it does not know {', '.join(missing)}", BUILD, age)
    return good("it knows what a failover needs of both sites", age)


def proof(seen: Seen) -> Verdict:
    """That of the newest drill which has ended; what it ran on counts, as for the status page."""
    drill: Journal | None = seen.fact("drill")
    if not drill:
        return unknown("never proven: no drill has ended", "run a drill")
    ended = drill.entries[-1]
    age, days = seen.age(ended["at"]), int(seen.objectives["drill_days"])
    took, most = ended["facts"].get("recovery_time_seconds"), seen.objectives
    said = f"proven by {drill.id}"
    if age > days * DAY:
        return bad(f"{said}; the objective is a drill in {days} days", "run a drill", age)
    if took is not None and took > most["recovery_time_seconds"]:
        limit = most["recovery_time_seconds"]
        return bad(f"{said}, which took {took:.0f} s, and {limit} s is the objective", "", age)
    commit, now = str(drill.opened.get("commit", "")), str(seen.objectives["commit"])
    if not commit or not now:
        return unknown(f"{said}; whether on this commit is not known", "", age)
    if commit != now:
        return unknown(f"{said}, on commit {commit}, not {now}", "run a drill", age)
    return good(f"{said}, on this commit", age)


CHECKS = (
    Check("Active site", serving),
    Check("Operations", operation),
    Check("Lease", lease),
    Check("Manifest", manifest),
)
PROOF = Check("Proof", proof)
