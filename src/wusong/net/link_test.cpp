// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/link.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::net {
namespace {

/// What one end wrote and the other has not read, given out in pieces.
class Pipe final : public LinkCarrier {
 public:
  Pipe(Bytes& in, Bytes& out, std::size_t piece) : in_{in}, out_{out}, piece_{piece} {}
  Result<std::size_t> read(std::span<std::uint8_t> out) override {
    const BytesView left = BytesView{in_}.subspan(at_);
    const std::size_t count = std::min({out.size(), left.size(), piece_});
    std::ranges::copy(left.first(count), out.begin());
    at_ += count;
    if (at_ == in_.size()) {
      in_.clear();
      at_ = 0;
    }
    return count;
  }
  Result<void> write(BytesView plain) override {
    append(out_, plain);
    return {};
  }

 private:
  Bytes& in_;
  Bytes& out_;
  std::size_t piece_;
  std::size_t at_{0};
};

struct Pair {
  explicit Pair(LinkSuite suite, std::size_t piece = std::size_t{1} << 20)
      : at_dialler{back, there, piece},
        at_acceptor{there, back, piece},
        dialler{at_dialler, suite, LinkSide::dialler},
        acceptor{at_acceptor, suite, LinkSide::acceptor} {}

  void begin() {
    EXPECT_TRUE(acceptor.begin(Hash{}, entropy));
    EXPECT_TRUE(dialler.begin(Hash{}, entropy));
  }
  void agree() {
    begin();
    EXPECT_EQ(acceptor.advance(entropy), false);
    EXPECT_EQ(dialler.advance(entropy), true);
    EXPECT_EQ(acceptor.advance(entropy), true);
  }

  testkit::SeededEntropy entropy;
  Bytes there, back;
  Pipe at_dialler, at_acceptor;
  Link dialler, acceptor;
};

/// All that is there.
Result<Bytes> read_all(Link& link) {
  Bytes out;
  for (;;) {
    Bytes piece(10'000);
    WUSONG_TRY(const std::size_t count, link.read(piece));
    if (count == 0) return out;
    append(out, BytesView{piece}.first(count));
  }
}

TEST(Link, BytesArriveInOrderInWhateverPiecesTheyTravel) {
  for (const LinkSuite suite : {LinkSuite::standard, LinkSuite::guomi}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{777}, std::size_t{1} << 20}) {
      Pair pair{suite, piece};
      pair.agree();
      EXPECT_EQ(pair.dialler.suite(), suite);
      Bytes sent(2 * kLinkPlainMax + 5);
      for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::uint8_t>(i * 31);
      ASSERT_TRUE(pair.dialler.write(BytesView{sent}.first(7)));
      ASSERT_TRUE(pair.dialler.write(BytesView{sent}.subspan(7)));
      ASSERT_TRUE(pair.acceptor.write(sent));
      EXPECT_EQ(std::ranges::search(pair.there, BytesView{sent}.first(7)).size(), 0u);
      if (piece == 1) {  // read what came of a record that has not come whole
        const Bytes late(pair.there.end() - 1, pair.there.end());
        pair.there.pop_back();
        EXPECT_EQ(read_all(pair.acceptor)->size(), 7 + kLinkPlainMax);
        pair.there = late;
        EXPECT_EQ(read_all(pair.acceptor)->size(), sent.size() - 7 - kLinkPlainMax);
      } else {
        EXPECT_EQ(read_all(pair.acceptor), sent);
      }
      EXPECT_EQ(read_all(pair.dialler), sent);
    }
  }
}

TEST(Link, TheDiallersBytesMayFollowItsConfirmationAtOnce) {
  Pair pair{LinkSuite::standard};
  pair.begin();
  EXPECT_EQ(pair.acceptor.advance(pair.entropy), false);
  EXPECT_EQ(pair.dialler.advance(pair.entropy), true);
  ASSERT_TRUE(pair.dialler.write(as_bytes("hello")));
  EXPECT_EQ(pair.acceptor.advance(pair.entropy), true);
  EXPECT_EQ(read_all(pair.acceptor), to_bytes(as_bytes("hello")));
}

TEST(Link, NothingIsReadyBeforeTheOtherEndHasConfirmed) {
  Pair pair{LinkSuite::standard};
  pair.begin();
  EXPECT_EQ(pair.dialler.advance(pair.entropy), false);
  EXPECT_EQ(pair.dialler.suite(), std::nullopt);
  EXPECT_EQ(pair.acceptor.advance(pair.entropy), false);
  EXPECT_EQ(pair.acceptor.suite(), std::nullopt);
}

TEST(Link, ARecordThatDoesNotOpenIsAnError) {
  Pair pair{LinkSuite::guomi};
  pair.agree();
  ASSERT_TRUE(pair.dialler.write(as_bytes("hello")));
  pair.there.back() ^= 1;
  EXPECT_EQ(read_all(pair.acceptor).error(), err::bad_link_record);
  EXPECT_EQ(pair.acceptor.read({}), 0u);
}

TEST(Link, WithoutTheExchangeBytesGoAsTheyAre) {
  Pair pair{LinkSuite::standard};
  EXPECT_EQ(pair.dialler.advance(pair.entropy), true);
  ASSERT_TRUE(pair.dialler.write(as_bytes("hello")));
  EXPECT_EQ(pair.there, to_bytes(as_bytes("hello")));
  EXPECT_EQ(read_all(pair.acceptor), to_bytes(as_bytes("hello")));
  EXPECT_EQ(pair.acceptor.suite(), std::nullopt);
}

}  // namespace
}  // namespace wusong::net
