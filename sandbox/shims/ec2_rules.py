# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidPermissionDuplicateError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses import EC2Response

from sandbox.shims import Hook
from sandbox.shims._ec2_permissions import canonical, traffic
from sandbox.shims._ec2_users import users_of_group
from sandbox.shims.ec2 import forget_tags
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A rule whose source is a group or a prefix list keeps and shows its description.",
    "Two rules that differ in description only are duplicates, for every kind of source.",
    "AuthorizeSecurityGroupIngress and -Egress add all permissions of the request or none, refuse "
    "duplicates within the request, and answer with all rules that were added.",
    "A rule with an unknown protocol, without its ports, with ports out of range or in the wrong "
    "order, or with a malformed range of addresses is refused.",
    "The addresses of a rule are made canonical: 100.68.0.18/18 is 100.68.0.0/18.",
    "UpdateSecurityGroupRuleDescriptions finds rules by SecurityGroupRuleDescriptions too.",
    "ModifySecurityGroupRules changes rules of every protocol and source; a description that is "
    "not given is removed.",
    "The default group of a VPC lets its own members in.",
    "A group that a rule of another group names, or that an interface, a balancer, an endpoint or "
    "a database uses, cannot be deleted; nor can a default group.",
)
HOOKS: tuple[Hook, ...] = (
    (SecurityGroupRule, "description", ()),
    (SecurityGroupRule, "__eq__", ("other",)),
    (SecurityGroupRule, "__init__", ("ec2_backend", "ip_protocol", "group_id", "from_port")),
    (SecurityGroupBackend, "get_security_group_by_name_or_id", ("group_name_or_id", "vpc_id")),
    (SecurityGroupBackend, "modify_security_group_rules", ("group_id", "rules")),
    (SecurityGroupBackend, "create_security_group", ("name", "description", "vpc_id")),
    (EC2Response, "_process_rules_from_querystring", ()),
    (EC2Response, "authorize_security_group_ingress", ()),
    (EC2Response, "authorize_security_group_egress", ()),
    (EC2Response, "update_security_group_rule_descriptions_ingress", ()),
    (EC2Response, "update_security_group_rule_descriptions_egress", ()),
    (EC2Response, "delete_security_group", ()),
)


def install(world: World) -> None:
    _descriptions()
    _equality()
    _refusals()
    for side in ("ingress", "egress"):
        _authorize(side)
        _update_descriptions(side)
    _changes()
    _default_group()
    _deletion()


def _descriptions() -> None:
    @wrap(SecurityGroupRule, "__init__")
    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        prefix = kwargs.get("prefix_list_id", args[7] if len(args) > 7 else None)
        if prefix and prefix.get("Description"):
            self.ip_range = {**self.ip_range, "Description": prefix["Description"]}

    def description(self: Any) -> str | None:
        text: str | None = self.ip_range.get("Description") or self.source_group.get("Description")
        return text

    SecurityGroupRule.description = property(description)  # type: ignore[method-assign, assignment]


def _source(rule: Any) -> tuple[Any, ...]:
    return (
        rule.ip_protocol,
        None if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port),
        rule.cidr_ipv4,
        rule.cidr_ipv6,
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


def _equality() -> None:
    @wrap(SecurityGroupRule, "__eq__")
    def equal(_: Callable[..., bool], self: Any, other: Any) -> bool:
        return isinstance(other, SecurityGroupRule) and _source(self) == _source(other)


def _refusals() -> None:
    @wrap(EC2Response, "_process_rules_from_querystring")
    def process(original: Callable[[], Any], self: EC2Response) -> Iterator[dict[str, Any]]:
        return map(_checked, original())


def _checked(asked: dict[str, Any]) -> dict[str, Any]:
    """A permission of a request as AWS has it. Raises EC2ClientError."""
    sources = ("ip_ranges", "source_groups", "prefix_list_ids")
    if asked["ip_protocol"] is None and not any(asked[name] for name in sources):
        # Rules that are named by their ids.
        return asked
    protocol, low, high = traffic(asked["ip_protocol"], asked["from_port"], asked["to_port"])
    ranges = [
        {**given, **{key: canonical(given[key]) for key in ("CidrIp", "CidrIpv6") if key in given}}
        for given in asked["ip_ranges"]
    ]
    ports = {"from_port": low, "to_port": high}
    return {**asked, "ip_protocol": protocol, **ports, "ip_ranges": ranges}


def _authorize(side: str) -> None:
    @wrap(EC2Response, f"authorize_security_group_{side}")
    def authorize(_: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        add = getattr(self.ec2_backend, f"authorize_security_group_{side}")
        added: list[SecurityGroupRule] = []
        group: SecurityGroup | None = None
        before: list[SecurityGroupRule] = []
        try:
            for asked in self._process_rules_from_querystring():
                if group is None:
                    group = self.ec2_backend.get_security_group_by_name_or_id(
                        asked["group_name_or_id"]
                    )
                    before = list(getattr(group, f"{side}_rules", []))
                rules, group = add(**asked)
                added += rules
        except EC2ClientError as problem:
            if group is not None:
                setattr(group, f"{side}_rules", before)
            forget_tags(self.ec2_backend, *(rule.id for rule in added))
            if isinstance(problem, InvalidPermissionDuplicateError):
                raise EC2ClientError(
                    "InvalidPermission.Duplicate",
                    "the specified rule already exists in the group",
                ) from problem
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": added})


def _update_descriptions(side: str) -> None:
    @wrap(EC2Response, f"update_security_group_rule_descriptions_{side}")
    def update(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        wanted = self._get_param("SecurityGroupRuleDescriptions", [])
        if not wanted:
            original()
            return ActionResult({"Return": True})
        group = self.ec2_backend.get_security_group_by_name_or_id(self._get_param("GroupId"))
        for change in wanted:
            rule = group.get_rule(change["SecurityGroupRuleId"])
            if rule is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(change["SecurityGroupRuleId"])
            rule.source_group.pop("Description", None)
            rule.ip_range["Description"] = change.get("Description") or ""
        return ActionResult({"Return": True})


_KINDS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")
_ADDRESSES = {"CidrIp": "CidrIpv4", "CidrIpv6": "CidrIpv6"}  # as they stand in a rule


def _changes() -> None:
    @wrap(SecurityGroupBackend, "modify_security_group_rules")
    def modify(
        _: Callable[..., None], self: Any, group_id: str, rules: dict[str, dict[str, Any]]
    ) -> None:
        group = self.get_security_group_by_name_or_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        found = {}
        for number, wanted in rules.items():
            rule = group.get_rule(number)
            if rule is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(number)
            _check_change(rule, wanted)
            found[number] = rule
        for number, rule in found.items():
            _change(self, rule, rules[number])


def _kind(rule: Any) -> str:
    present = (rule.cidr_ipv4, rule.cidr_ipv6, rule.prefix_list_id, rule.source_group)
    return next(kind for kind, value in zip(_KINDS, present, strict=True) if value)


def _check_change(rule: Any, wanted: dict[str, Any]) -> None:
    kinds = [kind for kind in _KINDS if wanted.get(kind) is not None]
    if len(kinds) != 1:
        raise EC2ClientError(
            "InvalidParameterCombination" if kinds else "MissingParameter",
            "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or "
            "referencedGroupId",
        )
    if kinds[0] != _kind(rule):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid rule type for security group rule '{rule.id}'. You may not specify "
            f"{kinds[0]} for an existing rule of another type.",
        )
    traffic(wanted.get("IpProtocol"), wanted.get("FromPort"), wanted.get("ToPort"))
    if kinds[0] in _ADDRESSES.values():
        canonical(wanted[kinds[0]])


def _change(ec2: Any, rule: Any, wanted: dict[str, Any]) -> None:
    rule.ip_protocol, rule.from_port, rule.to_port = traffic(
        wanted["IpProtocol"], wanted.get("FromPort"), wanted.get("ToPort")
    )
    described = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    given = {key: wanted.get(name) for key, name in _ADDRESSES.items()}
    rule.ip_range = {key: canonical(value) for key, value in given.items() if value} | described
    if group := wanted.get("ReferencedGroupId"):
        owner = {"UserId": ec2.account_id, "OwnerId": ec2.account_id}
        rule.source_group = {"GroupId": group, **owner, **described}
    rule.prefix_list_id = wanted.get("PrefixListId")


def _default_group() -> None:
    @wrap(SecurityGroupBackend, "create_security_group")
    def create(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        group = original(*args, **kwargs)
        if group.is_default and not group.ingress_rules:
            own = {"GroupId": group.id, "UserId": self.account_id, "OwnerId": self.account_id}
            group.add_ingress_rule(
                SecurityGroupRule(
                    self, "-1", group.id, None, None, None, source_group=own, is_egress=False
                )
            )
        return group


def _deletion() -> None:
    @wrap(EC2Response, "delete_security_group")
    def delete(original: Callable[[], Any], self: EC2Response) -> Any:
        name = self._get_param("GroupId") or self._get_param("GroupName")
        group = self.ec2_backend.get_security_group_by_name_or_id(name)
        if group is None:
            return original()
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        if users_of_group(self.ec2_backend, group):
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
        original()
        rules = [*group.ingress_rules, *group.egress_rules]
        forget_tags(self.ec2_backend, group.id, *(rule.id for rule in rules))
        return ActionResult({"Return": True, "GroupId": group.id})
