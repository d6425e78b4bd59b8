// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { decodeCall, decodeLog, eventTopic, kEvents, kFunctions, parseSignature, splitKind } from '../../src/lib/abi.js';

const word = (value) => BigInt(value).toString(16).padStart(64, '0');
const item = 'ab'.repeat(32);

test('signatures with tuples and arrays are read', () => {
  const entry = parseSignature('f(uint32 a,(uint8 x,bytes32[] y)[] b,address indexed c)');
  assert.deepEqual(entry.inputs.map((one) => [one.type, one.name, one.indexed]), [['uint32', 'a', false], ['tuple[]', 'b', false], ['address', 'c', true]]);
  assert.deepEqual(entry.inputs[1].components.map((one) => one.type), ['uint8', 'bytes32[]']);
});
test('call data of several acts is decoded, and what is cut short is not', async () => {
  const { keccak, toHex, utf8 } = await import('../../src/verify/bytes.js');
  const tuple = '(bytes32,uint32,uint8,uint8,uint8,uint32,uint32,bytes32,bytes32,bytes32,bytes32)';
  const selector = toHex(keccak(utf8(`actMany(${tuple}[])`))).slice(0, 10);
  const one = item + [3, 1, 2, 0, 0, 7, 0, 0, 5, 0].map(word).join('');
  const data = selector + word(32) + word(2) + one + one;
  const { name, args } = decodeCall(data);
  assert.equal(name, 'actMany');
  assert.equal(args.given.length, 2);
  assert.equal(args.given[1].item, `0x${item}`);
  assert.equal(args.given[1].action, 2);
  assert.equal(args.given[1].organisation, 7);
  assert.equal(decodeCall(data.slice(0, -10)), null);
  assert.equal(decodeCall('0xdeadbeef'), null);
});
test('an act’s event names workflow, action and states', () => {
  const log = { topics: [eventTopic('Acted'), `0x${item}`, `0x${word('0x1a64')}`, `0x${word((6n << 24n) | (1n << 16n) | (0n << 8n) | 1n)}`], data: `0x${[1, 1, 0, 0, 7, 7, 1700000000, 1, 0, 0, 0, 9, 0].map(word).join('')}` };
  const { args } = decodeLog(log);
  assert.equal(args.item, `0x${item}`);
  assert.equal(args.details.deadline, 1700000000n);
  assert.equal(args.details.content, true);
  assert.deepEqual(splitKind(args.kind), { workflow: 6, action: 1, from: 0, to: 1 });
});
test('the signatures are those of the compiled contracts', (t) => {
  const folder = new URL('../../../build/contracts/', import.meta.url);
  if (!fs.existsSync(new URL('Workflows.json', folder))) return t.skip('contracts are not compiled');
  const type = (input) => (input.components ? `(${input.components.map((c) => `${type(c)} ${c.name}`).join(',')})${input.type.slice(5)}` : input.type);
  const known = new Set([...kFunctions, ...kEvents].map((one) => one.replace(/ indexed/g, '').replace(/ \w+(?=[,)])/g, '')));
  for (const name of ['Directory', 'RuleBook', 'Workflows']) {
    for (const entry of JSON.parse(fs.readFileSync(new URL(`${name}.json`, folder))).abi) {
      if (entry.type === 'event' || (entry.type === 'function' && !['view', 'pure'].includes(entry.stateMutability))) {
        const signature = `${entry.name}(${entry.inputs.map((input) => type(input).replace(/ \w+(?=[,)])/g, '')).join(',')})`;
        assert.ok(known.has(signature), signature);
      }
    }
  }
});
