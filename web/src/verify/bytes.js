// SPDX-License-Identifier: Apache-2.0
// Bytes, hexadecimal and the digests that proofs are made of.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** What a proof lacks or gets wrong. `code` is stable; words.js has the text for people. */
export class ProofError extends Error {
  constructor(code, detail = '') {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.detail = detail;
  }
}

export function fromHex(text) {
  if (typeof text !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(text)) throw new ProofError('bad_hex', String(text).slice(0, 40));
  const out = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < out.length; ++i) out[i] = parseInt(text.substr(2 + 2 * i, 2), 16);
  return out;
}

export function toHex(bytes) {
  let out = '0x';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export const utf8 = (text) => new TextEncoder().encode(text);
export const keccak = (bytes) => keccak_256(bytes);
export const sha256Hex = (bytes) => toHex(sha256(typeof bytes === 'string' ? utf8(bytes) : bytes));

/** The number that big-endian bytes hold. */
export function toBig(bytes) {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** `size` bytes, big-endian. */
export function bigToBytes(value, size) {
  return fromHex('0x' + BigInt(value).toString(16).padStart(2 * size, '0'));
}
export const u64 = (value) => bigToBytes(value, 8);

/** SHA-256 of a file, read in slices so that large ones need little memory. */
export async function digestFile(file, progress = () => {}) {
  const hash = sha256.create();
  const slice = 4 << 20;
  for (let at = 0; at < file.size; at += slice) {
    hash.update(new Uint8Array(await file.slice(at, at + slice).arrayBuffer()));
    progress(Math.min(1, (at + slice) / file.size));
  }
  return toHex(hash.digest());
}
