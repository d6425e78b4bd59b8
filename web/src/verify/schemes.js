// SPDX-License-Identifier: Apache-2.0
// Signature schemes of votes, by the names and numbers of src/wusong/crypto/signature.hpp.
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { concat, keccak, utf8 } from './bytes.js';
import { sm3, verifySm2 } from './sm2.js';

const kLatticeKey = 1312;
const kLatticeSignature = 2420;

// Canonical points and no cofactor, as libsodium has it.
const verifyEd25519 = (key, message, signature) => ed25519.verify(signature, message, key, { zip215: false });
const mlDsa = (set) => (key, message, signature) => set.verify(signature, message, key);

/** Both halves sign the label with the message's digest (docs/adr/0029), and both must verify. */
function composite(label, digest, verifyClassical) {
  return (key, message, signature) => {
    const both = concat(utf8('CompositeAlgorithmSignatures2025'), utf8(label), Uint8Array.of(0), digest(message));
    if (!verifyClassical(key.subarray(kLatticeKey), both, signature.subarray(kLatticeSignature))) return false;
    return ml_dsa44.verify(signature.subarray(0, kLatticeSignature), both, key.subarray(0, kLatticeKey), { context: utf8(label) });
  };
}

/** In the order of their numbers, from 1. */
const table = {
  secp256k1: (key, message, signature) =>
    secp256k1.verify(signature, keccak(message), concat(Uint8Array.of(4), key), { prehash: false, lowS: true }),
  ed25519: verifyEd25519,
  sm2: verifySm2,
  'ml-dsa-44': mlDsa(ml_dsa44),
  'ml-dsa-65': mlDsa(ml_dsa65),
  'ed25519+ml-dsa-44': composite('COMPSIG-MLDSA44-Ed25519-SHA512', sha512, verifyEd25519),
  'sm2+ml-dsa-44': composite('COMPSIG-MLDSA44-SM2-SM3', sm3, verifySm2),
};
const names = Object.keys(table);

/** A scheme's name; undefined where the number is nobody's. */
export const schemeName = (number) => names[number - 1];

/** False also for keys and signatures that are malformed, and for schemes that nobody knows. */
export function verifySignature(scheme, key, message, signature) {
  try {
    return Object.hasOwn(table, scheme) && table[scheme](key, message, signature) === true;
  } catch {
    return false;
  }
}
