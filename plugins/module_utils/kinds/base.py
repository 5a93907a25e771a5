# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every kind is: how to find, create, update and delete one type of AWS resource.

A kind never sleeps, logs, retries or decides. Its spec is canonical: what means the same is equal,
in what it wants (built by the tiers) and in what it finds.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

from ..aws.errors import Conflict, Meaning, meaning, not_ours
from ..aws.session import Aws
from ..aws.view import View
from ..engine.errors import EngineError
from ..engine.model import Change, Have, Rules, Want


class Kind(abc.ABC):
    """One AWS resource type. `name` is the file's name; `rules` is what the planner must know.

    services: the SDK clients it uses, so that they can be made before threads start.
    tokenless: AWS takes neither a token nor a name for it, so a create sent twice makes two.
    unprotected: the part of a spec with which AWS lets an object be deleted, empty where nothing is
    kept from that.
    ids: where tiers share a kind, those that the one that says `Kind("a", "b")` declares; none for
    all but `others`, which other tiers declare. Only of these it takes undeclared ones for its own.
    """

    name: ClassVar[str]
    rules: ClassVar[Rules] = Rules()
    services: ClassVar[tuple[str, ...]] = ()
    tokenless: ClassVar[bool] = False
    unprotected: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init__(self, *ids: str, others: Iterable[str] = ()) -> None:
        self.ids = ids
        self.others = frozenset(others)

    def covers(self, id: str) -> bool:
        return id in self.ids if self.ids else id not in self.others

    @abc.abstractmethod
    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        """Every object of this kind that is ours at the view's site, also undeclared ones.

        wants: the declared ones, for kinds that AWS reads by name only, their Refs unresolved.
        """

    def fitted(self, view: View, want: Want) -> Want:
        """The same without what AWS does not offer where it is wanted. Its Refs are unresolved."""
        return want

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """Why what is planned must not be done, by what others have in the account.

        Asked of each object that would be made or changed, before anything is. view: that of
        `find`, so what was read there costs nothing. have: None for what would be made.
        """
        name = "" if have else self.taken(view, want)
        if name:
            yield not_ours(f"{self.title} {name}", view.scope.prefix)

    def shortage(self, view: View, wants: Sequence[Want]) -> Iterator[EngineError]:
        """Why not as many can be made as are planned. wants: all that would be made."""
        return iter(())

    @property
    def title(self) -> str:
        """The kind in words."""
        return self.name.replace("_", " ")

    def taken(self, view: View, want: Want) -> str:
        """The name of a want that `find` did not find, where somebody else's object bears it.

        Kinds that AWS knows by a name that we choose say so; "" where the name is free. Of a
        want's spec they read only what bears no Refs.
        """
        return ""

    def stays(self, view: View, have: Have, *, database: bool) -> bool:
        """Whether an undeclared object stays because what it serves is kept and still there.

        database: whether the site declares one.
        """
        return False

    def shared(self, view: View, have: Have) -> bool:
        """Whether others in the account need the object too, so that a teardown leaves it."""
        return False

    def spent(
        self, view: View, haves: Sequence[Have], options: Mapping[str, Any]
    ) -> Iterable[Have]:
        """Which of these objects are of no use any more, and go although the kind holds data.

        haves: all of ours of this kind. options: those of the tier that owns the kind.
        """
        return ()

    @abc.abstractmethod
    def create(self, aws: Aws, want: Want) -> Have:
        """Makes the object, tagged in the same call. The want's Refs are resolved.

        Where AWS takes no token, use `aws.once`: whether an unclear call was executed is found out
        by looking, not by repeating. Settings that need calls of their own come after the create
        call, by the same code as `update`.
        """

    @abc.abstractmethod
    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        """Makes these changes. None means: facts as before, spec as wanted, settled."""

    @abc.abstractmethod
    def delete(self, aws: Aws, have: Have) -> None:
        """Removes the object. Its absence is success; whatever still uses it is an error."""


def sought(wants: Sequence[Want], kind: str, *ids: str) -> list[Want]:
    """The wants, and one without a spec for each of these ids that nobody declares."""
    declared = {want.id for want in wants}
    return [*wants, *(Want(kind, id) for id in ids if id not in declared)]


def have_for(
    want: Want, facts: Mapping[str, Any], *, settled: bool = True, status: str = ""
) -> Have:
    """What is there after a create that AWS accepted: the wanted spec and the facts it answered."""
    return Have(want.kind, want.id, dict(want.spec), facts, settled, status, site=want.site)


def completed(have: Have, work: Callable[[], object]) -> Have:
    """What is there after a create whose `work` sets what AWS did not take in the create call.

    A call that does not go through yet is no failed create: that would be repeated, and make a
    second object. The object is then not settled, and its next look finds what it lacks.
    """
    try:
        work()
    except Exception as error:
        if meaning(error) in (Meaning.REFUSED, Meaning.BLOCKED):
            raise
        return replace(have, settled=False, status="incomplete")
    return have


def changed(changes: Iterable[Change]) -> frozenset[str]:
    """The top-level keys among the changes."""
    return frozenset(change.key for change in changes)


def tag_edits(changes: Iterable[Change]) -> tuple[dict[str, str], list[str]]:
    """The tags to set and the tag keys to remove among the changes."""
    edits = [change for change in changes if change.key == "tags"]
    put = {change.path[1]: str(change.after) for change in edits if change.after is not None}
    return put, [change.path[1] for change in edits if change.after is None]


def retag_ec2(aws: Aws, resource: str, changes: Iterable[Change]) -> None:
    """Sets and removes tags of an EC2 resource, one call each and only where needed."""
    put, drop = tag_edits(changes)
    client = aws.client("ec2")
    if put:
        tags = [{"Key": key, "Value": value} for key, value in sorted(put.items())]
        client.create_tags(Resources=[resource], Tags=tags)
    if drop:
        client.delete_tags(Resources=[resource], Tags=[{"Key": key} for key in drop])
