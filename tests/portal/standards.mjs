// SPDX-License-Identifier: Apache-2.0
// What a running portal says in the words of others: DCAT-AP against its published shapes, the same
// graph in JSON-LD and Turtle, ODRL, schema.org, Data Package.
//   node tests/portal/standards.mjs --base http://127.0.0.1:8080 [--shapes FOLDER]
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import datapackage from 'datapackage'
import jsonld from 'jsonld'
import { DataFactory, Parser, Store } from 'n3'
import SHACLValidator from 'rdf-validate-shacl'

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    shapes: { type: 'string', default: 'build/vectors/dcat-ap-3.0.1-shapes' },
  },
})
const base = options.base.replace(/\/$/, '')
const shapes = join(options.shapes, 'dcat/releases/3.0.1')
const pageSize = 40 // several pages of the sample
const whole = 12 // datasets that are looked at one by one

let failures = 0
async function test(name, body) {
  try {
    await body()
    console.log(`ok    ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAIL  ${name}: ${error.message}`)
  }
}
function check(condition, what) {
  if (!condition) throw new Error(what)
}

async function get(path, type) {
  const response = await fetch(new URL(path, base))
  check(response.status === 200, `${path} answers ${response.status}`)
  const said = response.headers.get('content-type')
  check(said.startsWith(type), `${path} is ${said}, not ${type}`)
  return response.text()
}
const getJson = async (path, type = 'application/json') => JSON.parse(await get(path, type))

const parse = (text) => new Parser().parse(text)
// No document of ours may need another one: contexts stand in it.
const alone = { documentLoader: (url) => Promise.reject(new Error(`would fetch ${url}`)) }
const ofJson = async (document) => parse(await jsonld.toRDF(document, { format: 'application/n-quads', ...alone }))
async function canonical(quads) {
  const lines = quads.map((q) => quadLine(q)).join('')
  return jsonld.canonize(lines, { inputFormat: 'application/n-quads', format: 'application/n-quads', algorithm: 'RDFC-1.0' })
}
function term(t) {
  if (t.termType === 'NamedNode') return `<${t.value}>`
  if (t.termType === 'BlankNode') return `_:${t.value}`
  const text = JSON.stringify(t.value)
  return t.language ? `${text}@${t.language}` : `${text}^^<${t.datatype.value}>`
}
const quadLine = (q) => `${term(q.subject)} ${term(q.predicate)} ${term(q.object)} .\n`

const hydra = (name) => DataFactory.namedNode(`http://www.w3.org/ns/hydra/core#${name}`)
const dcat = (name) => DataFactory.namedNode(`http://www.w3.org/ns/dcat#${name}`)

/** Every page of a catalogue, as its links lead on. */
async function pages(suffix, type, read) {
  const all = []
  const seen = new Set()
  for (let next = `${base}/catalog.${suffix}?page_size=${pageSize}`; next; ) {
    check(!seen.has(next), `${next} comes twice`)
    seen.add(next)
    const quads = await read(await get(next, type))
    all.push(quads)
    const links = new Store(quads).getObjects(null, hydra('next'), null)
    check(links.length <= 1, 'more than one next page')
    next = links[0]?.value
    check(!next || next.startsWith(`${base}/`), `the next page is elsewhere: ${next}`)
  }
  return all
}
const turtlePages = await pages('ttl', 'text/turtle', async (text) => parse(text))
const jsonPages = await pages('jsonld', 'application/ld+json', (text) => ofJson(JSON.parse(text)))
const ids = turtlePages.flatMap((quads) =>
  new Store(quads).getObjects(null, dcat('dataset'), null).map((node) => node.value.split('/').pop()))

// @row 15
await test('pages of the catalogue hold every dataset once, in both forms', async () => {
  const total = (await getJson('/api/v1/datasets?page_size=1')).total
  check(turtlePages.length > 1, 'there is only one page')
  check(ids.length === total && new Set(ids).size === total, `${ids.length} datasets on pages, ${total} in all`)
  const others = jsonPages.flatMap((quads) =>
    new Store(quads).getObjects(null, dcat('dataset'), null).map((node) => node.value.split('/').pop()))
  check(JSON.stringify(others.sort()) === JSON.stringify([...ids].sort()), 'JSON-LD has other pages than Turtle')
})

/** What a shape finds wrong, in one line each, most frequent first. */
async function faults(files, quads) {
  const shape = new Store(files.flatMap((file) => parse(readFileSync(join(shapes, file), 'utf8'))))
  const report = await new SHACLValidator(shape, { importGraph: () => new Store() }).validate(new Store(quads))
  const counts = new Map()
  for (const one of report.results) {
    const line = `${one.path?.value ?? '-'} ${one.sourceConstraintComponent.value.split('#').pop()} ` +
      `${one.message.map((m) => m.value).join(' ')}; e.g. ${one.focusNode.value} ${one.value?.value ?? ''}`
    const key = line.split('; e.g. ')[0]
    counts.set(key, { line, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ line, count }) => `${count} × ${line}`)
}

// Conditional ones too: what may not be downloaded is described as well as what may.
const sets = [
  ['DCAT-AP: mandatory', ['html/shacl/shapes.ttl']],
  ['DCAT-AP: ranges', ['html/shacl/range.ttl']],
  ['DCAT-AP: no deprecated address', ['html/shacl/deprecateduris.ttl']],
  ['DCAT-AP: generated shapes', ['shacl/dcat-ap-SHACL.ttl']],
]
const there = existsSync(shapes)
const shaped = there ? test : (name) => console.log(`skip  ${name}: vectors not found in ${shapes}`)
for (const [name, files] of sets) {
  await shaped(`${name}: every page of the catalogue, as Turtle and as JSON-LD`, async () => {
    for (const quads of [...turtlePages, ...jsonPages]) {
      const found = await faults(files, quads)
      check(found.length === 0, `\n        ${found.join('\n        ')}`)
    }
  })
  await shaped(`${name}: datasets one by one`, async () => {
    for (const id of ids.slice(0, whole)) {
      const found = await faults(files, parse(await get(`/dataset/${id}.ttl`, 'text/turtle')))
      check(found.length === 0, `${id}\n        ${found.join('\n        ')}`)
    }
  })
}
await shaped('the shapes find what is missing', async () => {
  const title = 'http://purl.org/dc/terms/title'
  const found = await faults(['html/shacl/shapes.ttl'], turtlePages[0].filter((q) => q.predicate.value !== title))
  check(found.length > 0, 'a catalogue without titles passes')
})
for (const file of there ? ['html/shacl/shapes_recommended.ttl', 'html/shacl/mdr-vocabularies.shape.ttl'] : []) {
  for (const line of await faults([file], turtlePages.flat())) console.log(`note  ${file}: ${line}`)
}

// @row 15
await test('JSON-LD and Turtle of a dataset are the same graph', async () => {
  for (const id of ids.slice(0, whole)) {
    const turtle = await canonical(parse(await get(`/dataset/${id}.ttl`, 'text/turtle')))
    const json = await canonical(await ofJson(await getJson(`/dataset/${id}.jsonld`, 'application/ld+json')))
    check(turtle.length > 500, 'an empty graph')
    check(turtle === json, `${id}: ${turtle.split('\n').find((line) => !json.includes(line))}`)
  }
})

await test('a dataset can be asked for as a graph, by its address', async () => {
  for (const [accept, type] of [['text/turtle', 'text/turtle'], ['application/ld+json', 'application/ld+json'],
    ['text/html', 'text/html'], ['*/*', 'text/html']]) {
    const response = await fetch(`${base}/dataset/${ids[0]}`, { headers: { accept } })
    check(response.status === 200, `${accept}: ${response.status}`)
    check(response.headers.get('content-type').startsWith(type), `${accept}: ${response.headers.get('content-type')}`)
    check(/accept/i.test(response.headers.get('vary')), 'Vary does not name Accept')
  }
})

// @row 13
await test('the ODRL policy says who may do what, and to which conditions', async () => {
  let constraints = 0
  for (const id of ids.slice(0, whole)) {
    const policy = await getJson(`/policy/${id}.jsonld`, 'application/ld+json')
    check(policy['@context'] === 'http://www.w3.org/ns/odrl.jsonld' && policy['@type'] === 'Offer', 'not an offer')
    check(policy.uid.startsWith(base), `uid ${policy.uid}`)
    check(policy.permission.length > 0, 'no permission')
    for (const rule of [...policy.permission, ...(policy.prohibition ?? [])]) {
      check(rule.target === `${base}/dataset/${id}`, `target ${rule.target}`)
      check(typeof rule.action === 'string', 'a rule has one action')
      for (const one of rule.constraint ?? []) {
        constraints += 1
        for (const member of ['leftOperand', 'operator', 'rightOperand']) check(one[member], `no ${member}`)
      }
    }
    for (const rule of policy.permission) check(rule.assigner, 'an offer names its assigner')
    // The same policy stands in the DCAT graph of the dataset.
    const graph = new Store(parse(await get(`/dataset/${id}.ttl`, 'text/turtle')))
    const [node] = graph.getObjects(null, DataFactory.namedNode('http://www.w3.org/ns/odrl/2/hasPolicy'), null)
    check(node?.value === policy.uid, `the graph names ${node?.value}`)
  }
  check(constraints > 0, 'no dataset of the sample has a condition')
})

await test('dataset pages carry schema.org for search engines', async () => {
  for (const id of ids.slice(0, whole)) {
    for (const lang of ['zh', 'en']) {
      const page = await get(`/dataset/${id}?lang=${lang}`, 'text/html')
      const blocks = [...page.matchAll(/<script type="application\/ld\+json">(.*?)<\/script>/gs)]
      check(blocks.length === 1, `${blocks.length} blocks`)
      const said = JSON.parse(blocks[0][1])
      check(said['@context'] === 'https://schema.org/' && said['@type'] === 'Dataset', 'not a Dataset')
      check(said.name && said.description.length >= 50 && said.description.length <= 5000,
        `name and a description of 50 to 5000 characters: ${said.description?.length}`)
      check(said.url === `${base}/dataset/${id}` && said.creator.name && said.includedInDataCatalog.name, 'where, by whom')
      const { licence } = await getJson(`/api/v1/datasets/${id}`)
      check(!licence || /^https?:/.test(said.license.url ?? said.license), `licence ${JSON.stringify(said.license)}`)
      for (const one of said.distribution) {
        check(one['@type'] === 'DataDownload' && one.contentUrl && one.encodingFormat, JSON.stringify(one))
      }
      check(!Number.isNaN(Date.parse(said.dateModified)), said.dateModified)
    }
  }
})

await test("Data Package descriptors hold by the profile's schema", async () => {
  let tables = 0
  let without = 0
  for (const id of ids) {
    const described = await getJson(`/api/v1/datasets/${id}`)
    if (described.resources.length === 0) {
      without += 1 // a package holds at least one resource
      check((await fetch(`${base}/datapackage/${id}.json`)).status === 404, 'a package without resources')
      continue
    }
    const descriptor = await getJson(`/datapackage/${id}.json`)
    const { valid, errors } = await datapackage.validate(descriptor)
    check(valid, `${id}: ${errors.map((e) => e.message).join('; ')}`)
    for (const resource of descriptor.resources) {
      if (resource.profile !== 'tabular-data-resource') continue
      tables += 1
      check(resource.schema.fields.length > 0, 'a table without fields')
    }
  }
  check(tables > 0 && without > 0, `the sample has ${tables} tables and ${without} datasets without a file`)
  const { valid } = await datapackage.validate({ name: 'Not A Name', resources: [] })
  check(!valid, 'the schema accepts anything')
})

console.log(failures === 0 ? 'standards: ok' : `standards: ${failures} failed`)
process.exit(failures === 0 ? 0 : 1)
