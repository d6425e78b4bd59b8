// SPDX-License-Identifier: Apache-2.0
// Signs in to a running portal with an account of another site: npm's certified oidc-provider, over
// https, whose keys change, whose answers are tampered with on the way, and which goes away.
//   node tests/portal/outside.mjs --base http://127.0.0.1:8080 --port 24000 --cert cert.pem --key key.pem
import { generateKeyPairSync, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { parseArgs } from 'node:util'

import Provider from 'oidc-provider'

const { values: options } = parseArgs({
  options: {
    base: { type: 'string' },
    port: { type: 'string' }, // where the provider listens, as the portal's settings say
    cert: { type: 'string' },
    key: { type: 'string' },
  },
})
const base = options.base.replace(/\/$/, '')
const issuer = `https://localhost:${options.port}`
const password = 'correct horse battery staple'

let failures = 0
async function test(name, body) {
  try {
    await body()
    console.log(`ok    ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAIL  ${name}: ${error.message} ${error.cause?.message ?? ''}`)
  }
}
function check(condition, what) {
  if (!condition) throw new Error(what)
}

const jwks = () => ({
  keys: [
    ['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'P-256' }],
    ['ed25519', {}],
  ].map(([kind, how]) => generateKeyPairSync(kind, how).privateKey.export({ format: 'jwk' })),
})
/** The provider with keys of its own; its accounts live in the pages that it brings for trials. */
function makeProvider() {
  const client = (id, algorithm) => ({
    client_id: `portal-${id}`,
    client_secret: `secret-of-${id}/+&`,
    id_token_signed_response_alg: algorithm,
    redirect_uris: [`${base}/oidc/${id}/callback`],
    post_logout_redirect_uris: [`${base}/`],
  })
  const provider = new Provider(issuer, {
    clients: [client('rs', 'RS256'), client('es', 'ES256'), client('ed', 'EdDSA')],
    jwks: jwks(),
    cookies: { keys: ['for a test'] },
    claims: { profile: ['name'], email: ['email'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `名字 ${id}`, email: `${id}@example.cn` }),
    }),
  })
  return provider.callback()
}

let answer = makeProvider()
const tls = { cert: readFileSync(options.cert), key: readFileSync(options.key) }
let server
async function up() {
  server = https.createServer(tls, (request, response) => {
    // A second issuer whose description is the first one's.
    if (request.url.startsWith('/other/')) request.url = request.url.slice('/other'.length)
    answer(request, response)
  })
  await new Promise((done) => server.listen(Number(options.port), '127.0.0.1', done))
}
async function down() {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}

/** As much of a browser as the pages need: cookies of each site, forms, redirects followed by hand. */
class Browser {
  #cookies = new Map()
  csrf = ''
  async fetch(url, init = {}) {
    const to = new URL(url, base)
    const jar = this.#cookies.get(to.origin) ?? new Map()
    this.#cookies.set(to.origin, jar)
    const response = await fetch(to, {
      ...init,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        'accept-language': 'en',
        ...init.headers,
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair] = set.split(';')
      const [name, ...value] = pair.split('=')
      const gone = value.join('=') === '' || /expires=Thu, 01 Jan 1970/i.test(set) || /max-age=0/i.test(set)
      if (gone) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    return response
  }
  async api(method, path, body) {
    const response = await this.fetch(`${base}/api/v1/${path}`, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json', 'x-csrf-token': this.csrf },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const out = await response.json()
    if (out.csrf) this.csrf = out.csrf
    return { status: response.status, code: out.error?.code, ...out }
  }
  async me() {
    return this.api('GET', 'me')
  }
  /** From the provider's first page, as this person, back to the portal's callback: its address. */
  async throughProvider(location, person) {
    let url = new URL(location)
    let response = await this.fetch(url)
    for (let step = 0; step < 12; ++step) {
      const to = response.headers.get('location')
      if (to) {
        url = new URL(to, url)
        if (url.origin === new URL(base).origin) return url
        response = await this.fetch(url)
        continue
      }
      const page = await response.text()
      const action = /action="([^"]+)"/.exec(page)
      if (!action) throw new Error(`the provider says: ${page.slice(0, 500)}`)
      url = new URL(action[1], url)
      const fields = page.includes('name="login"')
        ? { prompt: 'login', login: person, password: 'any' }
        : { prompt: 'consent' }
      response = await this.fetch(url, { method: 'POST', body: new URLSearchParams(fields) })
    }
    throw new Error('the provider leads nowhere')
  }
  async start(id, to = '/cases') {
    const response = await this.fetch(`${base}/oidc/${id}/start?to=${encodeURIComponent(to)}`)
    const location = response.headers.get('location')
    if (!location) throw new Error(`no way to the provider: ${response.status} ${codeOf(await response.text())}`)
    return location
  }
  /** There and back. */
  async signIn(id, person, to) {
    return this.fetch(await this.throughProvider(await this.start(id, to), person))
  }
  async bind(id, person) {
    const begun = await this.api('POST', `me/providers/${id}`, {})
    check(begun.location, `binding did not begin: ${begun.code}`)
    return this.fetch(await this.throughProvider(begun.location, person))
  }
}
const codeOf = (page) => /<code>([a-z_]+)<\/code>/.exec(page)?.[1] ?? page.slice(0, 200)
async function refusedWith(response, code) {
  const page = await response.text()
  check(codeOf(page) === code, `expected ${code}, got ${response.status} ${codeOf(page)}`)
}

/** A resident identity number that is well formed: GB 11643-1999. */
function number() {
  const body = `110105${1950 + randomInt(50)}0${1 + randomInt(9)}1${randomInt(10)}${randomInt(100, 1000)}`
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0)
  return body + '10X98765432'[sum % 11]
}
const serial = `${Date.now()}${randomInt(1000)}`
const registration = (name) => ({
  name,
  password,
  kind: 'person',
  title: '张三',
  real_name: { name: '张三', document: number() },
})
async function registered(name) {
  const browser = new Browser()
  const made = await browser.api('POST', 'register', registration(name))
  check(made.signed_in, `registering failed: ${made.code}`)
  return browser
}

await up()
const owner = await registered(`owner${serial}`)

await test('the sign-in page can list every provider in both languages', async () => {
  const list = await new Browser().api('GET', 'providers')
  check(list.providers.length === 5, JSON.stringify(list))
  check(list.providers.every((one) => one.title.zh && one.title.en), 'no label')
})
await test('an account binds an identity of another site', async () => {
  const back = await owner.bind('rs', 'alice')
  check(back.headers.get('location') === '/account', await back.text())
  const { bindings } = await owner.api('GET', 'me/providers')
  check(bindings.length === 1 && bindings[0].name === '名字 alice', JSON.stringify(bindings))
})
for (const [id, algorithm] of [['rs', 'RS256'], ['es', 'ES256'], ['ed', 'EdDSA']]) {
  await test(`a bound identity signs its owner in, with ${algorithm}`, async () => {
    const browser = new Browser()
    const back = await browser.signIn(id, 'alice', '/search?q=a')
    check(back.headers.get('location') === '/search?q=a', await back.text())
    check((await browser.me()).user?.name === `owner${serial}`, 'somebody else')
    const out = await browser.api('POST', 'logout', {})
    check(out.provider.logout.startsWith(`${issuer}/session/end?client_id=portal-${id}`), JSON.stringify(out))
    check(!(await browser.me()).signed_in, 'still signed in')
  })
}
await test('an unknown identity registers under a real name and signs in from then on', async () => {
  const browser = new Browser()
  const back = await browser.signIn('rs', 'bob')
  check(back.headers.get('location').startsWith('/signin?provider=rs&'), back.headers.get('location'))
  check(!(await browser.me()).signed_in, 'signed in without an account')
  check((await browser.api('GET', 'providers')).waiting.name === '名字 bob', 'nothing waits')
  const { real_name, ...without } = registration(`bob${serial}`)
  check(real_name && (await browser.api('POST', 'register', { ...without, provider: true })).code === 'bad_identity', 'no real name was asked for')
  const made = await browser.api('POST', 'register', { ...without, real_name, provider: true })
  check(made.user?.verified_by === 'local', JSON.stringify(made))
  const next = new Browser()
  await next.signIn('rs', 'bob')
  check((await next.me()).user?.name === `bob${serial}`, 'not signed in')
})
await test('an unknown identity is bound to the account that signs in next', async () => {
  await registered(`carol${serial}`)
  const browser = new Browser()
  await browser.signIn('rs', 'carol')
  await browser.api('POST', 'login', { name: `carol${serial}`, password })
  const bound = await browser.api('POST', 'me/providers', {})
  check(bound.bindings?.length === 1, JSON.stringify(bound))
})
await test('an identity opens one account', async () => {
  const other = await registered(`dave${serial}`)
  await refusedWith(await other.bind('rs', 'alice'), 'identity_bound')
})
await test('an answer works once', async () => {
  const browser = new Browser()
  const url = await browser.throughProvider(await browser.start('rs'), 'alice')
  check((await browser.fetch(url)).status === 303, 'the first time')
  await refusedWith(await browser.fetch(url), 'sign_in_expired')
})
await test('an old code under a new state is refused', async () => {
  const browser = new Browser()
  const url = await browser.throughProvider(await browser.start('rs'), 'alice')
  await browser.fetch(url)
  const next = new URL(await browser.start('rs'))
  url.searchParams.set('state', next.searchParams.get('state'))
  await refusedWith(await browser.fetch(url), 'provider_refused')
})
await test('an answer of another browser is refused', async () => {
  const attacker = new Browser()
  const url = await attacker.throughProvider(await attacker.start('rs'), 'alice')
  const victim = new Browser()
  await victim.start('rs')
  await refusedWith(await victim.fetch(url), 'sign_in_expired')
  check(!(await victim.me()).signed_in, 'signed in as somebody else')
})
await test('another nonce is refused', async () => {
  const browser = new Browser()
  const question = new URL(await browser.start('rs'))
  question.searchParams.set('nonce', 'of-somebody-else')
  await refusedWith(await browser.fetch(await browser.throughProvider(question, 'alice')), 'id_token_nonce')
})
await test('another code challenge is refused', async () => {
  const browser = new Browser()
  const question = new URL(await browser.start('rs'))
  question.searchParams.set('code_challenge', 'A'.repeat(43))
  await refusedWith(await browser.fetch(await browser.throughProvider(question, 'alice')), 'provider_refused')
})
await test('another issuer in the answer is refused', async () => {
  const browser = new Browser()
  const url = await browser.throughProvider(await browser.start('rs'), 'alice')
  check(url.searchParams.get('iss') === issuer, 'the provider names itself')
  url.searchParams.set('iss', 'https://evil.example')
  await refusedWith(await browser.fetch(url), 'provider_answer')
  const without = await browser.throughProvider(await browser.start('rs'), 'alice')
  without.searchParams.delete('iss')
  await refusedWith(await browser.fetch(without), 'provider_answer')
})
await test('a provider that describes another issuer is refused', async () => {
  await refusedWith(await new Browser().fetch(`${base}/oidc/wrong/start`), 'provider_answer')
})
await test('changed keys are found', async () => {
  answer = makeProvider()
  const browser = new Browser()
  await browser.signIn('es', 'alice')
  check((await browser.me()).user?.name === `owner${serial}`, 'not signed in')
})
await test('what is unbound opens nothing any more', async () => {
  const { bindings } = await owner.api('GET', 'me/providers')
  const left = await owner.api('DELETE', `me/providers/${bindings[0].id}`, undefined)
  check(left.bindings.length === 0, JSON.stringify(left))
  const browser = new Browser()
  const back = await browser.signIn('rs', 'alice')
  check(back.headers.get('location').startsWith('/signin?provider=rs&'), 'still opens an account')
})
await test('a provider that is away is named, and the password still works', async () => {
  const browser = new Browser()
  const url = await browser.throughProvider(await browser.start('rs'), 'bob')
  await down()
  await refusedWith(await browser.fetch(url), 'provider_unreachable')
  await refusedWith(await new Browser().fetch(`${base}/oidc/away/start`), 'provider_unreachable')
  const signed = await browser.api('POST', 'login', { name: `bob${serial}`, password })
  check(signed.signed_in, signed.code)
})

console.log(failures === 0 ? 'all passed' : `${failures} failed`)
process.exit(failures === 0 ? 0 : 1)
