// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { csvCell, toCsv } from '../../src/lib/csv.js';
import { absolute, lastDay, remaining } from '../../src/lib/time.js';

// @row 15
test('a cell that a spreadsheet would run is disarmed, and numbers stay numbers', () => {
  for (const evil of ['=1+1', '+cmd', '-cmd', '@SUM(A1)', '\t=1', '=HYPERLINK("x")']) assert.match(csvCell(evil).replace(/^"/, ''), /^'/, evil);
  for (const [value, cell] of [[-5, '-5'], ['-5.25', '-5.25'], ['公交', '公交'], [null, ''], [0, '0'], ['a,b', '"a,b"'], ['say "hi"', '"say ""hi"""'], ['two\nlines', '"two\nlines"']]) assert.equal(csvCell(value), cell);
});
test('a table begins with a byte order mark and ends its lines as RFC 4180 says', () => {
  assert.equal(toCsv(['a', '名'], [[1, '=x']]), '\ufeffa,名\r\n1,\'=x\r\n');
});
// @row 22
test('a deadline is shown as its last day in the pack’s zone, and what is left of it', () => {
  const deadline = Date.UTC(2023, 9, 31, 16) / 1000; // 2023-11-01 00:00 in Shanghai
  assert.match(lastDay(deadline, 'zh'), /2023\D10\D31/);
  assert.match(absolute(deadline, 'en'), /01 Nov 2023/);
  assert.equal(remaining(deadline, 'zh', deadline - 90000), '1 天 1 小时');
  assert.equal(remaining(deadline, 'en', deadline - 1800), '30 min');
});
