"""Which file system a path lies on: locks of SQLite do not hold on those of a network."""

from __future__ import annotations

import re
from pathlib import Path

NETWORK = frozenset(
    {
        "afs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.goofys",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""Types as /proc/mounts names them. Not `fuse.*`: file systems of rootless containers are local ones of that kind."""

MOUNTS = Path("/proc/mounts")


def network_type(path: Path, mounts: str) -> str | None:
    """The type of the network file system that `path` lies on, by the text of /proc/mounts; None for a local one."""
    best, kind = "", ""
    for line in mounts.splitlines():
        point, found = line.split()[1:3]
        folder = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
        inside = path.is_relative_to(folder)
        # Of two mounts at one place the later one is seen.
        if inside and len(folder) >= len(best):
            best, kind = folder, found
    return kind if kind in NETWORK else None


def mounts() -> str:
    """The text of /proc/mounts, empty on systems without it."""
    try:
        return MOUNTS.read_text()
    except OSError:
        return ""
