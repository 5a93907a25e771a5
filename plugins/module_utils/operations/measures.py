# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation took, what was lost by it, and what it leaves to people, by its journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..reports.words import lasted
from .journal import BEGUN, CLOSED, DONE, FAILED, OPENED, Entry, Journal
from .planned import ABANDON
from .procedures import MOVES
from .step import CLOSE, OPEN

# The step with which visitors are served again; in a drill nobody is, but could be.
SERVED = {"drill": "smoke"}
MOVED = "names"
# Of a month of 730 hours, for which prices are told.
DAYS = 30.4
# Data that is older than its backups ought to be: AWS takes one a day.
OLD = 2 * 86400
Loss = dict[str, Any]


def measured(journal: Journal) -> dict[str, Any]:
    """As reports/evidence.py describes it."""
    kind = str(journal.opened["operation"])
    served = last(journal, SERVED.get(kind, MOVED), DONE)
    recovery = between(journal.entries[0], served) if kind in TARGETS["recovery"] else None
    if kind in SERVED and _cut_off(journal, served):
        # Nobody was served meanwhile, or waited: how long it lay says nothing.
        recovery = None
    return {
        "recovery_time_seconds": recovery,
        "write_outage_seconds": between(first(journal, "freeze", BEGUN), served),
        "loss": LOSSES[kind](journal),
        **({"copy": _made(journal)} if kind == "refresh" else {}),
    }


def _cut_off(journal: Journal, until: Entry | None) -> bool:
    """Whether an operation was gone on with before this entry."""
    earlier = journal.entries[: until["number"] if until else None]
    return any(entry["facts"].get("again") for entry in earlier)


def _made(journal: Journal) -> dict[str, Any]:
    """What a refresh has made, as reports/evidence.py describes it."""
    contents, told = journal.done("contents"), _told(journal)
    tables = (contents or {}).get("tables", {})
    # The database is ordered as its site is begun to be built.
    began = {"restore": "build", "mask": "mask", "prove": "prove", "swap": OPEN}
    ends = {"restore": "contents", "mask": "mask", "prove": "prove", "swap": "swap"}
    return {
        "as_of": str(told.get("as_of") or ""),
        "rows": sum(table["rows"] for table in tables.values()) if contents else None,
        "tables": len(tables) if contents else None,
        "seconds": {name: _took(journal, began[name], end) for name, end in ends.items()},
        "until": _until(journal),
        "usd_per_day": _per_day(told.get("cost")),
    }


def _took(journal: Journal, begin: str, end: str) -> float | None:
    """Seconds from where the one step was begun to where the other was done. None where it was cut
    off in between: how long it lay until somebody went on with it says nothing.
    """
    begun = first(journal, begin, OPENED if begin == OPEN else BEGUN)
    done = last(journal, end, DONE)
    if begun is None or done is None:
        return None
    meanwhile = journal.entries[begun["number"] + 1 : done["number"]]
    return None if any(e["facts"].get("again") for e in meanwhile) else between(begun, done)


def _until(journal: Journal) -> str:
    """Until when a copy that is good stays, unless another takes its place."""
    closed, days = last(journal, CLOSE, CLOSED), _told(journal).get("ttl_days")
    if closed is None or closing(journal).get("failed") or days is None:
        return ""
    until = datetime.fromisoformat(closed["at"]) + timedelta(days=int(days))
    return until.isoformat(timespec="seconds")


def _per_day(cost: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Of what is told as the cost of a month, see module declaration."""
    if not cost:
        return None
    least, most = (round(float(cost[name]) / DAYS, 2) for name in ("monthly", "monthly_most"))
    told = {name: cost[name] for name in ("unknown", "prices_from")}
    return {"least": least, "most": most, **told}


def targets(journal: Journal, declared: Mapping[str, float]) -> dict[str, float]:
    """Those of the declared targets that an operation is to meet."""
    kind = str(journal.opened["operation"])
    names = {"recovery_time_seconds": "recovery", "recovery_point_seconds": "loss"}
    return {n: v for n, v in declared.items() if kind in TARGETS[names[n]]}


def closing(journal: Journal) -> Mapping[str, Any]:
    """What the last entry has told; {} while it has not ended, or where another has taken over."""
    closed = last(journal, CLOSE, CLOSED) or last(journal, ABANDON.name, CLOSED)
    told: Mapping[str, Any] = closed["facts"] if closed else {}
    return told


def findings(journal: Journal) -> list[str]:
    """What a person has to look at."""
    found = [
        *_fence(journal),
        *_rows(journal),
        *_frozen(journal),
        *_hosts(journal),
        *_image(journal),
        *_parameters(journal),
        *_orphans(journal),
    ]
    found += [*_smoke(journal), *_rehearsed(journal), *_copied(journal)]
    if last(journal, CLOSE, CLOSED) and journal.opened["operation"] in ALONE:
        found.append(
            f"Nothing stands by: {journal.opened['from']} is to be made a replica of "
            f"{journal.opened['to']}."
        )
    return found


def last(journal: Journal, step: str, state: str) -> Entry | None:
    found = [e for e in journal.entries if e["step"] == step and e["state"] == state]
    return found[-1] if found else None


def first(journal: Journal, step: str, state: str) -> Entry | None:
    found = [e for e in journal.entries if e["step"] == step and e["state"] == state]
    return found[0] if found else None


def between(begin: Entry | None, end: Entry | None) -> float | None:
    """Seconds."""
    if begin is None or end is None:
        return None
    began, ended = (datetime.fromisoformat(entry["at"]) for entry in (begin, end))
    return round((ended - began).total_seconds(), 3)


def _fence(journal: Journal) -> list[str]:
    found, fence = [], journal.done("fence") or {}
    if fence and not fence.get("fenced"):
        found.append(
            f"The database of {journal.opened['from']} could not be fenced. What it took after "
            "the promotion is missing in the new one, and is there still."
        )
    intake, copy = journal.done("intake") or {}, _copy(journal)
    if copy:
        found.append(
            f"The database was restored from {copy['from']}: it has nothing of what was written "
            f"after {copy['at']}."
        )
    elif (
        intake
        and not intake.get("beat")
        and "stopped" not in intake
        and journal.opened["operation"] == "failover"
    ):
        found.append("No heartbeat was found in the database, so what was lost is not known.")
    return found


def _rows(journal: Journal) -> list[str]:
    """How many rows were missing when somebody decided, and when they will be counted."""
    expected = (journal.done("decide") or {}).get("expected", {})
    rows, most = expected.get("rows"), expected.get("rows_at_most")
    if rows is None:
        return []
    old = journal.opened["from"]
    up_to = "" if most is None else f", and {most} at the most"
    return [
        f"{rows} rows were missing when it was decided{up_to}. Once {old} is back, dr_reprotect "
        "counts by table what was lost, and keeps it."
    ]


def _loose(journal: Journal) -> list[str]:
    """Who could write to a database that was frozen."""
    freeze = journal.done("freeze") or {}
    if freeze and not freeze.get("strict", True):
        return ["whoever logged in"]
    return [str(user) for user in freeze.get("others", ())]


def _frozen(journal: Journal) -> list[str]:
    """Who could write, and what was not seen to be the same in both databases."""
    found, old = [], journal.opened["from"]
    if loose := _loose(journal):
        found.append(
            f"The database of {old} took writes of {', '.join(loose)} while it was moved: what it "
            "took after it was compared is missing in the new one, and is there still."
        )
    if left := (journal.done("caught") or {}).get("not_compared"):
        tables = ", ".join(f"{name} ({why})" for name, why in sorted(left.items()))
        found.append(f"Tables that were not compared, and are as the replica has them: {tables}.")
    return found


def _hosts(journal: Journal) -> list[str]:
    scaled = journal.done("scale") or {}
    asked, found = scaled.get("asked", 0), scaled.get("in_service", 0)
    if found >= asked:
        return []
    return [
        f"Traffic was moved to {found} hosts, and {asked} were asked for, for so many ran at "
        f"{journal.opened['from']}. aws autoscaling describe-scaling-activities tells why there "
        "are no more."
    ]


def _image(journal: Journal) -> list[str]:
    """That hosts are not of the image which the last release or run has told."""
    image = journal.opened.get("image") or {}
    id, named = image.get("id"), image.get("named")
    if not id or not named or id == named:
        return []
    release = f" of release {image['release']}" if image.get("release") else ""
    return [
        f"Hosts at {journal.opened['to']} are launched from {id}{release}, and the manifest names "
        f"{named}: see which release they are to run, and roll it out."
    ]


def _parameters(journal: Journal) -> list[str]:
    """That the database does not do yet what is declared of it, for nobody restarts it unasked."""
    site = journal.opened["to"]
    if journal.opened["operation"] not in MOVES:
        return []
    return [
        f"The database of {site} obeys parameter group {name} from its next restart on: restart it "
        "in a quiet hour, aws rds reboot-db-instance."
        for name in closing(journal).get("pending_reboot", ())
    ]


def _smoke(journal: Journal) -> list[str]:
    """That nothing was written through the balancer, which only somebody's declaration allows."""
    smoke = journal.done("smoke")
    if smoke is None or smoke.get("write"):
        return []
    return [
        "Nothing was written through the balancer, for no dr_site_smoke_write is declared: see "
        "that visitors can write."
    ]


def _orphans(journal: Journal) -> list[str]:
    found, orphans = [], journal.done("orphans") or {}
    taken = (journal.done("snapshot") or {}).get("snapshot")
    if orphans.get("total"):
        by = journal.opened.get("moved_by")
        found.append(
            f"{journal.opened['from']} had {orphans['total']} rows that {journal.opened['to']} "
            f"never had{f': what was lost by {by}' if by else ''}. They are in the files beside "
            f"this report, in the folder {journal.id}: decide what becomes of them."
        )
    if orphans and orphans["total"] is None:
        found.append(
            f"What {journal.opened['from']} had that {journal.opened['to']} never had was not "
            f"counted: {orphans['said']}."
        )
    if orphans.get("in_doubt"):
        names = ", ".join(sorted(orphans["in_doubt"]))
        found.append(f"Whether rows of {names} are missing is not known; the snapshot tells.")
    if taken:
        found.append(f"Snapshot {taken} stays, and is charged for, until somebody deletes it.")
    return found


def _rehearsed(journal: Journal) -> list[str]:
    """What a drill has found: that it failed, and what became of production meanwhile."""
    word = "Not done" if journal.opened["operation"] in OF_STAGING else "Not rehearsed"
    found = [f"{word}: {', '.join(undone)}." for undone in _undone(journal)]
    ended = last(journal, CLOSE, FAILED)
    if found and ended and ended["facts"].get("said"):
        found.append(f"It failed by this: {ended['facts']['said']}")
    before, after = _told(journal).get("owned"), (journal.done("clean") or {}).get("owned")
    if before is None or after is None:
        return found
    # Of a region that did not answer once nothing is known.
    both = before.keys() & after.keys()
    then, now = ({arn for region in both for arn in owned[region]} for owned in (before, after))
    what = journal.opened["from"]
    found += [f"While {what} was rehearsed it lost {arn}." for arn in sorted(then - now)]
    return found + [f"While {what} was rehearsed {arn} was made." for arn in sorted(now - then)]


def _copied(journal: Journal) -> list[str]:
    """What a refresh has found, and left."""
    if journal.opened["operation"] != "refresh":
        return []
    found, proved = [], journal.done("prove")
    age = _age(journal)["seconds"]
    if age is not None and age > OLD:
        found.append(
            f"The newest row of the copy was {lasted(age)} old: so much would be lost by a "
            "restore, unless an older copy was asked for. See that backups are taken."
        )
    if proved is not None and not proved.get("looked_for"):
        found.append(
            "For how many values the proof has looked is not told: nothing was to be masked, or a "
            "run was cut off once it was proved."
        )
    kept = (journal.done("remove") or {}).get("kept")
    # Keys and secrets wait for their end, as AWS has it, and a record may be the proof of others as
    # well. Of a copy that is good its name is told.
    left = [] if isinstance(kept, str) else list(kept or ())
    left = [one for one in left if not one.startswith(("dns_record/", "kms_key/", "secret/"))]
    if left:
        found.append(f"Still there of the copy, and charged for: {', '.join(left)}.")
    return found


def _undone(journal: Journal) -> list[list[str]]:
    failed = closing(journal).get("failed")
    return [list(failed)] if failed else []


def _told(journal: Journal) -> Mapping[str, Any]:
    """What a drill was told as it was opened."""
    told: Mapping[str, Any] = journal.opened.get("told") or {}
    return told


def _copy(journal: Journal) -> dict[str, str]:
    """Of what the database was restored, and as of when; {} where a replica was promoted."""
    return dict((journal.done("promote") or {}).get("copy") or {})


def _expected(journal: Journal) -> Loss:
    """What is known of it before the lost region is back: it is expected, and not counted.

    seconds: from the newest beat that the new primary has to the newest that was heard of, as it
    was decided or when it was closed: some are heard of late. Of one that was restored, from the
    time of its copy.
    """
    copy = _copy(journal)
    expected = (journal.done("decide") or {}).get("expected", {})
    figures = (expected.get("figures", {}), closing(journal).get("figures", {}))
    written = [told["WrittenAt"] for told in figures if "WrittenAt" in told]
    # What was replicated after the first of them was told, it has as well.
    beats = [(journal.done(step) or {}).get("beat") or {} for step in ("intake", "contents")]
    at = max((beat["at"] for beat in beats if "at" in beat), default=None)
    if copy:
        at = datetime.fromisoformat(copy["at"]).timestamp()
    if not written or at is None:
        return {"seconds": None, "rows": {}, "how": "unknown"}
    seconds = round(max(0.0, max(written) - at), 1)
    return {"seconds": seconds, "rows": {}, "how": "expected"}


def _none(journal: Journal) -> Loss:
    """Nothing, once the replica was seen to be equal, if nobody could write any more."""
    proven = journal.done("caught") is not None and not _loose(journal)
    return {"seconds": None, "rows": {}, "how": "none" if proven else "unknown"}


def _kept(_journal: Journal) -> Loss:
    """Nothing, for the site that serves on has been the only one all the time."""
    return {"seconds": None, "rows": {}, "how": "none"}


def _counted(journal: Journal) -> Loss:
    """What the old primary had and the new one never did."""
    orphans = journal.done("orphans")
    if orphans is None or orphans["total"] is None:
        return {"seconds": None, "rows": {}, "how": "unknown"}
    rows = {name: count for name, count in orphans["tables"].items() if count}
    return {"seconds": None, "rows": rows, "how": "counted" if rows else "none"}


def _age(journal: Journal) -> Loss:
    """How much older the data of a copy was than the order for it: as much as would be lost."""
    beat = ((journal.done("contents") or {}).get("beat") or {}).get("at")
    told = _told(journal).get("as_of")
    at = beat or (datetime.fromisoformat(told).timestamp() if told else None)
    if at is None:
        return {"seconds": None, "rows": {}, "how": "unknown"}
    ordered = datetime.fromisoformat(_ordered(journal)["at"]).timestamp()
    return {"seconds": round(max(0.0, ordered - at), 1), "rows": {}, "how": "expected"}


def _ordered(journal: Journal) -> Entry:
    """The entry by which the copy was chosen. A snapshot is before the drill is opened, and of a
    backup AWS takes the latest moment as it is asked to restore it, which the building does.
    """
    restore = _told(journal).get("declares", {}).get("restore", {})
    built = first(journal, "build", DONE) if "time" in restore else None
    return built or journal.entries[0]


LOSSES: Mapping[str, Callable[[Journal], Loss]] = {
    "failover": _expected,
    "switchover": _none,
    "reprotect": _counted,
    "rollback": _kept,
    "drill": _age,
    "refresh": _age,
    "return": _kept,
}
OF_STAGING = frozenset({"refresh", "return"})
# After which nothing stands by.
ALONE = frozenset({"failover", "switchover", "rollback"})
# What the declared targets are asked of.
TARGETS = {
    "recovery": frozenset({"failover", "drill"}),
    "loss": frozenset({"failover", "switchover"}),
}
