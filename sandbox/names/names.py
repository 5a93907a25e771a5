# SPDX-License-Identifier: GPL-3.0-or-later
"""All that has to do with names in one world: who answers, where, and with what."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from random import Random
from typing import Any

from sandbox.address import ADDRESS
from sandbox.names.listening import Desk, Listening, bind, bind_in
from sandbox.names.lookup import Answer, Lookup
from sandbox.names.messages import reply
from sandbox.names.places import Places
from sandbox.names.records import INTERNET, Account, NoAccount, View

_SHOWN = ("A", "AAAA", "CNAME")


class Names:
    """Answers for the account that `serve_account` names; until then nothing has a name."""

    def __init__(self, lock: threading.RLock) -> None:
        self.places = Places()
        self._lock = lock
        self._dice = Random()
        self.lookup = Lookup(NoAccount(), self.places, self._dice)
        self._listening: Listening | None = None
        self._elsewhere: list[Desk] = []
        self.port = 0  # on loopback; 0: nobody listens there

    def serve_account(self, account: Account) -> None:
        """Answer for this account."""
        self.lookup = Lookup(account, self.places, self._dice)

    def answer(self, name: str, kind: str = "A", view: View = INTERNET) -> Answer:
        """What a name answers to somebody there."""
        with self._lock:
            return self.lookup.answer(name, kind, view)

    def adopt(self, name: str, *addresses: str, vpc: str | None = None) -> None:
        """Answer a name that AWS gave with where it really listens: see `Places.adopt`."""
        with self._lock:
            self.places.adopt(name, *addresses, vpc=vpc)

    def drop(self, name: str) -> None:
        """No longer answer an adopted name so."""
        with self._lock:
            self.places.drop(name)

    def listen(self, address: str, port: int) -> int:
        """Answer those who ask at an address of this machine, as the internet is answered.

        The port, which is a free one for 0. Raises OSError.
        """
        self.port = self._serve(bind(address, port), INTERNET).port
        return self.port

    def revive(self) -> None:
        """Answer at a free port of its own, in a process that was forked from another one."""
        if self.port:
            self._listening = None
            self.listen(ADDRESS, 0)

    def serve_in(self, namespace: str, addresses: Sequence[str], view: View) -> list[Desk]:
        """Answer those who ask in a network namespace at port 53 of its own addresses.

        In a VPC these are its second address and 169.254.169.253, which a card of the namespace
        must have. Raises OSError, and then listens at none of them. Sockets keep a namespace alive
        that has lost its name, so `stop` before it is removed; `forget` stops all.
        """
        made: list[Desk] = []
        try:
            for address in addresses:
                made.append(self._serve(bind_in(namespace, address), view))  # noqa: PERF401
        except OSError:
            self.stop(made)
            raise
        self._elsewhere += made
        return made

    def stop(self, desks: Sequence[Desk]) -> None:
        """Answer at these addresses no more."""
        for desk in desks:
            if self._listening:
                self._listening.remove(desk)
        self._elsewhere = [desk for desk in self._elsewhere if desk not in desks]

    def status(self) -> list[dict[str, Any]]:
        """Every name with what it answers: name, type, answers, ttl, and the VPC of a private one.

        Of a name that several records share, it is what they answer at this moment.
        """
        with self._lock:
            rows = []
            for zone in self.lookup.account.zones():
                views = [View(vpc) for vpc in sorted(zone.vpcs)] if zone.private else [INTERNET]
                known = dict.fromkeys((r.name, r.kind) for r in zone.records if r.kind in _SHOWN)
                rows += [self._row(name, kind, view) for view in views for name, kind in known]
            rows += [self._row(name, "A", INTERNET) for name in self.lookup.account.listed()]
            return rows

    def checks(self) -> list[dict[str, Any]]:
        """Every health check: id, what it checks, whether it is healthy, what was told last."""
        with self._lock:
            return list(self.lookup.account.checks())

    def forget(self) -> None:
        """Forget where things listen, and answer nobody in another namespace any more."""
        self.places.forget()
        self.stop(self._elsewhere)

    def _row(self, name: str, kind: str, view: View) -> dict[str, Any]:
        found = self.lookup.answer(name, kind, view)
        told = [one for one in found.answers if one.name == name]
        return {
            "name": name.rstrip("."),
            "type": kind,
            "answers": [value for one in told for value in one.values],
            "ttl": min((one.ttl for one in told), default=0),
            "vpc": view.vpc,
        }

    def _serve(self, sockets: Any, view: View) -> Desk:
        self._listening = self._listening or Listening()

        def ask(name: str, kind: str) -> Answer:
            return self.answer(name, kind, view)

        return self._listening.add(sockets, lambda query, stream: reply(query, ask, stream))
