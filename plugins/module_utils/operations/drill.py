# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of a drill, as steps.py has those of a failover: from the promotion to the proof that
the site serves, in a copy of the site that stands by. Nothing of what it rehearses is touched, so
nothing is fenced and no traffic moves; and nothing of the copy stays.
"""

from __future__ import annotations

from dataclasses import replace

from ..aws.scope import Scope
from .step import StepOf
from .steps import (
    CLOSE_STEP,
    CONTENTS,
    LOCK,
    LOGINS,
    OPEN_STEP,
    PROOF,
    SCALE,
    SEQUENCES,
    SMOKE,
    THAW,
)

SITE = "drill"
BUILD = StepOf(
    "build",
    "Build a copy of the site, with nobody in it",
    "What is rehearsed in the site itself could break what it is there for.",
    (
        "In {to_region}: a network of its own from which nothing gets out, with the subnets, "
        "groups and the balancer that {from} has, under other names.",
    ),
    60,
    by="build begin",
)
RESTORE = StepOf(
    "restore",
    "Restore the newest copy of the database",
    "A backup that was never restored is a hope.",
    (
        "$ aws rds restore-db-instance-from-db-snapshot --region {to_region} "
        "--db-snapshot-identifier <the newest of the database of {from}> "
        "--db-instance-identifier {environment}-{to}-database "
        "--db-subnet-group-name {environment}-{to}-database "
        "--db-parameter-group-name {environment}-{to}-database "
        "--vpc-security-group-ids <that of its database> --no-publicly-accessible",
        "Give its master user a new password.",
    ),
    1200,
    by="build wait",
)
EMPTY = StepOf(
    "remove",
    "Remove the copy",
    "It holds the data of production, and is charged for.",
    ("Delete all that was made, the database without a last snapshot and without its backups.",),
    900,
    reversible=False,
    by="destroy",
    play=2,
    always=True,
    if_it_fails="Run the same playbook again: it goes on with what is left.",
)
CLEAN = StepOf(
    "clean",
    "See that nothing is left, and that production is as it was",
    "What a drill leaves, nobody looks for, and everybody pays for.",
    (
        "$ aws resourcegroupstaggingapi get-resources --region {to_region} --tag-filters "
        "Key=phoenix:environment,Values={environment}",
        "The same with the environment that was rehearsed tells what it told before.",
    ),
    30,
    by="look",
    play=2,
    always=True,
)
REPORT = replace(
    CLOSE_STEP,
    title="Close the drill, and report it",
    why="What it took, and what it has shown, is kept.",
    by_hand=("Write down how long it took until the copy served, and what has to be mended.",),
    play=2,
    always=True,
)
DRILL = (
    OPEN_STEP,
    BUILD,
    RESTORE,
    replace(LOGINS, hosts=True),
    THAW,
    PROOF,
    CONTENTS,
    SEQUENCES,
    SCALE,
    SMOKE,
    LOCK,
    EMPTY,
    CLEAN,
    REPORT,
)


def scope_of(scope: Scope) -> Scope:
    """That of the copy of a site."""
    return replace(
        scope,
        environment=f"{scope.environment}-{SITE}",
        site=SITE,
        stands="home",
        copy_of={"environment": scope.environment, "site": scope.site},
    )
