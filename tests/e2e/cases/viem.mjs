// SPDX-License-Identifier: Apache-2.0
// viem: the same chain through a second library.
import assert from "node:assert/strict";
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, decodeEventLog, defineChain, http,
  parseEther, webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { eventually, failure } from "../lib/harness.mjs";

export async function cases({ harness, rpc: url, ws, contracts, chainId }) {
  const account = mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex: 5 });
  const chain = defineChain({
    id: Number(chainId), name: "Wusong", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const read = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  const write = createWalletClient({ account, chain, transport: http() });
  const settled = (hash) => read.waitForTransactionReceipt({ hash });

  await harness.run("viem/blocks, balances and fees", async () => {
    assert.equal(await read.getChainId(), Number(chainId));
    for (const blockTag of ["latest", "safe", "finalized", "earliest", "pending"])
      assert.ok(await read.getBlock({ blockTag }), blockTag);
    assert.ok((await read.getBalance({ address: account.address })) > 0n);
    const history = await read.getFeeHistory({ blockCount: 3, rewardPercentiles: [10, 90] });
    assert.ok(history.baseFeePerGas.length >= 2);
    await read.estimateFeesPerGas();
  });
  await harness.run("viem/sends value", async () => {
    const hash = await write.sendTransaction({ to: account.address, value: parseEther("1") });
    assert.equal((await settled(hash)).status, "success");
    assert.equal((await read.getTransaction({ hash })).from, account.address.toLowerCase());
  });

  const { abi, bytecode } = contracts.Trouble;
  const address = await harness.run("viem/deploys", async () =>
    (await settled(await write.deployContract({ abi, bytecode }))).contractAddress);
  if (!address) return;

  await harness.run("viem/writes and decodes the event", async () => {
    const topic = `0x${"ab".repeat(32)}`;
    const { request } = await read.simulateContract({ address, abi, functionName: "note", args: [topic, "hi"], account });
    const receipt = await settled(await write.writeContract(request));
    const event = decodeEventLog({ abi, ...receipt.logs[0] });
    assert.equal(event.args.text, "hi");
    const events = await read.getContractEvents({ address, abi, eventName: "Noted", args: { topic }, fromBlock: 0n });
    assert.equal(events.length, 1);
  });
  await harness.run("viem/decodes reverts, custom errors and panics", async () => {
    const fail = async (functionName, args) => {
      const error = await failure(read.readContract({ address, abi, functionName, args }));
      assert.ok(error instanceof BaseError);
      return error.walk((e) => e instanceof ContractFunctionRevertedError);
    };
    assert.equal((await fail("reason", [])).reason, "nothing works today");
    const custom = await fail("custom", [3n]);
    assert.equal(custom.data.errorName, "TooSmall");
    assert.deepEqual(custom.data.args, [3n, 42n]);
    assert.match((await fail("overflow", [9n])).shortMessage, /overflow/);
  });
  await harness.run("viem/filters report changes once", async () => {
    const filter = await read.createContractEventFilter({ address, abi, eventName: "Noted" });
    const blocks = await read.createBlockFilter();
    await settled(await write.writeContract({ address, abi, functionName: "note", args: [`0x${"01".repeat(32)}`, "x"] }));
    assert.equal((await read.getFilterChanges({ filter })).length, 1);
    assert.equal((await read.getFilterChanges({ filter })).length, 0);
    assert.ok((await read.getFilterChanges({ filter: blocks })).length >= 1);
    assert.ok(await read.uninstallFilter({ filter }));
  });
  await harness.run("viem/estimateContractGas and createAccessList", async () => {
    const gas = await read.estimateContractGas({ address, abi, functionName: "nested", args: [3n], account });
    assert.ok(gas > 21_000n);
    const made = await read.createAccessList({ account: account.address, to: address, data: "0x47799da8" });
    assert.ok(made.gasUsed > 21_000n);
  });
  await harness.run("viem/state overrides in calls", async () => {
    const last = await read.readContract({
      address, abi, functionName: "last",
      stateOverride: [{ address, stateDiff: [{ slot: `0x${"0".repeat(63)}1`, value: `0x${"0".repeat(62)}2a` }] }],
    });
    assert.equal(last, 42n);
  });
  await harness.run("viem/signs an EIP-7702 authorization", async () => {
    const authorization = await write.signAuthorization({ account, contractAddress: address, executor: "self" });
    const hash = await write.sendTransaction({
      authorizationList: [authorization], to: account.address, data: "0x", gas: 100_000n,
    });
    const receipt = await settled(hash);
    assert.equal(receipt.type, "eip7702");
    assert.equal(await read.getCode({ address: account.address }), `0xef0100${address.slice(2).toLowerCase()}`);
    const undo = await write.signAuthorization({
      account, contractAddress: "0x0000000000000000000000000000000000000000", executor: "self",
    });
    await settled(await write.sendTransaction({ authorizationList: [undo], to: account.address, gas: 100_000n }));
  });
  await harness.run("viem/watches blocks and events over WebSocket", async () => {
    const live = createPublicClient({ chain, transport: webSocket(ws) });
    const blocks = [];
    const logs = [];
    const stops = [
      live.watchBlocks({ onBlock: (b) => blocks.push(b.number) }),
      live.watchContractEvent({ address, abi, eventName: "Noted", onLogs: (l) => logs.push(...l) }),
    ];
    await live.getBlockNumber();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await settled(await write.writeContract({ address, abi, functionName: "note", args: [`0x${"02".repeat(32)}`, "seen"] }));
    await eventually(() => logs.find((l) => l.args.text === "seen"), "the event");
    await eventually(() => (blocks.length > 0 ? true : undefined), "a block");
    for (const stop of stops) stop();
    (await live.transport.getRpcClient()).close();
  });
}
