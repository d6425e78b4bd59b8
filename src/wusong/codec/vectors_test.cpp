// SPDX-License-Identifier: Apache-2.0
// ethereum/tests: RLPTests, both ways.
#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::codec {
namespace {

/// "#" and decimal digits, as big-endian bytes.
Bytes decimal(std::string_view digits) {
  Bytes out;
  for (const char digit : digits) {
    unsigned carry = static_cast<unsigned>(digit - '0');
    for (auto byte = out.rbegin(); byte != out.rend(); ++byte) {
      carry += *byte * 10u;
      *byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry != 0) out.insert(out.begin(), static_cast<std::uint8_t>(carry));
  }
  return out;
}

void write(RlpWriter& out, const JsonValue& value) {
  if (value.is_array()) {
    out.open_list();
    for (const JsonValue& item : value.items()) write(out, item);
    out.close_list();
  } else if (const auto number = value.u64()) {
    out.number(*number);
  } else {
    const std::string_view text = *value.string();
    out.string(text.starts_with('#') ? decimal(text.substr(1)) : to_bytes(as_bytes(text)));
  }
}

TEST(RlpVectors, ValidOnesEncodeAndDecode) {
  testkit::record_vectors("ethereum/tests RLPTests", 29);
  const auto text = testkit::read_vector("ethereum-tests/RLPTests/rlptest.json");
  const auto random = testkit::read_vector("ethereum-tests/RLPTests/RandomRLPTests/example.json");
  if (!text || !random) GTEST_SKIP() << "vectors not found";
  std::size_t count = 0;
  for (const std::string* file : {&*text, &*random}) {
    const auto document = JsonDocument::parse(*file);
    ASSERT_TRUE(document);
    for (const auto& [name, test] : document->root().members()) {
      const auto encoded = from_hex(*test.string_at("out"));
      ASSERT_TRUE(encoded) << name;
      EXPECT_TRUE(rlp_validate(*encoded)) << name;
      ++count;
      if (const auto in = test.string_at("in"); in && *in == "VALID") continue;
      RlpWriter out;
      write(out, *test.at("in"));
      EXPECT_EQ(to_hex(out.take()), to_hex(*encoded)) << name;
    }
  }
  testkit::record_vectors("ethereum/tests RLPTests", count);
  EXPECT_EQ(count, 29u);
}

TEST(RlpVectors, InvalidOnesAreRefused) {
  testkit::record_vectors("ethereum/tests RLPTests", 26);
  const auto text = testkit::read_vector("ethereum-tests/RLPTests/invalidRLPTest.json");
  if (!text) GTEST_SKIP() << "vectors not found";
  const auto document = JsonDocument::parse(*text);
  ASSERT_TRUE(document);
  std::size_t count = 0;
  for (const auto& [name, test] : document->root().members()) {
    const auto encoded = from_hex(*test.string_at("out"));
    ASSERT_TRUE(encoded) << name;
    EXPECT_FALSE(rlp_validate(*encoded)) << name;
    ++count;
  }
  testkit::record_vectors("ethereum/tests RLPTests", count);
  EXPECT_EQ(count, 26u);
}

}  // namespace
}  // namespace wusong::codec
