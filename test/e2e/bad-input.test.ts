import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import type { Sandbox } from '../helpers/sandbox.js'

// One clear message that names the thing, status 2 for what is wrong with the input and 3 for what is with the host;
// nothing is started and nothing left (which the sandbox looks after).

describe('wrong usage is refused:', () => {
  test.for<[string, string[], RegExp]>([
    ['a command that does not exist', ['rnu', 'simple'], /^rapido: .*Did you mean run\?/m],
    ['an option that does not exist', ['run', 'simple', '--timeoutt', '3s'], /^rapido: Unknown argument: timeoutt\n/],
    ['a profile that does not exist', ['run', 'simpel'], /^rapido: no profile "simpel".*"simple"/],
    [
      'a setting that does not exist',
      ['run', 'simple', '--set', 'vm.memroy=1G'],
      /^rapido: --set vm\.memroy=1G: unknown; did you mean vm\.memory/,
    ],
    ['a value that is none', ['run', 'simple', '--set', 'vm.memory=lots'], /^rapido: --set vm\.memory=lots: .*512M/],
    ['a duration that is none', ['run', 'simple', '--timeout', 'soon'], /^rapido: --timeout soon: use a duration/],
    ['a script that is not there', ['run', 'simple', '-f', 'no/script'], /^rapido: -f no\/script: no such file\n/],
    ['a configuration file that is not there', ['run', 'simple', '--config', 'no.toml'], /^rapido: .*no\.toml/],
    ['a number that is none', ['run', 'simple', '--number', '0'], /^rapido: --number: use a number from 1 to 1000\n/],
  ])('%s', async ([, args, message], { box }) => {
    const run = await box.rapido(...args).outcome()
    expect(run).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) })
    expectNothingStarted(box, run.stderr)
  })

  test('a rapido.toml with mistakes, all of which are told at once with their places', async ({ box }) => {
    box.file('rapido.toml', '[vm]\nmemroy = "1G"\n\n[qemu]\naccel = "fast"\n')
    const run = await box.rapido('run', 'simple').outcome()
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/rapido\.toml:2:1 vm\.memroy: .*memory/)
    expect(run.stderr).toMatch(/rapido\.toml:5:1 qemu\.accel: .*tcg/)
    expectNothingStarted(box, run.stderr)
  })

  test('a profile with a key that does not exist', async ({ box }) => {
    box.profile('own', { toml: '[image]\ninstal = ["ls"]' })
    const run = await box.rapido('run', 'own').outcome()
    expect(run).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/profile\.toml:3:1 image\.instal: .*install/),
    })
  })

  test('a profile that names a file that is not there', async ({ box }) => {
    box.profile('own', { toml: '[image]\ninclude = [{ from = "missing.conf", to = "/etc/missing.conf" }]' })
    const run = await box.rapido('run', 'own').outcome()
    expect(run).toMatchObject({ status: 2, stdout: '' })
    const place = /profile\.toml:3:\d+ image\.include\[0\]\.from: \S+\/profiles\/own\/missing\.conf does not exist/
    expect(run.stderr).toMatch(place)
    expectNothingStarted(box, run.stderr)
  })

  test('a number that is taken', async ({ box }) => {
    mkdirSync(join(box.state, 'vms/3'), { recursive: true })
    const holder = box.command([
      'flock',
      '--no-fork',
      join(box.state, 'vms/3'),
      'sh',
      '-c',
      'echo held; exec sleep 1000',
    ])
    await holder.saying(/held/)
    const run = await box.rapido('run', 'simple', '--number', '3').outcome()
    holder.kill('SIGKILL')
    rmdirSync(join(box.state, 'vms/3'))
    expect(run).toMatchObject({ status: 2, stderr: expect.stringContaining('vm3 is running already') })
  })
})

describe('what this host lacks is told:', () => {
  test('programs that a profile names, all together', async ({ box }) => {
    box.profile('own', { toml: '[image]\ninstall = ["no-such-program", "ls", "nor-this"]' })
    const run = await refused(box, ['run', 'own'])
    expect(run.stderr).toMatch(/profile "own" needs what is not there:\n.*no-such-program.*\n.*nor-this/)
    expectNothingStarted(box, run.stderr)
  })

  test.for<[string, string[], RegExp]>([
    [
      'a QEMU that is not there',
      ['--set', 'qemu.binary=qemu-system-none'],
      /QEMU is missing: no qemu-system-none on PATH/,
    ],
    ['a QEMU at a path where none is', ['--set', 'qemu.binary=/no/qemu'], /QEMU is missing: there is no \/no\/qemu/],
    ['a kernel that is not there', ['--set', 'kernel.release=0.0.0'], /kernel\.release "0\.0\.0" is not installed/],
    ['a tree that is none', ['--set', 'kernel.src=/usr'], /kernel\.src \/usr is not a kernel tree/],
  ])('%s', async ([, args, message], { box }) => {
    const run = await refused(box, ['run', 'simple', ...args])
    expect(run.stderr).toMatch(message)
    expectNothingStarted(box, run.stderr)
  })

  test('no dracut', async ({ box }) => {
    const run = await withoutPrograms(box, ['dracut'], ['run', 'simple'])
    expect(run).toMatchObject({ status: 3, stderr: expect.stringMatching(/dracut: not on this host/) })
    expect(run.stderr).toMatch(/(apt|dnf|zypper|pacman).* dracut/)
  })

  test('a QEMU that ends at once, with its own words', async ({ box }) => {
    const qemu = join(packageFolder, 'test/fixtures/bin/qemu-exits-at-once')
    const run = await box.rapido('run', 'simple', '--set', `qemu.binary=${qemu}`).outcome()
    expect(run.status).toBe(3)
    expect(run.stderr).toContain("QEMU did not start: qemu: could not load PC BIOS 'bios-256k.bin'")
    expect(run.stderr).toContain(`the command was: ${qemu} `)
    await expectNothingLeft(box)
    const booted = await box.rapido('boot', 'simple', '-d', '--set', `qemu.binary=${qemu}`).outcome()
    expect(booted).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining('could not load PC BIOS') })
  })

  test('a QEMU that does not know its arguments, with its own words', async ({ box }) => {
    const run = await box.rapido('run', 'simple', '--set', 'qemu.extra_args=["-no-such-option"]').outcome()
    expect(run).toMatchObject({ status: 3, stderr: expect.stringMatching(/QEMU did not start: .*-no-such-option/) })
  })
})

describe('a place that cannot be written to is named:', () => {
  test('the state folder', async ({ box }) => {
    box.file('a-file', '')
    const state = join(box.work, 'a-file/state')
    const run = await refused(box, ['run', 'simple', '--set', `paths.state=${state}`])
    expect(run.stderr).toMatch(/cannot make the folder \S+\/a-file\/state.*: Not a directory|Not a directory/)
    expect(run.stderr).toContain('paths.state')
  })

  test('a state folder on a file system that is read-only', async ({ box }) => {
    const state = join(box.work, 'read-only')
    mkdirSync(state)
    const mount = 'mount -t tmpfs -o ro,mode=700 read-only "$1"'
    const run = await withOwnMounts(box, mount, state, ['run', 'simple', '--set', `paths.state=${state}`])
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/cannot make the folder \S+\/read-only\/.*Read-only file system/)
    expect(run.stderr).toContain('paths.state')
  })

  // npm test runs this as an ordinary user: root may write anywhere.
  test.skipIf(process.geteuid?.() === 0)('a state folder that one may not write to', async ({ box }) => {
    const state = join(box.work, 'not-to-write')
    mkdirSync(state, { mode: 0o555 })
    const run = await refused(box, ['run', 'simple', '--set', `paths.state=${state}`])
    expect(run.stderr).toMatch(/cannot make the folder \S+\/not-to-write\/.*Permission denied/)
    expect(run.stderr).toContain('paths.state')
  })

  test('the cache', async ({ box }) => {
    box.file('a-file', '')
    const cache = join(box.work, 'a-file/cache')
    const run = await refused(box, ['run', 'simple', '--set', `paths.cache=${cache}`])
    expect(run.stderr).toContain(`cannot write the image cache ${cache}`)
    expect(run.stderr).toContain('paths.cache')
  })

  test('a state folder whose name is too long for sockets', async ({ box }) => {
    const state = join(box.work, 'a-rather-long-name'.repeat(6))
    const run = await refused(box, ['run', 'simple', '--set', `paths.state=${state}`])
    expect(run.stderr).toMatch(/the path of a socket is too long \(\d+ of 107\): \S+/)
    expect(run.stderr).toContain('set paths.state')
    expect(existsSync(join(state, 'vms')) ? readdirSync(join(state, 'vms')) : []).toEqual([])
  })

  test('a disk that is full', async ({ box }) => {
    for (const kind of ['cache', 'state']) {
      const full = join(box.work, 'full')
      const run = await onFullDisk(box, full, ['run', 'simple', '--set', `paths.${kind}=${full}`])
      expect(run.status, run.stderr).toBe(3)
      expect(run.stderr).toMatch(/no space left|No space left/)
      expect(run.stderr).toContain(full)
      expect(run.stderr).not.toContain('booting …')
      await expectNothingLeft(box)
    }
  })
})

test('an image in the cache that is not the one made is not booted', async ({ boxWithOwnCache: box }) => {
  box.profile('own')
  expect(await box.rapido('cut', 'own').outcome()).toMatchObject({ status: 0 })
  const images = join(box.cache, 'images')
  const [image = ''] = readdirSync(images).map((name) => join(images, name))
  truncateSync(image, 4096)
  const run = await refused(box, ['run', 'own'])
  expect(run.stderr).toMatch(/the cached image \S+ is not the one that was made: it has 4096 bytes instead of \d+/)
  expect(run.stderr).toContain('rapido cut own --force')

  expect(await box.rapido('cut', 'own', '--force').outcome()).toMatchObject({ status: 0, stdout: `${image}\n` })
  writeFileSync(image, Buffer.alloc(statSync(image).size))
  expect((await refused(box, ['run', 'own'])).stderr).toMatch(/is not the one that was made/)
})

/** Status 3, a message, and no VM was so much as begun. */
async function refused(box: Sandbox, args: string[]) {
  const run = await box
    .rapido(...args)
    .withCachedImages()
    .outcome()
  expect(run, run.stderr).toMatchObject({ status: 3, stdout: '' })
  expect(run.stderr).not.toMatch(/bug in rapido|\n\s+at /)
  await expectNothingLeft(box)
  return run
}

function expectNothingStarted(box: Sandbox, stderr: string): void {
  expect(stderr).not.toMatch(/bug in rapido|\n\s+at /)
  expect(stderr).not.toMatch(/building|booting/)
  expect(existsSync(join(box.state, 'logs'))).toBe(false)
}

/** As on a host where these programs are not installed, in whatever folder rapido may look. */
function withoutPrograms(box: Sandbox, names: string[], args: string[]) {
  const nothing = box.file('nothing', '')
  const hide = names.map((name) => `mount --bind "$1" "$(type -P ${name})"`).join(' && ')
  return withOwnMounts(box, hide, nothing, args)
}

/** With a disk at `full` that has room for folders, and for no byte in a file. */
function onFullDisk(box: Sandbox, full: string, args: string[]) {
  mkdirSync(full, { recursive: true })
  return withOwnMounts(box, 'mount -t tmpfs -o size=4k,mode=700 full "$1" && echo full >"$1/full"', full, args)
}

/** Who is not root needs a user namespace for mounts of their own. */
function withOwnMounts(box: Sandbox, script: string, path: string, args: string[]) {
  const unshare = ['unshare', process.geteuid?.() === 0 ? '-m' : '-rm']
  const rapido = [process.execPath, join(packageFolder, 'dist/main.js'), ...args]
  const argv = [...unshare, 'bash', '-c', `${script} && shift && exec "$@"`, 'bash', path, ...rapido]
  return box.command(argv).outcome()
}
