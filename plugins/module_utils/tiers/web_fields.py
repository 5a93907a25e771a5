# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the web tier, and the rules between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..declaration.fields import Field, Problem
from ..declaration.secrets import HIDDEN, LIVE, SECRET_VALUE, SECRETIVE
from ..declaration.site import Site
from . import sink

IMAGE_PARAMETER = "/aws/service/debian/release/12/latest/arm64"
# Names end up in tags, whose values have at most 256 characters.
LONGEST_NAME = 200
LONGEST_VALUE = 4096
LONGEST_USER_DATA = 16384
# A group may have forty types, and one of them is the preferred one.
MOST_FALLBACKS = 39
# Names that parameters of Systems Manager may not begin with, whatever their case.
RESERVED = ("aws", "ssm")
# Parameters that the tier writes itself; those of the sink where there is one besides.
WRITTEN = (
    "application_port",
    "application_secret",
    "database_access",
    "database_configuration",
    "database_endpoint",
    "database_name",
    "database_port",
    "domain",
    "heartbeat_region",
    "releases_bucket",
)
# Variables that a host sets itself; those of what is WRITTEN besides.
HOST_VARIABLES = frozenset({"HOME", "PATH", "PORT", "SHELL", "USER"})
DATABASE_VARIABLES = frozenset(
    {
        *("DATABASE_PASSWORD", "DATABASE_USER", "PGDATABASE", "PGHOST", "PGPASSWORD", "PGPORT"),
        *("PGSSLMODE", "PGSSLROOTCERT", "PGUSER"),
    }
)
NAME = re.compile(r"[\w.-]+(/[\w.-]+){0,5}", re.ASCII)
TYPE = re.compile(
    r"[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|([1-9]\d*)?xlarge|metal(-\d+xl)?)"
)
# Families of Graviton have a g behind the number of their generation, but for the first of them.
ARM = re.compile(r"a1\.|[a-z]+\d+g")
ARCHITECTURES = {"arm64": "arm64", "aarch64": "arm64", "amd64": "x86_64", "x86_64": "x86_64"}
TYPES = {"arm64": "t4g.small", "x86_64": "t3.small"}
OTHERS = {"arm64": ["t4g.medium"], "x86_64": ["t3.medium"]}

RELEASED = re.compile(r"[A-Za-z0-9][\w.-]{0,39}-[0-9a-f]{8}", re.ASCII)
IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


def is_image_id(value: str) -> bool:
    return bool(IMAGE_ID.fullmatch(value))


FIELDS: tuple[Field, ...] = (
    Field(
        "instance_type",
        "str",
        "an EC2 instance type",
        "t4g.small",
        "t4g.small",
        lambda v: bool(TYPE.fullmatch(v)),
    ),
    Field(
        "fallback_instance_types",
        "list",
        "at most 39 EC2 instance types, each once",
        ["t4g.medium", "m7g.medium"],
        (),
        lambda v: (
            len(v) <= MOST_FALLBACKS
            and len(set(v)) == len(v)
            and all(isinstance(each, str) and TYPE.fullmatch(each) for each in v)
        ),
        elements="str",
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
        lambda v: not v or is_image_id(v),
    ),
    Field(
        "application",
        "str",
        "up to 28 lower case letters, digits and dashes, beginning with a letter",
        "crowdfund",
        "",
        lambda v: not v or bool(re.fullmatch(r"[a-z][a-z0-9-]{0,27}", v)),
    ),
    Field(
        "release_image",
        "str",
        "the name of an image of a release, as role image makes it, or the id of one",
        "1.4.0-0a1b2c3d",
        "",
        lambda v: not v or is_image_id(v) or bool(RELEASED.fullmatch(v)),
    ),
    Field(
        "login_version",
        "str",
        "the id of a version of the application's secret",
        "6b0d8f0c-6d0b-5d39-8f5e-3a1b7b0c2f11",
        "",
        lambda v: not v or bool(re.fullmatch(r"[\w-]{32,64}", v, re.ASCII)),
    ),
    Field(
        "keep_images",
        "int",
        "how many images of releases are kept besides those in use, 0 for all",
        5,
        5,
        lambda v: v >= 0,
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
        key=Field(
            "name",
            "str",
            "a path of at most 200 letters, digits and _.-, in at most six parts",
            "theme",
            check=lambda v: len(v) <= LONGEST_NAME and bool(NAME.fullmatch(v)),
        ),
        # Systems Manager takes double braces for a reference, and refuses them.
        entry=Field(
            "value",
            "str",
            "a text of 1 to 4096 characters without {{",
            "dark",
            check=lambda v: 0 < len(v) <= LONGEST_VALUE and "{{" not in v,
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
        yield Problem("user_data", HIDDEN, _secret_rule(), "#!/bin/sh\n")
    if options["application"] and options["user_data"]:
        rule = "must be empty with application, whose hosts are told where their configuration is"
        yield Problem("user_data", options["user_data"], rule, "")
    if options["release_image"] and not options["application"]:
        rule = "is for hosts of an application, and none is declared"
        yield Problem("release_image", options["release_image"], rule, "")
    yield from _architecture(options)
    yield from _ways_out(site, options)
    given = options["parameters"]
    if site.visitors:
        yield from _moves_money(given)
    written = (*WRITTEN, *(sink.PARAMETERS if sink.has(site) else ()))
    found = [item for name, text in given.items() for item in _parameter(str(name), text, written)]
    yield from found or _variables(given, written)


def _ways_out(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Without them no host of an application becomes ready: only a closed site has endpoints."""
    if site.closed:
        return
    for name, nat in site.nats.items():
        if options["application"] and nat == "none":
            rule = (
                "must be per_zone or one where web_tier_application is declared, whose hosts read "
                "parameters of Systems Manager and secrets of Secrets Manager by a NAT gateway"
            )
            yield Problem(f"sites.{name}.nat", nat, rule, "one")


def _moves_money(parameters: Mapping[str, Any]) -> Iterator[Problem]:
    """Nobody is charged by a staging copy, whoever says what its hosts are told."""
    for name, value in parameters.items():
        if LIVE.search(str(value)):
            rule = "must be no key of a payment service by which money moves, in a staging copy"
            yield Problem(f"parameters.{name}", HIDDEN, rule, "a key for tests")


def variable(name: str) -> str:
    """What the application has of a parameter: THEME_COLOUR of theme/colour."""
    return re.sub(r"\W", "_", name, flags=re.ASCII).upper()


def _variables(parameters: Mapping[str, Any], written: Iterable[str]) -> Iterator[Problem]:
    """With a name that cannot be a variable of its own, no new host would become ready."""
    taken = dict.fromkeys([*HOST_VARIABLES, *DATABASE_VARIABLES], "set by the host itself")
    taken |= {variable(name): f"that of parameter {name}" for name in written}
    for name, value in parameters.items():
        found, path = variable(str(name)), f"parameters.{name}"
        if found[0].isdigit():
            yield Problem(path, value, "must not begin with a digit, as no variable does", "theme")
        elif found in taken:
            rule = f"becomes variable {found}, which is {taken[found]}"
            yield Problem(path, value, rule, f"app_{name}")
        taken.setdefault(found, f"that of parameter {name}")


def _architecture(options: Mapping[str, Any]) -> Iterator[Problem]:
    """A host whose processor is not that of its image never starts. What an id holds is unknown."""
    end = options["image_parameter"].rpartition("/")[2]
    wanted = ARCHITECTURES.get(end, "")
    preferred, others = options["instance_type"], options["fallback_instance_types"]
    if not options["image_id"] and wanted:
        rule = f"must have the processor of image_parameter, {end}, and has "
        if (found := _processor(preferred)) != wanted:
            yield Problem("instance_type", preferred, rule + found, TYPES[wanted])
        if found := ", ".join(sorted({*map(_processor, others)} - {wanted})):
            yield Problem("fallback_instance_types", others, rule + found, OTHERS[wanted])
    if preferred in others:
        rule = f"must not have instance_type, {preferred}, which is tried before them"
        yield Problem("fallback_instance_types", others, rule, [])


def _processor(instance_type: str) -> str:
    return "arm64" if ARM.match(instance_type) else "x86_64"


def _parameter(name: str, value: str, written: Iterable[str]) -> Iterator[Problem]:
    path = f"parameters.{name}"
    named = SECRETIVE.search(name) and not value.startswith("arn:")
    if named or SECRET_VALUE.search(value):
        example = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mail-abcdef"
        yield Problem(path, HIDDEN, _secret_rule(), example)
    elif name in written:
        yield Problem(path, value, "is written by the web tier itself", f"leave out {name}")


def _secret_rule() -> str:
    return (
        "must not hold a secret; put it into a SecureString below the path of the others yourself, "
        "or into Secrets Manager, and give its ARN"
    )
