// SPDX-License-Identifier: Apache-2.0
// ethers: the chain's face, transactions of every type, failures and their reasons.
import assert from "node:assert/strict";
import { ContractFactory, Transaction, Wallet, id, parseEther } from "ethers";
import { failure } from "../lib/harness.mjs";

const kStranger = "0x00000000000000000000000000000000000057a6";

export async function cases({ harness, provider, signer, wallet, contracts, chainId }) {
  const me = signer(0);
  const address = wallet(0).address;

  await harness.run("ethers/network, block and fee data", async () => {
    assert.equal((await provider.getNetwork()).chainId, chainId);
    const block = await provider.getBlock("latest", true);
    assert.ok(block.timestamp > 1_600_000_000);
    assert.equal(block.stateRoot.length, 66);
    assert.equal((await provider.getBlock(block.hash)).number, block.number);
    const fees = await provider.getFeeData();
    assert.notEqual(fees.gasPrice, null);
    for (const tag of ["latest", "safe", "finalized", "earliest", "pending"])
      assert.ok(await provider.getBlock(tag), tag);
  });

  await harness.run("ethers/sends value and sees the balance", async () => {
    const before = await provider.getBalance(kStranger);
    const sent = await me.sendTransaction({ to: kStranger, value: parseEther("0.5") });
    const receipt = await sent.wait();
    assert.equal(receipt.status, 1);
    assert.equal(receipt.gasUsed, 21_000n);
    assert.equal((await provider.getBalance(kStranger)) - before, parseEther("0.5"));
    const found = await provider.getTransaction(sent.hash);
    assert.equal(found.from, address);
    assert.equal(found.blockNumber, receipt.blockNumber);
    assert.equal(Transaction.from(found).hash, sent.hash);
  });

  for (const [name, type, extra] of [
    ["legacy", 0, {}],
    ["EIP-2930", 1, { accessList: [{ address: kStranger, storageKeys: [id("a")] }] }],
    ["EIP-1559", 2, {}],
  ]) {
    await harness.run(`ethers/transaction type ${name}`, async () => {
      const price = (await provider.getFeeData()).gasPrice * 2n;
      const fees =
        type === 2 ? { maxFeePerGas: price, maxPriorityFeePerGas: 0n } : { gasPrice: price };
      const sent = await me.sendTransaction({ to: kStranger, value: 1n, type, gasLimit: 60_000n, ...fees, ...extra });
      const receipt = await sent.wait();
      assert.equal(receipt.type, type);
      assert.equal((await provider.getTransaction(sent.hash)).type, type);
    });
  }

  const trouble = await harness.run("ethers/deploys a contract", async () => {
    const factory = new ContractFactory(contracts.Trouble.abi, contracts.Trouble.bytecode, me);
    const made = await factory.deploy();
    await made.waitForDeployment();
    assert.notEqual(await provider.getCode(await made.getAddress()), "0x");
    return made;
  });
  if (!trouble) return;

  await harness.run("ethers/transaction type EIP-7702", async () => {
    const authority = Wallet.createRandom(provider);
    const target = await trouble.getAddress();
    const authorization = await authority.authorize({ address: target, nonce: 0, chainId });
    const price = (await provider.getFeeData()).gasPrice * 2n;
    const sent = await me.sendTransaction({
      type: 4, to: authority.address, data: trouble.interface.encodeFunctionData("nested", [0]),
      authorizationList: [authorization], gasLimit: 200_000n, maxFeePerGas: price, maxPriorityFeePerGas: 0n,
    });
    const receipt = await sent.wait();
    assert.equal(receipt.type, 4);
    assert.equal(await provider.getCode(authority.address), `0xef0100${target.slice(2).toLowerCase()}`);
    assert.equal((await provider.getTransaction(sent.hash)).authorizationList.length, 1);
  });

  await harness.run("ethers/revert with a reason", async () => {
    const error = await failure(trouble.reason.staticCall());
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.equal(error.reason, "nothing works today");
  });
  await harness.run("ethers/custom error with arguments", async () => {
    const error = await failure(trouble.custom.staticCall(7));
    assert.equal(error.revert.name, "TooSmall");
    assert.deepEqual([...error.revert.args], [7n, 42n]);
  });
  await harness.run("ethers/panic on overflow", async () => {
    const error = await failure(trouble.overflow.staticCall(2));
    assert.equal(error.revert.name, "Panic");
    assert.equal(BigInt(error.revert.args[0]), 0x11n);
  });
  await harness.run("ethers/revert without data", async () => {
    const error = await failure(trouble.silent.staticCall());
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.ok(error.data === "0x" || error.data === null);
  });
  await harness.run("ethers/estimateGas names the revert", async () => {
    const error = await failure(trouble.reason.estimateGas());
    assert.equal(error.reason, "nothing works today");
  });
  await harness.run("ethers/estimateGas suffices and is close", async () => {
    const estimate = await trouble.note.estimateGas(id("gas"), "a note");
    const receipt = await (await trouble.note(id("gas"), "a note", { gasLimit: estimate })).wait();
    assert.equal(receipt.status, 1);
    assert.ok(estimate <= (receipt.gasUsed * 130n) / 100n, `${estimate} for ${receipt.gasUsed}`);
  });
  await harness.run("ethers/a failed transaction has status 0 and uses gas", async () => {
    const sent = await trouble.custom.populateTransaction(1).then((t) => me.sendTransaction({ ...t, gasLimit: 100_000n }));
    const error = await failure(sent.wait());
    assert.equal(error.code, "CALL_EXCEPTION");
    const receipt = await provider.getTransactionReceipt(sent.hash);
    assert.equal(receipt.status, 0);
    assert.ok(receipt.gasUsed > 21_000n && receipt.gasUsed < 100_000n);
    assert.equal(receipt.logs.length, 0);
  });
  await harness.run("ethers/running out of gas uses all of it", async () => {
    const sent = await trouble.burnGas.populateTransaction().then((t) => me.sendTransaction({ ...t, gasLimit: 90_000n }));
    await failure(sent.wait());
    assert.equal((await provider.getTransactionReceipt(sent.hash)).gasUsed, 90_000n);
  });
  await harness.run("ethers/events by receipt, by query and by topic", async () => {
    const topic = id(`topic ${Date.now()}`);
    const receipt = await (await trouble.note(topic, "hello")).wait();
    const [log] = receipt.logs;
    assert.equal(trouble.interface.parseLog(log).args.text, "hello");
    const found = await trouble.queryFilter(trouble.filters.Noted(null, topic), 0, "latest");
    assert.equal(found.length, 1);
    assert.equal(found[0].transactionHash, receipt.hash);
    assert.equal(found[0].index, log.index);
    const none = await trouble.queryFilter(trouble.filters.Noted(kStranger, topic), 0, "latest");
    assert.equal(none.length, 0);
  });
  await harness.run("ethers/state reads honour the block", async () => {
    const receipt = await (await trouble.note(id("then"), "now")).wait();
    const now = await trouble.notes(address, { blockTag: receipt.blockNumber });
    const before = await trouble.notes(address, { blockTag: receipt.blockNumber - 1 });
    assert.equal(now, before + 1n);
    assert.equal(await trouble.last({ blockTag: receipt.blockNumber }), BigInt(receipt.blockNumber));
  });
  await harness.run("ethers/the block environment reaches contracts", async () => {
    const block = await provider.getBlock("latest");
    const [number, timestamp, chain, coinbase, randao] = await trouble.environment({ blockTag: block.number });
    assert.equal(number, BigInt(block.number));
    assert.equal(timestamp, BigInt(block.timestamp));
    assert.equal(chain, chainId);
    assert.equal(coinbase, block.miner);
    assert.equal(randao, BigInt(block.prevRandao));
  });
  await harness.run("ethers/fifty transactions at once keep their order", async () => {
    const start = await provider.getTransactionCount(address, "pending");
    const sent = await Promise.all(
      Array.from({ length: 50 }, (_, i) => me.sendTransaction({ to: kStranger, value: BigInt(i) })));
    const receipts = await Promise.all(sent.map((t) => t.wait()));
    assert.ok(receipts.every((r) => r.status === 1));
    assert.equal(await provider.getTransactionCount(address, "latest"), start + 50);
  });
  await harness.run("ethers/refusals: nonce too low, insufficient funds, wrong chain", async () => {
    const plain = wallet(0).connect(provider);
    const low = await failure(plain.sendTransaction({ to: kStranger, value: 1n, nonce: 0, gasLimit: 21_000n }));
    assert.equal(low.code, "NONCE_EXPIRED", low.message);
    const poor = Wallet.createRandom(provider);
    const broke = await failure(poor.sendTransaction({ to: kStranger, value: 1n, gasLimit: 21_000n }));
    assert.equal(broke.code, "INSUFFICIENT_FUNDS", broke.message);
    const foreign = await plain.signTransaction({
      to: kStranger, chainId: chainId + 1n, nonce: 1_000_000, gasLimit: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, type: 2,
    });
    await failure(provider.broadcastTransaction(foreign));
  });
}
