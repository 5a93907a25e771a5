# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole run on one page: the results of all tasks of all sites, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..converge.catalog import PASSING, TIERS

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]
COUNTED = ("create", "change", "replace", "destroy")
TIER_NAMES = tuple(tier.TIER for tier in TIERS)
# Of these there is only something to say where there is something to do.
PASSING_NAMES = tuple(tier.TIER for tier in PASSING)
SIGNS = {"create": "+", "change": "~", "replace": "!", "destroy": "-", "keep": "="}
FIELDS_SHOWN = 6
# The task that looks at all tiers, and the words of a result for what is not begun and not there.
WHOLE = "site"
DEFERRED, ABSENT = "deferred", "absent"


def as_dict(results: Results, planned: bool) -> dict[str, Any]:
    """site -> task -> result, reduced to what a reader of the file wants.

    planned: nothing was done, the actions are those that a run would do.
    """
    return {
        "planned": planned,
        "totals": totals(results),
        "sites": {
            site: {
                "failed": failed(tasks),
                "not_reached": not_reached(tasks),
                "notices": _notices(tasks),
                "actions": merged(tasks),
                "done": [name for result in tasks.values() for name in result.get("done", [])],
                "foreign": _foreign(tasks),
                "waiting": waiting(tasks),
                "resources": _last(tasks).get("known", {}),
                "errors": [e for result in tasks.values() for e in result.get("errors", [])],
            }
            for site, tasks in results.items()
        },
    }


def merged(tasks: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One action an object: a later task that changes what an earlier one made completes it."""
    found: dict[str, dict[str, Any]] = {}
    for result in tasks.values():
        for action in result.get("actions", []):
            found.setdefault(action["address"], action)
    return list(found.values())


def totals(results: Results) -> dict[str, int]:
    """How many objects are to be created, changed, replaced and destroyed in all."""
    every = [action for tasks in results.values() for action in merged(tasks)]
    return {name: sum(1 for action in every if action["action"] == name) for name in COUNTED}


def failed(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The tasks that failed."""
    return [task for task, result in tasks.items() if result.get("failed")]


def not_reached(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The tiers that nobody came to, because an earlier task had failed."""
    return [name for name in TIER_NAMES if failed(tasks) and name not in tasks]


def unpriced(results: Results) -> list[str]:
    """What is in no total of a plan because it could not be planned, a sentence for each site."""
    found = []
    for site, tasks in results.items():
        missing = [name for name in TIER_NAMES if name in (*failed(tasks), *not_reached(tasks))]
        if missing:
            names = ", ".join(missing)
            found.append(f"{site}: {names} were not planned, so the totals are too low")
    return found


def text(results: Results, planned: bool) -> str:
    """What is (or would be) done, by site and tier, then each object in a line."""
    rows: list[tuple[str, ...]] = [("site", "tier", *COUNTED, "")]
    for site, tasks in results.items():
        actions = merged(tasks)
        for tier in (*TIER_NAMES, *PASSING_NAMES):
            own = [action["action"] for action in actions if action["tier"] == tier]
            if tier in PASSING_NAMES and not own and tier not in failed(tasks):
                continue
            rows.append(
                (site, tier, *(str(own.count(name)) for name in COUNTED), _state(tasks, tier))
            )
    whole = totals(results)
    rows.append(("all", "", *(str(whole[name]) for name in COUNTED), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_title(results, planned), ""]
    lines += [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    notes = [f"note: {site}: {n}" for site, tasks in results.items() for n in _notices(tasks)]
    others = [
        f"? {site} {item}  (not ours, and left alone)"
        for site, tasks in results.items()
        for item in _foreign(tasks)
    ]
    lines += ["", *_actions(results, planned), *_legend(results), *others, *notes]
    return "\n".join(lines)


def refused(messages: Mapping[str, str]) -> str:
    """The page of a run that ended in planning, "" where no plan failed. messages: by site."""
    if not messages:
        return ""
    said = dict.fromkeys(messages.values())
    head = f"The plan failed at {' and '.join(messages)}: nothing was touched"
    return "\n\n".join((head, *said))


def _title(results: Results, planned: bool) -> str:
    sites = [site for site, tasks in results.items() if failed(tasks)]
    if not sites:
        return "Plan: nothing was changed" if planned else "Done"
    if planned:
        return f"Failed at {' and '.join(sites)}: nothing was changed"
    every = sum(totals(results).values())
    missed = sum(len(_missed(tasks)) for tasks in results.values())
    verb = "was" if missed == 1 else "were"
    return f"Failed at {' and '.join(sites)}: {missed} of {every} actions {verb} not done"


def _state(tasks: Mapping[str, Mapping[str, Any]], tier: str) -> str:
    if tier in failed(tasks):
        return "failed"
    return "not reached" if tier in not_reached(tasks) else ""


def _missed(tasks: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Addresses of what was to be done and no task did."""
    done = {name for result in tasks.values() for name in result.get("done", [])}
    acted = (action for action in merged(tasks) if action["action"] in COUNTED)
    return {action["address"] for action in acted} - done if failed(tasks) else set()


def _foreign(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What others have put on objects of ours, "address: what"."""
    return sorted({item for result in tasks.values() for item in result.get("foreign", [])})


def _notices(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    every = (notice for result in tasks.values() for notice in result.get("notices", []))
    return list(dict.fromkeys(every))


def _actions(results: Results, planned: bool) -> Iterator[str]:
    for site, tasks in results.items():
        missed = set() if planned else _missed(tasks)
        for action in merged(tasks):
            note = "  (not done)" if action["address"] in missed else ""
            yield f"{SIGNS[action['action']]} {site} {action['address']}{_fields(action)}{note}"


def _legend(results: Results) -> Iterator[str]:
    """What to do about what is kept, if anything is."""
    sites = [
        site for site, tasks in results.items() if any(a["action"] == "keep" for a in merged(tasks))
    ]
    if sites:
        yield (
            "= is no longer declared, and is charged for: it holds data, or watches what does. To "
            "remove it, lift its protection and delete it in AWS, and what watches it goes with "
            f"the next run; or take the whole site down (destroy.yml --limit {sites[0]})"
        )


def _fields(action: Mapping[str, Any]) -> str:
    parts = [
        part
        for change in action["changes"]
        for part in _differences(change["field"], change["before"], change["after"])
    ]
    if not parts:
        return ""
    shown = [f"{field}: {before!r} -> {after!r}" for field, before, after in parts[:FIELDS_SHOWN]]
    more = len(parts) - len(shown)
    return "  (" + "; ".join(shown) + (f"; {more} more" if more else "") + ")"


def _differences(field: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """What differs inside of a field that has fields itself, at any depth."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys((*before, *after)))
        inner = [(str(name), before.get(name), after.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        inner = [(str(n), *pair) for n, pair in enumerate(zip(before, after, strict=True))]
    else:
        yield field, before, after
        return
    for name, one, other in inner:
        if one != other:
            yield from _differences(f"{field}.{name}", one, other)


def _last(tasks: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The result of the last task that said what it knows."""
    said = [result for result in tasks.values() if result.get("known")]
    return said[-1] if said else {}


def built(results: Results, declared: Mapping[str, Any]) -> str:
    """What stands where, for people: address of the site, balancer, database."""
    lines = [f"{declared['environment']} in account {declared['account_id']}"]
    for site in results:
        place = declared["sites"].get(site, {})
        lines.append(
            f"  {site} stands {place.get('stands')} in {place.get('region')}, {place.get('cidr')}"
        )
        facts = _last(results[site]).get("known", {})
        for label, address, fact in SHOWN:
            value = facts.get(address, {}).get(fact)
            if value:
                shown = ", ".join(value) if isinstance(value, list) else value
                lines.append(f"    {label}: {shown}")
        database = facts.get("db_instance/main", {})
        if database.get("pending_reboot"):
            lines.append(
                "      they are in force once it has rebooted, which cuts its connections: aws rds "
                f"reboot-db-instance --region {place.get('region')} "
                f"--db-instance-identifier {database.get('id')}"
            )
        lines += [f"    {line}" for line in _unready(site, results)]
    return "\n".join(lines)


def waiting(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What was not usable when a task last looked at it, with AWS's word for its state.

    "deferred" is what is to be made or changed once that is ready. What is deferred and stays as it
    is, is ready: it was only not looked at.
    """
    found: dict[str, str] = {}
    for task, result in tasks.items():
        known = result.get("known", {})
        whole = task == WHOLE and known
        found = {} if whole else {name: s for name, s in found.items() if not known.get(name)}
        found |= result.get("waiting", {})
    done = {name for result in tasks.values() for name in result.get("done", [])}
    acts = {action["address"] for action in merged(tasks)} - done
    return {name: state for name, state in found.items() if state != DEFERRED or name in acts}


def _stands(tasks: Mapping[str, Mapping[str, Any]], address: str) -> bool:
    """Whether an object was there and ready when the tasks of its own site were through."""
    seen = any(
        address in result.get("done", ()) or result.get("known", {}).get(address)
        for result in tasks.values()
    )
    return seen and address not in waiting(tasks)


def _unready(own: str, results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """The same of a site in words, a line for each reason.

    What the other site makes is looked at from there: it may have been ready long since.
    """
    tasks = results[own]
    made: list[str] = []
    begun: list[str] = []
    others: dict[str, list[str]] = {}
    acts = {action["address"] for action in merged(tasks)}
    for name, state in waiting(tasks).items():
        site, colon, address = name.partition(":")
        if colon:
            if not _stands(results.get(site, {}), address):
                others.setdefault(site, []).append(address)
        elif state in (DEFERRED, ABSENT) and name in acts:
            begun.append(name)
        else:
            made.append(f"{name} ({state})")
    if made:
        yield f"not ready when last looked at: {', '.join(made)}"
    for site, listed in others.items():
        yield f"not ready yet, and made by the run of site {site}: {', '.join(listed)}"
    if begun:
        yield f"not begun, because it needs what is not ready: {', '.join(begun)}"


SHOWN = (
    ("balancer", "load_balancer/main", "dns_name"),
    ("database", "db_instance/main", "endpoint"),
    ("parameters that wait for a reboot of the database", "db_instance/main", "pending_reboot"),
    ("web tier", "autoscaling_group/web", "name"),
    ("name servers", "hosted_zone/main", "name_servers"),
)
