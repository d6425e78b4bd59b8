// SPDX-License-Identifier: Apache-2.0
// ODRL 2.2 in plain words. What is not known is shown as it is, never left out.
import { l, text } from '@/i18n/index.js';
import { wordTitle } from './vocabulary.js';

const actions = {
  use: ['使用数据', 'use the data'], read: ['查看', 'read'], download: ['下载', 'download'], distribute: ['向他人提供', 'pass it on to others'],
  derive: ['加工、衍生', 'derive new data'], reproduce: ['复制', 'copy'], attribute: ['注明来源', 'name the source'], inform: ['反馈使用情况', 'report how it is used'],
  commercialize: ['商业使用', 'use it commercially'], sell: ['出售原始数据', 'sell the raw data'], delete: ['到期删除', 'delete it at the end'], aggregate: ['与其他数据融合', 'combine it with other data'],
  acceptTracking: ['接受检查', 'accept inspection'], ensureExclusivity: ['不得转授权', 'keep the right to yourself'], analyze: ['分析', 'analyse'], execute: ['在安全域内运行', 'run it inside the secure domain'],
  obtainConsent: ['经批准并签署协议', 'have an approval and a signed agreement'], compensate: ['支付费用', 'pay for it'], nextPolicy: ['对下游施加同样的条件', 'pass the same conditions on'], modify: ['修改', 'modify it'], display: ['展示', 'show it'], archive: ['存档', 'archive it'], present: ['公开展示', 'present it'], index: ['建立索引', 'index it'], transfer: ['转让', 'transfer it'], grantUse: ['转授权', 'let others use it'],
  extract: ['导出', 'export'], secure: ['落实安全保护', 'keep it secure'], review: ['接受审查', 'be reviewed'],
};
const operands = {
  purpose: ['用途', 'purpose'], dateTime: ['时间', 'time'], spatial: ['地域', 'place'], recipient: ['使用者', 'user'], count: ['次数', 'times'], industry: ['行业', 'industry'], event: ['事件', 'event'], elapsedTime: ['时长', 'duration'], media: ['载体', 'medium'],
};
const operators = { eq: ['是', 'is'], neq: ['不是', 'is not'], lt: ['早于或小于', 'is before or below'], lteq: ['不超过', 'is at most'], gt: ['晚于或大于', 'is after or above'], gteq: ['不少于', 'is at least'], isAnyOf: ['是其中之一：', 'is one of'], isPartOf: ['在以下范围内：', 'is within'], isA: ['属于', 'is a'], isNoneOf: ['不是其中任何一个：', 'is none of'] };

const local = (name) => String(name?.['@id'] ?? name?.['rdf:value']?.['@id'] ?? name ?? '').replace(/^.*[/#:]/, '');
const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const said = (table, name) => (table[local(name)] ? l(...table[local(name)]) : local(name));
const operand = (value) => list(value?.['@list'] ?? value).map((one) => (one && typeof one === 'object' ? (one['@value'] ?? (text(one) || local(one))) : wordTitle(String(one).includes('://') ? local(one) : one))).join(l('、', ', '));

function rule(entry) {
  return {
    action: list(entry.action).map((one) => said(actions, one)).join(l('、', ', ')),
    conditions: [...list(entry.constraint), ...list(entry.refinement)].map((c) => `${said(operands, c.leftOperand)} ${said(operators, c.operator)} ${operand(c.rightOperand)}`)
      .concat(list(entry.description ?? entry['dct:description']).map((one) => text(one)))
      .concat(list(entry.duty).map((duty) => l('前提：{x}', 'provided that you {x}', { x: rule(duty).action }))),
  };
}

export function explainPolicy(policy) {
  const of = (kind) => list(policy?.[kind] ?? policy?.[`odrl:${kind}`]).map(rule);
  return { permission: of('permission'), prohibition: of('prohibition'), obligation: [...of('obligation'), ...of('duty')] };
}
