// SPDX-License-Identifier: Apache-2.0
// Subscriptions over WebSocket, with ethers and by hand.
import assert from "node:assert/strict";
import { ContractFactory, WebSocketProvider, id } from "ethers";
import { eventually } from "../lib/harness.mjs";

/** A WebSocket that keeps what arrives. */
async function open(url) {
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(url);
  const texts = [];
  socket.on("message", (data) => texts.push(JSON.parse(String(data))));
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  let next = 0;
  const call = async (method, params = []) => {
    const mine = ++next;
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: mine, method, params }));
    return eventually(() => texts.find((t) => t.id === mine), `an answer to ${method}`);
  };
  const events = (subscription) =>
    texts.filter((t) => t.method === "eth_subscription" && t.params.subscription === subscription).map((t) => t.params.result);
  return { socket, texts, call, events, close: () => socket.close() };
}

export async function cases({ harness, ws, provider, signer, wallet, contracts, isWusong }) {
  const me = signer(4);
  const mine = wallet(4).address;

  await harness.run("websocket/ethers sees new blocks and contract events", async () => {
    const live = new WebSocketProvider(ws);
    try {
      const trouble = await new ContractFactory(contracts.Trouble.abi, contracts.Trouble.bytecode, me).deploy();
      await trouble.waitForDeployment();
      const blocks = [];
      const notes = [];
      await live.on("block", (number) => blocks.push(number));
      await trouble.connect(live).on("Noted", (who, topic, text) => notes.push({ who, text }));
      await live.getBlockNumber();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const receipt = await (await trouble.note(id("ws"), "live")).wait();
      await eventually(() => (notes.length > 0 ? true : undefined), "the event");
      assert.deepEqual(notes[0], { who: mine, text: "live" });
      await eventually(() => (blocks.includes(receipt.blockNumber) ? true : undefined), "the block");
    } finally {
      await live.destroy();
    }
  });

  await harness.run("websocket/newHeads, logs and newPendingTransactions", async () => {
    const live = await open(ws);
    try {
      const heads = (await live.call("eth_subscribe", ["newHeads"])).result;
      const pending = (await live.call("eth_subscribe", ["newPendingTransactions"])).result;
      const logs = (await live.call("eth_subscribe", ["logs", { topics: [id("Transfer(address,address,uint256)")] }])).result;
      const token = await new ContractFactory(contracts.Token.abi, contracts.Token.bytecode, me).deploy(5n);
      await token.waitForDeployment();
      const hash = token.deploymentTransaction().hash;
      await eventually(() => live.events(logs).find((l) => l.transactionHash === hash), "the log");
      await eventually(() => live.events(pending).find((h) => h === hash), "the pending transaction");
      const { blockHash } = await provider.getTransactionReceipt(hash);
      await eventually(() => live.events(heads).find((h) => h.hash === blockHash), "the head");
      assert.equal((await live.call("eth_unsubscribe", [heads])).result, true);
      assert.ok((await live.call("eth_unsubscribe", [heads])).error ?? true);
    } finally {
      live.close();
    }
  });

  await harness.run("websocket/calls and batches work like over HTTP", async () => {
    const live = await open(ws);
    try {
      assert.equal(BigInt((await live.call("eth_chainId")).result), (await provider.getNetwork()).chainId);
      live.socket.send(JSON.stringify([1, 2].map((n) => ({ jsonrpc: "2.0", id: `b${n}`, method: "eth_blockNumber", params: [] }))));
      const batch = await eventually(() => live.texts.find(Array.isArray), "the batch");
      assert.deepEqual(batch.map((r) => r.id), ["b1", "b2"]);
      if (!isWusong) return;
      live.socket.send("{nonsense");
      await eventually(() => live.texts.find((t) => t.error?.code === -32700), "a parse error");
    } finally {
      live.close();
    }
  });
}
