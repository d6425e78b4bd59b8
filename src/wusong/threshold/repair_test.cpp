// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/repair.hpp"

#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

class RepairOf : public ::testing::TestWithParam<const Group*> {
 protected:
  const Group& group = *GetParam();
  testkit::SeededEntropy entropy;
  std::vector<KeyShare> keys = *deal_key(group, {2, 4}, group.random_nonzero(entropy), entropy);

  Network<Repair> network_of(Party lost, const std::vector<Party>& helpers) {
    const Repair::Config config{.lost = lost, .helpers = helpers, .session = session_of("repair")};
    Network<Repair> out;
    for (const Party party : helpers)
      out.machines.emplace(party, *Repair::help(keys[party.number - 1u], config, entropy));
    out.machines.emplace(lost, *Repair::restore(keys[0].shares, config));
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(, RepairOf, ::testing::Values(&ed25519_group(), &sm2_group()),
                         [](const auto& tested) { return std::string{tested.param->name()}; });

TEST_P(RepairOf, AnyHelpersWhoAreEnoughRebuildAnyShare) {
  for (std::uint8_t lost = 1; lost <= 4; ++lost)
    for (unsigned subset = 1; subset < 1u << 4; ++subset) {
      if ((subset >> (lost - 1) & 1) != 0 || std::popcount(subset) < 2) continue;
      std::vector<Party> helpers;
      for (std::uint8_t i = 0; i < 4; ++i)
        if ((subset >> i & 1) != 0) helpers.push_back(Party{static_cast<std::uint8_t>(i + 1)});
      auto network = network_of(Party{lost}, helpers);
      network.start();
      network.run(subset);
      EXPECT_TRUE(network.faults.empty());
      const auto& result = network.machines.at(Party{lost}).result();
      ASSERT_TRUE(result);
      EXPECT_EQ(result->secret, keys[lost - 1u].secret);
      EXPECT_EQ(result->self, Party{lost});
    }
}

TEST_P(RepairOf, AnyChangeOfAnyMessageIsNamed) {
  const std::vector<Party> helpers{Party{1}, Party{2}, Party{4}};
  for (const Party cheater : helpers)
    for (std::uint8_t round = 0; round < 3; ++round)
      for (std::size_t at = kEnvelopeSize;; at += 13) {
        auto network = network_of(Party{3}, helpers);
        std::size_t size = 0;
        network.tamper = [&](InFlight& sent) {
          if (sent.from != cheater || sent.message[1] != round) return;
          size = sent.message.size();
          if (at < size) sent.message[at] ^= 1;
        };
        network.start();
        network.run(9);
        if (at >= size) break;
        EXPECT_FALSE(network.machines.at(Party{3}).result());
        int found = 0;
        for (const auto& [party, faults] : network.faults)
          for (const Fault& fault : faults) {
            if (fault.error == err::session_over) continue;
            EXPECT_EQ(fault.parties, std::vector{cheater});
            ++found;
          }
        EXPECT_GE(found, 1);
      }
}

TEST_P(RepairOf, PartiesThatMakeNoSenseAreRefused) {
  const auto refused = [&](Party lost, std::vector<Party> helpers) {
    return Repair::help(keys[0], {.lost = lost, .helpers = std::move(helpers), .session = {}},
                        entropy)
        .error();
  };
  EXPECT_EQ(refused(Party{3}, {Party{1}}), err::too_few_shares);
  EXPECT_EQ(refused(Party{1}, {Party{1}, Party{2}}), err::bad_parties);
  EXPECT_EQ(refused(Party{3}, {Party{2}, Party{4}}), err::bad_parties);
  EXPECT_EQ(refused(Party{3}, {Party{2}, Party{1}}), err::bad_parties);
  EXPECT_EQ(refused(Party{5}, {Party{1}, Party{2}}), err::unknown_party);
  EXPECT_EQ(refused(Party{0}, {Party{1}, Party{2}}), err::unknown_party);
  EXPECT_EQ(refused(Party{3}, {Party{1}, Party{5}}), err::unknown_party);
}

}  // namespace
}  // namespace wusong::threshold
