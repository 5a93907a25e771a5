# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a host: Debian with systemd and ssh, as small as it can be while it is one.

The kernel gives root 128 inotify instances for everything on a machine, and a fleet of hosts must
fit beside the rest. So nothing runs that a server in the cloud does not need: no device manager, no
message bus, no login manager, no units that watch paths; ssh is started when somebody comes.
"""

from __future__ import annotations

import base64
from pathlib import Path

from sandbox.fabric.names import ENDPOINT
from sandbox.ground.images import Recipe

_INSIDE = Path(__file__).parent / "inside"
USER = "admin"  # as in Debian's own images
_PACKAGES = (
    *("systemd", "systemd-sysv", "openssh-server", "sudo", "python3", "python3-apt"),
    *("python3-yaml", "iproute2", "iputils-ping", "procps", "curl", "ca-certificates", "tzdata"),
)
_MASKED = (
    *("systemd-udevd.service", "systemd-udev-trigger.service", "systemd-udevd-kernel.socket"),
    *("systemd-udevd-control.socket", "systemd-logind.service", "systemd-timesyncd.service"),
    *("systemd-ask-password-console.path", "systemd-ask-password-wall.path", "getty.target"),
    *(
        "console-getty.service",
        "apt-daily.timer",
        "apt-daily-upgrade.timer",
        "dpkg-db-backup.timer",
    ),
    *("fstrim.timer", "e2scrub_all.timer", "systemd-tmpfiles-clean.timer", "dev-hugepages.mount"),
    *("sys-fs-fuse-connections.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("systemd-pstore.service", "systemd-modules-load.service", "modprobe@.service"),
    *(
        "systemd-sysctl.service",
        "systemd-update-utmp.service",
        "systemd-update-utmp-runlevel.service",
    ),
    *(
        "systemd-binfmt.service",
        "proc-sys-fs-binfmt_misc.automount",
        "systemd-journal-flush.service",
    ),
    *("systemd-remount-fs.service", "systemd-random-seed.service"),
)
_WHERE = f"AWS_ENDPOINT_URL=http://{ENDPOINT}"
_UNITS = {
    "etc/systemd/system/ec2-init.service": """[Unit]
Description=Name and keys of the instance, and the first of its user data
ConditionPathExists=!/var/lib/ec2/initialized
# As Debian orders cloud-init.service: with the network, within the early boot.
DefaultDependencies=no
Wants=network-pre.target
After=network-pre.target
Before=network-online.target systemd-user-sessions.service sysinit.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ec2-boot init
[Install]
WantedBy=multi-user.target
""",
    "etc/systemd/system/ec2-boot.service": """[Unit]
Description=Scripts and commands of the instance's user data
After=ec2-init.service
ConditionPathExists=!/var/lib/ec2/booted
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ec2-boot final
[Install]
WantedBy=multi-user.target
""",
    # Whoever comes before the host has its keys waits for them.
    "etc/systemd/system/ssh@.service.d/ec2.conf": "[Unit]\nAfter=ec2-init.service\n",
    "etc/systemd/system/ec2-up.service": """[Unit]
Description=Say that one can log in
After=ec2-init.service ssh.socket systemd-user-sessions.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/touch /run/ec2/up
[Install]
WantedBy=multi-user.target
""",
    # Also where user data has failed: it has been run then.
    "etc/systemd/system/ec2-booted.service": """[Unit]
Description=Say that all that a boot does has been done
After=multi-user.target ec2-boot.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/touch /run/ec2/booted
[Install]
WantedBy=multi-user.target
""",
    "etc/systemd/journald.conf.d/ec2.conf": """[Journal]
Storage=volatile
RuntimeMaxUse=8M
""",
    # Where AWS answers, for services and for those who log in, also as root.
    "etc/systemd/system.conf.d/ec2.conf": f"[Manager]\nDefaultEnvironment={_WHERE}\n",
    "etc/environment": f"{_WHERE}\n",
    "etc/ssh/sshd_config.d/ec2.conf": """UseDNS no
PasswordAuthentication no
PermitRootLogin no
""",
    "etc/sudoers.d/90-ec2": (
        f'{USER} ALL=(ALL) NOPASSWD:ALL\nDefaults env_keep += "AWS_ENDPOINT_URL"\n'
    ),
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
    "etc/hostname": "",
    "etc/machine-id": "",
}
_BEFORE = """
mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
"""


def _put(place: str, content: bytes, mode: str) -> str:
    text = base64.b64encode(content).decode()
    return (
        f'mkdir -p "$(dirname "$1/{place}")"\n'
        f'echo {text} | base64 -d > "$1/{place}"\nchmod {mode} "$1/{place}"\n'
    )


def _after() -> str:
    files = [_put(place, text.encode(), "644") for place, text in _UNITS.items()]
    files += [
        _put("sbin/ec2-start", (_INSIDE / "start").read_bytes(), "755"),
        _put("usr/local/sbin/shutdown", (_INSIDE / "shutdown").read_bytes(), "755"),
        _put("usr/sbin/ec2-boot", (_INSIDE / "ec2-boot").read_bytes(), "755"),
    ]
    return f"""
rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id"
{"".join(files)}
chmod 440 "$1/etc/sudoers.d/90-ec2"
chroot "$1" useradd --create-home --shell /bin/bash {USER}
chroot "$1" systemctl disable ssh.service
chroot "$1" systemctl enable ssh.socket ec2-init.service ec2-boot.service
chroot "$1" systemctl enable ec2-up.service ec2-booted.service
chroot "$1" systemctl mask {" ".join(_MASKED)}
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*
touch -d 2000-01-01 "$1/var/lib/apt/lists"
"""


RECIPE = Recipe(
    "ec2-debian",
    _PACKAGES,
    _BEFORE,
    _after(),
    ("ENV=container=podman", "STOPSIGNAL=SIGRTMIN+3", 'CMD=["/sbin/ec2-start"]'),
)
