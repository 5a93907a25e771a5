# SPDX-License-Identifier: GPL-3.0-or-later
"""What would mix up production and staging is refused before anything is written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment
from mirroring import Mirror, names_production, record, told


def foreign_name(environment: Environment) -> None:
    record(environment, TTL=60, ResourceRecords=[{"Value": "192.0.2.1"}])


def namesake(environment: Environment) -> None:
    environment.aws("home").client("ssm").put_parameter(
        Name="/staging-b/x",
        Value="x",
        Type="String",
        Tags=pairs({"phoenix:environment": "staging-b", "phoenix:site": "staging"}),
    )


def of_another(environment: Environment) -> None:
    environment.aws("home").client("rds").create_db_instance(
        DBInstanceIdentifier="staging-b-staging-database",
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="somebody",
        MasterUserPassword="something-long",
        Tags=pairs({"phoenix:copy-of": "blog/home"}),
    )


def open_secret(environment: Environment) -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        '{"AWS": "arn:aws:iam::123456789012:role/x"}, "Action": "*", "Resource": "*"}]}'
    )
    environment.aws("home").client("secretsmanager").put_resource_policy(
        SecretId="production/home/application", ResourcePolicy=policy
    )


def other_database(environment: Environment) -> None:
    rds = environment.aws("home").client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier="production-home-database")[
        "DBInstances"
    ]
    rds.remove_tags_from_resource(
        ResourceName=item["DBInstanceArn"], TagKeys=["phoenix:environment"]
    )


def a_copy(environment: Environment) -> None:
    rds = environment.aws("home").client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier="production-home-database")[
        "DBInstances"
    ]
    tag = {"Key": "phoenix:copy-of", "Value": "other/home"}
    rds.add_tags_to_resource(ResourceName=item["DBInstanceArn"], Tags=[tag])


@pytest.mark.parametrize(
    ("spoil", "options", "said"),
    [
        (foreign_name, {}, "answered by a record that is no staging's"),
        (names_production, {}, "which is no staging copy's"),
        (namesake, {}, "an environment staging-b that no refresh has made"),
        (of_another, {}, "is a copy of blog/home, not of production"),
        (open_secret, {}, "lets in others"),
        (other_database, {}, "is not of production by its tags"),
        (a_copy, {}, "is itself a copy, of other/home"),
        (None, {"domain": "shop.example.com"}, "must be a name within shop.example.com"),
        (None, {"domain": "staging.example.org"}, "must be a name within shop.example.com"),
        (None, {"mirror": "production"}, "must be another name"),
        (None, {"made_of": "rds:other-2026-11-28"}, "there is no rds:other-2026-11-28"),
        (None, {"parameters": {"hook": "https://shop.example.com/x"}}, "names shop.example.com"),
        (None, {"parameters": {"api": "Shop.example.com:443/api"}}, "names shop.example.com"),
        (None, {"parameters": {"from": "no-reply@shop.example.com."}}, "names shop.example.com"),
        (None, {"parameters": {"b": "production-home-releases-1"}}, "names production-home-"),
        (None, {"parameters": {"stripe": "sk_live_abc"}}, "by which money moves"),
    ],
)
def test_what_would_mix_up_production_and_staging_is_refused_before_any_write(
    production: Environment, spoil: Any, options: dict[str, Any], said: str
) -> None:
    if spoil:
        spoil(production)
    mark = production.handle.mark()
    with pytest.raises(Refusal, match=re.escape(said)):
        told(production, **options)
    assert production.handle.writes_since(mark) == []


def test_what_is_gone_on_with_is_guarded_as_well(production: Environment) -> None:
    mirror = Mirror(production)
    mirror.open()
    mirror.go_on("clear")
    with pytest.raises(Refusal, match="by which money moves"):
        told(production, parameters={"stripe": "sk_live_abc"})
    assert told(production)["under_way"] == "refresh"
