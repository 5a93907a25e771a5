# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of parts of the site by comparing them with the declaration."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...engine.model import Change
from .verdict import ACTIVE, BUILD, Check, NoFact, Seen, Verdict, bad, good

MOST = 3  # differences that are told of one part
LONGEST = 80  # characters of a value that is told
# Row -> the kinds that it is about.
PARTS = {
    "Web tier": ("autoscaling_group", "launch_template", "scaling_policy", "scaling_processes"),
    "Roles": ("iam_role", "instance_profile"),
    "Parameters": ("ssm_parameter",),
    "Balancer": ("listener", "load_balancer", "target_group"),
    "Alarms": ("alarm", "sns_subscription", "sns_topic"),
}
# Those that have rows of their own, which say more.
ELSEWHERE = (
    "certificate",
    "certificate_validation",
    "db_backup_replication",
    "db_instance",
    "dns_record",
    "health_check",
    "kms_key",
)
SWITCH = "alarm/switch"


def told(change: Change) -> str:
    """A difference in words."""
    before, after = change.before, change.after
    short = (str, int, float, type(None))
    if all(isinstance(value, short) and len(str(value)) <= LONGEST for value in (before, after)):
        found = "nothing" if before in (None, "") else before
        return f"{change.dotted} is {found}, not {after}"
    return f"{change.dotted} differs"


def compared(seen: Seen, addresses: Iterable[str], whole: str) -> Verdict:
    """Whether all of these are there, usable and as declared. whole: what is said where they are.

    Raises NoFact where nothing is wrong with those that were read, and others were not.
    """
    wrong, unread = [], None
    for address in addresses:
        try:
            have = seen.have(address)
            if have is None:
                wrong.append(f"{address} is missing")
            elif not have.settled:
                wrong.append(f"{address} is {have.status or 'not usable yet'}")
            else:
                wrong += [f"{address}: {told(change)}" for change in seen.changes(address)]
        except NoFact as error:
            unread = unread or error
    if wrong:
        more = f", and {len(wrong) - MOST} more" if len(wrong) > MOST else ""
        return bad("; ".join(wrong[:MOST]) + more, BUILD)
    if unread:
        raise unread
    return good(whole)


def part(what: str, kinds: Collection[str]) -> Check:
    """The row of one part of the site."""

    def judge(seen: Seen) -> Verdict:
        return compared(seen, _of(seen, kinds), "as declared")

    return Check(what, judge)


def rest(seen: Seen) -> Verdict:
    """What no other row is about, so that nothing that is declared is left out."""
    others = {kind for kinds in PARTS.values() for kind in kinds}.union(ELSEWHERE)
    kinds = {want.kind for want in seen.wants.values()} - others
    return compared(seen, _of(seen, kinds), "as declared: network, buckets and groups")


def _of(seen: Seen, kinds: Collection[str]) -> list[str]:
    return [
        name
        for name, want in seen.wants.items()
        if want.kind in kinds and not want.given and name != SWITCH and not name.startswith(ACTIVE)
    ]


CHECKS = tuple(part(what, kinds) for what, kinds in PARTS.items())
REST = Check("Everything else", rest)
