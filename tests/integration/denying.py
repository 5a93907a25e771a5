# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody whom the account denies what he needs."""

from __future__ import annotations

import json

from environment import Environment


def denied(environment: Environment, action: str) -> dict[str, str]:
    """The keys of somebody who may do all but this."""
    iam = environment.aws("home").client("iam")
    iam.create_user(UserName="operator")
    rules = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": action, "Resource": "*"},
    ]
    iam.put_user_policy(
        UserName="operator",
        PolicyName="all-but-this",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rules}),
    )
    made = iam.create_access_key(UserName="operator")["AccessKey"]
    environment.handle.enforce_permissions()
    return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
