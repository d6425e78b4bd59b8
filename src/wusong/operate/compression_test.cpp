// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/compression.hpp"

#include <gtest/gtest.h>

#include "wusong/operate/errors.hpp"

namespace wusong::operate {
namespace {

TEST(Compression, GivesBackWhatItTook) {
  Bytes text;
  for (int i = 0; i < 10'000; ++i) append(text, as_bytes("block " + std::to_string(i % 77)));
  const auto small = compress(text);
  ASSERT_TRUE(small);
  EXPECT_LT(small->size(), text.size() / 4);
  EXPECT_EQ(*expand(*small, text.size()), text);
}

TEST(Compression, RefusesWhatIsTooLargeTornOrNoSuchData) {
  const Bytes text(100'000, 'a');
  const Bytes small = *compress(text);
  EXPECT_EQ(expand(small, text.size() - 1).error(), Error{err::bad_compression});
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, small.size() - 1})
    EXPECT_EQ(expand(BytesView{small}.first(size), text.size()).error(),
              Error{err::bad_compression});
  EXPECT_EQ(expand(Bytes(50, 7), 1'000).error(), Error{err::bad_compression});
}

TEST(Compression, LeavesAloneWhatDoesNotGetSmaller) {
  EXPECT_FALSE(compress(Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace wusong::operate
