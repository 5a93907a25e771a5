# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole run on one page: the results of all tasks of all sites, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]
COUNTED = ("create", "change", "replace", "destroy")
SIGNS = {"create": "+", "change": "~", "replace": "!", "destroy": "-", "keep": "="}
FIELDS_SHOWN = 6


def as_dict(results: Results, planned: bool) -> dict[str, Any]:
    """site -> task -> result, reduced to what a reader of the file wants.

    planned: nothing was done, the actions are those that a run would do.
    """
    return {
        "planned": planned,
        "totals": totals(results),
        "sites": {
            site: {
                "actions": merged(tasks),
                "done": [name for result in tasks.values() for name in result.get("done", [])],
                "foreign": sorted(
                    {n for result in tasks.values() for n in result.get("foreign", [])}
                ),
                "waiting": _last(tasks).get("waiting", {}),
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


def text(results: Results, planned: bool) -> str:
    """What is (or would be) done, by site and tier, then each object in a line."""
    title = "Plan: nothing was changed" if planned else "Done"
    rows: list[tuple[str, ...]] = [("site", "tier", *COUNTED)]
    for site, tasks in results.items():
        actions = merged(tasks)
        for tier in (task for task in tasks if task != "site"):
            own = [action["action"] for action in actions if action["tier"] == tier]
            rows.append((site, tier, *(str(own.count(name)) for name in COUNTED)))
    whole = totals(results)
    rows.append(("all", "", *(str(whole[name]) for name in COUNTED)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [title, ""]
    lines += [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines += ["", *_actions(results), *_legend(results)]
    return "\n".join(lines)


def _actions(results: Results) -> Iterator[str]:
    for site, tasks in results.items():
        for action in merged(tasks):
            yield f"{SIGNS[action['action']]} {site} {action['address']}{_fields(action)}"


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
        for name, state in _last(results[site]).get("waiting", {}).items():
            lines.append(f"    still {state}: {name}")
    return "\n".join(lines)


SHOWN = (
    ("balancer", "load_balancer/main", "dns_name"),
    ("database", "db_instance/main", "endpoint"),
    ("parameters that wait for a reboot of the database", "db_instance/main", "pending_reboot"),
    ("web tier", "autoscaling_group/web", "name"),
    ("name servers", "hosted_zone/main", "name_servers"),
)
