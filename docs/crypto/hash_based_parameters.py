#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the parameters of WUSONG-SLH-COMPACT-128s; hash-based.md explains the terms.

Prints the search's result, which lies beside this script as hash_based_parameters.txt. Expected
numbers of hashes are counted as in the SPHINCS+ submission: one for each call, whatever its length.
"""

import functools
import math

N = 16  # bytes of a hash
LOG_SIGNATURES = 64  # of one key
COUNTER = 3  # bytes
OF_PLACE = 32  # bytes of the digest that chooses the place, at most

# What is asked of a set, beside SLH-DSA-128s.
SIZE_MAX, SIGNING_MAX, VERIFYING_MAX = 0.9, 0.9, 4 / 3
GRINDING_MAX = 0.02  # of signing


@functools.cache
def few_time_bits(h, a, k):
    """-log2 of the chance that one digest finds all its k leaves revealed after 2^64 signatures.

    How many signatures share a few-time key is binomial, here Poisson: they differ by less than
    2^-50 of a term. Each of k trees with 2^a leaves has revealed 1 - (1 - 2^-a)^g of them.
    """
    mean = 2.0 ** (LOG_SIGNATURES - h)
    chance, log_weight = 0.0, -mean
    for g in range(1, int(mean + 20 * math.sqrt(mean) + 100)):
        log_weight += math.log(mean / g)
        revealed = -math.expm1(g * math.log1p(-(2.0**-a)))
        chance += math.exp(log_weight + k * math.log(revealed))
    return -math.log2(chance)


@functools.cache
def vectors(digits, w):
    """How many vectors of `digits` digits below w have each sum."""
    counts = [1]
    for _ in range(digits):
        sums, window = [], 0
        for total in range(len(counts) + w - 1):
            window += counts[total] if total < len(counts) else 0
            window -= counts[total - w] if 0 <= total - w < len(counts) else 0
            sums.append(window)
        counts = sums
    return counts


def blocks(size):
    """Of 64 bytes, after the one with the seed: an address of 22 bytes, `size`, and the padding."""
    return -(-(22 + size + 9) // 64)


class Set:
    """`digits` chains of w = 2^log_w; `total` 0: with a checksum, as FIPS 205 has it."""

    def __init__(self, h, d, a, k, log_w, digits, total=0, zeros=0, few_time_zeros=0):
        self.h, self.d, self.a, self.k, self.log_w, self.digits = h, d, a, k, log_w, digits
        self.total, self.zeros, self.few_time_zeros = total, zeros, few_time_zeros
        self.height, self.w = h // d, 1 << log_w

    def bits(self):
        return few_time_bits(self.h, self.a, self.k) + self.few_time_zeros

    def one_time_bits(self):
        return self.digits * self.log_w + self.zeros if self.total else 8 * N

    def size(self):
        counters = COUNTER * (1 + self.d) if self.total else 0
        return N * (1 + self.k * (self.a + 1) + self.d * (self.digits + self.height)) + counters

    def one_time_tries(self):
        """Expected digests until one has the sum and the zero bits."""
        if not self.total:
            return 0
        return 2.0**self.zeros * self.w**self.digits / vectors(self.digits, self.w)[self.total]

    def grinding(self):
        return self.d * self.one_time_tries() + (2**self.few_time_zeros if self.total else 0)

    def tree(self, hash_one=1, hash_ends=1):
        """Hashes, or blocks of SHA-256, of one tree of one-time keys."""
        leaf = self.digits * self.w * hash_one + hash_ends
        return 2**self.height * leaf + 2**self.height - 1

    def signing(self, hash_ends=1):
        few_time = self.k * (3 * 2**self.a - 1)
        return few_time + self.d * self.tree(hash_ends=hash_ends) + self.grinding()

    def signing_blocks(self):
        return self.signing(blocks(N * self.digits))

    def signing_kept(self):
        """With the uppermost tree kept in memory, as our code does for every set."""
        return self.signing() - self.tree() + self.digits * self.w

    def verifying(self):
        if self.total:
            chains = self.digits * (self.w - 1) - self.total + 1
        else:
            chains = self.digits * (self.w - 1) / 2
        return self.k * (self.a + 1) + 1 + self.d * (chains + 1 + self.height)

    def line(self):
        return (f"h={self.h} d={self.d} a={self.a} k={self.k} lg_w={self.log_w} digits={self.digits} "
                f"sum={self.total} zero_bits={self.zeros} fors_zero_bits={self.few_time_zeros}")


STANDARD = Set(63, 7, 12, 14, 4, 35)


def largest_sum(h, d, a, k, log_w, digits, zeros, few_time_zeros):
    """The set with the largest sum, and so the quickest verification, that grinds little enough."""
    best = None
    for total in range(digits * ((1 << log_w) - 1) // 2, digits * ((1 << log_w) - 1)):
        candidate = Set(h, d, a, k, log_w, digits, total, zeros, few_time_zeros)
        if candidate.grinding() > GRINDING_MAX * candidate.signing():
            break
        best = candidate
    return best


def fits(candidate):
    of_place = -(-candidate.k * candidate.a // 8) - (-(candidate.h - candidate.height) // 8) + \
        -(-candidate.height // 8) - (-candidate.few_time_zeros // 8)
    return (of_place <= OF_PLACE
            and candidate.size() <= SIZE_MAX * STANDARD.size()
            and candidate.signing() <= SIGNING_MAX * STANDARD.signing()
            and candidate.signing_kept() <= SIGNING_MAX * STANDARD.signing_kept()
            and candidate.signing_blocks() <= SIGNING_MAX * STANDARD.signing_blocks())


def search():
    """Every set that fits, the smallest first, then the quickest to verify."""
    found = []
    for h in range(60, 71):
        for d in (d for d in range(5, 15) if h % d == 0):
            for log_w in (4, 5, 6):
                digits_max = -(-8 * N // log_w)
                for digits in range(digits_max - 2, digits_max + 1):
                    zeros = max(0, 8 * N - digits * log_w)
                    for a in range(9, 15):
                        for few_time_zeros in range(0, 17):
                            k = next((k for k in range(8, 30)
                                      if few_time_bits(h, a, k) + few_time_zeros >= STANDARD.bits()), None)
                            if k and Set(h, d, a, k, log_w, digits, 1).size() <= SIZE_MAX * STANDARD.size():
                                found.append(largest_sum(h, d, a, k, log_w, digits, zeros, few_time_zeros))
    return sorted(filter(fits, filter(None, found)), key=lambda s: (s.size(), s.verifying()))


def report(name, candidate):
    def beside(figure):
        ours, theirs = figure(candidate), figure(STANDARD)
        return f"{ours:,.0f} ({100 * (ours / theirs - 1):+.1f}%)"

    print(f"{name}: {candidate.line()}")
    print(f"  signature {beside(Set.size)} bytes; few-time keys {candidate.bits():.1f} bits after "
          f"2^{LOG_SIGNATURES} signatures, one-time keys {candidate.one_time_bits()}")
    print(f"  signing {beside(Set.signing)} hashes, {beside(Set.signing_blocks)} blocks of SHA-256, "
          f"{beside(Set.signing_kept)} hashes with the uppermost tree kept")
    print(f"  of which counters {candidate.grinding():,.0f}: {candidate.one_time_tries():,.0f} a one-time key")
    print(f"  verifying {beside(Set.verifying)} hashes")


def main():
    found = search()
    chosen = next(s for s in found if s.verifying() <= VERIFYING_MAX * STANDARD.verifying())
    report("SLH-DSA-128s", STANDARD)
    report("chosen", chosen)
    print(f"Others of {len(found)} sets, whatever verifying takes, the smallest of each h, d, lg_w:")
    seen = {(chosen.h, chosen.d, chosen.log_w)}
    for candidate in found:
        if (candidate.h, candidate.d, candidate.log_w) not in seen:
            seen.add((candidate.h, candidate.d, candidate.log_w))
            report("other", candidate)


if __name__ == "__main__":
    main()
