import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'

/**
 * Makes JavaScript of some files of src/, below `folder`, for a process of its own that a test starts (and kills). The
 * package's other files are there under the same names, as links.
 */
export function compile(folder: string, sources: string[]): void {
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }
  for (const source of sources) {
    const target = join(folder, source.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    if (!source.endsWith('.ts')) copyFileSync(source, target)
    else
      writeFileSync(
        target,
        ts.transpileModule(readFileSync(source, 'utf8'), { fileName: source, compilerOptions: options }).outputText,
      )
  }
}
