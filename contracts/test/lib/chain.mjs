// SPDX-License-Identifier: Apache-2.0
// A chain to test on: deployment, transactions with managed nonces, calls by the hundred, acts as call data.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AbiCoder, Interface, Wallet, concat, decodeRlp, getCreateAddress, id, keccak256, toBeHex, zeroPadValue } from "ethers";
import { encodeDays, encodePack, readJson, root } from "../../rules.mjs";

export const url = process.env.WUSONG_RPC ?? "http://127.0.0.1:8545";
export const kZero = `0x${"0".repeat(64)}`;
export const kNobody = `0x${"0".repeat(40)}`;
const kBatchMax = 500;
const kGas = 8_000_000;

let nextId = 1;
async function post(body) {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return response.json();
}

export async function rpc(method, params = []) {
  const answer = await post({ jsonrpc: "2.0", id: nextId++, method, params });
  if (answer.error) throw Object.assign(new Error(answer.error.message), { data: answer.error.data });
  return answer.result;
}

/** Many requests of one method; answers {result} or {error} in their order. */
export async function rpcMany(method, list) {
  const answers = [];
  for (let at = 0; at < list.length; at += kBatchMax) {
    const part = list.slice(at, at + kBatchMax).map((params, index) => ({ jsonrpc: "2.0", id: index, method, params }));
    const got = await post(part);
    assert.ok(Array.isArray(got), `a batch was refused: ${JSON.stringify(got).slice(0, 200)}`);
    answers.push(...got.sort((a, b) => a.id - b.id));
  }
  return answers;
}

const artifact = (folder, name) => {
  const { abi, bytecode } = readJson(join(root, "..", "build", folder, `${name}.json`));
  return { face: new Interface(abi), bytecode };
};
export const kArtifacts = {
  Directory: artifact("contracts", "Directory"),
  RuleBook: artifact("contracts", "RuleBook"),
  Workflows: artifact("contracts", "Workflows"),
  WorkflowsHarness: artifact("contracts_test", "WorkflowsHarness"),
};

/** Custom errors of all contracts by the first four bytes of their data. */
const kErrors = new Map();
for (const { face } of Object.values(kArtifacts))
  face.forEachError((error) => kErrors.set(error.selector, error.name));
export const errorName = (data) => kErrors.get(String(data ?? "").slice(0, 10)) ?? `unknown revert ${data}`;

/** A key of these tests by name; the same name gives the same key in every run. */
const wallets = new Map();
export function wallet(name) {
  if (!wallets.has(name)) wallets.set(name, new Wallet(id(`wusong contracts test ${name}`)));
  return wallets.get(name);
}

/** Sends transactions of any wallets without waiting, then waits for all of them at once. */
export class Sender {
  #nonces = new Map();
  #chainId;

  async #nonce(address) {
    if (!this.#nonces.has(address)) this.#nonces.set(address, Number(await rpc("eth_getTransactionCount", [address, "latest"])));
    const nonce = this.#nonces.get(address);
    this.#nonces.set(address, nonce + 1);
    return nonce;
  }

  async sign(from, to, data, gas = kGas) {
    this.#chainId ??= Number(await rpc("eth_chainId"));
    const nonce = await this.#nonce(from.address);
    const raw = await from.signTransaction({
      type: 2, chainId: this.#chainId, nonce, to, data, gasLimit: gas, maxFeePerGas: 0, maxPriorityFeePerGas: 0,
    });
    return { raw, nonce };
  }

  /** Receipts of [from, to, data] in order. A transaction that fails is an error unless `mayFail`. */
  async all(list, mayFail = false) {
    const raws = [];
    for (const [from, to, data, gas] of list) raws.push((await this.sign(from, to, data, gas)).raw);
    const hashes = (await rpcMany("eth_sendRawTransaction", raws.map((raw) => [raw]))).map(({ result, error }) => {
      if (error) throw new Error(`not accepted: ${error.message}`);
      return result;
    });
    const receipts = await Promise.all(hashes.map((hash) => this.#receipt(hash)));
    if (!mayFail) receipts.forEach((receipt, index) => assert.equal(receipt.status, "0x1", `transaction ${index} failed`));
    return receipts;
  }

  async one(from, to, data) {
    return (await this.all([[from, to, data]]))[0];
  }

  async #receipt(hash) {
    for (let tries = 0; tries < 2000; ++tries) {
      const receipt = await rpc("eth_getTransactionReceipt", [hash]);
      if (receipt) return receipt;
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
    throw new Error(`no receipt of ${hash}`);
  }
}

/** The three contracts with a city authority, and short ways to use them. */
export class Platform {
  sender = new Sender();

  static async deploy(name, { harness = false } = {}) {
    const made = new Platform();
    made.authority = wallet(`${name} authority`);
    const deployer = wallet(`${name} deployer`);
    const create = async (what, ...parameters) => {
      const { face, bytecode } = kArtifacts[what];
      const { raw, nonce } = await made.sender.sign(deployer, null, concat([bytecode, face.encodeDeploy(parameters)]));
      const hash = await rpc("eth_sendRawTransaction", [raw]);
      return { address: getCreateAddress({ from: deployer.address, nonce }), face, hash };
    };
    made.directory = await create("Directory", made.authority.address, 1, id("city"));
    made.ruleBook = await create("RuleBook", made.directory.address);
    made.workflows = await create(harness ? "WorkflowsHarness" : "Workflows", made.directory.address, made.ruleBook.address);
    for (const { address, hash } of [made.directory, made.ruleBook, made.workflows]) {
      for (let tries = 0; tries < 1000 && !(await rpc("eth_getTransactionReceipt", [hash])); ++tries)
        await new Promise((resolve) => { setTimeout(resolve, 10); });
      assert.notEqual(await rpc("eth_getCode", [address, "latest"]), "0x", "nothing was deployed");
    }
    return made;
  }

  data(contract, name, parameters) {
    return this[contract].face.encodeFunctionData(name, parameters);
  }

  /** The name of the custom error with which a call would be refused, or "ok". */
  async outcome(contract, from, name, parameters) {
    const call = { from: from.address ?? from, to: this[contract].address, data: this.data(contract, name, parameters), gas: toBeHex(kGas) };
    const [answer] = await rpcMany("eth_call", [[call, "latest"]]);
    return answer.error ? errorName(answer.error.data) : "ok";
  }

  async view(contract, name, ...parameters) {
    const { face, address } = this[contract];
    const answer = await rpc("eth_call", [{ to: address, data: face.encodeFunctionData(name, parameters) }, "latest"]);
    const values = face.decodeFunctionResult(name, answer);
    return values.length === 1 ? values[0] : values;
  }

  async send(from, contract, name, ...parameters) {
    return this.sender.one(from, this[contract].address, this.data(contract, name, parameters));
  }

  /** Publishes and seals a pack in parts, and sets calendars. */
  async publish(pack, calendars = []) {
    const { keys, rows, ...rest } = encodePack(pack);
    const calls = [];
    const add = (name, ...parameters) => calls.push([this.authority, this.ruleBook.address, this.data("ruleBook", name, parameters), 16_000_000]);
    for (let at = 0; at < keys.length; at += 100) add("publish", rest.pack, keys.slice(at, at + 100), rows.slice(at, at + 100));
    add("seal", rest.pack, rest.effectiveFrom, rest.utcOffset, keys.length, rest.document);
    for (const calendar of calendars) add("setWorkingDays", calendar.year, encodeDays(calendar));
    return this.sender.all(calls);
  }

  async setOrganisations(list) {
    await this.sender.all(list.map(([number, parent, kind, active = true]) => [
      this.authority, this.directory.address, this.data("directory", "setOrganisation", [number, parent, kind, active, id(`organisation ${number}`)])]));
  }

  /** [address, organisation, roles mask, active] */
  async setActors(list) {
    await this.sender.all(list.map(([who, organisation, roles, active = true]) => [
      this.authority, this.directory.address, this.data("directory", "setActor", [who.address ?? who, organisation, roles, active])]));
  }

  async item(key) {
    return (await this.view("workflows", "item", key)).toObject();
  }
}

export const packOne = () => readJson(join(root, "rules", "sz-2023-draft.json"));
export const calendarOf = (year) => readJson(join(root, "rules", "calendar", `${year}.json`));
export const kCalendarYears = [2023, 2024, 2025, 2026];

export const kActDefaults = {
  item: kZero, sequence: 0, workflow: 0, action: 0, choice: 0, marks: 0, organisation: 0,
  subject: kZero, refersTo: kZero, document: kZero, basis: kZero,
};
const kActMembers = Object.keys(kActDefaults);
export const actSelector = kArtifacts.Workflows.face.getFunction("act").selector;
const word = (value) => (typeof value === "string" ? value.slice(2) : value.toString(16)).padStart(64, "0");

/** Call data of act(Act): a static struct, so its members stand one after the other. */
export function actData(given) {
  return actSelector + kActMembers.map((member) => word(given[member] ?? kActDefaults[member])).join("");
}
export const fullAct = (given) => ({ ...kActDefaults, ...given });

/** Where a mapping's value stands: in slot `slot`, by a key of 32 bytes. */
export const mappingSlot = (key, slot = 0) => keccak256(concat([key, zeroPadValue(toBeHex(slot), 32)]));
export const singleId = (subject, workflow) =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint8"], [subject, workflow]));

/** The value at `key` in a Merkle-Patricia trie, or undefined, from its proof; throws where the proof does not hold. */
export function provenValue(rootHash, key, proof) {
  const path = keccak256(key).slice(2);
  let at = 0;
  let want = rootHash;
  for (const node of proof) {
    assert.equal(keccak256(node), want, "a node is not the one its parent names");
    const items = decodeRlp(node);
    if (items.length === 17) {
      want = items[parseInt(path[at], 16)];
      at += 1;
    } else {
      const odd = parseInt(items[0][2], 16) & 1;
      const isLeaf = parseInt(items[0][2], 16) >= 2;
      const part = items[0].slice(odd ? 3 : 4);
      if (path.slice(at, at + part.length) !== part) return undefined;
      at += part.length;
      if (isLeaf) return items[1];
      want = items[1];
    }
    if (want === "0x") return undefined;
  }
  throw new Error("the proof ends early");
}

export const readText = (path) => readFileSync(path, "utf8");
