// SPDX-License-Identifier: Apache-2.0
// What is missing in a document, before it is sent; the server checks again.
import { l } from '@/i18n/index.js';

/** Names of the members that lack or break something, each with words. */
export function faultsOf(document, fields, omit = []) {
  const faults = {};
  for (const field of fields) {
    if (omit.includes(field.name)) continue;
    const value = document[field.name];
    const empty = value === undefined || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
    if (field.required && empty && field.type !== 'boolean') faults[field.name] = l('请填写。', 'This is required.');
    else if (empty) continue;
    else if (field.type === 'date' && !/^\d{4}-\d\d-\d\d$/.test(value)) faults[field.name] = l('日期应为 2023-10-01 的样子。', 'A date looks like 2023-10-01.');
    else if (field.type === 'integer' && (!Number.isSafeInteger(value) || value < 0)) faults[field.name] = l('请填写不小于 0 的整数。', 'A whole number, not negative.');
    else if (field.type === 'decimal' && !/^-?\d+(\.\d+)?$/.test(value)) faults[field.name] = l('请填写小数，例如 12.50。', 'A decimal number such as 12.50.');
    else if (field.type === 'records') {
      const inner = value.map((one) => faultsOf(one, field.fields ?? []));
      const at = inner.findIndex((one) => Object.keys(one).length > 0);
      if (at >= 0) faults[field.name] = l('第 {n} 项没有填完。', 'Item {n} is not complete.', { n: at + 1 });
    }
  }
  return faults;
}
