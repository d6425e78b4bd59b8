// SPDX-License-Identifier: Apache-2.0
// Proofs that a portal hands out, checked by `wusong verify` and by the web application's verification, and forged.
//   node tests/portal/proofs.mjs [--base http://127.0.0.1:8080 --genesis data/genesis.json --blobs FOLDER --profile standard]
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { verifyBundle } from '../../web/src/verify/bundle.js'
import { sha256Hex } from '../../web/src/verify/bytes.js'

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    genesis: { type: 'string', default: 'data/genesis.json' },
    blobs: { type: 'string', default: 'data/portal/blobs/blobs' },
    profile: { type: 'string', default: 'standard' },
    wusong: { type: 'string', default: 'build/bin/wusong' },
  },
})
const schemes = { standard: 'ed25519', guomi: 'sm2', 'hybrid-pq': 'ed25519+ml-dsa-44' }

let failures = 0
async function test(name, body) {
  try {
    await body()
    console.log(`ok    ${options.profile}: ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAIL  ${options.profile}: ${name}: ${error.message}`)
  }
}

async function getJson(path) {
  const response = await fetch(new URL(path, options.base))
  assert.equal(response.status, 200, `${path} answers ${response.status}`)
  return response.json()
}

const { contracts } = await getJson('/api/v1/chain')
const { items } = await getJson('/api/v1/datasets?opening_type=unconditional')
const { resources } = await getJson(`/api/v1/datasets/${items[0].id}`)
const bundle = await getJson(`/api/v1/proofs/item/${resources[0].id}`)
// As somebody has it who was given it: downloading asks for a name and a commitment.
const digest = resources[0].digest.slice(2)
const file = readFileSync(join(options.blobs, digest.slice(0, 2), digest.slice(2, 4), digest))

const folder = mkdtempSync('/tmp/wusong-proofs-')
process.on('exit', () => rmSync(folder, { recursive: true }))
const inFolder = (name, bytes) => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const trust = inFolder('trust.json', execFileSync(options.wusong, ['validator', 'trust', '--genesis', options.genesis, '--contract', contracts.Workflows]))

function byCommand(given, bytes = file) {
  const proof = inFolder('proof.json', JSON.stringify(given))
  const run = spawnSync(options.wusong, ['verify', inFolder('file', bytes), '--proof', proof, '--trust', trust, '--json'], { encoding: 'utf8' })
  return run.status === 0 ? JSON.parse(run.stdout) : { proved: false, said: run.stdout + run.stderr }
}
const genesis = bundle.chain.genesis
const byPage = (given, bytes = file) => verifyBundle(given, { genesis, contract: contracts.Workflows.toLowerCase(), fileDigest: sha256Hex(bytes) })
const forged = (change) => {
  const copy = structuredClone(bundle)
  change(copy)
  return copy
}
const flip = (hex, at) => hex.slice(0, at) + (hex[at] === '0' ? '1' : '0') + hex.slice(at + 1)

await test(`validators sign by ${schemes[options.profile]}`, async () => {
  const { validators } = JSON.parse(bundle.chain.text)
  assert.deepEqual(validators.map((one) => one.scheme), Array(4).fill(schemes[options.profile]))
})
// @row 65
await test('wusong verify proves the file', async () => {
  const answer = byCommand(bundle)
  assert.ok(answer.proved && answer.fileChecked, answer.said ?? JSON.stringify(answer))
})
await test('the page proves the file', async () => {
  const answer = byPage(bundle)
  assert.deepEqual(answer.steps.filter((step) => step.state !== 'proved'), [])
  assert.deepEqual(answer.facts.assumptions, [])
})
const forgeries = {
  'a signature': (b) => (b.finality.attestations = flip(b.finality.attestations, b.finality.attestations.length - 9)),
  'a header': (b) => (b.finality.header = flip(b.finality.header, 100)),
  'a node of the storage trie': (b) => {
    const { proof } = b.proof.storageProof[1]
    proof.push(flip(proof.pop(), 20))
  },
  'a letter of the document': (b) => (b.document = b.document.replace(/[a-z](?=[^a-z]*$)/, (c) => (c === 'x' ? 'y' : 'x'))),
}
for (const [what, change] of Object.entries(forgeries)) {
  await test(`both refuse another ${what.replace(/^an? /, '')}`, async () => {
    assert.equal(byCommand(forged(change)).proved, false)
    assert.equal(byPage(forged(change)).ok, false)
  })
}
await test('both refuse another file', async () => {
  const other = Uint8Array.from([...file, 10])
  assert.match(byCommand(bundle, other).said ?? 'proved', /file_changed/)
  assert.equal(byPage(bundle, other).steps.at(-1).code, 'file_mismatch')
})
process.exit(failures === 0 ? 0 : 1)
