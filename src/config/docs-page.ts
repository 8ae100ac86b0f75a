import { type DocTable, docTables } from './docs-tables.js'
import { profileSchema } from './profile-schema.js'
import type { SettingRow } from './rows.js'
import { fileSchema } from './schema.js'
import { tomlValue } from './toml-value.js'

/** docs/config.md: every key of rapido.toml and profile.toml. */
export function configPage(): string {
  return [
    intro,
    '## rapido.toml',
    ...docTables(fileSchema).map(tableSection),
    profileIntro,
    ...docTables(profileSchema).map(tableSection),
    '',
  ].join('\n\n')
}

const intro = `# Configuration

<!-- Made from src/config/schema.ts and profile-schema.ts by tools/generate-docs.mjs. Do not edit. -->

Nothing has to be configured. What is: in \`rapido.toml\`, looked for in the current folder, in the folders above it, and
then in \`~/.config/rapido/\`; the first one found is the only one read. \`--config FILE\` names another.
[rapido.toml.example](../rapido.toml.example) has every setting, ready to copy.

- **What wins**, from the weakest: the default, rapido.toml, its \`[profile.NAME]\`, \`--set KEY=VALUE\`. A list replaces a
  list; it is never added to one.
- **\`--set\`** takes any key below, and the value as TOML or as bare text: \`--set vm.memory=2G\`,
  \`--set 'kernel.params=["debug", "nosmp"]'\`, \`--set profile.simple.vm.cpus=4\`.
- **A path** may begin with \`~/\`. A relative one starts at the folder of the file it stands in; with \`--set\`, at the
  current folder. A program is a path if there is a slash in it.
- **A size** is a number and M, G or T (\`"512M"\`, \`"1.5G"\`). **A duration** is made of d, h, m, s and ms (\`"90s"\`, \`"1h30m"\`).
- **A mistake** stops everything, before anything is started: all of them are told at once, with file, line, column
  and what to do. No key is ever ignored.
- **A rapido.toml that another user owns** is not obeyed in a folder above, for settings can start programs; name it
  with \`--config\` if you trust it.
- **Editors** that know JSON Schema complete and check both files with [rapido.schema.json](rapido.schema.json) and
  [profile.schema.json](profile.schema.json): for Taplo, \`#:schema PATH\` in the first line.`

const profileIntro = `## profile.toml

A profile is a folder with this file and \`boot.sh\`, in \`./profiles\`, in \`~/.config/rapido/profiles\`, or shipped with rapido; the
first of a name wins. Only \`summary\` has to be there.`

function tableSection({ header, about, rows, exampleLines }: DocTable): string {
  const title = header === '' ? '### At the top' : `### \`${header.replace(/\.simple\]$/, '.NAME]')}\``
  const table = ['| setting | value | default | meaning |', '| --- | --- | --- | --- |', ...rows.map(tableRow)]
  const example = ['```toml', ...(header === '' ? [] : [header]), ...exampleLines.flat(), '```']
  return [title, ...(about === '' ? [] : [about]), table.join('\n'), example.join('\n')].join('\n\n')
}

function tableRow(row: SettingRow): string {
  const standard = row.default === undefined ? (row.unset ?? '') : `\`${tomlValue(row.default)}\``
  const cells = [`\`${row.name}\``, row.kind, standard, row.meaning].map((cell) => cell.replaceAll('|', '\\|'))
  return `| ${cells.join(' | ')} |`
}
