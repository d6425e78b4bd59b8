// SPDX-License-Identifier: Apache-2.0
// eth_getProof against the state root of its block, verified outside the node.
import assert from "node:assert/strict";
import { ContractFactory, id, solidityPackedKeccak256, toBeHex, zeroPadValue } from "ethers";
import { rpc } from "../lib/harness.mjs";
import { digestOf, verifyAccount } from "../lib/trie.mjs";

export async function cases({ harness, rpc: url, provider, signer, wallet, contracts, profile }) {
  const digest = digestOf(profile);
  const mine = wallet(6).address;
  const prove = async (address, keys, number) => {
    const tag = `0x${number.toString(16)}`;
    const block = await rpc(url, "eth_getBlockByNumber", [tag, false]);
    return { root: block.stateRoot, answer: await rpc(url, "eth_getProof", [address, keys, tag]) };
  };
  await harness.run("proof/an account with balance", async () => {
    const number = await provider.getBlockNumber();
    const { root, answer } = await prove(mine, [], number);
    assert.equal(verifyAccount(root, answer, digest), true);
    assert.equal(BigInt(answer.balance), await provider.getBalance(mine, number));
  });
  await harness.run("proof/an account that does not exist", async () => {
    const { root, answer } = await prove("0x00000000000000000000000000000000deadbee5", [`0x${"0".repeat(64)}`], await provider.getBlockNumber());
    assert.equal(verifyAccount(root, answer, digest), false);
  });
  await harness.run("proof/storage of a contract, present and absent, now and then", async () => {
    const trouble = await new ContractFactory(contracts.Trouble.abi, contracts.Trouble.bytecode, signer(6)).deploy();
    await trouble.waitForDeployment();
    const first = await (await trouble.note(id("p"), "one")).wait();
    const second = await (await trouble.note(id("p"), "two")).wait();
    const address = await trouble.getAddress();
    const slot = solidityPackedKeccak256(["uint256", "uint256"], [BigInt(mine), 0]);
    for (const [receipt, count] of [[first, 1n], [second, 2n]]) {
      const { root, answer } = await prove(address, [slot, ...[1, 7].map((n) => zeroPadValue(toBeHex(n), 32))], receipt.blockNumber);
      assert.equal(verifyAccount(root, answer, digest), true);
      assert.deepEqual(answer.storageProof.map((s) => BigInt(s.value)), [count, BigInt(receipt.blockNumber), 0n]);
      assert.equal(answer.codeHash, digest(await provider.getCode(address)));
    }
  });
}
