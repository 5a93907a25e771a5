# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the web tier, and the rules between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..declaration.fields import SECRETIVE, Field, Problem
from ..declaration.site import Site

IMAGE_PARAMETER = "/aws/service/debian/release/12/latest/arm64"
LONGEST_VALUE = 4096
LONGEST_USER_DATA = 16384
# Names that parameters of Systems Manager may not begin with, whatever their case.
RESERVED = ("aws", "ssm")
# Parameters that the tier writes itself.
WRITTEN = (
    "application_port",
    "database_endpoint",
    "database_name",
    "database_port",
    "database_secret",
    "domain",
    "releases_bucket",
)
NAME = re.compile(r"[\w.-]+(/[\w.-]+){0,5}")
# Keys of AWS, private keys, and addresses with a password in them.
SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|://[^/\s:@]*:[^/\s@]+@")

FIELDS: tuple[Field, ...] = (
    Field(
        "instance_type",
        "str",
        "an EC2 instance type",
        "t4g.small",
        "t4g.small",
        lambda v: bool(re.fullmatch(r"[a-z][a-z0-9-]*\.([a-z0-9-]+)", v)),
    ),
    Field(
        "image_parameter",
        "str",
        "the path of a parameter that holds an image id",
        IMAGE_PARAMETER,
        IMAGE_PARAMETER,
        lambda v: bool(re.fullmatch(r"/[\w./-]{1,1010}", v)),
    ),
    Field(
        "image_id",
        "str",
        "an image id, instead of image_parameter",
        "ami-0123456789abcdef0",
        "",
        lambda v: not v or bool(re.fullmatch(r"ami-[0-9a-f]{8,17}", v)),
    ),
    Field(
        "root_device",
        "str",
        "the name of the image's root device",
        "/dev/xvda",
        "/dev/xvda",
        lambda v: bool(re.fullmatch(r"/dev/[a-z]+\d*", v)),
    ),
    Field("root_gb", "int", "a number of GiB from 8 to 16384", 20, 20, lambda v: 8 <= v <= 16384),
    Field("min_size", "int", "a number of hosts from 0 to 500", 2, 2, lambda v: 0 <= v <= 500),
    Field("max_size", "int", "a number of hosts from 1 to 500", 12, 12, lambda v: 1 <= v <= 500),
    Field("cpu_target", "int", "a percentage from 10 to 90", 55, 55, lambda v: 10 <= v <= 90),
    Field(
        "requests_target",
        "int",
        "a number of requests per host and minute, 0 for no such rule",
        1000,
        1000,
        lambda v: v >= 0,
    ),
    Field(
        "user_data",
        "str",
        "a text of at most 16384 bytes that hosts run at their first start",
        "#!/bin/sh\n",
        "",
        lambda v: len(v.encode()) <= LONGEST_USER_DATA,
    ),
    Field(
        "parameters",
        "dict",
        "names with texts of 1 to 4096 characters, for the application to read",
        {"theme": "dark"},
        {},
        lambda v: all(
            NAME.fullmatch(str(name)) and isinstance(text, str) and 0 < len(text) <= LONGEST_VALUE
            for name, text in v.items()
        ),
    ),
)


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the fields."""
    least, most = options["min_size"], options["max_size"]
    if least > most:
        yield Problem("min_size", least, f"must not be more than max_size, {most}", most)
    if site.scope.environment.startswith(RESERVED):
        rule = "must not begin with aws or ssm: parameters of Systems Manager are named after it"
        yield Problem("environment", site.scope.environment, rule, "production")
    if SECRET_VALUE.search(options["user_data"]):
        yield Problem("user_data", "********", _secret_rule(), "#!/bin/sh\n")
    for name, value in options["parameters"].items():
        yield from _parameter(str(name), value)


def _parameter(name: str, value: str) -> Iterator[Problem]:
    path = f"parameters.{name}"
    named = SECRETIVE.search(name) and not value.startswith("arn:")
    if named or SECRET_VALUE.search(value):
        yield Problem(path, "********", _secret_rule(), {f"{name}_arn": "arn:aws:secretsmanager:…"})
    elif name in WRITTEN:
        yield Problem(path, value, "is written by the web tier itself", {"theme": "dark"})


def _secret_rule() -> str:
    return "must not hold a secret; keep it in Secrets Manager and give its ARN"
