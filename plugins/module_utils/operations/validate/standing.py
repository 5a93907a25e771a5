# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the environment as a whole: who serves, what is under way, what is known."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from ...converge.active import Active
from ...converge.entries import Entry
from ...converge.lease import LAPSE
from ...reports.commits import differ
from ...reports.evidence import broken
from ...reports.words import lasted
from ..journal import Journal, kind_of
from ..procedures import is_over, playbook
from ..proof import newest
from ..staging import restored
from .verdict import ACTIVE, BUILD, COMMAND, Check, NoFact, Seen, Verdict, bad, good, unknown

PLAYBOOK = f"{COMMAND}ansible-playbook operatingdev.phoenix."
DRILL, FAILBACK = f"{PLAYBOOK}dr_drill", f"{PLAYBOOK}dr_failback"
REPROTECT, STAGING = f"{PLAYBOOK}dr_reprotect", f"{PLAYBOOK}staging"
# The facts that tell of an operation that has not ended: of both sites, and of their drills.
UNENDED = ("unended", f"{ACTIVE}unended")
DRILLS = ("drill", f"{ACTIVE}drill")
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
# A run that changes nothing writes it only where it is told to.
PUT = (
    "the bucket of backups keeps what each report was: aws s3api list-object-versions --prefix "
    "operations/ tells the version to put back"
)
WRITE = f"{BUILD} -e dr_site_write_manifest=true"
DAY = 86400


def serving(seen: Seen) -> Verdict:
    active: Active = seen.fact("active")
    site = seen.site
    age = seen.age(active.since) if active.since else None
    said = f"site {site.active_site} serves"
    if active.moving:
        moves = f"{active.operation or 'an operation'} moves the environment"
        return bad(f"{said}, and {moves}, which has not ended", _end(seen, active), age)
    if site.protected:
        return good(f"{said}, and {seen.scope.site} stands by", age)
    why = f"nothing stands by since {active.since}"
    return bad(f"{said}, and {why}: {seen.scope.site} is to be made a copy first", REPROTECT, age)


def _end(seen: Seen, active: Active) -> str:
    """What ends a move. Where no operation is there to go on with, playbooks that ask nothing of
    the other region begin anew, and no other one does.
    """
    if going := under_way(seen, UNENDED):
        return f"{PLAYBOOK}{playbook(going)}"
    regions = zip(UNENDED, (seen.scope.region, seen.peer.region), strict=True)
    if dark := [region for name, region in regions if isinstance(seen.facts.get(name), Verdict)]:
        return (
            f"its journal may be in {' or '.join(dark)}: look again once that answers. Where it is "
            "lost, docs/disaster-recovery.md tells which site may serve on"
        )
    stands = " -e dr_stands=recovery" if seen.site.is_home else ""
    anew = {"failover": "dr_failover", "rollback": f"dr_rollback{stands}"}
    kind = kind_of(active.operation)
    if active.protected and kind in anew:
        return f"{PLAYBOOK}{anew[kind]}"
    return (
        "no journal tells how far it has come: find that out, and end it by hand, as "
        "docs/runbook-switchover.md does, or have the old site serve, as docs/runbook-rollback.md"
    )


def under_way(seen: Seen, names: Iterable[str]) -> Journal | None:
    """The first operation of these facts that has not ended, as far as that is known."""
    for name in names:
        with contextlib.suppress(NoFact):
            if journal := _unended(seen, name):
                return journal
    return None


def _unended(seen: Seen, name: str) -> Journal | None:
    """The operation of a fact, unless it is over. The copy of a drill is to be removed, whoever
    serves by now. Raises NoFact.
    """
    journal: Journal | None = seen.fact(name)
    over = journal and name not in DRILLS and is_over(journal, seen.fact("active"))
    return None if over else journal


def written(seen: Seen) -> Verdict | None:
    """Whether a write is seen through the balancer before traffic comes; nobody knows a path that
    does no harm but who has made the application.
    """
    if not seen.application:
        return None
    path = seen.objectives["smoke_write"]
    if path:
        return good(f"something is posted to {path} before traffic is moved")
    return unknown(
        "traffic is moved without a write seen through the balancer",
        "declare dr_site_smoke_write: docs/disaster-recovery.md",
    )


def controller(seen: Seen) -> Verdict:
    """Whether it needs nothing else to know from where hosts are reached on that day."""
    network = seen.objectives["controller"]
    if network:
        return good(f"hosts let in {network}, from where they are reached")
    return unknown(
        "a service on the internet, which may stand in the region that is lost, is asked on that "
        "day from where hosts are reached",
        "declare image_controller: docs/disaster-recovery.md",
    )


def way_out(seen: Seen) -> Verdict | None:
    """A failover leads to the recovery site, in whose region the switch is, and nowhere else."""
    if not seen.site.is_home or not seen.site.protected or seen.objectives["switchover"]:
        return None
    return bad(
        f"no failover leaves {seen.peer.region} if it is lost: traffic is moved by an alarm there",
        FAILBACK,
    )


def operation(seen: Seen) -> Verdict:
    """None may be under way. The one that is there first is told, wherever its journal is."""
    for name in (*UNENDED, *DRILLS):
        if journal := _unended(seen, name):
            facts = journal.opened
            kind = str(facts.get("operation", "operation"))
            return bad(
                f"{kind} {journal.id} of {facts.get('operator', 'nobody known')} has not ended; it "
                f"stands at step {journal.entries[-1]['step']}",
                f"{PLAYBOOK}{playbook(journal)}",
                seen.age(str(facts["began"])) if facts.get("began") else None,
            )
    return good("all operations have ended")


def lease(seen: Seen) -> Verdict:
    """Whether no run is in flight at either site: what it has under way a failover cuts off."""
    left: list[tuple[float, str]] = []
    for name, site in (("lease", seen.scope.site), (f"{ACTIVE}lease", seen.peer.site)):
        entries: list[Entry] = seen.fact(name)
        if not entries:
            continue
        age, who = entries[-1].age, entries[-1].holder.who
        if age <= LAPSE:
            said = f"a run of {who} writes at site {site}"
            return bad(said, "let that run end, and look again", age)
        left.append((age, f"a run of {who} left that of {site} behind"))
    if not left:
        return good(f"nobody writes at site {seen.scope.site}, nor at {seen.peer.site}")
    said = " and ".join(told for _age, told in left)
    return good(f"{said}; the next one takes it", min(age for age, _told in left))


def credentials(seen: Seen) -> Verdict:
    """Whether they last for a failover, and come from no region that may be lost with it."""
    found: Mapping[str, Any] = seen.fact("credentials")
    said = f"{found['arn']} ({found['method']})"
    if found["region"] == seen.peer.region:
        why = f"its login is given out in {found['region']}, and goes with that region"
        return bad(f"{said}: {why}", "have another way in that needs no login: docs/validate.md")
    if found["renewed"] or not found["temporary"]:
        return good(f"{said}, which holds until it is taken away")
    if not found["expires"]:
        return unknown(f"{said}: of a session, and nothing tells when that ends")
    left = (found["expires"] - seen.now).total_seconds()
    if left >= seen.objectives["recovery_time_seconds"]:
        return good(f"{said}, for {lasted(left)}")
    if left <= 0:
        return bad(f"{said}: it has ended", "log in anew")
    if found["renewed"] is None:
        return unknown(f"{said}: renewed while a login holds, the next time in {lasted(left)}")
    return bad(f"{said}: ends in {lasted(left)}, before a failover may", "log in anew")


def manifest(seen: Seen) -> Verdict:
    found: Mapping[str, Any] = seen.fact("manifest")
    if not found:
        return bad(f"site {seen.scope.site} has no manifest of the environment", WRITE)
    age = seen.age(found["written"])
    if found["active"] != seen.site.active_site:
        said = f"it takes {found['active']} for the site that serves"
        return bad(f"{said}, the record names {seen.site.active_site}", WRITE, age)
    missing = [
        f"{address} of {site}"
        for side, site in (("to", seen.scope.site), ("from", seen.peer.site))
        for address in NEEDED[side]
        if not found["sites"].get(site, {}).get("known", {}).get(address)
    ]
    if missing:
        return bad(f"it does not know {', '.join(missing)}", WRITE, age)
    if stale := _stale(seen, found):
        return bad(stale, WRITE, age)
    return good("it knows what a failover needs of both sites", age)


def _stale(seen: Seen, found: Mapping[str, Any]) -> str:
    """How the image that it names is not what hosts here are launched from, "" where it is. Raises
    NoFact.
    """
    there = found["sites"][seen.scope.site]["known"].get("image/current", {}).get("id", "")
    if not seen.application or not there:
        return ""
    launched = (seen.fact("image") or {}).get("id", "")
    if not launched or there == launched:
        return ""
    return f"it takes {there} for the image of hosts, which are launched from {launched}"


def proof(seen: Seen) -> Verdict:
    """That of the newest operation which has proved the way; on what it ran counts."""
    # What is kept in a region that does not answer may be newer: what there is here counts.
    far = seen.facts.get(f"{ACTIVE}proofs")
    found = newest([*seen.fact("proofs"), *(far if isinstance(far, list) else ())])
    if not found:
        return unknown("never proven: no drill has succeeded", DRILL)
    age, days = seen.age(found["ended"]), int(seen.objectives["drill_days"])
    took, most = found["recovery_time_seconds"], seen.objectives
    said = f"proven by {found['id']}"
    if age > days * DAY:
        return bad(f"{said}; the objective is a drill in {days} days", DRILL, age)
    if took is not None and took > most["recovery_time_seconds"]:
        limit = most["recovery_time_seconds"]
        return bad(f"{said}, which took {took:.0f} s, and {limit} s is the objective", "", age)
    commit, now = found["commit"], str(seen.objectives["commit"])
    if not commit or not now:
        return unknown(f"{said}; whether on this commit is not known", "", age)
    if other := differ(commit, now):
        return unknown(f"{said}, {other}", DRILL, age)
    return good(f"{said}, on this commit", age)


def restore_test(seen: Seen) -> Verdict | None:
    """Whether a refresh of staging has restored production within the objective. No failover hangs
    on it, so it is never worse than not known; and not everybody has staging.
    """
    # What was made of a site that does not answer has a copy of its report here, if S3 was in time.
    far = seen.facts.get(f"{ACTIVE}refreshes")
    reports = [*seen.fact("refreshes"), *(far if isinstance(far, list) else ())]
    if not reports:
        return None
    found = restored.newest(reports)
    if found is None:
        return unknown("no refresh of staging has succeeded", STAGING)
    age, days = seen.age(found["ended"]), int(seen.objectives["drill_days"])
    said = f"production was restored by {found['id']}"
    if found["restore_seconds"] is not None:
        said += f" in {lasted(found['restore_seconds'])}"
    if age > days * DAY:
        return unknown(f"{said}; the objective is a restore in {days} days", STAGING, age)
    return good(said, age)


def evidence(seen: Seen) -> Verdict:
    """Whether what operations have told of themselves is what they told when they ended."""
    # Of those in a region that does not answer nothing is known, and those here count.
    far = seen.facts.get(f"{ACTIVE}reports")
    chains = [*seen.fact("reports"), *(far if isinstance(far, list) else ())]
    told = [report for reports in chains for report in reports]
    if not told:
        return good("no operation has ended yet")
    age = seen.age(max(str(report["ended"]) for report in told))
    if wrong := [sentence for reports in chains for sentence in broken(reports)]:
        return bad(f"reports are not as they were sealed: {'; '.join(wrong)}", PUT, age)
    if wrong := _of_both(seen, "forged"):
        return bad("; ".join(wrong), PUT, age)
    if wrong := _of_both(seen, "unsigned"):
        return unknown("; ".join(wrong), "", age)
    count = "1 report is" if len(told) == 1 else f"{len(told)} reports are"
    return good(f"{count} as sealed and signed, each behind the one before", age)


def _of_both(seen: Seen, name: str) -> list[str]:
    """What is told of both sites, as far as they answer."""
    found = (seen.facts.get(f"{prefix}{name}") for prefix in ("", ACTIVE))
    return [one for told in found if isinstance(told, list) for one in told]


CHECKS = (
    Check("Active site", serving),
    Check("Way out", way_out),
    Check("Operations", operation),
    Check("Lease", lease),
    Check("Credentials", credentials),
    Check("Controller", controller),
    Check("Manifest", manifest),
)
WRITTEN = Check("Write before traffic", written)
PROOF = Check("Proof", proof)
RESTORED = Check("Restore test", restore_test)
EVIDENCE = Check("Evidence", evidence)
