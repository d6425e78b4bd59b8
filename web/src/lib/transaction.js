// SPDX-License-Identifier: Apache-2.0
// Keys and transactions of people who sign in the browser (EIP-1559, EIP-155 chain id inside).
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat, fromHex, keccak, toBig, toHex } from '../verify/bytes.js';
import { encodeRlp } from '../verify/rlp.js';

/** Last 20 bytes of keccak256(x || y). */
export function addressOf(secret) {
  return toHex(keccak(secp256k1.getPublicKey(secret, false).subarray(1)).subarray(12));
}

const minimal = (value) => {
  const number = BigInt(value ?? 0);
  if (number === 0n) return new Uint8Array();
  const text = number.toString(16);
  return fromHex(`0x${text.length % 2 ? '0' : ''}${text}`);
};

/** What `POST /api/v1/prepare` answered, signed: the raw transaction as hex. */
export function signPrepared({ chain_id, nonce, max_fee, gas, to, data }, secret) {
  const fields = [minimal(chain_id), minimal(nonce), new Uint8Array(), minimal(max_fee), minimal(gas), fromHex(to), new Uint8Array(), fromHex(data), []];
  const type = Uint8Array.of(2);
  const digest = keccak(concat(type, encodeRlp(fields)));
  const signature = secp256k1.sign(digest, secret, { prehash: false, format: 'recovered' }); // recovery || r || s, low s
  const [recovery, r, s] = [signature[0], signature.subarray(1, 33), signature.subarray(33)];
  return toHex(concat(type, encodeRlp([...fields, minimal(recovery), minimal(toBig(r)), minimal(toBig(s))])));
}

const kIterations = 600000;
async function keyOf(password, salt, iterations) {
  const base = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** A fresh key, sealed with the password: `{address, sealed}`. */
export async function newSealedKey(password) {
  const secret = secp256k1.utils.randomSecretKey();
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const address = addressOf(secret);
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: fromHex(address) }, await keyOf(password, salt, kIterations), secret);
  secret.fill(0);
  return { address, sealed: { version: 1, address, iterations: kIterations, salt: toHex(salt), nonce: toHex(nonce), box: toHex(new Uint8Array(box)) } };
}

/** The secret of a sealed key; null with a wrong password. */
export async function openSealedKey(sealed, password) {
  try {
    const box = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: fromHex(sealed.nonce), additionalData: fromHex(sealed.address) }, await keyOf(password, fromHex(sealed.salt), sealed.iterations), fromHex(sealed.box));
    return new Uint8Array(box);
  } catch {
    return null;
  }
}
