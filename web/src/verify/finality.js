// SPDX-License-Identifier: Apache-2.0
// Proofs that a block is final (src/wusong/consensus/finality_proof.hpp, docs/auditors.md).
import { ProofError, concat, fromHex, toBig, toHex, u64, utf8 } from './bytes.js';
import { chainHash } from './digest.js';
import { verifySignature } from './schemes.js';

/** kind u8 || height u64 || id 32 [|| view u64 [|| closing height u64 || closing parent 32]] || signature set */
export function decodeFinalityProof(bytes) {
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) throw new ProofError('bad_finality_proof', 'truncated');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const number = (size) => toBig(take(size));
  const kind = Number(number(1));
  if (kind < 1 || kind > 3) throw new ProofError('bad_finality_proof', 'kind');
  const height = number(8);
  const blockId = take(32);
  const view = kind === 1 ? 0n : number(8);
  const closing = kind === 3 ? { height: number(8), parent: take(32) } : undefined;
  const bitmapSize = Number(number(2));
  if (bitmapSize === 0 || bitmapSize > 64) throw new ProofError('bad_finality_proof', 'signers');
  const bitmap = take(bitmapSize);
  if (bitmap[bitmapSize - 1] === 0) throw new ProofError('bad_finality_proof', 'signers');
  const signatures = [];
  for (let i = 0; i < bitmapSize * 8; ++i) {
    if ((bitmap[i >> 3] >> (i & 7)) & 1) signatures.push({ validator: i, signature: take(Number(number(2))) });
  }
  if (at !== bytes.length || height === 0n || (kind !== 1 && view === 0n) || (closing && closing.height <= height)) throw new ProofError('bad_finality_proof', 'length');
  return { kind, height, blockId, view, closing, signatures };
}

export function signedBytes(genesis, proof) {
  if (proof.kind === 1) return concat(utf8('wusong/attest/v1'), genesis, u64(proof.height), proof.blockId);
  const finalize = Uint8Array.of(3); // VoteKind::finalize
  if (proof.kind === 2) return concat(utf8('wusong/vote/v1'), genesis, finalize, u64(proof.view), u64(proof.height), proof.blockId);
  // The votes are for a block that holds nothing but the name of this one (src/wusong/consensus/closing.hpp).
  const { height, parent } = proof.closing;
  const id = chainHash(concat(utf8('wusong/closing/v1'), u64(proof.view), u64(height), parent, u64(proof.height), proof.blockId));
  return concat(utf8('wusong/vote/v1'), genesis, finalize, u64(proof.view), u64(height), id);
}

export const faultyMax = (count) => Math.floor((count - 1) / 3);

/**
 * Checks every signature. `validators` are `{name, scheme, publicKey}` in the order of their epoch, `genesis` is what its votes
 * sign: in the first epoch the genesis hash, later the epoch's domain (epochs.js).
 * Answers who signed, and with which schemes.
 */
export function verifyFinalityProof(hex, genesis, validators) {
  const proof = decodeFinalityProof(fromHex(hex));
  const f = faultyMax(validators.length);
  const needed = proof.kind === 1 ? f + 1 : validators.length - f;
  if (validators.length === 0 || proof.signatures.length < needed) throw new ProofError('too_few_signatures', `${proof.signatures.length} of ${needed}`);
  const message = signedBytes(genesis, proof);
  const signers = proof.signatures.map(({ validator, signature }) => {
    const known = validators[validator];
    if (!known) throw new ProofError('unknown_validator', String(validator));
    const good = verifySignature(known.scheme, fromHex(known.publicKey), message, signature);
    if (!good) throw new ProofError('bad_signature', known.name ?? String(validator));
    return known.name ?? String(validator);
  });
  const schemes = proof.signatures.map(({ validator }) => validators[validator].scheme);
  return { kind: proof.kind, height: proof.height, blockHash: toHex(proof.blockId), signers, schemes, needed, count: validators.length };
}
