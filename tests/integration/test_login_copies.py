# SPDX-License-Identifier: GPL-3.0-or-later
"""The logins are copied to the site that served before, however far an earlier run came with it."""

from __future__ import annotations

from typing import Any

import failing_over as over
from environment import Environment
from moving import move

AGAIN: dict[str, Any] = {"operation": "reprotect", "site": "recovery"}


def test_a_copy_that_is_on_its_way_is_awaited_and_one_that_failed_is_made_anew(
    built: Environment,
) -> None:
    move(built, "recovery")
    over.upto(built, "remove", **AGAIN)
    client = built.aws("recovery").client("secretsmanager")
    target = {"Region": over.HOME, "KmsKeyId": "alias/phoenix-production-home"}
    # One that may not take the place of the secret that is there fails.
    for login, takes in ("application", False), ("reader", True):
        client.replicate_secret_to_regions(
            SecretId=f"production/home/{login}",
            AddReplicaRegions=[target],
            ForceOverwriteReplicaSecret=takes,
        )
        built.handle.speed(5)
    mark = built.handle.mark()
    done = over.step(built, "copies", **AGAIN)["evidence"]
    asked = [call["action"] for call in built.handle.log(mark) if call["write"]]
    assert asked.count("ReplicateSecretToRegions") == 3
    assert asked.count("RemoveRegionsFromReplication") == 1
    assert not [line for line in done["did"] if "reader" in line]
    for name in done["secrets"]:
        [copy] = client.describe_secret(SecretId=name)["ReplicationStatus"]
        assert copy["Status"] == "InSync"
