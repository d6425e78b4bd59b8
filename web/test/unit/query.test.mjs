// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { questionOf, shellWord } from '../../src/lib/query.js';

test('a question becomes the server’s parameters, and no value can break out of its place', () => {
  assert.deepEqual(questionOf('0xa', 'r', { where: [{ column: 'name', operator: 'eq', value: 'a:b,c\\d' }, { column: '', operator: 'eq', value: 'x' }, { column: 'n', operator: 'gt', value: '' }, { column: 'm', operator: 'not_null' }], columns: ['name', 'a,b'], limit: 5 }), {
    path: 'datasets/0xa/rows', query: { resource: 'r', where: ['name:eq:a\\:b\\,c\\\\d', 'm:not_null'], sort: undefined, limit: 5, columns: 'name,a\\,b' },
  });
  assert.deepEqual(questionOf('0xa', 'r', { gathered: true, groups: ['district'], aggregates: [{ of: 'count' }, { of: 'sum', column: 'value' }, { of: 'avg', column: '' }], where: [{ column: 'k', operator: 'in', value: 'a,b' }], sort: '-sum(value)' }), {
    path: 'datasets/0xa/aggregate', query: { resource: 'r', where: ['k:in:a,b'], sort: '-sum(value)', limit: undefined, group_by: 'district', aggregate: 'count,sum:value' },
  });
});

test('a request is one word for a shell, whatever stands in it', () => {
  assert.equal(shellWord("it's"), "'it'\\''s'");
});
