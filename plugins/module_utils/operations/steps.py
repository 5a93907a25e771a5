# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of each operation as data: what runs them, the journal, the report and the runbook read
the same table, so none of them can disagree with another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

OPEN, CLOSE = "open", "close"


@dataclass(frozen=True, slots=True)
class StepOf:
    """One step of an operation.

    name: for machines. title: for people, an order. why: a sentence. by_hand: what a person types
    or does instead, a command after "$ ", with {to_region} and the like for what an inventory fills
    in. planned: seconds that it takes on AWS. reversible: whether it can be undone. told: whether a
    host in the region, or a task of a tier, does it, and the step records what that tells.
    if_it_fails: what to do then, "" for the usual.
    """

    name: str
    title: str
    why: str
    by_hand: tuple[str, ...]
    planned: float
    reversible: bool = True
    told: bool = False
    if_it_fails: str = ""


_OPEN = StepOf(
    OPEN,
    "Open the operation",
    "One operation at a time moves an environment; its journal begins where it moves to.",
    ("Tell everybody that you move {environment} from {from} to {to}, and that nobody deploys.",),
    5,
)
_DECIDE = StepOf(
    "decide",
    "See what will be lost, and decide",
    "A promotion cannot be taken back, so a person decides, knowing what it costs.",
    (
        "$ aws cloudwatch get-metric-statistics --region {to_region} --namespace Phoenix/Heartbeat "
        "--metric-name ReplicatedAt --dimensions Name=environment,Value={environment} "
        "--statistics Maximum --period 60 --start-time <an hour ago> --end-time <now>",
        "What was written after that second is lost. Decide.",
    ),
    60,
)
_FENCE = StepOf(
    "fence",
    "Fence the old primary",
    "Two databases that both take writes can never be made one again.",
    (
        "$ aws autoscaling update-auto-scaling-group --region {from_region} "
        "--auto-scaling-group-name {environment}-{from}-web --min-size 0 --max-size 0 "
        "--desired-capacity 0",
        "Revoke what the database's security group in {from_region} lets in, and reboot "
        "{environment}-{from}-database. Where nothing answers, write down that it is not fenced.",
    ),
    30,
)
_INTAKE = StepOf(
    "intake",
    "Stop the intake, and record the recovery point",
    "What the replica has applied is what will be there; what came later is counted from here.",
    (
        "On a host in {to_region}: select pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), "
        "pg_current_snapshot(); until the first two are equal.",
    ),
    20,
    told=True,
)
_PROMOTE = StepOf(
    "promote",
    "Promote the replica",
    "From here on the new database takes writes.",
    (
        "$ aws rds promote-read-replica --region {to_region} "
        "--db-instance-identifier {environment}-{to}-database",
        "Wait until it is available and has no source any more: aws rds describe-db-instances.",
    ),
    420,
    reversible=False,
    if_it_fails="Move no traffic. aws rds describe-events --region {to_region} tells why; where "
    "the replica is lost, restore the newest snapshot that is in {to_region}.",
)
_SECRETS = StepOf(
    "secrets",
    "Make the copies of the logins secrets of their own",
    "The logins are to be changed where the old region's copy cannot overwrite them.",
    (
        "$ aws secretsmanager stop-replication-to-replica --region {to_region} --secret-id "
        "{environment}/{home}/application",
        "The same for the secrets that end with database, migration and reader.",
    ),
    10,
    reversible=False,
)
_PROOF = StepOf(
    "proof",
    "Prove that the new database takes writes",
    "A promotion that only says so has happened before.",
    ("On a host in {to_region}: insert a row into phoenix.proof, commit, and read it back.",),
    10,
    told=True,
    if_it_fails="Move no traffic: it is a replica still, or full.",
)
_SEQUENCES = StepOf(
    "sequences",
    "Move the sequences on",
    "A number that was given to a lost row may be known outside; it must not be given again.",
    ("On a host in {to_region}: select setval(<sequence>, <its last value> + {gap}) for each.",),
    10,
    reversible=False,
    told=True,
)
_LOGINS = StepOf(
    "logins",
    "Give the logins new passwords",
    "A web tier that comes back with the old ones must not get in.",
    (
        "ansible-playbook rotate.yml does it where both regions are there. Here: for each login, "
        "give its other user a new password and write both into the secret in {to_region}.",
    ),
    20,
    reversible=False,
    told=True,
)
_RECORD = StepOf(
    "record",
    "Write down which site serves",
    "The next run of site.yml, and the region that comes back, read it from there.",
    (
        "$ aws ssm put-parameter --region {to_region} --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <the record>",
    ),
    5,
)
_GRADE = StepOf(
    "grade",
    "Make the database fit for production",
    "A replica may be smaller, and of one zone.",
    (
        "$ aws rds modify-db-instance --region {to_region} --apply-immediately --multi-az "
        "--db-instance-identifier {environment}-{to}-database",
    ),
    600,
    told=True,
)
_SCALE = StepOf(
    "scale",
    "Bring the web tier to its size",
    "Traffic comes only where enough hosts are ready for it.",
    (
        "$ aws autoscaling update-auto-scaling-group --region {to_region} "
        "--auto-scaling-group-name {environment}-{to}-web --min-size <production's> "
        "--max-size <production's>",
    ),
    300,
    told=True,
    if_it_fails="Where AWS has no capacity, try another instance type, or zones apart; fewer hosts "
    "that serve are better than none.",
)
_SMOKE = StepOf(
    "smoke",
    "Ask the site through its balancer, by its real name",
    "What is not asked before traffic comes, visitors ask.",
    (
        "$ curl --connect-to {domain}:443:<name of the balancer in {to_region}>:443 "
        "https://{domain}{health_path}",
    ),
    10,
    told=True,
    if_it_fails="Move no traffic. Look at a host: journalctl --boot --priority warning.",
)
_SWITCH = StepOf(
    "switch",
    "Move the traffic",
    "By a figure in the region that is there: no name is edited, for that hangs on other regions.",
    (
        "$ aws cloudwatch put-metric-data --region {to_region} --namespace Phoenix/Failover "
        "--metric-name HomeDisabled --dimensions environment={environment} --value 1",
        "Wait until alarm {environment}-{to}-switch is in alarm.",
    ),
    90,
)
_NAMES = StepOf(
    "names",
    "Look the name up, as visitors do",
    "Only the answer of name servers shows that traffic has moved.",
    ("$ dig +short {domain}", "until it answers with addresses of the balancer in {to_region}."),
    60,
    told=True,
)
_LOCK = StepOf(
    "lock",
    "Take the old passwords away",
    "Each login has two users; who knows the password of the one from before is of the old site.",
    ("For each login, give the user that its secret does not name a password that nobody knows.",),
    10,
    told=True,
)
_CLOSE = StepOf(
    CLOSE,
    "Close the operation, and report it",
    "What it took, what was lost and who did it is kept, and the region that comes back is fenced.",
    (
        "Write down when visitors were served again. {from} must not serve before it was made a "
        "replica.",
    ),
    5,
)
FAILOVER = (
    _OPEN,
    _DECIDE,
    _FENCE,
    _INTAKE,
    _PROMOTE,
    _SECRETS,
    _PROOF,
    _SEQUENCES,
    _LOGINS,
    _RECORD,
    _GRADE,
    _SCALE,
    _SMOKE,
    _SWITCH,
    _NAMES,
    _LOCK,
    _CLOSE,
)
OPERATIONS: Mapping[str, tuple[StepOf, ...]] = MappingProxyType({"failover": FAILOVER})


def step(operation: str, name: str) -> StepOf:
    """The step of that name. Raises KeyError where the operation has none."""
    return {one.name: one for one in OPERATIONS[operation]}[name]
