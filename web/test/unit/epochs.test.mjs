// SPDX-License-Identifier: Apache-2.0
// A made-up chain of three epochs; one lie each.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { concat, fromHex, keccak, toHex, u64, utf8 } from '../../src/verify/bytes.js';
import { decodeEpoch, epochOf, firstEpoch, followEpochs, trustedEpoch } from '../../src/verify/epochs.js';
import { signedBytes } from '../../src/verify/finality.js';
import { encodeRlp } from '../../src/verify/rlp.js';

const genesis = new Uint8Array(32).fill(0x61);
const none = new Uint8Array();
const number = (value) => (value === 0 ? none : Uint8Array.of(value));
const secret = (i) => new Uint8Array(32).fill(i + 1);
const publicKey = (i) => ed25519.getPublicKey(secret(i));

function encodedEpoch(index, first, from, count) {
  const members = Array.from({ length: count }, (_, i) => [utf8(`v${from + i}`), number(2), publicKey(from + i), publicKey(from + i), new Uint8Array(20)]);
  return encodeRlp([number(index), number(first), number(index), members, [], [none, none, none, none, none]]);
}
function header(height, nextEpoch) {
  const fields = [new Uint8Array(32), number(height), number(height + 7), none, new Uint8Array(20), none, none, none, new Uint8Array(32), none, []];
  return encodeRlp(nextEpoch ? [...fields, nextEpoch] : fields);
}
/** A proof by the first `count` of the keys from `from` on. */
function proof(encoded, domain, { from, count, height, kind = 2, closing }) {
  const about = { kind, height: BigInt(height), blockId: keccak(encoded), view: 9n, closing };
  const message = signedBytes(domain, about);
  const bitmap = Uint8Array.of((1 << count) - 1);
  const signatures = Array.from({ length: count }, (_, i) => concat(Uint8Array.of(0, 64), ed25519.sign(message, secret(from + i))));
  const extra = [kind === 1 ? none : u64(9), ...(closing ? [u64(closing.height), closing.parent] : [])];
  return toHex(concat(Uint8Array.of(kind), u64(height), about.blockId, ...extra, Uint8Array.of(0, 1), bitmap, ...signatures));
}

const second = encodedEpoch(1, 11, 2, 7);
const third = encodedEpoch(2, 21, 10, 4);
const trusted = firstEpoch(genesis, Array.from({ length: 4 }, (_, i) => ({ name: `v${i}`, scheme: 'ed25519', publicKey: toHex(publicKey(i)) })));
const domain = keccak(concat(utf8('wusong/epoch/v1'), genesis, second));
const endFirst = header(10, second);
const endSecond = header(20, third);
const steps = () => [
  { header: toHex(endFirst), proof: proof(endFirst, genesis, { from: 0, count: 3, height: 10 }) },
  { header: toHex(endSecond), proof: proof(endSecond, domain, { from: 2, count: 5, height: 20 }) },
];
const refused = (change, pattern) => {
  const list = steps();
  change(list);
  assert.throws(() => followEpochs(genesis, trusted, list), pattern);
};

test('epochs are followed from genesis by certificates alone', () => {
  const epochs = followEpochs(genesis, trusted, steps());
  assert.deepEqual(epochs.map((epoch) => [epoch.number, epoch.first, epoch.validators.length]), [[0n, 1n, 4], [1n, 11n, 7], [2n, 21n, 4]]);
  assert.equal(epochOf(epochs, 20n).number, 1n);
  assert.equal(epochOf(epochs, 21n).number, 2n);
  assert.deepEqual(followEpochs(genesis, trusted), [trusted]);
});
test('a later epoch that is trusted is a beginning', () => {
  const from = trustedEpoch(genesis, second);
  assert.equal(followEpochs(genesis, from, steps()).length, 2);
  assert.throws(() => epochOf([from], 10n), /before_trust/);
});
test('f + 1 votes, the new set and strangers end no epoch', () => {
  refused((list) => (list[0].proof = proof(endFirst, genesis, { from: 0, count: 2, height: 10 })), /too_few/);
  refused((list) => (list[0].proof = proof(endFirst, domain, { from: 2, count: 5, height: 10 })), /unknown_validator|bad_signature/);
  refused((list) => (list[0].proof = proof(endFirst, genesis, { from: 20, count: 3, height: 10 })), /bad_signature/);
  refused((list) => (list[1].proof = proof(endSecond, genesis, { from: 2, count: 5, height: 20 })), /bad_signature/);
});
test('no epoch is skipped or repeated, and the proof is of that block', () => {
  refused((list) => list.shift(), /wrong_epoch/);
  refused((list) => list.splice(1, 0, list[0]), /wrong_epoch/);
  refused((list) => (list[0].header = toHex(header(10, third))), /wrong_epoch/);
  refused((list) => (list[0].header = toHex(header(10))), /no_epoch_ends/);
  assert.throws(() => decodeEpoch(encodeRlp([none])), /bad_epoch/);
});
test('votes for a closing block prove the last one', () => {
  const closing = { height: 12n, parent: new Uint8Array(32).fill(8) };
  const list = steps();
  list[0].proof = proof(endFirst, genesis, { from: 0, count: 3, height: 10, kind: 3, closing });
  assert.equal(followEpochs(genesis, trusted, list).length, 3);
  const other = proof(endFirst, genesis, { from: 0, count: 3, height: 10, kind: 3, closing: { ...closing, height: 13n } });
  list[0].proof = other.replace(toHex(u64(13)).slice(2), toHex(u64(12)).slice(2));
  assert.throws(() => followEpochs(genesis, trusted, list), /bad_signature/);
});
