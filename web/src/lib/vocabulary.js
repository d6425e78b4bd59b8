// SPDX-License-Identifier: Apache-2.0
// Words of fixed lists in documents, in both languages; a word that is not listed stands for itself.
import { i18n, l, text } from '@/i18n/index.js';

const titles = {
  unconditional_sharing: ['无条件共享', 'shared without conditions'], conditional_sharing: ['有条件共享', 'shared on conditions'], not_shared: ['不予共享', 'not shared'],
  none: ['无', 'none'], low: ['低', 'low'], medium: ['中', 'medium'], high: ['高', 'high'],
  csv: ['CSV', 'CSV'], json: ['JSON', 'JSON'], api: ['接口', 'API'], xlsx: ['XLSX', 'XLSX'],
  download: ['下载', 'download'], secure_domain: ['安全域', 'secure domain'],
  natural_person: ['自然人', 'natural person'], government: ['政务与法治', 'Government and law'], enterprise: ['企业', 'enterprise'],
  academic: ['学术研究', 'research'], commercial: ['商业用途', 'commercial use'], public_interest: ['公益', 'public interest'],
  paper: ['论文', 'paper'], patent: ['专利', 'patent'], application: ['应用', 'application'], report: ['报告', 'report'], model: ['模型', 'model'],
  // Topics of city catalogues.
  transport: ['交通出行', 'Transport'], environment: ['生态环境', 'Environment'], meteorology: ['气象服务', 'Weather'], health: ['卫生健康', 'Health'], education: ['教育', 'Education'], business: ['市场监管与营商', 'Business and markets'],
  housing: ['住房与建设', 'Housing and construction'], energy: ['能源', 'Energy'], culture: ['文化旅游体育', 'Culture, tourism and sport'], elderly: ['养老与民政', 'Care and civil affairs'], emergency: ['应急与消防', 'Emergency and fire'],
  water: ['水务', 'Water'], ocean: ['海洋渔业', 'Sea and fisheries'], agriculture: ['农业农村', 'Agriculture'], finance: ['财政与统计', 'Finance and statistics'], employment: ['就业与社保', 'Work and social insurance'],
  planning: ['规划与城市管理', 'Planning and city management'], industry: ['产业与科技', 'Industry and science'], districts: ['各区专题', 'Districts'], economy: ['经济建设', 'Economy'],
  // Names of the rule pack's lists and numbers, where the pack gives them no title.
  closed_ground: ['不予开放的情形', 'grounds for closed'], conditional_ground: ['有条件开放的情形', 'grounds for conditional'], unconditional_ground: ['无条件开放的情形', 'grounds for open'],
  condition_subject: ['利用主体条件', 'conditions on the user'], condition_scenario: ['应用场景条件', 'conditions on the scenario'], condition_mode: ['使用方式条件', 'conditions on the mode of use'], delivery: ['提供方式', 'delivery'],
  commitment_clause: ['承诺事项', 'clauses of the commitment'], agreement_clause: ['协议条款', 'clauses of the agreement'], opinion: ['意见', 'opinion'], breach: ['违约情形', 'kinds of breach'], complaint_ground: ['投诉情形', 'grounds for a complaint'],
  remedy: ['处理措施', 'remedy'], star: ['星级', 'stars'], product_kind: ['成果类型', 'kind of product'], award: ['奖励', 'award'], org_violation: ['开放主体违规情形', 'violations by organisations'], user_violation: ['利用主体违规情形', 'violations by users'],
  alert_kind: ['预警类型', 'kind of alert'], evidence_kind: ['证据类型', 'kind of evidence'], supplementary_ground: ['补充计划的理由', 'grounds for a supplementary plan'], objection_kind: ['异议类型', 'kind of objection'], support_kind: ['支持类型', 'kind of support'], gate_stage: ['环节', 'stage'],
  application_answer: ['申请答复期限', 'answer to an application'], secure_domain_answer: ['安全域申请答复期限', 'answer to a secure-domain application'], complaint_answer: ['投诉答复期限', 'answer to a complaint'], supplement: ['补正期限', 'time to supplement'],
  rectification: ['整改期限', 'time to rectify'], objection_answer: ['异议答复期限', 'answer to an objection'], alert_response: ['预警响应期限', 'response to an alert'], reevaluation: ['重新评估周期', 're-evaluation'], evidence_review: ['证据复核周期', 'review of evidence'], plan_cycle: ['计划周期', 'planning cycle'], assessment_cycle: ['评估周期', 'assessment cycle'],
};
export function wordTitle(word) {
  if (titles[word]) return l(...titles[word]);
  return i18n.global.te(word) ? i18n.global.t(word) : /^[a-z]+(_[a-z]+)+$/.test(word) ? word.replaceAll('_', ' ') : String(word);
}

/** The title of a facet's value. A server that has no words for it repeats the value. */
export const titleOf = (value) => (text(value.title) && text(value.title) !== String(value.value) ? text(value.title) : wordTitle(value.value));
