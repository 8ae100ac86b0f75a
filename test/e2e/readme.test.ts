import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect } from 'vitest'
import type { Outcome } from '../helpers/cli-run.js'
import { test, testOfSeveral } from '../helpers/e2e-test.js'
import { OwnNetwork } from '../helpers/own-network.js'
import { packageFolder } from '../helpers/places.js'
import { type Example, shellExamples, typeScriptExamples } from '../helpers/readme-examples.js'
import type { Sandbox } from '../helpers/sandbox.js'

const pages = [
  ...['README.md', 'docs/ceph.md', 'docs/ci.md', 'docs/fstests.md', 'docs/network.md', 'docs/scenarios.md'],
  'docs/targets.md',
]
const shell = pages.flatMap(shellExamples)
const isHeavy = ({ code }: Example) => code.includes('scenario iscsi') // two VMs, and time-outs of seconds
const isOfReadme = ({ name }: Example) => name.startsWith('README') // with as many CPUs as everybody has who tries them
const needsTree = ({ code }: Example) => code.includes('kernel.src=~/linux')

describe.concurrent('as printed', { timeout: 240_000 }, () => {
  for (const example of shell.filter((each) => !needsTree(each))) {
    const { sequential, concurrent } = isOfReadme(example) ? test : testOfSeveral
    const run = isHeavy(example) ? sequential : concurrent
    run(example.name, async ({ box }) => expectAsPrinted(example, await runShell(example, box)))
  }

  // Its image and kernel are of no use to other tests.
  for (const example of shell.filter(needsTree)) {
    test(example.name, async ({ boxWithOwnCache: box }) => {
      await makeTree(box, join(box.work, 'linux'))
      expectAsPrinted(example, await runShell(example, box))
    })
  }

  for (const example of shellExamples('docs/network-host.md')) {
    test(example.name, async ({ box }) => {
      const net = await OwnNetwork.make(box)
      const outcome = await runShell(example, box, (argv) => net.command(...argv)).finally(() => net.end())
      const prints = example.prints.map((line) => new RegExp(line.source.replace('alice', 'root'), line.flags))
      expectAsPrinted({ ...example, prints }, outcome)
    })
  }

  for (const example of typeScriptExamples('README.md')) {
    test(example.name, async ({ box }) => expectAsPrinted(example, await runTypeScript(example, box)))
  }
})

function expectAsPrinted({ prints }: Example, { status, stdout, stderr }: Outcome): void {
  const output = `${stdout}\n${stderr}`
  expect({ status, output }, output).toEqual({ status: 0, output: expect.any(String) })
  for (const line of prints) expect(output.replaceAll('\r', '')).toMatch(line)
}

/** Runs the block as somebody would who pastes it, with `rapido` on PATH and nothing more to type. */
async function runShell(
  { code }: Example,
  box: Sandbox,
  command = (argv: string[]) => box.command(argv),
): Promise<Outcome> {
  const bin = join(box.folder, 'bin')
  mkdirSync(bin)
  symlinkSync(join(packageFolder, 'dist/main.js'), join(bin, 'rapido'))
  box.file('test.sh', 'uname -r\n')
  if (code.includes('rapido fstests')) {
    const src = join(packageFolder, 'test/fixtures/fstests-tree')
    symlinkSync(src, join(box.work, 'xfstests')) // its home
    box.file('rapido.toml', `[fstests]\nsrc = "${src}"\nsize = "1G"\n`)
  }
  box.file('bin/sudo', '#!/bin/sh\nexec "$@"\n', 0o755)
  const outcome = await command(['bash', '-e', '-c', code])
    .env({ PATH: `${bin}:${join(box.work, 'bin')}:${process.env.PATH}` })
    .outcome()
  return outcome
}

async function runTypeScript({ code }: Example, box: Sandbox): Promise<Outcome> {
  mkdirSync(join(box.work, 'node_modules'))
  symlinkSync(packageFolder, join(box.work, 'node_modules/rapido-vm'))
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  return box.command([process.execPath, box.file('example.mjs', outputText)]).outcome()
}

/** What `make` and `make modules_install` leave in a kernel tree, as far as rapido looks at it, for this host's kernel. */
async function makeTree(box: Sandbox, tree: string): Promise<void> {
  const { stdout } = await box.rapido('show', 'simple', '--json').outcome()
  const { release, image, modulesDir } = JSON.parse(stdout).kernel as Record<string, string>
  for (const folder of ['arch/x86/boot', 'include/config', 'mods/lib/modules']) {
    mkdirSync(join(tree, folder), { recursive: true })
  }
  copyFileSync(image ?? '', join(tree, 'arch/x86/boot/bzImage'))
  writeFileSync(join(tree, 'include/config/kernel.release'), `${release}\n`)
  symlinkSync(modulesDir ?? '', join(tree, 'mods/lib/modules', release ?? ''))
  const config = `/boot/config-${release}`
  if (existsSync(config)) copyFileSync(config, join(tree, '.config'))
  else writeFileSync(join(tree, '.config'), '')
}
