// SPDX-License-Identifier: Apache-2.0
// Times as people say them: absolute in the rule pack's zone, and relative.
export const kZone = 'Asia/Shanghai';
const locale = (language) => (language === 'zh' ? 'zh-CN' : 'en-GB');

/** `at` in Unix seconds. */
export function absolute(at, language, { seconds = false, dayOnly = false } = {}) {
  return new Intl.DateTimeFormat(locale(language), {
    timeZone: kZone, year: 'numeric', month: language === 'zh' ? '2-digit' : 'short', day: '2-digit',
    ...(dayOnly ? {} : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(seconds ? { second: '2-digit' } : {}) }),
  }).format(new Date(at * 1000));
}

const steps = [['year', 31557600], ['month', 2629800], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
export function relative(at, language, now = Date.now() / 1000) {
  const difference = at - now;
  const [unit, size] = steps.find(([, length]) => Math.abs(difference) >= length) ?? steps[6];
  return new Intl.RelativeTimeFormat(locale(language), { numeric: 'auto' }).format(Math.trunc(difference / size), unit);
}

/** The span to a deadline, in days and hours, or in minutes on the last day. */
export function remaining(deadline, language, now = Date.now() / 1000) {
  const left = Math.abs(deadline - now);
  const days = Math.floor(left / 86400);
  const hours = Math.floor((left % 86400) / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  if (language === 'zh') return days > 0 ? `${days} 天 ${hours} 小时` : hours > 0 ? `${hours} 小时 ${minutes} 分` : `${minutes} 分钟`;
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** The last day on which something may be done: a deadline is the first second after it. */
export const lastDay = (deadline, language) => absolute(deadline - 1, language, { dayOnly: true });
export const isoTime = (at) => new Date(at * 1000).toISOString();
