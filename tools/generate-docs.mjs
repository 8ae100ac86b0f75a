#!/usr/bin/env node
// Writes what is made of the schemas: docs/config.md and faults.md, the JSON Schemas and rapido.toml.example. Needs a build (build/).
// With --check it writes nothing, names the files that differ and exits 1.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedDocs } from '../build/config/docs.js'

const root = join(import.meta.dirname, '..')
const isCheck = process.argv.includes('--check')

for (const [path, text] of Object.entries(generatedDocs())) {
  if (textOf(join(root, path)) === text) continue
  if (isCheck) process.exitCode = 1
  else writeFileSync(join(root, path), text)
  console.log(isCheck ? `${path}: not what src/config says; run node tools/generate-docs.mjs` : `${path}: written`)
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
