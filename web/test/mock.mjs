// SPDX-License-Identifier: Apache-2.0
// Test support, not product: answers docs/data-platform.md's paths from sample data in memory, under the real server's
// content-security policy, and serves build/web. Names "citizen" and "officer" sign in with any password.
//   node web/test/mock.mjs [PORT]
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentKinds } from './mock_documents.mjs';
import { rpcAnswer } from './mock_chain.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const web = path.join(root, 'build/web');
const load = (file) => JSON.parse(fs.readFileSync(path.join(root, file)));
const pack = load('contracts/rules/sz-2023-draft.json');
const bundle = load('web/test/fixtures/bundle.json');
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const now = Math.floor(Date.now() / 1000);
const day = 86400;
let seed = 7;
const random = (n) => ((seed = (seed * 1103515245 + 12345) % 2147483648), Math.floor(seed / 65536) % n);
const pick = (list) => list[random(list.length)];
const hex = (n) => Array.from({ length: n }, () => random(16).toString(16)).join('');
const id = () => `0x${hex(64)}`;
const t = (zh, en) => ({ zh, en });

const organisations = [
  [1, 0, 1, '市政务服务数据管理局', 'City Government Data Bureau'], [2, 1, 2, '市交通运输局', 'City Transport Bureau'], [3, 1, 2, '市生态环境局', 'City Ecology Bureau'],
  [4, 1, 2, '市市场监督管理局', 'City Market Regulation Bureau'], [5, 1, 2, '市卫生健康委员会', 'City Health Commission'], [6, 1, 3, '市大数据资源管理中心', 'City Big Data Centre'],
  [7, 1, 1, '南山区政务服务数据管理局', 'Nanshan District Data Bureau'], [8, 0, 5, '市网信办', 'City Cyberspace Office'], [9, 0, 4, '鹏程交通科技有限公司', 'Pengcheng Mobility Ltd'],
].map(([number, parent, kind, zh, en]) => ({ id: number, parent, kind, title: t(zh, en), active: true }));
const org = (number) => organisations.find((one) => one.id === number);

const themes = [
  ['transport', '交通出行', 'Transport', 2, [['公交线路站点', 'Bus routes and stops'], ['地铁进出站客流', 'Metro passenger flow'], ['道路实时路况', 'Live road conditions'], ['公共停车场泊位', 'Public parking spaces'], ['共享单车停放区', 'Bike parking areas']]],
  ['environment', '生态环境', 'Environment', 3, [['空气质量监测', 'Air quality monitoring'], ['河流断面水质', 'River water quality'], ['噪声监测点', 'Noise monitoring points'], ['污水处理厂运行', 'Sewage plant operation']]],
  ['economy', '经济建设', 'Economy', 4, [['企业登记基本信息', 'Company registrations'], ['食品经营许可', 'Food business licences'], ['专利授权量', 'Patents granted'], ['电子信息制造业运行', 'Electronics industry figures']]],
  ['health', '医疗卫生', 'Health', 5, [['医疗机构名录', 'Medical institutions'], ['疫苗接种点', 'Vaccination sites'], ['门诊量统计', 'Outpatient visits']]],
];
const openings = ['unconditional', 'unconditional', 'conditional', 'unconditional', 'conditional'];
const frequencies = ['daily', 'weekly', 'monthly', 'realtime', 'yearly'];
const datasets = [];
for (const [topic, zhTopic, enTopic, owner, names] of themes) {
  for (const [zh, en] of names) {
    const n = datasets.length;
    const first = n === 0;
    datasets.push({
      id: first ? bundle.item.id : id(), title: t(zh, en), organisation: org(owner), topics: [topic], topicTitle: t(zhTopic, enTopic), keywords: first ? ['公交', '站点', '线路'] : [zh.slice(0, 2), '统计'],
      abstract: t(`${zh}数据,由${org(owner).title.zh}在履行职责过程中采集,经脱敏和质量检查后开放,包含时间、地点和数值等信息项,可用于研究、服务与应用开发。`, `${en}: gathered by the ${org(owner).title.en} in the course of its duties, desensitised and checked before opening; with time, place and values, for research, services and applications.`),
      formats: n % 3 === 2 ? ['csv', 'json'] : ['csv'], opening_type: openings[n % 5], frequency: frequencies[n % 5], licence: 'CC BY 4.0', published_at: now - 400 * day - n * day, updated_at: now - n * 3 * day - 4000,
      version: 3 + (n % 4), rows: 120 + n * 1371, size: 20000 + n * 98765, downloads: 4200 - n * 190, rating: n % 2 ? undefined : { average: 4.2 - (n % 5) * 0.3, count: 12 + n }, quality: 92 - n,
    });
  }
}
const columns = [
  { name: 'date', type: 'date', title: t('日期', 'Date'), description: t('统计日期,北京时间', 'Day, Beijing time') }, { name: 'district', type: 'string', title: t('行政区', 'District'), description: t('所在区', 'District of the city') },
  { name: 'value', type: 'number', title: t('数值', 'Value'), description: t('当日合计', 'Sum of the day') }, { name: 'share', type: 'number', title: t('占比', 'Share'), description: t('占全市的百分比', 'Per cent of the city') },
];
const districts = ['南山区', '福田区', '罗湖区', '宝安区', '龙岗区'];
const rows = Array.from({ length: 90 }, (_, i) => [new Date((now - (90 - i) * day) * 1000).toISOString().slice(0, 10), districts[i % 5], 800 + Math.round(300 * Math.sin(i / 6)) + random(90), 10 + (i % 17)]);
rows[3][1] = '=HYPERLINK("http://evil")';
const policy = (dataset) => ({
  '@context': 'http://www.w3.org/ns/odrl.jsonld', '@type': 'Offer', uid: `/policy/${dataset.id}`,
  permission: [{ action: 'use', constraint: dataset.opening_type === 'conditional' ? [{ leftOperand: 'purpose', operator: 'isAnyOf', rightOperand: ['academic', 'public_interest'] }] : [] }, { action: 'derive' }, { action: 'distribute', duty: [{ action: 'attribute' }] }],
  prohibition: [{ action: 'sell' }], obligation: [{ action: 'attribute' }, { action: 'inform' }],
});
const entryDocument = (dataset) => ({
  kind: 'entry', title: dataset.title, abstract: dataset.abstract, items: columns.map((one) => one.title), format: dataset.formats, sharing: 'conditional', opening_type: dataset.opening_type, system: t('综合业务系统', 'Business system'), frequency: dataset.frequency, organisation: dataset.organisation.id,
  conditions: dataset.opening_type === 'conditional' ? t('仅用于约定的场景,不得向第三方提供。', 'Only for the agreed scenario; not to be passed on.') : undefined, subjects: dataset.opening_type === 'conditional' ? [t('具备数据安全能力的法人', 'Legal persons with data-security ability')] : undefined,
  materials: dataset.opening_type === 'conditional' ? [t('应用场景说明', 'Description of the scenario'), t('数据安全管理制度', 'Data-security rules')] : undefined, topics: dataset.topics, keywords: dataset.keywords, licence: dataset.licence, contact: 'data@example.city.cn', grade: 'L2',
});
const stopColumns = [{ name: 'stop', type: 'string', title: t('站名', 'Stop') }, { name: 'kind', type: 'string', title: t('类别', 'Kind') }, { name: 'lon', type: 'number', title: t('经度', 'Longitude') }, { name: 'lat', type: 'number', title: t('纬度', 'Latitude') }];
const stopRows = Array.from({ length: 40 }, (_, i) => [`S${i}`, ['地铁', '公交', '轮渡'][i % 3], 113.9 + random(300) / 1000, 22.5 + random(200) / 1000]);
const stopsOf = (dataset) => dataset.id.replace(/..$/, 'ee');
const resourcesOf = (dataset) => [...resourcesOfAll(dataset), ...(dataset === datasets[0] ? [{ id: stopsOf(dataset), name: t('站点位置', 'Where the stops are'), format: 'csv', media_type: 'text/csv', size: 9000, digest: bundle.file.digest, rows: stopRows.length, version: 2, columns: stopColumns }] : [])];
const resourcesOfAll = (dataset) => [{ id: dataset.id === bundle.item.id ? bundle.item.id : dataset.id.replace(/.$/, '0'), name: t('全量数据', 'All rows'), format: 'csv', media_type: 'text/csv', size: dataset.size, digest: bundle.file.digest, rows: dataset.rows, version: dataset.version, columns }];

const users = {
  citizen: { name: 'citizen', title: '李晓', address: '0x1a642f0e3c3af545e7acbd38b07251b3990914f1', custody: 'server', real_name: true, kind: 'person', roles: ['user_person'] },
  officer: { name: 'officer', title: '王敏(市数据局)', address: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8', custody: 'server', real_name: true, kind: 'person', admin: true, organisation: org(1), roles: ['city_authority', 'owner_org', 'platform_operator'] },
};
const workflowOf = (name) => pack.workflows.find((one) => one.name === name);
const items = [];
function addItem(workflow, state, title, extra = {}) {
  const flow = workflowOf(workflow);
  const path = [];
  // the shortest way from nothing to the state
  const queue = [['none', []]];
  const seen = new Set(['none']);
  while (queue.length) {
    const [at, way] = queue.shift();
    if (at === state) { path.push(...way); break; }
    for (const step of flow.transitions.filter((one) => one.from.includes(at))) {
      if (seen.has(step.to)) continue;
      seen.add(step.to);
      queue.push([step.to, [...way, { step, from: at }]]);
    }
  }
  const citizen = { address: users.citizen.address, name: '李晓' };
  const officer = { address: users.officer.address, name: '王敏', organisation: org(1) };
  const history = path.map(({ step, from }, i) => ({
    sequence: i + 1, action: step.action, from, to: step.to, actor: step.roles.some((role) => role.startsWith('user_')) ? citizen : officer, at: now - (path.length - i) * 3 * day, height: 3 + i, transaction: `0x${'ab'.repeat(31)}0${i}`, article: step.article, document_digest: id(),
    deadline: step.clock && step.clock !== 'stop' ? now + 5 * day : undefined,
  }));
  const item = { id: id(), workflow, state, title, organisation: org(2), creator: citizen, overdue: false, sequence: path.length, pack: 1, updated_at: history.at(-1)?.at ?? now, mine: true, document_digest: id(), history, ...extra };
  item.document ??= { kind: flow.document, title, description: t('详细说明:用于城市交通研究,数据只在单位内部使用。', 'In detail: for research into city transport; the data stay inside the organisation.'), purpose: t('公交线网优化研究', 'Optimising the bus network') };
  items.push(item);
  return item;
}
const bus = datasets[0];
const metro = datasets.find((one) => one.opening_type === 'conditional');
const about = (dataset) => ({ id: dataset.id, workflow: 'entry', state: 'published', title: dataset.title });
addItem('application', 'submitted', t('申请使用地铁进出站客流', 'Application for metro passenger flow'), { subject: about(metro), deadline: now + 6 * day });
addItem('application', 'opined', t('申请使用企业登记信息', 'Application for company registrations'), { subject: about(datasets[9]), deadline: now - 2 * day, overdue: true });
addItem('application', 'refused', t('申请使用门诊量统计', 'Application for outpatient visits'), { subject: about(datasets[14]) });
addItem('agreement', 'user_signed', t('地铁客流开放利用协议', 'Agreement on metro passenger flow'), { party: { address: users.citizen.address, name: '李晓' }, marks: [1, 2, 3, 4, 5, 6, 7] });
addItem('grant', 'open', t('地铁客流使用权限', 'Right to metro passenger flow'));
addItem('commitment', 'signed', t('公交线路站点使用承诺', 'Commitment for bus routes'), { subject: about(bus) });
addItem('complaint', 'filed', t('停车泊位数据长期不更新', 'Parking data is never updated'), { deadline: now + 9 * day, choice: 1 });
addItem('complaint', 'escalated', t('申请逾期未答复', 'An application was not answered in time'), { deadline: now - day, overdue: true, choice: 2 });
addItem('objection', 'filed', t('空气质量站点坐标有误', 'Wrong coordinates of air stations'), { deadline: now + 3 * day, choice: 1 });
addItem('dispute', 'negotiation', t('道路数据归集责任争议', 'Dispute on who gathers road data'));
for (const [state, zh, en] of [['submitted', '希望开放充电桩实时状态', 'Live status of charging points'], ['submitted', '希望开放学区划分', 'School catchment areas'], ['opined', '希望开放历史天气', 'Historical weather'], ['accepted', '希望开放公厕位置', 'Public toilets'], ['planned', '希望开放停车收费', 'Parking fees'], ['met', '希望开放公交到站', 'Bus arrivals']]) addItem('demand', state, t(zh, en), state === 'submitted' ? { deadline: now + 4 * day } : {});
for (const [state, zh, en] of [['proposed', '无障碍出行导航', 'Barrier-free navigation'], ['listed', '商圈活力指数', 'Business district index'], ['listed', '城市内涝预警', 'Flood warning']]) addItem('scenario', state, t(zh, en));
for (const [state, zh, en] of [['org_submitted', '市交通运输局年度开放计划', 'Transport bureau’s plan'], ['committee_review', '全市年度开放计划', 'The city’s yearly plan'], ['published', '上一年度开放计划', 'Last year’s plan']]) addItem('plan', state, t(zh, en));
for (const [state, zh, en, stars] of [['listed', '掌上公交', 'Pocket Bus', 4.6], ['published', '深圳空气日报', 'Shenzhen Air Daily', 4.1], ['registered', '客流预测论文', 'Paper on passenger forecasts', 0]]) addItem('product', state, t(zh, en), { subject: about(bus), organisation: org(9), summary: t('基于开放数据的应用,服务市民日常出行。', 'An application on open data for everyday trips.'), rating: { average: stars, count: stars ? 31 : 0 } });
addItem('inspection', 'findings', t('对利用主体的安全检查', 'Security inspection of a user'), { deadline: now + 12 * day });
addItem('assessment', 'assessed', t('市交通运输局年度评估', 'Yearly assessment of the transport bureau'));
addItem('alert', 'raised', t('单日导出量异常', 'Unusual export volume'), { deadline: now + day, choice: 1 });
addItem('survey', 'announced', t('公共数据资源普查', 'Census of public data'));
addItem('support', 'applied', t('专项资金申请', 'Application for special funds'), { choice: 1 });
addItem('desensitisation', 'recorded', t('客流数据脱敏记录', 'Desensitisation of passenger data'));
for (const dataset of datasets.filter((one) => one.opening_type === 'conditional')) addItem('opening', 'conditional', dataset.title, { subject: about(dataset), choice: 3 });
const opening = addItem('opening', 'unconditional', t('公交线路站点的开放类型', 'Opening type of bus routes'), { subject: about(bus), choice: 1 });
const entry = addItem('entry', 'published', bus.title, { document: entryDocument(bus) });
entry.id = bus.id;
entry.related = [opening];
for (const [i, step] of entry.history.filter((one) => one.action === 'publish' || one.action === 'compile').entries()) step.document = { ...entryDocument(bus), title: t(i ? bus.title.zh : '公交站点', i ? bus.title.en : 'Bus stops'), items: entryDocument(bus).items.slice(0, 3 + i), frequency: i ? bus.frequency : 'weekly' };
addItem('entry', 'draft', t('学校名录', 'Schools'), { document: { ...entryDocument(bus), title: t('学校名录', 'Schools') } });
addItem('entry', 'city_review', t('公园绿地', 'Parks'), { document: { ...entryDocument(bus), title: t('公园绿地', 'Parks') } });

function actionsOf(workflow, state, user) {
  const flow = workflowOf(workflow);
  const roleTitle = (name) => pack.roles.find((one) => one.name === name).title;
  return flow.transitions.filter((step) => step.from.includes(state) || (state !== 'none' && !step.from.includes('none') && step.from.length && false)).map((step) => {
    const allowed = !!user && step.roles.some((role) => user.roles.includes(role)) && !step.needs?.includes('overdue');
    const who = step.roles.map(roleTitle);
    return {
      name: step.action, title: flow.actions.find((one) => one.name === step.action).title, allowed, article: step.article, to: step.to, why: allowed ? step.why : undefined,
      reason: allowed ? undefined : !user ? t('需要先登录。', 'You need to sign in.') : step.needs?.includes('overdue') ? t('期限还没有到。', 'The deadline has not passed yet.') : t(`这一步由${who.map((one) => one.zh).join('、')}办理。`, `This step is for: ${who.map((one) => one.en).join(', ')}.`),
      next: allowed ? undefined : t('请等待办理,或查看流程了解下一步。', 'Wait for it, or see the workflow for what comes next.'),
      document: flow.document && (step.needs?.includes('document') ? (step.content === false ? 'opinion' : flow.document) : undefined), document_needed: !!step.needs?.includes('document'), basis: !!step.needs?.includes('basis'), choice: step.choice ?? undefined, marks: step.marks ?? undefined, marks_any: step.marks_any || undefined,
      organisation: step.organisation === 'named' && step.from.includes('none') ? true : undefined, subject: step.subject && step.from.includes('none') ? step.subject : undefined, reference: step.refers_to ? { workflow: step.refers_to.workflow, states: step.refers_to.states } : undefined,
    };
  });
}
const kAtRest = /^(published|closed|conditional|unconditional|signed|in_force|open|listed|met|refused|rated)$/;
const inboxOf = (user) => items.filter((one) => !kAtRest.test(one.state) && actionsOf(one.workflow, one.state, user).some((action) => action.allowed && action.name !== 'withdraw')).sort((a, b) => (a.deadline ?? Infinity) - (b.deadline ?? Infinity));
const summary = ({ history, document, document_digest, related, choice, marks, ...rest }) => rest;
const count = (list, of, titles) => Object.entries(list.reduce((out, one) => { for (const value of [of(one)].flat()) out[value] = (out[value] ?? 0) + 1; return out; }, {})).map(([value, n]) => ({ value, title: titles(value), count: n })).sort((a, b) => b.count - a.count);
const openingTitles = { unconditional: t('无条件开放', 'Open without conditions'), conditional: t('有条件开放', 'Open under conditions'), closed: t('不予开放', 'Not open') };
const facetsOf = (list) => ({
  topic: count(list, (one) => one.topics, (value) => datasets.find((one) => one.topics.includes(value)).topicTitle), organisation: count(list, (one) => one.organisation.id, (value) => org(Number(value)).title), opening_type: count(list, (one) => one.opening_type, (value) => openingTitles[value]),
  format: count(list, (one) => one.formats, (value) => t(value.toUpperCase(), value.toUpperCase())), frequency: count(list, (one) => one.frequency, (value) => t(value, value)), tag: count(list, (one) => one.keywords, (value) => t(value, value)),
});
class Refusal extends Error {
  constructor(status, code, message, next, article) {
    super(code);
    this.status = status;
    this.body = { error: { code, message, next, article } };
  }
}
const missing = () => new Refusal(404, 'not_found', t('没有找到。', 'It was not found.'), t('请检查地址,或者从搜索开始。', 'Check the address, or begin with a search.'));
function pageOf(list, query) {
  const page = Number(query.get('page') ?? 1);
  const size = Number(query.get('page_size') ?? 20);
  return { total: list.length, page, page_size: size, slice: list.slice((page - 1) * size, page * size) };
}

// Identities of another site: one that waits in the browser, and those that are bound.
let waiting = false;
let bindings = [];
const addBinding = () => (bindings = [...bindings, { id: hex(32), provider: 'gov', title: t('政务服务统一身份认证', 'Government sign-in'), offered: true, name: '李晓 (gov)', created: now }]);

const routes = [
  ['GET', /^me$/, ({ user }) => (user ? { signed_in: true, csrf: 'token', user } : { signed_in: false })],
  ['POST', /^(login|register)$/, ({ body, reply }) => {
    if (!users[body.name]) throw new Refusal(401, 'wrong_login', t('用户名或密码不对。', 'The name or the password is wrong.'), t('请重新输入;忘记密码请联系平台运营机构。', 'Try again; ask the operator if you forgot the password.'));
    reply.setHeader('set-cookie', `who=${body.name}; HttpOnly; SameSite=Strict; Path=/`);
    return { signed_in: true, csrf: 'token', user: users[body.name] };
  }],
  ['POST', /^logout$/, ({ reply }) => { reply.setHeader('set-cookie', 'who=; Path=/; Max-Age=0'); return {}; }],
  ['GET', /^providers$/, () => ({ providers: [{ id: 'gov', title: t('政务服务统一身份认证', 'Government sign-in') }], waiting: waiting ? { provider: 'gov', title: t('政务服务统一身份认证', 'Government sign-in'), name: '李晓 (gov)', email: '', real_name: false } : undefined })],
  ['GET', /^me\/providers$/, () => ({ bindings })],
  ['POST', /^me\/providers$/, () => { waiting = false; return { bindings: addBinding() }; }],
  ['POST', /^me\/providers\/(\w+)$/, () => { addBinding(); return { location: '/account?tab=methods' }; }],
  ['DELETE', /^me\/providers\/(\w+)$/, ({ match }) => { bindings = bindings.filter((one) => one.id !== match[1]); return { bindings }; }],
  ['GET', /^datasets$/, ({ query }) => {
    const q = (query.get('q') ?? '').toLowerCase();
    let list = datasets.filter((one) => !q || JSON.stringify([one.title, one.abstract, one.keywords]).toLowerCase().includes(q));
    const tests = { topic: (one) => one.topics, organisation: (one) => [String(one.organisation.id)], opening_type: (one) => [one.opening_type], format: (one) => one.formats, frequency: (one) => [one.frequency], tag: (one) => one.keywords };
    for (const [name, of] of Object.entries(tests)) if (query.getAll(name).length) list = list.filter((one) => query.getAll(name).some((value) => of(one).includes(value)));
    if (query.get('sort') === 'downloads') list = [...list].sort((a, b) => b.downloads - a.downloads);
    const { slice, ...page } = pageOf(list, query);
    return { ...page, items: slice.map(({ topicTitle, ...rest }) => rest), facets: facetsOf(list) };
  }],
  ['GET', /^datasets\/(0x[0-9a-f]{64})$/, ({ match, user }) => {
    const dataset = datasets.find((one) => one.id === match[1]);
    if (!dataset) throw missing();
    const conditional = dataset.opening_type === 'conditional';
    const allowed = !!user && !conditional && user.name === 'officer';
    return {
      ...dataset, document: entryDocument(dataset), state: 'published', resources: resourcesOf(dataset), policy: policy(dataset), usage: { downloads: dataset.downloads, calls: 9120, applications: 7, products: 3 },
      quality: { score: dataset.quality, dimensions: [['completeness', '完整性', 'Completeness', 96], ['accuracy', '准确性', 'Accuracy', 91], ['timeliness', '及时性', 'Timeliness', 88], ['dictionary', '字段说明', 'Dictionary', 100]].map(([name, zh, en, score]) => ({ name, title: t(zh, en), score, detail: score < 90 ? t('最近一次更新晚了 2 天。', 'The last update was two days late.') : undefined })) },
      citation: { text: t(`${dataset.organisation.title.zh}(2023)。${dataset.title.zh}。第 ${dataset.version} 版。/dataset/${dataset.id.slice(2, 14)}`, `${dataset.organisation.title.en} (2023). ${dataset.title.en}. Version ${dataset.version}. /dataset/${dataset.id.slice(2, 14)}`), bibtex: `@misc{${dataset.id.slice(2, 10)},\n  title = {${dataset.title.en}},\n  year = {2023}\n}` },
      permitted: allowed ? { allowed, reason: t('您已签署承诺。', 'You have signed the commitment.'), article: 'SZ 40' } : { allowed, reason: conditional ? t('有条件开放的数据须申请,批准并签署协议后才能使用。', 'Conditional data need an application, an approval and a signed agreement.') : t('下载前须实名并签署数据安全使用承诺。', 'Before a download, users with a real name sign a commitment of safe use.'), article: conditional ? 'SZ 41' : 'SZ 40', next: conditional ? t('提交申请,十个工作日内答复。', 'Apply; the answer comes within ten working days.') : t('登录并签署承诺。', 'Sign in and sign the commitment.'), action: { workflow: conditional ? 'application' : 'commitment', action: conditional ? 'submit' : 'sign' } },
    };
  }],
  ['GET', /^datasets\/(0x\w+)\/versions$/, ({ match }) => ({ versions: [...[4, 3, 2, 1].map((number) => ({ number, at: now - (5 - number) * 30 * day, digest: id(), document: id(), resource: stopsOf(bus) })), ...entry.history.filter((step) => step.document).map((step, i) => ({ number: i + 1, at: step.at, document: step.document_digest })).reverse()] })],
  ['GET', /^datasets\/(0x\w+)\/preview$/, ({ match, query }) => (query.get('resource') === stopsOf(bus) ? { resource: stopsOf(bus), columns: stopColumns, rows: stopRows, total: stopRows.length } : { resource: match[1], columns, rows: rows.slice(0, 50), total: 1371 })],
  ['GET', /^datasets\/(0x\w+)\/rows$/, ({ query }) => ({ columns, rows: rows.slice(0, Number(query.get('limit') ?? 10)), total: 1371 })],
  ['GET', /^datasets\/(0x\w+)\/profile$/, () => ({ rows: 1371, columns: [{ name: 'date', type: 'date', count: 1371, missing: 0, distinct: 90, min: rows[0][0], max: rows[89][0] }, { name: 'district', type: 'string', count: 1370, missing: 1, distinct: 5, top: districts.map((value, i) => ({ value, count: 300 - i * 20 })) }, { name: 'value', type: 'number', count: 1371, missing: 0, distinct: 640, min: 500, max: 1190, mean: 812.4 }, { name: 'share', type: 'number', count: 1371, missing: 0, distinct: 17, min: 10, max: 26, mean: 18 }] })],
  ['GET', /^datasets\/(0x\w+)\/aggregate$/, ({ query }) => {
    const by = Object.entries(rows.reduce((out, row) => ({ ...out, [row[1]]: [...(out[row[1]] ?? []), row] }), {}));
    if (query.get('group_by') !== 'district') throw new Refusal(400, 'bad_query', t('查询条件不对。', 'The query is not valid.'), t('请检查字段。', 'Check the columns.'));
    return { columns: [{ name: 'district', type: 'string' }, { name: 'count', type: 'integer' }, { name: 'sum(value)', type: 'number' }], rows: by.map(([district, of]) => [district, of.length, of.reduce((sum, row) => sum + row[2], 0)]), total: by.length };
  }],
  ['GET', /^datasets\/(0x\w+)\/diff$/, ({ query }) => (++diffs % 2 ? new Later() : { resource: stopsOf(bus), before: query.get('before'), after: query.get('after'), rows: { before: 40, after: 42 }, columns: { added: [{ name: 'lift', type: 'boolean' }], removed: [], retyped: [{ name: 'kind', before: 'integer', after: 'string' }] }, ...(query.get('key') ? { changes: { key: ['stop'], added: 2, removed: 0, changed: 1, examples: [{ change: 'changed', key: ['S1'], values: [{ column: 'kind', before: '1', after: '公交' }] }, { change: 'added', key: ['S41'], values: [{ column: 'kind', after: '轮渡' }] }] } } : {}) })],
  ['GET', /^datasets\/(0x\w+)\/quality$/, () => ({ resources: [{ resource: stopsOf(bus), rows: 40, rejected: 0, passed: false, results: [{ rule: { rule: 'not_null', column: 'stop' }, passed: true, checked: 40, failed: 0 }, { rule: { rule: 'range', column: 'lat', min: 22, max: 23 }, passed: false, checked: 40, failed: 2, examples: ['23.4'] }] }] })],
  ['GET', /^files\/(\w+)\/preview$/, () => ({ columns: [{ name: 'name', type: 'string' }, { name: 'phone', type: 'string' }, { name: 'born', type: 'date' }, { name: 'district', type: 'string' }], rows: [['张三', '13800001111', '1980-01-02', '南山区']], total: 1 })],
  ['POST', /^files\/(\w+)\/desensitise$/, ({ body }) => ({ file: { digest: `0x${'cd'.repeat(32)}`, size: 4096, format: body.output }, record: { rows_in: 120, columns: body.columns.map((one) => ({ column: one.column, method: one.method, rule: one, values_changed: one.method === 'keep' ? 0 : 120 })), ...(body.k_anonymity ? { k_anonymity: { ...body.k_anonymity, classes: 9, smallest: 7, reached: true, suppressed: 0 } } : {}) }, document: {}, ...(body.record ? { act: { item: items.find((one) => one.workflow === 'desensitisation').id, status: 'final', transaction: `0x${'ab'.repeat(31)}00` } } : {}) })],
  ['GET', /^organisations$/, () => ({ total: organisations.length, organisations: organisations.map((one) => ({ ...one, datasets: datasets.filter((d) => d.organisation.id === one.id).length })) })],
  ['GET', /^stats$/, () => ({
    datasets: datasets.length, resources: 31, rows: 1846203, organisations: organisations.length, downloads: 48210, calls: 913402, applications: 37, products: 12,
    openness: { score: 78, dimensions: [['breadth', '开放广度', 'Breadth', 74, 40], ['quality', '数据质量', 'Quality', 90, 30], ['use', '利用活跃度', 'Use', 71, 30]].map(([name, zh, en, score, weight]) => ({ name, title: t(zh, en), score, weight })) },
    by_topic: facetsOf(datasets).topic, by_opening_type: facetsOf(datasets).opening_type, by_organisation: facetsOf(datasets).organisation,
    activity: Array.from({ length: 30 }, (_, i) => ({ day: new Date((now - (30 - i) * day) * 1000).toISOString().slice(0, 10), published: i % 4, downloads: 900 + Math.round(300 * Math.sin(i)) + i * 12, calls: 2200 + Math.round(500 * Math.cos(i / 2)) })),
    work: Object.entries(items.reduce((out, one) => { const key = `${one.workflow}/${one.state}`; out[key] ??= [0, 0]; out[key][0]++; if (one.overdue) out[key][1]++; return out; }, {})).map(([key, [n, late]]) => ({ workflow: key.split('/')[0], state: key.split('/')[1], count: n, overdue: late })),
  })],
  ['GET', /^items$/, ({ query, user }) => {
    const inbox = query.get('inbox') && user ? inboxOf(user) : null;
    const list = (inbox ?? items).filter((one) => (!query.get('workflow') || one.workflow === query.get('workflow')) && (!query.get('state') || one.state === query.get('state')) && (!query.get('overdue') || one.overdue) && (!query.get('subject') || one.subject?.id === query.get('subject')));
    const { slice, ...page } = pageOf(list, query);
    const counts = inbox && [...new Set(inbox.map((one) => one.workflow))].map((workflow) => [workflow, inbox.filter((one) => one.workflow === workflow)]).map(([workflow, of]) => ({ workflow, title: workflowOf(workflow).title, count: of.length, overdue: of.filter((one) => one.overdue).length }));
    return { ...page, ...(counts ? { counts } : {}), items: slice.map(summary) };
  }],
  ['GET', /^items\/(0x[0-9a-f]{64})$/, ({ match, user }) => {
    const item = items.find((one) => one.id === match[1]);
    if (!item) throw missing();
    return { ...item, related: item.related?.map(summary) ?? items.filter((one) => one.workflow === 'grant').slice(0, 1).map(summary), actions: actionsOf(item.workflow, item.state, user) };
  }],
  ['GET', /^actions$/, ({ query, user }) => {
    if (!workflowOf(query.get('workflow') ?? '')) throw missing();
    return { actions: actionsOf(query.get('workflow'), 'none', user) };
  }],
  ['POST', /^items$/, ({ user, body }) => {
    if (!user) throw new Refusal(401, 'login_required', t('请先登录。', 'Please sign in.'), t('登录后再提交。', 'Sign in, then submit again.'));
    const step = workflowOf(body.workflow).transitions.find((one) => one.action === body.action);
    const item = addItem(body.workflow, step.to, body.document?.title ?? workflowOf(body.workflow).title, { document: body.document, choice: body.choice, marks: body.marks });
    return { item: item.id, transaction: `0x${'ab'.repeat(31)}00`, status: 'final' };
  }],
  ['POST', /^items\/(0x[0-9a-f]{64})\/actions\/(\w+)$/, ({ match, body, user }) => {
    const item = items.find((one) => one.id === match[1]);
    if (!item) throw missing();
    if (body.sequence !== item.sequence) throw new Refusal(409, 'stale', t('有人已经先办理了一步。', 'Somebody took a step before you.'), t('请刷新后查看最新状态。', 'Load the page again to see it.'));
    const step = workflowOf(item.workflow).transitions.find((one) => one.action === match[2] && one.from.includes(item.state));
    if (!step) throw new Refusal(409, 'no_such_transition', t('这个状态下没有这一步。', 'There is no such step in this state.'), t('请查看流程。', 'See the workflow.'), 'SZ 42');
    item.history.push({ sequence: ++item.sequence, action: step.action, from: item.state, to: step.to, actor: { address: user.address, name: user.title }, at: Math.floor(Date.now() / 1000), height: 9, transaction: `0x${'ab'.repeat(31)}00`, article: step.article, choice: body.choice });
    item.state = step.to;
    return { item: item.id, transaction: `0x${'ab'.repeat(31)}00`, status: 'final' };
  }],
  ['GET', /^alerts$/, () => ({ alerts: [['danger', '单日导出量异常', 'Unusual export volume', '账户在 1 小时内下载 37 个数据集。', 'An account downloaded 37 datasets in an hour.'], ['warning', '超出约定场景的使用', 'Use outside the agreed scenario', '检测到向第三方提供的接口。', 'An interface to a third party was found.'], ['info', '融合后可能敏感', 'Sensitive when combined', '两个数据集合并后可以识别个人。', 'Two datasets together identify people.']].map(([severity, zh, en, dzh, den], i) => ({ id: id(), kind: 'alert', severity, at: now - i * 7200, title: t(zh, en), detail: t(dzh, den), item: items.find((one) => one.workflow === 'alert').id, dataset: bus.id, state: ['raised', 'confirmed', 'handled'][i] })) })],
  ['GET', /^audit$/, ({ query }) => ({ entries: items.flatMap((item) => item.history.map((step, i) => ({ number: i, at: step.at, actor: step.actor, action: query.get('kind') === 'reads' ? 'document' : step.action, workflow: item.workflow, object: { kind: 'item', id: item.id, title: item.title, workflow: item.workflow }, result: 'done', article: step.article, transaction: step.transaction, digest: step.document_digest }))).sort((a, b) => b.at - a.at).slice(0, 60).map((one, i) => ({ ...one, number: 1000 - i })) })],
  ['GET', /^rules$/, () => ({ current: 1, packs: [{ number: 1, name: pack.name, title: pack.title, effective_from: pack.effective_from, digest: id(), sources: pack.sources }] })],
  ['GET', /^rules\/1$/, () => pack],
  ['GET', /^documents$/, () => ({ kinds: documentKinds })],
  ['GET', /^chain$/, () => ({ id: bundle.chain.id, genesis: bundle.chain.genesis, contracts: { Directory: '0x5fbdb2315678afecb367f032d93f642f64180aa3', RuleBook: '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512', Workflows: '0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0' } })],
  ['GET', /^proofs\/item\/(0x[0-9a-f]{64})$/, ({ match }) => { if (match[1] !== bundle.item.id) throw new Refusal(503, 'not_covered', t('这个事项的证明还没有准备好。', 'The proof of this item is not ready yet.'), t('请几秒后再试。', 'Try again in a few seconds.')); return bundle; }],
  ['POST', /^uploads$/, ({ body }) => { const upload = { id: hex(16), size: body.size, parts: [] }; uploads.set(upload.id, upload); return { id: upload.id, offset: 0 }; }],
  ['POST', /^organisations$/, ({ body, user }) => {
    if (!user?.roles.includes('city_authority')) throw new Refusal(403, 'not_authorised', t('您的角色不能这样设置。', 'Your roles do not reach this.'), t('请由有权的主管部门办理。', 'Ask the authority that may set it.'), 'SZ 3');
    const before = organisations.find((one) => one.id === body.id);
    if (before) Object.assign(before, body);
    else organisations.push({ active: true, parent: 0, ...body, id: organisations.length + 1 });
    return { transaction: `0x${'ab'.repeat(31)}00`, status: 'final' };
  }],
  ['GET', /^actors$/, ({ query }) => ({ page: 1, page_size: 100, actors: query.get('page') === '2' ? [] : actors.filter((one) => !query.get('organisation') || String(one.actor.organisation.id) === query.get('organisation')) })],
  ['POST', /^actors$/, ({ body }) => {
    const before = actors.find((one) => one.actor.address === body.address);
    if (before) Object.assign(before, { roles: body.roles, active: body.active });
    else actors.push({ actor: { address: body.address, organisation: org(body.organisation) }, roles: body.roles, active: body.active });
    return { transaction: `0x${'ab'.repeat(31)}00`, status: 'final' };
  }],
  ['GET', /^passkeys$/, () => ({ passkeys })],
  ['POST', /^passkeys\/register\/begin$/, () => ({ publicKey: { challenge: 'AAECAwQFBgcICQ', timeout: 60000, rp: { id: 'localhost', name: 'Mock' }, user: { id: 'AQID', name: 'citizen', displayName: 'citizen' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }], attestation: 'none', authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' }, excludeCredentials: [] } })],
  ['POST', /^passkeys\/register\/finish$/, ({ body }) => { if (!body.response.attestationObject) throw missing(); passkeys.push({ id: body.id, name: body.name, algorithm: 'p256', backed_up: false, created: now }); return { passkeys }; }],
  ['POST', /^passkeys\/login\/begin$/, () => ({ publicKey: { challenge: 'AAECAwQFBgcICQ', timeout: 60000, rpId: 'localhost', userVerification: 'required', allowCredentials: [] } })],
  ['POST', /^passkeys\/login\/finish$/, ({ body, reply }) => {
    if (!passkeys.some((one) => one.id === body.id) || !body.response.signature) throw new Refusal(401, 'key_refused', t('这把密钥没有通过验证。', 'That key did not pass.'), t('请重试。', 'Try again.'));
    reply.setHeader('set-cookie', 'who=citizen; HttpOnly; SameSite=Strict; Path=/');
    return { signed_in: true, csrf: 'token', user: users.citizen };
  }],
  ['DELETE', /^passkeys\/(.+)$/, ({ match }) => { passkeys.splice(passkeys.findIndex((one) => one.id === decodeURIComponent(match[1])), 1); return { passkeys }; }],
  ['GET', /^me\/dids$/, () => ({ dids })],
  ['POST', /^did\/challenge$/, ({ body }) => ({ challenge: 'c0ffee', expires: now + 120, statement: `wusong-portal v1: did-${body.purpose}\nhost: localhost\ndid: ${body.did}\naccount: -\nchallenge: c0ffee` })],
  ['POST', /^did\/bind$/, ({ body }) => { dids.push({ did: body.did, created: now }); return { dids }; }],
  ['DELETE', /^me\/dids\/(.+)$/, ({ match }) => { dids.splice(dids.findIndex((one) => one.did === decodeURIComponent(match[1])), 1); return { dids }; }],
  ['GET', /^me\/tokens$/, () => ({ tokens })],
  ['POST', /^me\/tokens$/, ({ body }) => { tokens.push({ id: hex(8), name: body.name, created: now, expires: body.days ? now + body.days * day : undefined }); return { token: `wp_${hex(40)}` }; }],
  ['DELETE', /^me\/tokens\/(\w+)$/, ({ match }) => { tokens.splice(tokens.findIndex((one) => one.id === match[1]), 1); return {}; }],
  ['GET', /^accounts$/, () => ({ accounts: Object.values(users).map((user, i) => ({ id: String(i), ...user, verified_by: 'operator', disabled: false })) })],
];
let diffs = 0;
/** An answer that is still being computed. */
class Later {}
const passkeys = [];
const dids = [{ did: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', created: now - 40 * day, used: now - day }];
const tokens = [{ id: 'a1', name: '客流分析', created: now - 10 * day, expires: now + 80 * day }];
const actors = Object.values(users).filter((one) => one.organisation).map((one) => ({ actor: { address: one.address, name: one.title, organisation: one.organisation }, roles: one.roles, active: true }));
const uploads = new Map();
const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8', '.json': 'application/json' };

function statics(request, reply, pathname) {
  const file = path.join(web, pathname);
  const found = file.startsWith(web) && fs.existsSync(file) && fs.statSync(file).isFile() ? file : path.join(web, 'index.html');
  if (found.endsWith('index.html') && path.extname(pathname)) { reply.writeHead(404).end(); return; }
  reply.writeHead(200, { 'content-type': types[path.extname(found)] ?? 'application/octet-stream', 'content-security-policy': csp });
  if (!found.endsWith('index.html')) return fs.createReadStream(found).pipe(reply);
  // As the server's own pages do.
  const site = JSON.stringify({ title: t('鹏城公共数据开放平台', 'Pengcheng Open Data'), description: t('依法开放、全程可查的公共数据。', 'Public data, opened by law, every step on record.'), publisher: t('市政务服务数据管理局', 'City Government Data Bureau'), contact: 'data@example.city.cn' });
  reply.end(fs.readFileSync(found, 'utf8').replace('</head>', `<script type="application/json" id="site">${site}</script></head>`));
}

export function startMock(port = 0) {
  const server = http.createServer(async (request, reply) => {
    const url = new URL(request.url, 'http://localhost');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const json = (status, body) => reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      if (url.pathname === '/rpc') return json(200, rpcAnswer(JSON.parse(raw), { pack, items, contract: '0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0', users, bundle }));
      if (url.pathname === '/openapi.json') return json(200, { openapi: '3.1.0', paths: { '/api/v1/datasets/{id}/aggregate': { get: {} }, '/api/v1/datasets/{id}/diff': { get: {} }, '/api/v1/datasets/{id}/quality': { get: {} }, '/api/v1/files/{id}/desensitise': { post: {} } } });
      if (url.pathname.startsWith('/oidc/')) {
        waiting = true;
        return reply.writeHead(303, { location: `/signin?provider=gov&to=${encodeURIComponent(url.searchParams.get('to'))}` }).end();
      }
      if (!url.pathname.startsWith('/api/v1/')) return statics(request, reply, url.pathname);
      const rest = url.pathname.slice(8);
      const user = users[/who=(\w+)/.exec(request.headers.cookie ?? '')?.[1]] ?? null;
      const piece = /^uploads\/(\w+)(\/finish)?$/.exec(rest);
      if (piece && uploads.has(piece[1])) {
        const upload = uploads.get(piece[1]);
        if (request.method === 'PATCH') upload.parts.push(raw);
        const body = Buffer.concat(upload.parts);
        const { createHash } = await import('node:crypto');
        return json(200, piece[2] ? { digest: `0x${createHash('sha256').update(body).digest('hex')}`, size: body.length } : { id: upload.id, offset: body.length });
      }
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method && pattern.exec(rest);
        if (!match) continue;
        const answer = handle({ match, query: url.searchParams, user, reply, body: raw.length && request.headers['content-type']?.includes('json') ? JSON.parse(raw) : {} });
        return answer instanceof Later ? json(202, { status: 'computing', message: t('正在计算。', 'Being computed.'), next: t('请稍候。', 'One moment.') }) : json(200, answer);
      }
      throw missing();
    } catch (error) {
      if (error instanceof Refusal) return json(error.status, error.body);
      console.error(error);
      return json(500, { error: { code: 'mock', message: t(String(error), String(error)) } });
    }
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close(), datasets, items })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) startMock(Number(process.argv[2] ?? 8099)).then(({ url }) => console.log(url));
