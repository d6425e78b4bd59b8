#!/usr/bin/env python3
"""A second implementation of WUSONG-SLH-SM3-128f, as short as it can be: prints the SHA-256 of the signature that
src/wusong/pq/slh_dsa_test.cpp freezes. Algorithm numbers are those of FIPS 205. Needs an OpenSSL with SM3."""
import hashlib
import hmac

N, D, A, K, LEN, LEAVES = 16, 22, 6, 33, 35, 8
WOTS_HASH, WOTS_PK, TREE, FORS_TREE, FORS_ROOTS, WOTS_PRF, FORS_PRF = range(7)
SEED = bytes(range(3 * N))
SK_SEED, SK_PRF, PK_SEED = SEED[:N], SEED[N : 2 * N], SEED[2 * N :]
MESSAGE = b"\0\4test" + b"a record of public data"


def sm3(data=b""):
    return hashlib.new("sm3", data)


def tweaked(layer, tree, kind, words, data):
    """F, H, T and PRF: section 11.2.1 with SM3 for SHA-256."""
    address = bytes([layer]) + tree.to_bytes(8, "big") + bytes([kind]) + b"".join(w.to_bytes(4, "big") for w in words)
    return sm3(PK_SEED + bytes(64 - N) + address + data).digest()[:N]


def chain(layer, tree, pair, index, steps):
    """Algorithm 5 from the chain's secret on."""
    value = tweaked(layer, tree, WOTS_PRF, (pair, index, 0), SK_SEED)
    for step in range(steps):
        value = tweaked(layer, tree, WOTS_HASH, (pair, index, step), value)
    return value


def joined(leaves, node):
    """All levels of a tree; node(height, index, data) joins two."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node(len(levels), i, below[2 * i] + below[2 * i + 1]) for i in range(len(below) // 2)])
    return levels


def path(levels, leaf):
    return b"".join(level[(leaf >> height) ^ 1] for height, level in enumerate(levels[:-1]))


def key_tree(layer, tree):
    def leaf(pair):
        ends = b"".join(chain(layer, tree, pair, i, 15) for i in range(LEN))
        return tweaked(layer, tree, WOTS_PK, (pair, 0, 0), ends)

    return joined([leaf(i) for i in range(LEAVES)], lambda z, i, data: tweaked(layer, tree, TREE, (0, z, i), data))


def digits(message):
    """Algorithm 7, lines 1 to 7."""
    out = [digit for byte in message for digit in (byte >> 4, byte & 15)]
    total = sum(15 - digit for digit in out)
    return out + [total >> 8 & 15, total >> 4 & 15, total & 15]


def few_time(tree, pair, bits):
    """Algorithms 16 and 17: the signature and the root."""
    signature, roots = b"", b""
    for i in range(K):
        chosen, first = int(bits[A * i : A * (i + 1)], 2), i << A
        secrets = [tweaked(0, tree, FORS_PRF, (pair, 0, first + j), SK_SEED) for j in range(1 << A)]
        leaves = [tweaked(0, tree, FORS_TREE, (pair, 0, first + j), secret) for j, secret in enumerate(secrets)]
        levels = joined(
            leaves, lambda z, j, data: tweaked(0, tree, FORS_TREE, (pair, z, (first >> z) + j), data)
        )
        signature += secrets[chosen] + path(levels, chosen)
        roots += levels[-1][0]
    return signature, tweaked(0, tree, FORS_ROOTS, (pair, 0, 0), roots)


def main():
    root = key_tree(D - 1, 0)[-1][0]
    randomizer = hmac.new(SK_PRF, PK_SEED + MESSAGE, sm3).digest()[:N]
    inner = sm3(randomizer + PK_SEED + root + MESSAGE).digest()
    digest = b"".join(sm3(randomizer + PK_SEED + inner + i.to_bytes(4, "big")).digest() for i in range(2))
    bits = "".join(f"{byte:08b}" for byte in digest[:25])
    tree = int.from_bytes(digest[25:33], "big") & ((1 << 63) - 1)
    leaf = digest[33] % LEAVES
    signature, node = few_time(tree, leaf, bits)
    signature = randomizer + signature
    for layer in range(D):
        signature += b"".join(chain(layer, tree, leaf, i, digit) for i, digit in enumerate(digits(node)))
        levels = key_tree(layer, tree)
        signature += path(levels, leaf)
        node, leaf, tree = levels[-1][0], tree % LEAVES, tree // LEAVES
    assert node == root
    print(hashlib.sha256(signature).hexdigest())


if __name__ == "__main__":
    main()
