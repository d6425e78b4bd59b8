// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/rlp.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/errors.hpp"
#include "wusong/codec/hex.hpp"

namespace wusong::codec {
namespace {

Bytes hex(std::string_view text) {
  return *from_hex(text);
}

Bytes string_of(BytesView bytes) {
  RlpWriter out;
  out.string(bytes);
  return out.take();
}

Bytes number_of(std::uint64_t value) {
  RlpWriter out;
  out.number(value);
  return out.take();
}

Error string_error(std::string_view encoded) {
  const Bytes bytes = hex(encoded);
  return RlpReader{bytes}.string().error();
}

TEST(RlpWriter, PrefixesFollowTheSize) {
  EXPECT_EQ(string_of({}), hex("80"));
  EXPECT_EQ(string_of(hex("00")), hex("00"));
  EXPECT_EQ(string_of(hex("7f")), hex("7f"));
  EXPECT_EQ(string_of(hex("80")), hex("8180"));
  for (const std::size_t size : {55u, 56u, 255u, 256u, 65'535u, 65'536u}) {
    const Bytes out = string_of(Bytes(size, 1));
    EXPECT_EQ(out.size(), size + rlp_prefix_size(size));
  }
  EXPECT_EQ(rlp_prefix_size(55), 1u);
  EXPECT_EQ(rlp_prefix_size(56), 2u);
  EXPECT_EQ(rlp_prefix_size(256), 3u);
}

TEST(RlpWriter, NumbersHaveNoLeadingZeros) {
  EXPECT_EQ(number_of(0), hex("80"));
  EXPECT_EQ(number_of(1), hex("01"));
  EXPECT_EQ(number_of(127), hex("7f"));
  EXPECT_EQ(number_of(128), hex("8180"));
  EXPECT_EQ(number_of(256), hex("820100"));
  EXPECT_EQ(number_of(~0ull), hex("88ffffffffffffffff"));
  RlpWriter word;
  word.number(Hash{});
  EXPECT_EQ(word.take(), hex("80"));
}

TEST(RlpWriter, ListsNest) {
  RlpWriter out;
  out.open_list();
  out.open_list();
  out.close_list();
  out.number(5);
  out.open_list();
  out.string(Bytes(60, 7));
  out.close_list();
  out.close_list();
  const Bytes encoded = out.take();
  EXPECT_TRUE(rlp_validate(encoded));
  RlpReader top{encoded};
  auto list = top.list();
  ASSERT_TRUE(list);
  EXPECT_TRUE(top.empty());
  EXPECT_TRUE(list->next_is_list());
  EXPECT_TRUE(list->list()->empty());
  EXPECT_FALSE(list->next_is_list());
  EXPECT_EQ(list->u64(), 5u);
  EXPECT_EQ(list->list()->string()->size(), 60u);
  EXPECT_TRUE(list->finish());
}

TEST(RlpReader, ReadsBackEveryNumber) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value : {1ull << shift, (1ull << shift) - 1, ~0ull << shift}) {
      const Bytes bytes = number_of(value);
      RlpReader in{bytes};
      EXPECT_EQ(in.u64(), value);
      RlpReader again{bytes};
      const auto word = again.word();
      ASSERT_TRUE(word);
      RlpWriter out;
      out.number(*word);
      EXPECT_EQ(out.take(), bytes);
    }
  }
}

TEST(RlpReader, RefusesWhatHasAShorterForm) {
  EXPECT_EQ(string_error("8100"), Error{err::rlp_non_canonical});  // 00 stands for itself
  EXPECT_EQ(string_error("817f"), Error{err::rlp_non_canonical});
  EXPECT_EQ(string_error("b800"), Error{err::rlp_non_canonical});    // a size with a leading zero
  EXPECT_EQ(string_error("b801ff"), Error{err::rlp_non_canonical});  // a long form below 56
  EXPECT_EQ(string_error("b90000"), Error{err::rlp_non_canonical});
  const Bytes zero = hex("00");
  EXPECT_EQ(RlpReader{zero}.u64().error(), Error{err::rlp_leading_zero});
  const Bytes padded = hex("820001");
  EXPECT_EQ(RlpReader{padded}.u64().error(), Error{err::rlp_leading_zero});
  EXPECT_EQ(RlpReader{padded}.word().error(), Error{err::rlp_leading_zero});
}

TEST(RlpReader, RefusesWhatIsCutShort) {
  EXPECT_EQ(RlpReader{{}}.string().error(), Error{err::rlp_truncated});
  EXPECT_EQ(string_error("83aabb"), Error{err::rlp_truncated});
  EXPECT_EQ(string_error("b8"), Error{err::rlp_truncated});
  EXPECT_EQ(string_error("bfffffffffffffffff"), Error{err::rlp_truncated});  // 2**64 - 1 bytes
  Bytes whole = string_of(Bytes(300, 9));
  while (whole.size() > 1) {
    whole.pop_back();
    ASSERT_FALSE(RlpReader{whole}.string());
  }
}

TEST(RlpReader, RefusesTheWrongKindOrSize) {
  const Bytes list = hex("c0");
  const Bytes string = hex("820102");
  EXPECT_EQ(RlpReader{list}.string().error(), Error{err::rlp_expected_string});
  EXPECT_EQ(RlpReader{list}.u64().error(), Error{err::rlp_expected_string});
  EXPECT_EQ(RlpReader{string}.list().error(), Error{err::rlp_expected_list});
  EXPECT_EQ(RlpReader{string}.fixed<Address>().error(), Error{err::rlp_wrong_size});
  EXPECT_EQ(RlpReader{string}.optional_fixed<Address>().error(), Error{err::rlp_wrong_size});
  const Bytes nothing = hex("80");
  const auto none = RlpReader{nothing}.optional_fixed<Address>();
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  const Bytes nine = hex("89010000000000000000");
  EXPECT_EQ(RlpReader{nine}.u64().error(), Error{err::rlp_wrong_size});
  const Bytes thirty_three = string_of(Bytes(33, 1));
  EXPECT_EQ(RlpReader{thirty_three}.word().error(), Error{err::rlp_wrong_size});
}

TEST(RlpReader, AFailedReadConsumesNothing) {
  const Bytes bytes = hex("820102");
  RlpReader in{bytes};
  EXPECT_FALSE(in.list());
  EXPECT_EQ(in.u64(), 0x0102u);
}

TEST(RlpValidate, LooksInsideLists) {
  EXPECT_TRUE(rlp_validate(hex("c7c0c1c0c3c0c1c0")));
  EXPECT_EQ(rlp_validate(hex("c28100")).error(), Error{err::rlp_non_canonical});
  EXPECT_EQ(rlp_validate(hex("c18100")).error(), Error{err::rlp_trailing_bytes});
  EXPECT_EQ(rlp_validate(hex("c3c28100")).error(), Error{err::rlp_non_canonical});
  EXPECT_EQ(rlp_validate(hex("c181")).error(), Error{err::rlp_truncated});  // crosses its list
  EXPECT_EQ(rlp_validate(hex("c2c281")).error(), Error{err::rlp_truncated});
  EXPECT_EQ(rlp_validate(hex("0000")).error(), Error{err::rlp_trailing_bytes});
  EXPECT_FALSE(rlp_validate({}));
}

TEST(RlpValidate, DepthIsNoDanger) {
  Bytes deep;
  RlpWriter out;
  for (int i = 0; i < 2'000; ++i) out.open_list();
  for (int i = 0; i < 2'000; ++i) out.close_list();
  EXPECT_TRUE(rlp_validate(out.take()));
  EXPECT_FALSE(rlp_validate(Bytes(1 << 20, 0xc1)));
}

}  // namespace
}  // namespace wusong::codec
