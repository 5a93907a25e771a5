# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the sandbox behave as AWS's, where the emulator alone does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EAST, WEST = "us-east-1", "us-west-2"


def request(cloud: Any, region: str = EAST, **more: Any) -> str:
    made = cloud.client("acm", region).request_certificate(
        DomainName="example.org",
        SubjectAlternativeNames=["www.example.org"],
        ValidationMethod="DNS",
        **more,
    )
    return str(made["CertificateArn"])


def told(cloud: Any, arn: str) -> dict[str, Any]:
    region = arn.split(":")[3]
    return dict(cloud.client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"])


def proofs(cloud: Any, arn: str) -> dict[str, dict[str, str]]:
    options = told(cloud, arn)["DomainValidationOptions"]
    return {o["DomainName"]: o["ResourceRecord"] for o in options if "ResourceRecord" in o}


def stand(cloud: Any, records: list[dict[str, str]], action: str = "UPSERT") -> None:
    route53 = cloud.client("route53")
    zones = route53.list_hosted_zones()["HostedZones"]
    home = (
        zones[0]
        if zones
        else route53.create_hosted_zone(Name="example.org", CallerReference="x")["HostedZone"]
    )
    changes = [
        {
            "Action": action,
            "ResourceRecordSet": {
                "Name": r["Name"],
                "Type": r["Type"],
                "TTL": 60,
                "ResourceRecords": [{"Value": r["Value"]}],
            },
        }
        for r in records
    ]
    route53.change_resource_record_sets(HostedZoneId=home["Id"], ChangeBatch={"Changes": changes})


def self_signed(name: str) -> tuple[str, str]:
    """Key and certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    text = key.private_bytes(
        pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return text.decode(), made.public_bytes(pem).decode()


def imported(cloud: Any, **more: Any) -> tuple[str, str]:
    """ARN and text of a certificate that was imported."""
    key, certificate = self_signed("example.org")
    made = cloud.client("acm").import_certificate(Certificate=certificate, PrivateKey=key, **more)
    return str(made["CertificateArn"]), certificate


def test_a_certificate_is_issued_a_while_after_its_records_stand(cloud: Any) -> None:
    cloud.slow()
    arn = request(cloud)
    assert proofs(cloud, arn) == {}
    cloud.advance(1000)
    assert told(cloud, arn)["Status"] == "PENDING_VALIDATION"
    assert "NotAfter" not in told(cloud, arn)
    found = proofs(cloud, arn)
    stand(cloud, [found["example.org"]])
    cloud.advance(1000)
    assert told(cloud, arn)["Status"] == "PENDING_VALIDATION"
    stand(cloud, [found["www.example.org"]])
    cloud.advance(179)
    assert told(cloud, arn)["Status"] == "PENDING_VALIDATION"
    cloud.advance(1)
    assert told(cloud, arn)["Status"] == "ISSUED"
    assert "NotAfter" in told(cloud, arn)
    assert "IssuedAt" in told(cloud, arn)


def test_the_record_of_a_domain_is_the_same_in_every_region(cloud: Any) -> None:
    east, west = request(cloud), request(cloud, WEST)
    assert proofs(cloud, east) == proofs(cloud, west)
    first, second = proofs(cloud, east).values()
    assert first["Value"] != second["Value"]
    stand(cloud, list(proofs(cloud, east).values()))
    assert told(cloud, east)["Status"] == told(cloud, west)["Status"] == "ISSUED"
    assert told(cloud, request(cloud))["Status"] == "ISSUED"


def test_a_wildcard_has_the_record_of_its_domain(cloud: Any) -> None:
    arn = cloud.client("acm").request_certificate(
        DomainName="example.org",
        SubjectAlternativeNames=["*.example.org"],
        ValidationMethod="DNS",
    )["CertificateArn"]
    first, second = proofs(cloud, arn).values()
    assert first == second


def test_a_token_makes_one_certificate_and_is_free_again_with_it(cloud: Any) -> None:
    first = request(cloud, IdempotencyToken="t1")
    assert request(cloud, IdempotencyToken="t1") == first
    cloud.client("acm").delete_certificate(CertificateArn=first)
    assert request(cloud, IdempotencyToken="t1") != first


def test_a_certificate_in_use_is_kept_until_its_listener_is_gone(cloud: Any) -> None:
    arn = request(cloud)
    stand(cloud, list(proofs(cloud, arn).values()))
    net = cloud.network()
    elb = cloud.client("elbv2")
    balancer = elb.create_load_balancer(Name="web", Subnets=net["subnets"], Scheme="internal")[
        "LoadBalancers"
    ][0]["LoadBalancerArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[answer],
    )
    assert told(cloud, arn)["InUseBy"] == [balancer]
    code = cloud.refused("acm", "delete_certificate", CertificateArn=arn)
    assert code == "ResourceInUseException"
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert cloud.refused("acm", "delete_certificate", CertificateArn=arn) == ""


def test_a_self_signed_certificate_imported_without_a_chain_is_its_own_chain(cloud: Any) -> None:
    arn, mine = imported(cloud)
    found = cloud.client("acm").get_certificate(CertificateArn=arn)
    assert found["Certificate"] == found["CertificateChain"] == mine


def test_a_certificate_imported_with_a_chain_has_that_chain(cloud: Any) -> None:
    _, above = self_signed("issuer")
    arn, mine = imported(cloud, CertificateChain=above)
    found = cloud.client("acm").get_certificate(CertificateArn=arn)
    assert found["CertificateChain"].startswith(above)
    assert mine not in found["CertificateChain"]


# What the emulator does by itself. A test that fails here says: it has learned it, mend no more.


def test_plain_certificates_are_issued_by_time_and_all_have_one_record(plain: Any) -> None:
    arn = request(plain)
    told(plain, arn)
    assert told(plain, arn)["Status"] == "ISSUED"
    first, second = proofs(plain, arn).values()
    assert first["Value"] == second["Value"]
    assert plain.refused("acm", "delete_certificate", CertificateArn=arn) == ""


def test_plain_an_imported_certificate_has_a_foreign_root_in_its_chain(plain: Any) -> None:
    arn, mine = imported(plain)
    assert mine not in plain.client("acm").get_certificate(CertificateArn=arn)["CertificateChain"]


def test_a_list_tells_the_names_of_each_certificate(cloud: Any) -> None:
    request(cloud)
    [found] = cloud.client("acm").list_certificates()["CertificateSummaryList"]
    assert set(found["SubjectAlternativeNameSummaries"]) == {"example.org", "www.example.org"}
