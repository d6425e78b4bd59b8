// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/base64.hpp"

#include <gtest/gtest.h>

namespace wusong::codec {
namespace {

/// @source RFC 4648, section 10
TEST(Base64, ExamplesOfTheStandardHold) {
  const std::pair<std::string_view, std::string_view> examples[]{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    EXPECT_EQ(base64(as_bytes(plain)), coded);
    EXPECT_EQ(from_base64(coded), to_bytes(as_bytes(plain)));
    EXPECT_EQ(base64url(as_bytes(plain)), coded.substr(0, coded.find('=')));
    EXPECT_EQ(from_base64url(coded), to_bytes(as_bytes(plain)));
  }
}

TEST(Base64, TheTwoAlphabetsDiffer) {
  const Bytes bytes{0xfb, 0xff};
  EXPECT_EQ(base64(bytes), "+/8=");
  EXPECT_EQ(base64url(bytes), "-_8");
  EXPECT_FALSE(from_base64("-_8"));
  EXPECT_FALSE(from_base64url("+/8"));
}

TEST(Base64, StrictTakesOneFormOfEveryText) {
  EXPECT_TRUE(strict_base64url("AA"));
  EXPECT_TRUE(strict_base64url(""));
  EXPECT_FALSE(strict_base64url("AB"));    // stray bits
  EXPECT_FALSE(strict_base64url("AA=="));  // padding
  EXPECT_FALSE(strict_base64url("A+"));
  EXPECT_FALSE(strict_base64url("A"));
}

TEST(PercentEncode, EscapesEverythingThatMeansSomething) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b+c&d=e/\xe4\xb8\xad%"), "a%20b%2Bc%26d%3De%2F%E4%B8%AD%25");
}

}  // namespace
}  // namespace wusong::codec
