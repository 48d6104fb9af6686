// What docs/schema promises, as JavaScript sees it: each vector's event is valid by ajv,
// and no longer once something is wrong; and asyncapi.yaml is an AsyncAPI document that
// names every schema.
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import Ajv from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

const root = new URL('../../docs/schema/', import.meta.url)
const read = (name) => JSON.parse(readFileSync(new URL(name, root), 'utf8'))
const files = readdirSync(root).filter((name) => name.endsWith('.schema.json'))
const vectors = readdirSync(new URL('vectors/', root)).filter((name) => name.endsWith('.json'))
const faults = []

const ajv = addFormats(new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false }))
for (const name of files) ajv.addSchema(read(name))
const valid = ajv.getSchema('urn:rollcall:schema:event:1')

for (const name of vectors) {
  const { event } = read(`vectors/${name}`)
  if (!valid(event)) faults.push(`${name}: ${ajv.errorsText(valid.errors)}`)
  const wrong = {
    'of no version': { ...event, specversion: '2.0' },
    'without a place': { ...event, sequence: '7' },
    'without data': { ...event, data: undefined },
    'of another source': { ...event, source: 'https://example.com/' },
    'of another schema': { ...event, dataschema: 'urn:rollcall:schema:log.lost:1' },
  }
  for (const [what, bad] of Object.entries(wrong)) {
    if (valid(JSON.parse(JSON.stringify(bad)))) faults.push(`${name}: valid, though it is ${what}`)
  }
}
if (vectors.length < 30 || files.length < 20) faults.push(`only ${vectors.length} vectors and ${files.length} schemas`)

// The schema of AsyncAPI is draft 7, with formats of its own.
const text = readFileSync(new URL('asyncapi.yaml', root), 'utf8')
const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json')
const asyncapi = addFormats(new Ajv({ strict: false, allErrors: true })).compile(specification)
if (!asyncapi(parse(text))) faults.push(`asyncapi.yaml: ${JSON.stringify(asyncapi.errors?.slice(0, 3))}`)
for (const name of files) if (!text.includes(`./${name}`)) faults.push(`asyncapi.yaml does not name ${name}`)
if (asyncapi({ ...parse(text), channels: 7 })) faults.push('AsyncAPI takes everything')

console.log(faults.join('\n') || `node: ${vectors.length} vectors hold`)
process.exit(faults.length > 0 ? 1 : 0)
