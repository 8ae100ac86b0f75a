/**
 * The program that a test wanted and did not find, from its reason for not running: as fstests' common/ and tests/ word
 * it, and blktests. Undefined for other reasons, and for programs of the suite's own tree: those no package has.
 */
export function missingProgramOf(reason: string): string | undefined {
  const line = reason.trim()
  const known = told[line]
  if (known !== undefined) return known
  for (const wording of wordings) {
    const name = wording.exec(line)?.[1]
    if (name !== undefined) return nameOf(name)
  }
  return undefined
}

const wordings = [
  /^(\S+) utility required, skipped this test$/, // _require_command
  /^This test requires (\S+) utility\.$/,
  /^this test requires '(\S+)' tool for /,
  /^(\S+) (?:command|executable|binary|utility) not found$/,
  /^([\w.+-]+) not found$/,
  /^(\w+) binary not yet installed$/,
  /^(unshare) .*: command not found, should be in util-linux$/,
  /^Couldn't find ([\w.+-]+)$/,
  /(?:^|; |: )command (\S+) is not available(?=;|$)/, // blktests: one of several reasons, or of devices
]

// Where the wording has another name than the program.
const told: Record<string, string> = {
  'Quota user tools not installed': 'quota',
  'XFS quota user tools not installed': 'xfs_quota',
  'systemd required': 'systemctl', // _require_program systemctl systemd
  'lasttr utility required, skipped this test': 'lsattr',
}

// Built in the tree; and what is another program for each file system.
const noNames = ['renameat2', 'defragment']

/** Programs of the tree are told by their paths: "src/btrfs_encoded_read". */
function nameOf(name: string): string | undefined {
  if (noNames.includes(name)) return undefined
  if (!name.includes('/')) return name
  return /^\/(?:usr\/)?(?:local\/)?s?bin\/([^/]+)$/.exec(name)?.[1]
}
