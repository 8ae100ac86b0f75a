import { z } from 'zod'
import { configExample } from './docs-example.js'
import { faultsPage } from './docs-faults.js'
import { configPage } from './docs-page.js'
import { profileSchema } from './profile-schema.js'
import { fileSchema } from './schema.js'

/** The files that are made of the schemas, by their path in the repository. tools/generate-docs.mjs writes them. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/config.md': configPage(),
    'docs/faults.md': faultsPage(),
    'docs/rapido.schema.json': jsonSchema(fileSchema, 'rapido.toml'),
    'docs/profile.schema.json': jsonSchema(profileSchema, 'profile.toml'),
    'rapido.toml.example': configExample(),
  }
}

/** For editors. Draft 7 is what those that know TOML understand. */
function jsonSchema(schema: z.ZodType, title: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return `${JSON.stringify({ $schema, title, ...rest }, undefined, 2)}\n`
}
