// SPDX-License-Identifier: Apache-2.0
// Published vectors: Wycheproof (Apache-2.0) and ethereum/tests (MIT).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "wusong/codec/base64.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/key_agreement.hpp"
#include "wusong/crypto/keystore.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::crypto {
namespace {

using codec::JsonDocument;
using codec::JsonValue;

Bytes bytes_at(const JsonValue& object, std::string_view key) {
  const auto text = object.string_at(key);
  EXPECT_TRUE(text.has_value()) << key;
  auto out = codec::from_hex(text.value_or(""));
  EXPECT_TRUE(out.has_value()) << key;
  return out ? std::move(*out) : Bytes{};
}

/// Calls check(group, test) for every test of a Wycheproof file, which has `expected` of them;
/// false where the file is not there.
template <typename Check>
bool for_each_wycheproof(std::string_view name, std::size_t expected, Check check) {
  testkit::record_vectors("C2SP/wycheproof", expected);
  const auto text =
      testkit::read_vector(std::string{"wycheproof/testvectors_v1/"} + std::string{name});
  if (!text) return false;
  const auto document = JsonDocument::parse(*text);
  EXPECT_TRUE(document.has_value());
  std::size_t count = 0;
  for (const auto& group : document->root().at("testGroups")->items()) {
    for (const auto& test : group.at("tests")->items()) {
      check(group, test);
      ++count;
    }
  }
  EXPECT_EQ(count, expected);
  return true;
}

std::string describe(const JsonValue& test) {
  return std::to_string(test.at("tcId")->u64().value_or(0)) + " " +
         std::string{*test.string_at("comment")};
}
bool is_valid(const JsonValue& test) {
  return *test.string_at("result") == "valid";
}

TEST(Wycheproof, Ed25519VerdictsAreOurs) {
  const bool found = for_each_wycheproof(
      "ed25519_test.json", 151, [](const JsonValue& group, const JsonValue& test) {
        internal::for_each_curve_provider([&](const internal::CurveProvider&) {
          const auto verdict = verify(Scheme::ed25519, bytes_at(*group.at("publicKey"), "pk"),
                                      bytes_at(test, "msg"), bytes_at(test, "sig"));
          EXPECT_EQ(verdict.has_value(), is_valid(test)) << describe(test);
        });
      });
  if (!found) GTEST_SKIP() << "vectors not found";
}

TEST(Wycheproof, P256VerdictsAreOurs) {
  const bool found = for_each_wycheproof(
      "ecdsa_secp256r1_sha256_p1363_test.json", 262,
      [](const JsonValue& group, const JsonValue& test) {
        const Bytes signature = bytes_at(test, "sig");
        if (signature.size() != 64) {
          EXPECT_FALSE(is_valid(test)) << describe(test);
          return;
        }
        const Bytes key = bytes_at(*group.at("publicKey"), "uncompressed");
        ASSERT_EQ(key.size(), 65u);
        internal::for_each_way_to_verify([&] {
          EXPECT_EQ(p256_verify(hash::sha256(bytes_at(test, "msg")), load_be(signature.data()),
                                load_be(signature.data() + 32), load_be(key.data() + 1),
                                load_be(key.data() + 33)),
                    is_valid(test))
              << describe(test);
        });
      });
  if (!found) GTEST_SKIP() << "vectors not found";
}

TEST(Wycheproof, Secp256k1VerdictsAreOursButForHighS) {
  const bool found = for_each_wycheproof(
      "ecdsa_secp256k1_sha256_p1363_test.json", 252,
      [](const JsonValue& group, const JsonValue& test) {
        const Bytes signature = bytes_at(test, "sig");
        if (signature.size() != 64) {
          EXPECT_FALSE(is_valid(test)) << describe(test);
          return;
        }
        const Bytes key = bytes_at(*group.at("publicKey"), "uncompressed");
        const U256 s = load_be(signature.data() + 32);
        const bool expected = is_valid(test) && is_low_s(s);
        const auto verdict = internal::secp256k1_verify(
            BytesView{key}.subspan(1), hash::sha256(bytes_at(test, "msg")), signature);
        EXPECT_EQ(verdict.has_value(), expected) << describe(test);
      });
  if (!found) GTEST_SKIP() << "vectors not found";
}

TEST(Wycheproof, Secp256k1RecoveryFindsTheKeyExactlyOfValidSignatures) {
  std::size_t recovered = 0;
  const bool found = for_each_wycheproof(
      "ecdsa_secp256k1_sha256_p1363_test.json", 252,
      [&recovered](const JsonValue& group, const JsonValue& test) {
        const Bytes signature = bytes_at(test, "sig");
        if (signature.size() != 64) return;
        const Bytes key = bytes_at(*group.at("publicKey"), "uncompressed");
        const Address expected = address_of(Scheme::secp256k1, BytesView{key}.subspan(1));
        bool matched = false;
        for (const std::uint8_t parity : {std::uint8_t{0}, std::uint8_t{1}}) {
          const auto address =
              ecdsa_recover(hash::sha256(bytes_at(test, "msg")),
                            {load_be(signature.data()), load_be(signature.data() + 32), parity});
          matched = matched || (address && *address == expected);
        }
        // R's x above the order needs the recovery ids 2 and 3, which Ethereum does not have.
        constexpr U256 kPrimeLessOrder{0x402da1722fc9baee, 0x4551231950b75fc4, 1, 0};
        const bool beyond = load_be(signature.data()) < kPrimeLessOrder;
        recovered += matched ? 1 : 0;
        if (matched) {
          EXPECT_TRUE(is_valid(test)) << describe(test);
        }
        if (!matched && is_valid(test)) {
          EXPECT_TRUE(beyond) << describe(test);
        }
      });
  if (!found) GTEST_SKIP() << "vectors not found";
  EXPECT_GT(recovered, 60u);
}

/// A Wycheproof secret is a number of any length.
Bytes secret_at(const JsonValue& test) {
  const Bytes number = bytes_at(test, "private");
  Bytes out(32);
  const std::size_t size = std::min(number.size(), out.size());
  std::copy_n(number.end() - static_cast<std::ptrdiff_t>(size), size,
              out.end() - static_cast<std::ptrdiff_t>(size));
  return out;
}
bool has_flag(const JsonValue& test, std::string_view flag) {
  for (const auto& each : test.at("flags")->items())
    if (each.string() == flag) return true;
  return false;
}

TEST(Wycheproof, X25519ProductsAreOursButForZero) {
  const bool found =
      for_each_wycheproof("x25519_test.json", 518, [](const JsonValue&, const JsonValue& test) {
        const auto shared =
            agree(KeyAgreement::x25519, bytes_at(test, "private"), bytes_at(test, "public"));
        ASSERT_EQ(shared.has_value(), !has_flag(test, "ZeroSharedSecret")) << describe(test);
        if (shared) EXPECT_EQ(to_bytes(shared->view()), bytes_at(test, "shared")) << describe(test);
      });
  if (!found) GTEST_SKIP() << "vectors not found";
}

/// What a key's DER has before x || y. Wycheproof's other encodings, which bend it, are for who
/// reads DER.
void check_ecdh(KeyAgreement agreement, std::string_view head, const JsonValue& test,
                std::size_t& taken) {
  const Bytes key = bytes_at(test, "public");
  const Bytes prefix = codec::from_hex(head).value_or(Bytes{});
  if (key.size() != prefix.size() + 64 || !std::equal(prefix.begin(), prefix.end(), key.begin()))
    return;
  ++taken;
  internal::for_each_curve_provider([&](const internal::CurveProvider&) {
    const auto shared = agree(agreement, secret_at(test), BytesView{key}.last(64));
    ASSERT_EQ(shared.has_value(), is_valid(test)) << describe(test);
    if (shared) EXPECT_EQ(to_bytes(shared->view()), bytes_at(test, "shared")) << describe(test);
  });
}
TEST(Wycheproof, EcdhOnP256IsOurs) {
  std::size_t taken = 0;
  const bool found = for_each_wycheproof("ecdh_secp256r1_ecpoint_test.json", 355,
                                         [&](const JsonValue&, const JsonValue& test) {
                                           check_ecdh(KeyAgreement::p256, "04", test, taken);
                                         });
  if (!found) GTEST_SKIP() << "vectors not found";
  EXPECT_EQ(taken, 346u);
}
TEST(Wycheproof, EcdhOnSecp256k1IsOurs) {
  std::size_t taken = 0;
  const bool found = for_each_wycheproof(
      "ecdh_secp256k1_test.json", 752, [&](const JsonValue&, const JsonValue& test) {
        check_ecdh(KeyAgreement::secp256k1, "3056301006072a8648ce3d020106052b8104000a03420004",
                   test, taken);
      });
  if (!found) GTEST_SKIP() << "vectors not found";
  EXPECT_GT(taken, 400u);
}

TEST(EthereumTests, KeysGiveTheAddressesOfKeyaddrtest) {
  testkit::record_vectors("ethereum/tests BasicTests", 2);
  const auto text = testkit::read_vector("ethereum-tests/BasicTests/keyaddrtest.json");
  if (!text) GTEST_SKIP() << "vectors not found";
  const auto document = JsonDocument::parse(*text);
  ASSERT_TRUE(document);
  for (const auto& test : document->root().items()) {
    const Bytes secret = bytes_at(test, "key");
    const auto signer = make_signer(Scheme::secp256k1, secret);
    ASSERT_TRUE(signer);
    const Address address = address_of(Scheme::secp256k1, (*signer)->public_key());
    EXPECT_EQ(codec::to_hex(address), *test.string_at("addr"));
    // The file's sig_of_emptystring predates RFC 6979 and recovers under no digest of the empty
    // string.
  }
}

TEST(EthereumTests, KeyFilesOpen) {
  testkit::record_vectors("ethereum/tests KeyStoreTests", 5);
  const auto text = testkit::read_vector("ethereum-tests/KeyStoreTests/basic_tests.json");
  if (!text) GTEST_SKIP() << "vectors not found";
  const auto document = JsonDocument::parse(*text);
  ASSERT_TRUE(document);
  std::size_t count = 0;
  for (const auto& [name, test] : document->root().members()) {
    const auto opened = decrypt_keystore(test.at("json")->to_json(), *test.string_at("password"));
    ASSERT_TRUE(opened.has_value()) << name;
    EXPECT_EQ(codec::to_hex(opened->secret_key), *test.string_at("priv")) << name;
    EXPECT_EQ(opened->scheme, "secp256k1");
    ++count;
  }
  EXPECT_EQ(count, 5u);
}

Bytes base64_at(const JsonValue& object, std::string_view key) {
  auto out = codec::from_base64(object.string_at(key).value_or(""));
  EXPECT_TRUE(out.has_value()) << key;
  return out ? std::move(*out) : Bytes{};
}

/// Origin and licence are in the file.
TEST(CompositeDraft, KeysAndSignaturesAreTheDrafts) {
  const std::map<std::string_view, Scheme> schemes{
      {"id-ML-DSA-44", Scheme::ml_dsa_44},
      {"id-ML-DSA-65", Scheme::ml_dsa_65},
      {"id-MLDSA44-Ed25519-SHA512", Scheme::ed25519_ml_dsa_44}};
  testkit::record_vectors("IETF composite signatures", schemes.size());
  std::ifstream file{"tests/vectors/composite_signatures.json", std::ios::binary};
  const auto document = JsonDocument::parse(std::string{std::istreambuf_iterator<char>{file}, {}});
  ASSERT_TRUE(document);
  const Bytes message = base64_at(document->root(), "m");
  std::size_t count = 0;
  for (const auto& test : document->root().at("tests")->items()) {
    const auto found = schemes.find(*test.string_at("tcId"));
    if (found == schemes.end()) continue;
    const auto signer = make_signer(found->second, base64_at(test, "sk"));
    ASSERT_TRUE(signer) << found->first;
    const Bytes key = base64_at(test, "pk");
    EXPECT_EQ(to_bytes((*signer)->public_key()), key) << found->first;
    EXPECT_TRUE(verify(found->second, key, message, base64_at(test, "s"))) << found->first;
    EXPECT_FALSE(verify(found->second, key, message, base64_at(test, "sWithContext")));
    ++count;
  }
  EXPECT_EQ(count, schemes.size());
}

}  // namespace
}  // namespace wusong::crypto
