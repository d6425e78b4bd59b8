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
  'language and appearance change at once and are remembered': async ({ page, context, url, settle }) => {
    await page.goto(url);
    await settle();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '这座城市的数据，向您开放' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
    assert.equal(await page.evaluate(() => localStorage.getItem('wusong.language')), 'zh');
    await context.clearCookies();
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
