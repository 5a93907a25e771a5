# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a replica is made and a copy restored, and where a primary has its password from."""

from __future__ import annotations

import json

from ..aws.errors import Conflict, Meaning, NotYet, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..engine.model import Want
from . import db_copies as copies
from . import db_instance_arguments as arguments
from . import db_instance_reading as reading

RESTORABLE = (
    "major version, key and master user are fixed for the life of a database: copy the snapshot "
    "with the site's key (aws rds copy-db-snapshot --kms-key-id), or declare what the copy has, "
    "its key as restore.key"
)


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


def restore(aws: Aws, want: Want) -> reading.Item:
    """Makes an instance out of a copy, in the groups that it is declared in from the first moment.

    The password of its master user is that of the copy; which one applies here is set once it is
    there. Raises NotRestorable where it would never become as declared.
    """
    spec, rds = want.spec, aws.once("rds")
    copy = copies.named(View(aws), spec["restore"])
    why = copies.objection(
        copy, major=spec["major"], key=spec["key"], username=spec.get("username", "")
    )
    if why:
        raise copies.NotRestorable(why, RESTORABLE)
    asked = arguments.of_restored(spec, copies.mark(copy))
    if copies.SNAPSHOT in spec["restore"]:
        answer = rds.restore_db_instance_from_db_snapshot(**asked)
    else:
        answer = rds.restore_db_instance_to_point_in_time(**asked)
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
