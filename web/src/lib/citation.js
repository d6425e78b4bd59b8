// SPDX-License-Identifier: Apache-2.0
// A dataset cited as GB/T 7714-2015 has it for data on the web ([DS/OL]).
import { absolute } from './time.js';

const day = (at) => absolute(at, 'zh', { dayOnly: true }).replaceAll('/', '-');

export function gbt7714(dataset, url, now = Date.now() / 1000) {
  const side = (value) => value?.zh || value?.en || '';
  return `${side(dataset.organisation?.title)}. ${side(dataset.title)}[DS/OL]. 第 ${dataset.version} 版. (${day(dataset.updated_at)})[${day(now)}]. ${url}.`;
}
