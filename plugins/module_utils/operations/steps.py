# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of a failover as data: what runs them, the journal, the report and the runbook read the
same table, so none of them can disagree with another. Of other operations they are in planned.py.
"""

from __future__ import annotations

from dataclasses import replace

from .step import CLOSE, OPEN, StepOf

# By these site.yml knows an object that was made by hand for its own.
OURS = (
    "[{Key=phoenix:environment,Value={environment}},{Key=phoenix:site,Value={to}},"
    "{Key=phoenix:id,Value=%s}]"
)
OPEN_STEP = StepOf(
    OPEN,
    "Open the operation",
    "One operation at a time moves an environment; its journal begins where it moves to.",
    ("Tell everybody that you move {environment} from {from} to {to}, and that nobody deploys.",),
    5,
)
DECIDE = StepOf(
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
    by="person",
)
FENCE = StepOf(
    "fence",
    "Fence the old primary",
    "Two databases that both take writes can never be made one again.",
    (
        "$ aws autoscaling update-auto-scaling-group --region {from_region} "
        "--auto-scaling-group-name {environment}-{from}-web --min-size 0 --max-size 0 "
        "--desired-capacity 0",
        "Revoke what the security groups of {environment}-{from}-database let in, all that aws rds "
        "describe-db-instances --region {from_region} names, and reboot it. Where nothing answers, "
        "write down that it is not fenced.",
    ),
    30,
    hosts=True,
)
INTAKE = StepOf(
    "intake",
    "Take in what was received, and record the recovery point",
    "What the replica has applied will be there, whatever else comes before it is promoted.",
    (
        "On a host in {to_region}: select pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), "
        "until the second is not before the first, or has stood still. Then pg_current_snapshot(), "
        "and which of the transactions from its first number on pg_xact_status() calls committed.",
    ),
    20,
    by="host point",
)
PROMOTE = StepOf(
    "promote",
    "Promote the replica",
    "From here on the new database takes writes.",
    (
        "$ aws rds promote-read-replica --region {to_region} "
        "--db-instance-identifier {environment}-{to}-database",
        "Wait until it is available and has no source any more: aws rds describe-db-instances.",
        "Where there is no replica, restore the newest copy instead, of which aws rds "
        "describe-db-instance-automated-backups --region {to_region} tells the ARN:",
        "$ aws rds restore-db-instance-to-point-in-time --region {to_region} "
        "--use-latest-restorable-time --source-db-instance-automated-backups-arn <the ARN> "
        "--target-db-instance-identifier {environment}-{to}-database "
        "--db-subnet-group-name {environment}-{to}-database "
        "--db-parameter-group-name {environment}-{to}-database "
        "--vpc-security-group-ids <that of the database> --deletion-protection "
        "--no-publicly-accessible",
        "Meanwhile, where {to} has no NAT gateways, as with strategy backup_restore while it "
        "stands by: in the public subnet of each zone, or of the first where `nat` is `one`:",
        "$ aws ec2 allocate-address --region {to_region} --domain vpc --tag-specifications "
        f"'ResourceType=elastic-ip,Tags={OURS % 'elastic_ip/nat-<zone>'}'",
        "$ aws ec2 create-nat-gateway --region {to_region} --subnet-id <the public one> "
        "--allocation-id <that of the address> --tag-specifications "
        f"'ResourceType=natgateway,Tags={OURS % 'nat_gateway/<zone>'}'",
    ),
    420,
    reversible=False,
    if_it_fails="Move no traffic. aws rds describe-events --region {to_region} tells why; where "
    "the replica is lost, restore the newest snapshot that is in {to_region}.",
)
SECRETS = StepOf(
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
PROOF = StepOf(
    "proof",
    "Prove that the new database takes writes",
    "A promotion that only says so has happened before.",
    ("On a host in {to_region}: insert a row into phoenix.proof, commit, and read it back.",),
    10,
    by="host proof",
    if_it_fails="Move no traffic: it is a replica still, or full.",
)
CONTENTS = StepOf(
    "contents",
    "See what the database has",
    "What a copy holds is known when it was looked at, and not when it was made.",
    (
        "On a host in {to_region}: select count(*) of each table, the last migration, and how old "
        "the newest row of phoenix.heartbeat is.",
    ),
    60,
    by="host contents",
    if_it_fails="Move no traffic: it is not the database of the application, or an empty one.",
)
THAW = StepOf(
    "thaw",
    "Let the application write",
    "Where writing was frozen for a move, the copy of the database came frozen, too.",
    (
        "On a host in {to_region}: grant the users of the logins application and migration the "
        "roles that write, which one that is not finished may have revoked.",
    ),
    5,
    by="host thaw",
)
SEQUENCES = StepOf(
    "sequences",
    "Move the sequences on",
    "A number that was given to a lost row may be known outside; it must not be given again.",
    ("On a host in {to_region}: select setval(<sequence>, <its last value> + {gap}) for each.",),
    10,
    reversible=False,
    by="host sequences",
)
LOGINS = StepOf(
    "logins",
    "Give the logins new passwords",
    "A web tier that comes back with the old ones must not get in.",
    (
        "ansible-playbook rotate.yml does it where both regions are there. Here: for each login, "
        "give its other user a new password and write both into the secret in {to_region}.",
    ),
    20,
    reversible=False,
    by="host logins",
)
RECORD = StepOf(
    "record",
    "Write down which site serves",
    "The next run of site.yml, and the region that comes back, read it from there.",
    (
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/phoenix/{environment}/{to}/active --value <the record>",
        "The record is JSON of exactly these six: "
        '{"epoch": 7, "moving": false, "operation": "ada by hand", "protected": false, '
        '"since": "2026-11-28T10:15:00+00:00", "site": "{to}"}. Its epoch is greater by 7 than '
        "the greatest in both regions' records, or 7 where there is none.",
    ),
    5,
)
GRADE = StepOf(
    "grade",
    "Make the database fit for production",
    "A replica may be smaller, and of one zone.",
    (
        "$ aws rds modify-db-instance --region {to_region} --apply-immediately --multi-az "
        "--db-instance-identifier {environment}-{to}-database",
    ),
    600,
    by="tier database",
)
SCALE = StepOf(
    "scale",
    "Bring the web tier to its size",
    "Traffic comes only where enough hosts are ready for it.",
    (
        "Where {to} had no NAT gateways, the runbook of a failover makes them, where it restores. "
        "Wait until they are available, and have each route table `app-<zone>` lead there:",
        "$ aws ec2 create-route --region {to_region} --route-table-id <that of the zone> "
        "--destination-cidr-block 0.0.0.0/0 --nat-gateway-id <that of the zone, or the one>",
        "Have hosts told that they may write:",
        "$ aws ssm put-parameter --region {to_region} --type String --overwrite --name "
        "/{environment}/{to}/database_access --value write",
        "Where the database was restored, do so with database_endpoint and database_port, too: "
        "hosts wait for the address and the port.",
        "$ aws autoscaling update-auto-scaling-group --region {to_region} "
        "--auto-scaling-group-name {environment}-{to}-web --min-size <production's> "
        "--max-size <production's>",
        "$ aws cloudwatch get-metric-statistics --region {to_region} --namespace Phoenix/Heartbeat "
        "--metric-name Hosts --dimensions Name=environment,Value={environment} --statistics Sum "
        "--period 60 --start-time <a day ago> --end-time <now>",
        "$ aws autoscaling set-desired-capacity --region {to_region} "
        "--auto-scaling-group-name {environment}-{to}-web --desired-capacity <the largest of them>",
    ),
    300,
    by="tier web_tier",
    if_it_fails="Where AWS has no capacity, try another instance type, or zones apart; fewer hosts "
    "that serve are better than none.",
)
SMOKE = StepOf(
    "smoke",
    "Ask the site through its balancer, by its real name",
    "What is not asked before traffic comes, visitors ask.",
    (
        "$ curl --connect-to {domain}:443:<name of the balancer in {to_region}>:443 "
        "https://{domain}{health_path}",
        "Where dr_site_smoke_write is declared, post dr_site_smoke_body there in the same way.",
    ),
    10,
    by="host site",
    if_it_fails="Move no traffic. Look at a host: journalctl --boot --priority warning.",
)
SWITCH = StepOf(
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
NAMES = StepOf(
    "names",
    "Look the name up, as visitors do",
    "Only the answer of name servers shows that traffic has moved.",
    ("$ dig +short {domain}", "until it answers with addresses of the balancer in {to_region}."),
    60,
    by="host names",
)
LOCK = StepOf(
    "lock",
    "Take the old passwords away",
    "Each login has two users; who knows the password of the one from before is of the old site.",
    ("For each login, give the user that its secret does not name a password that nobody knows.",),
    10,
    by="host lock",
)
MASTER = StepOf(
    "master",
    "Give the master user a new password",
    "The old region's copy of its secret tells the one that it has. Visitors do not wait for it: a "
    "database that gets its class and its zones takes no other change meanwhile.",
    (
        "$ aws secretsmanager put-secret-value --region {to_region} --secret-id "
        "{environment}/{home}/database --version-stages AWSPENDING --secret-string file://<what "
        "the secret holds, with a new password>",
        "Wait until the database is available.",
        "$ aws rds modify-db-instance --region {to_region} --apply-immediately "
        "--db-instance-identifier {environment}-{to}-database --master-user-password <the new one>",
        "Wait until it is available again, and has no MasterUserPassword pending. Then have the "
        "secret name it:",
        "$ aws secretsmanager update-secret-version-stage --region {to_region} --secret-id "
        "{environment}/{home}/database --version-stage AWSCURRENT --move-to-version-id <the new "
        "version> --remove-from-version-id <the old one>",
    ),
    600,
    reversible=False,
)
CLOSE_STEP = StepOf(
    CLOSE,
    "Close the operation, and report it",
    "What it took, what was lost and who did it is kept.",
    (
        "Write down when visitors were served again. {from} must not serve before it was made a "
        "replica.",
    ),
    5,
)
FAILOVER = (
    OPEN_STEP,
    DECIDE,
    FENCE,
    INTAKE,
    PROMOTE,
    SECRETS,
    THAW,
    PROOF,
    CONTENTS,
    SEQUENCES,
    LOGINS,
    RECORD,
    GRADE,
    SCALE,
    SMOKE,
    SWITCH,
    NAMES,
    LOCK,
    MASTER,
    replace(
        CLOSE_STEP,
        why="What it took, what was lost and who did it is kept. Nothing waits for the region that "
        "comes back: the record says who serves, and site.yml refuses there, or takes it down.",
    ),
)
