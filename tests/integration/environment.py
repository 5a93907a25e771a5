# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference environment as tests drive it: both sites, through the runner's own functions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.destroy import (
    destroy,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import (
    run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.unprotect import (
    unprotect,
)

from sandbox.running import Handle

ACCOUNT = "123456789012"
SITES = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}
TRAFFIC = {"domain": "shop.example.com", "alarm_email": "ops@example.com"}
DECLARED: dict[str, Any] = {
    "environment": "production",
    "account_id": ACCOUNT,
    "sites": SITES,
    "traffic": TRAFFIC,
}
# What is asked for with a builder.
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"
BUILDER = {
    "builder": True,
    "controller": "198.51.100.7/32",
    "login_public_key": PUBLIC,
    "host_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n",
    "host_public_key": PUBLIC,
}
Result = dict[str, Any]


class Environment:
    """Both sites of one declaration, each in a thread as Ansible's forks would have it."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.declared: dict[str, Any] = dict(DECLARED)
        # As the controller keeps them: the entries of each by its id.
        self.journals: dict[str, list[Any]] = {}

    @contextmanager
    def branch(self) -> Iterator[Environment]:
        """The same once more, as it is now; it ends with the block."""
        with self.handle.branch() as handle:
            other = Environment(handle)
            other.declared = copy.deepcopy(self.declared)
            other.journals = dict(self.journals)
            yield other

    def params(self, site: str, **options: Any) -> dict[str, Any]:
        connection = {
            "endpoint_url": self.handle.endpoint,
            "access_key": "emulated",
            "secret_key": "emulated",
        }
        return {**self.declared, "site": site, **connection, **options}

    def run(self, **options: Any) -> dict[str, Result]:
        """Brings both sites to what is declared and waits for them."""
        return self._each(lambda site: run(self.params(site, **options), "site", dry=False))

    def run_tier(self, tier: str) -> dict[str, Result]:
        """One tier of both sites alone, as a playbook with a single role would."""

        def work(site: str) -> Result:
            params = self.params(site)
            return run({**params, **params.pop("traffic")}, tier, dry=False)

        return self._each(work)

    def plan(self, **options: Any) -> dict[str, Result]:
        """What `run` would do; writes nothing."""
        return self._each(lambda site: run(self.params(site, **options), "site", dry=True))

    def info(self, **options: Any) -> dict[str, Result]:
        return self._each(lambda site: run(self.params(site, **options), "site_info", dry=True))

    def destroy(self, site: str, **options: Any) -> Result:
        return destroy(self.params(site, **options), dry=False)

    def foresee(self, site: str, **options: Any) -> Result:
        """What `destroy` would do; writes nothing."""
        return destroy(self.params(site, **options), dry=True)

    def unprotect(self, site: str, **options: Any) -> Result:
        return unprotect(self.params(site, **options), dry=False)

    def start_tier(self, tier: str, site: str, earlier: Result | None = None) -> Result:
        """One tier of one site, without waiting for what it starts.

        earlier: the result of the tier before it, handed on as the role of the tier does.
        """
        params = self.params(site, wait=False, known=(earlier or {}).get("known", {}))
        return run({**params, **params.pop("traffic")}, tier, dry=False)

    def aws(self, site: str) -> Aws:
        """Clients of one site, for doing things behind the collection's back."""
        place = SITES[site]
        scope = Scope("production", site, place["region"], ACCOUNT, place["stands"])
        return Aws(scope, Connection("", "", "x", "x", "", self.handle.endpoint))

    def _each(self, work: Callable[[str], Result]) -> dict[str, Result]:
        with ThreadPoolExecutor() as pool:
            futures = {site: pool.submit(work, site) for site in self.declared["sites"]}
            return {site: future.result() for site, future in futures.items()}


def live_from(environment: Environment, strategy: str) -> None:
    """What the recovery site is declared to live from."""
    recovery: dict[str, Any] = {**SITES["recovery"], "strategy": strategy}
    environment.declared["sites"] = {**SITES, "recovery": recovery}


def addresses(results: Mapping[str, Result], *actions: str) -> set[str]:
    """ "site address" of the planned actions, of these kinds or of all that write."""
    wanted = actions or ("create", "change", "replace", "destroy")
    return {
        f"{site} {action['address']}"
        for site, result in results.items()
        for action in result["actions"]
        if action["action"] in wanted
    }


def ways_out(results: Mapping[str, Result], *actions: str) -> set[str]:
    """Those of them that are about a way out of a network."""
    kinds = ("elastic_ip/", "nat_gateway/", "route/")
    found = addresses(results, *actions)
    return {one for one in found if one.partition(" ")[2].startswith(kinds)}


def done(results: Mapping[str, Result]) -> set[str]:
    """ "site address" of the actions that were executed."""
    return {f"{site} {name}" for site, result in results.items() for name in result["done"]}
