// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/real_name.hpp"

#include <gtest/gtest.h>

#include "wusong/identity/errors.hpp"

namespace wusong::identity {
namespace {

TEST(RealName, NumbersHaveTheirCheckCharacter) {
  EXPECT_TRUE(resident_number_valid("11010519491231002x"));
  EXPECT_TRUE(credit_code_valid("91350100M000100Y43"));  // the example of GB 32100-2015
  EXPECT_FALSE(credit_code_valid("91350100M000100Y44"));
  EXPECT_FALSE(credit_code_valid("91350100M000100I43"));
}

TEST(RealName, ANameIsTextOfOneLine) {
  LocalIdentityCheck check;
  const std::string number = "11010519491231002X";
  EXPECT_TRUE(check.check({PersonKind::person, "张三", number}));
  for (const std::string bad : {"", "x", "张\n三", "\xff\xfe"}) {
    EXPECT_EQ(check.check({PersonKind::person, bad, number}).error(), Error{err::bad_identity});
  }
}

}  // namespace
}  // namespace wusong::identity
