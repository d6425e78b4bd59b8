// SPDX-License-Identifier: Apache-2.0
// Two languages. A sentence and its translation stand side by side where they are used, `l('你好', 'Hello')`, so
// neither can be missing; words that many pages share are in words.js, numbers and plurals are vue-i18n's.
import { createI18n } from 'vue-i18n';
import { shallowRef } from 'vue';
import { words } from './words.js';

const side = (index) => Object.fromEntries(Object.entries(words).map(([key, pair]) => [key, pair[index]]));

const numbers = {
  whole: { maximumFractionDigits: 0 },
  compact: { notation: 'compact', maximumFractionDigits: 1 },
  decimal: { maximumFractionDigits: 4 },
  percent: { style: 'percent', maximumFractionDigits: 1 },
};

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  fallbackLocale: 'en',
  messages: { zh: side(0), en: side(1) },
  numberFormats: { zh: numbers, en: numbers },
});

export const elementLocale = shallowRef(undefined);
const elementLocales = {
  zh: () => import('element-plus/es/locale/lang/zh-cn.mjs'),
  en: () => import('element-plus/es/locale/lang/en.mjs'),
};

export const language = () => i18n.global.locale.value;

export async function setLanguage(code) {
  elementLocale.value = (await elementLocales[code]()).default;
  i18n.global.locale.value = code;
  document.documentElement.lang = code === 'zh' ? 'zh-CN' : 'en';
}

/** The sentence in the reader's language; `{name}` is replaced by `values.name`. */
export function l(zh, en, values) {
  const text = language() === 'zh' ? zh : en;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

/** A word that many pages share. */
export const word = (key, values) => i18n.global.t(key, values ?? {});
export const plural = (key, count) => i18n.global.t(key, { count: number(count) }, count);
export const number = (value, format = 'whole') => (value === undefined || value === null ? '–' : i18n.global.n(Number(value), format));
/** A size in bytes. */
export const size = (bytes) => (bytes > 1 << 20 ? `${number(bytes / (1 << 20))} MB` : bytes >= 1024 ? `${number(bytes / 1024)} KB` : l('{n} 字节', '{n} bytes', { n: number(bytes) }));

/** Text for people as documents have it: `{zh, en}`, at least one of them, or a plain string. */
export function text(value) {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return value[language()] || value.zh || value.en || '';
}
/** The language that `text` fell back to, for `lang`; undefined when it is the reader's. */
export function textLanguage(value) {
  if (!value || typeof value !== 'object' || value[language()]) return undefined;
  return value.zh ? 'zh-CN' : value.en ? 'en' : undefined;
}
