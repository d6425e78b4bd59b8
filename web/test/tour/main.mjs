// SPDX-License-Identifier: Apache-2.0
// The guided tour through a running portal with the sample city, in Chinese and in English, as its people would do it; each
// step's page is looked at by axe. tests/portal/tour starts all of it.
//   node web/test/tour/main.mjs --server URL --password P --sample build/sample [--language zh|en] [--shots FOLDER] [--pictures FOLDER]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { axeFaultsOf, faultsOf, launch, watch, windowOf } from '../browser.mjs';
import { Hands, Names } from './hands.mjs';
import { steps } from './steps.mjs';

const { values: option } = parseArgs({ options: { server: { type: 'string' }, password: { type: 'string' }, sample: { type: 'string', default: 'build/sample' }, language: { type: 'string' }, shots: { type: 'string' }, pictures: { type: 'string' } } });
const script = JSON.parse(fs.readFileSync(path.join(option.sample, 'tour.json'), 'utf8'));
const browser = await launch();
if (!browser) {
  console.log('chromium not found: tools/packages.txt lists it in group web');
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
}
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'wusong-tour-'));
const ask = async (what) => (await fetch(`${option.server}/api/v1/${what}`)).json();
const { current } = await ask('rules');
const pack = await ask(`rules/${current}`);
const { kinds } = await ask('documents');
const { by_topic: topics } = await ask('stats');
const look = { theme: 'light', width: 1280, height: 900 };

/** What one run through the tour makes. Each has its own title and file, so that neither finds the other's. */
class Tour {
  constructor(language) {
    this.language = language;
    this.names = new Names(language, pack, kinds, topics);
    const part = { zh: ['东部', 'east'], en: ['西部', 'west'] }[language];
    this.titles = { zh: `${script.title.zh}·${part[0]}`, en: `${script.title.en}, ${part[1]}` };
    this.title = this.titles[language];
    const all = fs.readFileSync(path.join(option.sample, script.file), 'utf8').trimEnd().split('\n');
    const rows = all.slice(1).filter((_, i) => i % 2 === (language === 'zh' ? 0 : 1));
    const text = `${[all[0], ...rows].join('\n')}\n`;
    this.rows = rows.length;
    this.file = this.write(`parking-${part[1]}.csv`, text);
    this.otherFile = this.write(`changed-${part[1]}.csv`, text.replace(/\d(?=\n$)/, (digit) => (digit === '9' ? '8' : '9')));
    this.digest = createHash('sha256').update(text).digest('hex');
    this.materials = [this.write(this.names.l('营业执照.pdf', 'business-licence.pdf'), `%PDF-1.4\n% sample ${language}\n%%EOF\n`), this.write(this.names.l('数据安全制度.txt', 'security-rules.txt'), `sample ${language}\n`)];
    this.people = new Map();
  }
  write(name, text) {
    const file = path.join(scratch, name);
    fs.writeFileSync(file, text);
    return file;
  }
  /** What the tour's script has people fill in at this step. */
  document(workflow, action) {
    const found = script.steps.find(({ act }) => act?.workflow === workflow && act.action === action);
    if (!found) throw new Error(`the tour has no ${workflow} ${action}`);
    const { document } = found.act;
    return document.kind === 'entry' ? { ...document, title: this.titles } : document;
  }
  /** A person's window, signed in with the form the first time. */
  async hands(who, withScript = true) {
    const key = withScript ? who : 'no script';
    if (!this.people.has(key)) {
      const context = withScript ? await windowOf(browser, { ...look, language: this.language }) : await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      page.setDefaultTimeout(20000);
      const hands = new Hands(page, this.names, option.server);
      hands.faults = watch(page, option.server);
      if (who) await hands.signIn(who, option.password);
      this.people.set(key, hands);
    }
    return this.people.get(key);
  }
  /** A picture for the guides: the window as it is, or from the page's top. */
  async picture(hands, name, { top = false } = {}) {
    if (!option.pictures) return;
    if (top) await hands.page.evaluate(() => scrollTo(0, 0));
    fs.mkdirSync(path.join(option.pictures, this.language), { recursive: true });
    const file = path.join(option.pictures, this.language, `${name}.png`);
    await hands.page.screenshot({ path: file });
    execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, '64', file]);
  }
  async close() {
    for (const hands of this.people.values()) await hands.page.context().close();
  }
}

const counts = { passed: 0, failed: 0, skipped: 0 };
async function play(language) {
  const tour = new Tour(language);
  const all = Object.entries(steps);
  for (const [i, [title, step]] of all.entries()) {
    const name = `${language} ${String(i + 1).padStart(2, '0')} ${step.who ?? 'anybody'}: ${step.zh} / ${title}`;
    const faults = [];
    let broken = false;
    let hands;
    try {
      hands = await tour.hands(step.who, step.script);
      await step.run(hands, tour);
      if (step.script !== false) faults.push(...(await faultsOf(hands.page, language)), ...(await axeFaultsOf(hands.page)), ...hands.faults.splice(0));
      if (step.picture) await tour.picture(hands, step.picture, { top: true });
    } catch (error) {
      faults.push(error.message.split('\n').slice(0, 6).join(' '), ...(hands ? [hands.page.url()] : []));
      broken = true;
    }
    if (option.shots && hands) {
      fs.mkdirSync(option.shots, { recursive: true });
      await hands.page.screenshot({ path: path.join(option.shots, `${language}-${String(i + 1).padStart(2, '0')}.png`), fullPage: true }).catch(() => {});
    }
    console.log([`${faults.length ? 'not ok' : 'ok'} ${name}`, ...faults].join('\n     '));
    ++counts[faults.length ? 'failed' : 'passed'];
    if (broken && !step.leaf) {
      counts.skipped += all.length - i - 1;
      console.log(`skip ${language}: ${all.length - i - 1} later steps build on this one`);
      break;
    }
  }
  await tour.close();
}

for (const language of option.language ? [option.language] : ['zh', 'en']) await play(language);
await browser.close();
fs.rmSync(scratch, { recursive: true });
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed ? 1 : 0);
