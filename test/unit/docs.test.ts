import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const pages = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync('docs', { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

test.each(pages)('every link in %s leads somewhere', (page) => {
  const broken = linksOf(page).filter((link) => !leadsSomewhere(link, page))
  expect(broken).toEqual([])
})

test.each(pages)('every file of the sources that %s names is there', (page) => {
  const named = [...textOf(page).matchAll(/`((?:src|tools|test|docs)\/[\w./-]+)`/g)].map(([, path = '']) => path)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})

test('every page is reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const page of reached) {
    const targets = linksOf(page).map((link) => normalize(join(dirname(page), link.replace(/#.*/, ''))))
    for (const target of targets) {
      const found = pages.includes(target) ? [target] : pages.filter((other) => dirname(other) === target)
      for (const each of found) reached.add(each)
    }
  }
  expect(pages.filter((page) => !reached.has(page))).toEqual([])
})

test('every npm command in the README is a script of package.json', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
  const commands = [...textOf('README.md').matchAll(/^npm (?:run )?(\w+)/gm)].map(([, name]) => name)
  expect(commands).toEqual(['quickstart', 'test'])
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(commands))
})

function textOf(page: string): string {
  return readFileSync(page, 'utf8')
}

/** Links within this repository, as written: "docs/ci.md", "#exit-status". */
function linksOf(page: string): string[] {
  const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter((link) => !/^https?:/.test(link))
}

function leadsSomewhere(link: string, page: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(target)) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** Headings as GitHub names them: lower case, blanks to dashes, punctuation gone. */
function anchorsOf(page: string): string[] {
  const headings = [...withoutCode(textOf(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```.*?^```/gms, '')
}
