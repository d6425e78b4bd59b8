// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { gbt7714 } from '../../src/lib/citation.js';
import { freshness } from '../../src/lib/freshness.js';

const now = Date.UTC(2023, 9, 20, 12) / 1000;
const dataset = { title: { zh: '公交站点', en: 'Bus stops' }, organisation: { title: { zh: '市交通局' } }, version: 3, updated_at: Date.UTC(2023, 9, 1, 3) / 1000, frequency: 'weekly' };

test('a dataset is cited as GB/T 7714-2015 writes data on the web', () => {
  assert.equal(gbt7714(dataset, 'https://data.example.cn/dataset/0xab', now), '市交通局. 公交站点[DS/OL]. 第 3 版. (2023-10-01)[2023-10-20]. https://data.example.cn/dataset/0xab.');
});

test('a dataset is late when its frequency promised an update before today', () => {
  assert.deepEqual(freshness(dataset, now), { late: 11 });
  assert.deepEqual(freshness({ ...dataset, frequency: 'monthly' }, now), { late: 0 });
  assert.equal(freshness({ ...dataset, frequency: 'irregular' }, now), null);
});
