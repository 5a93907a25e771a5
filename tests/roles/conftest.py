# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that work on hosts, on a real one of a sandbox."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.ground.commands import run
from sandbox.running import CHECKOUT, Handle
from tests.sandbox.conftest import folder, pytest_runtest_setup, real_cloud, shared_cloud
from tests.sandbox.hosts.conftest import HOME, Site

__all__ = ["folder", "pytest_runtest_setup", "real_cloud", "shared_cloud"]
BIN = Path(sys.executable).parent
PATH = "/production/home"
SECRET = "production/home/application"
PASSWORD = 'p"$`\\w %d'
COLOUR = 'dark "red"\nor $blue'


class Remote:
    """A host with a public address, which a playbook reaches by ssh."""

    def __init__(self, cloud: Handle, folder: Path, work: Path) -> None:
        cloud.reset()
        cloud.speed(0)
        self.site, self.work = Site(cloud, folder), work
        self.key = work / "key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        ec2 = self.site.client("ec2")
        ec2.import_key_pair(
            KeyName="tests", PublicKeyMaterial=self.key.with_suffix(".pub").read_bytes()
        )
        self.site.gateway()
        self.group = self.site.group("tests")
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        network = cloud.facts()["controller_cidr"]
        ec2.authorize_security_group_ingress(
            GroupId=self.group, IpPermissions=[{**rule, "IpRanges": [{"CidrIp": network}]}]
        )
        iam = self.site.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
        policy = json.dumps(
            {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
        )
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=policy)
        iam.create_instance_profile(InstanceProfileName="web")
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
        self.inventory = work / "inventory.yml"
        proxy = f"{sys.executable} -m sandbox --dir {folder} connect %h %p"
        self._options = (
            "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
            f" -o ProxyCommand='{proxy}'"
        )
        self.number = ""

    def launch(self, **more: Any) -> None:
        """Start the host. Its application is told to look below PATH."""
        place = {"path": PATH, "region": HOME, "wait_for": ["application_secret"]}
        told = json.dumps({"phoenix": place})
        profile = {"Name": "web"}
        self.number = self.site.public(
            self.group, KeyName="tests", UserData=told, IamInstanceProfile=profile, **more
        )
        host = {
            "ansible_host": self.site.up(self.number)["PublicIpAddress"],
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": self._options,
            "ansible_python_interpreter": "/usr/bin/python3",
            # Whoever runs the tests may have named a folder that is only on this machine.
            "ansible_remote_tmp": "~/.ansible/tmp",
        }
        self.inventory.write_text(yaml.safe_dump({"all": {"hosts": {"one": host}}}))

    def configure(self, parameters: Mapping[str, str], user: str, password: str) -> None:
        """What an environment has for its application: parameters, and a secret."""
        secret = self.site.client("secretsmanager").create_secret(
            Name=SECRET, SecretString=json.dumps({"username": user, "password": password})
        )
        ssm = self.site.client("ssm")
        for name, value in {**parameters, "application_secret": secret["ARN"]}.items():
            ssm.put_parameter(Name=f"{PATH}/{name}", Value=value, Type="String")

    def command(
        self, variables: Mapping[str, Any], *words: str, role: str = "web_host", tasks: str = "main"
    ) -> tuple[list[str], dict[str, str]]:
        """The command and the environment by which tasks of a role are played on the host."""
        part = {"name": f"operatingdev.phoenix.{role}", "tasks_from": tasks}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "become": True,
            "vars": dict(variables),
            "tasks": [{"name": "Host", "ansible.builtin.import_role": part}],
        }
        text = yaml.safe_dump([play])
        book = self.work / f"play-{hashlib.sha256(text.encode()).hexdigest()[:8]}.yml"
        book.write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".cache/tree"),
            "ANSIBLE_HOME": str(self.work / "ansible"),
        }
        return [
            str(BIN / "ansible-playbook"),
            str(book),
            "-i",
            str(self.inventory),
            *words,
        ], environment

    def _play(self, variables: Mapping[str, Any], *words: str, **what: str) -> tuple[int, str]:
        command, environment = self.command(variables, *words, **what)
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def play(self, variables: Mapping[str, Any], *words: str, **what: str) -> str:
        """Plays tasks of a role on the host; what it printed. A failure fails the test."""
        code, printed = self._play(variables, *words, **what)
        assert code == 0, printed
        return printed

    def fails(self, variables: Mapping[str, Any], **what: str) -> str:
        """Plays what must fail; what it said, on one line."""
        code, printed = self._play(variables, **what)
        assert code == 2, printed
        return " ".join(printed.split())

    def shell(self, script: str) -> str:
        """What a script printed in the host, as root."""
        return self.site.shell(self.number, script)

    def page(self, path: str = "/", *words: str) -> str:
        """What nginx answers, once it does."""
        told = " ".join(f"'{word}'" for word in words)
        return self.shell(
            f"curl -sf --retry 60 --retry-delay 1 --retry-connrefused {told} 'http://127.0.0.1:8080{path}'"
        )

    def status(self, path: str) -> str:
        """The status of nginx's answer."""
        return self.shell(f"curl -so /dev/null -w '%{{http_code}}' 'http://127.0.0.1:8080{path}'")


def artifact(folder: Path, name: str, version: str, files: Mapping[str, bytes]) -> Path:
    """An artifact of a release with these files, and its checksum beside it."""
    place = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size, entry.mode = len(content), 0o666
            archive.addfile(entry, io.BytesIO(content))
    number = hashlib.sha256(place.read_bytes()).hexdigest()
    Path(f"{place}.sha256").write_text(f"{number}  {place.name}\n", encoding="ascii")
    return place


def changed(printed: str) -> int:
    """How many tasks of a play changed something."""
    found = re.search(r"changed=(\d+)", printed)
    assert found, printed
    return int(found.group(1))


@pytest.fixture(scope="module")
def account(
    real_cloud: Handle, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Remote]:
    """An account for a host that is still to be launched."""
    yield Remote(real_cloud, folder, tmp_path_factory.mktemp("remote"))
    real_cloud.reset()


@pytest.fixture(scope="module")
def remote(account: Remote) -> Remote:
    """A host on which there is nothing yet, in an environment without a database."""
    values = {"theme/colour": COLOUR, "database_endpoint": "db.example.com"}
    account.configure({**values, "database_port": "5432"}, "app", PASSWORD)
    account.launch()
    return account
