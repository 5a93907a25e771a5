# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes a site down, and proves that nothing of it is left that costs money.

What is removed is found in the account by owner tags and names, not in a record of earlier runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..aws.view import View
from ..engine.diff import compare
from ..engine.errors import EngineError
from ..engine.model import Have
from ..kinds import route53
from ..kinds.bucket_content import DERIVED, holds
from ..kinds.bucket_content import empty as empty_bucket
from ..kinds.db_instance import leaves_snapshot
from ..kinds.record_sets import key_of, record_set, strangers
from . import elsewhere, existing, remains
from .catalog import KINDS
from .site import Converger
from .task import Planned

# A group without rules that vanishes with its network.
VANISHING = frozenset({"default_security_group"})


class Protected(EngineError):
    code = "protected"


class NotEmpty(EngineError):
    code = "not_empty"


class ForeignRecords(EngineError):
    code = "foreign_records"


class KeyLeaves(EngineError):
    code = "key_leaves"


class PeerStands(EngineError):
    code = "peer_stands"


@dataclass(frozen=True, slots=True)
class Left:
    """What is still there after a teardown. kept: on purpose, with the reason; lost: not.

    elsewhere: what of the lost stands where nobody declares it. unseen: regions in which the
    account may not look.
    """

    kept: tuple[str, ...]
    lost: tuple[str, ...]
    elsewhere: tuple[elsewhere.Found, ...] = ()
    unseen: tuple[str, ...] = ()


def obstacles(
    converger: Converger,
    planned: Planned,
    *,
    empty_buckets: Iterable[str],
    before: Iterable[str] = (),
) -> Iterator[EngineError]:
    """Why the teardown would stop half-way or lose data. Touches nothing.

    StandsElsewhere, Protected, KeyLeaves, NotEmpty, ForeignRecords, PeerStands; each names every
    object concerned and the next command. before: sites that are taken down before this one, so
    they are no obstacle.
    """
    try:
        elsewhere.refuse(converger.sweep().found, converger.task.site)
    except elsewhere.StandsElsewhere as error:
        yield error
    protected = sorted(have.address for have in planned.haves.values() if _protected(have))
    if protected:
        yield Protected(
            "protected against deletion: " + ", ".join(protected),
            "lift the protection in a run of its own: "
            "ansible-playbook operatingdev.phoenix.unprotect",
        )
    if _leaves_snapshot(planned) and remains.key_leaves(converger):
        yield KeyLeaves(
            "the key of the database waits for its deletion, and its final snapshot could not be "
            "read without it",
            "run site.yml first, which calls the key back",
        )
    staying = [
        (name, str(have.facts["name"]))
        for name, have in planned.haves.items()
        if have.kind == "bucket" and have.id not in set(empty_buckets)
    ]
    full = [f"{name} ({of})" for name, of in staying if holds(converger.account, of)]
    if full:
        yield NotEmpty(
            "buckets with objects in them: " + ", ".join(sorted(full)),
            "copy what you need, then name those to be emptied, for example "
            '-e \'{"destroy_empty_buckets": ["logs"]}\'',
        )
    others = _foreign_records(converger, planned)
    if others:
        yield ForeignRecords(
            f"the hosted zone holds records of others: {', '.join(others)}",
            "move them to another zone, or remove them, then run the same playbook again",
        )
    peer = converger.peer
    if peer is not None and peer.scope.site not in set(before):
        yield from _standing_peer(converger, peer)


def empty(
    converger: Converger, planned: Planned, chosen: Iterable[str], guard: Callable[[], None]
) -> None:
    """Removes every version of every object in the chosen buckets, and in the others what is
    derived. guard: as in `apply`.
    """
    names = set(chosen)
    for have in planned.haves.values():
        if have.kind == "bucket":
            prefix = "" if have.id in names else DERIVED
            empty_bucket(converger.account, str(have.facts["name"]), guard, prefix)


def left(converger: Converger, planned: Planned) -> Left:
    """Looks again, by kind and by tag, in this site's region; and by tag in all the others.

    planned: the teardown, for what it left to others nothing of this site leads to any more.
    """
    haves = converger.plan_destruction().haves
    kept = [f"snapshot {name}" for name in remains.snapshots(converger)]
    shared = {h.address: remains.needed(h) for h in remains.staying(planned) if h.kind != "kms_key"}
    snapshot = bool(kept)
    lost: list[str] = []
    for have in haves.values():
        if have.kind in VANISHING or have.status == "deleted" or have.address in shared:
            continue
        if have.kind == "kms_key" and snapshot:
            kept.append(remains.needed(have))
        else:
            lost.append(have.address)
    lost += [arn for arn in _tagged(converger) if not snapshot or ":snapshot:" not in arn]
    sweep = converger.sweep()
    lost += [arn for item in sweep.found for arn in item.arns]
    kept += [*shared.values(), *remains.scheduled(converger), *remains.backups(converger)]
    return Left(tuple(kept), tuple(lost), sweep.found, sweep.unseen)


def keeps(converger: Converger, planned: Planned) -> frozenset[str]:
    """Addresses that a teardown leaves: the key without which the final snapshot is lost, and what
    others need too.

    The snapshot may be there already, from a teardown that stopped half-way.
    """
    needed = _leaves_snapshot(planned) or bool(remains.snapshots(converger))
    view = View(converger.account)
    shared = {name for name, have in planned.haves.items() if KINDS[have.kind].shared(view, have)}
    return frozenset(shared | ({"kms_key/main"} if needed else set()))


def _leaves_snapshot(planned: Planned) -> bool:
    database = planned.haves.get("db_instance/main")
    return database is not None and leaves_snapshot(database)


def _protected(have: Have) -> bool:
    kind = KINDS[have.kind]
    return bool(compare(kind.unprotected, have.spec, kind.rules.partial))


def _tagged(converger: Converger) -> list[str]:
    """ARNs of what is there and carries the owner tags, and hosts that still run."""
    view = View(converger.account)
    # What lingers is looked at by its own kind.
    listed = [arn for arn in view.tagged() if not any(part in arn for part in elsewhere.LINGERING)]
    arns = existing.standing(view, listed)
    running = view.pages(
        "ec2",
        "describe_instances",
        "Reservations",
        Filters=[
            *converger.account.scope.filters(),
            {"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]},
        ],
    )
    return [*arns, *(i["InstanceId"] for item in running for i in item["Instances"])]


def _foreign_records(converger: Converger, planned: Planned) -> list[str]:
    """Records in our zone that no teardown of the environment removes."""
    zone = planned.haves.get("hosted_zone/main")
    if zone is None:
        return []
    own = {
        key_of(record_set(have.spec))
        for have in planned.haves.values()
        if have.kind == "dns_record" and have.facts["zone"] == zone.facts["id"]
    }
    raws = route53.records(View(converger.account), zone.facts["id"])
    rest = [raw for raw in raws if key_of(raw) not in own]
    return sorted(strangers(converger.account.scope, rest, zone.facts["name"]))


def _standing_peer(converger: Converger, peer: Aws) -> Iterator[EngineError]:
    """The home site has the zone and the primary, so it goes last."""
    if not converger.task.site.is_home:
        return
    try:
        tagged = View(peer).pages("ec2", "describe_vpcs", "Vpcs", Filters=peer.scope.filters())
    except Exception as error:
        if meaning(error) is Meaning.UNCLEAR:
            return
        raise
    if tagged:
        yield PeerStands(
            f"site {peer.scope.site} still stands, and depends on {converger.account.scope.site}",
            f"take {peer.scope.site} down first; without --limit the playbook does so",
        )
