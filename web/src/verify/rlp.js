// SPDX-License-Identifier: Apache-2.0
// RLP, strict: only the shortest encoding of a value is accepted.
import { ProofError, concat, toBig } from './bytes.js';

function read(bytes, at, depth) {
  const need = (count) => {
    if (at + count > bytes.length) throw new ProofError('bad_rlp', 'truncated');
  };
  if (depth > 32) throw new ProofError('bad_rlp', 'too deep');
  need(1);
  const head = bytes[at];
  if (head < 0x80) return { value: bytes.subarray(at, at + 1), end: at + 1 };
  const isList = head >= 0xc0;
  const base = isList ? 0xc0 : 0x80;
  let size = head - base;
  let start = at + 1;
  if (size > 55) {
    const count = size - 55;
    need(1 + count);
    if (bytes[start] === 0) throw new ProofError('bad_rlp', 'length with leading zero');
    const long = toBig(bytes.subarray(start, start + count));
    if (long < 56n || long > BigInt(bytes.length)) throw new ProofError('bad_rlp', 'length');
    size = Number(long);
    start += count;
  }
  const end = start + size;
  if (end > bytes.length) throw new ProofError('bad_rlp', 'truncated');
  if (!isList) {
    if (size === 1 && bytes[start] < 0x80) throw new ProofError('bad_rlp', 'not shortest');
    return { value: bytes.subarray(start, end), end };
  }
  const list = [];
  while (start < end) {
    const item = read(bytes.subarray(0, end), start, depth + 1);
    list.push(item.value);
    start = item.end;
  }
  return { value: list, end };
}

/** Byte strings and (nested) arrays of them. */
export function decodeRlp(bytes) {
  const { value, end } = read(bytes, 0, 0);
  if (end !== bytes.length) throw new ProofError('bad_rlp', 'bytes after the end');
  return value;
}

function prefixed(base, body) {
  if (body.length <= 55) return concat(Uint8Array.of(base + body.length), body);
  const size = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  return concat(Uint8Array.of(base + 55 + size.length, ...size), body);
}

export function encodeRlp(value) {
  if (Array.isArray(value)) return prefixed(0xc0, concat(...value.map(encodeRlp)));
  return value.length === 1 && value[0] < 0x80 ? value : prefixed(0x80, value);
}

/** A whole number: no leading zero. */
export function rlpNumber(bytes) {
  if (!(bytes instanceof Uint8Array) || bytes[0] === 0 || bytes.length > 32) throw new ProofError('bad_rlp', 'number');
  return toBig(bytes);
}
