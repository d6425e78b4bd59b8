// SPDX-License-Identifier: Apache-2.0
// A browser for tests, and what is wrong with a page whatever it shows.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Null where no browser is installed. */
export async function launch() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((one) => fs.existsSync(one));
  return executablePath ? chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'] }) : null;
}

/** A person's window: `look` is {language, theme, width, height}. */
export async function windowOf(browser, look) {
  const context = await browser.newContext({ viewport: { width: look.width, height: look.height }, colorScheme: look.theme, reducedMotion: 'reduce', locale: look.language === 'zh' ? 'zh-CN' : 'en-GB', acceptDownloads: true });
  await context.addInitScript(([language, theme]) => {
    localStorage.setItem('wusong.language', language);
    localStorage.setItem('wusong.theme', theme);
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ''}`));
  }, [look.language, look.theme]);
  return context;
}

/** Errors of scripts, and requests to other hosts, as they happen. */
export function watch(page, url) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text())) faults.push(`console: ${message.text()}`); });
  page.on('request', (request) => { if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) faults.push(`another host: ${request.url()}`); });
  return faults;
}

/** Sideways scrolling, violations of the content-security policy, headings, title, language, broken text. */
export async function faultsOf(page, language) {
  const faults = [];
  const found = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth, inner: innerWidth, violations: window.__violations, title: document.title, language: document.documentElement.lang,
    text: document.querySelector('#main').innerText, headings: document.querySelectorAll('h1').length,
  }));
  if (found.width > found.inner + 1) faults.push(`scrolls sideways: ${found.width} > ${found.inner}`);
  if (found.violations.length) faults.push(`content-security policy: ${[...new Set(found.violations)].join('; ')}`);
  if (found.headings !== 1) faults.push(`${found.headings} headings of level 1`);
  if (!found.title || !found.language.startsWith(language)) faults.push('title or language missing');
  if (/undefined|\[object Object\]|NaN|Invalid Date/.test(found.text)) faults.push(`broken text: ${found.text.match(/.{0,40}(undefined|\[object Object\]|NaN|Invalid Date).{0,20}/)[0]}`);
  return faults;
}

/** Rules of WCAG 2.2 AA that axe finds broken. */
export async function axeFaultsOf(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }));
  return violations.map((one) => `axe ${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ')} ${one.id.includes('contrast') ? one.nodes[0].any[0]?.message : ''}`);
}
