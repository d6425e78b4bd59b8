// SPDX-License-Identifier: Apache-2.0
// What transactions of the platform's contracts mean, in the words of the rule pack.
import { l, text } from '@/i18n/index.js';
import { useRules } from '@/stores/rules.js';
import { decodeCall, decodeLog, splitKind } from './abi.js';

export function actWords(act, pack) {
  const rules = useRules();
  const workflow = rules.workflow(act.workflow, pack);
  return `${text(workflow?.title) || act.workflow}: ${rules.actionTitle(act.workflow, act.action, pack)}`;
}

const callTitles = () => ({
  actMany: l('多个步骤', 'several steps'), setOrganisation: l('登记单位', 'register an organisation'), setActor: l('设置办理人', 'set an actor'), setDistrictRoles: l('设置区级角色', 'set district roles'),
  publish: l('发布规则行', 'publish rules'), seal: l('封存规则包', 'seal a rule pack'), setWorkingDays: l('设置工作日', 'set working days'), item: l('查询事项', 'read an item'),
});

/** A transaction in a few words. */
export function transactionWords(transaction) {
  if (!transaction.to) return l('部署合约', 'deploys a contract');
  if (!transaction.input || transaction.input === '0x') return l('转账', 'transfer');
  const call = decodeCall(transaction.input);
  if (!call) return transaction.input.slice(0, 10);
  if (call.name === 'act') return actWords(call.args.given);
  if (call.name === 'actMany') return `${callTitles().actMany} (${call.args.given.length}): ${actWords(call.args.given[0] ?? {})}`;
  return callTitles()[call.name] ?? call.name;
}
export function decoded(transaction) {
  return transaction.input && transaction.input !== '0x' ? decodeCall(transaction.input) : null;
}

/** The platform's events among logs: `{name, args, kind?}`. */
export function eventsOf(logs) {
  return logs.map((log) => {
    const found = decodeLog(log);
    return found && { ...found, log, kind: found.name === 'Acted' ? splitKind(found.args.kind) : undefined };
  });
}
