# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs."""

from __future__ import annotations

from typing import Any

from .account import AWAY, HOME, Account, refused, specified, tags


def vpc(ec2: Any, block: str = "10.1.0.0/16") -> str:
    return str(ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"])


def test_a_new_vpc_is_pending_and_has_its_tags(ec2: Any) -> None:
    made = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=specified("vpc", Name="shop"))[
        "Vpc"
    ]
    assert (made["State"], made["Tags"]) == ("pending", tags(Name="shop"))
    assert ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]["State"] == "available"


def test_a_block_larger_than_16_bits_is_refused(ec2: Any) -> None:
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/8") == "InvalidVpc.Range"


def test_a_block_is_canonical(ec2: Any) -> None:
    made = ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]
    assert made["CidrBlock"] == "100.68.0.0/18"
    inside = {"VpcId": made["VpcId"], "CidrBlock": "100.68.3.9/24"}
    assert ec2.create_subnet(**inside)["Subnet"]["CidrBlock"] == "100.68.3.0/24"


def test_a_dry_run_makes_nothing(ec2: Any) -> None:
    before = len(ec2.describe_vpcs()["Vpcs"])
    code = refused(ec2.create_vpc, CidrBlock="10.9.0.0/16", DryRun=True)
    assert (code, len(ec2.describe_vpcs()["Vpcs"])) == ("DryRunOperation", before)


def test_a_region_does_not_know_the_vpc_of_another(account: Account, ec2: Any) -> None:
    abroad = account.client("ec2", AWAY)
    assert refused(abroad.describe_vpcs, VpcIds=[vpc(ec2)]) == "InvalidVpcID.NotFound"


def test_a_vpc_that_has_subnets_is_not_deleted(ec2: Any) -> None:
    made = vpc(ec2)
    subnet = ec2.create_subnet(VpcId=made, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    assert refused(ec2.delete_vpc, VpcId=made) == "DependencyViolation"
    ec2.delete_subnet(SubnetId=subnet)
    assert refused(ec2.delete_vpc, VpcId=made) == ""


def test_names_in_dns_are_switched_on_one_attribute_a_call(ec2: Any) -> None:
    made = vpc(ec2)
    ec2.modify_vpc_attribute(VpcId=made, EnableDnsHostnames={"Value": True})
    told = ec2.describe_vpc_attribute(VpcId=made, Attribute="enableDnsHostnames")
    assert told["EnableDnsHostnames"] == {"Value": True}


def test_a_filter_that_there_is_not_is_refused(ec2: Any) -> None:
    wrong = [{"Name": "no-such-filter", "Values": ["x"]}]
    assert refused(ec2.describe_vpcs, Filters=wrong) == "InvalidParameterValue"


def test_a_vpc_is_found_by_a_tag_that_came_later_and_not_by_one_that_went(ec2: Any) -> None:
    made = vpc(ec2)
    named = {"Filters": [{"Name": "tag:site", "Values": ["home"]}]}
    ec2.create_tags(Resources=[made], Tags=tags(site="home"))
    assert [v["VpcId"] for v in ec2.describe_vpcs(**named)["Vpcs"]] == [made]
    ec2.delete_tags(Resources=[made], Tags=[{"Key": "site"}])
    assert ec2.describe_vpcs(**named)["Vpcs"] == []


def test_vpcs_of_two_regions_are_peered_once_the_other_side_accepts(
    account: Account, ec2: Any
) -> None:
    abroad = account.client("ec2", AWAY)
    asked = ec2.create_vpc_peering_connection(
        VpcId=vpc(ec2), PeerVpcId=vpc(abroad, "10.2.0.0/16"), PeerRegion=AWAY
    )["VpcPeeringConnection"]
    sides = asked["RequesterVpcInfo"]["Region"], asked["AccepterVpcInfo"]["Region"]
    assert sides == (HOME, AWAY)
    number = asked["VpcPeeringConnectionId"]
    told = abroad.accept_vpc_peering_connection(VpcPeeringConnectionId=number)
    assert told["VpcPeeringConnection"]["Status"]["Code"] in ("provisioning", "active")
    for side in (ec2, abroad):
        [found] = side.describe_vpc_peering_connections()["VpcPeeringConnections"]
        assert found["VpcPeeringConnectionId"] == number


def test_what_attaches_a_network_to_others_is_told_by_that_network(ec2: Any) -> None:
    own, other = vpc(ec2), vpc(ec2, "10.2.0.0/16")
    subnet = ec2.create_subnet(VpcId=own, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=own, SubnetIds=[subnet]
    )
    private = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=own, VpnGatewayId=private)
    for network, named in ((own, ([gateway], [private])), (other, ([], []))):
        by = [{"Name": "vpc-id", "Values": [network]}]
        attached = ec2.describe_transit_gateway_vpc_attachments(Filters=by)
        by = [{"Name": "attachment.vpc-id", "Values": [network]}]
        lines = ec2.describe_vpn_gateways(Filters=by)["VpnGateways"]
        found = [one["TransitGatewayId"] for one in attached["TransitGatewayVpcAttachments"]]
        assert (found, [one["VpnGatewayId"] for one in lines]) == named


def test_a_network_acl_has_the_entries_it_is_given(ec2: Any) -> None:
    acl = ec2.create_network_acl(VpcId=vpc(ec2))["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=10,
        Protocol="6",
        RuleAction="allow",
        Egress=False,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 80, "To": 80},
    )
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [e["PortRange"]["From"] for e in entries if e["RuleNumber"] == 10] == [80]


def test_flow_logs_of_a_vpc_go_to_a_bucket_until_they_are_deleted(
    account: Account, ec2: Any
) -> None:
    made = vpc(ec2)
    place = {"LocationConstraint": HOME}
    account.client("s3").create_bucket(Bucket="logs", CreateBucketConfiguration=place)
    wanted = {"ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3"}
    target = "arn:aws:s3:::logs"
    told = ec2.create_flow_logs(ResourceIds=[made], LogDestination=target, **wanted)
    assert (len(told["FlowLogIds"]), told["Unsuccessful"]) == (1, [])
    assert ec2.describe_flow_logs()["FlowLogs"][0]["LogDestination"] == target
    ec2.delete_flow_logs(FlowLogIds=told["FlowLogIds"])
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_regions_that_need_no_opting_in_are_told(ec2: Any) -> None:
    found = ec2.describe_regions()["Regions"]
    states = {region["RegionName"]: region["OptInStatus"] for region in found}
    assert states[HOME] == states[AWAY] == "opt-in-not-required"


def test_no_region_of_another_partition_is_told(ec2: Any) -> None:
    names = {region["RegionName"] for region in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert not [name for name in names if name.startswith(("cn-", "us-gov-"))]


def test_without_being_asked_for_all_only_regions_that_are_enabled_are_told(ec2: Any) -> None:
    found = ec2.describe_regions()["Regions"]
    assert "not-opted-in" not in {region["OptInStatus"] for region in found}
