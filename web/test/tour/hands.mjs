// SPDX-License-Identifier: Apache-2.0
// What a person does with the pages: reads labels, fills forms, presses buttons. Nothing here calls the interface to act.
import { strict as assert } from 'node:assert';

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const other = { zh: 'en', en: 'zh' };

/** Names that the pages show, from the rule pack and the list of documents; read once. */
export class Names {
  constructor(language, pack, kinds, topics) {
    Object.assign(this, { language, pack, kinds, topics });
  }
  l(zh, en) {
    return this.language === 'zh' ? zh : en;
  }
  text(value) {
    return typeof value === 'object' ? value[this.language] ?? value[other[this.language]] : String(value);
  }
  workflow(name) {
    return this.pack.workflows.find((one) => one.name === name);
  }
  title(list, name) {
    const found = list.find((one) => one.name === name);
    assert.ok(found, `the rule pack has no ${name}`);
    return this.text(found.title);
  }
  action(workflow, name) {
    return this.title(this.workflow(workflow).actions, name);
  }
  state(workflow, name) {
    return this.title(this.workflow(workflow).states, name);
  }
  value(vocabulary, name) {
    return this.title(this.pack.vocabularies.find((one) => one.name === vocabulary).values, name);
  }
  values(vocabulary) {
    return this.pack.vocabularies.find((one) => one.name === vocabulary).values.map((one) => this.text(one.title));
  }
  fields(kind) {
    return this.kinds.find((one) => one.name === kind).fields;
  }
}

export class Hands {
  constructor(page, names, url) {
    Object.assign(this, { page, names, url });
  }
  l(zh, en) {
    return this.names.l(zh, en);
  }
  get main() {
    return this.page.locator('#main');
  }
  async settle() {
    await this.page.waitForSelector('#main h1, #main h2');
    await this.page.waitForFunction(() => !document.querySelector('#main .skeleton'));
  }
  async open(path) {
    await this.page.goto(this.url + path);
    await this.settle();
  }
  async signIn(name, password) {
    await this.open('/');
    await this.page.getByRole('link', { name: this.l('登录', 'Sign in'), exact: true }).first().click();
    await this.page.getByLabel(this.l('用户名', 'User name')).fill(name);
    await this.page.getByLabel(this.l('密码', 'Password')).fill(password);
    await this.press('登录', 'Sign in', this.main.locator('form'));
    await this.page.waitForURL((to) => to.pathname !== '/signin');
    await this.settle();
  }
  /** An entry of the menu under the person's name. */
  async menu(zh, en) {
    await this.page.locator('.account > button').click();
    await this.page.locator('#account-menu').getByRole('link', { name: this.l(zh, en), exact: true }).click();
    await this.page.waitForFunction(() => document.querySelector('#account-menu').offsetParent === null);
    await this.settle();
  }
  press(zh, en, scope = this.main) {
    return scope.getByRole('button', { name: this.l(zh, en), exact: true }).first().click();
  }
  follow(zh, en, scope = this.main) {
    return scope.getByRole('link', { name: this.l(zh, en), exact: true }).first().click();
  }

  /** Fills a document's form by its labels, as `document` has it. */
  async fill(scope, kind, document, { omit = [], files = {} } = {}) {
    await this.fillFields(scope, this.names.fields(kind).filter((field) => !omit.includes(field.name)), document, files);
  }
  async fillFields(scope, fields, document, files) {
    for (const field of fields) {
      const value = document[field.name];
      if (value !== undefined || files[field.name]) await this.fillField(scope, field, value, files[field.name]);
    }
  }
  async fillField(scope, field, value, files) {
    const name = new RegExp(`^${escaped(this.names.text(field.title))}\\s+(${this.l('必填|选填', 'required|optional')})$`);
    const group = scope.getByRole('group', { name }).first();
    if (files) {
      await group.locator('input[type=file]').setInputFiles(files);
      for (const file of [files].flat()) await group.getByText(`${file.split('/').pop()} ·`).filter({ hasText: this.l('已上传', 'uploaded') }).waitFor();
    } else if (field.type === 'text') await this.bilingual(group, value);
    else if (field.type === 'texts' || field.type === 'records') {
      for (const [i, one] of value.entries()) {
        const rows = group.locator(field.type === 'texts' ? '.two' : '.card');
        if ((await rows.count()) <= i) await this.press('添加一项', 'Add one', group);
        if (field.type === 'texts') await this.bilingual(rows.nth(i), one);
        else await this.fillFields(rows.nth(i), field.fields, one, {});
      }
    } else if (field.name === 'topics' && (await scope.getByRole('group', { name: this.names.text(field.title), exact: true }).count())) {
      for (const one of value) await scope.getByLabel(this.names.text(this.names.topics.find((topic) => topic.value === one).title), { exact: true }).check();
    } else {
      const input = scope.getByLabel(name).first();
      if (field.type === 'word') await input.selectOption(value);
      else await input.fill(Array.isArray(value) ? value.join('\n') : String(value));
      if (field.type === 'strings') await input.blur();
    }
  }
  async bilingual(group, value) {
    for (const [code, zh, en] of [['zh', '中文', 'Chinese'], ['en', '英文', 'English']]) {
      if (value[code]) await group.getByLabel(this.l(zh, en), { exact: true }).fill(value[code]);
    }
  }

  /** Opens the form of a step that a case's page offers. */
  async proceed(workflow, action) {
    const title = this.names.action(workflow, action);
    await this.main.getByRole('button', { name: `${this.l('办理', 'Proceed')} ${title}`, exact: true }).click();
    return this.form(title);
  }
  form(title) {
    return this.page.locator('form.action-form').filter({ has: this.page.getByRole('heading', { name: title }) });
  }
  async choose(form, vocabulary, value) {
    await form.getByLabel(this.names.value(vocabulary, value), { exact: true }).check();
  }
  async tick(form, titles) {
    for (const title of titles) await form.getByLabel(title, { exact: true }).check();
  }
  /** Signs; waits until the step is final and the page shows it. */
  async sign(form) {
    await this.press('签名并提交', 'Sign and submit', form);
  }
  async recorded() {
    await this.main.getByText(this.l('已记录并最终确定。', 'Recorded and final.')).waitFor();
    await this.settle();
  }
  async step(workflow, action, { choice, document, marks } = {}) {
    const form = await this.proceed(workflow, action);
    if (choice) await this.choose(form, ...choice);
    if (marks) await this.tick(form, marks);
    if (document) await this.fill(form, document.kind, document);
    await this.sign(form);
    await this.recorded();
  }

  /** What the page must say, somewhere one can see it. */
  async sees(...texts) {
    for (const text of texts) await this.main.getByText(text).filter({ visible: true }).first().waitFor();
  }
  async seesNot(...texts) {
    for (const text of texts) assert.equal(await this.main.getByText(text).filter({ visible: true }).count(), 0, `the page shows ${text}`);
  }
  /** A case's own state, beside its title. */
  async inState(workflow, state) {
    await this.main.locator('.title-row .tag, .top > .tag').filter({ hasText: this.names.state(workflow, state) }).first().waitFor();
  }
  /** The newest line of a case's history. */
  async lastStep(workflow, action, ...texts) {
    const line = this.main.locator('.timeline li').first();
    await line.getByText(this.names.action(workflow, action), { exact: true }).waitFor();
    for (const text of texts) await line.getByText(text).first().waitFor();
  }
  caseId() {
    const found = new URL(this.page.url()).pathname.match(/^\/case\/(?:0x)?([0-9a-f]{64})$/);
    assert.ok(found, `${this.page.url()} is no case`);
    return found[1];
  }
}
