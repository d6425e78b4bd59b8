# SPDX-License-Identifier: Apache-2.0
"""Signed transactions of the development accounts, with nothing but the standard library."""

import hashlib
import hmac

# Published with Hardhat and Foundry; everybody knows them.
DEV_KEYS = [int(key, 16) for key in (
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
)]

_MASK = (1 << 64) - 1
_ROTATIONS = ((0, 36, 3, 41, 18), (1, 44, 10, 45, 2), (62, 6, 43, 15, 61), (28, 55, 25, 21, 56), (27, 20, 39, 8, 14))


def _round_constants():
    out, state = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if state & 1:
                constant |= 1 << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        out.append(constant)
    return out


_ROUND_CONSTANTS = _round_constants()


def _permute(a):
    for constant in _ROUND_CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ (((c[(x + 1) % 5] << 1) | (c[(x + 1) % 5] >> 63)) & _MASK) for x in range(5)]
        b = [0] * 25
        for x in range(5):
            for y in range(5):
                lane, turn = a[x + 5 * y] ^ d[x], _ROTATIONS[x][y]
                b[y + 5 * ((2 * x + 3 * y) % 5)] = ((lane << turn) | (lane >> (64 - turn))) & _MASK
        for y in range(0, 25, 5):
            row = b[y:y + 5]
            for x in range(5):
                a[y + x] = row[x] ^ (~row[(x + 1) % 5] & _MASK & row[(x + 2) % 5])
        a[0] ^= constant


def keccak256(data):
    padded = bytearray(data)
    padded.append(1)
    padded.extend(bytes(-len(padded) % 136))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for block in range(0, len(padded), 136):
        for i in range(17):
            lanes[i] ^= int.from_bytes(padded[block + 8 * i:block + 8 * i + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _length(size, offset):
    if size < 56:
        return bytes([offset + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(digits)]) + digits


def rlp(item):
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, (bytes, bytearray)):
        return bytes(item) if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + bytes(item)
    body = b"".join(rlp(each) for each in item)
    return _length(len(body), 0xC0) + body


_P = 2**256 - 2**32 - 977
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
      0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def _add(p, q):
    """Affine; used to build the table only."""
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % _P == 0:
            return None
        slope = 3 * p[0] * p[0] * pow(2 * p[1], -1, _P) % _P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, _P) % _P
    x = (slope * slope - p[0] - q[0]) % _P
    return x, (slope * (p[0] - x) - p[1]) % _P


def _make_table():
    """table[i][d] = d * 16^i * G, so that a product is at most 64 additions."""
    out, base = [], _G
    for _ in range(64):
        row = [None, base]
        for _ in range(14):
            row.append(_add(row[-1], base))
        out.append(row)
        base = _add(row[-1], base)
    return out


_TABLE = _make_table()


def _times_g(scalar):
    x, y, z = 0, 1, 0  # Jacobian; z = 0 is the point at infinity
    for row in _TABLE:
        digit, scalar = scalar & 15, scalar >> 4
        if not digit:
            continue
        qx, qy = row[digit]
        if z == 0:
            x, y, z = qx, qy, 1
            continue
        zz = z * z % _P
        h = (qx * zz - x) % _P
        r = (qy * zz * z - y) % _P
        hh = h * h % _P
        hhh, v = hh * h % _P, x * hh % _P
        x3 = (r * r - hhh - 2 * v) % _P
        x, y, z = x3, (r * (v - x3) - y * hhh) % _P, z * h % _P
    inverse = pow(z, -1, _P)
    square = inverse * inverse % _P
    return x * square % _P, y * square * inverse % _P


def address_of(key):
    x, y = _times_g(key)
    return keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


def _nonce(key, digest):
    """RFC 6979 with SHA-256."""
    k, v = bytes(32), b"\x01" * 32
    seed = key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % _N).to_bytes(32, "big")
    for mark in (b"\x00", b"\x01"):
        k = hmac.new(k, v + mark + seed, hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()
    while True:
        v = hmac.new(k, v, hashlib.sha256).digest()
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < _N:
            return candidate
        k = hmac.new(k, v + b"\x00", hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()


def sign(key, digest):
    k = _nonce(key, digest)
    x, y = _times_g(k)
    r = x % _N
    s = pow(k, -1, _N) * (int.from_bytes(digest, "big") + r * key) % _N
    parity = y & 1
    if s > _N // 2:
        s, parity = _N - s, parity ^ 1
    return parity, r, s


def transfer(key, chain_id, nonce, to, value, data=b"", gas=100_000):
    """A signed EIP-1559 transaction with no fee: (hash, raw), both in hexadecimal."""
    fields = [chain_id, nonce, 0, 0, gas, to, value, data, []]
    parity, r, s = sign(key, keccak256(b"\x02" + rlp(fields)))
    raw = b"\x02" + rlp(fields + [parity, r, s])
    return "0x" + keccak256(raw).hex(), "0x" + raw.hex()
