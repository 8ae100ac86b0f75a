#!/usr/bin/env node
// Joins what tsc made in build/ and the libraries it uses to what is shipped, in dist/: one file is read faster than the four
// hundred that a run would load. Each entry is a file of its own there; what several of them use, or load late, is in
// dist/chunks.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const [dist] = process.argv.slice(2)

const entries = {
  main: 'build/main.js', // the CLI
  index: 'build/index.js', // the library
  'scenario-hooks': 'build/runs/scenario-hooks.js', // loaded in a thread of its own
  ...Object.fromEntries(scenarios().map((name) => [name, `build/${name}.js`])),
}

const bundle = await rolldown({
  input: entries,
  platform: 'node',
  resolve: { alias: { 'string-width': join(import.meta.dirname, 'ascii-width.mjs') } },
  external: ['node-pty', '@swc/wasm-typescript'], // machine code beside their modules
})
const { output } = await bundle.write({ dir: dist, format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' })
await bundle.close()

const written = new Set(output.map(({ fileName }) => fileName))
for (const file of readdirSync(join(dist, 'chunks'))) {
  if (!written.has(`chunks/${file}`)) rmSync(join(dist, 'chunks', file)) // of an earlier build
}

/** And their parts, for the tests. */
function scenarios() {
  const files = ['scenarios', 'scenarios/parts'].flatMap((folder) =>
    readdirSync(join('build', folder)).map((file) => join(folder, file)),
  )
  return files.filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -'.js'.length))
}
