// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <type_traits>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/hash_map.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"

namespace wusong {
namespace {

constexpr ErrorInfo kRefused{1, Disposition::reject, "test.refused"};
constexpr ErrorInfo kLater{2, Disposition::retry, "test.later"};

Address address(std::uint8_t first, std::uint8_t last) {
  Address out;
  out.bytes.front() = first;
  out.bytes.back() = last;
  return out;
}

TEST(FixedBytes, CompareAsBigEndianNumbers) {
  EXPECT_LT(address(0, 255), address(1, 0));
  EXPECT_LT(address(1, 0), address(1, 1));
  EXPECT_GT(address(255, 0), address(127, 255));  // bytes are unsigned
  EXPECT_EQ(address(3, 4), address(3, 4));
}

TEST(FixedBytes, OnlyAllZeroIsZero) {
  EXPECT_TRUE(Hash{}.is_zero());
  for (std::size_t i = 0; i < Hash::kSize; ++i) {
    Hash hash;
    hash.bytes[i] = 1;
    EXPECT_FALSE(hash.is_zero()) << i;
  }
}

TEST(FixedBytes, HashesAndAddressesDoNotMix) {
  EXPECT_FALSE((std::is_convertible_v<Hash, Address>));
  EXPECT_FALSE((std::is_convertible_v<BytesView, Hash>));
  EXPECT_TRUE((std::is_convertible_v<Hash, BytesView>));
}

TEST(FixedBytesDeathTest, TheWrongSizeIsOurBug) {
  const Bytes short_of_one(19);
  EXPECT_DEATH(Address::from(short_of_one), "N");
}

TEST(FixedBytesHash, EveryByteCounts) {
  const FixedBytesHash hash;
  const Address zero;
  for (std::size_t i = 0; i < Address::kSize; ++i) {
    Address other;
    other.bytes[i] = 1;
    EXPECT_NE(hash(other), hash(zero)) << i;
  }
}

TEST(Bytes, TextAndBytesAreTheSameMemory) {
  const std::string_view text = "caf\xc3\xa9";
  const BytesView bytes = as_bytes(text);
  EXPECT_EQ(bytes.size(), 5u);
  EXPECT_EQ(bytes[3], 0xc3);
  EXPECT_EQ(as_text(bytes), text);
  Bytes joined = to_bytes(as_bytes("ab"));
  append(joined, as_bytes("c"));
  EXPECT_EQ(as_text(joined), "abc");
  append(joined, {});
  EXPECT_EQ(joined.size(), 3u);
}

Result<int> halved(int value) {
  if (value % 2 != 0) return fail(kRefused);
  return value / 2;
}
Result<void> must_be_even(int value) {
  WUSONG_TRY(const int half, halved(value));
  return half < 100 ? Result<void>{} : fail(kLater);
}
Result<int> quartered(int value) {
  WUSONG_CHECK(must_be_even(value));
  WUSONG_TRY(const int half, halved(value));
  WUSONG_TRY(const int quarter, halved(half));
  return quarter;
}

TEST(Error, TryHandsOverTheValueOrTheError) {
  EXPECT_EQ(quartered(8), 2);
  EXPECT_EQ(quartered(7).error(), Error{kRefused});
  EXPECT_EQ(quartered(6).error(), Error{kRefused});
  EXPECT_EQ(quartered(1000).error(), Error{kLater});
  EXPECT_EQ(quartered(1000).error().info().disposition, Disposition::retry);
  EXPECT_EQ(quartered(7).error().name(), "test.refused");
}

TEST(Error, IsAsSmallAsAPointer) {
  EXPECT_EQ(sizeof(Error), sizeof(void*));
  EXPECT_TRUE(std::is_trivially_copyable_v<Error>);
}

TEST(AssertDeathTest, AFalseAssertionNamesItselfAndEndsTheProgram) {
  EXPECT_DEATH(WUSONG_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3");
}

TEST(Strong, StopsAtZeroAndKeepsKindsApart) {
  EXPECT_EQ(Height{5}.next(), Height{6});
  EXPECT_EQ(Height{5}.minus(5), Height{0});
  EXPECT_EQ(Height{5}.minus(6), Height{0});
  EXPECT_EQ(Height{5}.plus(6), Height{11});
  EXPECT_LT(Height{5}, Height{6});
  EXPECT_FALSE((std::is_convertible_v<Height, View>));
  EXPECT_FALSE((std::is_convertible_v<std::uint64_t, Height>));
}

TEST(Time, AClockWithoutNowStillSubtracts) {
  using namespace std::chrono_literals;
  const Instant start{};
  EXPECT_EQ((start + 1500ms) - start, Duration{1'500'000'000});
  EXPECT_LT(UnixMillis{1}, UnixMillis{2});
}

TEST(HashMap, FindsWhatAnOrderedMapFinds) {
  HashMap<Address, int> table;
  std::map<Address, int> model;
  std::uint32_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 1664525u + 1013904223u;
    const Address key =
        address(static_cast<std::uint8_t>(state >> 24), static_cast<std::uint8_t>(state >> 16));
    if (state % 3 == 0) {
      EXPECT_EQ(table.erase(key), model.erase(key));
    } else {
      table[key] = i;
      model[key] = i;
    }
  }
  EXPECT_EQ(table.size(), model.size());
  for (const auto& [key, value] : model) EXPECT_EQ(table.at(key), value);
}

}  // namespace
}  // namespace wusong
