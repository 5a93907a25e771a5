# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners and rules of load balancers."""

from __future__ import annotations

from typing import Any

from moto.elbv2.exceptions import DuplicateListenerError, RuleNotFoundError
from moto.elbv2.exceptions import ELBClientError as Refusal
from moto.elbv2.models import ELBv2Backend, FakeAction

from sandbox.shims import Hook, _elbv2_links
from sandbox.shims._elbv2_rules import check_forwards, check_ranges
from sandbox.shims.elbv2_targets import await_health
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateListener on a port in use returns the same one, or refuses other settings.",
    "An HTTPS listener wants a certificate of its region that is issued.",
    "A listener without TLS has no security policy.",
    "A target group serves one load balancer only.",
    "A target group knows the load balancers of all listeners and rules, changed ones too.",
    "A certificate is in use by load balancers only as long as a listener has it.",
    "Actions come back in full: forward with its weights, redirect with its defaults.",
    "An action that forwards to an unknown target group, to more than five, or with a weight above "
    "999 is refused, and so is a port that there is not.",
    "DeleteRule refuses an unknown rule and a default one.",
)
HOOKS: tuple[Hook, ...] = (
    (
        ELBv2Backend,
        "create_listener",
        ("load_balancer_arn", "protocol", "port", "ssl_policy", "certificate", "actions"),
    ),
    (
        ELBv2Backend,
        "modify_listener",
        ("arn", "port", "protocol", "ssl_policy", "certificates", "actions"),
    ),
    (ELBv2Backend, "delete_listener", ("listener_arn",)),
    (ELBv2Backend, "create_rule", ("listener_arn", "conditions", "priority", "actions")),
    (ELBv2Backend, "modify_rule", ("rule_arn", "conditions", "actions")),
    (ELBv2Backend, "delete_rule", ("arn",)),
    (ELBv2Backend, "add_listener_certificates", ("arn", "certificates")),
    (ELBv2Backend, "remove_listener_certificates", ("arn", "certificates")),
    (FakeAction, "__init__", ("data",)),
)
REDIRECT = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def in_full(action: dict[str, Any]) -> dict[str, Any]:
    """An action as AWS describes it, whatever was left out when it was made."""
    full = dict(action)
    if full.get("Type") == "forward":
        config = dict(full.get("ForwardConfig") or {})
        groups = config.get("TargetGroups") or [{"TargetGroupArn": full["TargetGroupArn"]}]
        config["TargetGroups"] = [{"Weight": 1, **group} for group in groups]
        config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
        full["ForwardConfig"] = config
        if len(groups) == 1:
            full["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    if full.get("Type") == "redirect":
        full["RedirectConfig"] = {**REDIRECT, **full.get("RedirectConfig", {})}
    return full


def settings(listener: Any) -> tuple[Any, ...]:
    actions = [action.data for action in listener.default_actions]
    return listener.protocol, listener.ssl_policy, listener.certificates, actions


def create(world: World) -> None:
    @wrap(ELBv2Backend, "create_listener")
    def create_listener(
        original: Any,
        self: ELBv2Backend,
        load_balancer_arn: str,
        protocol: str,
        port: str,
        ssl_policy: str | None,
        certificate: str | None,
        actions: list[dict[str, Any]],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        check_ranges({"Port": port}.get)
        check_forwards(self, actions)
        secure = (protocol or "").upper() in ("HTTPS", "TLS")
        policy = ssl_policy if secure else None
        balancer = self.load_balancers.get(load_balancer_arn)
        for listener in balancer.listeners.values() if balancer else ():
            if int(listener.port) == int(port):
                wanted = [in_full(action) for action in actions]
                certificates = [certificate] if certificate else []
                if settings(listener) == (protocol, policy, certificates, wanted):
                    return listener
                raise DuplicateListenerError
        if secure:
            _elbv2_links.check_certificate(self, certificate)
        elif certificate:
            raise Refusal("ValidationError", "A certificate cannot be specified for HTTP listeners")
        _elbv2_links.check_one_balancer(self, load_balancer_arn, actions)
        listener = original(
            load_balancer_arn, protocol, port, policy, certificate, actions, *args, **kwargs
        )
        refresh(world, self)
        return listener


def change(world: World) -> None:
    @wrap(ELBv2Backend, "modify_listener")
    def modify_listener(
        original: Any,
        self: ELBv2Backend,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        listener: Any = self.describe_listeners(None, [arn])[0]
        check_ranges({"Port": port}.get)
        check_forwards(self, actions or [])
        balancer = self.load_balancers[listener.load_balancer_arn]
        others = [other for other in balancer.listeners.values() if other is not listener]
        if port is not None and any(int(other.port) == int(port) for other in others):
            raise DuplicateListenerError
        for certificate in certificates or ():
            _elbv2_links.check_certificate(self, certificate.get("CertificateArn"))
        _elbv2_links.check_one_balancer(self, listener.load_balancer_arn, actions or [])
        changed = original(arn, port, protocol, ssl_policy, certificates or [], actions or [])
        if changed.protocol == "HTTP":
            changed.ssl_policy, changed.certificate, changed.certificates = None, None, []
        refresh(world, self)
        return changed

    @wrap(ELBv2Backend, "delete_listener")
    def delete_listener(original: Any, self: ELBv2Backend, listener_arn: str) -> Any:
        gone = original(listener_arn)
        refresh(world, self)
        return gone


def rules(world: World) -> None:
    @wrap(ELBv2Backend, "create_rule")
    def create_rule(
        original: Any,
        self: ELBv2Backend,
        listener_arn: str,
        conditions: Any,
        priority: int,
        actions: list[dict[str, Any]],
        tags: Any = None,
    ) -> Any:
        check_forwards(self, actions)
        balancer = self.describe_listeners(None, [listener_arn])[0].load_balancer_arn
        _elbv2_links.check_one_balancer(self, balancer, actions)
        rule = original(listener_arn, conditions, priority, actions, tags)
        refresh(world, self)
        return rule

    @wrap(ELBv2Backend, "modify_rule")
    def modify_rule(
        original: Any, self: ELBv2Backend, rule_arn: str, conditions: Any, actions: Any
    ) -> Any:
        check_forwards(self, actions or [])
        rule = original(rule_arn, conditions, actions)
        refresh(world, self)
        return rule

    @wrap(ELBv2Backend, "delete_rule")
    def delete_rule(original: Any, self: ELBv2Backend, arn: str) -> None:
        try:
            rule = self.describe_rules(None, [arn])[0]
        except RuleNotFoundError as error:
            raise Refusal("RuleNotFound", "One or more rules not found") from error
        if rule.is_default:
            raise Refusal("OperationNotPermitted", "Default rule '" + arn + "' cannot be deleted")
        original(arn)
        refresh(world, self)


def certificates() -> None:
    for name in ("add_listener_certificates", "remove_listener_certificates"):

        @wrap(ELBv2Backend, name)
        def changed(original: Any, self: ELBv2Backend, *args: Any, **kwargs: Any) -> Any:
            answer = original(*args, **kwargs)
            _elbv2_links.relink_certificates(self)
            return answer


def refresh(world: World, backend: ELBv2Backend) -> None:
    for group in _elbv2_links.relink(backend):
        for target in list(group.targets):
            await_health(world, group, target)


def install(world: World) -> None:
    """Change how the emulator keeps listeners and rules."""
    create(world)
    change(world)
    rules(world)
    certificates()

    @wrap(FakeAction, "__init__")
    def init(original: Any, _self: Any, data: dict[str, Any]) -> None:
        original(in_full(data))
