// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/did.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"

namespace wusong::identity {
namespace {

/// @source W3C did:key 0.7, test vectors: the document's example, ed25519-x25519.json,
///         secp256k1.json, nist-curves.json
TEST(Did, PublishedIdentifiersAreRead) {
  const auto ed25519 = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
  ASSERT_TRUE(ed25519);
  EXPECT_EQ(codec::to_hex(ed25519->key->bytes),
            "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6");
  const auto secp256k1 = parse_did("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme");
  ASSERT_TRUE(secp256k1);
  EXPECT_EQ(secp256k1->key->kind, KeyKind::secp256k1);
  const auto p256 = parse_did("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169");
  ASSERT_TRUE(p256);
  EXPECT_EQ(p256->key->kind, KeyKind::p256);
  for (const auto& did : {*ed25519, *secp256k1, *p256}) EXPECT_EQ(did_key(*did.key), did.text);
}

TEST(Did, OneKeyHasOneNameAndNothingElseIsRead) {
  const std::string did = did_key({KeyKind::ed25519, Bytes(32, 7)});
  EXPECT_TRUE(parse_did(did));
  EXPECT_FALSE(parse_did(did + "#key"));
  EXPECT_FALSE(parse_did(did + "1"));
  EXPECT_FALSE(parse_did("did:key:z1" + did.substr(9)));
  EXPECT_FALSE(parse_did("did:key:z"));
  EXPECT_FALSE(parse_did("did:key:z0OIl"));
  EXPECT_FALSE(parse_did("did:key:z" + std::string(1'000, '2')));
  const std::string native = did_wusong(5918, Address{});
  EXPECT_TRUE(parse_did(native));
  EXPECT_FALSE(parse_did("did:wusong:05918:" + native.substr(16)));
  EXPECT_FALSE(parse_did("did:wusong:5918:" + native.substr(18)));  // without 0x
  EXPECT_FALSE(parse_did("did:wusong:5918:0x12"));
  EXPECT_FALSE(parse_did("did:wusong::0x"));
}

}  // namespace
}  // namespace wusong::identity
