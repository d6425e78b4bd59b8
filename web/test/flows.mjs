// SPDX-License-Identifier: Apache-2.0
// What people do, step by step.
import assert from 'node:assert/strict';
import fs from 'node:fs';

async function signIn(page, url, name, to = '/cases') {
  await page.goto(`${url}/signin?to=${encodeURIComponent(to)}`);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill('a long password');
  await page.locator('form button[type=submit]').click();
  await page.waitForURL((where) => where.pathname === to.split('?')[0]);
}
async function downloaded(page, action) {
  const [download] = await Promise.all([page.waitForEvent('download'), action()]);
  return fs.readFileSync(await download.path(), 'utf8');
}

export const flows = {
  // @row 12 15
  'anyone searches with the keyboard, filters, shares the address and exports': async ({ page, url, settle }) => {
    await page.goto(url);
    await settle();
    await page.getByRole('searchbox').first().focus();
    await page.keyboard.type('bus');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?q=bus/);
    await settle();
    await page.goto(`${url}/search`);
    await settle();
    await page.getByRole('checkbox', { name: /Open under conditions/ }).check();
    await page.waitForURL(/opening_type=conditional/);
    await settle();
    const before = await page.getByRole('status').first().innerText();
    await page.reload();
    await settle();
    assert.equal(await page.getByRole('status').first().innerText(), before);
    const csv = await downloaded(page, () => page.getByRole('button', { name: 'Export CSV' }).click());
    assert.ok(csv.startsWith('\ufeffId,Title') && csv.includes('/dataset/0x'));
  },
  // @row 15
  'a preview that is exported runs nothing in a spreadsheet': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}?tab=data`);
    await settle();
    const csv = await downloaded(page, () => page.getByRole('button', { name: 'Export CSV' }).first().click());
    assert.ok(csv.includes("'=HYPERLINK") && !/(^|,)"?=HYPERLINK/m.test(csv));
  },
  'a chart has a table that says the same': async ({ page, url, settle }) => {
    await page.goto(url);
    await settle();
    await page.getByRole('button', { name: 'Show as a table' }).first().click();
    assert.ok((await page.locator('figure table tbody tr').count()) >= 5);
  },
  // @row 18
  'open data is downloaded only after the commitment is signed': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}`);
    await settle();
    assert.equal(await page.getByRole('link', { name: /^Download/ }).count(), 0);
    await signIn(page, url, 'citizen', `/dataset/${bus}/commit`);
    await settle();
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.getByRole('button', { name: 'Sign and submit' }).click();
    assert.ok((await page.getByText('Every clause must be included.').count()) + (await page.getByText('This is required.').count()) > 0);
    for (const box of await page.locator('form .choices input[type=checkbox]').all()) await box.check();
    for (const area of await page.locator('form fieldset textarea, form fieldset input[type=text]').all()) await area.fill('I promise');
    await page.getByRole('button', { name: 'Sign and submit' }).click();
    await page.getByText('Your commitment is recorded').waitFor();
  },
  // @row 21 22
  'an application lists its materials, is signed, and shows its deadline and history': async ({ page, url, gated, item, settle }) => {
    await signIn(page, url, 'citizen', `/dataset/${gated}/apply`);
    await settle();
    assert.ok(await page.getByRole('button', { name: 'Next step' }).isDisabled());
    for (const box of await page.locator('.choices input[type=checkbox]').all()) await box.check();
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.locator('form fieldset textarea').first().waitFor();
    for (const area of await page.locator('form fieldset textarea, form fieldset input[type=text]').all()) await area.fill('Research');
    await page.locator('form fieldset select').first().selectOption('download');
    await page.getByRole('button', { name: /Sign and submit/ }).click();
    await page.getByText('Your application is in').waitFor();
    await page.getByRole('button', { name: 'See the application' }).click();
    await settle();
    assert.ok(await page.getByRole('heading', { name: 'What happened' }).isVisible());
    await page.goto(`${url}/case/${item('application', 'submitted')}`);
    await settle();
    assert.ok((await page.getByText('Last day:').count()) > 0);
  },
  // @row 22
  'a refused step says why, under which article, and what comes next': async ({ page, url, item, settle }) => {
    await signIn(page, url, 'citizen', `/case/${item('application', 'opined')}`);
    await settle();
    await page.locator('summary', { hasText: 'Steps that are refused now' }).click();
    const refused = page.locator('.refused li').first();
    assert.match(await refused.innerText(), /Reason:[\s\S]*SZ[\s\S]*Next step:/);
  },
  // @row 24
  'an agreement shows each of the seven clauses and who has signed': async ({ page, url, item, settle }) => {
    await page.goto(`${url}/case/${item('agreement')}`);
    await settle();
    assert.equal(await page.locator('.clause').count(), 7);
    assert.equal(await page.getByText('included', { exact: false }).count() >= 7, true);
  },
  // @row 9
  'narrowing the opening type asks for a legal basis': async ({ page, url, bus, settle }) => {
    await signIn(page, url, 'officer', `/catalogue/${bus}`);
    await settle();
    await page.getByLabel(/^Opening type/).selectOption('conditional');
    await page.getByText('You are narrowing the opening type').waitFor();
    await page.getByRole('button', { name: 'Cite it and proceed' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Legal basis', { exact: true }).first().waitFor();
    await dialog.getByRole('button', { name: 'Sign and submit' }).click();
    await dialog.getByText('A legal basis with its wording must be cited.').waitFor();
  },
  // @row 65
  'a dataset’s record is proved in the browser, and another file is found out': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}?tab=verify`);
    await settle();
    await page.getByRole('button', { name: 'Verify now' }).first().click();
    await page.getByText(/^Proved:/).waitFor();
    await page.locator('input[type=file]').first().setInputFiles({ name: 'departures.csv', mimeType: 'text/csv', buffer: Buffer.from('日期,车次\n2023-10-01,12\n') });
    await page.getByText('The file you chose is exactly the one that was registered.').waitFor();
    await page.locator('input[type=file]').first().setInputFiles({ name: 'departures.csv', mimeType: 'text/csv', buffer: Buffer.from('日期,车次\n2023-10-01,13\n') });
    await page.getByText('Your file differs from the registered one.').waitFor();
  },
  // @row 16
  'the audit trail leads from a step to its transaction': async ({ page, url, settle }) => {
    await signIn(page, url, 'officer', '/audit');
    await settle();
    await page.locator('td a[href*="/explorer/tx/"]').first().click();
    await page.getByText('Document digest').first().waitFor();
  },
  'the explorer finds heights, hashes, addresses and says what is none': async ({ page, url, settle }) => {
    await page.goto(`${url}/explorer`);
    await settle();
    const box = page.getByPlaceholder('Height, hash, address or item');
    await box.fill('4');
    await box.press('Enter');
    await page.waitForURL(/\/explorer\/block\/4$/);
    await box.fill('0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0');
    await box.press('Enter');
    await page.getByRole('heading', { name: 'Contract Workflows' }).waitFor();
    await box.fill('nonsense');
    await box.press('Enter');
    await page.getByText('Enter a block height').waitFor();
  },
  'an identity of another site is bound while signing in, listed, and removed again': async ({ page, context, url, settle }) => {
    await page.goto(`${url}/signin?to=${encodeURIComponent('/account?tab=methods')}`);
    await settle();
    await page.getByRole('link', { name: 'Government sign-in' }).click();
    await page.waitForURL(/\/signin\?provider=gov/);
    await page.getByText('opens no account here yet').waitFor();
    assert.ok(await page.getByRole('checkbox', { name: /Bind it to this account/ }).isChecked());
    await page.getByLabel('User name').fill('citizen');
    await page.getByLabel('Password').fill('a long password');
    await page.locator('form button[type=submit]').click();
    await page.waitForURL(/\/account\?tab=methods$/);
    const remove = page.getByRole('button', { name: 'Remove 李晓 (gov)' });
    await remove.click();
    await page.getByText('No other identity opens this account').waitFor();
    await page.getByRole('button', { name: 'Bind Government sign-in' }).click();
    await remove.click();
    await page.getByText('No other identity opens this account').waitFor();
    await context.clearCookies();
  },
  'language and appearance change at once and are remembered': async ({ page, context, url, settle }) => {
    await page.goto(url);
    await settle();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '这座城市的数据，向您开放' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
    assert.equal(await page.evaluate(() => localStorage.getItem('wusong.language')), 'zh');
    await context.clearCookies();
  },
  // @row 1 3
  'an authority sets an organisation after seeing what will be signed': async ({ page, url, settle }) => {
    await signIn(page, url, 'officer', '/admin?tab=organisations');
    await settle();
    await page.getByRole('button', { name: 'Register an organisation' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Next: check it' }).click();
    await dialog.getByText('Enter the name.').waitFor();
    await dialog.getByLabel('English').fill('Harbour Office');
    await dialog.getByRole('button', { name: 'Next: check it' }).click();
    await dialog.getByRole('cell', { name: 'Harbour Office' }).waitFor();
    await dialog.getByRole('button', { name: 'Sign and record' }).click();
    await dialog.getByText('Recorded, and final.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'Deactivate Harbour Office' }).click();
    await page.getByRole('dialog').getByText('none of this organisation’s actors can act').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign and record' }).click();
    await page.getByRole('dialog').getByText('Recorded, and final.').waitFor();
  },
  // @row 15 22
  'what waits for an officer is counted in the header and listed by deadline': async ({ page, url, settle }) => {
    await signIn(page, url, 'officer', '/search');
    await settle();
    const link = page.getByRole('link', { name: /waiting for me, \d+ of them overdue/ });
    const count = Number(/^\d+/.exec(await link.innerText())[0]);
    await link.click();
    await page.waitForURL(/view=inbox/);
    await settle();
    assert.ok((await page.locator('tbody tr').count()) >= Math.min(25, count));
    const times = await page.locator('tbody td time').evaluateAll((all) => all.map((one) => one.dateTime));
    assert.ok(times.length > 3);
    await page.locator('.chips a', { hasText: /Complaint|Comment/ }).first().click();
    await page.waitForURL(/workflow=complaint/);
    await settle();
    assert.ok((await page.locator('tbody tr').count()) < count);
  },
  // @row 16
  'a passkey is registered, listed, used to sign in, and removed': async ({ page, url, settle }) => {
    const local = url.replace('127.0.0.1', 'localhost');
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    await signIn(page, local, 'citizen', '/account?tab=methods');
    await settle();
    await page.getByLabel('A name for this device').fill('Test laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Registered: sign in with it next time.').waitFor();
    await page.context().clearCookies();
    await page.goto(`${local}/signin?to=%2Faccount%3Ftab%3Dmethods`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(/\/account/);
    await page.getByRole('button', { name: 'Remove Test laptop' }).click();
    await page.getByText('No passkey yet.').waitFor();
  },
  'a token is shown once and can be revoked': async ({ page, url, settle }) => {
    await signIn(page, url, 'citizen', '/account?tab=tokens');
    await settle();
    await page.getByLabel('What it is for').fill('Nightly copy');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('Copy it now').waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Close' }).click();
    assert.equal(await page.getByText(/wp_[0-9a-f]{40}/).count(), 0);
    await page.getByRole('button', { name: 'Revoke Nightly copy' }).click();
    await page.getByRole('button', { name: 'Revoke Nightly copy' }).waitFor({ state: 'detached' });
  },
  'a page that cannot be fetched leaves the one before it, and can be tried again': async ({ page, url, settle }) => {
    await page.goto(`${url}/rules`);
    await settle();
    await page.route(/assets\/Board-/, (route) => route.abort());
    await page.getByRole('link', { name: 'Plans & demand' }).click();
    await page.getByText('That page could not be loaded.').waitFor();
    assert.match(page.url(), /\/rules$/);
    await page.unroute(/assets\/Board-/);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Plans and demand' }).waitFor();
  },
  // @row 15
  'places in a file are drawn without another host, moved by keys, and told in words': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}?tab=data&resource=${bus.replace(/..$/, 'ee')}`);
    await settle();
    const map = page.getByRole('application', { name: /Map of Where the stops are/ });
    await map.waitFor();
    assert.equal(await map.locator('path.point').count(), 40);
    const before = await map.locator('svg').getAttribute('viewBox');
    await map.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await map.locator('svg').getAttribute('viewBox'), before);
    await page.keyboard.press('0');
    assert.equal(await map.locator('svg').getAttribute('viewBox'), before);
    await map.locator('path.point').first().click({ force: true });
    await page.locator('.map dl', { hasText: /Longitude/ }).waitFor();
    await page.getByLabel('Colour by').selectOption({ label: 'Kind' });
    assert.equal(await page.locator('.legend li').count(), 3);
  },
  // @row 15
  'a chart is built from the rows, stands in the address, and has its table': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}?tab=data`);
    await settle();
    const [across, gathered, , order] = await page.locator('.controls select').all();
    await across.selectOption('district');
    await gathered.selectOption('sum');
    await order.selectOption('down');
    await page.waitForURL(/x=district.*agg=sum.*order=down/);
    await page.reload();
    await settle();
    await page.getByRole('button', { name: 'Show as a table' }).click();
    const cells = await page.locator('figure.chart tbody tr td:nth-child(2)').allInnerTexts();
    const values = cells.map((one) => Number(one.replaceAll(',', '')));
    assert.ok(values.length >= 5 && values.every((one, i) => i === 0 || one <= values[i - 1]));
  },
  // @row 11 15
  'two versions of an entry are compared member by member, and an old one is taken up again': async ({ page, url, bus, settle }) => {
    await signIn(page, url, 'officer', `/dataset/${bus}?tab=versions`);
    await settle();
    for (const box of await page.getByRole('checkbox', { name: /Choose version/ }).all()) await box.check();
    const changes = page.getByRole('table', { name: 'What changed' });
    await changes.waitFor();
    assert.match(await changes.innerText(), /Bus stops[\s\S]*Bus routes and stops/);
    await page.getByRole('link', { name: /Make it the new one/ }).click();
    await page.getByText('The form holds an old version.').waitFor();
    assert.equal(await page.getByLabel('English').first().inputValue(), 'Bus stops');
  },
  'a half-filled form survives a lost connection and a reload, and is forgotten when its owner signs out': async ({ page, url, bus, settle }) => {
    await signIn(page, url, 'citizen', `/new/complaint?subject=${bus}`);
    await settle();
    await page.locator('form .choices input[type=radio]').first().check();
    const title = page.locator('form fieldset input[type=text]').first();
    await title.fill('The stops are out of date');
    for (const area of await page.locator('form fieldset textarea').all()) await area.fill('Since spring');
    await page.route(/api\/v1\/items$/, (route) => route.abort());
    await page.getByRole('button', { name: 'Sign and submit' }).click();
    await page.getByText('The server cannot be reached.').waitFor();
    assert.equal(await title.inputValue(), 'The stops are out of date');
    await page.reload();
    await page.getByText('Restored what you had not sent').waitFor();
    assert.equal(await page.locator('form fieldset input[type=text]').first().inputValue(), 'The stops are out of date');
    await page.unroute(/api\/v1\/items$/);
    await page.getByRole('button', { name: 'Sign and submit' }).click();
    await page.waitForURL(/\/case\//);
    await page.goto(`${url}/new/complaint?subject=${bus}`);
    await settle();
    assert.equal(await page.getByText('Restored what you had not sent').count(), 0);
    await page.locator('form fieldset input[type=text]').first().fill('Half');
    await page.waitForFunction(() => localStorage.getItem('wusong.drafts')?.includes('Half'));
    await page.getByRole('button', { name: '李晓' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForFunction(() => !localStorage.getItem('wusong.drafts'));
  },
  // @row 15
  'groups are asked for over the interface, with the same in one line of curl and Python': async ({ page, url, bus, settle }) => {
    await page.goto(`${url}/dataset/${bus}?tab=api`);
    await settle();
    await page.getByLabel('What to ask for').selectOption({ label: 'groups' });
    await page.locator('fieldset', { hasText: 'Groups and results' }).locator('select').first().selectOption('district');
    await page.getByRole('button', { name: 'Another result' }).click();
    await page.getByLabel('Column of result 2').selectOption('value');
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Column of condition 1').selectOption('district');
    await page.getByLabel('Comparison of condition 1').selectOption('ne');
    await page.getByLabel('Value of condition 1').fill("it's");
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByRole('table', { name: 'Answer' }).waitFor();
    assert.equal(await page.getByRole('table', { name: 'Answer' }).locator('tbody tr').count(), 6);
    const curl = await page.locator('pre[aria-label=curl]').innerText();
    assert.match(curl, /^curl -s -H 'Authorization: Bearer TOKEN' 'http.*\/aggregate\?.*group_by=district.*aggregate=count%2Csum%3Avalue/);
    assert.ok(curl.includes('it%27s') && curl.split("'").length === 5, 'no quote breaks out');
  },
  // @row 15
  'two versions of a table are compared row by row, while the answer is still being computed': async ({ page, url, bus, settle }) => {
    await signIn(page, url, 'officer', `/dataset/${bus}?tab=versions&of=${bus.replace(/..$/, 'ee')}`);
    await settle();
    const boxes = await page.getByRole('checkbox', { name: /Choose version/ }).all();
    await boxes[0].check();
    await boxes[1].check();
    await page.getByText('40 → 42 rows.').first().waitFor();
    await page.locator('fieldset', { hasText: 'Which columns tell' }).getByLabel('Stop').check();
    await page.getByRole('button', { name: 'Compare the rows' }).click();
    await page.getByText('2 added, 0 removed, 1 changed.').waitFor();
  },
  // @row 9 31
  'a file is desensitised column by column, tried first, then recorded': async ({ page, url, bus, settle }) => {
    await signIn(page, url, 'officer', `/catalogue/${bus}/desensitise`);
    await settle();
    await page.locator('input[type=file]').setInputFiles({ name: 'raw.csv', mimeType: 'text/csv', buffer: Buffer.from('name,phone\n张三,13800001111\n') });
    await page.getByLabel('Method for phone').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Make the file and record it' }).isDisabled(), 'nothing leaves unless somebody decides so');
    await page.getByLabel('Method for phone').selectOption('mask');
    await page.getByLabel('Method for district').selectOption('keep');
    await page.getByLabel(/Check that by the columns/).check();
    await page.locator('fieldset', { hasText: 'Columns that others may know' }).getByLabel('district').check();
    await page.getByRole('button', { name: 'Try it (without recording)' }).click();
    await page.getByText('A trial: nothing was recorded.').waitFor();
    await page.getByText('k = 5 is reached').waitFor();
    await page.getByRole('button', { name: 'Make the file and record it' }).click();
    await page.getByText('Recorded on the chain, for the authority to audit.').waitFor();
  },
  'the first page needs less than 250 KB': async ({ page, url, settle }) => {
    let bytes = 0;
    const { gzipSync } = await import('node:zlib');
    page.on('response', async (response) => { if (/\.(js|css)$/.test(new URL(response.url()).pathname)) bytes += gzipSync(await response.body().catch(() => Buffer.alloc(0))).length; });
    await page.goto(url);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settle();
    console.log(`first page with its chart: ${Math.round(bytes / 1024)} KB of scripts and styles, compressed`);
    const withoutChart = bytes - gzipSync(fs.readFileSync(new URL('../../build/web/assets/' + fs.readdirSync(new URL('../../build/web/assets', import.meta.url)).find((name) => name.startsWith('charts-')), import.meta.url))).length;
    assert.ok(withoutChart < 250 * 1024, `${withoutChart} bytes`);
  },
};
