# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a look at both sites reads, each fact by itself: one that cannot be read hides no other.

The names are those by which judges ask for them. "active:" begins what is of the site that serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.errors import Conflict, Meaning, meaning, status
from ...aws.session import Aws
from ...aws.view import View
from ...converge import silence
from ...converge.catalog import KINDS
from ...converge.entries import Entries
from ...converge.reading import Reader
from ...declaration.site import Site
from ...engine.errors import EngineError
from ...engine.model import Want
from ...kinds import certificates, db_copies
from ...kinds.secret_reading import described
from ...tiers.login import LOGINS, home_of
from .. import account, manifest
from .. import journal as journals
from ..acts import decide
from ..artifact import key_of
from ..drill import scope_of
from . import figures, objects, room_reading
from .verdict import ACTIVE, Verdict, bad, unknown

KEPT = ("reports", "proofs", "refreshes", "forged", "unsigned")
DEADLINE = 45.0  # seconds for all of them, within the minute in which a look ends
Reading = Callable[[], Any]
# What is read at once: the names of the facts, and how to know them.
Job = tuple[Iterable[str], Callable[[], Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Clients of both sites that soon give up on a region that does not answer.

    here, there: views of the site that stands by and of the one that serves.
    """

    site: Site
    options: Mapping[str, Mapping[str, Any]]
    here: View
    there: View

    @property
    def application(self) -> str:
        return str(self.options["web_tier"]["application"])


def facts(
    eyes: Eyes, own: Iterable[Want], others: Iterable[Want], pool: Executor
) -> dict[str, Any]:
    """All facts by name. own, others: the wants of both sites that are looked at.

    In place of what could not be read stands the verdict on what needs it. Raises what is neither
    said by AWS nor by its silence.
    """
    readings = {**_named(eyes), **room_reading.named(eyes.here, eyes.site, eyes.options)}
    jobs: list[Job] = [
        ((name,), partial(_one, eyes.site, name, reading)) for name, reading in readings.items()
    ]
    here, there = eyes.here, eyes.there
    jobs.append(_kept(eyes.site, "", here.aws, there.scope.site))
    jobs.append(_kept(eyes.site, ACTIVE, there.aws, here.scope.site))
    jobs += _by_kind(eyes.site, "", eyes.here, own)
    jobs += _by_kind(eyes.site, ACTIVE, eyes.there, others)
    # All at once: those of a region that does not answer are awaited once, not one by one.
    futures = [(names, pool.submit(work)) for names, work in jobs]
    wait((future for _names, future in futures), DEADLINE)
    found: dict[str, Any] = {}
    for names, future in futures:
        late = unknown(f"nothing told it within {DEADLINE:.0f} s")
        found |= future.result() if future.done() else dict.fromkeys(names, late)
    return found


def guarded(site: Site, work: Reading) -> Any:
    """What a reading answers, or the verdict on what needs it."""
    try:
        return work()
    except (EngineError, Conflict) as error:
        return bad(str(error), error.hint)
    except Exception as error:
        silent = meaning(error) is Meaning.UNCLEAR
        if not silent and not status(error):
            raise
        # Of what a connection died is of no use to who reads the row.
        said = silence.message(site, error).removesuffix(f": {error}")
        return unknown(said if silent else f"AWS refused to tell: {said}")


def _named(eyes: Eyes) -> dict[str, Reading]:
    """The facts that no want is about."""
    here, there, peer = eyes.here, eyes.there, eyes.there.scope
    recovery = there if eyes.site.is_home else here
    found: dict[str, Reading] = {
        "unended": lambda: journals.unended(here.aws),
        f"{ACTIVE}unended": lambda: journals.unended(there.aws),
        "drill": lambda: _drill(here.aws),
        # Only a failover, which leads to the recovery site, leaves one behind that has not ended.
        f"{ACTIVE}drill": lambda: _drill(there.aws) if eyes.site.is_home else None,
        f"{ACTIVE}refresh": lambda: journals.unended(account.copies(there.aws)),
        "credentials": here.aws.credentials,
        "lease": lambda: Entries(here.aws).look(),
        f"{ACTIVE}lease": lambda: Entries(there.aws).look(),
        "manifest": lambda: manifest.load(here.aws),
        "replica": lambda: _database(here),
        f"{ACTIVE}primary": lambda: _database(there),
        "heartbeat": lambda: decide.heartbeat(here.aws),
        "lag": lambda: figures.lag(here),
        "copies": lambda: db_copies.of(here, peer.database),
        "image": lambda: figures.launched_image(here),
        "logins": lambda: _logins(here, eyes.site),
        f"{ACTIVE}logins": lambda: _logins(there, eyes.site),
        f"{ACTIVE}objects": lambda: objects.failed(here, there, journals.now()),
        "certificate": lambda: _certificate(here, eyes.options["traffic"]["domain"]),
        "switch": lambda: figures.alarm(recovery, recovery.scope.name("switch")),
        "orderable": lambda: room_reading.orderable(here, eyes.options, _database(here)),
    }
    if eyes.application:
        found |= {
            f"{ACTIVE}image": lambda: figures.launched_image(there),
            "artifact": lambda: _artifact(eyes),
        }
    return found


def _kept(site: Site, prefix: str, aws: Aws, other: str) -> Job:
    """The reports of a site, each read once for all rows that are about them."""
    names = {name: f"{prefix}{name}" for name in KEPT}

    def work() -> dict[str, Any]:
        found = guarded(site, partial(account.kept, aws, other))
        unread = isinstance(found, Verdict)
        return {name: found if unread else found[key] for key, name in names.items()}

    return names.values(), work


def _by_kind(site: Site, prefix: str, view: View, wants: Iterable[Want]) -> Iterator[Job]:
    """One kind at a time, so that what one cannot be asked hides no other, over the look of all, so
    that nothing is asked twice.
    """
    reader, groups = Reader.over(view, KINDS), dict[str, list[Want]]()
    for want in wants:
        groups.setdefault(want.kind, []).append(want)
    for group in groups.values():
        names = [f"{prefix}{want.address}" for want in group]
        yield names, partial(_many, site, prefix, reader, group)


def _one(site: Site, name: str, reading: Reading) -> dict[str, Any]:
    return {name: guarded(site, reading)}


def _many(site: Site, prefix: str, reader: Reader, wants: list[Want]) -> dict[str, Any]:
    """What is there of wants of one kind, by address."""
    haves = guarded(site, partial(reader.read, wants, ()))
    unread = isinstance(haves, Verdict)
    return {
        f"{prefix}{want.address}": haves if unread else haves.get(want.address) for want in wants
    }


def _drill(aws: Aws) -> journals.Journal | None:
    return journals.unended(aws.at(scope_of(aws.scope)))


def _database(view: View) -> Mapping[str, Any] | None:
    name = view.scope.database
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=name)
    return answer["DBInstances"][0] if answer and answer["DBInstances"] else None


def _logins(view: View, site: Site) -> dict[str, Mapping[str, Any] | None]:
    return {login: described(view, home_of(site).secret(login)) for login in LOGINS}


def _certificate(view: View, domain: str) -> Mapping[str, Any] | None:
    """That which is in force, as ACM tells it; the look at the site has asked for it already."""
    found = [item for item in certificates.ours(view, [domain]) if item.alive]
    answer = (
        view.call("acm", "describe_certificate", CertificateArn=found[0].arn) if found else None
    )
    return answer["Certificate"] if answer else None


def _artifact(eyes: Eyes) -> dict[str, Any]:
    """release: that which serves, or that of hosts here where nobody can be asked what serves.
    object: what S3 tells of its artifact here, None where it is not there.
    """
    serving = guarded(eyes.site, lambda: figures.launched_image(eyes.there))
    image = serving if isinstance(serving, dict) else figures.launched_image(eyes.here)
    release = image["release"] if image else ""
    bucket, key = eyes.here.scope.bucket("releases"), key_of(eyes.application, release)
    found = eyes.here.call("s3", "head_object", Bucket=bucket, Key=key) if release else None
    return {"release": release, "object": found}
