// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { gather } from '../../src/lib/aggregate.js';

const rows = [['a', '1', 10], ['b', '2', null], ['a', '3', 30], ['c', 'x', ''], [null, '5', 1]];

test('rows are gathered by a column, and what is no number counts for nothing', () => {
  assert.deepEqual(gather(rows, { category: 0, measures: [1, 2], how: 'sum' }), { labels: ['a', 'b', 'c', ''], series: [[4, 2, null, 5], [40, null, null, 1]], dropped: 0 });
  assert.deepEqual(gather(rows, { category: 0, measures: [1], how: 'mean' }).series, [[2, 2, null, 5]]);
  assert.deepEqual(gather(rows, { category: 0, measures: [1], how: 'max' }).series[0][0], 3);
  assert.deepEqual(gather(rows, { category: 0, measures: [], how: 'count' }).series, [[2, 1, 1, 1]]);
  assert.deepEqual(gather(rows, { category: 0, measures: [1], how: 'rows' }).labels, ['a', 'b', 'a', 'c', '']);
  assert.deepEqual(gather([], { category: 0, measures: [1], how: 'sum' }), { labels: [], series: [], dropped: 0 });
});

test('groups stand in the order asked for, and those beyond the limit are counted', () => {
  assert.deepEqual(gather(rows, { category: 0, measures: [1], how: 'sum', order: 'down' }).labels, ['', 'a', 'b', 'c']);
  assert.deepEqual(gather(rows, { category: 0, measures: [1], how: 'sum', order: 'label' }).labels, ['', 'a', 'b', 'c']);
  const few = gather(rows, { category: 0, measures: [1], how: 'sum', order: 'down', most: 2 });
  assert.deepEqual(few, { labels: ['', 'a'], series: [[5, 4]], dropped: 2 });
});
