// SPDX-License-Identifier: Apache-2.0
// What differs between two documents of one kind.
import { text } from '@/i18n/index.js';
import { wordTitle } from './vocabulary.js';

const hidden = new Set(['kind', 'salt']);
/** Members in one order, so that equal values have equal text. */
const canonical = (value) => JSON.stringify(value, (_, one) => (one && typeof one === 'object' && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));

/** `[{name, before, after}]` of the members that are not equal; undefined where one side lacks it. */
export function diffDocuments(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((name) => !hidden.has(name));
  return names.filter((name) => canonical(before?.[name]) !== canonical(after?.[name])).map((name) => ({ name, before: before?.[name], after: after?.[name] }));
}

/** `{added, removed, kept}` of two lists, by value. */
export function diffLists(before, after) {
  const [a, b] = [new Map((before ?? []).map((one) => [canonical(one), one])), new Map((after ?? []).map((one) => [canonical(one), one]))];
  return { added: [...b].filter(([key]) => !a.has(key)).map(([, one]) => one), removed: [...a].filter(([key]) => !b.has(key)).map(([, one]) => one), kept: [...a.keys()].filter((key) => b.has(key)).length };
}

/** A member's value in a few words. */
export function valueWords(value) {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(valueWords).join('; ');
  if (typeof value === 'object') return 'zh' in value || 'en' in value ? [...new Set([text(value), value.zh, value.en].filter(Boolean))].join(' / ') : Object.values(value).map(valueWords).filter(Boolean).join(' ');
  return typeof value === 'string' ? wordTitle(value) : String(value);
}
