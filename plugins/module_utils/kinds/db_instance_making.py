# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a replica is made, and where a new primary has its password from."""

from __future__ import annotations

import json

from ..aws.errors import Conflict, Meaning, NotYet, meaning
from ..aws.session import SECRETS, Aws
from ..engine.model import Want
from . import db_instance_arguments as arguments
from . import db_instance_reading as reading


def replicate(aws: Aws, want: Want) -> reading.Item:
    """Makes a replica. Its source may be at its daily backup, and takes none until that is done."""
    region = want.spec["source"].split(":")[3]
    asked = arguments.of_replica(want.spec, region)
    try:
        answer = aws.once("rds").create_db_instance_read_replica(**asked)
    except Exception as error:
        if meaning(error) is Meaning.BLOCKED:
            raise NotYet(f"{want.spec['source']} is busy: {error}") from error
        raise
    item: reading.Item = answer["DBInstance"]
    return item


def login(aws: Aws, want: Want) -> tuple[str, str]:
    """The master user's name and password, out of the secret and into the one call for them."""
    name = want.spec["secret"]
    answer = aws.client("secretsmanager").get_secret_value(SecretId=name)
    value = json.loads(answer["SecretString"])
    password = SECRETS.learn(str(value["password"]))
    if value["username"] != want.spec["username"]:
        raise Conflict(
            f"secret {name} is for user {value['username']}, the declaration names "
            f"{want.spec['username']} as database_user; declare the one that the secret is for"
        )
    return str(value["username"]), password
