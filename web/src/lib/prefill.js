// SPDX-License-Identifier: Apache-2.0
// What a new document can take from what it is about, so that nobody types it twice.
import { get } from './api.js';

const same = (from, names) => Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
const day = (date) => date.toISOString().slice(0, 10);
function term(months = 12) {
  const from = new Date();
  const until = new Date(from);
  until.setMonth(until.getMonth() + months);
  return { from: day(from), until: day(until) };
}

const rules = {
  opening: (entry) => same(entry, ['conditions', 'subjects', 'scenarios', 'modes', 'materials', 'grade']),
  agreement: (application) => ({ ...same(application, ['purpose', 'mode']), ...term(application.period_months) }),
  grant: (agreement) => same(agreement, ['from', 'until', 'mode']),
};

/** The beginning of a document of this kind about that item; empty where there is nothing to take. */
export async function startOf(kind, subject) {
  if (!rules[kind] || !subject) return {};
  const { document } = await get(`items/${subject}`);
  return document ? rules[kind](document) : {};
}

// The model agreement (SZ 43): a text for each clause, which both sides may change before they sign.
export const modelClauses = {
  feedback: { zh: '乙方每季度向甲方反馈数据利用情况和成果。', en: 'The user reports its use and results to the owner every quarter.' },
  purpose: { zh: '未经甲方同意，数据不得用于约定范围以外的用途。', en: 'Without the owner’s consent the data is not used beyond the agreed scope.' },
  no_spreading: { zh: '未经甲方同意，不得以任何方式向第三方传播数据。', en: 'Without the owner’s consent the data is not passed to anyone else in any way.' },
  citation: { zh: '论文、专利、作品、软件和应用应注明数据名称、提供单位和获取日期。', en: 'Papers, patents, works, software and applications name the data, its owner and the date of access.' },
  security: { zh: '乙方落实专人负责、最小授权、加密存储，并依法留存日志。', en: 'The user appoints a person in charge, grants least access, stores encrypted and keeps logs as the law asks.' },
  inspection: { zh: '乙方接受甲方和主管部门的安全监督检查。', en: 'The user accepts security inspections by the owner and the authority.' },
  liability: { zh: '乙方承诺守信用数；违约的，暂停直至终止权限，并依法承担责任；争议先协商，协商不成的提请有管辖权的法院处理。', en: 'The user pledges its credit; on breach, rights are suspended and then ended, and liability follows the law; disputes are negotiated first and then go to the court competent.' },
};
