// SPDX-License-Identifier: Apache-2.0
// What is refused, and what is left behind then.
#include <gtest/gtest.h>

#include "wusong/base/processor.hpp"
#include "wusong/cipher/errors.hpp"
#include "wusong/cipher/internal/bit_matrix.hpp"
#include "wusong/cipher/internal/test_providers.hpp"

namespace wusong::cipher {
namespace {

using internal::for_each_provider;
using internal::kCiphers;

const Bytes kKey(64, 0x42);
const Bytes kNonce(12, 7);
const Bytes kText(100, 0x61);
const Header kHeader{.nonce = kNonce, .associated = {}};

BytesView key_of(Cipher cipher) {
  return BytesView{kKey}.first(key_bytes(cipher));
}

TEST(SBoxes, AreTheStandardsTables) {
  // FIPS 197, figure 7, and GB/T 32907-2016, table 1: the first row and the last of each.
  constexpr std::uint8_t kAesRows[2][16] = {{0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30,
                                             0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76},
                                            {0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41,
                                             0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16}};
  constexpr std::uint8_t kSm4Rows[2][16] = {{0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16,
                                             0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05},
                                            {0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79,
                                             0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48}};
  for (unsigned i = 0; i < 16; ++i) {
    for (const unsigned row : {0u, 1u}) {
      const auto x = static_cast<std::uint8_t>(row * 0xf0 + i);
      EXPECT_EQ(internal::aes_s(x), kAesRows[row][i]);
      EXPECT_EQ(internal::sm4_s(x), kSm4Rows[row][i]);
    }
  }
}

TEST(Keys, OfAnotherLengthAreRefused) {
  for (const Cipher cipher : kCiphers) {
    for (std::size_t length = 0; length <= 64; ++length) {
      const BytesView key = BytesView{kKey}.first(length);
      const bool fits = length == key_bytes(cipher);
      EXPECT_EQ(Ctr::create(cipher, key).has_value(), fits);
      EXPECT_EQ(Gcm::create(cipher, key).has_value(), fits);
      EXPECT_EQ(Ccm::create(cipher, key).has_value(), fits);
      if (!fits) {
        EXPECT_EQ(Gcm::create(cipher, key).error(), Error{err::bad_key_length});
      }
      if (length != 2 * key_bytes(cipher)) {
        EXPECT_EQ(Xts::create(cipher, key, TweakOrder::ieee1619).error(),
                  Error{err::bad_key_length});
      }
    }
  }
}

TEST(Keys, OfXtsMustDiffer) {
  Bytes key(32, 0x42);
  EXPECT_EQ(Xts::create(Cipher::sm4, key, TweakOrder::gbt17964).error(), Error{err::equal_keys});
  key[31] ^= 1;
  EXPECT_TRUE(Xts::create(Cipher::sm4, key, TweakOrder::gbt17964).has_value());
}

TEST(Keys, AreOverwrittenWhenTheirOwnerGoes) {
  for_each_provider([] {
    alignas(Gcm) std::uint8_t memory[sizeof(Gcm)];
    auto* const gcm = new (memory) Gcm{*Gcm::create(Cipher::aes128, key_of(Cipher::aes128))};
    const auto zeros = [&memory] { return std::ranges::count(memory, std::uint8_t{0}); };
    gcm->~Gcm();
    asm volatile("" : : "r"(memory) : "memory");
    // Two pointers to tables of functions and padding are all that may remain.
    EXPECT_GE(zeros(), static_cast<std::ptrdiff_t>(sizeof(Gcm) - 64));
  });
}

/// Calls check(mode, tag_bytes) for both authenticated modes.
void for_each_authenticated(auto check) {
  for_each_provider([&check] {
    for (const Cipher cipher : kCiphers) {
      check(*Gcm::create(cipher, key_of(cipher)), std::size_t{16});
      for (const std::size_t tag_bytes : {4, 8, 16})
        check(*Ccm::create(cipher, key_of(cipher), tag_bytes), tag_bytes);
    }
  });
}

TEST(Authenticated, EveryChangedBitIsRefusedAndNothingIsReleased) {
  for_each_authenticated([](const auto& mode, std::size_t tag_bytes) {
    const Bytes sealed = internal::seal(mode, kHeader, kText, tag_bytes);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); bit += 3) {
      Bytes changed = sealed;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      Bytes out(kText.size(), 0xee);
      ASSERT_EQ(mode.open(kHeader, changed, out).error(), Error{err::wrong_tag});
      ASSERT_EQ(out, Bytes(kText.size(), 0));
      const auto in_place = std::span{changed}.first(kText.size());
      ASSERT_FALSE(mode.open(kHeader, changed, in_place));
      ASSERT_TRUE(std::ranges::equal(in_place, Bytes(kText.size(), 0)));
    }
  });
}

TEST(Authenticated, AnotherNonceOrAssociatedDataIsRefused) {
  for_each_authenticated([](const auto& mode, std::size_t tag_bytes) {
    const Bytes sealed = internal::seal(mode, kHeader, kText, tag_bytes);
    Bytes other = kNonce;
    other[11] ^= 1;
    EXPECT_EQ(internal::open(mode, {.nonce = other, .associated = {}}, sealed, tag_bytes).error(),
              Error{err::wrong_tag});
    EXPECT_EQ(
        internal::open(mode, {.nonce = kNonce, .associated = other}, sealed, tag_bytes).error(),
        Error{err::wrong_tag});
    EXPECT_TRUE(internal::open(mode, kHeader, sealed, tag_bytes).has_value());
  });
}

TEST(Authenticated, TruncatedMessagesAreRefused) {
  for_each_authenticated([](const auto& mode, std::size_t tag_bytes) {
    const Bytes sealed = internal::seal(mode, kHeader, kText, tag_bytes);
    for (std::size_t length = 0; length < sealed.size(); ++length) {
      const auto opened = internal::open(mode, kHeader, BytesView{sealed}.first(length), tag_bytes);
      ASSERT_EQ(opened.error(),
                Error{length < tag_bytes ? err::message_too_short : err::wrong_tag});
    }
  });
}

TEST(Authenticated, BuffersOfAnotherLengthOrThatOverlapAreRefused) {
  for_each_authenticated([](const auto& mode, std::size_t tag_bytes) {
    Bytes out(kText.size() + tag_bytes + 1);
    EXPECT_EQ(mode.seal(kHeader, kText, out).error(), Error{err::bad_output_length});
    const Bytes sealed = internal::seal(mode, kHeader, kText, tag_bytes);
    EXPECT_EQ(mode.open(kHeader, sealed, out).error(), Error{err::bad_output_length});
    Bytes shared(300);
    const auto text = std::span{shared}.subspan(1, 100);
    const auto place = std::span{shared}.first(100 + tag_bytes);
    EXPECT_EQ(mode.seal(kHeader, text, place).error(), Error{err::overlapping_buffers});
    EXPECT_EQ(mode.open(kHeader, place, text).error(), Error{err::overlapping_buffers});
  });
}

TEST(Gcm, NeedsANonceAndAcceptsAnyLength) {
  const auto gcm = Gcm::create(Cipher::sm4, key_of(Cipher::sm4));
  Bytes out(kText.size() + 16);
  EXPECT_EQ(gcm->seal({.nonce = {}, .associated = {}}, kText, out).error(),
            Error{err::bad_nonce_length});
  EXPECT_TRUE(gcm->seal({.nonce = kText, .associated = {}}, kText, out));
}

/// The views claim lengths that nobody has in memory: they are refused before anything is read.
TEST(Gcm, MessagesBeyondItsLimitAreRefused) {
  const auto gcm = Gcm::create(Cipher::aes128, key_of(Cipher::aes128));
  std::uint8_t byte = 0;
  const BytesView endless{&byte, kGcmMessageMax + 1};
  EXPECT_EQ(gcm->seal(kHeader, endless, {&byte, kGcmMessageMax + 17}).error(),
            Error{err::message_too_long});
  EXPECT_EQ(gcm->open(kHeader, {&byte, kGcmMessageMax + 17}, {&byte, kGcmMessageMax + 1}).error(),
            Error{err::message_too_long});
  EXPECT_EQ(gcm->seal({.nonce = kNonce, .associated = {&byte, kGcmAssociatedMax + 1}}, kText,
                      {&byte, kText.size() + 16})
                .error(),
            Error{err::message_too_long});
}

TEST(Ccm, NonceAndTagHaveTheirLengths) {
  for (std::size_t tag_bytes = 0; tag_bytes <= 18; ++tag_bytes) {
    const bool fits = tag_bytes >= 4 && tag_bytes <= 16 && tag_bytes % 2 == 0;
    const auto ccm = Ccm::create(Cipher::sm4, key_of(Cipher::sm4), tag_bytes);
    ASSERT_EQ(ccm.has_value(), fits);
    if (!fits) {
      EXPECT_EQ(ccm.error(), Error{err::bad_tag_length});
    }
  }
  const auto ccm = Ccm::create(Cipher::sm4, key_of(Cipher::sm4));
  Bytes out(kText.size() + 16);
  for (std::size_t length = 0; length <= 16; ++length) {
    const auto sealed =
        ccm->seal({.nonce = BytesView{kText}.first(length), .associated = {}}, kText, out);
    ASSERT_EQ(sealed.has_value(), length >= 7 && length <= 13);
    if (!sealed) {
      EXPECT_EQ(sealed.error(), Error{err::bad_nonce_length});
    }
  }
}

TEST(Ccm, ALongNonceLeavesRoomForShortMessagesOnly) {
  const auto ccm = Ccm::create(Cipher::aes128, key_of(Cipher::aes128));
  const Bytes nonce(13, 1);
  Bytes text(0x10000);
  Bytes out(text.size() + 16);
  EXPECT_EQ(ccm->seal({.nonce = nonce, .associated = {}}, text, out).error(),
            Error{err::message_too_long});
  EXPECT_EQ(ccm->open({.nonce = nonce, .associated = {}}, out, text).error(),
            Error{err::message_too_long});
  text.pop_back();
  out.pop_back();
  EXPECT_TRUE(ccm->seal({.nonce = nonce, .associated = {}}, text, out));
}

TEST(Xts, DataUnitsHaveTheirLengths) {
  const auto xts = Xts::create(
      Cipher::aes128,
      [] {
        Bytes key(32, 1);
        key[0] = 2;
        return key;
      }(),
      TweakOrder::ieee1619);
  Bytes unit(kXtsDataUnitMax + 1);
  const auto run = [&](std::size_t length) {
    const auto part = std::span{unit}.first(length);
    return xts->encrypt({}, part, part);
  };
  EXPECT_EQ(run(0).error(), Error{err::message_too_short});
  EXPECT_EQ(run(15).error(), Error{err::message_too_short});
  EXPECT_TRUE(run(16));
  EXPECT_TRUE(run(kXtsDataUnitMax));
  EXPECT_EQ(run(kXtsDataUnitMax + 1).error(), Error{err::message_too_long});
  EXPECT_EQ(xts->decrypt({}, kText, std::span{unit}.first(kText.size() - 1)).error(),
            Error{err::bad_output_length});
}

TEST(Ctr, BuffersOfAnotherLengthOrThatOverlapAreRefused) {
  const auto ctr = Ctr::create(Cipher::sm4, key_of(Cipher::sm4));
  Bytes out(kText.size() + 1);
  EXPECT_EQ(ctr->apply({}, 0, kText, out).error(), Error{err::bad_output_length});
  EXPECT_EQ(
      ctr->apply({}, 0, BytesView{out}.subspan(1), std::span{out}.first(kText.size())).error(),
      Error{err::overlapping_buffers});
}

TEST(Providers, ThePortableOneIsLastAndAlwaysThere) {
  EXPECT_EQ(internal::providers().back(), &internal::kPortable);
  EXPECT_TRUE(internal::kPortable.is_supported());
  EXPECT_TRUE(internal::provider().is_supported());
}

TEST(Providers, WithoutExtensionsTheLastAloneIsThere) {
  const auto all = internal::providers();
  for (const internal::Provider* const each : all.first(all.size() - 1))
    EXPECT_TRUE(may_use_extensions() || !each->is_supported()) << each->name;
  EXPECT_TRUE(all.back()->is_supported());
}

}  // namespace
}  // namespace wusong::cipher
