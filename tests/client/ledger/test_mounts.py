"""Network file systems are told from local ones by what the kernel lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.ledger.mounts import mounts, network_type

MOUNTS = r"""overlay / overlay rw,relatime 0 0
server:/export /srv/airflow nfs4 rw,vers=4.2 0 0
tmpfs /srv/airflow/local tmpfs rw 0 0
//nas/share /mnt/team\040share cifs rw 0 0
/dev/sda1 /mnt/twice ext4 rw 0 0
bucket /mnt/twice fuse.s3fs rw 0 0
fuse-overlayfs /home fuse.fuse-overlayfs rw 0 0
JuiceFS:team /m/juicefs fuse.juicefs rw 0 0
home /m/virtiofs virtiofs rw 0 0
hostshare /m/9p 9p rw,trans=virtio 0 0
/dev/gpfs0 /m/gpfs gpfs rw 0 0
beegfs_nodev /m/beegfs beegfs rw 0 0
blobfuse2 /m/blobfuse2 fuse rw 0 0
mountpoint-s3 /m/mountpoint fuse rw 0 0
https://dav.example/x /m/dav fuse rw 0 0
portal /m/portal fuse.portal rw 0 0
lxcfs /m/lxcfs fuse rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/ledger.sqlite", None),
        ("/srv/airflow/ledger.sqlite", "nfs4"),
        ("/srv/airflow-other/ledger.sqlite", None),
        ("/srv/airflow/local/ledger.sqlite", None),
        ("/mnt/team share/ledger.sqlite", "cifs"),
        ("/mnt/twice/ledger.sqlite", "fuse.s3fs"),
        ("/home/user/ledger.sqlite", None),
        ("/m/juicefs/ledger.sqlite", "fuse.juicefs"),
        ("/m/virtiofs/ledger.sqlite", "virtiofs"),
        ("/m/9p/ledger.sqlite", "9p"),
        ("/m/gpfs/ledger.sqlite", "gpfs"),
        ("/m/beegfs/ledger.sqlite", "beegfs"),
        ("/m/blobfuse2/ledger.sqlite", "fuse.blobfuse2"),
        ("/m/mountpoint/ledger.sqlite", "fuse.mountpoint-s3"),
        ("/m/dav/ledger.sqlite", "fuse.https://dav.example/x"),
        ("/m/portal/ledger.sqlite", None),
        ("/m/lxcfs/ledger.sqlite", None),
    ],
)
def test_the_innermost_mount_decides(path, kind):
    assert network_type(Path(path), MOUNTS) == kind


def test_the_list_of_this_machine_can_be_read(tmp_path):
    assert network_type(tmp_path, mounts()) is None
