# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation does and looks at from a host within the network of a site.

    recovery.py WHAT, and on standard input what logins.py is told, with what is named below

Each prints what it found, as JSON; may be ended at any moment and done again; and is described
where it stands. All are told the {"operation"}, its id, and the {"owner"} of the database, "" where
its roles and logins are not ours.

Of a replica: point. caught_up: {"lsn"}, {"frozen"} and {"compare_mb"} if wanted.
Of either: contents: {"compare_mb"}, {"snapshot"} and {"known"} if wanted.
Once it takes writes: proof. sequences: {"gap"}. logins, lock: {"users", "rotate", "roles"}.
Where a site serves: freeze: {"users", "roles"}, {"compare_mb"} if wanted. thaw: {"users", "roles"}.
Of a copy of production: mark.
Where one has served: orphans: {"snapshot", "folder"}.
Of the traffic: site: {"balancer", "domain", "page", "authorities"}. names and led: {"balancer",
"domain"}.
Of a staging copy: probes: {"sink", "outside", "production"}.

users: login -> its two users. roles: as the database has them declared. rotate: logins.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
import rotate
from access import change_logins, lock
from botocore.exceptions import BotoCoreError, ClientError
from contents import contents
from copied import mark
from freeze import freeze, thaw
from logins import Server
from orphans import orphans
from probes import probes
from promoted import move_sequences, proof
from replica import caught_up, point
from sessions import Refused
from traffic import led, names, site

WHAT: Mapping[str, Callable[[Server, Mapping[str, Any]], dict[str, Any]]] = {
    "point": point,
    "caught_up": caught_up,
    "contents": contents,
    "mark": mark,
    "proof": proof,
    "sequences": move_sequences,
    "logins": change_logins,
    "lock": lock,
    "freeze": freeze,
    "thaw": thaw,
    "orphans": orphans,
    "site": site,
    "names": names,
    "led": led,
    "probes": probes,
}


def main(what: str, given: Mapping[str, Any]) -> None:
    """Raises SystemExit, with what is wrong."""
    troubles = (configuration.Incomplete, configuration.Wrong, BotoCoreError, ClientError)
    refusals = (Refused, rotate.Refused)
    try:
        print(json.dumps(WHAT[what](Server(given), given)))
    except (*troubles, *refusals, OSError, psycopg2.Error) as trouble:
        raise SystemExit("recovery " + what + ": " + str(trouble).strip()) from None


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
