# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the application's artifact: the same input gives the same bytes.

An artifact holds all that a host needs but Python itself, so that installing it asks nobody. It is
read from the checkout's files as they are; release.json says which commit they stand on.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

APPLICATION = "crowdfund"
HERE = Path(__file__).parent
PARTS = ("crowdfund", "migrations", "alembic.ini", "gunicorn.conf.py", "requirements.txt")
# A version is the tree with these folders of `versions` laid over it, one after the other.
VERSIONS = {"1": (), "2": ("2",), "3": ("2", "3"), "4": ("2", "4")}
PYTHON = "3.11"
# What a wheel may ask of a host: Debian 12 has glibc 2.36.
GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
MACHINES = ("x86_64", "aarch64")
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


class BuildFailed(RuntimeError):
    """Why there is no artifact."""


def run(*command: str | Path) -> str:
    """What a command prints. Raises BuildFailed with what it complains of."""
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        words = " ".join(map(str, command))
        raise BuildFailed(f"{words}\n{done.stdout}{done.stderr}")
    return done.stdout


def lay_out(version: str, folder: Path) -> None:
    """Put a version's own files into a folder, which is made. Raises BuildFailed."""
    if version not in VERSIONS:
        raise BuildFailed(
            f"VERSION={version!r} must be one of {', '.join(VERSIONS)}, for example 1"
        )
    folder.mkdir(parents=True)
    for source in (HERE, *(HERE / "versions" / overlay for overlay in VERSIONS[version])):
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part, ignore=LEFTOVERS, dirs_exist_ok=True)
            elif (source / part).exists():
                shutil.copyfile(source / part, folder / part)


def locked(lock: Path) -> Path:
    """A folder with what follows from a lock alone: `vendor` and `sbom.cdx.json`.

    It is made once for each lock, whole or not at all, also where two builds meet. Raises
    BuildFailed.
    """
    key = hashlib.sha256(lock.read_bytes() + (HERE / "requirements-build.txt").read_bytes())
    kept = HERE / ".cache/locked" / key.hexdigest()[:16]
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as part:
            made = Path(part, "made")
            for machine in MACHINES:
                download(lock, machine, made / "vendor")
            bill_of_materials(lock, made / "sbom.cdx.json")
            try:
                made.rename(kept)
            except OSError:
                if not kept.exists():
                    raise
    return kept


def download(lock: Path, machine: str, folder: Path) -> None:
    """The wheels for one kind of host, of the locked hashes. Raises BuildFailed."""
    platforms = [f"--platform={glibc}_{machine}" for glibc in GLIBC]
    python = [
        f"--python-version={PYTHON}",
        "--implementation=cp",
        f"--abi=cp{PYTHON.replace('.', '')}",
    ]
    only = ["--only-binary=:all:", "--no-deps", "--require-hashes", f"--requirement={lock}"]
    quiet = ["--quiet", "--disable-pip-version-check", f"--dest={folder}"]
    run(sys.executable, "-m", "pip", "download", *quiet, *platforms, *python, *only)


def bill_of_materials(lock: Path, target: Path) -> None:
    """The CycloneDX list of what is locked. Raises BuildFailed."""
    text = run(
        Path(sys.executable).with_name("cyclonedx-py"),
        *("requirements", "--output-reproducible", "--output-format=JSON", lock),
    )
    bill = json.loads(text)
    for component in bill["components"]:
        # The tool guesses an index; whoever has the artifact has the files, with these hashes.
        for reference in component["externalReferences"]:
            reference.update(comment="in this artifact", url="vendor/")
    write_json(target, bill)


def commit() -> str:
    """The commit that the files stand on, with "-dirty" where they differ from it.

    Raises BuildFailed.
    """
    head = run("git", "rev-parse", "HEAD").strip()
    return f"{head}-dirty" if run("git", "status", "--porcelain", "--", ".") else head


def write_json(target: Path, content: object) -> None:
    """Write it in one form only."""
    target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def archive(folder: Path) -> bytes:
    """A folder as .tar.gz: sorted, of one owner and one time, readable by all."""

    def entries() -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        for path in (folder, *sorted(folder.rglob("*"))):
            entry = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            content = b"" if path.is_dir() else path.read_bytes()
            entry.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
            entry.mode = 0o755 if path.is_dir() else 0o644
            entry.size = len(content)
            entry.mtime = EPOCH
            yield entry, content

    whole = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=whole, mtime=EPOCH) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archived,
    ):
        for entry, content in entries():
            archived.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


# 1980-01-01, the first day that every kind of archive can say.
EPOCH = 315_532_800


def build(version: str, target: Path) -> Path:
    """Write a version's artifact and its checksum into a folder. Raises BuildFailed."""
    name = f"{APPLICATION}-{version}"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work, name)
        lay_out(version, folder)
        shutil.copytree(locked(folder / "requirements.txt"), folder, dirs_exist_ok=True)
        overlays = [f"examples/crowdfund/versions/{overlay}" for overlay in VERSIONS[version]]
        release = {
            "application": APPLICATION,
            "version": version,
            "commit": commit(),
            "built_from": ["examples/crowdfund", *overlays],
        }
        write_json(folder / "release.json", release)
        content = archive(folder)
    artifact = target / f"{name}.tar.gz"
    target.mkdir(parents=True, exist_ok=True)
    put(artifact, content)
    digest = hashlib.sha256(content).hexdigest()
    put(artifact.with_name(f"{artifact.name}.sha256"), f"{digest}  {artifact.name}\n".encode())
    return artifact


def put(path: Path, content: bytes) -> None:
    """Write a file whole: whoever reads it meanwhile sees the one before."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def main() -> int:
    """Build what the command line names, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help=f"one of {', '.join(VERSIONS)}")
    parser.add_argument("--into", type=Path, default=HERE / "dist", help="a folder; dist")
    parser.add_argument("--tree", action="store_true", help="only lay its own files out there")
    asked = parser.parse_args()
    try:
        if asked.tree:
            lay_out(asked.version, asked.into)
        else:
            print(build(asked.version, asked.into))
    except BuildFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
