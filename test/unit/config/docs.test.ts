import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { generatedDocs } from '../../../src/config/docs.js'
import { loadSettings } from '../../../src/config/load.js'
import { profileSchema } from '../../../src/config/profile-schema.js'
import { settingRows } from '../../../src/config/rows.js'
import { fileSchema } from '../../../src/config/schema.js'
import { parseToml } from '../../../src/config/toml.js'
import { packageFile } from '../../../src/host/package-root.js'

const docs = generatedDocs()
const example = docs['rapido.toml.example'] ?? ''
const page = docs['docs/config.md'] ?? ''
const uncommented = example.replaceAll(/^#(?=\S)/gm, '')

test.each(Object.entries(docs))('%s is what the schemas say (node tools/generate-docs.mjs writes it)', (path, text) => {
  expect(readFileSync(packageFile(path), 'utf8')).toBe(text)
})

test.each([...settingRows(fileSchema), ...settingRows(profileSchema)])(
  '$key has a kind, a meaning and an example',
  (row) => {
    expect(row.kind).not.toBe('')
    expect(row.meaning).toMatch(/^\S.*\.$/)
    expect(row.example).toBeDefined()
  },
)

test('the example changes nothing as it is', async () => {
  expect(await settingsOf(example)).toEqual(await settingsOf(''))
})

test('the example can be read with every line of it switched on, and has every setting', async () => {
  await settingsOf(uncommented)
  const table = parseToml(uncommented, 'example')
  for (const { key, name } of settingRows(fileSchema)) {
    const path = name === 'NAME' ? key.split('.').slice(0, -1) : key.split('.')
    const value = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], table)
    expect(value, key).toBeDefined()
  }
})

test('the examples of the page can be read', () => {
  const [rapido = '', profile = ''] = page.split('## profile.toml')
  const tomlBlocks = (text: string) => [...text.matchAll(/```toml\n(.*?)```/gs)].map(([, block]) => block ?? '')
  for (const block of tomlBlocks(rapido)) expect(fileSchema.safeParse(parseToml(block, 'page')).error).toBeUndefined()
  const blocks = tomlBlocks(profile)
  expect(blocks.length).toBeGreaterThan(3)
  for (const block of blocks) {
    const table = { summary: 'x', ...parseToml(block, 'page') }
    const isInclude = block.startsWith('[[image.include]]')
    expect(profileSchema.safeParse(table).error, isInclude ? 'include' : block).toBeUndefined()
  }
})

test('the JSON Schemas refuse unknown keys and know every default', () => {
  const schema = JSON.parse(docs['docs/rapido.schema.json'] ?? '')
  expect(schema).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'rapido.toml',
    additionalProperties: false,
  })
  expect(schema.definitions.run.properties.timeout).toMatchObject({ type: 'string', default: '10m' })
  expect(schema.definitions.run.additionalProperties).toBe(false)
  expect(JSON.parse(docs['docs/profile.schema.json'] ?? '').required).toEqual(['summary'])
})

async function settingsOf(text: string) {
  const { path, cleanup } = await dir({ unsafeCleanup: true })
  try {
    await mkdir(join(path, 'project'))
    await writeFile(join(path, 'project/rapido.toml'), text)
    const { settings } = await loadSettings({ cwd: join(path, 'project'), home: '/home/me', env: {} })
    return settings
  } finally {
    await cleanup()
  }
}
