# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps by which a staging copy is made of production, and by which the one before is had back.

A copy is an environment of its own, closed to all sides, so that nothing which is not masked yet is
ever reached by anybody. There are two names for it by turns: while one serves the other is built.
Production is read, and nothing leads from a copy to it: of that there is no code.
"""

from __future__ import annotations

from dataclasses import replace

from ..aws.scope import Scope
from .drill import BUILD as OF_A_DRILL
from .drill import RESTORE as RESTORE_OF_A_DRILL
from .step import StepOf
from .steps import CLOSE_STEP, CONTENTS, LOCK, LOGINS, NAMES, OPEN_STEP, SCALE, SMOKE, THAW

SITE = "staging"
# By turns. Names of roles are of the whole account, so those of the two sites are apart.
SLOTS = {"home": ("a", "b"), "recovery": ("c", "d")}

CLEAR = StepOf(
    "clear",
    "Remove what is left under the name of the new copy",
    "It is the copy before the last one, or of a refresh that failed.",
    ("Delete all that carries the tag phoenix:environment={environment}.",),
    900,
    reversible=False,
    by="destroy",
)
BUILD = replace(
    OF_A_DRILL,
    title="Build the site of the copy, with nobody in it",
    why="Nobody may meet what is not masked: no host, no person, no job.",
)
RESTORE = replace(
    RESTORE_OF_A_DRILL,
    title="Restore a copy of production's database",
    why="A copy is as true as what it is made of, and shows that a backup can be restored.",
)
MARK = StepOf(
    "mark",
    "Have the database say that it is a copy",
    "What is masked must not be production, whatever address somebody gave.",
    ("comment on database <its name> is 'phoenix copy {id}';",),
    5,
    by="host mark",
)
MASK = StepOf(
    "mask",
    "Mask it",
    "Nobody's data leaves production.",
    ("docs/masking.md: module staging_mask, from a host in the network of the copy.",),
    600,
    reversible=False,
    by="mask",
    if_it_fails="The copy is removed, and staging stays as it was.",
)
PROVE = StepOf(
    "prove",
    "Prove that nobody's data is in it",
    "What was not looked for is there.",
    ("docs/masking.md: module staging_proof, from the same host.",),
    600,
    by="prove",
    if_it_fails="The copy is removed, and staging stays as it was.",
)
MIGRATE = StepOf(
    "migrate",
    "Rehearse the migrations of the release that is to come",
    "What locks a table for an hour, or fails on real data, shows here first.",
    ("On a host in {to_region}: the migration of the release, with a look at pg_locks meanwhile.",),
    120,
    by="migrate",
    if_it_fails="The copy is removed, and staging stays as it was: mend the migration.",
)
ADMIT = StepOf(
    "admit",
    "Let hosts in to the database",
    "From here on nothing is in it that is anybody's.",
    ("Let port {port} of the group of the database in from the group of the web tier.",),
    30,
    by="admit",
)
PROBES = StepOf(
    "probes",
    "See that mail ends in the sink, and that nothing leads out",
    "An application that is as in production writes to customers and charges them, if it can.",
    (
        "On a host in the network of the copy: send a mail to port 25 of the host that parameter "
        "mail_host names, and find it at port 8025. Connect to an address outside, to production's "
        "database and to its balancer: none of it must come about.",
        "See that the network of the copy has no peering, transit gateway, VPN or private zone, no "
        "route but within it and of public subnets, and no group that lets out.",
    ),
    60,
    by="host probes",
    if_it_fails="The copy is removed, and staging stays as it was. Close what is named, or see who "
    "opened it.",
)
SWAP = StepOf(
    "swap",
    "Have the name of staging lead to the copy",
    "Who uses staging knows one name. The copy before stays, and is had back by the same name.",
    ("Write the alias record of {domain} for the balancer of the copy.",),
    60,
)
BACK = StepOf(
    "back",
    "Have the name lead where it led before, where anything failed",
    "Staging stays as it was, unless the new copy is good.",
    ("Write the record again as it was.",),
    60,
    play=2,
    always=True,
)
REMOVE = StepOf(
    "remove",
    "Remove the copy, where anything failed",
    "It may hold what is not masked, and it is charged for.",
    ("Delete all that was made, the database without a last snapshot and without its backups.",),
    900,
    reversible=False,
    by="destroy",
    play=2,
    always=True,
    if_it_fails="Run the same playbook again: it goes on with what is left.",
)
REPORT = replace(
    CLOSE_STEP,
    title="Close the refresh, and report it",
    why="What it took is how long it takes to restore production.",
    by_hand=("Write down how long it took, as of when the data is, and what was found.",),
    play=2,
    always=True,
)
REFRESH = (
    OPEN_STEP,
    CLEAR,
    BUILD,
    RESTORE,
    replace(LOGINS, hosts=True),
    THAW,
    CONTENTS,
    MARK,
    MASK,
    PROVE,
    MIGRATE,
    ADMIT,
    SCALE,
    SMOKE,
    PROBES,
    LOCK,
    SWAP,
    NAMES,
    BACK,
    REMOVE,
    REPORT,
)
# The name leads to the copy before again; that stands, and nothing of it is touched.
RETURN = (
    OPEN_STEP,
    SWAP,
    replace(BACK, why="Staging stays as it was, unless the copy before serves."),
    replace(REPORT, title="Close the way back, and report it"),
)


def scopes_of(scope: Scope, mirror: str) -> list[Scope]:
    """Those of the copies of a site of production. mirror: how copies are called."""
    return [
        replace(
            scope,
            environment=f"{mirror}-{slot}",
            site=SITE,
            stands="home",
            copy_of={"environment": scope.environment, "site": scope.site},
        )
        for slot in SLOTS[scope.stands]
    ]


def names_of(mirror: str) -> set[str]:
    """What the environments of all copies may be called."""
    return {f"{mirror}-{slot}" for slots in SLOTS.values() for slot in slots}
