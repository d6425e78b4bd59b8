// SPDX-License-Identifier: Apache-2.0
// Test support: a node's read methods over a dozen made-up blocks with acts on the Workflows contract.
import { fromHex, keccak, toHex, utf8 } from '../src/verify/bytes.js';
import { encodeRlp } from '../src/verify/rlp.js';
import { eventTopic } from '../src/lib/abi.js';

const word = (value) => BigInt(value).toString(16).padStart(64, '0');
const hash = (text) => toHex(keccak(utf8(text)));
const quantity = (value) => `0x${BigInt(value).toString(16)}`;
const tuple = '(bytes32,uint32,uint8,uint8,uint8,uint32,uint32,bytes32,bytes32,bytes32,bytes32)';
const selector = toHex(keccak(utf8(`act(${tuple})`))).slice(0, 10);
const kHead = 12;
const born = Math.floor(Date.now() / 1000);

/** The first epoch as src/wusong/types/epoch.hpp encodes it. */
function epochOf({ validators }) {
  const none = new Uint8Array();
  const schemes = { secp256k1: 1, ed25519: 2, sm2: 3 };
  const members = validators.map((one) => [utf8(one.name), Uint8Array.of(schemes[one.scheme]), fromHex(one.voteKey), fromHex(one.nodeKey), fromHex(one.beneficiary)]);
  return [none, Uint8Array.of(1), none, members, [], [none, none, none, none, none]];
}

function blockAt(height, world, whole) {
  const transactions = height === 0 || height % 2 ? [] : [transactionOf(height, world)];
  const ms = (born - (kHead - height) * 2) * 1000;
  return {
    number: quantity(height), hash: hash(`block ${height}`), parentHash: hash(`block ${height - 1}`), miner: '0x8b9c5a31cbf5791f3990490cd069f0f391ee5a05', stateRoot: hash(`state ${height}`), receiptsRoot: hash(`receipts ${height}`), transactionsRoot: hash(`transactions ${height}`),
    gasLimit: '0x3b9aca00', gasUsed: quantity(transactions.length * 91234), timestamp: quantity(Math.floor(ms / 1000)), baseFeePerGas: '0x0', wusong_view: quantity(height), wusong_proposer: quantity(height % 4), wusong_timestampMs: quantity(ms), wusong_rootsCoveredAt: quantity(height + 4), wusong_rootsCovered: height + 4 <= kHead,
    transactions: whole ? transactions : transactions.map((one) => one.hash),
  };
}
function stepAt(height, { items, pack }) {
  const item = items[height % items.length];
  const workflow = pack.workflows.find((one) => one.name === item.workflow);
  const step = workflow.transitions[0];
  const state = (name) => workflow.states.find((one) => one.name === name)?.number ?? 0;
  return { item, workflow: workflow.number, action: workflow.actions.find((one) => one.name === step.action).number, from: state(step.from[0]), to: state(step.to) };
}
function transactionOf(height, world) {
  const { item, workflow, action } = stepAt(height, world);
  const input = selector + item.id.slice(2) + [0, workflow, action, 0, 127, 0].map(word).join('') + word(0) + word(0) + item.document_digest.slice(2) + word(0);
  return { hash: `0x${'ab'.repeat(31)}0${(height / 2) % 10}`, from: world.users.citizen.address, to: world.contract, nonce: quantity(height), gas: '0x16e360', gasPrice: '0x0', value: '0x0', input, type: '0x2', blockNumber: quantity(height), transactionIndex: '0x0' };
}
function receiptOf(height, world) {
  const { item, workflow, action, from, to } = stepAt(height, world);
  const kind = (BigInt(workflow) << 24n) | (BigInt(action) << 16n) | (BigInt(from) << 8n) | BigInt(to);
  const transaction = transactionOf(height, world);
  const log = { address: world.contract, topics: [eventTopic('Acted'), item.id, `0x${word(world.users.citizen.address)}`, `0x${word(kind)}`], data: `0x${[1, 1, 0, 127, 2, 0, born + 864000, 1].map(word).join('')}${word(world.users.citizen.address)}${word(0)}${word(0)}${item.document_digest.slice(2)}${word(0)}`, blockNumber: quantity(height), transactionHash: transaction.hash };
  return { transactionHash: transaction.hash, blockNumber: quantity(height), status: '0x1', gasUsed: quantity(91234), logs: [log], contractAddress: null };
}
const heightOfHash = (transaction) => [2, 4, 6, 8, 10, 12].find((height) => `0x${'ab'.repeat(31)}0${(height / 2) % 10}` === transaction) ?? (/^0x(ab){31}0\d$/.test(transaction) ? 2 : null);
const heightOf = (tag) => (tag === 'latest' ? kHead : /^0x[0-9a-f]{64}$/.test(tag) ? Array.from({ length: kHead + 1 }, (_, i) => i).find((i) => hash(`block ${i}`) === tag) : Number(BigInt(tag)));

const methods = {
  eth_blockNumber: () => quantity(kHead),
  wusong_nodeHealth: () => ({ healthy: true, reason: '', role: 'validator', height: kHead, final: kHead, finalityMsP50: 61, finalityMsP99: 94, peers: 3 }),
  wusong_chainInfo: ([], { bundle }) => ({ chainId: '0x171e', genesisHash: bundle.chain.genesis, profile: 'standard', fork: 'Osaka', rootDelay: '0x4', validatorCount: '0x4', executed: quantity(kHead), final: quantity(kHead), clientVersion: 'Wusong' }),
  wusong_epoch: ([], { bundle }) => ({ epoch: '0x0', first: '0x1', encoded: toHex(encodeRlp(epochOf(JSON.parse(bundle.chain.text)))) }),
  wusong_validators: ([], { bundle }) => JSON.parse(bundle.chain.text).validators.map((one, i) => ({ index: quantity(i), name: one.name, scheme: one.scheme, publicKey: one.voteKey, beneficiary: one.beneficiary, isSelf: i === 0, connected: i !== 3, lastKnownFinal: quantity(kHead) })),
  eth_getBlockByNumber: ([tag, whole], world) => (heightOf(tag) <= kHead ? blockAt(heightOf(tag), world, whole) : null),
  eth_getBlockByHash: ([tag, whole], world) => (heightOf(tag) === undefined ? null : blockAt(heightOf(tag), world, whole)),
  eth_getBlockReceipts: ([tag], world) => { const height = heightOf(tag); return height === undefined || height > kHead ? null : height && height % 2 === 0 ? [receiptOf(height, world)] : []; },
  eth_getTransactionByHash: ([one], world) => (heightOfHash(one) ? transactionOf(heightOfHash(one), world) : null),
  eth_getTransactionReceipt: ([one], world) => (heightOfHash(one) ? receiptOf(heightOfHash(one), world) : null),
  wusong_transactionStatus: ([one]) => ({ hash: one, status: 'final', rootsCovered: true }),
  wusong_finalityProof: ([tag], { bundle }) => bundle.finality,
  eth_getBalance: () => '0x8ac7230489e80000', eth_getTransactionCount: () => '0x7', eth_getCode: ([address], { contract }) => (address === contract ? `0x60${'00'.repeat(900)}` : '0x'),
  eth_getLogs: (_, world) => [2, 4, 6, 8].map((height) => receiptOf(height, world).logs[0]),
};
export function rpcAnswer(body, world) {
  const one = ({ id, method, params }) => {
    try {
      return methods[method] ? { jsonrpc: '2.0', id, result: methods[method](params ?? [], world) } : { jsonrpc: '2.0', id, error: { code: -32601, message: `no such method: ${method}` } };
    } catch (error) {
      return { jsonrpc: '2.0', id, error: { code: -32602, message: String(error.message) } };
    }
  };
  return Array.isArray(body) ? body.map(one) : one(body);
}
