// SPDX-License-Identifier: Apache-2.0
// SM3 (GB/T 32905) and verification of SM2 signatures (GB/T 32918.2), user id 1234567812345678.
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { bigToBytes, concat, toBig, utf8 } from './bytes.js';

const curve = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};
const Point = weierstrass(curve);

const rol = (x, n) => ((x << (n & 31)) | (x >>> ((32 - n) & 31))) >>> 0;

export function sm3(message) {
  const zeros = (119 - (message.length % 64)) % 64;
  const padded = concat(message, Uint8Array.of(0x80), new Uint8Array(zeros), bigToBytes(BigInt(message.length) * 8n, 8));
  let state = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
  const view = new DataView(padded.buffer);
  for (let block = 0; block < padded.length; block += 64) {
    const w = [];
    for (let i = 0; i < 16; ++i) w.push(view.getUint32(block + 4 * i));
    for (let i = 16; i < 68; ++i) {
      const x = w[i - 16] ^ w[i - 9] ^ rol(w[i - 3], 15);
      w.push((x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[i - 13], 7) ^ w[i - 6]) >>> 0);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; ++i) {
      const ss1 = rol((rol(a, 12) + e + rol(i < 16 ? 0x79cc4519 : 0x7a879d8a, i)) >>> 0, 7);
      const ss2 = (ss1 ^ rol(a, 12)) >>> 0;
      const ff = i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const t1 = (ff + d + ss2 + ((w[i] ^ w[i + 4]) >>> 0)) >>> 0;
      const t2 = (gg + h + ss1 + w[i]) >>> 0;
      [d, c, b, a] = [c, rol(b, 9), a, t1];
      [h, g, f, e] = [g, rol(f, 19), e, (t2 ^ rol(t2, 9) ^ rol(t2, 17)) >>> 0];
    }
    state = state.map((old, i) => (old ^ [a, b, c, d, e, f, g, h][i]) >>> 0);
  }
  return concat(...state.map((word) => bigToBytes(word, 4)));
}

/** `key` is x || y, `signature` r || s. */
export function verifySm2(key, message, signature) {
  if (key.length !== 64 || signature.length !== 64) return false;
  const id = utf8('1234567812345678');
  const field = (value) => bigToBytes(value, 32);
  const z = sm3(concat(bigToBytes(id.length * 8, 2), id, field(curve.a), field(curve.b), field(curve.Gx), field(curve.Gy), key));
  const e = toBig(sm3(concat(z, message)));
  const r = toBig(signature.subarray(0, 32));
  const s = toBig(signature.subarray(32));
  const { n } = curve;
  if (r < 1n || r >= n || s < 1n || s >= n) return false;
  const t = (r + s) % n;
  if (t === 0n) return false;
  try {
    const point = Point.fromAffine({ x: toBig(key.subarray(0, 32)), y: toBig(key.subarray(32)) });
    point.assertValidity();
    const sum = Point.BASE.multiplyUnsafe(s).add(point.multiplyUnsafe(t)).toAffine();
    return (e + sum.x) % n === r;
  } catch {
    return false;
  }
}
