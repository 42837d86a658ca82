"""Which file system a path lies on: locks of SQLite do not hold on those of a network."""

from __future__ import annotations

import re
from pathlib import Path

NETWORK = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "juicefs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "prl_fs",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
        "wekafs",
    ]
)
"""Types as /proc/mounts names them. File systems that a host shares with its virtual machines are among them: the other
side does not see the locks either."""

FUSE = frozenset(
    [
        "blobfuse",
        "blobfuse2",
        "ceph",
        "ceph-fuse",
        "cosfs",
        "curvefs",
        "davfs",
        "fuse_dfs",
        "gcsfuse",
        "geesefs",
        "glusterfs",
        "goofys",
        "grpcfuse",
        "hdfs",
        "http",
        "https",
        "juicefs",
        "lizardfs",
        "mfs",
        "moosefs",
        "mount-s3",
        "mountpoint-s3",
        "objectivefs",
        "obsfs",
        "ossfs",
        "ossfs2",
        "quobyte",
        "rclone",
        "s3backer",
        "s3fs",
        "s3ql",
        "seaweedfs",
        "smbnetfs",
        "sshfs",
        "tigrisfs",
        "vmhgfs-fuse",
    ]
)
"""Programs behind FUSE, as the type (`fuse.juicefs`) or the source (`mountpoint-s3`, of type `fuse`) names them. Not
every one: file systems of rootless containers are local ones of that kind."""

MOUNTS = Path("/proc/mounts")


def network_type(path: Path, mounts: str) -> str | None:
    """The type of the network file system that `path` lies on, by the text of /proc/mounts; None for a local one."""
    best, kind = "", ""
    for line in mounts.splitlines():
        source, point, found = line.split()[:3]
        folder = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
        inside = path.is_relative_to(folder)
        # Of two mounts at one place the later one is seen.
        if inside and len(folder) >= len(best):
            best, kind = folder, f"fuse.{source}" if found == "fuse" else found
    program = kind.removeprefix("fuse.").partition("#")[0].partition(":")[0].lower()
    return kind if kind in NETWORK or (kind.startswith("fuse.") and program in FUSE) else None


def mounts() -> str:
    """The text of /proc/mounts, empty on systems without it."""
    try:
        return MOUNTS.read_text()
    except OSError:
        return ""
