# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks are of all that the collection calls, and what does not hold is written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import Session

from .conftest import HERE, KNOWN

ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs/sandbox-conformance.md"
SERVICES = (
    *("acm", "autoscaling", "cloudwatch", "ec2", "elbv2", "iam", "kms", "logs", "pricing", "rds"),
    *("resourcegroupstaggingapi", "route53", "s3", "secretsmanager", "service-quotas", "sns"),
    *("ssm", "sts"),
)


@cache
def operations(service: str) -> frozenset[str]:
    """The operations of a service as methods of its client."""
    names = Session().get_service_model(service).operation_names
    return frozenset(xform_name(name) for name in names)


def words(path: Path) -> set[str]:
    """Every name and every text that a file of Python mentions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(attr=word) | ast.Name(id=word) | ast.arg(arg=word):
                found.add(word)
            case ast.Constant(value=str(word)):
                found.add(word)
            case ast.ImportFrom(module=str(word)):
                found.add(word.rpartition(".")[2])
    return found


def called(folder: Path) -> set[tuple[str, str]]:
    """Services and operations that stand in one file of a folder."""
    mentioned = [words(path) for path in folder.rglob("*.py")]
    return {
        (service, name)
        for service in SERVICES
        for found in mentioned
        if service in found
        for name in found & operations(service)
    }


def checks() -> Iterator[str]:
    """The names of all checks, as in `known.toml`."""
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.stem}::{node.name}"


# In files about more than one service: the operation is of the other one.
ELSEWHERE = {("acm", "list_tags_for_resource"), ("autoscaling", "describe_load_balancers")}


def test_each_operation_that_the_collection_calls_has_a_check() -> None:
    missing = called(ROOT / "plugins") - called(HERE) - ELSEWHERE
    assert sorted(missing) == []


def test_the_search_for_operations_finds_some_of_each_service() -> None:
    found = {service for service, _ in called(ROOT / "plugins")}
    assert found >= set(SERVICES) - {"logs", "pricing", "service-quotas"}


def test_what_is_known_not_to_hold_is_a_check() -> None:
    assert set(KNOWN) <= set(checks())


def test_the_document_lists_what_does_not_hold_with_its_reason() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(test_\w+::test_\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert rows == KNOWN
