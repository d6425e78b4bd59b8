// SPDX-License-Identifier: Apache-2.0
// The tour's steps, done through the pages: sample/tour.md tells them for people, build/sample/tour.json has what is filled in.
// A step is its name: {zh, who, picture?, leaf?, script?, run(hands, tour)}; `tour` keeps what earlier steps made. Nothing builds on a leaf.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import fs from 'node:fs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const dataset = (tour, tab) => `/dataset/${tour.entry}${tab ? `?tab=${tab}` : ''}`;

/** Proves what a page shows: every step of the verification holds. */
async function verify(h, scope = h.main) {
  await h.press('开始核验', 'Verify now', scope);
  await scope.getByText(h.l('已证明：', 'Proved:')).first().waitFor();
  assert.equal(await scope.locator('.steps .tag.bad').count(), 0);
  assert.ok((await scope.locator('.steps .tag.good').count()) >= 6, 'too few steps of the proof hold');
  await h.sees(h.l('没有证明的', 'What is not proved'));
}
async function atCase(h) {
  await h.page.waitForURL((to) => to.pathname.startsWith('/case/'));
  await h.settle();
}
/** Opens a case from the officer's inbox, as the title says. */
async function fromInbox(h, tour, title) {
  await h.page.locator('header .waiting').click();
  await h.page.waitForURL((to) => to.searchParams.get('view') === 'inbox');
  await h.settle();
  await h.main.getByRole('link', { name: title }).first().click();
  await h.settle();
}
async function begin(h, workflow, action) {
  await h.follow(`开始 ${h.names.action(workflow, action)}`, `Begin ${h.names.action(workflow, action)}`);
  await h.settle();
  return h.form(h.names.action(workflow, action));
}
/** A new item's form is signed; its page follows. */
async function signNew(h) {
  const before = h.page.url();
  await h.sign(h.main.locator('form.action-form'));
  await h.page.waitForURL((to) => to.href !== before && to.pathname.startsWith('/case/'));
  await h.settle();
  return h.caseId();
}
/** Tries the interface in the page's console. */
async function tryRows(h, tour) {
  await h.open(dataset(tour, 'api'));
  await h.press('试一试', 'Try it');
}
async function refusedRows(h, tour, ...texts) {
  await tryRows(h, tour);
  await h.main.getByRole('tabpanel').getByRole('alert').waitFor();
  await h.sees(...texts);
}

export const steps = {
  'an empty form is refused, and says what is missing': {
    zh: '一张空表被拒绝，并指出缺什么', who: 'transport-officer',
    async run(h) {
      await h.menu('目录编制', 'Catalogue');
      await h.follow('编制新条目', 'New entry');
      await h.settle();
      await h.press(h.names.action('entry', 'compile'), h.names.action('entry', 'compile'));
      await h.sees(h.l('请填写。', 'This is required.'), h.l(/还有 \d+ 处没有填好/, /\d+ fields are not complete/));
    },
  },
  // @row 5 6
  'a catalogue entry is compiled': {
    zh: '编制目录条目', who: 'transport-officer',
    async run(h, tour) {
      const form = h.main.locator('form').first();
      const { organisation, ...entry } = tour.document('entry', 'compile');
      await h.fill(form, 'entry', entry);
      await tour.picture(h, 'compile-form', { top: true });
      await h.press(h.names.action('entry', 'compile'), h.names.action('entry', 'compile'));
      await atCase(h);
      tour.entry = h.caseId();
      await h.inState('entry', 'draft');
      await h.lastStep('entry', 'compile', 'SZ 17');
    },
  },
  // @row 8
  'no conditional opening without a ground': {
    zh: '不写理由，不能定为有条件开放', who: 'transport-officer',
    async run(h) {
      const form = await begin(h, 'opening', 'classify_conditional');
      await h.sign(form);
      await h.sees(h.l('请选择一项。', 'Choose one.'), 'SZ 13');
    },
  },
  // @row 8 13
  'it is classified, with its conditions': {
    zh: '确定开放类型和条件', who: 'transport-officer',
    async run(h, tour) {
      const form = h.main.locator('form.action-form');
      await h.choose(form, 'conditional_ground', 'strains_infrastructure');
      await h.seesNot(h.l('请选择一项。', 'Choose one.'));
      // What the entry says of conditions is there already.
      assert.equal(await form.getByRole('group', { name: h.l(/^开放条件 /, /^Conditions (required|optional)/) }).getByLabel(h.l('中文', 'Chinese'), { exact: true }).inputValue(), tour.document('opening', 'classify_conditional').conditions.zh);
      await h.fill(form, 'opening', { reasons: tour.document('opening', 'classify_conditional').reasons });
      await tour.picture(h, 'classify-form');
      tour.opening = await signNew(h);
      await h.inState('opening', 'conditional');
      await h.lastStep('opening', 'classify_conditional', h.names.value('conditional_ground', 'strains_infrastructure'));
    },
  },
  // @row 7
  'it is sent for review, and the bureau can no longer change it': {
    zh: '报送审核，之后单位不能再改', who: 'transport-officer', picture: 'submitted',
    async run(h, tour) {
      await h.open(`/case/${tour.entry}`);
      await h.step('entry', 'submit');
      await h.inState('entry', 'district_review');
      await h.sees(h.l('现在没有由您办理的步骤。', 'There is no step for you now.'));
      await h.main.locator('.refused li').filter({ hasText: h.names.action('entry', 'pass_district') }).getByText(h.l('应由以下角色办理', 'This step is taken by')).waitFor();
    },
  },
  'another body does not see what is under review': {
    zh: '别的单位看不到草稿', who: 'eco-officer', leaf: true,
    async run(h, tour) {
      await h.open(`/case/${tour.entry}`);
      await h.sees(h.l('没有找到您要的内容。', /is not here|not found|cannot be found/i));
    },
  },
  // @row 7
  'opened from the inbox, it passes the review of its level': {
    zh: '从待办中打开，同级审核通过', who: 'city-reviewer',
    async run(h, tour) {
      await fromInbox(h, tour, tour.title);
      await tour.picture(h, 'review-case');
      await h.step('entry', 'pass_district');
      await h.inState('entry', 'city_review');
      await h.lastStep('entry', 'pass_district', 'SZ 19');
    },
  },
  // @row 7
  'it passes the city’s review': {
    zh: '市级汇总审核通过', who: 'city-reviewer',
    async run(h) {
      await h.step('entry', 'pass_city');
      await h.inState('entry', 'security_review');
    },
  },
  // @row 7 32
  'not published without a finding; with one it is': {
    zh: '没有结论不能发布；写明结论后发布', who: 'security-reviewer',
    async run(h, tour) {
      await fromInbox(h, tour, tour.title);
      const form = await h.proceed('entry', 'publish');
      await h.sign(form);
      await h.sees(h.l('请填写。', 'This is required.'));
      const opinion = tour.document('entry', 'publish');
      await h.fill(form, 'opinion', opinion);
      await tour.picture(h, 'publish-form');
      await h.sign(form);
      await h.recorded();
      await h.inState('entry', 'published');
      await h.lastStep('entry', 'publish', 'SZ 20, 21, 56', h.names.text(opinion.reasons));
      await h.sees(h.l('最后一天：', 'Last day:'));
    },
  },
  // @row 15
  'the file is brought; columns and rows come from it': {
    zh: '汇聚数据文件：字段、行数由文件得出', who: 'transport-officer',
    async run(h, tour) {
      await h.open(`/case/${tour.entry}`);
      const form = await begin(h, 'resource', 'gather');
      await h.sign(form);
      await h.sees(h.l('请填写。', 'This is required.'));
      await form.getByLabel(h.l('数据文件', 'The data file')).setInputFiles(tour.file);
      await form.getByText(h.l('已上传', 'uploaded')).waitFor();
      assert.equal(await form.getByLabel(h.l(/^行数 /, /^Rows (required|optional)/)).inputValue(), String(tour.rows));
      assert.equal(await form.getByLabel(h.l(/^字段名 /, /^Column name /)).count(), 6);
      await tour.picture(h, 'gather-form', { top: true });
      tour.resource = await signNew(h);
      await h.inState('resource', 'gathered');
      await h.sees(tour.digest.slice(0, 6));
    },
  },
  // @row 15
  'it passes the quality check and is published': {
    zh: '质量检测合格，发布数据资源', who: 'operator',
    async run(h, tour) {
      await h.open(`/case/${tour.resource}`);
      await h.step('resource', 'pass_check', { document: tour.document('resource', 'pass_check') });
      await h.inState('resource', 'checked');
      await h.step('resource', 'publish');
      await h.inState('resource', 'published');
    },
  },
  // @row 12 21
  'anyone sees catalogue and conditions; asking for data is answered with reason and next step': {
    zh: '不登录也能看目录和条件；要数据时说明原因和下一步', who: null, leaf: true, picture: 'public-dataset',
    async run(h, tour) {
      await refusedRows(h, tour, h.l('下载之前还需要一步', 'One step before the download'), h.l('登录后继续', 'Sign in to go on'));
      await h.open(dataset(tour, 'use'));
      const entry = tour.document('entry', 'compile');
      await h.sees(h.names.text(entry.conditions), ...entry.materials.map((one) => h.names.text(one)));
      await h.open(dataset(tour, 'fields'));
      await h.sees('occupancy_percent');
      await h.open(dataset(tour));
      await h.sees(tour.title, h.names.text(entry.abstract));
    },
  },
  // @row 12
  'useful without JavaScript': {
    zh: '没有 JavaScript 也有用', who: null, script: false, leaf: true,
    async run(h, tour) {
      await h.page.goto(`${h.url}${dataset(tour)}?lang=${h.names.language}`);
      const text = await h.page.locator('body').innerText();
      const entry = tour.document('entry', 'compile');
      for (const one of [tour.title, h.names.text(entry.abstract), h.names.text(entry.conditions), h.names.text(entry.materials[0]), 'occupancy_percent', 'CSV', h.names.text({ zh: '市交通运输局', en: 'Transport' }), tour.digest.slice(0, 8)]) assert.ok(text.includes(one), `without JavaScript the page does not say ${one}`);
      assert.equal(await h.page.locator('script[type="application/ld+json"]').count(), 1);
      assert.ok(await h.page.getByRole('link', { name: /JSON-LD/ }).count());
    },
  },
  // @row 1 22
  'who is no user may not apply': {
    zh: '不是利用主体，不能申请', who: 'transport-officer', leaf: true,
    async run(h, tour) {
      await h.open(`/dataset/${tour.entry}/apply`);
      for (const box of await h.main.locator('.choices input[type=checkbox]').all()) await box.check();
      await h.press('下一步', 'Next step');
      await h.sees(h.l('应由以下角色办理', 'This step is taken by'), 'SZ 41, 42');
    },
  },
  // @row 21 22
  'the application and its materials are in, and the clock runs': {
    zh: '提交申请和材料，时钟开始', who: 'user-company', picture: 'apply',
    async run(h, tour) {
      await h.open(dataset(tour));
      await h.follow('申请使用', 'Apply for use');
      await h.settle();
      await tour.picture(h, 'apply-conditions');
      await h.tick(h.main, tour.document('entry', 'compile').materials.map((one) => h.names.text(one)));
      await h.press('下一步', 'Next step');
      const form = h.main.locator('form.action-form');
      await h.press('签名并提交申请', 'Sign and submit the application', form);
      await h.sees(h.l('请填写。', 'This is required.'));
      await h.fill(form, 'application', tour.document('application', 'submit'), { files: { attachments: tour.materials } });
      await tour.picture(h, 'apply-form');
      await h.press('签名并提交申请', 'Sign and submit the application', form);
      await h.sees(h.l('申请已提交，时钟开始计时。', 'Your application is in, and the clock is running.'));
      await h.press('查看申请', 'See the application');
      await atCase(h);
      tour.application = h.caseId();
      await h.inState('application', 'submitted');
      await h.sees(h.l('最后一天：', 'Last day:'), h.l('期限 10 个工作日', '10 working days in all'), tour.materials[0].split('/').pop());
    },
  },
  // @row 21 22
  'another person applies as well': {
    zh: '另一人也来申请', who: 'user-person',
    async run(h, tour) {
      await h.open(`/dataset/${tour.entry}/apply`);
      await h.tick(h.main, tour.document('entry', 'compile').materials.map((one) => h.names.text(one)));
      await h.press('下一步', 'Next step');
      const form = h.main.locator('form.action-form');
      const text = (zh, en) => ({ zh, en });
      await h.fill(form, 'application', { purpose: text('想看看哪里好停车。', 'To see where parking is easy.'), capability: text('个人开发者。', 'A developer on my own.'), security: text('放在自己的电脑上。', 'On my own computer.'), mode: 'download' });
      await h.press('签名并提交申请', 'Sign and submit the application', form);
      await h.press('查看申请', 'See the application');
      await atCase(h);
      tour.otherApplication = h.caseId();
    },
  },
  // @row 22
  'a refusal must state its reasons': {
    zh: '不予通过必须写明理由', who: 'city-authority',
    async run(h, tour) {
      await h.open(`/case/${tour.otherApplication}`);
      const form = await h.proceed('application', 'refuse');
      await h.sign(form);
      await h.sees(h.l('请填写。', 'This is required.'));
      tour.refusal = { zh: '未设数据安全负责人，也没有安全管理制度，不符合第三项条件。', en: 'No person in charge of data security and no security rules: the third condition is not met.' };
      await h.fill(form, 'opinion', { reasons: tour.refusal });
      await h.sign(form);
      await h.recorded();
      await h.inState('application', 'refused');
    },
  },
  // @row 22
  'the applicant reads the reasons and the article': {
    zh: '申请人看到理由和依据', who: 'user-person', leaf: true, picture: 'refused',
    async run(h, tour) {
      await h.open(`/case/${tour.otherApplication}`);
      await h.inState('application', 'refused');
      await h.lastStep('application', 'refuse', h.names.text(tour.refusal), 'SZ 42');
    },
  },
  // @row 22
  'the owner gives its opinion': {
    zh: '开放主体提出意见', who: 'transport-officer',
    async run(h, tour) {
      await fromInbox(h, tour, h.l(/申请/, /Application|application/));
      await h.open(`/case/${tour.application}`);
      await h.step('application', 'opine', { choice: ['opinion', 'support'], document: tour.document('application', 'opine') });
      await h.inState('application', 'opined');
    },
  },
  // @row 22
  'it is approved, and the clock stops': {
    zh: '审核通过，时钟停止', who: 'city-authority', picture: 'approved',
    async run(h, tour) {
      await h.open(`/case/${tour.application}`);
      await h.step('application', 'approve', { document: tour.document('application', 'approve') });
      await h.inState('application', 'approved');
      await h.seesNot(h.l('最后一天：', 'Last day:'));
    },
  },
  // @row 23
  'approved is not yet open': {
    zh: '批准不等于开通', who: 'user-company', leaf: true,
    async run(h, tour) {
      await refusedRows(h, tour, h.l('您的申请已批准，协议尚未签署', /agreement is not signed/), 'SZ 41, 42');
      await h.follow('继续办理', 'Go on with my case');
      await atCase(h);
      await h.inState('application', 'approved');
    },
  },
  // @row 24
  'with a clause missing the agreement is refused': {
    zh: '缺一项条款，协议不能发出', who: 'transport-officer',
    async run(h, tour) {
      await h.open(`/case/${tour.application}`);
      const form = await begin(h, 'agreement', 'offer');
      await h.tick(form, h.names.values('agreement_clause').slice(1));
      await h.sign(form);
      await h.sees(h.l('每一条款都必须载明。', 'Every clause must be included.'), 'SZ 43');
    },
  },
  // @row 24
  'with all seven it is offered': {
    zh: '七项齐全，协议发出', who: 'transport-officer',
    async run(h, tour) {
      const form = h.main.locator('form.action-form');
      await h.tick(form, h.names.values('agreement_clause').slice(0, 1));
      await tour.picture(h, 'agreement-form', { top: true });
      tour.agreement = await signNew(h);
      await h.inState('agreement', 'offered');
      assert.equal(await h.main.locator('.clause .tag.good').count(), 7);
    },
  },
  // @row 24
  'the user signs, clause by clause': {
    zh: '利用主体逐条签署', who: 'user-company',
    async run(h, tour) {
      await h.menu('我的事项', 'My cases');
      await h.open(`/case/${tour.agreement}`);
      const form = await h.proceed('agreement', 'user_sign');
      await h.sign(form);
      await h.sees(h.l('每一条款都必须载明。', 'Every clause must be included.'));
      await h.tick(form, h.names.values('agreement_clause'));
      await tour.picture(h, 'sign-form');
      await h.sign(form);
      await h.recorded();
      await h.inState('agreement', 'user_signed');
    },
  },
  // @row 23
  'no right before both have signed': {
    zh: '双方签署之前不能开通', who: 'city-authority', leaf: true,
    async run(h, tour) {
      await h.open(`/new/grant?subject=${tour.agreement}`);
      await h.sees(h.names.state('agreement', 'in_force'), 'SZ 42');
      assert.equal(await h.main.locator('form.action-form').count(), 0);
    },
  },
  // @row 24
  'the owner signs; it is in force': {
    zh: '开放主体签署，协议生效', who: 'transport-officer', picture: 'signed',
    async run(h, tour) {
      await h.open(`/case/${tour.agreement}`);
      await h.step('agreement', 'countersign');
      await h.inState('agreement', 'in_force');
      for (const action of ['user_sign', 'countersign']) await h.sees(`✓ ${h.names.action('agreement', action)}`);
    },
  },
  // @row 65
  'the agreement is verified in the browser': {
    zh: '在浏览器里核验协议', who: 'user-company', leaf: true, picture: 'verify-agreement',
    async run(h, tour) {
      await h.open(`/case/${tour.agreement}`);
      await h.main.locator('summary').filter({ hasText: h.l('链上核验', 'Verify on the chain') }).click();
      await verify(h);
    },
  },
  // @row 23
  'the right is opened': {
    zh: '开通权限', who: 'city-authority', picture: 'grant',
    async run(h, tour) {
      await h.open(`/case/${tour.agreement}`);
      const form = await begin(h, 'grant', 'open');
      await h.fill(form, 'grant', { conditions: tour.document('grant', 'open').conditions });
      tour.grant = await signNew(h);
      await h.inState('grant', 'open');
    },
  },
  // @row 17 23
  'what is downloaded agrees with the digest on the chain': {
    zh: '下载的字节与链上摘要一致', who: 'user-company', leaf: true, picture: 'download',
    async run(h, tour) {
      await h.open(dataset(tour));
      await h.sees(h.l('您可以使用这个数据集', 'You may use this dataset'));
      const [download] = await Promise.all([h.page.waitForEvent('download'), h.main.getByRole('link', { name: h.l(/^下载/, /^Download/) }).first().click()]);
      tour.downloaded = await download.path();
      assert.equal(sha256(fs.readFileSync(tour.downloaded)), tour.digest);
    },
  },
  // @row 15 17
  'rows come over the interface': {
    zh: '通过接口取数', who: 'user-company', leaf: true, picture: 'api',
    async run(h, tour) {
      await tryRows(h, tour);
      await h.sees(/^CL-P00[12]$/, h.l(/行，共/, /rows of/));
    },
  },
  // @row 65
  'the grant is verified in the browser': {
    zh: '在浏览器里核验权限', who: 'user-company', leaf: true,
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      await h.main.locator('summary').filter({ hasText: h.l('链上核验', 'Verify on the chain') }).click();
      await verify(h);
    },
  },
  // @row 65
  'the auditor verifies the dataset without believing the platform': {
    zh: '监督员核验数据集，不必相信平台', who: 'auditor', leaf: true, picture: 'verify',
    async run(h, tour) {
      await h.open(dataset(tour, 'verify'));
      await verify(h);
      await h.main.locator('summary').filter({ hasText: h.l('核验这个文件', 'Verify this file') }).click();
      const file = h.main.locator('details[open]').filter({ hasText: h.l('核验这个文件', 'Verify this file') });
      await verify(h, file);
      await file.getByLabel(h.l('核对一个下载的文件', 'Check a downloaded file')).setInputFiles(tour.file);
      await file.getByText(h.l('您选择的文件与登记的文件完全相同。', 'The file you chose is exactly the one that was registered.')).waitFor();
      await file.getByLabel(h.l('核对一个下载的文件', 'Check a downloaded file')).setInputFiles(tour.otherFile);
      await file.getByText(h.l('您的文件与登记的不同。', 'Your file differs from the registered one.')).first().waitFor();
      await h.open(dataset(tour, 'verify'));
      await verify(h);
    },
  },
  // @row 26
  'a product is registered, and cites the data': {
    zh: '登记成果，注明数据来源', who: 'user-company', leaf: true,
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      const form = await begin(h, 'product', 'register_under_grant');
      await h.choose(form, 'product_kind', 'application');
      await h.fill(form, 'product', tour.document('product', 'register_under_grant'));
      await signNew(h);
      await h.inState('product', 'registered');
    },
  },
  // @row 16 25
  'tracking: who read the data, and when': {
    zh: '跟踪：谁在什么时候读了数据', who: 'transport-officer', leaf: true, picture: 'tracking',
    async run(h, tour) {
      await h.open(dataset(tour));
      await h.follow('谁读过数据', 'Who read the data');
      await h.settle();
      await h.main.locator('tbody tr').filter({ hasText: h.l('贺潮生', 'He Chaosheng') }).first().waitFor();
    },
  },
  // @row 33
  'an alert of use out of scope is raised': {
    zh: '登记超范围使用的预警', who: 'operator',
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      const form = await begin(h, 'alert', 'raise');
      await h.choose(form, 'alert_kind', 'out_of_scope');
      await h.fill(form, 'alert', tour.document('alert', 'raise'));
      tour.alert = await signNew(h);
      await h.inState('alert', 'raised');
      await h.sees(h.l('最后一天：', 'Last day:'));
    },
  },
  // @row 33
  'the alert is checked and confirmed': {
    zh: '核查并确认预警', who: 'city-authority', picture: 'alert',
    async run(h, tour) {
      await h.menu('风险预警', 'Alerts');
      await h.sees(h.names.text(tour.document('alert', 'raise').title));
      await h.open(`/case/${tour.alert}`);
      await h.step('alert', 'confirm', { document: tour.document('alert', 'confirm') });
      await h.inState('alert', 'confirmed');
    },
  },
  // @row 25
  'the right is suspended, with fifteen working days to put it right': {
    zh: '暂停权限，要求十五个工作日内整改', who: 'transport-officer', picture: 'suspend',
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      await h.step('grant', 'suspend', { choice: ['breach', 'against_agreement'], document: tour.document('grant', 'suspend') });
      await h.inState('grant', 'suspended');
      await h.sees(h.l('最后一天：', 'Last day:'), h.l('期限 15 个工作日', '15 working days in all'));
    },
  },
  // @row 25
  'no data while suspended, and the next step is named': {
    zh: '暂停期间取不到数据，并说明下一步', who: 'user-company', leaf: true,
    async run(h, tour) {
      await refusedRows(h, tour, 'SZ 63', h.l(/整改/, /rectif|put right/i));
      await h.open(dataset(tour));
      assert.equal(await h.main.getByRole('link', { name: h.l(/^下载/, /^Download/) }).count(), 0);
    },
  },
  // @row 25
  'the user reports what it put right': {
    zh: '利用主体报送整改', who: 'user-company',
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      await h.step('grant', 'report', { document: tour.document('grant', 'report') });
      await h.inState('grant', 'rectified');
    },
  },
  // @row 25
  'not enough: it stays suspended': {
    zh: '整改不到位，继续暂停', who: 'transport-officer', picture: 'suspended',
    async run(h, tour) {
      await h.open(`/case/${tour.grant}`);
      await h.step('grant', 'reject', { document: tour.document('grant', 'reject') });
      await h.inState('grant', 'suspended');
      await h.lastStep('grant', 'reject', 'SZ 63');
    },
  },
  'in the end no byte comes out': {
    zh: '最后仍取不到数据', who: 'user-company', leaf: true,
    async run(h, tour) {
      await refusedRows(h, tour, 'SZ 63');
    },
  },
};
