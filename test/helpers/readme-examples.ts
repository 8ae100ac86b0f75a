import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from './places.js'

/** A block of code in a page, and what it says that it prints. */
export interface Example {
  name: string // "README.md:42 rapido boot simple"
  code: string
  prints: RegExp[] // a line each
}

/** The `sh` blocks of a page; their comment lines are what is printed. Those that run npm are left out. */
export function shellExamples(page: string): Example[] {
  return blocks(page, 'sh')
    .filter(({ code }) => !code.startsWith('npm '))
    .map(({ line, code }) => ({
      name: `${page}:${line} ${code.split('\n')[0]}`,
      code,
      prints: [...code.matchAll(/^# (.*)$/gm)].map(([, text = '']) => printed(text)),
    }))
}

/** The `ts` blocks of a page; the comment behind each console.log is what it prints. */
export function typeScriptExamples(page: string): Example[] {
  return blocks(page, 'ts').map(({ line, code }) => ({
    name: `${page}:${line} ${code.split('\n')[0]}`,
    code,
    prints: [...code.matchAll(/console\.log.* \/\/ (.*)$/gm)].map(([, text = '']) => printed(text)),
  }))
}

function blocks(page: string, language: string): { line: number; code: string }[] {
  const text = readFileSync(join(packageFolder, page), 'utf8')
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...found].map(({ index, 1: code = '' }) => ({ line: text.slice(0, index).split('\n').length + 1, code }))
}

/** A line of output; kernel releases and times are another host's. */
function printed(text: string): RegExp {
  const exact = text.trimEnd().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const release = /\d+\\\.\d+\\\.\d+[-\w]*/g
  const seconds = /[\d\\.]+ s\b/g
  return new RegExp(`^${exact.replace(release, '\\d\\S+').replace(seconds, '[\\d.]+ s')}(?=\\s|$)`, 'm')
}
