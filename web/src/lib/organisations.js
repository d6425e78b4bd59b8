// SPDX-License-Identifier: Apache-2.0
import { l } from '@/i18n/index.js';

/** Kinds of organisations, numbered as in the Directory contract. */
export const kinds = () => [
  [1, l('主管部门', 'Authority')], [2, l('公共管理和服务机构', 'Public body')], [3, l('平台运营机构', 'Platform operator')], [4, l('利用主体', 'User organisation')],
  [5, l('监管部门', 'Regulator')], [6, l('人民政府', 'Government')], [7, l('专业委员会', 'Committee')], [8, l('其他', 'Other')],
];
export const kindTitle = (kind) => kinds().find(([number]) => number === kind)?.[1] ?? String(kind ?? '');

/** The ids of an organisation and of everything below it. */
export function zoneOf(organisations, id) {
  const out = new Set([id]);
  for (let before = 0; before !== out.size; ) {
    before = out.size;
    for (const one of organisations) if (out.has(one.parent)) out.add(one.id);
  }
  return [...out];
}
