# SPDX-License-Identifier: GPL-3.0-or-later
"""A new replica is restarted once, for its parameters; any other is left to people."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    RESTART,
    Scope,
    pairs,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import (
    db_instance_arguments,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
)

from .instances import HOME_ARN, Told, item, spec

WEST = Scope("production", "recovery", "us-west-2", "123456789012")
NAME = "production-recovery-database"
ARN = f"arn:aws:rds:us-east-1:123456789012:db:{NAME}"
REPLICATES = [{"StatusType": "read replication", "Normal": True, "Status": "replicating"}]
UNTAGGED: dict[str, Any] = {"ResourceName": ARN, "TagKeys": [RESTART]}


@pytest.fixture
def account() -> Told:
    return Told(Aws(WEST, Connection(access_key="x", secret_key="x")))


@pytest.fixture
def want() -> Want:
    own = spec(WEST, "arn:aws:kms:us-west-2:123456789012:key/2", ("sg-9",))
    more = {"multi_az": False, "source": HOME_ARN, "restarted": True}
    return Want("db_instance", "main", {**own, **more})


def seen(
    account: Told, want: Want, status: str, group: str = NAME, *, due: bool = True, **more: Any
) -> Have:
    answer = item(
        want.spec,
        ReadReplicaSourceDBInstanceIdentifier=HOME_ARN,
        StatusInfos=REPLICATES,
        DBParameterGroups=[{"DBParameterGroupName": group, "ParameterApplyStatus": status}],
        TagList=pairs({**want.spec["tags"], **({RESTART: "due"} if due else {})}),
        **more,
    )
    return account.have(want, answer)


def changed(account: Told, want: Want, have: Have) -> Have | None:
    return DbInstance().update(account.aws, want, have, compare(want.spec, have.spec))


def test_one_is_made_with_the_tag_by_which_its_restart_is_due(want: Want) -> None:
    asked = db_instance_arguments.of_replica(want.spec, "us-east-1")
    assert {"Key": RESTART, "Value": "due"} in asked["Tags"]


def test_a_new_one_gets_its_group_first_and_is_to_be_restarted_then(
    account: Told, want: Want
) -> None:
    have = seen(account, want, "in-sync", "default.postgres16")
    given = {"DBInstanceIdentifier": NAME, "ApplyImmediately": True, "DBParameterGroupName": NAME}
    account.stub.add_response("modify_db_instance", {}, given)
    after = changed(account, want, have)
    assert after is not None and (after.settled, after.status) == (False, "modifying")
    assert [change.key for change in compare(want.spec, after.spec)] == ["restarted"]


def test_one_is_not_restarted_before_its_parameters_are_there(account: Told, want: Want) -> None:
    assert not seen(account, want, "applying").settled
    assert seen(account, want, "applying", due=False).settled


def test_a_new_one_whose_parameters_wait_is_restarted_and_the_tag_goes(
    account: Told, want: Want
) -> None:
    have = seen(account, want, "pending-reboot")
    account.stub.add_response("reboot_db_instance", {}, {"DBInstanceIdentifier": NAME})
    account.stub.add_response("remove_tags_from_resource", {}, UNTAGGED)
    after = changed(account, want, have)
    assert after is not None and (after.settled, after.status) == (False, "rebooting")
    assert not compare(want.spec, after.spec)
    account.stub.assert_no_pending_responses()


def test_one_that_was_restarted_already_loses_the_tag_only(account: Told, want: Want) -> None:
    have = seen(account, want, "in-sync")
    account.stub.add_response("remove_tags_from_resource", {}, UNTAGGED)
    assert changed(account, want, have) is None
    account.stub.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["in-sync", "pending-reboot", "applying"])
def test_one_without_the_tag_is_left_alone(account: Told, want: Want, status: str) -> None:
    assert not compare(want.spec, seen(account, want, status, due=False).spec)


def test_one_that_is_busy_is_restarted_later(account: Told, want: Want) -> None:
    have = seen(account, want, "pending-reboot", DBInstanceStatus="backing-up")
    after = changed(account, want, have)
    assert after is not None and not after.settled
    have = seen(account, want, "pending-reboot")
    account.stub.add_client_error("reboot_db_instance", "InvalidDBInstanceState")
    after = changed(account, want, have)
    assert after is not None and not after.settled
    assert [change.key for change in compare(want.spec, after.spec)] == ["restarted"]
