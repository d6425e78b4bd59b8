// SPDX-License-Identifier: Apache-2.0
// Constant time on any machine: bit slices of sixteen SM4 or four AES blocks in 64-bit words, four
// such words at once; GHASH by integer products of numbers with gaps.
#include <array>

#include "wusong/cipher/internal/bitslice.hpp"
#include "wusong/cipher/internal/kernel_loops.hpp"

namespace wusong::cipher::internal {
namespace {

using Narrow = std::uint64_t;
using Wide = std::uint64_t __attribute__((vector_size(32)));

template <typename W>
inline constexpr std::size_t kLanes = sizeof(W) / 8;

/// Bytes b0 b1 b2 b3 of both words as a0 b0 a1 b1 …, so that plane bits of byte r are together.
std::uint64_t interleave(std::uint32_t a, std::uint32_t b) noexcept {
  const auto spread = [](std::uint64_t x) {
    x = (x | x << 16) & 0x0000ffff0000ffff;
    return (x | x << 8) & 0x00ff00ff00ff00ff;
  };
  return spread(a) | spread(b) << 8;
}
std::uint32_t gather(std::uint64_t x) noexcept {
  x &= 0x00ff00ff00ff00ff;
  x = (x | x >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(x | x >> 16);
}

template <auto kSubstitute>
std::uint32_t substitute_word(std::uint32_t word) noexcept {
  Narrow x[8] = {interleave(word, 0), 0, 0, 0, 0, 0, 0, 0};
  bitslice::transpose(x);
  kSubstitute(x);
  bitslice::transpose(x);
  return gather(x[0]);
}
void aes_s_narrow(Narrow (&x)[8]) noexcept {
  bitslice::aes_s(x);
}
void sm4_s_narrow(Narrow (&x)[8]) noexcept {
  bitslice::sm4_s(x);
}

/// Encrypts counters in memory, then adds the message.
template <typename Engine, std::size_t kCount>
void count_in_memory(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                     std::uint8_t* out) noexcept {
  Tail<kBlock * kCount> stream{counter.fixed, 0};
  for (std::size_t i = 0; i < kCount; ++i) {
    std::memcpy(stream.bytes + kBlock * i, counter.fixed, 12);
    store32(stream.bytes + kBlock * i + 12, std::byteswap(counter.next++));
  }
  Engine::template blocks<kCount, false>(keys, stream.bytes, stream.bytes);
  for (std::size_t i = 0; i < kBlock * kCount; ++i) out[i] = in[i] ^ stream.bytes[i];
}

/// @shape of the schedule: round r's plane p of four bytes' bits is word 8r + p
struct Sm4 {
  static constexpr std::size_t kWide = 16 * kLanes<Wide>;
  static constexpr std::size_t kNarrow = 16;
  static constexpr bool kInterleaves = false;

  static void expand(const std::uint8_t* key, Schedule& out) noexcept {
    std::uint32_t words[32];
    expand_sm4<substitute_word<sm4_s_narrow>>(key, words);
    auto* const planes = reinterpret_cast<std::uint64_t*>(out.bytes);
    for (std::size_t i = 0; i < 32; ++i) {
      std::uint64_t x[8];
      for (auto& word : x) word = interleave(words[i], words[i]);
      bitslice::transpose(x);
      std::memcpy(planes + 8 * i, x, sizeof(x));
    }
    wipe(words, sizeof(words));
  }

  template <typename W>
  [[gnu::always_inline]] static void round(W (&x)[8], const W (&a)[8], const W (&b)[8],
                                           const W (&c)[8], const std::uint64_t* key) noexcept {
    W s[8];
    for (unsigned p = 0; p < 8; ++p) s[p] = a[p] ^ b[p] ^ c[p] ^ key[p];
    bitslice::sm4_s(s);
    W sum[8];  // s ^ s <<< 8 ^ s <<< 16
    for (unsigned p = 0; p < 8; ++p) {
      sum[p] = s[p] ^ bitslice::turn<1>(s[p]) ^ bitslice::turn<2>(s[p]);
      x[p] ^= s[p] ^ bitslice::turn<3>(s[p]);
    }
    x[0] ^= bitslice::turn<1>(sum[6]);  // and that <<< 2
    x[1] ^= bitslice::turn<1>(sum[7]);
    for (unsigned p = 2; p < 8; ++p) x[p] ^= sum[p - 2];
  }

  template <bool kDecrypt, typename W>
  static void encrypt(const Schedule& keys, const std::uint8_t* in, std::uint8_t* out) noexcept {
    constexpr std::size_t kL = kLanes<W>;
    W x[4][8];
    for (std::size_t word = 0; word < 4; ++word) {
      std::uint64_t packed[8][kL];
      for (std::size_t j = 0; j < 8; ++j) {
        for (std::size_t l = 0; l < kL; ++l) {
          const std::uint8_t* const from = in + 256 * l + 16 * j + 4 * word;
          packed[j][l] = interleave(load32(from), load32(from + 128));
        }
      }
      std::memcpy(x[word], packed, sizeof(packed));
      bitslice::transpose(x[word]);
    }
    const auto* const planes = reinterpret_cast<const std::uint64_t*>(keys.bytes);
    const auto key = [planes](std::size_t r) { return planes + 8 * (kDecrypt ? 31 - r : r); };
    for (std::size_t r = 0; r < 32; r += 4) {
      round(x[0], x[1], x[2], x[3], key(r));
      round(x[1], x[2], x[3], x[0], key(r + 1));
      round(x[2], x[3], x[0], x[1], key(r + 2));
      round(x[3], x[0], x[1], x[2], key(r + 3));
    }
    for (std::size_t word = 0; word < 4; ++word) {
      std::uint64_t packed[8][kL];
      bitslice::transpose(x[3 - word]);
      std::memcpy(packed, x[3 - word], sizeof(packed));
      for (std::size_t j = 0; j < 8; ++j) {
        for (std::size_t l = 0; l < kL; ++l) {
          std::uint8_t* const to = out + 256 * l + 16 * j + 4 * word;
          store32(to, gather(packed[j][l]));
          store32(to + 128, gather(packed[j][l] >> 8));
        }
      }
    }
  }

  template <std::size_t kCount, bool kDecrypt>
  static void blocks(const Schedule& keys, const std::uint8_t* in, std::uint8_t* out) noexcept {
    encrypt<kDecrypt, std::conditional_t<kCount == kNarrow, Narrow, Wide>>(keys, in, out);
  }
  template <std::size_t kCount>
  static void count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                    std::uint8_t* out) noexcept {
    count_in_memory<Sm4, kCount>(keys, counter, in, out);
  }
  static void chain(const Schedule& keys, std::uint8_t* sum, const std::uint8_t* in,
                    std::size_t blocks) noexcept {
    run_chain<Sm4>(keys, sum, in, blocks);
  }
};

/// @shape of a plane: bit 16r + 4c + b is of row r, column c, block b
template <std::size_t kRounds>
struct Aes {
  static constexpr std::size_t kWide = 4 * kLanes<Wide>;
  static constexpr std::size_t kNarrow = 4;
  static constexpr bool kInterleaves = false;

  /// Columns 0 and 2, 1 and 3 of four blocks.
  template <typename Load>
  [[gnu::always_inline]] static std::uint64_t pack(Load column, std::size_t j) noexcept {
    return interleave(column(j % 4, j / 4), column(j % 4, j / 4 + 2));
  }

  static void expand(const std::uint8_t* key, Schedule& out) noexcept {
    std::uint32_t words[4 * (kRounds + 1)];
    expand_aes<substitute_word<aes_s_narrow>>(key, kRounds - 6, kRounds, words);
    auto* const planes = reinterpret_cast<std::uint64_t*>(out.bytes);
    for (std::size_t i = 0; i <= kRounds; ++i) {
      std::uint64_t x[8];
      const auto* const round = words + 4 * i;
      for (std::size_t j = 0; j < 8; ++j)
        x[j] = pack([round](std::size_t, std::size_t c) { return round[c]; }, j);
      bitslice::transpose(x);
      std::memcpy(planes + 8 * i, x, sizeof(x));
    }
    wipe(words, sizeof(words));
  }

  /// Row r takes the columns r further on, or back.
  template <bool kInverse, typename W>
  [[gnu::always_inline]] static W shift_rows(W x) noexcept {
    const auto turned = [](W v, unsigned bits, std::uint64_t kept) {
      return (v >> bits & kept) | (v << (16 - bits) & ~kept);
    };
    constexpr std::uint64_t kRow = 0xffff;
    const W one = turned(x, 4, 0x0fff0fff0fff0fff);
    const W two = turned(x, 8, 0x00ff00ff00ff00ff);
    const W three = turned(x, 12, 0x000f000f000f000f);
    return (x & kRow) | ((kInverse ? three : one) & kRow << 16) | (two & kRow << 32) |
           ((kInverse ? one : three) & kRow << 48);
  }

  template <typename W>
  [[gnu::always_inline]] static void double_bytes(W (&x)[8]) noexcept {
    const W top = x[7];
    for (unsigned p = 7; p != 0; --p) x[p] = x[p - 1];
    x[0] = top;
    x[1] ^= top;
    x[3] ^= top;
    x[4] ^= top;
  }
  template <typename W>
  [[gnu::always_inline]] static void mix_columns(W (&x)[8]) noexcept {
    W sum[8];
    for (unsigned p = 0; p < 8; ++p) {
      const W next = bitslice::turn<1>(x[p]);
      sum[p] = x[p] ^ next;
      x[p] = next ^ bitslice::turn<2>(sum[p]);
    }
    double_bytes(sum);
    for (unsigned p = 0; p < 8; ++p) x[p] ^= sum[p];
  }
  /// (e b d 9) is (2 3 1 1) after (5 0 4 0).
  template <typename W>
  [[gnu::always_inline]] static void inverse_mix_columns(W (&x)[8]) noexcept {
    W sum[8];
    for (unsigned p = 0; p < 8; ++p) sum[p] = x[p] ^ bitslice::turn<2>(x[p]);
    double_bytes(sum);
    double_bytes(sum);
    for (unsigned p = 0; p < 8; ++p) x[p] ^= sum[p];
    mix_columns(x);
  }

  template <typename W>
  [[gnu::always_inline]] static void add_key(W (&x)[8], const Schedule& keys,
                                             std::size_t round) noexcept {
    const auto* const key = reinterpret_cast<const std::uint64_t*>(keys.bytes) + 8 * round;
    for (unsigned p = 0; p < 8; ++p) x[p] ^= key[p];
  }

  template <typename W>
  static void encrypt(const Schedule& keys, W (&x)[8]) noexcept {
    add_key(x, keys, 0);
    for (std::size_t r = 1; r <= kRounds; ++r) {
      bitslice::aes_s(x);
      for (auto& plane : x) plane = shift_rows<false>(plane);
      if (r != kRounds) mix_columns(x);
      add_key(x, keys, r);
    }
  }
  template <typename W>
  static void decrypt(const Schedule& keys, W (&x)[8]) noexcept {
    for (std::size_t r = kRounds; r != 0; --r) {
      add_key(x, keys, r);
      if (r != kRounds) inverse_mix_columns(x);
      for (auto& plane : x) plane = shift_rows<true>(plane);
      bitslice::aes_inverse_s(x);
    }
    add_key(x, keys, 0);
  }

  template <std::size_t kCount, bool kDecrypt>
  static void blocks(const Schedule& keys, const std::uint8_t* in, std::uint8_t* out) noexcept {
    using W = std::conditional_t<kCount == kNarrow, Narrow, Wide>;
    constexpr std::size_t kL = kLanes<W>;
    std::uint64_t packed[8][kL];
    for (std::size_t l = 0; l < kL; ++l) {
      const auto column = [in, l](std::size_t block, std::size_t c) {
        return load32(in + 64 * l + 16 * block + 4 * c);
      };
      for (std::size_t j = 0; j < 8; ++j) packed[j][l] = pack(column, j);
    }
    W x[8];
    std::memcpy(x, packed, sizeof(x));
    bitslice::transpose(x);
    if constexpr (kDecrypt) {
      decrypt(keys, x);
    } else {
      encrypt(keys, x);
    }
    bitslice::transpose(x);
    std::memcpy(packed, x, sizeof(x));
    for (std::size_t l = 0; l < kL; ++l) {
      for (std::size_t j = 0; j < 8; ++j) {
        std::uint8_t* const to = out + 64 * l + 16 * (j % 4) + 4 * (j / 4);
        store32(to, gather(packed[j][l]));
        store32(to + 8, gather(packed[j][l] >> 8));
      }
    }
  }
  template <std::size_t kCount>
  static void count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                    std::uint8_t* out) noexcept {
    count_in_memory<Aes, kCount>(keys, counter, in, out);
  }
  static void chain(const Schedule& keys, std::uint8_t* sum, const std::uint8_t* in,
                    std::size_t blocks) noexcept {
    run_chain<Aes>(keys, sum, in, blocks);
  }
};

struct Element {
  std::uint64_t high, low;  // of POLYVAL's field, a bit a coefficient
};

/// Product without carries. Factors are cut so that at most thirteen ones meet in a gap of five.
Element carryless(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t kMask = 0x1084210842108421;  // every fifth bit
  unsigned __int128 sums[5] = {};
  for (unsigned i = 0; i < 5; ++i) {
    for (unsigned j = 0; j < 5; ++j) {
      const auto product = static_cast<unsigned __int128>(a & kMask << i) * (b & kMask << j);
      sums[(i + j) % 5] ^= product;
    }
  }
  constexpr auto kWideMask = static_cast<unsigned __int128>(kMask) << 65 | kMask;
  unsigned __int128 out = 0;
  for (unsigned i = 0; i < 5; ++i) out |= sums[i] & kWideMask << i;
  return {static_cast<std::uint64_t>(out >> 64), static_cast<std::uint64_t>(out)};
}

struct Ghash {
  using Sum = Element;

  static Sum load(const std::uint8_t* from) noexcept {
    std::uint64_t words[2];
    std::memcpy(words, from, kBlock);
    return {std::byteswap(words[0]), std::byteswap(words[1])};
  }
  static void store(std::uint8_t* to, const Sum& sum) noexcept {
    const std::uint64_t words[2] = {std::byteswap(sum.high), std::byteswap(sum.low)};
    std::memcpy(to, words, kBlock);
  }

  /// a b x^-128. @source RFC 8452, section 3
  static Sum multiply(const Sum& a, const Sum& b) noexcept {
    const Element low = carryless(a.low, b.low);
    const Element high = carryless(a.high, b.high);
    Element middle = carryless(a.low ^ a.high, b.low ^ b.high);
    middle.low ^= low.low ^ high.low;
    middle.high ^= low.high ^ high.high;
    // Words from the lowest; each of the lowest two is folded: it times x^128 + x^127 + x^126 +
    // x^121.
    std::uint64_t w[4] = {low.low, low.high ^ middle.low, high.low ^ middle.high, high.high};
    for (unsigned i = 0; i < 2; ++i) {
      const std::uint64_t v = w[i];
      w[i + 1] ^= v << 63 ^ v << 62 ^ v << 57;
      w[i + 2] ^= v ^ v >> 1 ^ v >> 2 ^ v >> 7;
    }
    return {w[3], w[2]};
  }

  static Sum absorb_any(const HashKey& key, Sum sum, const std::uint8_t* in,
                        std::size_t count) noexcept {
    Element h;
    std::memcpy(&h, key.bytes, sizeof(h));
    for (; count != 0; --count, in += kBlock) {
      const Element block = load(in);
      sum = multiply({sum.high ^ block.high, sum.low ^ block.low}, h);
    }
    return sum;
  }
  template <std::size_t kCount>
  static Sum absorb(const HashKey& key, Sum sum, const std::uint8_t* in) noexcept {
    return absorb_any(key, sum, in, kCount);
  }

  static void expand(const std::uint8_t* h, HashKey& out) noexcept {
    const Element v = load(h);  // times x
    const std::uint64_t top = 0 - (v.high >> 63);
    const Element doubled{(v.high << 1 | v.low >> 63) ^ (top & 0xc200000000000000),
                          v.low << 1 ^ (top & 1)};
    std::memcpy(out.bytes, &doubled, sizeof(doubled));
  }
};

bool always() noexcept {
  return true;
}

}  // namespace

constinit const Provider kPortable{.name = "portable",
                                   .is_supported = always,
                                   .sm4 = kernels_of<Sm4, Ghash>(),
                                   .aes128 = kernels_of<Aes<10>, Ghash>(),
                                   .aes256 = kernels_of<Aes<14>, Ghash>(),
                                   .expand_hash_key = Ghash::expand,
                                   .hash = run_hash<Ghash>};

}  // namespace wusong::cipher::internal
