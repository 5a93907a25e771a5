# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions and clients: one factory for everything, with one retry policy.

The SDK's service models are loaded once per process and shared by all sessions; a process that was
forked from one that called `warm` finds them loaded.
"""

from __future__ import annotations

import gc
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.scrub import Scrubber
from . import credentials, sdk
from .errors import AccountMismatch, note_place
from .reach import Reach
from .scope import Scope

SERVICES = (
    "ec2",
    "s3",
    "iam",
    "rds",
    "ssm",
    "kms",
    "route53",
    "cloudwatch",
    "autoscaling",
    "elbv2",
    "acm",
    "sns",
    "secretsmanager",
    "logs",
    "resourcegroupstaggingapi",
    "sts",
)
ATTEMPTS = 10
# For a question that has an answer for silence, too: attempts, and seconds for each.
HASTY_ATTEMPTS, HASTY_CONNECT, HASTY_READ = 2, 3, 10
# How the names of operations begin that change nothing.
READS = ("Describe", "Get", "Head", "List")
# Secret values are few, known late, and must not get out by any way; so one place knows all.
SECRETS = Scrubber()
_shared: dict[str, Any] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an account, named as in amazon.aws. Empty means: as the SDK finds it."""

    profile: str = ""
    role_arn: str = ""
    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""
    endpoint_url: str = ""


def _base() -> Any:
    """The session whose loader, with the parsed service models, all others share."""
    with _lock:
        if "session" not in _shared:
            _shared["session"] = sdk.session.Session()
        return _shared["session"]


def warm() -> None:
    """Loads the SDK's models of all services, so that later clients cost a tenth.

    What is there afterwards stays to the end, so the collector need not look at it again: that
    would copy it into every forked process.
    """
    if sdk.MISSING or "warm" in _shared:
        return
    _shared["warm"] = True
    base = _base()
    for service in SERVICES:
        base.create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
            endpoint_url="http://127.0.0.1:9",
        )
    gc.freeze()


class Aws:
    """Clients for one scope.

    `client` retries by itself, for calls that may be repeated. `once` sends a request one time, for
    creates without a token: their caller decides after looking. Both are safe to use from threads.

    identity: the region whose STS is asked who we are and for any role, also that of a profile, by
    default the scope's own. Every region's STS answers for all, so that of a region that is down
    need not be asked.
    guard: asked before each request that may change something is sent, also for the second time;
    what it raises the call raises. reach: what may be asked at all, None for everything.
    """

    def __init__(
        self,
        scope: Scope,
        connection: Connection,
        identity: str = "",
        reach: Reach | None = None,
    ) -> None:
        self.scope = scope
        self.connection = connection
        self.reach = reach
        self._hasty = False
        self._identity = identity or scope.region
        self._run = uuid.uuid4().hex
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._others: list[Aws] = []
        self._making = threading.RLock()
        self._session: Any = None
        self._source: Any = None
        self._caller = ""
        self.guard: Callable[[], None] = lambda: None

    def client(self, service: str, region: str = "") -> Any:
        return self._get(service, region or self.scope.region, False)

    def once(self, service: str, region: str = "") -> Any:
        return self._get(service, region or self.scope.region, True)

    def at(self, scope: Scope, connection: Connection | None = None) -> Aws:
        """The same for another scope, by the same credentials unless a connection is given."""
        other = Aws(scope, connection or self.connection, reach=self.reach)
        self._others.append(other)
        return other

    def hasty(self) -> Aws:
        """The same by the same session, that soon gives up on a region that does not answer."""
        other = self.unguarded()
        other._hasty = True
        return other

    def unguarded(self) -> Aws:
        """The same by the same session, for what a guard itself has to ask."""
        with self._making:
            self._session = self._session or self._open()
        other = Aws(self.scope, self.connection, self._identity, self.reach)
        other._session, other._source = self._session, self._source
        self._others.append(other)
        return other

    def close(self) -> None:
        """Closes the connections that are open; who asks again later opens new ones.

        The SDK leaves that to the collector, which may not come for thousands of them.
        """
        with self._making:
            for client in self._clients.values():
                client.close()
            for other in self._others:
                other.close()

    def token(self, address: str, arguments: Mapping[str, Any]) -> str:
        """An idempotency token for one create call, however often this run repeats it.

        Another run has another one, and looks by tag first: a token that never changed would make
        AWS answer with the object that was made by it and has been deleted since.
        """
        return self.scope.token(address, {**arguments, "run": self._run})

    def verify_account(self) -> None:
        """Raises AccountMismatch unless the credentials belong to the account of the scope."""
        if self._caller:
            return
        answer = self.client("sts", self._identity).get_caller_identity()
        found = str(answer["Account"])
        if found != self.scope.account:
            raise AccountMismatch(
                f"site {self.scope.site}: the credentials belong to account {found}, "
                f"the declaration names {self.scope.account}; nothing was changed"
            )
        self._caller = str(answer["Arn"])

    def credentials(self) -> dict[str, Any]:
        """Of whom the credentials are, and how long they hold, as credentials.told has it.

        Raises AccountMismatch.
        """
        self.verify_account()
        own = self._source or self._session.get_credentials()
        return {"arn": self._caller, **credentials.told(self._session, own)}

    def _get(self, service: str, region: str, once: bool) -> Any:
        key = (service, region, once)
        with self._making:
            if key not in self._clients:
                self._session = self._session or self._open()
                attempts = 1 if once else HASTY_ATTEMPTS if self._hasty else ATTEMPTS
                self._clients[key] = client = self._session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=self.connection.endpoint_url or None,
                    config=sdk.Config(
                        retries={"mode": "standard", "total_max_attempts": attempts},
                        connect_timeout=HASTY_CONNECT if self._hasty else 10,
                        read_timeout=HASTY_READ if self._hasty else 60,
                        # The name without a region is answered by one of them for the whole world.
                        s3={"us_east_1_regional_endpoint": "regional"},
                        max_pool_connections=32,
                        user_agent_extra="operatingdev.phoenix",
                    ),
                )
                _name_place(client, service)
                client.meta.events.register_first("before-send", self._ask(service, region))
            return self._clients[key]

    def _ask(self, service: str, region: str) -> Callable[..., None]:
        """What is asked before a request of a client is sent."""

        def ask(event_name: str, request: Any = None, **_more: Any) -> None:
            operation = event_name.rpartition(".")[2]
            if self.reach:
                own = not self.connection.endpoint_url and request is not None
                self.reach.check(service, region, operation, request.url if own else "")
            if not operation.startswith(READS):
                self.guard()

        return ask

    def _open(self) -> Any:
        session = sdk.session.Session(profile=self.connection.profile or None)
        loader = _base().get_component("data_loader")
        session.register_component("data_loader", loader)
        # Whatever a profile or the environment says: without a region in its name STS is that of
        # one region for the whole world.
        session.set_config_variable("sts_regional_endpoints", "regional")
        if self.reach:
            session.register("before-send.sts", self._gate)
        if not self.connection.access_key:
            # Else a profile that assumes a role would ask where the first client happens to be.
            resolver = sdk.create_credential_resolver(session, region_name=self._identity)
            session.register_component("credential_provider", resolver)
        else:
            session.set_credentials(
                self.connection.access_key,
                self.connection.secret_key,
                self.connection.session_token or None,
            )
        if self.connection.role_arn:
            self._assume(session)
        return session

    def _gate(self, event_name: str, request: Any = None, **_more: Any) -> None:
        """Asked before anybody's request to STS is sent, as that for the role of a profile."""
        url = "" if self.connection.endpoint_url or request is None else request.url
        region = self._identity
        Reach(region).check("sts", region, event_name.rpartition(".")[2], url)

    def _assume(self, session: Any) -> None:
        """Makes the session act as the role, with credentials that renew themselves."""

        def create(service: str, **arguments: Any) -> Any:
            arguments.setdefault("region_name", self._identity)
            arguments.setdefault("endpoint_url", self.connection.endpoint_url or None)
            client = session.create_client(service, **arguments)
            _name_place(client, service)
            return client

        self._source = session.get_credentials()
        fetcher = sdk.AssumeRoleCredentialFetcher(
            client_creator=create,
            source_credentials=self._source,
            role_arn=self.connection.role_arn,
            extra_args={"RoleSessionName": f"phoenix-{self.scope.prefix}"[:64]},
        )
        session._credentials = sdk.DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )


def _name_place(client: Any, service: str) -> None:
    """Has every exception of the client's calls tell whom it had asked."""
    region = client.meta.region_name

    def note(exception: BaseException, **_more: Any) -> None:
        note_place(exception, service, region)

    client.meta.events.register("after-call-error", note)


def connection(options: Mapping[str, Any]) -> Connection:
    """A Connection from module options; absent ones stay empty."""
    return Connection(**{name: str(options.get(name) or "") for name in Connection.__slots__})
