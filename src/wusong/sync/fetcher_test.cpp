// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/fetcher.hpp"

#include <gtest/gtest.h>
#include <set>

#include "wusong/sync/errors.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::sync {
namespace {

using namespace std::chrono_literals;
using consensus::PeerId;
using testkit::FinalChain;

Fetcher at_genesis(const Config& config, const FinalChain& chain) {
  return Fetcher{config, chain.voters(), Height{0}, chain.hash(0), Instant{}};
}

RangeReceived answer(const FinalChain& chain, const Request& request) {
  return {request.to, *serve_range(chain, request.range)};
}

FinalAdvanced advanced(const FinalChain& chain, std::uint64_t height) {
  return {Height{height}, chain.hash(height)};
}

TEST(Fetcher, ASmallGapIsLeftToConsensusUnlessItLasts) {
  const FinalChain chain{300, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions quiet = fetcher.step(PeerStatus{1, Height{63}}, Instant{});
  EXPECT_TRUE(quiet.requests.empty());
  EXPECT_EQ(quiet.wake_at, Instant{} + 2s);
  EXPECT_TRUE(fetcher.step(Tick{}, Instant{} + 1s).requests.empty());
  const Actions stalled = fetcher.step(Tick{}, Instant{} + 2s);
  ASSERT_EQ(stalled.requests.size(), 1u);
  EXPECT_EQ(stalled.requests[0].range.from, Height{1});
  EXPECT_EQ(stalled.requests[0].range.count_max, 63u);
}

TEST(Fetcher, ALargeGapIsFetchedFromSeveralPeersAtOnce) {
  const FinalChain chain{1'000, 3};
  Fetcher fetcher = at_genesis(Config{}, chain);
  std::vector<Request> requests;
  for (PeerId peer : {1u, 2u, 3u}) {
    const Actions actions = fetcher.step(PeerStatus{peer, Height{1'000}}, Instant{});
    requests.insert(requests.end(), actions.requests.begin(), actions.requests.end());
  }
  std::set<PeerId> asked;
  for (const Request& request : requests) asked.insert(request.to);
  EXPECT_EQ(asked.size(), 2u);  // the first two cover the gap with two ranges each
  EXPECT_EQ(requests.size(), 4u);
}

TEST(Fetcher, DeliversInOrderWhateverArrivesFirst) {
  const FinalChain chain{500, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions first = fetcher.step(PeerStatus{1, Height{500}}, Instant{});
  ASSERT_EQ(first.requests.size(), 2u);
  EXPECT_FALSE(fetcher.step(answer(chain, first.requests[1]), Instant{}).delivery);
  const Actions delivered = fetcher.step(answer(chain, first.requests[0]), Instant{});
  ASSERT_TRUE(delivered.delivery);
  EXPECT_EQ(delivered.delivery->first, Height{1});
  EXPECT_EQ(delivered.delivery->blocks.size(), 256u);
  EXPECT_EQ(delivered.delivery->certificate, chain.certificate_of(256));
  // The next one waits for the answer to this one.
  EXPECT_FALSE(fetcher.step(Tick{}, Instant{}).delivery);
  const Actions second = fetcher.step(advanced(chain, 256), Instant{});
  ASSERT_TRUE(second.delivery);
  EXPECT_EQ(second.delivery->first, Height{257});
  EXPECT_EQ(second.delivery->blocks.size(), 244u);
  (void)fetcher.step(advanced(chain, 500), Instant{});
  EXPECT_FALSE(fetcher.active());
  EXPECT_EQ(fetcher.buffered_bytes(), 0u);
}

TEST(Fetcher, BlocksThatBecameFinalMeanwhileAreTrimmed) {
  const FinalChain chain{200, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{200}}, Instant{});
  (void)fetcher.step(advanced(chain, 50), Instant{});
  const Actions delivered = fetcher.step(answer(chain, asked.requests[0]), Instant{});
  ASSERT_TRUE(delivered.delivery);
  EXPECT_EQ(delivered.delivery->first, Height{51});
  EXPECT_EQ(delivered.delivery->blocks.size(), 150u);
  EXPECT_EQ(delivered.delivery->blocks[0], chain.bytes(51));
}

TEST(Fetcher, ASilentPeerIsReplacedAfterTheTimeout) {
  const FinalChain chain{100, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{100}}, Instant{});
  ASSERT_EQ(asked.requests.size(), 1u);
  EXPECT_EQ(asked.wake_at, Instant{} + 4s);
  EXPECT_TRUE(fetcher.step(PeerStatus{2, Height{100}}, Instant{}).requests.empty());
  const Actions again = fetcher.step(Tick{}, Instant{} + 4s);
  ASSERT_EQ(again.requests.size(), 1u);
  EXPECT_EQ(again.requests[0].to, 2u);
  EXPECT_TRUE(again.misbehaviour.empty());
  // The first one's answer is too late; the second's counts.
  EXPECT_FALSE(fetcher.step(answer(chain, asked.requests[0]), Instant{} + 5s).delivery);
  EXPECT_TRUE(fetcher.step(answer(chain, again.requests[0]), Instant{} + 5s).delivery);
}

TEST(Fetcher, APeerThatLeavesIsReplacedAtOnce) {
  const FinalChain chain{100, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  ASSERT_EQ(fetcher.step(PeerStatus{1, Height{100}}, Instant{}).requests.size(), 1u);
  (void)fetcher.step(PeerStatus{2, Height{100}}, Instant{});
  const Actions again = fetcher.step(PeerGone{1}, Instant{});
  ASSERT_EQ(again.requests.size(), 1u);
  EXPECT_EQ(again.requests[0].to, 2u);
}

TEST(Fetcher, ALiarIsNamedAndAnotherIsAsked) {
  const FinalChain chain{100, 1};
  const FinalChain other{100, 1, 1, 2};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{100}}, Instant{});
  (void)fetcher.step(PeerStatus{2, Height{100}}, Instant{});
  const Actions lied = fetcher.step(answer(other, asked.requests[0]), Instant{});
  ASSERT_EQ(lied.misbehaviour.size(), 1u);
  EXPECT_EQ(lied.misbehaviour[0].peer, 1u);
  EXPECT_EQ(lied.misbehaviour[0].reason, err::bad_certificate);
  ASSERT_EQ(lied.requests.size(), 1u);
  EXPECT_EQ(lied.requests[0].to, 2u);
}

TEST(Fetcher, ARefusedDeliveryIsFetchedElsewhere) {
  const FinalChain chain{100, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{100}}, Instant{});
  (void)fetcher.step(PeerStatus{2, Height{100}}, Instant{});
  ASSERT_TRUE(fetcher.step(answer(chain, asked.requests[0]), Instant{}).delivery);
  const Actions refused = fetcher.step(DeliveryRefused{}, Instant{});
  ASSERT_EQ(refused.misbehaviour.size(), 1u);
  EXPECT_EQ(refused.misbehaviour[0].reason, err::bad_block);
  ASSERT_EQ(refused.requests.size(), 1u);
  EXPECT_EQ(refused.requests[0].to, 2u);
  EXPECT_EQ(refused.requests[0].range.from, Height{1});
}

TEST(Fetcher, AnEmptyAnswerLowersTheClaim) {
  const FinalChain chain{10, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{1u << 30}}, Instant{});
  ASSERT_FALSE(asked.requests.empty());
  const Actions after =
      fetcher.step(RangeReceived{1, {asked.requests[0].range.id, Height{1}, {}, {}}}, Instant{});
  EXPECT_TRUE(after.misbehaviour.empty());
  EXPECT_EQ(fetcher.target(), Height{0});
  EXPECT_FALSE(fetcher.active());
}

TEST(Fetcher, MemoryIsBoundedWhileTheHeadIsMissing) {
  const FinalChain chain{3'000, 1};
  Config config;
  config.buffered_bytes_max = 3 * net::kRangeBytesMax;
  Fetcher fetcher = at_genesis(config, chain);
  std::vector<Request> open = fetcher.step(PeerStatus{1, Height{3'000}}, Instant{}).requests;
  for (const PeerId peer : {2u, 3u, 4u})
    for (const Request& request : fetcher.step(PeerStatus{peer, Height{3'000}}, Instant{}).requests)
      open.push_back(request);
  EXPECT_EQ(open.size(), 3u);
}

// ---- in parts

/// Five blocks under one certificate, in parts of fifty bytes.
struct Large {
  FinalChain chain{100, 5};
  RangeCut cut{.whole_bytes_max = 300, .part_bytes = 50};
  Bytes encoded{net::encode(*serve_range(chain, {0, Height{1}, 1}, 300))};

  std::vector<Event> parts(PeerId peer, std::uint64_t id, std::uint32_t index) const {
    std::vector<Event> out;
    for (net::RangePart& part : cut_parts(encoded, id, index, cut))
      out.push_back(RangePartReceived{peer, std::move(part)});
    return out;
  }
};

TEST(Fetcher, PartsAreJoinedInAnyOrderAndAskedForAFewAtATime) {
  const Large large;
  Fetcher fetcher = at_genesis(Config{}, large.chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{100}}, Instant{});
  const std::uint64_t id = asked.requests.at(0).range.id;
  const auto count = static_cast<std::uint32_t>((large.encoded.size() + 49) / 50);
  ASSERT_GT(count, net::kRangePartsAtOnce);
  std::optional<Delivery> delivered;
  std::uint32_t index = 0;
  while (!delivered && index < count) {
    std::vector<Event> parts = large.parts(1, id, index);
    std::ranges::reverse(parts);
    const std::uint32_t end = index + static_cast<std::uint32_t>(parts.size());
    for (Event& part : parts) {
      EXPECT_FALSE(delivered);
      Actions actions = fetcher.step(std::move(part), Instant{});
      EXPECT_TRUE(actions.misbehaviour.empty());
      if (!actions.part_requests.empty()) {
        EXPECT_EQ(actions.part_requests.at(0).part, (net::RangePartRequest{id, Height{1}, end}));
        index = end;
      }
      delivered = std::move(actions.delivery);
    }
    if (index != end) break;
  }
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->blocks.size(), 5u);
  EXPECT_EQ(delivered->certificate, large.chain.certificate_of(5));
}

TEST(Fetcher, APartThatContradictsAnotherOrWasNotAskedForIsALie) {
  const Large large;
  for (const bool unasked : {false, true}) {
    Fetcher fetcher = at_genesis(Config{}, large.chain);
    const Actions asked = fetcher.step(PeerStatus{1, Height{100}}, Instant{});
    const std::uint64_t id = asked.requests.at(0).range.id;
    net::RangePart part = cut_parts(large.encoded, id, 0, large.cut).front();
    EXPECT_TRUE(fetcher.step(RangePartReceived{1, part}, Instant{}).misbehaviour.empty());
    if (unasked) {
      part.index = net::kRangePartsAtOnce;
    } else {
      ++part.total_bytes;
    }
    const Actions lied = fetcher.step(RangePartReceived{1, part}, Instant{});
    ASSERT_EQ(lied.misbehaviour.size(), 1u);
    EXPECT_EQ(lied.misbehaviour[0].reason, err::wrong_range);
  }
}

TEST(Fetcher, OnlyTheNextRangeIsTakenInParts) {
  const FinalChain chain{600, 1};
  Fetcher fetcher = at_genesis(Config{}, chain);
  const Actions asked = fetcher.step(PeerStatus{1, Height{600}}, Instant{});
  ASSERT_EQ(asked.requests.size(), 2u);
  const net::RangeRequest& later = asked.requests[1].range;
  const Bytes encoded = net::encode(*serve_range(chain, {0, later.from, 1}));
  const auto parts = cut_parts(encoded, later.id, 0, {.whole_bytes_max = 0, .part_bytes = 100});
  const Actions refused = fetcher.step(RangePartReceived{1, parts.front()}, Instant{});
  EXPECT_TRUE(refused.misbehaviour.empty());
  for (const Request& request : refused.requests) EXPECT_NE(request.range.from, later.from);
  // When what comes before it is final, it is asked for again.
  (void)fetcher.step(answer(chain, asked.requests[0]), Instant{});
  const Actions again = fetcher.step(advanced(chain, 256), Instant{});
  EXPECT_TRUE(std::ranges::any_of(
      again.requests, [&](const Request& request) { return request.range.from == later.from; }));
}

// ---- many seeds

struct Random {
  std::uint64_t state;
  std::uint64_t operator()(std::uint64_t below) noexcept {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 33) % below;
  }
};

enum class Role : std::uint8_t { honest, lossy, liar, silent, braggart };

/// Peers of every kind answer after random delays; time jumps from event to event.
class Simulation {
 public:
  Simulation(std::uint64_t seed, const RangeCut& cut)
      : random_{seed * 2 + 1},
        cut_{cut},
        chain_{500 + random_(1'500), 1 + random_(9)},
        other_{chain_.length(), 3, 1, 2},
        fetcher_{at_genesis(Config{}, chain_)} {
    roles_ = {Role::honest, Role::lossy, Role::liar, Role::silent, Role::braggart, Role::lossy};
  }

  void run() {
    for (PeerId peer = 0; peer < roles_.size(); ++peer) announce(peer);
    for (int steps = 0; steps < 200'000 && final_ < chain_.length(); ++steps) {
      ASSERT_FALSE(queue_.empty());
      auto next = queue_.extract(queue_.begin());
      now_ = next.key();
      if (timer_ == now_) timer_.reset();
      take(fetcher_.step(std::move(next.mapped()), now_));
      if (::testing::Test::HasFatalFailure()) return;
      if (random_(40) == 0) announce(static_cast<PeerId>(random_(roles_.size())));
    }
    EXPECT_EQ(final_, chain_.length());
    for (const PeerId peer : blamed_) EXPECT_EQ(roles_[peer], Role::liar);
    EXPECT_LE(fetcher_.buffered_bytes(), Config{}.buffered_bytes_max);
  }
  std::size_t parts{0};

 private:
  void announce(PeerId peer) {
    const bool brags = roles_[peer] == Role::braggart;
    at(Duration{random_(1'000'000)},
       PeerStatus{peer, Height{brags ? chain_.length() * 100 : chain_.length()}});
  }
  void at(Duration after, Event event) { queue_.emplace(now_ + after, std::move(event)); }

  void take(Actions actions) {
    for (const Request& request : actions.requests) answer_to(request);
    for (const PartRequest& request : actions.part_requests) send_parts(request);
    for (const Misbehaviour& lie : actions.misbehaviour) blamed_.insert(lie.peer);
    if (actions.wake_at) {
      ASSERT_GT(*actions.wake_at, now_);
      if (!timer_ || *actions.wake_at < *timer_)
        queue_.emplace(*(timer_ = actions.wake_at), Tick{});
    }
    if (actions.delivery) apply(*actions.delivery);
  }

  void apply(const Delivery& delivery) {
    ASSERT_EQ(delivery.first, Height{final_ + 1});
    for (std::size_t i = 0; i < delivery.blocks.size(); ++i)
      ASSERT_EQ(delivery.blocks[i], chain_.bytes(final_ + 1 + i));
    if (random_(20) == 0 && roles_[delivery.from] == Role::liar) return at(5ms, DeliveryRefused{});
    final_ += delivery.blocks.size();
    at(Duration{random_(50'000'000)}, advanced(chain_, final_));
  }

  void answer_to(const Request& request) {
    const Role role = roles_[request.to];
    if (role == Role::silent || (role == Role::lossy && random_(3) == 0)) return;
    const bool lies = role == Role::liar && random_(2) == 0;
    net::RangeResponse range =
        *serve_range(lies ? other_ : chain_, request.range, cut_.whole_bytes_max);
    if (size_of(range) - range.certificate.size() > cut_.whole_bytes_max)
      return send_parts({request.to, {request.range.id, request.range.from, 0}});
    if (lies && !range.blocks.empty() && random_(2) == 0) range.blocks.pop_back();
    if (range.blocks.empty()) range.certificate.clear();
    at(1ms + Duration{random_(300'000'000)}, RangeReceived{request.to, std::move(range)});
    if (random_(50) == 0) {
      at(Duration{random_(500'000'000)}, PeerGone{request.to});
      announce(request.to);
    }
  }

  /// Each on its own way: they arrive in any order.
  void send_parts(const PartRequest& request) {
    const Role role = roles_[request.to];
    const bool lies = role == Role::liar && random_(2) == 0;
    const net::RangeResponse range =
        *serve_range(lies ? other_ : chain_, {0, request.part.from, 1}, cut_.whole_bytes_max);
    for (net::RangePart& part :
         cut_parts(net::encode(range), request.part.id, request.part.index, cut_)) {
      if (role == Role::lossy && random_(40) == 0) continue;
      if (role == Role::liar && random_(20) == 0) part.bytes[random_(part.bytes.size())] ^= 1;
      ++parts;
      at(1ms + Duration{random_(300'000'000)}, RangePartReceived{request.to, std::move(part)});
    }
  }

  Random random_;
  const RangeCut cut_;
  FinalChain chain_;
  FinalChain other_;
  Fetcher fetcher_;
  std::vector<Role> roles_;
  std::multimap<Instant, Event> queue_;
  std::optional<Instant> timer_;
  Instant now_{};
  std::uint64_t final_{0};
  std::set<PeerId> blamed_;
};

TEST(Fetcher, CatchesUpAmongPeersThatLoseLieAndBrag) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Simulation{seed, RangeCut{}}.run();
    if (HasFailure()) return;
  }
}

TEST(Fetcher, CatchesUpAmongTheSameWhenRangesComeInParts) {
  std::size_t parts = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Simulation simulation{seed, {.whole_bytes_max = 300, .part_bytes = 40}};
    simulation.run();
    if (HasFailure()) return;
    parts += simulation.parts;
  }
  EXPECT_GT(parts, 1'000u);
}

}  // namespace
}  // namespace wusong::sync
