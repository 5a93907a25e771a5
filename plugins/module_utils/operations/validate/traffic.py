# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the way by which traffic moves: the pair of records, and their switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.scope import Scope
from .declared import SWITCH, compared
from .verdict import BUILD, COMMAND, Check, Seen, Verdict, bad, good

RECORD, CHECK = "dns_record/site", "health_check/switch"
ALARM = "ALARM"


def records(seen: Seen) -> Verdict:
    """Both are there before anything happens: writes to Route 53 hang on one region."""
    found = compared(seen, (RECORD, f"active:{RECORD}"), "both records of the pair are there")
    if found.state != "pass":
        return found
    roles = {
        str(have.spec.get("failover"))
        for name in (RECORD, f"active:{RECORD}")
        if (have := seen.have(name))
    }
    if roles != {"PRIMARY", "SECONDARY"}:
        return bad(f"the records are {' and '.join(sorted(roles))}", BUILD)
    return found


def check(seen: Seen) -> Verdict:
    """The one that the record of home obeys, wherever home is."""
    address = CHECK if seen.site.is_home else f"active:{CHECK}"
    said = "the record of home follows the switch, and stays as it is where nothing is told"
    return compared(seen, (address,), said)


def switch(seen: Seen) -> Verdict:
    """Where home serves it is off, and where the recovery site does it is on."""
    name = recovery(seen).name("switch")
    alarm: Mapping[str, Any] | None = seen.fact("switch")
    if not alarm:
        return bad(f"there is no alarm {name}, by which traffic would be moved", BUILD)
    if not seen.site.is_home:
        found = compared(seen, (SWITCH,), "")
        if found.state != "pass":
            return found
    age, state = seen.age(alarm["StateUpdatedTimestamp"]), str(alarm["StateValue"])
    home_serves = not seen.site.is_home
    if (state == ALARM) == home_serves:
        value = 0 if home_serves else 1
        return bad(
            f"alarm {name} is {state}, and site {seen.site.active_site} serves",
            f"{COMMAND}aws cloudwatch put-metric-data --region {recovery(seen).region} "
            f"--namespace Phoenix/Failover --metric-name HomeDisabled "
            f"--dimensions environment={seen.scope.environment} --value {value}",
            age,
        )
    return good(f"alarm {name} is {state}, so traffic goes to {seen.site.active_site}", age)


def recovery(seen: Seen) -> Scope:
    """The site that has the switch."""
    return seen.peer if seen.site.is_home else seen.scope


CHECKS = (
    Check("Records", records),
    Check("Health check", check),
    Check("Switch", switch),
)
