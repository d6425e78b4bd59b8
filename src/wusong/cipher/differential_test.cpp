// SPDX-License-Identifier: Apache-2.0
// Every provider against OpenSSL, at every length, in pieces, and where counters carry.
#include <gtest/gtest.h>

#include "wusong/cipher/internal/test_peer.hpp"
#include "wusong/cipher/internal/test_providers.hpp"

namespace wusong::cipher {
namespace {

using internal::for_each_provider;
using internal::kCiphers;
using internal::random_bytes;

constexpr std::size_t kLengths = 1001;

struct World {
  std::mt19937_64 random{20210};
  Cipher cipher;
  Bytes key;
  Bytes text;

  explicit World(Cipher which)
      : cipher{which},
        key{random_bytes(random, key_bytes(which))},
        text{random_bytes(random, 8192)} {}
  BytesView first(std::size_t count) const { return BytesView{text}.first(count); }
};

void for_each_world(auto check) {
  for_each_provider([&check] {
    for (const Cipher cipher : kCiphers) {
      SCOPED_TRACE(static_cast<int>(cipher));
      World world{cipher};
      check(world);
    }
  });
}

TEST(Blocks, AreOpensslsAtEveryCount) {
  for_each_world([](World& world) {
    const ExpandedKey key{world.cipher, world.key};
    const Bytes expected = internal::peer_ecb(world.cipher, world.key, world.first(16 * 150));
    for (std::size_t count = 0; count <= 150; ++count) {
      Bytes out(16 * count);
      key.kernels().encrypt(key.schedule(), world.text.data(), out.data(), count);
      ASSERT_TRUE(std::ranges::equal(out, BytesView{expected}.first(16 * count))) << count;
      key.kernels().decrypt(key.schedule(), out.data(), out.data(), count);
      ASSERT_TRUE(std::ranges::equal(out, world.first(16 * count))) << count;
    }
  });
}

TEST(Ctr, IsOpensslsAtEveryLength) {
  for_each_world([](World& world) {
    const auto ctr = Ctr::create(world.cipher, world.key);
    const auto start = CounterBlock::from(random_bytes(world.random, 16));
    const Bytes expected = internal::peer_ctr(world.cipher, world.key, start, world.text);
    for (std::size_t length = 0; length < kLengths; ++length) {
      Bytes out(length);
      ASSERT_TRUE(ctr->apply(start, 0, world.first(length), out));
      ASSERT_TRUE(std::ranges::equal(out, BytesView{expected}.first(length))) << length;
    }
  });
}

TEST(Ctr, GoesInPiecesOfAnyLengthInPlace) {
  for_each_world([](World& world) {
    const auto ctr = Ctr::create(world.cipher, world.key);
    const auto start = CounterBlock::from(random_bytes(world.random, 16));
    const Bytes expected = internal::peer_ctr(world.cipher, world.key, start, world.text);
    for (int round = 0; round < 20; ++round) {
      Bytes out = world.text;
      for (std::size_t at = 0; at < out.size();) {
        const std::size_t now = std::min<std::size_t>(out.size() - at, world.random() % 700);
        const auto piece = std::span{out}.subspan(at, now);
        ASSERT_TRUE(ctr->apply(start, at, piece, piece));
        at += now;
      }
      ASSERT_EQ(out, expected);
    }
  });
}

TEST(Ctr, CarriesThroughAllSixteenBytes) {
  for_each_world([](World& world) {
    const auto ctr = Ctr::create(world.cipher, world.key);
    for (std::size_t ones = 1; ones <= 16; ++ones) {
      for (const int last : {0xff, 0xfe, 0xc1, 0x80}) {
        Bytes block = random_bytes(world.random, 16);
        std::fill(block.end() - static_cast<std::ptrdiff_t>(ones), block.end(), std::uint8_t{0xff});
        block[15] = static_cast<std::uint8_t>(last);
        const auto start = CounterBlock::from(block);
        Bytes out(4096);
        ASSERT_TRUE(ctr->apply(start, 0, world.first(out.size()), out));
        ASSERT_EQ(out, internal::peer_ctr(world.cipher, world.key, start, world.first(out.size())));
      }
    }
  });
}

TEST(Gcm, IsOpensslsAtEveryLength) {
  for_each_world([](World& world) {
    const auto gcm = Gcm::create(world.cipher, world.key);
    for (std::size_t length = 0; length < kLengths; ++length) {
      const Bytes nonce = random_bytes(world.random, 12);
      const Bytes associated = random_bytes(world.random, world.random() % 100);
      const Header header{.nonce = nonce, .associated = associated};
      const Bytes sealed = internal::seal(*gcm, header, world.first(length));
      ASSERT_EQ(sealed, internal::peer_gcm(world.cipher, world.key, header, world.first(length)))
          << length;
      const auto opened = internal::open(*gcm, header, sealed);
      ASSERT_TRUE(opened.has_value()) << length;
      ASSERT_TRUE(std::ranges::equal(*opened, world.first(length))) << length;
    }
  });
}

TEST(Gcm, IsOpensslsWithLongMessagesNoncesAndAssociatedData) {
  for_each_world([](World& world) {
    const auto gcm = Gcm::create(world.cipher, world.key);
    for (std::size_t i = 1; i < 120; ++i) {
      const Bytes nonce = random_bytes(world.random, i);
      const Bytes associated = random_bytes(world.random, 17 * i);
      const BytesView text = world.first(world.text.size() - i);
      const Header header{.nonce = nonce, .associated = associated};
      Bytes sealed(text.size() + kGcmTagBytes);
      std::ranges::copy(text, sealed.begin());
      ASSERT_TRUE(gcm->seal(header, std::span{sealed}.first(text.size()), sealed));
      ASSERT_EQ(sealed, internal::peer_gcm(world.cipher, world.key, header, text)) << i;
      ASSERT_TRUE(gcm->open(header, sealed, std::span{sealed}.first(text.size())));
      sealed.resize(text.size());
      ASSERT_TRUE(std::ranges::equal(sealed, text));
    }
  });
}

/// A nonce whose block of 16 bytes, hashed, ends in almost 2^32 is found by trying.
TEST(Gcm, CountsModuloTwoToTheThirtyTwo) {
  for_each_world([](World& world) {
    const ExpandedKey key{world.cipher, world.key};
    for (const std::uint32_t next : {0xffffffffu, 0xfffffffeu, 0xfffffff0u, 0xffffffc1u}) {
      internal::Counter counter{};
      std::memset(counter.fixed, 0xff, 16);
      counter.next = next;
      Bytes out(4096);
      key.kernels().count(key.schedule(), counter, world.text.data(), out.data(), out.size());
      EXPECT_EQ(counter.next, next + 256);
      Bytes stream;
      for (std::uint32_t i = 0; i < 256; ++i) {
        const std::uint32_t big_endian = std::byteswap(next + i);
        Bytes block(16, 0xff);
        std::memcpy(block.data() + 12, &big_endian, 4);
        append(stream, block);
      }
      stream = internal::peer_ecb(world.cipher, world.key, stream);
      for (std::size_t i = 0; i < stream.size(); ++i) stream[i] ^= world.text[i];
      ASSERT_EQ(out, stream);
    }
  });
}

TEST(Ccm, IsOpensslsAtEveryLengthNonceAndTag) {
  for_each_world([](World& world) {
    for (std::size_t length = 0; length < kLengths; length += length < 70 ? 1 : 37) {
      const std::size_t tag_bytes = 4 + 2 * (length % 7);
      const auto ccm = Ccm::create(world.cipher, world.key, tag_bytes);
      const Bytes nonce = random_bytes(world.random, 7 + length % 7);
      const Bytes associated = random_bytes(world.random, world.random() % 60);
      const Header header{.nonce = nonce, .associated = associated};
      const Bytes sealed = internal::seal(*ccm, header, world.first(length), tag_bytes);
      ASSERT_EQ(sealed,
                internal::peer_ccm(world.cipher, world.key, tag_bytes, header, world.first(length)))
          << length;
      const auto opened = internal::open(*ccm, header, sealed, tag_bytes);
      ASSERT_TRUE(opened.has_value()) << length;
      ASSERT_TRUE(std::ranges::equal(*opened, world.first(length))) << length;
    }
  });
}

TEST(Ccm, EncodesLongAssociatedData) {
  World world{Cipher::aes128};
  const auto ccm = Ccm::create(world.cipher, world.key);
  const Bytes nonce = random_bytes(world.random, 11);
  for (const std::size_t length : {0xfeff, 0xff00, 0x10000, 0x12345}) {
    const Bytes associated = random_bytes(world.random, length);
    const Header header{.nonce = nonce, .associated = associated};
    EXPECT_EQ(internal::seal(*ccm, header, world.first(33)),
              internal::peer_ccm(world.cipher, world.key, 16, header, world.first(33)));
  }
}

TEST(Xts, IsTheModelAndOpensslsAtEveryLength) {
  for_each_world([](World& world) {
    Bytes key = world.key;
    append(key, random_bytes(world.random, world.key.size()));
    const auto unit = DataUnit::from(random_bytes(world.random, 16));
    for (const TweakOrder order : {TweakOrder::ieee1619, TweakOrder::gbt17964}) {
      const auto xts = Xts::create(world.cipher, key, order);
      for (std::size_t length = 16; length < 2100; length += length < 100 ? 1 : 61) {
        Bytes out(length);
        ASSERT_TRUE(xts->encrypt(unit, world.first(length), out));
        ASSERT_EQ(out, internal::model_xts(world.cipher, key, order, unit, world.first(length)))
            << length;
        if (order == TweakOrder::ieee1619 && world.cipher != Cipher::sm4) {
          ASSERT_EQ(out, internal::peer_aes_xts(world.cipher, key, unit, world.first(length)));
        }
        ASSERT_TRUE(xts->decrypt(unit, out, out));
        ASSERT_TRUE(std::ranges::equal(out, world.first(length))) << length;
      }
    }
  });
}

}  // namespace
}  // namespace wusong::cipher
