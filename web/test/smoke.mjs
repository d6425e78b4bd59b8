// SPDX-License-Identifier: Apache-2.0
// Every page in a browser: both languages, light and dark, a phone and a wide screen; accessibility rules of WCAG 2.2
// AA by axe-core; no error, no request to another host, no violation of the content-security policy, no sideways scrolling.
//   node web/test/smoke.mjs [--shots FOLDER] [--only TEXT] [--look TEXT] [--flows]
//       [--server URL --citizen NAME:PASSWORD --officer NAME:PASSWORD]     (without a server: the mock)
import fs from 'node:fs';
import { axeFaultsOf, faultsOf, launch, watch, windowOf } from './browser.mjs';
import { startMock } from './mock.mjs';
import { flows } from './flows.mjs';

const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const shots = option('--shots');
const only = option('--only');
const skipPages = process.argv.includes('--flows');
const browser = await launch();
if (!browser) {
  console.log('chromium not found: tools/packages.txt lists it in group web');
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
}
if (shots) fs.mkdirSync(shots, { recursive: true });

/** A running portal: ids are asked for, people sign in with their passwords. */
async function realServer(url) {
  const cookies = {};
  for (const who of ['citizen', 'officer']) {
    const [name, password] = (option(`--${who}`) ?? ':').split(':');
    if (!name) continue;
    const { csrf } = await (await fetch(`${url}/api/v1/me`)).json();
    const answer = await fetch(`${url}/api/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf ?? '', origin: url }, body: JSON.stringify({ name, password }) });
    if (!answer.ok) throw new Error(`${who} cannot sign in: ${await answer.text()}`);
    cookies[who] = answer.headers.getSetCookie().map((one) => one.split(';')[0]);
  }
  const ask = async (path, who) => (await fetch(`${url}/api/v1/${path}`, { headers: { cookie: (cookies[who] ?? []).join('; ') } })).json();
  const datasets = (await Promise.all(['unconditional', 'conditional'].map((type) => ask(`datasets?opening_type=${type}&page_size=20`)))).flatMap((one) => one.items);
  const items = (await Promise.all(['application', 'agreement', 'complaint', 'entry'].map((workflow) => ask(`items?workflow=${workflow}&page_size=100`, 'officer')))).flatMap((one) => one.items ?? []);
  return { url, datasets, items, cookies, isReal: true, close() {} };
}
const mock = option('--server') ? await realServer(option('--server')) : await startMock();
const item = (workflow, state) => (mock.items.find((one) => one.workflow === workflow && (!state || one.state === state)) ?? (mock.isReal ? mock.items.find((one) => one.workflow === workflow) : undefined))?.id;
const bus = mock.datasets[0]?.id;
const gated = mock.datasets.find((one) => one.opening_type === 'conditional')?.id;
// [name, path, who is signed in]
const pages = [
  ['home', '/'], ['search', '/search?q='], ['search-filtered', '/search?opening_type=conditional&topic=transport'], ['search-empty', '/search?q=zzzz'],
  ['dataset', `/dataset/${bus}`], ['dataset-data', `/dataset/${bus}?tab=data`], ['dataset-map', `/dataset/${bus}?tab=data&resource=${bus?.replace(/..$/, 'ee')}`], ['dataset-fields', `/dataset/${bus}?tab=fields`], ['dataset-quality', `/dataset/${bus}?tab=quality`], ['dataset-versions', `/dataset/${bus}?tab=versions`],
  ['dataset-api', `/dataset/${bus}?tab=api`], ['dataset-use', `/dataset/${gated}?tab=use`], ['dataset-verify', `/dataset/${bus}?tab=verify`],
  ['commit', `/dataset/${bus}/commit`, 'citizen'], ['apply', `/dataset/${gated}/apply`, 'citizen'],
  ['cases', '/cases', 'citizen'], ['cases-out', '/cases'], ['inbox', '/cases?view=inbox', 'officer'],
  ['case-application', `/case/${item('application', 'opined')}`, 'officer'], ['case-agreement', `/case/${item('agreement')}`, 'citizen'], ['case-complaint', `/case/${item('complaint', 'filed')}`], ['case-missing', `/case/0x${'00'.repeat(32)}`],
  ['new-complaint', '/new/complaint', 'citizen'], ['new-application', '/new/application', 'citizen'], ['new-refused', '/new/plan', 'citizen'],
  ['catalogue', '/catalogue', 'officer'], ['catalogue-new', '/catalogue/new', 'officer'], ['catalogue-edit', `/catalogue/${bus}`, 'officer'],
  ['desensitise', `/catalogue/${bus}/desensitise`, 'officer'], ['board', '/board'], ['board-plan', '/board?tab=plan&as=table'], ['complaints', '/complaints'], ['products', '/products'], ['alerts', '/alerts', 'officer'], ['inspections', '/inspections', 'officer'], ['assessments', '/assessments', 'officer'],
  ['audit', '/audit', 'officer'], ['organisations', '/organisations'], ['zone', `/organisations/${mock.datasets[0]?.organisation.id}`], ['admin', '/admin', 'officer'], ['admin-organisations', '/admin?tab=organisations', 'officer'], ['admin-actors', '/admin?tab=actors', 'officer'], ['rules', '/rules'], ['rules-application', '/rules?workflow=application'], ['rules-article', '/rules?tab=articles&article=SZ+42'], ['rules-numbers', '/rules?tab=numbers'], ['rules-roles', '/rules?tab=roles'], ['rules-vocabularies', '/rules?tab=vocabularies'],
  ['verify', `/verify?item=${bus}`], ['signin', '/signin'], ['register', '/register'], ['account', '/account', 'citizen'], ['account-methods', '/account?tab=methods', 'citizen'], ['account-tokens', '/account?tab=tokens', 'citizen'], ['tour', '/tour'], ['missing', '/no/such/page'],
  ['explorer', '/explorer'], ['explorer-block', '/explorer/block/2'], ['explorer-tx', `/explorer/tx/0x${'ab'.repeat(31)}01`], ['explorer-address', '/explorer/address/0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0'], ['explorer-contracts', '/explorer/contracts'], ['explorer-validators', '/explorer/validators'],
].filter(([name, path]) => (!only || name.includes(only)) && !path.includes('undefined'));
const looksOfAll = [
  { name: 'zh-light-wide', language: 'zh', theme: 'light', width: 1440, height: 900, axe: true },
  { name: 'en-dark-phone', language: 'en', theme: 'dark', width: 360, height: 740, axe: true },
  { name: 'en-light-wide', language: 'en', theme: 'light', width: 1440, height: 900 },
  { name: 'zh-dark-phone', language: 'zh', theme: 'dark', width: 360, height: 740 },
];

const wantedLook = option('--look');
const looks = (mock.isReal ? looksOfAll.slice(0, 2) : looksOfAll).filter((one) => !wantedLook || one.name.includes(wantedLook));

let passed = 0;
let failed = 0;
const failures = [];
export function check(name, fault) {
  if (fault) {
    ++failed;
    failures.push(`${name}: ${fault}`);
    console.log(`FAIL ${name}: ${fault}`);
  } else {
    ++passed;
    console.log(`ok ${name}`);
  }
}

async function contextOf(look, who) {
  const context = await windowOf(browser, look);
  if (who && mock.isReal) await context.addCookies((mock.cookies[who] ?? []).map((one) => ({ name: one.slice(0, one.indexOf('=')), value: one.slice(one.indexOf('=') + 1), url: mock.url })));
  else if (who) await context.addCookies([{ name: 'who', value: who, url: mock.url }]);
  return context;
}
async function settle(page) {
  await page.waitForSelector('#main h1, #main h2', { timeout: 20000 });
  await page.waitForFunction(() => !document.querySelector('#main .skeleton'), { timeout: 8000 }).catch(() => {});
  await page.waitForTimeout(250);
}

const contexts = {};
async function visit(look, [name, path, who]) {
  const key = `${look.name} ${who}`;
  const context = (contexts[key] ??= contextOf(look, who));
  const page = await (await context).newPage();
  const faults = watch(page, mock.url);
  try {
    await page.goto(mock.url + path);
    await settle(page);
    faults.push(...(await faultsOf(page, look.language)));
    if (look.axe) faults.push(...(await axeFaultsOf(page)));
    if (shots) await page.screenshot({ path: `${shots}/${name}.${look.name}.png`, fullPage: true });
  } catch (error) {
    faults.push(error.message.split('\n')[0]);
  }
  check(`${name} ${look.name}`, faults.join('\n     '));
  await page.close();
}

const queue = skipPages ? [] : looks.flatMap((look) => pages.map((page) => [look, page]));
await Promise.all([0, 1, 2].map(async () => {
  for (let next = queue.shift(); next; next = queue.shift()) await visit(...next);
}));
for (const context of Object.values(contexts)) await (await context).close();
if (!only && !mock.isReal) {
  for (const [name, run] of Object.entries(flows)) {
    const context = await contextOf({ ...looksOfAll[0], language: 'en' }, null);
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    try {
      await run({ page, context, url: mock.url, bus, gated, item, settle: () => settle(page) });
      check(name);
    } catch (error) {
      check(name, error.message.split('\n').slice(0, 4).join(' '));
      if (shots) await page.screenshot({ path: `${shots}/failed-${name.replace(/\W+/g, '-').slice(0, 40)}.png` }).catch(() => {});
    }
    await context.close();
  }
}
await browser.close();
mock.close();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
