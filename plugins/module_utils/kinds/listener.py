# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listener of a balancer. Foreign listeners are named by the balancer, foreign rules here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import elbv2
from .base import Kind, changed, have_for

TLS = "HTTPS"


class Listener(Kind):
    """spec: balancer (ARN), port, protocol ("HTTP", "HTTPS"), ssl_policy, certificate (ARN), both
    "" without TLS, action {type: "redirect", protocol, port, code} or {type: "forward",
    target_group}, targets (name of the target group, "" for none), tags. facts: id, arn.

    A given one is settled when it forwards to the targets that its want names.
    """

    name: ClassVar[str] = "listener"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"balancer"}), rank=60)
    services: ClassVar[tuple[str, ...]] = ("elbv2", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for balancer in elbv2.balancers(view):
            items = elbv2.listeners(view, balancer["LoadBalancerArn"])
            tags = elbv2.tags_by_arn(view, [item["ListenerArn"] for item in items], wants)
            for item in items:
                marks = tags.get(item["ListenerArn"], {})
                if view.scope.owns(marks, self.name):
                    spec, id = {**_spec(item), "tags": marks}, view.scope.id_of(marks)
                    elsewhere = any(
                        w.given and w.id == id and w.spec.get("targets", "") != spec["targets"]
                        for w in wants
                    )
                    rules = _foreign_rules(view, item)
                    status = "forwards to other targets" if elsewhere else ""
                    yield Have(self.name, id, spec, _facts(item), not elsewhere, status, rules)

    def create(self, aws: Aws, want: Want) -> Have:
        item = aws.once("elbv2").create_listener(
            LoadBalancerArn=want.spec["balancer"],
            **_arguments(want.spec),
            Tags=pairs(want.spec["tags"]),
        )["Listeners"][0]
        return have_for(want, _facts(item))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        arn = have.facts["arn"]
        if changed(changes) - {"tags"}:
            aws.client("elbv2").modify_listener(ListenerArn=arn, **_arguments(want.spec))
        elbv2.retag(aws, arn, changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("elbv2").delete_listener(ListenerArn=have.facts["arn"])


def _foreign_rules(view: View, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Every rule but the default one: we make none. Without TLS there is nothing but a redirect."""
    if item["Protocol"] != TLS:
        return ()
    rules = view.pages("elbv2", "describe_rules", "Rules", ListenerArn=item["ListenerArn"])
    return tuple(f"rule of priority {r['Priority']}" for r in rules if not r["IsDefault"])


def _arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "Port": spec["port"],
        "Protocol": spec["protocol"],
        "DefaultActions": [_raw_action(spec["action"])],
    }
    if spec["protocol"] == TLS:
        found["SslPolicy"] = spec["ssl_policy"]
        found["Certificates"] = [{"CertificateArn": spec["certificate"]}]
    return found


def _raw_action(action: Mapping[str, Any]) -> dict[str, Any]:
    if action["type"] == "forward":
        return {"Type": "forward", "TargetGroupArn": action["target_group"]}
    redirect = {
        "Protocol": action["protocol"],
        "Port": action["port"],
        "StatusCode": action["code"],
    }
    return {"Type": "redirect", "RedirectConfig": redirect}


def _spec(item: Mapping[str, Any]) -> dict[str, Any]:
    secure = item["Protocol"] == TLS
    certificates = item.get("Certificates") or [{}]
    action = _action(item["DefaultActions"])
    return {
        "balancer": item["LoadBalancerArn"],
        "port": item["Port"],
        "protocol": item["Protocol"],
        "ssl_policy": item.get("SslPolicy", "") if secure else "",
        "certificate": certificates[0].get("CertificateArn", "") if secure else "",
        "action": action,
        "targets": elbv2.named(action.get("target_group", "")),
    }


def _action(actions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The last action; one before it, or more than one target, is a change somebody else made."""
    last = actions[-1] if actions else {}
    more = {"others": len(actions) - 1} if len(actions) > 1 else {}
    if last.get("Type") == "forward":
        groups = last.get("ForwardConfig", {}).get("TargetGroups", [])
        if len(groups) > 1:
            return {"type": "forward", "target_groups": tuple(g["TargetGroupArn"] for g in groups)}
        group = last.get("TargetGroupArn") or (groups[0]["TargetGroupArn"] if groups else "")
        return {"type": "forward", "target_group": group, **more}
    if last.get("Type") == "redirect":
        config = last["RedirectConfig"]
        return {
            "type": "redirect",
            "protocol": config.get("Protocol", ""),
            "port": config.get("Port", ""),
            "code": config["StatusCode"],
            **_kept(config),
            **more,
        }
    return {"type": last.get("Type", ""), **more}


def _kept(config: Mapping[str, Any]) -> dict[str, str]:
    """Parts of the address that a redirect changes; one that keeps them all says so by default."""
    defaults = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    return {
        key.lower(): config[key]
        for key, default in defaults.items()
        if config.get(key, default) != default
    }


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": item["ListenerArn"], "arn": item["ListenerArn"]}
