# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of Systems Manager."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused, tags

ONE = {"Name": "/shop/size", "Type": "String"}


@pytest.fixture
def ssm(account: Account) -> Any:
    """Systems Manager, with a parameter."""
    ssm = account.client("ssm")
    ssm.put_parameter(**ONE, Value="1", Tags=tags(site="home"))
    return ssm


def test_parameters_are_read_by_path_secret_ones_too(ssm: Any) -> None:
    ssm.put_parameter(Name="/shop/word", Type="SecureString", Value="2")
    asked = {"Path": "/shop", "Recursive": True}
    found = ssm.get_parameters_by_path(**asked, WithDecryption=True)["Parameters"]
    assert {one["Name"]: one["Value"] for one in found} == {"/shop/size": "1", "/shop/word": "2"}
    sealed = ssm.get_parameters_by_path(**asked)["Parameters"]
    assert "2" not in {one["Value"] for one in sealed}


def test_a_value_is_overwritten_only_when_asked_for(ssm: Any) -> None:
    assert refused(ssm.put_parameter, **ONE, Value="2") == "ParameterAlreadyExists"
    ssm.put_parameter(**ONE, Value="2", Overwrite=True)
    assert ssm.get_parameter(Name="/shop/size")["Parameter"]["Value"] == "2"


def test_older_versions_are_read_by_number(ssm: Any) -> None:
    ssm.put_parameter(**ONE, Value="2", Overwrite=True)
    assert ssm.get_parameter(Name="/shop/size:1")["Parameter"]["Value"] == "1"


def test_tags_of_a_parameter_are_added_removed_and_listed(ssm: Any) -> None:
    named = {"ResourceType": "Parameter", "ResourceId": "/shop/size"}
    ssm.add_tags_to_resource(**named, Tags=tags(own="me"))
    ssm.remove_tags_from_resource(**named, TagKeys=["site"])
    assert ssm.list_tags_for_resource(**named)["TagList"] == tags(own="me")


def test_a_deleted_parameter_is_gone(ssm: Any) -> None:
    ssm.delete_parameter(Name="/shop/size")
    assert refused(ssm.get_parameter, Name="/shop/size") == "ParameterNotFound"
