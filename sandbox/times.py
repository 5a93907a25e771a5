# SPDX-License-Identifier: GPL-3.0-or-later
"""How long AWS takes for the steps that take long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds on AWS, and where the figures are from.

    `source` begins with its kind: "logs" are creation times printed in public build logs, "issue"
    a public issue thread, "docs" the AWS documentation, "blog" a published measurement, and
    "estimate" says that no measurement was found.
    """

    low: float
    typical: float
    high: float
    source: str


SLOWEST = 0.001  # speed but 0; with less a step may take longer than a timer can wait
STEPS: dict[str, Duration] = {
    "vpc": Duration(2, 12, 22, "logs: 12-15 s with DNS host names, 2 s without; issue: 21-22 s"),
    "nat_gateway": Duration(84, 105, 126, "logs: 1m25 to 2m05; three at once end together"),
    "nat_gateway_delete": Duration(30, 60, 120, "estimate: listed as deleting for about a minute"),
    "nat_gateway_listed": Duration(
        2400, 3600, 4500, "docs: a deleted NAT gateway stays listed for about an hour"
    ),
    "interface_endpoint": Duration(30, 60, 180, "estimate"),
    "interface_endpoint_delete": Duration(
        30, 90, 300, "estimate: listed as deleting for a minute or more, its interfaces with it"
    ),
    "alb": Duration(132, 150, 186, "logs: 2m15 to 3m07; issue: 2m54"),
    "db_single_az": Duration(300, 390, 600, "logs: 5m02 to 8m32, with the first backup"),
    "db_multi_az": Duration(720, 900, 1200, "logs: 14m02; issue: 15-20 min"),
    "db_replica_same_region": Duration(480, 900, 2400, "logs: 14m37; issue: over 40 min"),
    "db_replica_cross_region": Duration(
        1200, 1800, 3600, "docs: a snapshot is copied first; estimate for 100 GB"
    ),
    "promote": Duration(180, 300, 600, "docs: several minutes or longer; estimate"),
    "convert_multi_az": Duration(360, 600, 1200, "issue: 6 min for a small instance"),
    "db_modify": Duration(60, 180, 600, "estimate"),
    "db_reboot": Duration(30, 60, 180, "estimate"),
    "db_stop": Duration(120, 300, 900, "docs: the process can take several minutes; estimate"),
    "db_start": Duration(180, 420, 3600, "docs: from minutes to hours; estimate"),
    "db_failover": Duration(60, 90, 120, "docs: a Multi-AZ failover takes 60 to 120 s"),
    "db_host_replaced": Duration(
        300, 600, 1800, "estimate: a host is replaced, its storage attached, its log replayed"
    ),
    "db_delete": Duration(120, 240, 600, "estimate"),
    "db_restore": Duration(360, 600, 1200, "blog: 11 GB in about 10 min; estimate for 100 GB"),
    "db_restore_pit": Duration(
        480, 780, 1500, "docs: a restore and the replay of up to 5 min of logs; estimate"
    ),
    "snapshot": Duration(120, 240, 900, "estimate: an incremental manual snapshot"),
    "snapshot_copy": Duration(600, 1500, 7200, "docs: can take hours; estimate"),
    "ami_create": Duration(60, 180, 600, "estimate"),
    "ami_copy": Duration(240, 480, 1200, "docs: best effort; estimate for 20 GB"),
    "instance_running": Duration(
        5, 18, 40, "blog: 69 percent of 25.8 s are pending to running; 5 s elsewhere"
    ),
    "instance_terminated": Duration(15, 30, 90, "estimate: shutting-down until terminated"),
    "instance": Duration(15, 26, 60, "blog: 25.8 s from launch to SSH"),
    "instance_stopped": Duration(20, 40, 90, "estimate: stopping until stopped"),
    "standby_left": Duration(5, 20, 60, "estimate: out of standby and registered again"),
    "asg_in_service": Duration(41, 46, 132, "logs: 41-47 s, 1m11 and 1m16 with a balancer"),
    "target_healthy": Duration(90, 150, 240, "sum: boot, bootstrap and two checks of 10 s"),
    "route53_insync": Duration(20, 36, 60, "logs: 35 s; docs: usually within 60 s"),
    "acm_dns_validation": Duration(30, 180, 540, "logs: 1m29, 1m47, 4m25, 8m52"),
    "cloudfront": Duration(180, 300, 480, "blog: within 5 min; logs: 3m43, 7m53"),
    "bucket_policy_visible": Duration(
        1, 20, 60, "estimate: what a new bucket policy allows is allowed everywhere"
    ),
    "s3_replication": Duration(
        1, 15, 900, "docs: most objects within seconds, 99.99 percent within 15 min; estimate"
    ),
    "quota_increase": Duration(
        900, 7200, 172800, "docs: small increases within minutes, others within days; estimate"
    ),
}
