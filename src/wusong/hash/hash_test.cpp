// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/hash.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string>

#include "wusong/codec/hex.hpp"

namespace wusong::hash {
namespace {

template <typename Fixed>
std::string hex(const Fixed& value) {
  return codec::to_hex(value);
}

/// FIPS 202, written the plain way over a 5 by 5 array: an independent model of the fast one.
Hash keccak256_model(BytesView data) {
  constexpr std::size_t kRate = 136;
  std::uint64_t a[5][5]{};
  const auto rotl = [](std::uint64_t x, unsigned n) {
    return n == 0 ? x : (x << n) | (x >> (64 - n));
  };
  const auto permute = [&] {
    std::uint8_t lfsr = 1;
    for (int round = 0; round < 24; ++round) {
      std::uint64_t c[5];
      for (int x = 0; x < 5; ++x) c[x] = a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4];
      for (int x = 0; x < 5; ++x)
        for (int y = 0; y < 5; ++y) a[x][y] ^= c[(x + 4) % 5] ^ rotl(c[(x + 1) % 5], 1);
      int x = 1;
      int y = 0;
      std::uint64_t current = a[x][y];
      for (unsigned t = 0; t < 24; ++t) {
        const int next_y = (2 * x + 3 * y) % 5;
        x = y;
        y = next_y;
        std::swap(current, a[x][y]);
        a[x][y] = rotl(a[x][y], ((t + 1) * (t + 2) / 2) % 64);
      }
      for (int row = 0; row < 5; ++row) {
        std::uint64_t b[5];
        for (int i = 0; i < 5; ++i) b[i] = a[i][row];
        for (int i = 0; i < 5; ++i) a[i][row] = b[i] ^ (~b[(i + 1) % 5] & b[(i + 2) % 5]);
      }
      for (unsigned j = 0; j < 7; ++j) {
        if (lfsr & 1) a[0][0] ^= 1ull << ((1u << j) - 1);
        lfsr = static_cast<std::uint8_t>((lfsr << 1) ^ ((lfsr >> 7) * 0x71));
      }
    }
  };
  Bytes padded = to_bytes(data);
  padded.push_back(0x01);
  while (padded.size() % kRate != 0) padded.push_back(0);
  padded.back() ^= 0x80;
  for (std::size_t offset = 0; offset < padded.size(); offset += kRate) {
    for (std::size_t i = 0; i < kRate; ++i)
      a[(i / 8) % 5][(i / 8) / 5] ^= static_cast<std::uint64_t>(padded[offset + i])
                                     << (8 * (i % 8));
    permute();
  }
  Hash out;
  for (std::size_t i = 0; i < 32; ++i)
    out.bytes[i] = static_cast<std::uint8_t>(a[(i / 8) % 5][(i / 8) / 5] >> (8 * (i % 8)));
  return out;
}

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(i * 131 + (i >> 8) * 17 + 7);
  return out;
}

TEST(Keccak256, KnownDigestsHold) {
  EXPECT_EQ(keccak256(BytesView{}), kKeccakEmpty);
  EXPECT_EQ(hex(keccak256(as_bytes("abc"))),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
  EXPECT_EQ(hex(keccak256(as_bytes("The quick brown fox jumps over the lazy dog"))),
            "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
  EXPECT_EQ(hex(keccak256(as_bytes("transfer(address,uint256)"))).substr(0, 8), "a9059cbb");
}

TEST(Keccak256, AgreesWithThePlainModelAtEveryLengthAroundThreeBlocks) {
  const Bytes data = pattern(3 * 136 + 2);
  for (std::size_t size = 0; size <= data.size(); ++size)
    ASSERT_EQ(keccak256(BytesView{data}.first(size)), keccak256_model(BytesView{data}.first(size)))
        << size;
}

TEST(Keccak256, TwoPartsHashAsTheirConcatenationWhereverTheSplit) {
  for (const std::size_t total : {0u, 1u, 135u, 136u, 137u, 271u, 272u, 273u, 500u}) {
    const Bytes data = pattern(total);
    const Hash whole = keccak256(data);
    for (std::size_t split = 0; split <= total; ++split)
      ASSERT_EQ(keccak256(BytesView{data}.first(split), BytesView{data}.subspan(split)), whole)
          << total << ' ' << split;
  }
}

Hash sm3_by_libcrypto(BytesView data) {
  Hash out;
  EXPECT_EQ(EVP_Q_digest(nullptr, "SM3", nullptr, data.data(), data.size(), out.data(), nullptr),
            1);
  return out;
}

TEST(Sm3, IsLibcryptosAtEveryLengthAndSplitAroundThreeBlocks) {
  const Bytes data = pattern(3 * 64 + 2);
  for (std::size_t size = 0; size <= data.size(); ++size) {
    const BytesView message = BytesView{data}.first(size);
    const Hash expected = sm3_by_libcrypto(message);
    ASSERT_EQ(sm3(message), expected) << size;
    for (std::size_t split = 0; split <= size; ++split)
      ASSERT_EQ(sm3(message.first(split), message.subspan(split)), expected)
          << size << ' ' << split;
  }
}

TEST(Sha256, FipsExamplesHold) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha512, FipsExamplesHold) {
  EXPECT_EQ(codec::to_hex(sha512(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Ripemd160, AuthorsExamplesHold) {
  // RIPEMD-160's paper, appendix B.
  EXPECT_EQ(hex(ripemd160({})), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
  EXPECT_EQ(hex(ripemd160(as_bytes("abc"))), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
  EXPECT_EQ(hex(ripemd160(as_bytes("message digest"))), "5d0689ef49d2fae572b881b123a85ffa21595f36");
  EXPECT_EQ(hex(ripemd160(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "12a053384a9c0c88e405a06c27dcf49ada62eb2b");
  EXPECT_EQ(hex(ripemd160(Bytes(1'000'000, 'a'))), "52783243c1697bdbe16d37f97f68f08325dc1528");
}

TEST(Sm3, StandardsExamplesHold) {
  // GB/T 32905-2016, annex A.
  EXPECT_EQ(hex(sm3(as_bytes("abc"))),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string repeated;
  for (int i = 0; i < 16; ++i) repeated += "abcd";
  EXPECT_EQ(hex(sm3(as_bytes(repeated))),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST(Blake2b, TheRfcsExampleHolds) {
  // RFC 7693, appendix A.
  EXPECT_EQ(codec::to_hex(blake2b(as_bytes("abc"))),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

struct Eip152 {
  std::uint32_t rounds;
  bool final_block;
  const char* digest;
};

TEST(Blake2b, Eip152ExamplesHold) {
  // EIP-152, test cases 4 to 7: the state after RFC 7693's "abc", with other rounds and flags.
  constexpr Eip152 kCases[] = {
      {0, true,
       "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
       "d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b"},
      {12, true,
       "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
      {12, false,
       "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d28752"
       "98743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735"},
      {1, true,
       "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fb"
       "a551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421"}};
  for (const auto& expected : kCases) {
    std::array<std::uint64_t, 8> h{0x6a09e667f2bdc948, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                   0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                   0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    const std::array<std::uint64_t, 16> m{0x636261};
    blake2b_compress(expected.rounds, h, m, {3, 0}, expected.final_block);
    EXPECT_EQ(codec::to_hex({reinterpret_cast<const std::uint8_t*>(h.data()), 64}),
              expected.digest);
  }
}

TEST(Blake2b, AgreesWithLibsodiumOnOneBlock) {
  for (std::size_t size = 0; size <= 128; ++size) {
    const Bytes data = pattern(size);
    std::array<std::uint8_t, 64> expected;
    crypto_generichash_blake2b(expected.data(), expected.size(), data.data(), data.size(), nullptr,
                               0);
    std::array<std::uint64_t, 8> h{0x6a09e667f2bdc948, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                   0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                   0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    std::array<std::uint64_t, 16> m{};
    if (size != 0) std::memcpy(m.data(), data.data(), size);
    blake2b_compress(12, h, m, {size, 0}, true);
    ASSERT_EQ(std::memcmp(h.data(), expected.data(), 64), 0) << size;
  }
}

}  // namespace
}  // namespace wusong::hash
