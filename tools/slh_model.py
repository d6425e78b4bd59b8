#!/usr/bin/env python3
"""A second implementation of our own hash-based sets, as short as it can be: prints the SHA-256 of the signatures that
src/wusong/pq/slh_dsa_test.cpp and slh_compact_test.cpp freeze. Algorithm numbers are those of FIPS 205; the compact
set is docs/crypto/hash-based.md's. Needs an OpenSSL with SM3, and some ten seconds."""
import hashlib
import hmac
import itertools

N = 16
WOTS_HASH, WOTS_PK, TREE, FORS_TREE, FORS_ROOTS, WOTS_PRF, FORS_PRF, WOTS_DIGEST, PLACE_DIGEST = range(9)
SEED = bytes(range(3 * N))
SK_SEED, SK_PRF, PK_SEED = SEED[:N], SEED[N : 2 * N], SEED[2 * N :]
MESSAGE = b"\0\4test" + b"a record of public data"


class Slh:
    """SLH-DSA-SHA2-128 with `name` for SHA-256."""

    lg_w, chains, first_type = 4, 35, 0

    def __init__(self, name, d, height, a, k):
        self.name, self.d, self.height, self.a, self.k = name, d, height, a, k
        self.after_seed = self.hash(PK_SEED + bytes(64 - N))

    def hash(self, data=b""):
        return hashlib.new(self.name, data)

    def whole(self, layer, tree, kind, words, data):
        address = bytes([layer]) + tree.to_bytes(8, "big") + bytes([self.first_type + kind])
        state = self.after_seed.copy()
        state.update(address + b"".join(w.to_bytes(4, "big") for w in words) + data)
        return state.digest()

    def tweaked(self, *arguments):
        """F, H, T and PRF: section 11.2.1."""
        return self.whole(*arguments)[:N]

    def chain(self, layer, tree, pair, index, steps):
        """Algorithm 5 from the chain's secret on."""
        value = self.tweaked(layer, tree, WOTS_PRF, (pair, index, 0), SK_SEED)
        for step in range(steps):
            value = self.tweaked(layer, tree, WOTS_HASH, (pair, index, step), value)
        return value

    def key_tree(self, layer, tree):
        def leaf(pair):
            ends = b"".join(self.chain(layer, tree, pair, i, (1 << self.lg_w) - 1) for i in range(self.chains))
            return self.tweaked(layer, tree, WOTS_PK, (pair, 0, 0), ends)

        leaves = [leaf(i) for i in range(1 << self.height)]
        return joined(leaves, lambda z, i, data: self.tweaked(layer, tree, TREE, (0, z, i), data))

    def few_time(self, tree, pair, bits):
        """Algorithms 16 and 17: the signature and the root."""
        signature, roots = b"", b""
        for i in range(self.k):
            chosen, first = int(bits[self.a * i : self.a * (i + 1)], 2), i << self.a
            secrets = [self.tweaked(0, tree, FORS_PRF, (pair, 0, first + j), SK_SEED) for j in range(1 << self.a)]
            leaves = [self.tweaked(0, tree, FORS_TREE, (pair, 0, first + j), s) for j, s in enumerate(secrets)]
            levels = joined(leaves, lambda z, j, data: self.tweaked(0, tree, FORS_TREE, (pair, z, (first >> z) + j), data))
            signature += secrets[chosen] + path(levels, chosen)
            roots += levels[-1][0]
        return signature, self.tweaked(0, tree, FORS_ROOTS, (pair, 0, 0), roots)

    def digits(self, layer, tree, pair, message):
        """Algorithm 7, lines 1 to 7; no counter."""
        out = [digit for byte in message for digit in (byte >> 4, byte & 15)]
        total = sum(15 - digit for digit in out)
        return b"", out + [total >> 8 & 15, total >> 4 & 15, total & 15]

    def place(self, randomizer, root):
        inner = self.hash(randomizer + PK_SEED + root + MESSAGE).digest()
        return b"", b"".join(self.hash(randomizer + PK_SEED + inner + i.to_bytes(4, "big")).digest() for i in range(2))

    def sign(self):
        root = self.key_tree(self.d - 1, 0)[-1][0]
        randomizer = hmac.new(SK_PRF, PK_SEED + MESSAGE, self.hash).digest()[:N]
        counter, digest = self.place(randomizer, root)
        used, tree_bits = -(-self.k * self.a // 8), self.height * (self.d - 1)
        tree_bytes = -(-tree_bits // 8)
        bits = "".join(f"{byte:08b}" for byte in digest[:used])
        tree = int.from_bytes(digest[used : used + tree_bytes], "big") & ((1 << tree_bits) - 1)
        leaf = digest[used + tree_bytes] % (1 << self.height)
        few, node = self.few_time(tree, leaf, bits)
        signature = randomizer + counter + few
        for layer in range(self.d):
            counter, digits = self.digits(layer, tree, leaf, node)
            signature += counter + b"".join(self.chain(layer, tree, leaf, i, digit) for i, digit in enumerate(digits))
            levels = self.key_tree(layer, tree)
            signature += path(levels, leaf)
            node, leaf, tree = levels[-1][0], tree % (1 << self.height), tree >> self.height
        assert node == root
        return signature


class Compact(Slh):
    lg_w, chains, first_type = 5, 25, 16

    def first_good(self, layer, tree, kind, pair, data, is_good):
        for counter in itertools.count():
            digest = self.whole(layer, tree, kind, (pair, 0, counter), data)
            if is_good(digest):
                return counter.to_bytes(3, "big"), digest

    def digits(self, layer, tree, pair, message):
        def split(digest):
            number = int.from_bytes(digest[:N], "big") >> 3
            return [number >> 5 * (24 - i) & 31 for i in range(25)]

        counter, digest = self.first_good(
            layer, tree, WOTS_DIGEST, pair, message, lambda d: d[15] & 7 == 0 and sum(split(d)) == 467
        )
        return counter, split(digest)

    def place(self, randomizer, root):
        inner = self.hash(randomizer + PK_SEED + root + MESSAGE).digest()
        return self.first_good(0, 0, PLACE_DIGEST, 0, inner, lambda d: d[26] == 0 and d[27] >> 4 == 0)


def joined(leaves, node):
    """All levels of a tree; node(height, index, data) joins two."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node(len(levels), i, below[2 * i] + below[2 * i + 1]) for i in range(len(below) // 2)])
    return levels


def path(levels, leaf):
    return b"".join(level[(leaf >> height) ^ 1] for height, level in enumerate(levels[:-1]))


def main():
    for name, scheme in (
        ("WUSONG-SLH-SM3-128f", Slh("sm3", 22, 3, 6, 33)),
        ("WUSONG-SLH-COMPACT-SHA2-128s", Compact("sha256", 8, 8, 12, 12)),
        ("WUSONG-SLH-COMPACT-SM3-128s", Compact("sm3", 8, 8, 12, 12)),
    ):
        print(name, hashlib.sha256(scheme.sign()).hexdigest())


if __name__ == "__main__":
    main()
