import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageFolder } from '../helpers/places.js'
import { Terminal } from '../helpers/terminal.js'
import { recordVm } from '../helpers/vm-records.js'

// The shells themselves, on a terminal, with rapido on PATH: what Tab makes of the words begun.

let folder: string

beforeAll(() => {
  folder = mkdtempSync('/var/tmp/rapido-completion-')
  mkdirSync(join(folder, 'bin'))
  // What the shells ask of rapido is rapido's to answer; a line that was completed only shows what it became.
  const rapido = `case $1 in complet*) exec ${process.execPath} ${packageFolder}/dist/main.js "$@" ;; esac`
  writeFileSync(join(folder, 'bin/rapido'), `#!/bin/sh\n${rapido}\nprintf '<%s>' "$@"\n`, { mode: 0o755 })
  recordVm(join(folder, 'state/rapido'), { number: 27 })
  writeFileSync(join(folder, 'a-local-file'), '')
})

afterAll(() => rmSync(folder, { recursive: true }))

const shells = {
  bash: { argv: ['bash', '--norc', '--noprofile'], load: 'source <(rapido completion bash)' },
  zsh: { argv: ['zsh', '-f'], load: 'autoload -Uz compinit; compinit -u; source <(rapido completion zsh)' },
  fish: { argv: ['fish', '--no-config'], load: 'rapido completion fish | source' },
}

test.for(Object.entries(shells))(
  '%s completes commands, profiles, options, running VMs and files',
  async ([, { argv, load }]) => {
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
    }
    const shell = new Terminal(argv, { cwd: folder, env })
    try {
      shell.type(`${load}; echo rea''dy\r`)
      await shell.expect(/ready/)
      for (const [begun, line] of [
        ['rapido sho\t', '<show>'],
        ['rapido show simp\t', '<show><simple>'],
        ['rapido run simple --time\t', '<run><simple><--timeout>'],
        ['rapido exec 2\t', '<exec><27>'],
        ['rapido run simple -f a-lo\t', '<run><simple><-f><a-local-file>'],
      ] as const) {
        shell.type(`${begun}\r`)
        expect(await shell.expect(/<.*>/)).toBe(line)
      }
    } finally {
      shell.hangUp()
    }
  },
)
