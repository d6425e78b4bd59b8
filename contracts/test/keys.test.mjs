// SPDX-License-Identifier: Apache-2.0
// The contract of replaced account keys in the genesis of every new chain, and transactions by a key that replaced another. With post-quantum
// keys it is tested where nodes read it: src/wusong/node/account_keys_test.cpp.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Interface, SigningKey, Wallet, concat, encodeRlp, hexlify, id, keccak256, randomBytes, solidityPacked, toBeArray } from "ethers";
import { embedded, kEmbedded } from "../build.mjs";
import { root } from "../rules.mjs";
import { rpc } from "./lib/chain.mjs";

const kAddress = "0x0000000000000000000000000000000000005702";
const kNobody = "0x00000000000000000000000000000000000000aa";
const kSecp256k1 = 1;
const artifact = () => readFileSync(join(root, "..", "build", "contracts", "Keys.json"), "utf8");
const face = () => new Interface(JSON.parse(artifact()).abi);

const key = () => new SigningKey(hexlify(randomBytes(32)));
const publicKey = (one) => `0x${one.publicKey.slice(4)}`;
const signature = (one, message) => {
  const { r, s } = one.sign(keccak256(message));
  return concat([r, s]);
};
const chainId = async () => Number(await rpc("eth_chainId"));
async function replacement(account, sequence, next, { chain, by = next } = {}) {
  const message = solidityPacked(["string", "uint256", "address", "uint64", "uint8", "bytes"],
    ["wusong/account-key/v1", chain ?? await chainId(), account, sequence, kSecp256k1, publicKey(next)]);
  return face().encodeFunctionData("replace", [kSecp256k1, publicKey(next), signature(by, message)]);
}
/** A native transaction as anybody may write one: EIP-1559's fields, scheme, key, perhaps the account, signature. */
async function native(one, { nonce, to, data = "0x", account }) {
  const number = (value) => (value === 0 ? "0x" : hexlify(toBeArray(value)));
  const fields = [number(await chainId()), number(nonce), "0x", "0x", number(1_000_000), to, "0x", data, [], number(kSecp256k1), publicKey(one)];
  if (account) fields.push(account);
  const message = concat(["0x57", encodeRlp(fields)]);
  return concat(["0x57", encodeRlp([...fields, signature(one, message)])]);
}
const ethereum = async (one, { nonce, to, data = "0x" }) => new Wallet(one).signTransaction(
  { type: 2, chainId: await chainId(), nonce, to, data, gasLimit: 1_000_000, maxFeePerGas: 0, maxPriorityFeePerGas: 0 });
async function send(raw) {
  const hash = await rpc("eth_sendRawTransaction", [raw]);
  for (let tries = 0; tries < 1000; ++tries) {
    const receipt = await rpc("eth_getTransactionReceipt", [hash]);
    if (receipt) return receipt;
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  throw new Error(`no receipt of ${hash}`);
}
const refused = (raw) => assert.rejects(rpc("eth_sendRawTransaction", [raw]), ({ data }) => data.error === "exec.key_not_current");

test("the program carries the contract of keys that its source gives", () => {
  assert.equal(readFileSync(kEmbedded.Keys, "utf8"), embedded("Keys", artifact()), "run node contracts/build.mjs --embed");
});

test("a new chain begins with the contract of keys", async () => {
  assert.equal(await rpc("eth_getCode", [kAddress, "latest"]), JSON.parse(artifact()).deployedBytecode);
});

test("an account's key is replaced, and it alone acts for the address from then on", async () => {
  const [first, second] = [key(), key()];
  const { address } = new Wallet(first);
  assert.equal((await rpc("wusong_accountKey", [address])).sequence, "0x0");
  await refused(await native(second, { nonce: 0, to: kNobody, account: address }));
  const receipt = await send(await ethereum(first, { nonce: 0, to: kAddress, data: await replacement(address, 1, second) }));
  assert.equal(receipt.status, "0x1");
  assert.equal(receipt.logs[0].topics[0], id("Replaced(address,uint64,uint8,bytes32)"));
  const present = await rpc("wusong_accountKey", [address]);
  assert.deepEqual([present.scheme, present.keyHash, present.sequence], ["secp256k1", keccak256(publicKey(second)), "0x1"]);

  await refused(await ethereum(first, { nonce: 1, to: kNobody }));
  await refused(await native(first, { nonce: 1, to: kNobody }));
  await refused(await native(first, { nonce: 1, to: kNobody, account: address }));
  assert.equal((await send(await native(second, { nonce: 1, to: kNobody, account: address }))).from, address.toLowerCase());
  assert.equal(await rpc("eth_getTransactionCount", [address, "latest"]), "0x2");
  const answer = await rpc("eth_call", [{ to: kAddress, data: face().encodeFunctionData("keyOf", [address]) }, "latest"]);
  assert.deepEqual([...face().decodeFunctionResult("keyOf", answer)], [1n, keccak256(publicKey(second)), 1n]);

  // And back: the address is the first key's own again.
  const back = await replacement(address, 2, first);
  assert.equal((await send(await native(second, { nonce: 2, to: kAddress, data: back, account: address }))).status, "0x1");
  await refused(await native(second, { nonce: 3, to: kNobody, account: address }));
  assert.equal((await send(await ethereum(first, { nonce: 3, to: kNobody }))).status, "0x1");
});

test("the contract of keys proves what it holds", async () => {
  const [first, second] = [key(), key()];
  const { address } = new Wallet(first);
  await send(await ethereum(first, { nonce: 0, to: kAddress, data: await replacement(address, 1, second) }));
  const { contract, slots, keyHash } = await rpc("wusong_accountKey", [address]);
  const { storageProof } = await rpc("eth_getProof", [contract, slots, "latest"]);
  assert.equal(storageProof[0].value, keyHash);
  assert.equal(BigInt(storageProof[1].value), (1n << 8n) | BigInt(kSecp256k1));
});

test("a replacement without possession of the new key for this account, chain and number is refused", async () => {
  const [first, second] = [key(), key()];
  const { address } = new Wallet(first);
  const outcome = (data) => rpc("eth_call", [{ from: address, to: kAddress, data }, "latest"]).then(
    () => "ok", (error) => face().parseError(error.data).name);
  assert.equal(await outcome(await replacement(address, 1, second)), "ok");
  assert.equal(await outcome(await replacement(kNobody, 1, second)), "NoPossession");
  assert.equal(await outcome(await replacement(address, 2, second)), "NoPossession");
  assert.equal(await outcome(await replacement(address, 1, second, { chain: 1 })), "NoPossession");
  assert.equal(await outcome(await replacement(address, 1, second, { by: first })), "NoPossession");
  assert.equal(await outcome(face().encodeFunctionData("replace", [99, publicKey(second), "0x"])), "NoPossession");
});
