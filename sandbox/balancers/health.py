# SPDX-License-Identifier: GPL-3.0-or-later
"""From what HAProxy says of its servers to what AWS says of targets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.balancers.wanted import Group, Target

State = tuple[str, ...]
HEALTHY: State = ("healthy",)
REGISTERING: State = (
    "initial",
    "Elb.RegistrationInProgress",
    "Target registration is in progress",
)
CHECKING: State = (
    "initial",
    "Elb.InitialHealthChecking",
    "Initial health checks in progress",
)
DRAINING: State = (
    "draining",
    "Target.DeregistrationInProgress",
    "Target deregistration is in progress",
)
OUTSIDE: State = (
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
_TIMEOUT: State = ("unhealthy", "Target.Timeout", "Request timed out")
_FAILED: State = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
_MISMATCH = "Target.ResponseCodeMismatch"
# The worse, the more it counts where nodes do not agree.
_ORDER = ("healthy", "unused", "initial", "unhealthy")
_STATES_VERSION = "1"
_STATES_HEADER = (
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
    "srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health "
    "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord "
    "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port"
)
_BACKEND, _SERVER, _CHECK_PORT, _CHECK_ADDRESS = 1, 3, 21, 22  # columns


@dataclass(frozen=True, slots=True)
class Observation:
    """What a node says of a target: whether it sends requests there, and its last check."""

    up: bool
    check: str
    code: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be told of a target; `failing` is when its first check failed, if it did."""

    state: State
    failing: float | None = None


def observations(table: str) -> dict[tuple[str, str], Observation]:
    """By names of backend and server, from the answer to `show stat`."""
    lines = table.strip().removeprefix("# ").splitlines()
    return {
        (row["pxname"], row["svname"]): Observation(
            row["status"].startswith("UP"), row["check_status"].lstrip("* "), row["check_code"]
        )
        for row in csv.DictReader(lines)
        if row["type"] == "2" and row["check_status"]
    }


def judge(before: Judgement | None, seen: Observation, now: float, patience: float) -> Judgement:
    """What is told of a target by now.

    A new one is `initial` until a check passes, or until checks have failed for `patience` seconds.
    """
    if seen.up:
        return Judgement(HEALTHY)
    if seen.check in ("", "INI", "UNK"):
        return before or Judgement(REGISTERING)
    if before is not None and before.state[0] in ("healthy", "unhealthy"):
        good = seen.check in ("L7OK", "L7OKC", "L6OK", "L4OK")
        return before if good and before.state[0] == "unhealthy" else Judgement(_reason(seen))
    since = now if before is None or before.failing is None else before.failing
    return Judgement(_reason(seen) if now - since >= patience else CHECKING, since)


def _reason(seen: Observation) -> State:
    if seen.check == "L7STS":
        return ("unhealthy", _MISMATCH, f"Health checks failed with these codes: [{seen.code}]")
    return _TIMEOUT if seen.check.endswith("TOUT") else _FAILED


def worst(states: Iterable[State]) -> State | None:
    """What all nodes together say of a target: it is healthy if it is so for each of them."""
    return max(states, key=lambda state: _ORDER.index(state[0]), default=None)


def states(table: str, wanted: Mapping[str, tuple[Group, Iterable[Target]]]) -> str:
    """What a new process is to know of its servers: the answer to `show servers state` anew.

    table: what the process before it answered, "" if there was none. wanted: groups and targets by
    names of backends. A target that it did not know gets no requests before a check has passed.
    """
    known = {}
    for line in table.splitlines():
        words = line.split()
        if len(words) > _CHECK_ADDRESS and not line.startswith("#"):
            # Where it is checked is for the settings to say, not for the process before.
            words[_CHECK_PORT], words[_CHECK_ADDRESS] = "0", "-"
            known[words[_BACKEND], words[_SERVER]] = " ".join(words)
    lines = [_STATES_VERSION, _STATES_HEADER]
    for backend, (group, targets) in wanted.items():
        for target in targets:
            fresh = (
                f"1 {backend} 1 {target.server} {target.address} 0 0 1 1 0 1 0 "
                f"{group.check.healthy - 1} 6 0 0 0 - {target.port} - 0 0 - - 0"
            )
            lines.append(known.get((backend, target.server), fresh))
    return "\n".join(lines) + "\n"
