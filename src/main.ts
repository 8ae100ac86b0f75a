#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { packageFile } from './host/package-root.js'

const args = process.argv.slice(2)
if (args.length === 1 && args[0] === '--version') {
  // Asked often by scripts and editors: answered before anything else is loaded.
  console.log(JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).version)
} else {
  const { main } = await import('./cli/main.js')
  process.exitCode = await main(args)
}
