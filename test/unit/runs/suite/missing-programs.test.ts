import { expect, test } from 'vitest'
import { missingProgramOf } from '../../../../src/runs/suite/missing-programs.js'

test.each([
  ['duperemove utility required, skipped this test', 'duperemove'], // generic/559
  ['fio utility required, skipped this test', 'fio'], // _require_fio
  ['fsck.overlay utility required, skipped this test', 'fsck.overlay'],
  ['mkfs.ext4 utility required, skipped this test', 'mkfs.ext4'],
  ['btrfs-map-logical utility required, skipped this test', 'btrfs-map-logical'],
  ['python3 utility required, skipped this test', 'python3'],
  ['/usr/sbin/debugfs utility required, skipped this test', 'debugfs'], // _require_command "$DEBUGFS_PROG"
  ['lasttr utility required, skipped this test', 'lsattr'], // generic/507 spells it so
  ['xzcat utility required, skipped this test', 'xzcat'], // xfs/514
  ['This test requires fstrim utility.', 'fstrim'],
  ['This test requires xfs_logprint utility.', 'xfs_logprint'],
  ['This test requires dump.f2fs utility.', 'dump.f2fs'],
  ["this test requires 'bc' tool for doing math operations", 'bc'],
  ['chacl command not found', 'chacl'], // _require_acls
  ['setfattr command not found', 'setfattr'],
  ['xfs_io executable not found', 'xfs_io'], // generic/213
  ['xfs_scrub not found', 'xfs_scrub'],
  ['xfsrestore not found', 'xfsrestore'],
  ['dbench not found', 'dbench'], // generic/241
  ['xfs_copy binary not yet installed', 'xfs_copy'],
  ['Quota user tools not installed', 'quota'],
  ['XFS quota user tools not installed', 'xfs_quota'],
  ['systemd required', 'systemctl'],
  ["Couldn't find e2fuzz", 'e2fuzz'], // ext4/006
  ['unshare --keep-caps --map-auto: command not found, should be in util-linux', 'unshare'],
  ['command nvme is not available', 'nvme'], // blktests
  ['command nvme is not available; kernel option NVME_AUTH has not been enabled', 'nvme'],
  ['/dev/vda is not a SCSI device; command sg_inq is not available; command lsscsi is not available', 'sg_inq'],
  ['nullb0: command blkzone is not available; vda: /dev/vda is not zoned', 'blkzone'],
  ['ip utility not found', 'ip'], // blktests
])('%s → %s', (reason, program) => {
  expect(missingProgramOf(reason)).toBe(program)
})

test.each([
  'Realtime device required, skipped this test',
  'External volumes not in use, skipped this test',
  'scsi_debug module not found',
  'systemd unit "xfs_scrub_all.timer" not found',
  'bdi link not found',
  'need fio >= 3.38 (found 3.33)', // it is there
  '/usr/bin/fio too old, see /results/generic/563.full',
  'xfs_io falloc support is missing',
  'xfs_quota binary does not support foreign filesystems',
  'LANG=C required',
  'cannot find xfs_scrub_all service file',
  'kernel does not support v2 logs',
  'module brd is not available',
  'systemd is not available',
  '',
])('no program is missing: %s', (reason) => {
  expect(missingProgramOf(reason)).toBeUndefined()
})

test.each([
  '/var/lib/xfstests/src/punch-alternating not built',
  'src/btrfs_encoded_read utility required, skipped this test',
  'src/nsexec executable not found',
  '/var/lib/xfstests/src/lstat64 executable not found',
  'renameat2 binary not found',
  'cloner binary not present at /var/lib/xfstests/src/cloner',
  'aio-dio utilities required',
  'vfstest utilities required',
  'fssum not built',
])('a program of the tree is none that a package has: %s', (reason) => {
  expect(missingProgramOf(reason)).toBeUndefined()
})

test('"defragment" is no program: each file system has its own', () => {
  expect(missingProgramOf('defragment utility required, skipped this test')).toBeUndefined()
})
