# SPDX-License-Identifier: GPL-3.0-or-later
"""Service quotas that AWS gives a new account, as read in its documentation on the date below."""

from __future__ import annotations

from dataclasses import dataclass

READ = "2026-11-25"


@dataclass(frozen=True, slots=True)
class Quota:
    """`value` is the default; `source` names the page of the AWS documentation.

    `granted` is what the sandbox's account has been raised to, as an account in use has, 0 where it
    still has the default.
    """

    service: str
    code: str
    name: str
    value: float
    source: str
    adjustable: bool = True
    granted: float = 0.0


_EC2 = "docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"
_ADDRESS = "docs.aws.amazon.com/general/latest/gr/ec2-service.html"
_VPC = "docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
_RDS = "docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"
_ELB = "docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
_GROUPS = "docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"

QUOTAS = (
    Quota(
        "ec2",
        "L-1216C47A",
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        5,
        _EC2,
        granted=128,
    ),
    Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, _ADDRESS),
    Quota("vpc", "L-F678F1CE", "VPCs per Region", 5, _VPC),
    Quota("vpc", "L-A4707A72", "Internet gateways per Region", 5, _VPC),
    Quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5, _VPC),
    Quota("vpc", "L-407747CB", "Subnets per VPC", 200, _VPC),
    Quota("vpc", "L-E79EC296", "VPC security groups per Region", 2500, _VPC),
    Quota("rds", "L-7B6409FD", "DB instances", 40, _RDS),
    Quota("rds", "L-272F1212", "Manual DB instance snapshots", 100, _RDS),
    Quota("rds", "L-DE55804A", "Parameter groups", 50, _RDS),
    Quota("rds", "L-48C6BF61", "DB subnet groups", 50, _RDS),
    Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50, _ELB),
    Quota("elasticloadbalancing", "L-B22855CB", "Target Groups per Region", 3000, _ELB),
    Quota("autoscaling", "L-CDE20ADC", "Auto Scaling groups per region", 500, _GROUPS),
)
