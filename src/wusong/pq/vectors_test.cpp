// SPDX-License-Identifier: Apache-2.0
// Published vectors: liboqs' digests of known answers (MIT) and Wycheproof (Apache-2.0), by every
// provider of this machine.
#include <gtest/gtest.h>

#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/ml_dsa.hpp"
#include "wusong/pq/ml_kem.hpp"
#include "wusong/testkit/known_answers.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::pq {
namespace {

using codec::JsonDocument;
using codec::JsonValue;
using testkit::KnownAnswerEntropy;

constexpr MlDsa kSignatureSets[] = {MlDsa::ml_dsa_44, MlDsa::ml_dsa_65, MlDsa::ml_dsa_87};
constexpr MlKem kKemSets[] = {MlKem::ml_kem_512, MlKem::ml_kem_768, MlKem::ml_kem_1024};

Bytes bytes_at(const JsonValue& object, std::string_view key) {
  const auto text = object.string_at(key);
  EXPECT_TRUE(text.has_value()) << key;
  auto out = codec::from_hex(text.value_or(""));
  EXPECT_TRUE(out.has_value()) << key;
  return out ? std::move(*out) : Bytes{};
}
Bytes bytes_or_none(const JsonValue& object, std::string_view key) {
  return object.at(key) ? bytes_at(object, key) : Bytes{};
}
std::string describe(const JsonValue& test) {
  return std::to_string(test.at("tcId")->u64().value_or(0)) + " " +
         std::string{test.string_at("comment").value_or("")};
}
bool is_valid(const JsonValue& test) {
  return *test.string_at("result") == "valid";
}
bool has_flag(const JsonValue& test, std::string_view flag) {
  for (const auto& item : test.at("flags")->items())
    if (item.string() == flag) return true;
  return false;
}
/// What is left of ML-DSA-44 once its name's parts are put as Wycheproof's files have them.
std::string file_of(std::string_view name, std::string_view what) {
  std::string out{name.substr(0, 2)};
  out.append(name.substr(3));
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::tolower(c));
  if (!what.empty()) out.append("_").append(what);
  return out.append("_test.json");
}

/// Calls check(group, test) for every test; the number of tests, or nothing without the file.
template <typename Check>
std::optional<std::size_t> for_each_wycheproof(const std::string& name, Check check) {
  const auto text = testkit::read_vector("wycheproof/testvectors_v1/" + name);
  if (!text) return std::nullopt;
  const auto document = JsonDocument::parse(*text);
  EXPECT_TRUE(document.has_value()) << name;
  std::size_t count = 0;
  for (const auto& group : document->root().at("testGroups")->items()) {
    for (const auto& test : group.at("tests")->items()) {
      check(group, test);
      ++count;
    }
  }
  return count;
}

std::string digest_of(const std::string& text) {
  std::string hex = codec::to_hex(hash::sha256(as_bytes(text)));
  if (hex.starts_with("0x")) hex.erase(0, 2);
  return hex;
}

/// The digest that liboqs publishes for `count` answers: 1 or 100.
std::optional<std::string> published_digest(std::string_view kind, std::string_view name,
                                            std::size_t count) {
  const auto text = testkit::read_vector(std::string{"liboqs-kats/tests/KATs/"} +
                                         std::string{kind} + "/kats.json");
  if (!text) return std::nullopt;
  const auto document = JsonDocument::parse(*text);
  EXPECT_TRUE(document.has_value());
  return std::string{*document->root().at(name)->string_at(count == 1 ? "single" : "all")};
}

std::string ml_dsa_answers(MlDsa set, std::size_t count, const internal::Provider& provider) {
  auto seeds = testkit::known_answer_seeds();
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes seed = seeds.take(48);
    const Bytes message = seeds.take(33 * (i + 1));
    KnownAnswerEntropy entropy{std::span<const std::uint8_t, 48>{seed}};
    const Bytes key_seed = entropy.take(kMlDsaSeedSize);
    const auto key = MlDsaSecretKey::from_seed(set, MlDsaSeed{key_seed}, provider);
    auto signature = key.sign(message, {}, entropy);
    EXPECT_TRUE(signature.has_value());
    Bytes signed_message = *signature;
    append(signed_message, message);
    text.append("count = ").append(std::to_string(i)).append("\n");
    testkit::append_field(text, "seed", seed);
    text.append("mlen = ").append(std::to_string(message.size())).append("\n");
    testkit::append_field(text, "msg", message);
    testkit::append_field(text, "pk", key.public_key().encoded());
    testkit::append_field(text, "sk", key.encode().view());
    text.append("smlen = ").append(std::to_string(signed_message.size())).append("\n");
    testkit::append_field(text, "sm", signed_message);
    if (i + 1 != count) text.append("\n");
  }
  return text;
}

TEST(KnownAnswers, MlDsaGivesLiboqsDigests) {
  testkit::record_vectors("liboqs ML-DSA", 303);
  const std::size_t most = testkit::quick() ? 1 : 100;
  for (const MlDsa set : kSignatureSets) {
    for (const std::size_t count : {std::size_t{1}, most}) {
      const auto expected = published_digest("sig", shape_of(set).name, count);
      if (!expected) GTEST_SKIP() << "vectors not found";
      for (const auto& provider : internal::providers())
        EXPECT_EQ(digest_of(ml_dsa_answers(set, count, provider)), *expected)
            << shape_of(set).name << " " << provider.name << " " << count;
    }
  }
}

std::string ml_kem_answers(MlKem set, std::size_t count, const internal::Provider& provider) {
  auto seeds = testkit::known_answer_seeds();
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes seed = seeds.take(48);
    KnownAnswerEntropy entropy{std::span<const std::uint8_t, 48>{seed}};
    const Bytes key_seed = entropy.take(64);
    const auto key = MlKemDecapsulationKey::from_seed(set, MlKemSeed{key_seed}, provider);
    const auto sent = key.encapsulation_key().encapsulate(entropy);
    text.append("count = ").append(std::to_string(i)).append("\n");
    testkit::append_field(text, "seed", seed);
    testkit::append_field(text, "pk", key.encapsulation_key().encoded());
    testkit::append_field(text, "sk", key.encode().view());
    testkit::append_field(text, "ct", sent.ciphertext);
    testkit::append_field(text, "ss", sent.shared_secret.view());
    if (i + 1 != count) text.append("\n");
    const auto received = key.decapsulate(sent.ciphertext);
    EXPECT_TRUE(received && std::ranges::equal(received->view(), sent.shared_secret.view()));
  }
  return text;
}

TEST(KnownAnswers, MlKemGivesLiboqsDigests) {
  testkit::record_vectors("liboqs ML-KEM", 303);
  for (const MlKem set : kKemSets) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{100}}) {
      const auto expected = published_digest("kem", shape_of(set).name, count);
      if (!expected) GTEST_SKIP() << "vectors not found";
      for (const auto& provider : internal::providers())
        EXPECT_EQ(digest_of(ml_kem_answers(set, count, provider)), *expected)
            << shape_of(set).name << " " << provider.name << " " << count;
    }
  }
}

/// Signs as the test says; the key's and the context's refusals count as "invalid".
Result<Bytes> sign_as(const MlDsaSecretKey& key, const JsonValue& test) {
  MlDsaMu mu;
  if (test.at("msg")) {
    WUSONG_TRY(mu, key.public_key().mu_of(bytes_at(test, "msg"), bytes_or_none(test, "ctx")));
    if (test.at("mu")) {
      EXPECT_TRUE(std::ranges::equal(mu, bytes_at(test, "mu"))) << describe(test);
    }
  } else {
    const Bytes given = bytes_at(test, "mu");
    EXPECT_EQ(given.size(), mu.size());
    std::memcpy(mu.data(), given.data(), mu.size());
  }
  Bytes randomness(kMlDsaSeedSize);
  if (test.at("rnd")) randomness = bytes_at(test, "rnd");
  return key.sign_mu(mu, MlDsaSeed{randomness});
}

void expect_signed(const Result<MlDsaSecretKey>& key, const JsonValue& test,
                   std::string_view provider) {
  if (!key) {
    EXPECT_FALSE(is_valid(test)) << describe(test) << " " << key.error().name();
    return;
  }
  const auto signature = sign_as(*key, test);
  EXPECT_EQ(signature.has_value(), is_valid(test)) << describe(test) << " " << provider;
  if (signature && is_valid(test)) {
    EXPECT_EQ(*signature, bytes_at(test, "sig")) << describe(test) << " " << provider;
  }
}

TEST(Wycheproof, MlDsaSignsTheirBytes) {
  testkit::record_vectors("C2SP/wycheproof ML-DSA signing", 507);
  std::size_t total = 0;
  for (const MlDsa set : kSignatureSets) {
    for (const auto& provider : internal::providers()) {
      const auto encoded = for_each_wycheproof(
          file_of(shape_of(set).name, "sign_noseed"),
          [&](const JsonValue& group, const JsonValue& test) {
            expect_signed(MlDsaSecretKey::decode(set, bytes_at(group, "privateKey"), provider),
                          test, provider.name);
          });
      const auto seeded = for_each_wycheproof(
          file_of(shape_of(set).name, "sign_seed"),
          [&](const JsonValue& group, const JsonValue& test) {
            const Bytes seed = bytes_at(group, "privateSeed");
            if (seed.size() != kMlDsaSeedSize) {
              EXPECT_FALSE(is_valid(test)) << describe(test);
              return;
            }
            const auto key = MlDsaSecretKey::from_seed(set, MlDsaSeed{seed}, provider);
            EXPECT_TRUE(
                std::ranges::equal(key.public_key().encoded(), bytes_at(group, "publicKey")));
            expect_signed(MlDsaSecretKey::decode(set, key.encode().view(), provider), test,
                          provider.name);
          });
      if (!encoded || !seeded) GTEST_SKIP() << "vectors not found";
      total += *encoded + *seeded;
    }
  }
  EXPECT_EQ(total, 507u * internal::providers().size());
}

TEST(Wycheproof, MlDsaVerdictsAreOurs) {
  testkit::record_vectors("C2SP/wycheproof ML-DSA verification", 631);
  std::size_t total = 0;
  for (const MlDsa set : kSignatureSets) {
    const auto count = for_each_wycheproof(
        file_of(shape_of(set).name, "verify"), [&](const JsonValue& group, const JsonValue& test) {
          const auto key = MlDsaPublicKey::decode(set, bytes_at(group, "publicKey"));
          if (!key) {
            EXPECT_FALSE(is_valid(test)) << describe(test);
            EXPECT_TRUE(has_flag(test, "IncorrectPublicKeyLength")) << describe(test);
            return;
          }
          const auto verdict =
              key->verify(bytes_at(test, "msg"), bytes_or_none(test, "ctx"), bytes_at(test, "sig"));
          EXPECT_EQ(verdict.has_value(), is_valid(test)) << describe(test);
          if (verdict) return;
          if (has_flag(test, "IncorrectSignatureLength")) {
            EXPECT_EQ(verdict.error(), err::signature_length) << describe(test);
          }
          if (has_flag(test, "InvalidHintsEncoding")) {
            EXPECT_EQ(verdict.error(), err::hint_encoding) << describe(test);
          }
          if (has_flag(test, "InfinityNormViolation")) {
            EXPECT_EQ(verdict.error(), err::response_too_large) << describe(test);
          }
        });
    if (!count) GTEST_SKIP() << "vectors not found";
    total += *count;
  }
  EXPECT_EQ(total, 631u);
}

void expect_encapsulated(MlKem set, const JsonValue& test, const internal::Provider& provider) {
  const Bytes message = bytes_at(test, "m");
  const auto key = MlKemEncapsulationKey::decode(set, bytes_at(test, "ek"), provider);
  const bool is_done = key.has_value() && message.size() == 32;
  EXPECT_EQ(is_done, is_valid(test)) << describe(test);
  if (!is_done || !is_valid(test)) return;
  const auto sent = key->encapsulate_internal(MlKemMessage{message});
  EXPECT_EQ(sent.ciphertext, bytes_at(test, "c")) << describe(test);
  EXPECT_TRUE(std::ranges::equal(sent.shared_secret.view(), bytes_at(test, "K"))) << describe(test);
}

void expect_decapsulated(const Result<MlKemDecapsulationKey>& key, const JsonValue& test) {
  if (!key) {
    EXPECT_FALSE(is_valid(test)) << describe(test) << " " << key.error().name();
    return;
  }
  const auto secret = key->decapsulate(bytes_at(test, "c"));
  EXPECT_EQ(secret.has_value(), is_valid(test)) << describe(test);
  if (secret && is_valid(test)) {
    EXPECT_TRUE(std::ranges::equal(secret->view(), bytes_at(test, "K"))) << describe(test);
  }
}

TEST(Wycheproof, MlKemAnswersAreOurs) {
  testkit::record_vectors("C2SP/wycheproof ML-KEM", 1701);
  std::size_t total = 0;
  for (const MlKem set : kKemSets) {
    const auto name = shape_of(set).name;
    for (const auto& provider : internal::providers()) {
      const auto count = [&](std::string_view what, auto check) {
        const auto found = for_each_wycheproof(file_of(name, what), check);
        if (found) total += *found;
        return found.has_value();
      };
      const bool found =
          count("encaps",
                [&](const JsonValue&, const JsonValue& test) {
                  expect_encapsulated(set, test, provider);
                }) &&
          count("keygen_seed",
                [&](const JsonValue&, const JsonValue& test) {
                  const Bytes seed = bytes_at(test, "seed");
                  ASSERT_EQ(seed.size(), 64u);
                  const auto key = MlKemDecapsulationKey::from_seed(set, MlKemSeed{seed}, provider);
                  EXPECT_TRUE(
                      std::ranges::equal(key.encapsulation_key().encoded(), bytes_at(test, "ek")));
                  EXPECT_TRUE(std::ranges::equal(key.encode().view(), bytes_at(test, "dk")));
                }) &&
          count("semi_expanded_decaps",
                [&](const JsonValue&, const JsonValue& test) {
                  expect_decapsulated(
                      MlKemDecapsulationKey::decode(set, bytes_at(test, "dk"), provider), test);
                }) &&
          count("", [&](const JsonValue&, const JsonValue& test) {
            const Bytes seed = bytes_at(test, "seed");
            if (seed.size() != 64) {
              EXPECT_FALSE(is_valid(test)) << describe(test);
              return;
            }
            expect_decapsulated(MlKemDecapsulationKey::from_seed(set, MlKemSeed{seed}, provider),
                                test);
          });
      if (!found) GTEST_SKIP() << "vectors not found";
    }
  }
  EXPECT_EQ(total, 1701u * internal::providers().size());
}

}  // namespace
}  // namespace wusong::pq
