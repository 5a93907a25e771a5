# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a declaration to a plan, and from the plan to an outcome, for one site.

Knows neither Ansible nor check mode: a plan that nobody applies changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ..aws.errors import Conflict
from ..aws.reach import Reach
from ..aws.session import Aws
from ..aws.view import View
from ..engine import graph
from ..engine import plan as planning
from ..engine.apply import Event, Outcome, apply
from ..engine.errors import EngineError
from ..engine.model import Action, Have, Plan, Want
from ..tiers.standing import has_database
from . import active, elsewhere
from .catalog import KINDS, kinds_of
from .lookups import lookups, needed
from .reading import Reader
from .task import RULES, THREADS, Known, Planned, Task
from .world import Account


class Converger:
    """Plans and applies one task over one set of clients and threads. Close it after use."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.active = active.Active()
        self._accounts = _accounts(task)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="phoenix")

    def __enter__(self) -> Converger:
        """Finds out which site serves. Raises Unread, and what AWS says of the own region."""
        self.find_active()
        return self

    def find_active(self) -> Task:
        """The task as the record of who serves has it now. Raises as on entry."""
        self.active = active.read(self.account, None if self.task.isolated else self.peer)
        self.task = replace(self.task, site=active.seen(self.task.site, self.active))
        if self.task.isolated or self.task.within:
            # What the task looks at itself is not taken for what was known of it before.
            own = {want.address for want in self.task.wants}
            known = {name: facts for name, facts in self.task.known.items() if name not in own}
            self.task = replace(self.task, known=known)
        return self.task

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for aws in self._accounts.values():
            aws.close()

    @property
    def account(self) -> Aws:
        """Clients of the site itself."""
        return self._accounts[""]

    @property
    def leasing(self) -> Aws:
        """Clients of the site for its lease, by which those of `apply` are guarded."""
        return self.account.unguarded()

    @property
    def peer(self) -> Aws | None:
        """Clients of the other site, None where there is none."""
        peer = self.task.site.peer
        return self._accounts[peer.site] if peer else None

    def plan(self) -> Planned:
        """Reads the account and says what would be done. Writes nothing.

        Raises AccountMismatch where there is something to do and the account is a wrong one,
        StandsElsewhere where a site stands in another region than declared, and Moving while an
        operation moves the environment.
        """
        if not self.task.isolated:
            active.refuse_moving(self.active, self.task.within)
        reader = Reader(self._accounts, KINDS)
        try:
            planned = self._planned(reader)
        except EngineError:
            # In a wrong account, or of a site that moved, all differs in ways that hide the reason.
            self._verify_place(reader.view)
            raise
        if planned.plan.writes:
            self._verify_place(reader.view)
            _refuse_objections(reader.view, planned.plan)
        return planned

    def _planned(self, reader: Reader) -> Planned:
        wants = self.task.wants
        wants += tuple(lookups(self.task, wants))
        wants = tuple(w if w.given else KINDS[w.kind].fitted(reader.view, w) for w in wants)
        own = [want for want in wants if not want.given]
        given = {want.address: want for want in wants if want.given}
        # What is compared with has to be known before anything can be said to differ.
        compared = {ref.target for want in own for ref in graph.refs(want.spec)} & given.keys()
        first = [*own, *(given[name] for name in sorted(compared))]
        haves = reader.read(first, self.task.kinds, self._pool)
        keep = self._staying(reader.view, haves)
        spent = self._spent(reader.view, wants, haves)
        told: Known = {**self.task.known, **self.task.out_of_reach}
        draft = self._plan(wants, haves, told, keep, spent)
        wanted = compared.union(needed(draft, haves, given))
        later = [given[name] for name in sorted(wanted - compared)]
        haves |= reader.read(later, (), self._pool)
        unread: dict[str, dict[str, Any]] = {n: {} for n in given if n not in wanted}
        known: Known = {**told, **unread}
        kept = [want for want in wants if want.address not in unread]
        return Planned(self._plan(kept, haves, known, keep, spent), haves, known)

    def _staying(self, view: View, haves: Mapping[str, Have]) -> frozenset[str]:
        """What is declared by nobody, and stays for the sake of what it serves."""
        database = has_database(self.task.site)
        found = (n for n, h in haves.items() if KINDS[h.kind].stays(view, h, database=database))
        return frozenset(found)

    def _spent(
        self, view: View, wants: Iterable[Want], haves: Mapping[str, Have]
    ) -> frozenset[str]:
        """What holds data and is of no use any more, as its kind has it. What is declared is of use
        unless it has failed.
        """
        declared = {want.address for want in wants}
        return frozenset(
            have.address
            for tier in self.task.tiers
            for kind in tier.KINDS
            for have in kind.spent(
                view,
                [h for h in haves.values() if h.kind == kind.name and not h.site],
                self.task.options[tier.TIER],
            )
            if have.failed or have.address not in declared
        )

    def plan_destruction(self, keep: frozenset[str] = frozenset()) -> Planned:
        """Reads the account and says what would be removed. Writes nothing.

        keep: addresses that stay.
        """
        own = [want for want in self.task.wants if not want.given]
        read = Reader(self._accounts, KINDS).read(own, kinds_of(self.task.tiers), self._pool)
        haves = {name: have for name, have in read.items() if not have.leaving}
        going = {name: have for name, have in haves.items() if name not in keep}
        if going:
            self._verify_accounts()
        return Planned(planning.destruction(own, going, RULES), haves, {})

    def sweep(self) -> elsewhere.Sweep:
        """Looks in every region for what the declaration does not name."""
        return elsewhere.by_tags(self.account, self.task.site, self._pool)

    def plan_unprotection(self) -> Planned:
        """Reads what is there and can be protected, and says what of it would be let go.

        Every want is made of an object that was found, so nothing absent is made or awaited.
        """
        own = [want for want in self.task.wants if not want.given and KINDS[want.kind].unprotected]
        kinds = {k.name: (tier, k) for tier in self.task.tiers for k in tier.KINDS if k.unprotected}
        whole = [kind for _tier, kind in kinds.values()]
        haves = Reader(self._accounts, KINDS).read(own, whole, self._pool)
        lifted = [
            Want(have.kind, have.id, kind.unprotected, tier=tier.TIER)
            for have in haves.values()
            for tier, kind in (kinds[have.kind],)
        ]
        plan = planning.plan(lifted, haves, RULES)
        if plan.writes:
            self.account.verify_account()
        return Planned(plan, haves, {})

    def apply(
        self,
        planned: Planned,
        listener: Callable[[Event], None],
        guard: Callable[[], None] = lambda: None,
        *,
        wait: bool = True,
    ) -> Outcome:
        """Executes the plan. wait: where the task waits, until everything in it is usable.

        guard: asked before each write, and as it is sent; raises where nothing may be written any
        more.
        """
        for aws in self._accounts.values():
            aws.guard = guard
        world = Account(
            self._accounts,
            KINDS,
            planned.known,
            timeout=self.task.timeout,
            purge=self.task.purge,
            listener=listener,
            guard=guard,
        )
        with ThreadPoolExecutor(THREADS, thread_name_prefix="phoenix-apply") as pool:
            waits = wait and self.task.wait and not self.task.peer_failed
            return apply(
                planned.plan, planned.haves, world, pool, wait=waits, until=self.task.until
            )

    def _verify_place(self, view: View) -> None:
        """Raises StandsElsewhere, and as `_verify_accounts`. Of other regions, in which there may
        be something, nothing is asked while one is given up.
        """
        self._verify_accounts()
        if not self.task.isolated:
            elsewhere.refuse(elsewhere.by_buckets(view, self.task.site), self.task.site)

    def _verify_accounts(self) -> None:
        """Raises AccountMismatch where credentials, also the peer's, are of another account.

        A plan with something to do is either about to be executed or to be read as the truth about
        an account, so it must be the right one.
        """
        for site, aws in self._accounts.items():
            if not (site and self.task.isolated):
                aws.verify_account()

    def _plan(
        self,
        wants: Iterable[Want],
        haves: Mapping[str, Have],
        known: Known,
        keep: frozenset[str],
        spent: frozenset[str],
    ) -> Plan:
        return planning.plan(
            wants,
            haves,
            RULES,
            known=known,
            replace=self.task.replace,
            purge=self.task.purge,
            keep=keep,
            spent=spent,
        )


def _refuse_objections(view: View, plan: Plan) -> None:
    """Raises what the kinds object to what is planned, all of it at once."""
    found: list[EngineError | Conflict] = [
        error
        for step in plan.writes
        if step.want
        for error in KINDS[step.kind].objections(view, step.want, step.have)
    ]
    new: dict[str, list[Want]] = {}
    for step in plan.writes:
        if step.action is Action.CREATE and step.want:
            new.setdefault(step.kind, []).append(step.want)
    found += [error for kind, wants in new.items() for error in KINDS[kind].shortage(view, wants)]
    if found:
        first = found[0]
        first.args = ("; ".join(str(error) for error in found),)
        first.hint = "\n".join(dict.fromkeys(error.hint for error in found))
        raise first


def _accounts(task: Task) -> dict[str, Aws]:
    """Clients by site as wants name it: "" is the site being built."""
    own, peer = task.site.scope, task.site.peer
    reach = Reach(own.region) if task.isolated else None
    found = {"": Aws(own, task.connections[own.site], reach=reach)}
    if peer:
        # A site is built, or takes over, while the other one's region is down.
        found[peer.site] = Aws(peer, task.connections[peer.site], own.region, reach)
    return found
