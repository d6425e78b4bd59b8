// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import test from 'node:test';
import { addressOf, newSealedKey, openSealedKey, signPrepared } from '../../src/lib/transaction.js';
import { fromHex, toHex } from '../../src/verify/bytes.js';

// The development account that everybody knows; the expected transaction is ethers 6's.
const secret = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');

test('an address is that of Ethereum', () => {
  assert.equal(addressOf(secret), '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266');
});
test('a signed transaction is the one that ethers makes', () => {
  assert.equal(
    signPrepared({ chain_id: 5918, nonce: 7, max_fee: '0x5', gas: 1500000, to: `0x${'22'.repeat(20)}`, data: '0x0102' }, secret),
    '0x02f86782171e0780058316e36094222222222222222222222222222222222222222280820102c001a03b8d77c137bedf9337bc99508c17b5308ceb9cce20bf34c2eb3e5978e89d9d00a062b5e3dabf6447aab3599c9ed55089f5a15d4b06b55f26348f28bf08782b270b',
  );
});
// @row 66
test('a sealed key opens with its password only, and is bound to its address', async () => {
  const { address, sealed } = await newSealedKey('correct horse battery');
  assert.equal(addressOf(await openSealedKey(sealed, 'correct horse battery')), address);
  assert.equal(await openSealedKey(sealed, 'wrong'), null);
  assert.equal(await openSealedKey({ ...sealed, address: `0x${'11'.repeat(20)}` }, 'correct horse battery'), null);
  assert.ok(!JSON.stringify(sealed).includes(toHex(await openSealedKey(sealed, 'correct horse battery')).slice(2)));
});
