# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Beat in the database each second, and tell another region how far its copies have come.

    heartbeat.py FLAG

All hosts run it and one of them beats: who holds a lock of the database, which goes with its
session. Each tells the other region once a minute that it is there, once the file FLAG says that
its application was ready. Metrics are put by a thread of their own, so a region that does not
answer holds no beat up. Nothing that goes wrong ends it; each new trouble is said once. The
database is where the variables of libpq say.

Which region that is was read at boot. Where the other site did not stand by then, it is looked for
from time to time: a host outlives the day on which it is made to.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

import configuration
import psycopg2
from beats import HOSTS, NAMESPACE, Beat, figures, kept, metric_data, minute_of, turned
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PAUSE = 1.0  # seconds from a beat to the next one, or from one try to the next one
PUBLISH = 10.0  # seconds from metrics to metrics
LOOK = 60.0  # seconds from one look for a region to the next one
QUICK = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 1})
REGION = "heartbeat_region"
# What may still come, and what is wrong.
NOT_TOLD = (configuration.Incomplete, configuration.Wrong)
# Any number will do, if nobody else in this database takes the same.
LOCK = 7_420_920
TRY = "select pg_try_advisory_lock(%s)"
BEAT = """
    select written_id, extract(epoch from written_at)::float8, written_writes,
        replicated_id, extract(epoch from replicated_at)::float8, replicated_writes
    from phoenix.beat()
"""
# The server asks for a client that says nothing, so the lock of a host that is gone is soon free;
# and the client for a server.
SESSION = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
    " -c statement_timeout=10s -c lock_timeout=5s"
)
QUIET = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}


class Voice:
    """Says each new trouble once, and once that all is well again."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def trouble(self, text: str) -> None:
        """Something does not work."""
        line = " ".join(text.split())
        if line not in self._said:
            self._said.add(line)
            print(line, flush=True)

    def well(self, text: str) -> None:
        """It does."""
        if self._said != {text}:
            self._said = {text}
            print(text, flush=True)


class Publisher(threading.Thread):
    """Tells a region of the newest beats, if there are new ones, and once a minute that this host
    is there. region: "" where none was known at boot. beats: set by who beats. ready: a file that
    is there once the application was ready.

    A host counts in each minute that has begun while this was running, and in none twice: not after
    a restart, and not where the answer of the region was lost.
    """

    def __init__(self, region: str, ready: Path) -> None:
        super().__init__(name="publisher", daemon=True)
        self.beats: tuple[Beat, ...] = ()
        self._region = region
        self._ready = ready
        self._client: Any = None
        self._environment = ""
        self._next = 0.0
        self._voice = Voice()

    def run(self) -> None:
        """Never returns."""
        told: tuple[Beat, ...] = ()
        counted = minute_of(time.time())
        while True:
            time.sleep(PUBLISH)
            beats, minute = self.beats, turned(counted, time.time())
            found = figures(beats) if beats is not told else {}
            # Whatever becomes of it: told again it would be one more host.
            counted = minute or counted
            counts = minute if self._ready.exists() else None
            if (found or counts) and self._known() and self._publish(found, counts):
                told = beats

    def _known(self) -> bool:
        """Whether there is a region to tell."""
        if not self._region and time.monotonic() >= self._next:
            self._next = time.monotonic() + LOOK
            try:
                self._region = configuration.fetch_parameters(place()).get(REGION, "")
            except (BotoCoreError, ClientError, OSError, *NOT_TOLD) as trouble:
                self._voice.trouble("whom to tell is not known: " + str(trouble))
        return bool(self._region)

    def _publish(self, found: Mapping[str, float], counted: float | None) -> bool:
        """Whether it went well. counted: the minute in which this host counts, None for none."""
        try:
            if not self._client:
                self._environment = place().path.split("/")[1]
                self._client = configuration.client("cloudwatch", self._region, QUICK)
            data = metric_data(self._environment, found)
            if counted:
                data += metric_data(self._environment, {HOSTS: 1.0}, counted)
            self._client.put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (BotoCoreError, ClientError, OSError, configuration.Wrong) as trouble:
            # One that was made without credentials never gets any.
            self._client = None
            self._voice.trouble("not published: " + str(trouble))
            return False
        self._voice.well("publishing to " + self._region)
        return True

    def refuse_dead(self) -> None:
        """Raises SystemExit where it has ended, by a mistake of its own."""
        if not self.is_alive():
            raise SystemExit("who publishes has died, as is told above")


def place() -> configuration.Place:
    """That of the host, as its user data tells. Raises OSError, configuration.Wrong."""
    found = configuration.place_of(configuration.user_data())
    if not found:
        raise configuration.Wrong("user data: says nothing of an environment")
    return found


def beat(voice: Voice, publisher: Publisher) -> None:
    """Wait for the lock, and beat as long as the session lives. Raises psycopg2.Error."""
    session = psycopg2.connect("", application_name="phoenix-heartbeat", options=SESSION, **QUIET)
    session.autocommit = True
    beats: tuple[Beat, ...] = ()
    try:
        with session.cursor() as cursor:
            while not asked(cursor, TRY, LOCK)[0]:
                voice.well("another host beats")
                publisher.refuse_dead()
                time.sleep(PAUSE)
            while True:
                due = time.monotonic() + PAUSE
                beats = kept(beats, Beat(*asked(cursor, BEAT)))
                voice.well("beating")
                publisher.beats = beats
                publisher.refuse_dead()
                time.sleep(max(due - time.monotonic(), 0))
    finally:
        session.close()


def asked(cursor: Any, statement: str, *values: Any) -> Any:
    """The one row."""
    cursor.execute(statement, values)
    return cursor.fetchone()


def main(variables: Mapping[str, str], ready: Path) -> None:
    """Returns only where there is nothing to beat in: what was read at boot does not change."""
    if variables.get("DATABASE_ACCESS") != "write" or not variables.get("PGHOST"):
        print("there is no database here that takes writes, and so no beat", flush=True)
        return
    publisher = Publisher(variables.get(REGION.upper(), ""), ready)
    publisher.start()
    voice = Voice()
    while True:
        try:
            beat(voice, publisher)
        except psycopg2.Error as trouble:
            voice.trouble("no beat: " + str(trouble))
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(os.environ, Path(sys.argv[1]))
