# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds use, from their declarations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import KINDS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs import snapshot
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import (
    Item,
    estimate,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.usage import (
    FREE,
    usages,
)

EAST = "us-east-1"
DATABASE: dict[str, Any] = {
    "instance_class": "db.t4g.medium",
    "multi_az": True,
    "allocated_storage": 50,
    "storage_type": "gp3",
    "engine": "postgres",
    "backup_retention": 7,
}
GROUP: dict[str, Any] = {
    "min_size": 2,
    "max_size": 12,
    "desired_capacity": 2,
    "instance_type": "t4g.small",
    "root_volume_gb": 10,
}
# Every kind of the reference environment, as it is declared there.
REFERENCE: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in FREE),
    ("alarm", {"period": 60}),
    ("autoscaling_group", GROUP),
    ("bucket", {"replicate_to": "us-west-2"}),
    ("certificate", {}),
    ("db_instance", DATABASE),
    ("elastic_ip", {}),
    ("flow_log", {}),
    ("health_check", {"type": "HTTPS"}),
    ("hosted_zone", {}),
    ("instance", {"instance_type": "t4g.small", "root_volume_gb": 10}),
    ("interface_endpoint", {"subnets": {"app-a": "subnet-1"}}),
    ("kms_key", {}),
    ("load_balancer", {"zones": 3}),
    ("nat_gateway", {}),
    ("dns_record", {"alias": {"name": "a"}}),
    ("secret", {"replica_regions": ["us-west-2"]}),
    ("sns_topic", {}),
    ("ssm_parameter", {}),
    ("vpc_endpoint", {}),
]


def cost(kind: str, spec: dict[str, Any], region: str = EAST) -> tuple[Decimal, Decimal, int]:
    """USD a month at both ends, and the number of unknown lines, by the snapshot."""
    items = [Item("home", "any", f"{kind}/a", use) for use in usages(kind, spec, region)]
    total = estimate(items, snapshot.prices()).total()
    return total.low, total.high, total.unknown


@pytest.mark.parametrize(("kind", "spec"), REFERENCE, ids=[kind for kind, _ in REFERENCE])
@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
def test_the_reference_environment_has_a_sourced_price_for_every_line(
    kind: str, spec: dict[str, Any], region: str
) -> None:
    if "replicate_to" in spec:
        spec = spec | {"replicate_to": "us-west-2" if region == "us-east-1" else "us-east-1"}
    assert cost(kind, spec, region)[2] == 0


@pytest.mark.parametrize("kind", sorted(FREE))
def test_a_free_kind_is_a_line_of_zero_with_a_source(kind: str) -> None:
    assert cost(kind, {}) == (0, 0, 0)


def test_a_kind_nobody_listed_is_unknown_instead_of_free() -> None:
    assert cost("quantum_computer", {}) == (0, 0, 1)


def test_a_nat_gateway_is_paid_by_the_hour_and_by_the_gigabyte() -> None:
    hour, data = usages("nat_gateway", {}, EAST)
    assert (hour.quantity, hour.metered, data.unit, data.metered) == (730, False, "GB", True)
    assert cost("nat_gateway", {})[0] == Decimal("32.85")


def test_an_autoscaling_group_costs_a_range_from_its_least_to_its_most() -> None:
    low, high, unknown = cost("autoscaling_group", GROUP)
    one = 730 * Decimal("0.0168") + 10 * Decimal("0.08")
    assert (low, high, unknown) == (2 * one, 12 * one, 0)


def test_a_pilot_light_costs_nothing_until_it_grows() -> None:
    assert cost("autoscaling_group", GROUP | {"min_size": 0})[0] == 0


def test_an_instance_type_without_a_source_is_unknown() -> None:
    assert cost("autoscaling_group", GROUP | {"instance_type": "z9.mega"})[2] == 1


def test_an_undeclared_disk_is_unknown_instead_of_free() -> None:
    assert cost("autoscaling_group", GROUP | {"root_volume_gb": None})[2] == 1


def test_a_database_in_two_zones_has_its_own_price_and_twice_the_storage() -> None:
    assert cost("db_instance", DATABASE)[0] == 730 * Decimal("0.129") + 50 * Decimal("0.23")
    single = cost("db_instance", DATABASE | {"multi_az": False})[0]
    assert single == 730 * Decimal("0.065") + 50 * Decimal("0.115")


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "oracle-ee"},
        {"instance_class": "db.z9.mega"},
        {"iops": 9000},
        {"storage_type": "io1"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_database_of_what_we_have_no_price_for_is_unknown(change: dict[str, Any]) -> None:
    assert cost("db_instance", DATABASE | change)[2] == 1


def test_backups_are_metered_and_absent_where_none_are_kept() -> None:
    keys = [use.key for use in usages("db_instance", DATABASE, EAST) if use.metered]
    assert keys == ["rds.backup"]
    none = usages("db_instance", DATABASE | {"backup_retention": 0}, EAST)
    assert not any(use.metered for use in none)


def test_a_balancer_facing_the_internet_pays_one_address_per_zone() -> None:
    by_count = cost("load_balancer", {"zones": 3})[0]
    by_subnets = cost("load_balancer", {"subnets": ["a", "b", "c"]})[0]
    internal = cost("load_balancer", {"zones": 3, "scheme": "internal"})[0]
    assert by_count == by_subnets == internal + 3 * 730 * Decimal("0.005")


def test_a_balancer_of_unknown_zones_shows_the_address_price_and_counts_none() -> None:
    found = {use.key: use.metered for use in usages("load_balancer", {}, EAST)}
    assert found["public_ipv4.hour"] is True


def test_every_replica_of_a_secret_is_paid_in_its_own_region() -> None:
    found = usages("secret", {"replica_regions": ["us-west-2", "eu-west-1"]}, EAST)
    assert [use.region for use in found] == ["us-east-1", "us-west-2", "eu-west-1"]
    assert cost("secret", {"replica_regions": ["us-west-2"]})[0] == Decimal("0.8")


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ({"type": "HTTP"}, 0),
        ({"type": "TCP"}, 0),
        ({"type": "HTTPS"}, 1),
        ({"type": "HTTPS_STR_MATCH"}, 2),
        ({"type": "HTTPS", "request_interval": 10, "measure_latency": True}, 3),
    ],
    ids=str,
)
def test_each_option_of_a_health_check_is_paid(spec: dict[str, Any], options: int) -> None:
    assert cost("health_check", spec)[0] == Decimal("0.5") + options


@pytest.mark.parametrize("name", ["CLOUDWATCH_METRIC", "CALCULATED"])
def test_a_health_check_no_source_prices_is_unknown(name: str) -> None:
    assert cost("health_check", {"type": name}) == (0, 0, 1)


def test_an_alarm_that_looks_more_than_once_a_minute_costs_more() -> None:
    assert cost("alarm", {"period": 60})[0] == Decimal("0.1")
    assert cost("alarm", {"period": 10})[0] == Decimal("0.3")


def test_only_what_aws_gives_for_nothing_is_free_in_a_kind_that_has_both() -> None:
    assert cost("vpc_endpoint", {"endpoint_type": "Interface"})[2] == 1
    assert cost("ssm_parameter", {"tier": "Advanced"})[2] == 1
    assert cost("certificate", {"certificate_authority_arn": "arn:aws:acm-pca:::a"})[2] == 1


def test_an_interface_endpoint_is_paid_in_each_zone_and_by_the_gigabyte() -> None:
    zones = {"subnets": {"app-a": "subnet-1", "app-b": "subnet-2", "app-c": "subnet-3"}}
    hour, data = usages("interface_endpoint", zones, EAST)
    assert (hour.quantity, hour.metered, data.unit, data.metered) == (2190, False, "GB", True)
    assert cost("interface_endpoint", zones)[0] == Decimal("21.90")
    assert cost("interface_endpoint", {})[2] == 1


def test_copies_of_buckets_and_secrets_are_priced_where_they_cost() -> None:
    key = "arn:aws:kms:us-west-2:123456789012:alias/phoenix-production-recovery"
    [transfer] = usages("bucket_replication", {"key": key}, EAST)
    assert (transfer.key, transfer.region, transfer.metered) == (
        "transfer.to.us-west-2",
        EAST,
        True,
    )
    [secret] = usages("secret_replica", {"region": "us-west-2"}, EAST)
    assert (secret.key, secret.region) == ("secret", "us-west-2")


def test_copies_to_another_region_show_the_price_of_the_region_they_leave() -> None:
    found = usages("bucket", {"replicate_to": "us-west-2"}, EAST)
    assert [(use.key, use.region) for use in found] == [
        ("s3.standard", EAST),
        ("transfer.to.us-west-2", EAST),
    ]


def test_no_kind_that_the_tiers_declare_is_unlisted() -> None:
    unlisted = {
        usage.key
        for kind in KINDS
        for usage in usages(kind, {"type": "HTTPS"}, "us-east-1")
        if usage.key.startswith("unlisted.")
    }
    read = ("certificate_validation", "login", "serving")
    # Those are only read, never declared; the others are in no plan of a site.
    assert unlisted <= {f"unlisted.{kind}" for kind in (*read, "image", "instance")}


def test_hosts_are_priced_by_what_their_launch_template_says() -> None:
    launch = {"instance_type": "t4g.small", "root_volume_gb": 20}
    spec = {"launch": launch, "min_size": 2, "max_size": 12}
    keys = {usage.key for usage in usages("autoscaling_group", spec, "us-east-1")}
    assert {"ec2.instance.linux.t4g.small", "ec2.volume.gp3"} <= keys
