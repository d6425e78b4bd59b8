// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/checkpoint.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/sync/errors.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::sync {
namespace {

using namespace std::chrono_literals;
using testkit::FinalChain;

types::ExecutionRoots roots_of(Height height) {
  types::ExecutionRoots roots;
  roots.state_root = hash::keccak256(as_bytes(std::to_string(height.value)));
  return roots;
}

FinalChain chain_of(std::uint64_t length, std::uint64_t certificate_every,
                    std::uint64_t epoch_ends = 0) {
  return {length, certificate_every, 0, 4, epoch_ends, roots_of};
}

CheckpointFinder finder_for(const FinalChain& chain, std::uint64_t least = 1) {
  return {{}, chain.epochs(), Height{least}, Instant{}};
}

CheckpointFinder::Event answer(const FinalChain& chain, const CheckpointFinder::Request& request) {
  if (const auto* epochs = std::get_if<net::EpochsRequest>(&request.message))
    return EpochsReceived{request.to, chain.serve_epochs(*epochs)};
  const auto& range = std::get<net::RangeRequest>(request.message);
  EXPECT_TRUE(range.headers_only);
  return RangeReceived{request.to, *serve_range(chain, range)};
}

/// Past the question about epochs.
CheckpointFinder::Actions ask_for_headers(CheckpointFinder& finder, const FinalChain& chain,
                                          const PeerStatus& status) {
  auto actions = finder.step(status, Instant{});
  while (!actions.requests.empty() &&
         std::holds_alternative<net::EpochsRequest>(actions.requests[0].message))
    actions = finder.step(answer(chain, actions.requests[0]), Instant{});
  return actions;
}

/// Answers every request until it ends.
std::optional<Checkpoint> run(CheckpointFinder& finder, const FinalChain& chain,
                              CheckpointFinder::Actions actions) {
  while (!actions.found && !actions.requests.empty()) {
    EXPECT_EQ(actions.requests.size(), 1u);
    actions = finder.step(answer(chain, actions.requests[0]), Instant{});
    EXPECT_TRUE(actions.misbehaviour.empty());
  }
  return std::move(actions.found);
}

TEST(CheckpointFinder, FindsTheNewestHeightWhoseRootsAreFinal) {
  for (const std::uint64_t certificates : {1u, 7u, 200u}) {
    const FinalChain chain = chain_of(3'000, certificates);
    CheckpointFinder finder = finder_for(chain);
    const auto found = run(finder, chain, finder.step(PeerStatus{1, Height{3'000}}, Instant{}));
    ASSERT_TRUE(found);
    EXPECT_GT(found->height, Height{2'600});
    EXPECT_GE(found->blocks.size(), kCheckpointHashes);
    EXPECT_EQ(found->blocks.back().header.number, found->height);
    EXPECT_EQ(found->blocks.back().hash, chain.hash(found->height.value));
    EXPECT_EQ(found->state_root(), roots_of(found->height).state_root);
    // Roots of every height that no header up to the checkpoint carries.
    EXPECT_EQ(found->roots.size(), 4u);
    for (const auto& [height, roots] : found->roots) EXPECT_EQ(roots, roots_of(height));
  }
}

TEST(CheckpointFinder, OnAShortChainItTakesAllHeaders) {
  const FinalChain chain = chain_of(40, 1);
  CheckpointFinder finder = finder_for(chain);
  const auto found = run(finder, chain, finder.step(PeerStatus{1, Height{40}}, Instant{}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->height, Height{36});
  EXPECT_EQ(found->blocks.front().header.number, Height{1});
}

TEST(CheckpointFinder, WhoClaimsTooMuchIsPassedOver) {
  const FinalChain chain = chain_of(1'000, 1);
  CheckpointFinder finder = finder_for(chain);
  auto actions = ask_for_headers(finder, chain, {1, Height{UINT64_MAX / 2}});
  ASSERT_EQ(actions.requests.size(), 1u);
  EXPECT_TRUE(finder.step(PeerStatus{2, Height{1'000}}, Instant{}).requests.empty());
  actions = finder.step(answer(chain, actions.requests[0]), Instant{});  // it has nothing there
  ASSERT_EQ(actions.requests.size(), 1u);
  EXPECT_EQ(actions.requests[0].to, 2u);
  EXPECT_TRUE(run(finder, chain, std::move(actions)));
}

TEST(CheckpointFinder, AForgedChainIsNamedAndASilentPeerReplaced) {
  const FinalChain chain = chain_of(1'000, 1);
  const FinalChain forged{1'000, 1, 1, 2, 0, roots_of};  // too few signatures
  CheckpointFinder finder = finder_for(chain);
  auto actions = ask_for_headers(finder, chain, {1, Height{1'000}});
  actions = finder.step(answer(forged, actions.requests[0]), Instant{});
  ASSERT_EQ(actions.misbehaviour.size(), 1u);
  EXPECT_EQ(actions.misbehaviour[0].reason, Error{err::bad_certificate});
  EXPECT_TRUE(actions.requests.empty());
  actions = finder.step(PeerStatus{2, Height{1'000}}, Instant{});
  ASSERT_EQ(actions.requests.size(), 1u);
  EXPECT_TRUE(finder.step(PeerStatus{3, Height{1'000}}, Instant{}).requests.empty());
  actions = finder.step(Tick{}, Instant{} + 4s);
  ASSERT_EQ(actions.requests.size(), 1u);
  EXPECT_EQ(actions.requests[0].to, 3u);
  // An answer that comes too late counts for nothing.
  EXPECT_FALSE(finder.step(RangeReceived{2, {}}, Instant{} + 5s).found);
}

TEST(CheckpointFinder, ARangeThatWasNotAskedForIsRefused) {
  const FinalChain chain = chain_of(1'000, 1);
  CheckpointFinder finder = finder_for(chain);
  auto actions = ask_for_headers(finder, chain, {1, Height{1'000}});
  const auto asked = std::get<net::RangeRequest>(actions.requests[0].message);
  net::RangeRequest other = asked;
  other.from = other.from.next();
  auto range = *serve_range(chain, other);
  range.from = asked.from;  // says one thing and holds another
  actions = finder.step(RangeReceived{1, std::move(range)}, Instant{});
  ASSERT_EQ(actions.misbehaviour.size(), 1u);
  EXPECT_EQ(actions.misbehaviour[0].reason, Error{err::wrong_height});
}

TEST(CheckpointFinder, FollowsTheEpochsFromThoseItKnows) {
  // The first epoch ends far below, among the headers it asks for, and among those with no roots.
  for (const std::uint64_t end : {100u, 700u, 899u}) {
    const FinalChain chain = chain_of(900, 7, end);
    CheckpointFinder finder = finder_for(chain);
    const auto found = run(finder, chain, finder.step(PeerStatus{1, Height{900}}, Instant{}));
    ASSERT_TRUE(found) << end;
    ASSERT_EQ(found->epochs.size(), end <= found->height.value ? 1u : 0u) << end;
    for (const auto& [height, certificate] : found->certificates) {
      EXPECT_LE(height, found->height);
      EXPECT_EQ(certificate, chain.certificate_of(height.value));
    }
    if (end > found->height.value) continue;
    EXPECT_EQ(types::decode_header(found->epochs[0].header)->number, Height{end});
    EXPECT_EQ(found->epochs[0].certificate, chain.certificate_of(end));
  }
}

TEST(CheckpointFinder, WhoHidesOrForgesAnEpochIsNamed) {
  const FinalChain chain = chain_of(900, 1, 100);
  CheckpointFinder finder = finder_for(chain);
  auto actions = finder.step(PeerStatus{1, Height{900}}, Instant{});
  auto question = std::get<net::EpochsRequest>(actions.requests[0].message);
  actions = finder.step(EpochsReceived{1, {.id = question.id, .ends = {}}}, Instant{});
  actions = finder.step(answer(chain, actions.requests[0]), Instant{});
  ASSERT_EQ(actions.misbehaviour.size(), 1u);
  EXPECT_EQ(actions.misbehaviour[0].reason, Error{err::bad_certificate});
  actions = finder.step(PeerStatus{2, Height{900}}, Instant{});
  question = std::get<net::EpochsRequest>(actions.requests[0].message);
  auto ends = chain.serve_epochs(question);
  ends.ends[0].certificate = chain.certificate_of(101);
  actions = finder.step(EpochsReceived{2, ends}, Instant{});
  ASSERT_EQ(actions.misbehaviour.size(), 1u);
  EXPECT_TRUE(run(finder, chain, finder.step(PeerStatus{3, Height{900}}, Instant{})));
}

TEST(CheckpointFinder, GivesUpWhenNobodyHasOneThatIsWorthIt) {
  const FinalChain chain = chain_of(1'000, 1);
  CheckpointFinder finder = finder_for(chain, 5'000);
  auto actions = finder.step(PeerStatus{1, Height{1'000}}, Instant{});
  EXPECT_TRUE(actions.requests.empty());
  EXPECT_EQ(actions.wake_at, Instant{} + 30s);
  EXPECT_TRUE(finder.step(Tick{}, Instant{} + 30s).gave_up);
}

}  // namespace
}  // namespace wusong::sync
