# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance of the API is a PostgreSQL server, from its creation to its deletion."""

from __future__ import annotations

import json
import ssl
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from sandbox.ground import namespaces
from sandbox.ground.podman import Podman

pytestmark = pytest.mark.real


def test_an_instance_answers_at_its_address_with_a_certificate_of_its_endpoint(estate: Any) -> None:
    estate.create()
    estate.settle()
    with_tls = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    assert estate.ask(with_tls) is True
    assert estate.ask("select current_database()") == "shop"


def test_an_instance_is_available_only_when_it_answers(estate: Any) -> None:
    estate.create()
    assert estate.one()["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in estate.one()
    estate.settle()
    estate.ask("select 1")


def test_a_wrong_password_and_a_connection_without_tls_are_refused(estate: Any) -> None:
    estate.create()
    estate.settle()
    with pytest.raises(DatabaseError, match="28P01"):
        estate.connect(password="wrong")
    with pytest.raises(DatabaseError, match="no encryption"):
        estate.connect(ssl_context=False)


def test_a_client_that_trusts_another_authority_does_not_connect(estate: Any) -> None:
    estate.create()
    estate.settle()
    with pytest.raises((ssl.SSLError, InterfaceError), match=r"(?i)certificate"):
        estate.connect(ssl_context=ssl.create_default_context())


def test_the_master_user_owns_its_databases_and_is_no_superuser(estate: Any) -> None:
    estate.create()
    estate.settle()
    question = "select rolsuper or rolbypassrls or not rolcreatedb from pg_roles where rolname = "
    assert estate.ask(question + "current_user") is False
    assert estate.ask("select pg_has_role('rds_superuser', 'member')") is True
    estate.ask("create extension pg_stat_statements")
    estate.ask("create table t (id int)")
    estate.ask("create role reader login password 'read-only-1'")
    silent = "select set_config('session_replication_role', 'replica', false)"
    assert estate.ask(silent) == "replica"
    for forbidden in (
        "alter system set work_mem = '1MB'",
        "create role boss superuser",
        "alter database shop set application.setting = 'x'",
    ):
        with pytest.raises(DatabaseError, match="42501"):
            estate.ask(forbidden)


def test_nobody_comes_in_as_rds_itself(estate: Any) -> None:
    estate.create()
    estate.settle()
    for user in ("rdsadmin", "rdsrepladmin"):
        with pytest.raises(DatabaseError, match="28000"):
            estate.connect(user=user, database="postgres")
    with pytest.raises(DatabaseError, match="28000"):
        estate.connect(database="rdsadmin")


def test_a_managed_password_is_in_its_secret(estate: Any) -> None:
    estate.create(MasterUserPassword=None, ManageMasterUserPassword=True)
    arn = estate.settle()["MasterUserSecret"]["SecretArn"]
    text = estate.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    secret = json.loads(text)
    assert secret["username"] == "owner"
    estate.ask("select 1", password=secret["password"])


def test_the_address_is_one_of_the_subnet_and_shown_as_a_network_interface(estate: Any) -> None:
    estate.create()
    zone = estate.settle()["AvailabilityZone"]
    address = estate.status()["address"]
    cards = estate.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    [card] = [card for card in cards if card["PrivateIpAddress"] == address]
    assert (card["Description"], card["AvailabilityZone"]) == ("RDSNetworkInterface", zone)
    estate.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not estate.client("rds").describe_db_instances()["DBInstances"])
    assert not estate.client("ec2").describe_network_interfaces()["NetworkInterfaces"]


def test_a_reboot_ends_connections_and_keeps_the_data(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.ask("create table t as select 1 as id")
    open_one = estate.connect()
    since = estate.ask("select pg_postmaster_start_time()")
    estate.client("rds").reboot_db_instance(DBInstanceIdentifier="db")
    assert estate.one()["DBInstanceStatus"] == "rebooting"
    estate.settle()
    assert estate.ask("select pg_postmaster_start_time()") > since
    assert estate.ask("select count(*) from t") == 1
    with pytest.raises((DatabaseError, InterfaceError)):
        open_one.run("select 1")


def test_another_port_is_where_the_server_listens(estate: Any) -> None:
    estate.create()
    estate.settle()
    estate.client("rds").modify_db_instance(
        DBInstanceIdentifier="db", DBPortNumber=5544, ApplyImmediately=True
    )
    estate.settle()
    assert estate.one()["Endpoint"]["Port"] == 5544
    assert estate.ask("select inet_server_port()") == 5544


def test_a_deleted_instance_leaves_no_container_namespace_or_file(estate: Any) -> None:
    estate.create(BackupRetentionPeriod=0)
    estate.settle()
    estate.client("rds").delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    estate.until(lambda: not estate.client("rds").describe_db_instances()["DBInstances"])
    assert Podman(estate.identity).containers() == []
    assert namespaces.listed(estate.identity.name("db")) == []
    assert not list((estate.folder / "databases").glob("*/instances/*"))


def test_a_reset_removes_servers_that_run_and_those_that_are_being_made(estate: Any) -> None:
    estate.create("one")
    estate.settle("one")
    estate.create("two")
    estate.cloud.reset()
    assert Podman(estate.identity).containers() == []
    assert namespaces.listed(estate.identity.prefix) == []
    assert not (estate.folder / "databases").exists()
    assert estate.cloud.waiting() == []
