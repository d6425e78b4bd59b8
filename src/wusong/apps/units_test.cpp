// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/units.hpp"

#include <gtest/gtest.h>

namespace wusong::apps {
namespace {

TEST(Units, AmountsHaveUnits) {
  EXPECT_EQ(parse_amount("1.5ether"), U256{1'500'000'000'000'000'000u});
  EXPECT_EQ(parse_amount("20gwei"), U256{20'000'000'000u});
  EXPECT_EQ(parse_amount("7 wei"), U256{7});
  EXPECT_EQ(parse_amount("0x10"), U256{16});
  EXPECT_EQ(parse_amount("0.000000000000000001ether"), U256{1});
}

TEST(Units, AmountsThatAreNoneAreRefused) {
  for (const char* text : {"", "ether", ".5ether", "1.ether", "1.5wei", "1.5", "-1", "1e18",
                           "0.0000000000000000001ether", "1,5ether", "0x"}) {
    EXPECT_FALSE(parse_amount(text)) << text;
  }
  const std::string most =
      "115792089237316195423570985008687907853269984665640564039457584007913129639935";
  EXPECT_EQ(parse_amount(most), ~U256{});
  EXPECT_FALSE(parse_amount(most + "0"));
  EXPECT_FALSE(parse_amount(most + "gwei"));
}

TEST(Units, AmountsReadBackExactly) {
  EXPECT_EQ(amount_text(U256{}), "0");
  EXPECT_EQ(amount_text(U256{999'999}), "999999 wei");
  EXPECT_EQ(amount_text(U256{1'500'000'000}), "1.5 gwei");
  EXPECT_EQ(amount_text(U256{1'000'000'000'000'000'001u}), "1.000000000000000001 ether");
  for (const std::uint64_t value : {1ull, 1'000'000ull, 123'456'789'012ull, ~0ull}) {
    EXPECT_EQ(parse_amount(amount_text(U256{value})), U256{value});
  }
}

TEST(Units, TimesAreIso8601InUtc) {
  EXPECT_EQ(iso_time({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time({951'782'399'999}), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(iso_time({951'782'400'000}), "2000-02-29T00:00:00.000Z");
}

}  // namespace
}  // namespace wusong::apps
