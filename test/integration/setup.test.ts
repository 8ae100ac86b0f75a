import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

// tools/setup.sh on a host that has nothing: its PATH holds only what a test puts there.
let bin: string
let log: string

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'rapido-setup-test-'))
  bin = join(folder, 'bin')
  log = join(folder, 'log')
  mkdirSync(bin)
  writeFileSync(log, '')
  for (const program of ['sh', 'uname']) symlinkSync(`/bin/${program}`, join(bin, program))
  command('id', 'echo 0')
})

afterEach(() => rmSync(join(bin, '..'), { recursive: true }))

const programs =
  'qemu-system-x86_64 dracut cpio kmod bash setpriv flock xz zstd perl tar ps ip ceph ceph-mon ceph-osd ceph-mgr ceph-mds'

test('says what is missing, why, and which package has it, and installs nothing with --check', () => {
  manager('apt-get')
  const { status, stdout } = setup('--check')
  expect(status).toBe(3)
  expect(stdout).toMatch(/qemu-system-x86_64 +the virtual machine +qemu-system-x86\n/)
  expect(stdout).toMatch(/dracut +the image a VM boots from +dracut-core\n/)
  expect(logged()).toEqual([])
})

test.each([
  ['apt-get', 'apt-get -q -y install --no-install-recommends qemu-system-x86 dracut-core cpio kmod bash util-linux '],
  ['dnf', 'dnf install -y --setopt=install_weak_deps=False qemu-system-x86-core dracut cpio kmod bash util-linux '],
  ['zypper', 'zypper --non-interactive install --no-recommends qemu-x86 dracut cpio kmod bash util-linux '],
  ['pacman', 'pacman -S --needed --noconfirm qemu-system-x86 dracut cpio kmod bash util-linux '],
])('%s installs all that is missing at once', (name, expected) => {
  manager(name)
  const { status, stdout } = setup()
  expect(stdout).toMatch(/nothing is missing any more\n$/)
  expect(status).toBe(0)
  expect(logged().at(-1)).toContain(expected)
})

test.each([
  ['apt-get', 'ceph-mon ceph-osd ceph-mgr ceph-mds ceph-common'],
  ['dnf', 'ceph-mon ceph-osd ceph-mgr ceph-mds ceph-common'],
  ['zypper', 'ceph-mon ceph-osd ceph-mgr ceph-mds ceph-common'],
  ['pacman', 'ceph'],
])('%s installs Ceph with the others for --with ceph, and none that it recommends', (name, expected) => {
  manager(name)
  expect(setup('--with', 'ceph').status).toBe(0)
  const command = logged().at(-1) ?? ''
  expect(command).toMatch(new RegExp(` iproute2? .*\\b${expected}\\b`))
  if (name === 'apt-get') expect(command).toContain('--no-install-recommends')
})

test('the tests need all of Ceph, its clients too, and each package is named once', () => {
  manager('apt-get')
  const { status, stdout } = setup('--check', '--with', 'ceph', '--with', 'test')
  expect(status).toBe(3)
  for (const name of ['ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph-mds', 'ceph-fuse', 'rbd-nbd']) {
    expect(stdout.match(new RegExp(`^  ${name} .* ${name}$`, 'gm'))).toHaveLength(1)
  }
  expect(stdout).toMatch(/^ {2}ceph +rapido ceph; asks a cluster +ceph-common$/m)
})

test('does nothing where nothing is missing', () => {
  manager('apt-get')
  setup()
  writeFileSync(log, '')
  expect(setup()).toMatchObject({ status: 0, stdout: 'setup: nothing is missing\n' })
  expect(logged()).toEqual([])
})

test('refreshes the package lists and tries again when an installation fails', () => {
  manager('apt-get', 'case $* in *install*) [ -e "$0.updated" ] || exit 100 ;; *update*) : >"$0.updated" ;; esac')
  expect(setup().status).toBe(0)
  const verbs = logged().map((line) => /install|update/.exec(line)?.[0])
  expect(verbs.slice(-2)).toEqual(['update', 'install'])
})

test('an ordinary user without sudo gets the command to run as root', () => {
  manager('apt-get')
  command('id', 'echo 1000')
  const { status, stderr } = setup()
  expect(status).toBe(3)
  expect(stderr).toContain('no sudo here. As root, run:\n')
  expect(stderr).toContain('apt-get -q -y install --no-install-recommends qemu-system-x86 ')
  expect(logged()).toEqual([])
})

test('an ordinary user installs through sudo', () => {
  manager('apt-get')
  command('id', 'echo 1000')
  command('sudo', 'while [ "$1" = -n ]; do shift; done; echo "sudo $1" >>"$LOG"; [ "$1" = true ] || exec "$@"')
  expect(setup().status).toBe(0)
  expect(logged()).toContain('sudo sh')
})

test('a sudo that wants a password is no prompt where nobody can type one', () => {
  manager('apt-get')
  command('id', 'echo 1000')
  command('sudo', 'exit 1')
  const { status, stderr } = setup()
  expect(status).toBe(3)
  expect(stderr).toContain("sudo wants a password. Run:\n  sudo sh -c '")
})

test.each([
  [[], 3, 'found none of apt-get, dnf, zypper and pacman'],
  [['--with', 'cephalopod'], 2, 'no group "cephalopod"'],
  [['--with'], 2, '--with needs a group'],
  [['--chek'], 2, 'unknown argument "--chek"'],
])('setup.sh %j ends with status %i: %s', (args, expected, message) => {
  const { status, stderr } = setup(...args)
  expect(status).toBe(expected)
  expect(stderr).toContain(message)
})

function setup(...args: string[]) {
  const env = { PATH: bin, BIN: bin, LOG: log, PROGRAMS: programs }
  return spawnSync('/bin/sh', ['tools/setup.sh', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function command(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

/** A package manager that logs its arguments and "installs" every program; `script` runs between the two. */
function manager(name: string, script = ''): void {
  const install = 'for program in $PROGRAMS; do /bin/ln -sf /bin/true "$BIN/$program"; done'
  command(name, `echo "${name} $*" >>"$LOG"\n${script}\ncase $* in *install*|-S*needed*) ${install} ;; esac`)
}

function logged(): string[] {
  return readFileSync(log, 'utf8').split('\n').filter(Boolean)
}
