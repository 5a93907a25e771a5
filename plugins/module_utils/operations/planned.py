# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of operations for which both regions are there, as steps.py has those of a failover."""

from __future__ import annotations

from dataclasses import replace

from .step import StepOf
from .steps import (
    CLOSE_STEP,
    GRADE,
    INTAKE,
    MASTER,
    NAMES,
    OPEN_STEP,
    PROMOTE,
    PROOF,
    RECORD,
    SCALE,
    SECRETS,
    SMOKE,
    SWITCH,
    THAW,
)

AGREE = StepOf(
    "decide",
    "See what it costs, and decide",
    "Nobody writes from the freeze until visitors are served at the other site.",
    ("Choose a quiet hour, and tell everybody. Decide.",),
    60,
    by="person",
)
HOLD = StepOf(
    "hold",
    "Keep every other playbook away",
    "What one of them would build meanwhile could undo the move.",
    (
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <the record, of {from}, moving>",
        "The same in {from_region}, for {from}. Of what the record is made, step record tells.",
    ),
    5,
    hosts=True,
)
FREEZE = StepOf(
    "freeze",
    "Let nobody write any more",
    "What is written after the last look at the replica would be lost; reading goes on.",
    (
        "On a host in {from_region}: revoke the roles that write from the users of the logins "
        "application and migration, grant them the reader's, end their sessions, commit a row, and "
        "note pg_current_wal_lsn().",
    ),
    10,
    by="host freeze",
    at="from",
)
CAUGHT = StepOf(
    "caught",
    "See the last row on the replica, and that both are equal",
    "That the lag is none is a claim; a row that was written last, and is there, is a proof.",
    (
        "On a host in {to_region}: wait until the replica has replayed that place in the log, and "
        "compare the number of rows of each table with that in {from_region}.",
    ),
    20,
    by="host caught_up",
    if_it_fails="Nothing was promoted. Give the users in {from_region} their roles back.",
)
RETIRE = StepOf(
    "retire",
    "Send the old hosts away, and let nobody in to the old database",
    "It is not the primary any more, and nobody may take it for one.",
    (
        "$ aws autoscaling update-auto-scaling-group --region {from_region} "
        "--auto-scaling-group-name {environment}-{from}-web --min-size 0 --max-size 0 "
        "--desired-capacity 0",
        "Revoke what the security groups of {environment}-{from}-database let in, all that aws rds "
        "describe-db-instances --region {from_region} names, and reboot it.",
    ),
    90,
)
EITHER_WAY = replace(
    SWITCH,
    by_hand=(
        "To the recovery site:",
        *SWITCH.by_hand,
        "Home again, the alarm being that of the recovery site still:",
        "$ aws cloudwatch put-metric-data --region {from_region} --namespace Phoenix/Failover "
        "--metric-name HomeDisabled --dimensions environment={environment} --value 0",
        "Wait until alarm {environment}-{from}-switch is OK.",
    ),
)
TELL = StepOf(
    "tell",
    "Have both sites know that visitors may be sent over",
    "Before that the old one can serve on where the other region is lost: nobody writes there.",
    (
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <the record, of {to}, moving>",
        "The same in {from_region}, for {from}.",
    ),
    5,
)
EVERYWHERE = replace(
    RECORD,
    by_hand=(*RECORD.by_hand, "The same record in {from_region}, for {from}."),
)
ABANDON = StepOf(
    "abandon",
    "Give the operation up, and let the old site serve",
    "As long as nothing was promoted, it can be as before.",
    (
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <the record of before>",
        "Where writing was frozen, give the users in {from_region} their roles back. Then run "
        "playbook site.",
    ),
    5,
)
SNAPSHOT = StepOf(
    "snapshot",
    "Take a snapshot of the old database",
    "It may have writes that are nowhere else, and it is deleted later.",
    (
        "$ aws rds create-db-snapshot --region {from_region} --db-instance-identifier "
        "{environment}-{from}-database --db-snapshot-identifier "
        "{environment}-{from}-database-<the day>",
        "Wait until it is available.",
    ),
    600,
    hosts=True,
)
ORPHANS = StepOf(
    "orphans",
    "Count and keep what never reached the new primary",
    "Those who wrote it were told that it was kept: somebody has to decide about it.",
    (
        "On a host in {from_region}: of each table, the rows whose xmin is not visible in the "
        "snapshot that the failover has recorded; copy them into a file.",
    ),
    60,
    by="host orphans",
    at="from",
)
GIVE_UP = StepOf(
    "decide",
    "See what the old database has, and decide that it goes",
    "It cannot become a replica; one takes its place, and the old data is in its snapshot only.",
    ("Look at what was counted. Decide.",),
    60,
    by="person",
)
REMOVE = StepOf(
    "remove",
    "Delete the old database",
    "A replica of the new primary takes its name and its place.",
    (
        "$ aws rds modify-db-instance --region {from_region} --apply-immediately "
        "--no-deletion-protection --db-instance-identifier {environment}-{from}-database",
        "$ aws rds delete-db-instance --region {from_region} --skip-final-snapshot "
        "--no-delete-automated-backups --db-instance-identifier {environment}-{from}-database",
    ),
    600,
    reversible=False,
    if_it_fails="The snapshot is there; what keeps the instance, its events tell.",
)
COPIES = StepOf(
    "copies",
    "Let the logins be copied there again",
    "The old region has the logins of before, with which nobody gets in any more.",
    (
        "$ aws secretsmanager replicate-secret-to-regions --region {to_region} --secret-id "
        "{environment}/{home}/application --force-overwrite-replica-secret --add-replica-regions "
        "Region={from_region},KmsKeyId=alias/phoenix-{environment}-{from}",
        "The same for the secrets that end with database, migration and reader.",
    ),
    20,
    reversible=False,
    if_it_fails="AWS refuses a second copy. One that is Failed take away before: aws "
    "secretsmanager remove-regions-from-replication.",
)
PROTECT = StepOf(
    "protect",
    "Write down that the other site is to stand by",
    "The next run of site.yml makes there what stands by: replica, copies, alarms.",
    (
        "$ aws ssm put-parameter --region <that of the recovery site> --type String --overwrite "
        "--name /phoenix/{environment}/<recovery>/active --value <the record, protected>",
        "$ ansible-playbook operatingdev.phoenix.site -i <the inventory>",
    ),
    5,
)
REPLICA = StepOf(
    "replica",
    "See that the replica is there",
    "Until it is, a lost region is lost data.",
    (
        "$ aws rds describe-db-instances --region {from_region} --db-instance-identifier "
        "{environment}-{from}-database",
        "It is available, and names the database in {to_region} as its source. Where a parameter "
        "group waits for a reboot: aws rds reboot-db-instance.",
    ),
    1800,
    if_it_fails="Run site.yml again, and this after it.",
    play=2,
)
LOST = replace(
    OPEN_STEP,
    by_hand=(
        "Tell everybody that {environment} is not moved, and stays at {to}: the region of {from}, "
        "where it was to go, is lost.",
        "$ aws ssm get-parameter --region {to_region} --name /phoenix/{environment}/{to}/active",
        "Go on only where it says that {to} serves, and moving.",
    ),
)
STAY = replace(
    AGREE,
    title="See that nobody was sent to the other site, and decide",
    why="The site has all that was acknowledged; the other one is none of its copies any more.",
    by_hand=("See to it that nobody goes on with the move when its region is back. Decide.",),
)
LED = StepOf(
    "led",
    "Look the name up, as visitors do",
    "Where it leads to the other site, visitors write there, and this one lacks it.",
    ("$ dig +short {domain}", "It has to answer with addresses of the balancer in {to_region}."),
    5,
    hosts=True,
    by="host led",
    if_it_fails="Wait for the region of {from}: go on with the move when it is back.",
)
CLAIM = StepOf(
    "claim",
    "Take the environment from the move",
    "Whoever goes on with the move finds a newer record, and goes no further.",
    (
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <it, its epoch 4 more, moving>",
    ),
    5,
)
LET = replace(
    THAW,
    why="Writing was frozen for a move that does not come about.",
    if_it_fails="The master user can give the users their roles back.",
)
TAKES = replace(
    PROOF,
    title="Prove that the database takes writes",
    why="That it may is a claim.",
    if_it_fails="Look at its events: aws rds describe-events --region {to_region}.",
)
ANSWERS = replace(
    SMOKE,
    why="Visitors could read all the time; that they can write again is to be seen.",
    if_it_fails="Look at a host: journalctl --boot --priority warning.",
)
REPORT = replace(
    CLOSE_STEP,
    why="What was counted, and who decided that the old database goes, is kept.",
    by_hand=("Write down since when {environment} is protected again.",),
    play=2,
)
# Of a copy what was acknowledged last would be lost, and here nothing may be.
NOTHING_LOST = replace(
    PROMOTE,
    by_hand=PROMOTE.by_hand[:2],
    if_it_fails="Move no traffic, and restore nothing: the old site has all. Let it write again, "
    "as the runbook of a rollback says. aws rds describe-events --region {to_region} tells why.",
)
SWITCHOVER = (
    OPEN_STEP,
    AGREE,
    HOLD,
    FREEZE,
    CAUGHT,
    INTAKE,
    NOTHING_LOST,
    SECRETS,
    TELL,
    THAW,
    PROOF,
    GRADE,
    SCALE,
    SMOKE,
    EITHER_WAY,
    NAMES,
    EVERYWHERE,
    RETIRE,
    MASTER,
    CLOSE_STEP,
)
REPROTECT = (
    OPEN_STEP,
    replace(
        RETIRE,
        why="A site that nobody could reach may take writes still; what came after the snapshot "
        "would be deleted with the database.",
    ),
    SNAPSHOT,
    ORPHANS,
    GIVE_UP,
    REMOVE,
    COPIES,
    PROTECT,
    REPLICA,
    REPORT,
)
ROLLBACK = (
    LOST,
    STAY,
    LED,
    CLAIM,
    LET,
    TAKES,
    RECORD,
    ANSWERS,
    replace(
        CLOSE_STEP,
        why="What became of the move is kept.",
        by_hand=("Write down since when {environment} takes writes again.",),
    ),
)
