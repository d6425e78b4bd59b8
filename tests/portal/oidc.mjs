// SPDX-License-Identifier: Apache-2.0
// Signs in to another site with an account of a running portal, as that site's software does it:
// openid-client against discovery, PKCE, tokens, keys, claims, refreshing and revoking.
//   node tests/portal/oidc.mjs --base http://127.0.0.1:8080 --portal build/bin/wusong-portal --config data/portal/portal.toml
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

import * as client from 'openid-client'

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    portal: { type: 'string', default: 'build/bin/wusong-portal' },
    config: { type: 'string', default: 'data/portal/portal.toml' },
    // Of a portal elsewhere: clients that its operator has registered with the address below.
    confidential: { type: 'string' }, // ID:SECRET
    public: { type: 'string' }, // ID
  },
})
const base = options.base.replace(/\/$/, '')
const back = 'http://127.0.0.1:4711/cb'
const password = 'correct horse battery staple'

let failures = 0
async function test(name, body) {
  try {
    await body()
    console.log(`ok    ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAIL  ${name}: ${error.code ?? ''} ${error.message} ${error.cause?.message ?? ''}`)
  }
}
function check(condition, what) {
  if (!condition) throw new Error(what)
}
async function refused(promise, code) {
  try {
    await promise
  } catch (error) {
    if (error.error === code) return
    throw error
  }
  throw new Error(`expected ${code}`)
}

/** Registers a client with the portal's own program. */
function register(...more) {
  const text = execFileSync(
    options.portal,
    ['client', 'add', 'Parking', '--redirect-uri', back, '--config', options.config, ...more],
    { encoding: 'utf8' },
  )
  return Object.fromEntries(text.trim().split('\n').map((line) => line.split(': ')))
}

/** A resident identity number that is well formed: GB 11643-1999. */
function number() {
  const body = `110105${1950 + randomInt(50)}0${1 + randomInt(9)}1${randomInt(10)}${randomInt(100, 1000)}`
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0)
  return body + '10X98765432'[sum % 11]
}

/** As much of a browser as the pages need: cookies, forms, redirects followed by hand. */
class Browser {
  #cookie = ''
  async fetch(url, init = {}) {
    const response = await fetch(new URL(url, base), {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(this.#cookie && { cookie: this.#cookie }) },
    })
    const set = response.headers.get('set-cookie')
    if (set) this.#cookie = set.split(';')[0]
    return response
  }
  async submit(page, fields) {
    const action = /<form method="post" action="([^"]+)"/.exec(page)[1]
    const body = new URLSearchParams(fields)
    for (const [, name, value] of page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
      body.set(
        name,
        value
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&'),
      )
    }
    return this.fetch(action, { method: 'POST', body, headers: { origin: base } })
  }
  /** Through sign-in and consent to the client's address. */
  async agree(url, name) {
    let response = await this.fetch(url)
    for (let step = 0; step < 6; ++step) {
      const to = response.headers.get('location')
      if (to?.startsWith(back)) return new URL(to)
      if (to) {
        response = await this.fetch(to)
        continue
      }
      const page = await response.text()
      response = page.includes('/oauth2/login')
        ? await this.submit(page, { name, password })
        : await this.submit(page, { decision: 'allow' })
    }
    throw new Error('the pages lead nowhere')
  }
}

const name = `oidc${Date.now()}${randomInt(1000)}`
const made = await fetch(`${base}/api/v1/register`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    name,
    password,
    kind: 'person',
    title: '张三',
    email: 'zhang@example.cn',
    real_name: { name: '张三', document: number() },
  }),
}).catch((error) => {
  console.error(`no portal answers at ${base}: ${error.cause?.message ?? error.message}`)
  process.exit(2)
})
check(made.ok, `registering failed: ${await made.clone().text()}`)

const [client_id, client_secret] = options.confidential?.split(':') ?? []
const confidential = client_id ? { client_id, client_secret } : register()
const open = options.public ? { client_id: options.public } : register('--public')
const ways = [
  ['client_secret_basic', confidential, client.ClientSecretBasic(confidential.client_secret)],
  ['client_secret_post', confidential, client.ClientSecretPost(confidential.client_secret)],
  ['public with PKCE', open, client.None()],
]

for (const [way, who, proof] of ways) {
  const config = await client.discovery(
    new URL(base),
    who.client_id,
    { id_token_signed_response_alg: 'ES256' },
    proof,
    { execute: [client.allowInsecureRequests] },
  )
  // Checks the identity token's signature against the published keys.
  client.enableNonRepudiationChecks(config)
  const browser = new Browser()
  const start = async (more = {}) => {
    const verifier = client.randomPKCECodeVerifier()
    const checks = {
      pkceCodeVerifier: verifier,
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      idTokenExpected: true,
    }
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: back,
      scope: 'openid profile email portal offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...more,
    })
    return [url, checks]
  }

  let tokens
  await test(`${way}: the code flow gives an identity`, async () => {
    const [url, checks] = await start()
    const landed = await browser.agree(url, name)
    tokens = await client.authorizationCodeGrant(config, landed, checks)
    check(tokens.claims().sub, 'no subject')
    // The same code again ends what came of it.
    await refused(client.authorizationCodeGrant(config, landed, checks), 'invalid_grant')
    const gone = await client
      .fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
      .catch((error) => error)
    check(gone instanceof Error, 'a repeated code left its tokens alive')
  })
  await test(`${way}: claims are those that were agreed to`, async () => {
    const [url, checks] = await start()
    tokens = await client.authorizationCodeGrant(config, await browser.agree(url, name), checks)
    const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    check(info.preferred_username === name, 'another name')
    check(info.email === 'zhang@example.cn' && info.email_verified === false, 'another address')
    check(info.portal.real_name === true && /^0x[0-9a-f]{40}$/.test(info.portal.address), 'no address')
  })
  await test(`${way}: refresh tokens rotate and a repeat ends the family`, async () => {
    const next = await client.refreshTokenGrant(config, tokens.refresh_token)
    check(next.refresh_token !== tokens.refresh_token, 'the same token again')
    await refused(client.refreshTokenGrant(config, tokens.refresh_token), 'invalid_grant')
    await refused(client.refreshTokenGrant(config, next.refresh_token), 'invalid_grant')
  })
  await test(`${way}: revoked tokens are dead`, async () => {
    const [url, checks] = await start({ prompt: 'consent' })
    tokens = await client.authorizationCodeGrant(config, await browser.agree(url, name), checks)
    await client.tokenRevocation(config, tokens.refresh_token)
    await refused(client.refreshTokenGrant(config, tokens.refresh_token), 'invalid_grant')
  })
  await test(`${way}: another verifier is refused`, async () => {
    const [url, checks] = await start()
    const landed = await browser.agree(url, name)
    const other = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
    await refused(client.authorizationCodeGrant(config, landed, other), 'invalid_grant')
  })
  await test(`${way}: a silent request without a session says so`, async () => {
    const [url] = await start({ prompt: 'none' })
    const response = await new Browser().fetch(url)
    const to = new URL(response.headers.get('location'))
    check(to.searchParams.get('error') === 'login_required', to.href)
    check(to.searchParams.get('iss') === config.serverMetadata().issuer, 'no issuer')
  })
}

console.log(failures === 0 ? 'all passed' : `${failures} failed`)
process.exit(failures === 0 ? 0 : 1)
