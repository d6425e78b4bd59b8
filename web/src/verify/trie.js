// SPDX-License-Identifier: Apache-2.0
// Merkle Patricia proofs as eth_getProof gives them (EIP-1186).
import { ProofError, equal, keccak } from './bytes.js';
import { chainHash } from './digest.js';
import { decodeRlp, encodeRlp } from './rlp.js';

const kEmptyRoot = keccak(Uint8Array.of(0x80));

function nibblesOf(bytes) {
  const out = [];
  for (const byte of bytes) out.push(byte >> 4, byte & 15);
  return out;
}

/** Hex-prefix: the path of a leaf or extension, and which of them it is. */
function readPath(encoded) {
  const nibbles = nibblesOf(encoded);
  const flag = nibbles[0];
  if (flag === undefined || flag > 3) throw new ProofError('bad_trie_node', 'path');
  if (flag % 2 === 0 && nibbles[1] !== 0) throw new ProofError('bad_trie_node', 'path padding');
  return { isLeaf: flag >= 2, path: nibbles.slice(flag % 2 === 1 ? 1 : 2) };
}

/**
 * The value under `key` (already hashed, 32 bytes) in the trie with `root`, or null when the proof shows
 * that there is none. Throws a ProofError when it shows neither.
 */
export function verifyTrieProof(root, key, proof) {
  if (proof.length === 0) {
    if (equal(root, kEmptyRoot)) return null;
    throw new ProofError('proof_incomplete', 'no nodes');
  }
  const path = nibblesOf(key);
  let at = 0;
  let used = 0;
  let expected = root; // a hash, or a node held in place
  for (;;) {
    let node;
    if (expected instanceof Uint8Array) {
      if (used === proof.length) throw new ProofError('proof_incomplete');
      if (!equal(chainHash(proof[used]), expected)) throw new ProofError('proof_hash_mismatch', `node ${used}`);
      node = decodeRlp(proof[used++]);
    } else {
      node = expected;
      // Some servers list nodes that are held in place as well: harmless, but they must be the same.
      if (used < proof.length && equal(proof[used], encodeRlp(node))) ++used;
    }
    if (!Array.isArray(node)) throw new ProofError('bad_trie_node');
    let child;
    if (node.length === 17) {
      if (at === path.length) return finish(node[16], used, proof);
      child = node[path[at++]];
    } else if (node.length === 2) {
      const { isLeaf, path: own } = readPath(node[0]);
      const matches = own.every((nibble, i) => path[at + i] === nibble);
      if (isLeaf) return finish(matches && at + own.length === path.length ? node[1] : new Uint8Array(), used, proof);
      if (own.length === 0) throw new ProofError('bad_trie_node', 'empty extension');
      if (!matches) return finish(new Uint8Array(), used, proof);
      at += own.length;
      child = node[1];
    } else {
      throw new ProofError('bad_trie_node');
    }
    if (child instanceof Uint8Array && child.length === 0) return finish(child, used, proof);
    if (child instanceof Uint8Array && child.length !== 32) throw new ProofError('bad_trie_node', 'child');
    expected = child;
  }
}

function finish(value, used, proof) {
  if (used !== proof.length) throw new ProofError('proof_has_extra_nodes');
  if (!(value instanceof Uint8Array)) throw new ProofError('bad_trie_node', 'value');
  return value.length === 0 ? null : value;
}
