// SPDX-License-Identifier: Apache-2.0
// The compact sets are our own: so are their known answers, which hold them still and nothing more.
// tools/slh_model.py, a second implementation, gives those over SHA-2 and SM3.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/slh_digests.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::pq {
namespace {

using internal::SlhAddress;
using internal::SlhHash;
using internal::SlhParameters;

constexpr SlhDsa kSets[] = {SlhDsa::compact_sha2, SlhDsa::compact_shake, SlhDsa::compact_sm3};
const Bytes kMessage = to_bytes(as_bytes("a record of public data"));
const Bytes kContext = to_bytes(as_bytes("test"));

const SlhParameters& parameters() {
  return internal::parameters_of(SlhDsa::compact_sha2);
}
SlhDsaSecretKey key_of(SlhDsa set,
                       const internal::Provider& provider = internal::fastest_provider()) {
  Bytes seed(48);
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  return *SlhDsaSecretKey::from_seed(set, seed, provider);
}
/// One key and one signature for all tests of a set, as they take long.
struct Signed {
  SlhDsaSecretKey key;
  Bytes signature;
};
const Signed& signed_by(SlhDsa set) {
  static const auto kMake = [](SlhDsa made) {
    auto key = key_of(made);
    Bytes signature = *key.sign_deterministic(kMessage, kContext);
    return Signed{std::move(key), std::move(signature)};
  };
  static const Signed kAll[] = {kMake(kSets[0]), kMake(kSets[1]), kMake(kSets[2])};
  return kAll[static_cast<std::size_t>(set) - static_cast<std::size_t>(kSets[0])];
}

/// Standard output of a command.
std::string output_of(const char* command) {
  std::string out;
  std::FILE* const pipe = popen(command, "r");
  if (pipe == nullptr) return out;
  char part[4096];
  for (std::size_t got; (got = std::fread(part, 1, sizeof(part), pipe)) != 0;)
    out.append(part, got);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

TEST(SlhCompact, ParametersAreThoseThatThePublishedScriptChooses) {
  const std::string printed = output_of("python3 docs/crypto/hash_based_parameters.py");
  std::stringstream published;
  published << std::ifstream{"docs/crypto/hash_based_parameters.txt"}.rdbuf();
  EXPECT_EQ(printed, published.str());
  for (const SlhDsa set : kSets) {
    const auto& p = internal::parameters_of(set);
    std::ostringstream chosen;
    chosen << "chosen: h=" << p.h << " d=" << p.d << " a=" << p.a << " k=" << p.k
           << " lg_w=" << p.lg_w << " digits=" << p.digits() << " sum=" << p.compact.sum
           << " zero_bits=" << p.compact.zero_bits << " fors_zero_bits=" << p.compact.fors_zero_bits
           << "\n";
    EXPECT_NE(printed.find(chosen.str()), std::string::npos) << chosen.str();
    EXPECT_EQ(p.shape.signature, p.n() + p.fors_size() + p.d * p.layer_size());
  }
}

TEST(SlhCompact, SignaturesAreFrozenByEveryProvider) {
  const std::string_view frozen[] = {
      "d56fcfac62a580d2d257d3f272af7d14ed74721b6d7d7d0cabf50f81e66e6f94",
      "da653886c2209f5dd54d073edfa129b032c0432e9b46befc29ff034647035d65",
      "9a6450ee910ce9c4f4feb754f40e676edb8c3edddb284f8d348f21c2abaccd43"};
  for (std::size_t i = 0; i < std::size(kSets); ++i) {
    for (const auto& provider : internal::providers()) {
      const bool is_first = &provider == &internal::fastest_provider();
      if (!is_first && kSets[i] != SlhDsa::compact_sha2) continue;
      const Bytes signature =
          is_first ? signed_by(kSets[i]).signature
                   : *key_of(kSets[i], provider).sign_deterministic(kMessage, kContext);
      EXPECT_EQ(codec::to_hex(hash::sha256(signature)), frozen[i])
          << shape_of(kSets[i]).name << " " << provider.name;
    }
  }
}

TEST(SlhCompact, WhatAKeySignsItsPublicHalfVerifies) {
  testkit::SeededEntropy entropy;
  for (const SlhDsa set : kSets) {
    const auto& [key, first] = signed_by(set);
    const auto second = key.sign(kMessage, kContext, entropy);
    ASSERT_TRUE(second);
    EXPECT_NE(first, *second);
    for (const auto& provider : internal::providers()) {
      const auto decoded = SlhDsaPublicKey::decode(set, key.public_key().encoded(), provider);
      EXPECT_TRUE(decoded->verify(kMessage, kContext, first)) << provider.name;
      EXPECT_TRUE(decoded->verify(kMessage, kContext, *second)) << provider.name;
    }
    const auto again = SlhDsaSecretKey::decode(set, key.encode().view());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again->sign_deterministic(kMessage, kContext), first);
  }
}

TEST(SlhCompact, EveryDamageIsRefused) {
  for (const SlhDsa set : kSets) {
    const auto& p = internal::parameters_of(set);
    const auto& [key, signature] = signed_by(set);
    const auto& verifier = key.public_key();
    const auto refused = [&](std::size_t at, std::uint8_t by) {
      Bytes changed = signature;
      changed[at] ^= by;
      return verifier.verify(kMessage, kContext, changed) == fail(err::bad_signature);
    };
    for (std::size_t at = 0; at < signature.size(); at += 13) EXPECT_TRUE(refused(at, 0x10)) << at;
    // The counters, and the first and last byte of each part.
    std::vector<std::size_t> parts{0, p.n(), p.n() + p.counter_size()};
    for (std::size_t layer = 0; layer < p.d; ++layer) {
      parts.push_back(p.n() + p.fors_size() + layer * p.layer_size());
      parts.push_back(parts.back() + p.counter_size());
      parts.push_back(parts.back() + p.digits() * p.n());
    }
    for (const std::size_t part : parts) {
      for (std::size_t bit = 0; bit < 24; ++bit) {
        EXPECT_TRUE(refused(part + bit / 8, static_cast<std::uint8_t>(1u << bit % 8))) << part;
      }
      if (part != 0) EXPECT_TRUE(refused(part - 1, 1)) << part;
    }
    EXPECT_TRUE(refused(signature.size() - 1, 0x80));
    EXPECT_EQ(verifier.verify(kContext, kContext, signature).error(), err::bad_signature);
    EXPECT_EQ(verifier.verify(kMessage, {}, signature).error(), err::bad_signature);
    EXPECT_EQ(verifier.verify(kMessage, kContext, BytesView{signature}.first(6762)).error(),
              err::signature_length);
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_EQ(verifier.verify(kMessage, kContext, longer).error(), err::signature_length);
    Bytes other_root = to_bytes(verifier.encoded());
    other_root[20] ^= 1;
    EXPECT_EQ(
        SlhDsaPublicKey::decode(set, other_root)->verify(kMessage, kContext, signature).error(),
        err::bad_signature);
  }
}

/// The digest of a set whose first two digits are free and which has the sum with them.
Hash digest_with(unsigned first, unsigned second) {
  Hash out{};
  const auto put = [&](std::size_t index, unsigned digit) {
    for (std::size_t bit = 0; bit < 5; ++bit) {
      const std::size_t at = 5 * index + bit;
      out.data()[at / 8] = static_cast<std::uint8_t>(out.data()[at / 8] | ((digit >> (4 - bit)) & 1)
                                                                              << (7 - at % 8));
    }
  };
  put(0, first);
  put(1, second);
  for (std::size_t i = 2; i < 17; ++i) put(i, 29);  // 15 * 29 = 435, and 32 are missing
  return out;
}

TEST(SlhCompact, DigitsHaveTheSumAndTheZerosOrAreNone) {
  const auto& p = parameters();
  const auto digits = internal::digits_in(p, digest_with(20, 12));
  ASSERT_TRUE(digits);
  EXPECT_EQ((*digits)[0], 20);
  EXPECT_EQ((*digits)[1], 12);
  EXPECT_EQ((*digits)[2], 29);
  EXPECT_EQ((*digits)[24], 0);
  EXPECT_TRUE(internal::digits_in(p, digest_with(31, 1)));
  EXPECT_FALSE(internal::digits_in(p, digest_with(20, 11)));
  EXPECT_FALSE(internal::digits_in(p, digest_with(20, 13)));
  for (const unsigned zero : {1u, 2u, 4u}) {
    Hash digest = digest_with(20, 12);
    digest.data()[15] = static_cast<std::uint8_t>(digest.data()[15] | zero);
    EXPECT_FALSE(internal::digits_in(p, digest)) << zero;
  }
  Hash digest = digest_with(20, 12);
  digest.data()[16] = 0xff;  // not looked at: 128 bits are
  EXPECT_TRUE(internal::digits_in(p, digest));
}

TEST(SlhCompact, APlaceEndsInTwelveZeros) {
  Hash digest{};
  EXPECT_TRUE(internal::is_place(parameters(), digest));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    digest = {};
    digest.data()[bit / 8] = static_cast<std::uint8_t>(0x80u >> bit % 8);
    EXPECT_EQ(internal::is_place(parameters(), digest), bit < 208 || bit >= 220) << bit;
  }
}

TEST(SlhCompact, TheSmallestCounterIsFoundAndNoneBeyondTheBound) {
  const auto& p = parameters();
  const Bytes seed(16, 9);
  const Bytes input(32, 1);
  SlhAddress address;
  address.set_type(SlhAddress::place_digest);
  for (const auto& provider : internal::providers()) {
    const SlhHash hash{p, seed, provider};
    const auto found = internal::find_counter(p, hash, address, input, internal::is_place);
    ASSERT_TRUE(found);
    std::uint32_t counter = 0;
    for (;; ++counter) {
      address.set_third(counter);
      Hash digest;
      hash.many_whole(1, &address, input.data(), 0, input.size(), &digest);
      if (!internal::is_place(p, digest)) continue;
      EXPECT_EQ(digest, found->digest);
      break;
    }
    EXPECT_EQ(found->counter, counter);
    EXPECT_FALSE(internal::find_counter(p, hash, address, input, internal::is_place, counter));
    EXPECT_TRUE(internal::find_counter(p, hash, address, input, internal::is_place, counter + 1));
  }
}

/// No counter is tried often enough to find what nothing has.
bool is_never(const SlhParameters&, const Hash&) noexcept {
  return false;
}
TEST(SlhCompact, ASearchThatFindsNothingEnds) {
  const SlhHash hash{parameters(), Bytes(16), internal::fastest_provider()};
  EXPECT_FALSE(internal::find_counter(parameters(), hash, {}, Bytes(16), is_never, 1000));
}

TEST(SlhCompact, ASeedSharedWithTheStandardSetsGivesOtherOneTimeKeys) {
  const Bytes seed(16, 3);
  const Bytes secret(16, 4);
  SlhAddress address;
  address.set_type(SlhAddress::wots_secret);
  const std::pair<SlhDsa, SlhDsa> pairs[] = {{SlhDsa::compact_sha2, SlhDsa::sha2_128s},
                                             {SlhDsa::compact_shake, SlhDsa::shake_128s},
                                             {SlhDsa::compact_sm3, SlhDsa::sm3_128s}};
  for (const auto& [compact, standard] : pairs) {
    Bytes outs[2]{Bytes(16), Bytes(16)};
    SlhHash{internal::parameters_of(compact), seed, internal::fastest_provider()}.many(
        1, &address, secret.data(), 0, 16, outs[0].data());
    SlhHash{internal::parameters_of(standard), seed, internal::fastest_provider()}.many(
        1, &address, secret.data(), 0, 16, outs[1].data());
    EXPECT_NE(outs[0], outs[1]);
  }
}

}  // namespace
}  // namespace wusong::pq
