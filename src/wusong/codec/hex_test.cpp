// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/hex.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/errors.hpp"

namespace wusong::codec {
namespace {

TEST(Hex, EveryByteReadsBackInBothCases) {
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  std::string text = to_hex(all);
  EXPECT_EQ(from_hex(text), all);
  EXPECT_EQ(from_hex("0x" + text), all);
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(from_hex(text), all);
  EXPECT_EQ(to_hex_data(all), "0x" + to_hex(all));
}

TEST(Hex, OddOrForeignTextIsRefused) {
  for (const char* text : {"0", "0x0", "0xg0", "0x 0", "x0", "0x0x", "\xff\xff", "0x-1"}) {
    EXPECT_EQ(from_hex(text).error(), Error{err::bad_hex}) << text;
  }
  EXPECT_EQ(from_hex(""), Bytes{});
  EXPECT_EQ(from_hex("0x"), Bytes{});
}

TEST(Hex, FixedSizesAreExact) {
  EXPECT_TRUE(fixed_from_hex<Address>("0x" + std::string(40, '1')));
  EXPECT_EQ(fixed_from_hex<Address>(std::string(38, '1')).error(), Error{err::bad_length});
  EXPECT_EQ(fixed_from_hex<Address>(std::string(42, '1')).error(), Error{err::bad_length});
  EXPECT_EQ(fixed_from_hex<Address>(std::string(39, '1') + "z").error(), Error{err::bad_hex});
}

TEST(HexQuantity, HasNoLeadingZeros) {
  EXPECT_EQ(to_hex_quantity(std::uint64_t{0}), "0x0");
  EXPECT_EQ(to_hex_quantity(std::uint64_t{16}), "0x10");
  EXPECT_EQ(to_hex_quantity(~std::uint64_t{0}), "0xffffffffffffffff");
  EXPECT_EQ(to_hex_quantity(Bytes{0, 0, 1, 0}), "0x100");
  EXPECT_EQ(to_hex_quantity(Bytes{}), "0x0");
}

TEST(HexQuantity, ReadsBackAndRefusesOverflow) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    const std::uint64_t value = ~0ull >> shift;
    EXPECT_EQ(u64_from_hex_quantity(to_hex_quantity(value)), value);
  }
  EXPECT_EQ(u64_from_hex_quantity("0x10000000000000000").error(), Error{err::bad_number});
  EXPECT_TRUE(word_from_hex_quantity("0x" + std::string(64, 'f')));
  EXPECT_FALSE(word_from_hex_quantity("0x" + std::string(65, 'f')));
}

TEST(HexQuantity, StrictMeansWhatJsonRpcSays) {
  for (const char* text : {"", "0x", "1", "0x01", "0x00", "0x 1", "0xg", "-0x1"}) {
    EXPECT_EQ(u64_from_hex_quantity(text).error(), Error{err::bad_number}) << text;
  }
  EXPECT_EQ(u64_from_hex_quantity("0x0"), 0u);
  EXPECT_EQ(u64_from_hex_quantity("0x01", false), 1u);
  EXPECT_EQ(u64_from_hex_quantity("0x", false), 0u);
}

}  // namespace
}  // namespace wusong::codec
