// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/chain_file.hpp"

#include <gtest/gtest.h>

#include "wusong/sync/errors.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::sync {
namespace {

using testkit::FinalChain;

net::RangeResponse range_of(const FinalChain& chain, std::uint64_t from, std::uint32_t count) {
  return *serve_range(chain, {.id = 0, .from = Height{from}, .count_max = count});
}

TEST(ChainFile, FramesReadBackAndATornOneIsNamed) {
  const FinalChain chain{30, 10};
  const Bytes payload = encode_file_range(range_of(chain, 1, 30));
  const Bytes frame = encode_frame(FrameKind::range, payload);
  const auto read = decode_frame(frame);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, FrameKind::range);
  EXPECT_EQ(read->size, frame.size());
  EXPECT_EQ(*decode_file_range(read->payload), range_of(chain, 1, 30));
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_EQ(decode_frame(BytesView{frame}.first(size)).error(), Error{err::torn_frame});
  for (const std::size_t at : {std::size_t{7}, frame.size() / 2, frame.size() - 1}) {
    Bytes damaged = frame;
    damaged[at] ^= 1;
    EXPECT_EQ(decode_frame(damaged).error(), Error{err::torn_frame});
  }
  Bytes other = frame;
  other[0] = 'X';
  EXPECT_EQ(decode_frame(other).error(), Error{err::bad_frame});
  other = frame;
  other[1] = 0xff;  // larger than any frame
  EXPECT_EQ(decode_frame(other).error(), Error{err::bad_frame});
}

TEST(ChainFile, HeaderAndEndHaveOneForm) {
  const ChainFileHeader header{.chain_id = 9, .genesis = {}, .first = Height{7}};
  EXPECT_EQ(*decode_chain_file_header(encode(header)), header);
  Bytes longer = encode(header);
  longer.push_back(0);
  EXPECT_EQ(decode_chain_file_header(longer).error(), Error{err::bad_frame});
  EXPECT_EQ(*decode_file_end(encode_file_end(Height{300})), Height{300});
  EXPECT_EQ(decode_file_end({}).error(), Error{err::bad_frame});
}

TEST(ChainFile, ARangeIsNothingElse) {
  const net::StatusAnnouncement status{.finalised = Height{1}, .view = {}};
  EXPECT_EQ(decode_file_range(net::encode(net::SyncMessage{status})).error(),
            Error{err::bad_frame});
  const net::RangeResponse empty{.id = 0, .from = Height{1}, .blocks = {}, .certificate = {}};
  EXPECT_EQ(decode_file_range(net::encode(net::SyncMessage{empty})).error(), Error{err::bad_frame});
}

TEST(ChainFollower, TakesRangesInOrderAndNothingForged) {
  const FinalChain chain{60, 10};
  const FinalChain other{60, 10, 1};      // agreed on by the same validators: never happens
  const FinalChain forged{60, 10, 1, 2};  // by too few
  ChainFollower follower{chain.epochs(), Height{1}};
  ASSERT_TRUE(follower.take(range_of(chain, 1, 20)));
  EXPECT_EQ(follower.next(), Height{21});
  EXPECT_EQ(follower.take(range_of(chain, 31, 10)).error(), Error{err::wrong_range});
  EXPECT_EQ(follower.take(range_of(forged, 21, 10)).error(), Error{err::bad_certificate});
  EXPECT_EQ(follower.take(range_of(other, 21, 10)).error(), Error{err::broken_link});
  EXPECT_TRUE(follower.take(range_of(chain, 21, 40)));
  EXPECT_EQ(follower.next(), Height{61});
}

TEST(ChainFollower, GoesOnFromEpochToEpoch) {
  const FinalChain chain{60, 10, 0, 4, 30};
  ChainFollower from_first{chain.epochs(), Height{1}};
  ASSERT_TRUE(from_first.take(range_of(chain, 1, 60)));
  EXPECT_EQ(from_first.next(), Height{31});  // a range ends with its epoch
  EXPECT_TRUE(from_first.take(range_of(chain, 31, 30)));
  // A file that begins later says first how the epochs before it ended.
  const net::EpochsResponse ends = chain.serve_epochs({.id = 0, .from = 0});
  EXPECT_EQ(*decode_file_epochs(encode_file_epochs(ends)), ends);
  ChainFollower later{chain.epochs(), Height{41}};
  EXPECT_EQ(later.take(range_of(chain, 41, 20)).error(), Error{err::bad_certificate});
  ASSERT_TRUE(later.take(ends));
  EXPECT_TRUE(later.take(range_of(chain, 41, 20)));
  // Nobody votes beyond the end of an epoch that is known.
  const FinalChain endless{60, 10};
  ChainFollower deceived{chain.epochs(), Height{1}};
  ASSERT_TRUE(deceived.take(ends));
  EXPECT_EQ(deceived.take(range_of(endless, 1, 60)).error(), Error{err::other_epoch});
}

}  // namespace
}  // namespace wusong::sync
