// SPDX-License-Identifier: Apache-2.0
// Calls and events of Directory, RuleBook and Workflows, decoded: ABI types as contracts/src has them.
import { keccak, toHex, utf8 } from '../verify/bytes.js';

const act = '(bytes32 item,uint32 sequence,uint8 workflow,uint8 action,uint8 choice,uint32 marks,uint32 organisation,bytes32 subject,bytes32 refersTo,bytes32 document,bytes32 basis)';
const details = '(uint32 sequence,uint16 pack,uint8 choice,uint32 marks,uint32 organisation,uint32 actorOrganisation,uint64 deadline,bool content,address party,bytes32 subject,bytes32 refersTo,bytes32 document,bytes32 basis)';
export const kFunctions = [
  `act(${act} given)`, `actMany(${act}[] given)`, 'item(bytes32 id)',
  'setOrganisation(uint32 id,uint32 parent,uint8 kind,bool active,bytes32 document)', 'setActor(address who,uint32 organisation,uint32 roles,bool active)', 'setDistrictRoles(uint32 roles)',
  'publish(uint16 pack,uint32[] keys,uint256[] rows)', 'seal(uint16 pack,uint64 effectiveFrom,int32 utcOffset,uint32 rowCount,bytes32 document)', 'setWorkingDays(uint16 year,uint256[2] bits)',
];
export const kEvents = [
  `Acted(bytes32 indexed item,address indexed actor,uint256 indexed kind,${details} details)`,
  'OrganisationSet(uint32 indexed id,uint32 indexed parent,uint8 kind,bool active,bytes32 document,address by)', 'ActorSet(address indexed who,uint32 indexed organisation,uint32 roles,bool active,address by)',
  'DistrictRolesSet(uint32 roles,address by)', 'RulesPublished(uint16 indexed pack,uint32[] keys,uint256[] rows)',
  'RulesSealed(uint16 indexed pack,uint64 effectiveFrom,int32 utcOffset,uint32 rowCount,bytes32 document)', 'WorkingDaysSet(uint16 indexed year,uint256[2] bits)',
];

/** "name(type a,(type b) c)" as a tree. */
export function parseSignature(signature) {
  let at = 0;
  const list = () => {
    const out = [];
    ++at; // (
    while (signature[at] !== ')') {
      let type;
      let components;
      if (signature[at] === '(') {
        components = list();
        type = 'tuple';
      } else {
        type = '';
        while (/[\w]/.test(signature[at])) type += signature[at++];
      }
      let suffix = '';
      while (signature[at] === '[') {
        while (signature[at] !== ']') suffix += signature[at++];
        suffix += signature[at++];
      }
      let rest = '';
      while (signature[at] !== ',' && signature[at] !== ')') rest += signature[at++];
      const words = rest.trim().split(' ').filter(Boolean);
      out.push({ type: type + suffix, components, name: words[words.length - 1] ?? '', indexed: words[0] === 'indexed' });
      if (signature[at] === ',') ++at;
    }
    ++at;
    return out;
  };
  const name = signature.slice(0, signature.indexOf('('));
  at = name.length;
  return { name, inputs: list() };
}
const canonicalType = (input) => (input.components ? `(${input.components.map(canonicalType).join(',')})${input.type.slice(5)}` : input.type);
const canonical = (entry) => `${entry.name}(${entry.inputs.map(canonicalType).join(',')})`;
const topicOf = (entry) => toHex(keccak(utf8(canonical(entry))));

const functions = new Map(kFunctions.map(parseSignature).map((entry) => [topicOf(entry).slice(0, 10), entry]));
const events = new Map(kEvents.map(parseSignature).map((entry) => [topicOf(entry), entry]));

const inner = (input) => ({ ...input, type: input.type.replace(/\[\d*\]$/, '') });
const fixedLength = (type) => type.match(/\[(\d+)\]$/)?.[1];
function isDynamic(input) {
  if (input.type.endsWith('[]') || input.type === 'bytes' || input.type === 'string') return true;
  if (fixedLength(input.type)) return isDynamic(inner(input));
  return input.components ? input.components.some(isDynamic) : false;
}
function headWords(input) {
  if (isDynamic(input)) return 1;
  if (fixedLength(input.type)) return Number(fixedLength(input.type)) * headWords(inner(input));
  return input.components ? input.components.reduce((sum, one) => sum + headWords(one), 0) : 1;
}
function decodeTuple(inputs, hex, base) {
  const out = {};
  let at = base;
  for (const input of inputs) {
    const start = isDynamic(input) ? base + Number(BigInt(word(hex, at))) * 2 : at;
    out[input.name] = decodeOne(input, hex, start);
    at += headWords(input) * 64;
  }
  return out;
}
function word(hex, at) {
  if (at + 64 > hex.length) throw new Error('call data too short');
  return `0x${hex.slice(at, at + 64)}`;
}
function decodeOne(input, hex, at) {
  if (/\[\d*\]$/.test(input.type)) {
    const fixed = fixedLength(input.type);
    const count = fixed ? Number(fixed) : Number(BigInt(word(hex, at)));
    if (count > 10000) throw new Error('too many values');
    const list = Array.from({ length: count }, (_, i) => ({ ...inner(input), name: String(i) }));
    return Object.values(decodeTuple(list, hex, fixed ? at : at + 64));
  }
  if (input.components) return decodeTuple(input.components, hex, at);
  const value = word(hex, at);
  if (input.type === 'address') return `0x${value.slice(26)}`;
  if (input.type === 'bool') return BigInt(value) !== 0n;
  if (input.type.startsWith('int')) return Number(BigInt.asIntN(256, BigInt(value)));
  if (input.type.startsWith('uint')) return Number(input.type.slice(4)) <= 48 ? Number(BigInt(value)) : BigInt(value);
  return value;
}

/** `{name, args}` of call data, or null when it is none of ours. */
export function decodeCall(data) {
  const entry = functions.get(data?.slice(0, 10));
  if (!entry) return null;
  try {
    return { name: entry.name, args: decodeTuple(entry.inputs, data.slice(10), 0) };
  } catch {
    return null;
  }
}
/** `{name, args}` of a log, or null. */
export function decodeLog(log) {
  const entry = events.get(log.topics?.[0]);
  if (!entry) return null;
  try {
    const args = decodeTuple(entry.inputs.filter((input) => !input.indexed), log.data.slice(2), 0);
    entry.inputs.filter((input) => input.indexed).forEach((input, i) => { args[input.name] = decodeOne(input, log.topics[i + 1].slice(2), 0); });
    return { name: entry.name, args };
  } catch {
    return null;
  }
}
/** `workflow << 24 | action << 16 | from << 8 | to` */
export function splitKind(kind) {
  const value = Number(BigInt(kind));
  return { workflow: (value >>> 24) & 255, action: (value >>> 16) & 255, from: (value >>> 8) & 255, to: value & 255 };
}
export const eventTopic = (name) => [...events].find(([, entry]) => entry.name === name)?.[0];
export const selectors = () => [...functions.keys()];
export const topics = () => [...events.keys()];
