# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the account, asked of the account itself and not of the collection."""

from __future__ import annotations

from collections import Counter

from environment import Environment

# Hosts are as many as their group wants, and a snapshot carries the tags of its database.
MANY = (":instance/", ":volume/", ":snapshot:")


def objects(environment: Environment) -> Counter[str]:
    """How many objects there are of each owner id, by region, as the tagging API sees them."""
    found: Counter[str] = Counter()
    for site in environment.declared["sites"]:
        client = environment.aws(site).client("resourcegroupstaggingapi")
        for page in client.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": "phoenix:site", "Values": [site]}]
        ):
            for item in page["ResourceTagMappingList"]:
                if any(part in item["ResourceARN"] for part in MANY):
                    continue
                tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
                found[f"{site} {tags['phoenix:id']}"] += 1
    return found


def stateful_ids(environment: Environment) -> dict[str, str]:
    """What AWS calls each database, key and secret; it must never become another one."""
    found: dict[str, str] = {}
    for site in environment.declared["sites"]:
        aws = environment.aws(site)
        for item in aws.client("rds").describe_db_instances()["DBInstances"]:
            found[f"{site} {item['DBInstanceIdentifier']}"] = item["DbiResourceId"]
        for item in aws.client("kms").list_aliases()["Aliases"]:
            if item["AliasName"].startswith("alias/phoenix-") and "TargetKeyId" in item:
                found[f"{site} {item['AliasName']}"] = item["TargetKeyId"]
        for item in aws.client("secretsmanager").list_secrets()["SecretList"]:
            found[f"{site} {item['Name']}"] = item["ARN"]
    return found
