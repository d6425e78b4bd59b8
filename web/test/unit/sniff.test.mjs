// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvColumns, csvReader, formatOf } from '../../src/lib/sniff.js';

const columnsOf = (text) => csvColumns(new File([text], 'x.csv'));
const records = (...pieces) => {
  const out = [];
  const reader = csvReader((cells) => out.push(cells));
  for (const piece of pieces) reader.feed(piece);
  reader.end();
  return out;
};

test('quotes hold commas, line ends and doubled quotes, wherever a piece ends', () => {
  const wanted = [['a', 'b,c'], ['say "yes"', 'two\nlines'], ['', 'last']];
  const text = 'a,"b,c"\r\n"say ""yes""","two\nlines"\n,last';
  assert.deepEqual(records(text), wanted);
  for (let at = 0; at <= text.length; ++at) assert.deepEqual(records(text.slice(0, at), text.slice(at)), wanted);
});
test('a column is what all its cells are', async () => {
  const { columns, rows } = await columnsOf('\ufeffid,share,day,at,open,note,empty\n1,0.5,2026-01-05,2026-01-05T08:00:00+08:00,true,x,\n-2,1e3,2026-01-06,2026-01-06 09:15,FALSE,7,\n');
  assert.equal(rows, 2);
  assert.deepEqual(columns.map((one) => `${one.name} ${one.type}`), ['id integer', 'share number', 'day date', 'at datetime', 'open boolean', 'note string', 'empty string']);
});
test('row 1001 may differ from the thousand before', async () => {
  const { columns } = await columnsOf(`n\n${'1\n'.repeat(1000)}n/a\n`);
  assert.equal(columns[0].type, 'string');
});
test('the name says the format; an unknown one stays what the browser says', () => {
  assert.deepEqual(formatOf('Stops.CSV', ''), { format: 'CSV', media_type: 'text/csv' });
  assert.deepEqual(formatOf('a.shp', ''), { format: 'SHP', media_type: 'application/octet-stream' });
});
