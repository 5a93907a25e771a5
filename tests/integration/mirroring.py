# SPDX-License-Identifier: GPL-3.0-or-later
"""A refresh of staging step by step, in a copy that the tiers build, with what hosts would tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.destroy import destroy
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    perform,
    rehearsal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import swap
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.refresh import (
    REFRESH,
    RETURN,
    scopes_of,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging import mirror
from environment import TRAFFIC, Environment
from failing_over import TOLD

Result = dict[str, Any]
DOMAIN = "staging.shop.example.com"
OFFICE = "203.0.113.0/24"
OPTIONS: dict[str, Any] = {"domain": DOMAIN, "visitors": [OFFICE]}
# What hosts and tasks of the role would tell.
OF_A_REFRESH: Mapping[str, Mapping[str, Any]] = {
    "clear": {"did": []},
    "build": {"did": ["vpc/main"]},
    "restore": {"did": ["db_instance/main"]},
    "mask": {"tables": {"public.customers": {"rows": 3}}, "stopped": {}},
    "prove": {"findings": [], "tables": {}, "looked_for": 3, "forgotten": []},
    "migrate": {"release": ""},
    "admit": {"did": ["security_group_rule/database/in-web"]},
}

PROBED = ("outside", "production")


def told(environment: Environment, site: str = "home", **more: Any) -> Result:
    """What module staging_copy answers."""
    return mirror.mirrored({**environment.params(site), **OPTIONS, **more})


def probed(id: str, **more: Any) -> dict[str, Any]:
    """What a host tells that gets to the sink and to nobody else."""
    met = {name: [{"to": "x:443", "address": "", "how": "silence"}] for name in PROBED}
    return {"mail": {"operation": id, "arrived": True, "letters": 1}, **met, **more}


class Mirror:
    """The next copy, or that of what is under way, as module staging_copy would have it."""

    def __init__(self, environment: Environment, at: str = "home", **more: Any) -> None:
        """at: the site of production that serves."""
        self.of, self.at, self.told = environment, at, told(environment, at, **more)
        self.declares = self.told["declares"]
        names = ("environment", "sites", "copy_of", "tags")
        self.declared: dict[str, Any] = {
            **environment.params(self.declares["site"]),
            **{name: self.declares[name] for name in names},
            "network": {"flow_logs": False},
            "traffic": {
                **TRAFFIC,
                "domain": DOMAIN,
                "zone": self.declares["zone"],
                "zone_managed": False,
                "access_logs": False,
                "deletion_protection": False,
                "alarm_email": "",
            },
            "web_tier": {"application": "shop", "release_image": self.declares["image"]},
            "database": {
                "restore": self.declares["restore"],
                "backup_days": 0,
                "multi_az": False,
                "deletion_protection": False,
                "final_snapshot": False,
            },
        }

    @property
    def name(self) -> str:
        return str(self.declares["environment"])

    def aws(self) -> Aws:
        """Clients of the copy."""
        scopes = scopes_of(self.of.aws(self.at).scope, "staging")
        [scope] = [one for one in scopes if one.environment == self.name]
        return self.of.aws(self.at).at(scope)

    def tiers(self, **more: Any) -> Result:
        return run({**self.declared, "wait_timeout": 30, **more}, "site", dry=False)

    def destroy(self) -> Result:
        consent = {"confirm": self.name, "empty_buckets": ["backups", "logs", "releases"]}
        return destroy({**self.declared, **consent}, dry=False)

    def step(self, name: str, *, operation: str = "refresh", dry: bool = False, **more: Any) -> Any:
        options = {"database": self.declared["database"], "wait_timeout": 60, **more}
        given = {**self.declared, "operation": operation, "step": name, **options}
        return perform.perform(given, dry=dry)

    def open(self, operation: str = "refresh") -> Result:
        told = {"as_of": self.declares["as_of"], "declares": dict(self.declares), "ttl_days": 14}
        told |= {"cost": run(self.declared, "declaration", dry=True)["cost"]}
        return self.step("open", operation=operation, told=told)

    def tell(self, name: str, **more: Any) -> Result:
        """One step, done as the role has it done."""
        begun = self.step(name)
        if begun["done"] or name == "close":
            return dict(begun)
        if name in ("build", "restore"):
            self.tiers()
        if name == "admit":
            self.admitted()
        if name == "restore":
            more = {"facts": self.database(), **more}
        found = {
            "mark": {"marked": f"phoenix copy {begun['id']}"},
            "probes": probed(begun["id"]),
            **OF_A_REFRESH,
        }
        return dict(self.step(name, told={**(TOLD | found)[name], **more}))

    def database(self) -> dict[str, str]:
        """What the tiers tell of it."""
        rds, name = self.aws().client("rds"), f"{self.name}-staging-database"
        [item] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return {"id": item["DBInstanceIdentifier"], "resource_id": item["DbiResourceId"]}

    def admitted(self) -> None:
        """Hosts are let in, for the steps that come as well."""
        sites = self.declared["sites"]
        self.declared["sites"] = {n: {**s, "quarantined": False} for n, s in sites.items()}
        self.tiers()

    def go_on(self, last: str = "names") -> None:
        """The steps after the first, up to this one."""
        for one in REFRESH[1:]:
            self.tell(one.name)
            if one.name == last:
                return

    def end(self) -> Result:
        """As the last play of the playbook: what failed is undone."""
        self.step("back")
        if not self.step("remove")["done"]:
            self.step("remove", told={"did": self.destroy()["done"], "kept": []})
        return dict(self.step("close"))

    def refresh(self) -> Result:
        self.open()
        self.go_on()
        return self.end()

    def have_back(self) -> Result:
        """As playbook staging_back, of the copy that does not serve."""
        self.open("return")
        found: Result = {}
        for one in RETURN[1:]:
            found = self.step(one.name, operation="return")
        return found


def leads_to(environment: Environment) -> dict[str, Any]:
    """The balancer to which the name of staging leads, {} where nothing answers for it."""
    return swap.alias(View(environment.aws("home")), DOMAIN, "shop.example.com")


def left(mirror: Mirror) -> list[str]:
    """What the account has of a copy."""
    aws = mirror.aws()
    return [arn for found in rehearsal.owned(aws, {aws.scope.region}).values() for arn in found]


def record(environment: Environment, **target: Any) -> None:
    """A record of somebody for the name of staging."""
    client = environment.aws("home").client("route53")
    [zone] = [z["Id"] for z in client.list_hosted_zones()["HostedZones"]]
    change = {"Action": "UPSERT", "ResourceRecordSet": {"Name": DOMAIN, "Type": "A", **target}}
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def names_production(environment: Environment) -> None:
    client = environment.aws("home").client("elbv2")
    [balancer] = client.describe_load_balancers(Names=["production-home-main"])["LoadBalancers"]
    zone, name = balancer["CanonicalHostedZoneId"], balancer["DNSName"]
    target = {"HostedZoneId": zone, "DNSName": name, "EvaluateTargetHealth": True}
    record(environment, AliasTarget=target)
