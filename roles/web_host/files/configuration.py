# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write what a host's application is to know into a file, from parameters and secrets of AWS.

The user data of the instance says where: {"phoenix": {"path": "/production/home", "region":
"us-east-1", "wait_for": ["database_endpoint"]}}. Each parameter below the path becomes a variable:
theme/colour is THEME_COLOUR. The secret that parameter `application_secret` names gives user and
password of the database. So one image serves every environment.

What may still come is waited for, though not for ever; what is wrong ends it at once.
Where no user data says anything, as on a host of which an image is made, the file is empty.

Programs that are given the place, and another login than the application's, ask `fetch` themselves.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

METADATA = "http://169.254.169.254/latest"
SECRET = "application_secret"
EXAMPLE = '{"phoenix": {"path": "/production/home", "region": "us-east-1"}}'
# What libpq, and all that builds on it, calls the parameters of the database.
LIBPQ = {
    "DATABASE_ENDPOINT": "PGHOST",
    "DATABASE_PORT": "PGPORT",
    "DATABASE_NAME": "PGDATABASE",
}
# Parameters that the application has no use for, and with which nothing changes for it.
UNTOLD = {"database_configuration"}
RESERVED = {"HOME", "PATH", "PORT", "SHELL", "USER"}  # systemd, or the service itself, sets these
PATIENCE = 900.0  # seconds until it gives up
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds


class Place(NamedTuple):
    """Where an environment keeps what its hosts are to know."""

    path: str
    region: str
    wait_for: tuple[str, ...] = ()


class Incomplete(Exception):
    """Something that the application needs is not there yet; the text says what."""


class Wrong(Exception):
    """Something will not become right by waiting; the text says what, and never tells a secret."""


def user_data() -> bytes:
    """What the instance was launched with; none is empty. Raises OSError."""
    asked = urllib.request.Request(
        METADATA + "/api/token",
        method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"},
    )
    with urllib.request.urlopen(asked, timeout=5) as answer:
        token = answer.read().decode()
    asked = urllib.request.Request(
        METADATA + "/user-data", headers={"X-aws-ec2-metadata-token": token}
    )
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as refused:
        if refused.code == 404:
            return b""
        raise


def place_of(data: bytes) -> Place | None:
    """Where user data says to look; None where it is none of ours. Raises Wrong."""
    if not data.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(data)
    except ValueError as error:
        raise Wrong("user data: is no JSON, " + str(error) + "; for example " + EXAMPLE) from None
    if "phoenix" not in found:
        return None
    told = found["phoenix"]
    rules = {"path": r"(/[\w.-]+)+/?", "region": r"[a-z]+(-[a-z]+)+-\d"}
    if not isinstance(told, dict) or told.keys() - {*rules, "wait_for"}:
        raise Wrong("user data: phoenix has path, region and wait_for; for example " + EXAMPLE)
    for name, rule in rules.items():
        if not re.fullmatch(rule, str(told.get(name, ""))):
            raise Wrong("user data: phoenix." + name + " is to look as in " + EXAMPLE)
    awaited = told.get("wait_for", [])
    if not isinstance(awaited, list) or not all(isinstance(name, str) for name in awaited):
        raise Wrong("user data: phoenix.wait_for is a list of names of parameters")
    return Place(told["path"].rstrip("/"), told["region"], tuple(awaited))


def client(service: str, region: str, config: Config | None = None) -> Any:
    """Old versions of the SDK do not read the variable by which its endpoint is set."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    return Session().create_client(
        service, region_name=region, endpoint_url=endpoint, config=config
    )


def variables(parameters: Mapping[str, str], secret: Mapping[str, str]) -> dict[str, str]:
    """Names and texts for the application. Raises Wrong.

    parameters: path below the environment's own -> text. secret: username and password, or nothing.
    """
    found: dict[str, str] = {}
    for path, text in sorted(parameters.items()):
        if path in UNTOLD:
            continue
        name = re.sub(r"\W", "_", path, flags=re.ASCII).upper()
        if name in found or name in RESERVED or name[0].isdigit():
            why = "is another parameter's too" if name in found else "cannot be a parameter's"
            raise Wrong("parameter " + path + ": the variable " + name + " " + why)
        found[name] = text
    for name, other in LIBPQ.items():
        if name in found:
            found[other] = found[name]
    if secret:
        found["PGUSER"] = found["DATABASE_USER"] = secret["username"]
        found["PGPASSWORD"] = found["DATABASE_PASSWORD"] = secret["password"]
    if "PGHOST" in found:
        found["PGSSLMODE"] = "verify-full"
        found["PGSSLROOTCERT"] = os.environ["PGSSLROOTCERT"]
    return found


def fetch_secret(name: str, region: str) -> dict[str, str]:
    """User name and password. Raises Wrong, or an error of the SDK."""
    text = client("secretsmanager", region).get_secret_value(SecretId=name).get("SecretString", "")
    try:
        found = json.loads(text)
        return {key: str(found[key]) for key in ("username", "password")}
    except (KeyError, TypeError, ValueError):
        raise Wrong("secret " + name + ": is a JSON object with username and password") from None


def fetch_parameters(place: Place) -> dict[str, str]:
    """Path below the environment's own -> text. Raises Incomplete, or an error of the SDK."""
    pages = (
        client("ssm", place.region)
        .get_paginator("get_parameters_by_path")
        .paginate(Path=place.path, Recursive=True, WithDecryption=True)
    )
    found = {
        one["Name"][len(place.path) :].strip("/"): one["Value"]
        for page in pages
        for one in page["Parameters"]
    }
    missing = sorted(set(place.wait_for) - set(found))
    if missing:
        raise Incomplete(
            "there is no parameter " + ", ".join(place.path + "/" + name for name in missing)
        )
    return found


def fetch(place: Place, login: str = "") -> dict[str, str]:
    """The variables as AWS has them now. Raises Incomplete, Wrong, or an error of the SDK.

    login: the secret of another one than the application's.
    """
    parameters = fetch_parameters(place)
    name = login or parameters.get(SECRET, "")
    return variables(parameters, fetch_secret(name, place.region) if name else {})


def quoted(value: str) -> str:
    """A text as systemd reads it from a file of variables."""
    return '"' + re.sub(r'([\\"`$])', r"\\\1", value) + '"'


def write(target: Path, found: Mapping[str, str]) -> None:
    """Replace the file at once; nobody but its owner may read it."""
    beside = target.with_suffix(".new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600, exist_ok=False)
    lines = [name + "=" + quoted(text) for name, text in sorted(found.items())]
    beside.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    beside.rename(target)


def main(target: Path, patience: float = PATIENCE) -> None:
    """Try until it is done: a host that boots before the database is there waits for it.

    Raises SystemExit, with what is wrong or did not come.
    """
    pause, told, end = PAUSE, "", time.monotonic() + patience
    while True:
        try:
            place = place_of(user_data())
            write(target, fetch(place) if place else {})
            return
        except Wrong as trouble:
            raise SystemExit("the configuration is wrong. " + str(trouble)) from None
        except (Incomplete, BotoCoreError, ClientError, OSError) as trouble:
            if str(trouble) != told:
                told = str(trouble)
                print("not yet: " + told, file=sys.stderr, flush=True)
        if time.monotonic() + pause > end:
            minutes = "after " + str(round(patience / 60, 1)) + " minutes"
            raise SystemExit("there is no configuration, given up " + minutes + ": " + told)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
