// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/range.hpp"

#include <gtest/gtest.h>

#include "wusong/sync/errors.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::sync {
namespace {

using testkit::FinalChain;

net::RangeResponse serve(const BlockSource& source, std::uint64_t from, std::uint32_t count) {
  const auto range = serve_range(source, {9, Height{from}, count});
  EXPECT_TRUE(range.has_value());
  return *range;
}

TEST(ServeRange, EndsAtTheLastCertificateWithinTheCount) {
  const FinalChain chain{100, 4};
  EXPECT_EQ(serve(chain, 1, 10).blocks.size(), 8u);
  EXPECT_EQ(serve(chain, 1, 10).certificate, chain.certificate_of(8));
  EXPECT_EQ(serve(chain, 98, 256).blocks.size(), 3u);
  EXPECT_EQ(serve(chain, 98, 256).certificate, chain.certificate_of(100));
  EXPECT_EQ(serve(chain, 1, 256).id, 9u);
}

TEST(ServeRange, ReachesTheFirstCertificateEvenBeyondTheCount) {
  const FinalChain chain{100, 50};
  EXPECT_EQ(serve(chain, 1, 1).blocks.size(), 50u);
  EXPECT_EQ(serve(chain, 51, 1).blocks.size(), 50u);
}

TEST(ServeRange, IsEmptyWhereNothingIsProven) {
  const FinalChain far{600, 500};
  EXPECT_TRUE(serve(far, 1, 10).blocks.empty());  // the certificate is more than 256 blocks away
  EXPECT_TRUE(serve(far, 601, 10).blocks.empty());
  EXPECT_TRUE(serve(far, 601, 10).certificate.empty());
}

TEST(ServeRange, StaysWithinTheBytes) {
  class Large final : public BlockSource {
   public:
    Result<std::optional<Bytes>> block(Height) const override {
      return std::optional<Bytes>{Bytes(1u << 20)};
    }
    Result<std::optional<Bytes>> header(Height height) const override { return block(height); }
    Result<std::optional<Certificate>> first_certificate(Height height) const override {
      return std::optional<Certificate>{Certificate{height, Bytes{1}}};
    }
  };
  EXPECT_EQ(serve(Large{}, 1, 256).blocks.size(), 4u);
}

TEST(ServeRange, WhatIsServedVerifies) {
  const FinalChain chain{300, 7};
  for (std::uint64_t from = 1; from <= 300; from += 13) {
    const auto range = serve(chain, from, 20);
    const auto verified = check_links(range);
    ASSERT_TRUE(verified.has_value());
    EXPECT_TRUE(check_certificate(range, *verified, chain.voters()));
    EXPECT_EQ(verified->parent, chain.hash(from - 1));
    EXPECT_EQ(verified->hashes.back(), chain.hash(from + range.blocks.size() - 1));
  }
}

TEST(VerifyRange, EveryLieIsNamed) {
  const FinalChain chain{20, 5};
  const FinalChain other{20, 5, 1};
  const auto good = serve(chain, 1, 10);
  const auto reason = [&](const net::RangeResponse& range) {
    const auto links = check_links(range);
    return links ? check_certificate(range, *links, chain.voters()).error() : links.error();
  };
  auto lie = good;
  lie.blocks[3] = Bytes{0xc0};
  EXPECT_EQ(reason(lie), err::bad_block);
  lie = good;
  std::swap(lie.blocks[3], lie.blocks[4]);
  EXPECT_EQ(reason(lie), err::wrong_height);
  lie = good;
  lie.from = Height{2};
  EXPECT_EQ(reason(lie), err::wrong_height);
  lie = good;
  lie.blocks[3] = other.bytes(4);
  EXPECT_EQ(reason(lie), err::broken_link);
  lie = good;
  lie.blocks.pop_back();
  EXPECT_EQ(reason(lie), err::wrong_certificate);
  lie = good;
  lie.certificate = chain.certificate_of(15);
  EXPECT_EQ(reason(lie), err::wrong_certificate);
  lie = good;
  lie.certificate.back() ^= 1;
  EXPECT_EQ(reason(lie), err::bad_certificate);
  Hash foreign = chain.genesis();
  foreign.bytes[0] ^= 1;
  EXPECT_EQ(check_certificate(good, *check_links(good), {&chain.verifier(), foreign}).error(),
            err::bad_certificate);
}

TEST(ServeRange, EndsWhereAnEpochEnds) {
  const FinalChain chain{100, 7, 0, 4, 40};
  EXPECT_EQ(serve(chain, 30, 256).blocks.size(), 11u);
  EXPECT_EQ(serve(chain, 40, 256).blocks.size(), 1u);
  EXPECT_EQ(serve(chain, 41, 256).blocks.size(), 60u);
}

TEST(VerifyRange, BlocksOfTwoEpochsAreNotOneRange) {
  const FinalChain chain{100, 7, 0, 4, 40};
  auto range = serve(chain, 39, 2);
  ASSERT_EQ(range.blocks.size(), 2u);
  EXPECT_TRUE(check_links(range));
  range.blocks.push_back(chain.bytes(41));
  EXPECT_EQ(check_links(range).error(), err::two_epochs);
}

}  // namespace
}  // namespace wusong::sync
