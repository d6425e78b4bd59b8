// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/utf8.hpp"

#include <gtest/gtest.h>

namespace wusong::codec {
namespace {

TEST(Utf8, IsJudgedStrictly) {
  EXPECT_TRUE(is_utf8("中文 ok \xf0\x9f\x98\x80"));
  for (const std::string_view bad :
       {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe4\xb8"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(utf8_prefix("中文", 4), "中");
}

}  // namespace
}  // namespace wusong::codec
