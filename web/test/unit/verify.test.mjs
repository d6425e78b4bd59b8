// SPDX-License-Identifier: Apache-2.0
// fixtures/bundle.json is from a network of four validators, made with `wusong network create --dev`.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { concat, fromHex, keccak, sha256Hex, toHex, utf8 } from '../../src/verify/bytes.js';
import { verifyBundle, unpackItem, kSteps } from '../../src/verify/bundle.js';
import { decodeFinalityProof, verifyFinalityProof } from '../../src/verify/finality.js';
import { decodeHeader } from '../../src/verify/header.js';
import { decodeRlp, encodeRlp } from '../../src/verify/rlp.js';
import { chainHash, useProfile } from '../../src/verify/digest.js';
import { schemeName, verifySignature } from '../../src/verify/schemes.js';
import { sm3, verifySm2 } from '../../src/verify/sm2.js';
import { verifyTrieProof } from '../../src/verify/trie.js';
import { codeWords, describeStep, verdict } from '../../src/verify/words.js';

const load = () => JSON.parse(fs.readFileSync(new URL('../fixtures/bundle.json', import.meta.url)));
const trustOf = (bundle) => ({ genesis: bundle.chain.genesis, contract: bundle.item.contract });
const failing = (change, trust = {}) => {
  const bundle = load();
  const trusted = { ...trustOf(bundle), ...trust };
  change(bundle);
  const result = verifyBundle(bundle, trusted);
  assert.equal(result.ok, false);
  return result.steps.find((step) => step.state === 'failed');
};
const flip = (hex, at) => hex.slice(0, at) + (hex[at] === '0' ? '1' : '0') + hex.slice(at + 1);

// @row 65
test('a bundle of a real chain is proved in every step', () => {
  const bundle = load();
  const result = verifyBundle(bundle, { ...trustOf(bundle), fileDigest: bundle.file.digest });
  assert.deepEqual(result.steps.map((step) => [step.name, step.state]), kSteps.map((name) => [name, 'proved']));
  assert.deepEqual(result.facts.item, { workflow: 4, state: 2, pack: 1, sequence: 3, organisation: 7, creator: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266' });
  assert.deepEqual(result.facts.assumptions, []);
});
test('without a pinned genesis the answer says what it assumed', () => {
  assert.deepEqual(verifyBundle(load()).facts.assumptions, ['genesis_from_server', 'contract_from_server']);
});
// @row 65
test('one changed character of the document is found', () => {
  assert.equal(failing((b) => (b.document = b.document.replace('Departures', 'Departurez'))).code, 'document_mismatch');
});
test('another file than the registered one is found', () => {
  assert.equal(failing(() => {}, { fileDigest: sha256Hex('other') }).code, 'file_mismatch');
});
test('a genesis file with other validators is refused', () => {
  assert.equal(failing((b) => (b.chain.text = b.chain.text.replace('node0', 'nodeX'))).code, 'genesis_text_mismatch');
});
test('another chain is refused', () => {
  assert.equal(failing(() => {}, { genesis: '0x' + '11'.repeat(32) }).code, 'other_chain');
  assert.equal(failing((b) => (b.chain.header = flip(b.chain.header, 40))).code, 'genesis_header_mismatch');
});
test('another contract is refused', () => {
  assert.equal(failing(() => {}, { contract: '0x' + '22'.repeat(20) }).code, 'other_contract');
  assert.equal(failing((b) => (b.item.contract = '0x' + '22'.repeat(20)), { contract: '0x' + '22'.repeat(20) }).name, 'account');
});
test('a flipped bit of a signature is refused', () => {
  assert.equal(failing((b) => (b.finality.attestations = flip(b.finality.attestations, b.finality.attestations.length - 9))).code, 'bad_signature');
});
test('fewer signatures than f + 1 are refused', () => {
  const hex = load().finality.attestations;
  const proof = decodeFinalityProof(fromHex(hex));
  const one = concat(fromHex(hex).subarray(0, 41), Uint8Array.of(0, 1, 1 << proof.signatures[0].validator, 0, 64), proof.signatures[0].signature);
  assert.equal(failing((b) => (b.finality.attestations = toHex(one))).code, 'too_few_signatures');
});
test('a header that was not signed is refused', () => {
  assert.equal(failing((b) => (b.finality.header = flip(b.finality.header, 100))).name, 'headers');
});
test('a height whose roots no header carries is refused', () => {
  assert.equal(failing((b) => (b.height += 1)).code, 'roots_not_in_headers');
});
test('a changed, cut or padded storage proof is refused', () => {
  const last = (b) => b.proof.storageProof[1].proof;
  assert.equal(failing((b) => last(b).push(flip(last(b).pop(), 20))).name, 'item');
  assert.equal(failing((b) => last(b).pop()).code, 'proof_incomplete');
  assert.equal(failing((b) => last(b).push('0x80')).code, 'proof_has_extra_nodes');
});
test('another item than the one asked about is refused', () => {
  assert.equal(failing(() => {}, { item: '0x' + '33'.repeat(32) }).code, 'other_item');
  assert.equal(failing((b) => (b.item.id = '0x' + '33'.repeat(32))).name, 'item');
});
test('what is not a bundle fails in words and never throws', () => {
  for (const broken of [null, {}, { version: 1 }, { version: 1, chain: {} }, { version: 2 }]) {
    const result = verifyBundle(broken);
    assert.equal(result.ok, false);
    for (const language of ['zh', 'en']) assert.ok(verdict(result, language) && result.steps.map((step) => describeStep(step, language).text).every(Boolean));
  }
});
test('every failure has words in both languages', () => {
  for (const [code, words] of Object.entries(codeWords)) assert.ok(words.zh && words.en, code);
});
test('a header names the heights whose roots it carries', () => {
  const header = decodeHeader(fromHex(load().chain.header));
  assert.equal(header.number, 0n);
  assert.deepEqual(header.roots.map((roots) => roots.height), [0n]);
});
test('RLP accepts only the shortest encoding', () => {
  assert.deepEqual(decodeRlp(encodeRlp([utf8('cat'), [], utf8('x'.repeat(60))])).length, 3);
  for (const hex of ['0x', '0x8101', '0xb801aa', '0xb90001aa', '0x82aa', '0xc180c1', '0xc28101']) assert.throws(() => decodeRlp(fromHex(hex)), /bad_rlp/, hex);
});
test('absence is proved by a diverging leaf and by the empty root', () => {
  const key = keccak(utf8('a'));
  assert.equal(verifyTrieProof(keccak(Uint8Array.of(0x80)), key, []), null);
  const leaf = encodeRlp([concat(Uint8Array.of(0x20), keccak(utf8('b'))), utf8('v'.repeat(40))]);
  assert.equal(verifyTrieProof(keccak(leaf), key, [leaf]), null);
  assert.equal(verifyTrieProof(keccak(leaf), keccak(utf8('b')), [leaf]).length, 40);
  assert.throws(() => verifyTrieProof(keccak(leaf), key, []), /proof_incomplete/);
});
test('an item word is unpacked from the lowest bit', () => {
  assert.equal(unpackItem(5n << 32n).sequence, 5);
  assert.equal(unpackItem(1n << 96n).creator, '0x' + '0'.repeat(39) + '1');
});
// @row 66
test('SM3 and SM2 agree with OpenSSL', () => {
  assert.equal(toHex(sm3(utf8('abc'))), '0x66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
  const key = fromHex('0x1788931878bde391cb0011ec1fe275be02ccae47b8a08aa694134030efbf0b245542c4b88c126c0a4bd4962dd2fbb97f63d6529218b2a71180af31d083bafdfb');
  const signature = fromHex('0x9cca17a6db6a7c01c68531c357da9f565a348894782b38c6021eeba104a0b83189d564c7a3b6b29f4d2abe963771cd08f3daaf3bd2a2bcb03b71420137530d8a');
  assert.equal(verifySm2(key, utf8('message digest'), signature), true);
  assert.equal(verifySm2(key, utf8('message digesT'), signature), false);
});

// fixtures/hybrid.json is from a network of `wusong network create --profile hybrid-pq`.
test('a proof of finality by hybrid votes holds, and neither half of a vote can be spared', () => {
  const { genesis, attestations, validators } = JSON.parse(fs.readFileSync(new URL('../fixtures/hybrid.json', import.meta.url)));
  const domain = fromHex(genesis);
  const proved = verifyFinalityProof(attestations, domain, validators);
  assert.deepEqual([proved.signers.length, [...new Set(proved.schemes)]], [2, ['ed25519+ml-dsa-44']]);
  const bytes = fromHex(attestations);
  const end = bytes.length - 1;
  for (const at of [end, end - 63, end - 64, end - 2483]) { // Ed25519's last and first byte, ML-DSA's
    bytes[at] ^= 1;
    assert.throws(() => verifyFinalityProof(toHex(bytes), domain, validators), /bad_signature/, String(at));
    bytes[at] ^= 1;
  }
  assert.throws(() => verifyFinalityProof(attestations, keccak(domain), validators), /bad_signature/);
});
test('every scheme has its number, and what is none verifies nothing', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 0].map(schemeName), ['secp256k1', 'ed25519', 'sm2', 'ml-dsa-44', 'ml-dsa-65', 'ed25519+ml-dsa-44', 'sm2+ml-dsa-44', undefined, undefined]);
  assert.equal(verifySignature('constructor', new Uint8Array(32), utf8('m'), new Uint8Array(64)), false);
  assert.equal(verifySignature('ml-dsa-44', new Uint8Array(31), utf8('m'), new Uint8Array(64)), false);
});

test('the digest of the chain is of its profile', () => {
  useProfile('guomi');
  assert.equal(toHex(chainHash(utf8('abc'))), toHex(sm3(utf8('abc'))));
  useProfile(undefined);
  assert.equal(toHex(chainHash(utf8('abc'))), toHex(keccak(utf8('abc'))));
});
test('a certificate needs 2f + 1 votes, and its bytes name the view', () => {
  const bytes = concat(Uint8Array.of(2), new Uint8Array(7), Uint8Array.of(9), new Uint8Array(32), new Uint8Array(7), Uint8Array.of(4), Uint8Array.of(0, 1, 3, 0, 64), new Uint8Array(64), Uint8Array.of(0, 64), new Uint8Array(64));
  assert.equal(decodeFinalityProof(bytes).view, 4n);
  const four = Array.from({ length: 4 }, (_, i) => ({ name: String(i), scheme: 'ed25519', publicKey: '0x' + '00'.repeat(32) }));
  assert.throws(() => verifyFinalityProof(toHex(bytes), new Uint8Array(32), four), /too_few/);
});
