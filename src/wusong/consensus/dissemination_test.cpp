// SPDX-License-Identifier: Apache-2.0
// Blocks in slices: machines that hear each other through a queue, and one against hand-made peers.
#include "wusong/consensus/dissemination.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/test_network.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::consensus {
namespace {

using namespace std::chrono_literals;

using internal::kGenesis;
using internal::pattern;
using Identity = internal::TestIdentity;
using Network = internal::TestNetwork;
using Scheme = internal::TestScheme;
using Signer = internal::TestSigner;

DispersalConfig forced(std::uint32_t slice_bytes = 1'000, std::uint32_t window = 2) {
  DispersalConfig out;
  out.whole_bytes_max = 0;
  out.slice_bytes_max = slice_bytes;
  out.window = window;
  return out;
}
bool is_fragment(const Message& message) {
  return std::holds_alternative<FragmentMessage>(message);
}

TEST(Dissemination, EverySizeArrivesAsItWasWithoutTimeoutsOrRefusals) {
  for (const std::size_t validators : {2u, 3u, 4u, 7u, 31u}) {
    for (const std::size_t size : {1u, 999u, 1'000u, 1'001u, 9'999u}) {
      Network network{validators, forced(), size};
      network.propose();
      ASSERT_TRUE(network.all_final()) << validators << " " << size;
      for (const auto& blocks : network.delivered) EXPECT_EQ(blocks[0]->payload, network.payload);
      network.rejections.erase("consensus.repeated_fragment");
      EXPECT_TRUE(network.rejections.empty()) << network.rejections.begin()->first;
      EXPECT_TRUE(network.misbehaviour.empty());
    }
  }
}

TEST(Dissemination, SmallBlocksGoWholeAndLargeOnesInSlices) {
  DispersalConfig config;
  config.whole_bytes_max = 30'000;
  for (const auto& [size, coded] : {std::pair{10'000u, false}, {10'001u, true}}) {
    Network network{4, config, size};
    std::size_t fragments = 0;
    network.drop = [&](const auto&, const Message& message) {
      fragments += is_fragment(message);
      return false;
    };
    network.propose();
    EXPECT_TRUE(network.all_final());
    EXPECT_EQ(fragments > 0, coded) << size;
  }
}

TEST(Dissemination, ALeaderSendsThreePayloadsAndTheOthersNoMoreWhateverTheirNumber) {
  constexpr std::size_t kSize = 1'000'000;
  for (const std::size_t validators : {4u, 10u, 31u}) {
    Network network{validators, forced(200'000, 8), kSize};
    network.propose();
    ASSERT_TRUE(network.all_final());
    for (const std::uint64_t bytes : network.bytes_sent) EXPECT_LT(bytes, kSize * 33 / 10);
  }
}

TEST(Dissemination, NoMessageAndNoRecordIsOverAMebibyte) {
  Network network{4, DispersalConfig{}, 12u << 20};
  network.propose();
  ASSERT_TRUE(network.all_final());
  EXPECT_LE(network.largest_message, kBulkMessageBytesMax);
  EXPECT_GT(network.largest_message, kBulkMessageBytesMax / 2);
  EXPECT_LE(network.largest_record, kBulkMessageBytesMax);
  // The payload and own fragments, half of it with four validators, and what is under way.
  EXPECT_LT(network.held_bytes_max, (12u << 20) * 3 / 2 + 2u * 8 * (4u << 20));
}

TEST(Dissemination, LossIsRepairedByFragments) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Network network{4, forced(), 20'000};
    std::uint64_t state = seed;
    network.drop = [&](const auto&, const Message&) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      return (state >> 33) % 4 == 0;
    };
    network.propose();
    EXPECT_TRUE(network.run_until_final()) << "seed " << seed;
    for (const auto& blocks : network.delivered)
      if (!blocks.empty()) EXPECT_EQ(blocks[0]->payload, network.payload);
  }
}

TEST(Dissemination, AsManyFragmentsAsAreNeededReachEverybody) {
  for (const std::size_t told : {1u, 2u}) {  // of four validators two reconstruct
    Network network{4, forced(), 9'000};
    network.drop = [&](const Network::Sent& sent, const Message& message) {
      const bool is_whole_block = std::holds_alternative<BlockMessage>(message);
      const bool is_left_out = sent.from == 1 && is_fragment(message) && (sent.to + 2) % 4 >= told;
      return is_whole_block || is_left_out;
    };
    network.propose();
    network.now += 100ms;
    EXPECT_EQ(network.all_final(), told == 2) << told;
  }
}

TEST(Dissemination, WhoeverGetsNoFragmentAsksForTheBlock) {
  Network network{4, DispersalConfig{}, 3'000'000};
  network.drop = [](const Network::Sent& sent, const Message& message) {
    return sent.to == 3 && is_fragment(message);
  };
  network.propose();
  EXPECT_FALSE(network.all_final());
  EXPECT_TRUE(network.run_until_final());
  EXPECT_EQ(network.delivered[3][0]->payload, network.payload);
}

TEST(Dissemination, ALeaderWhoEncodesWronglyIsProvenByAllAndItsViewGivenUp) {
  Network network{4, forced(), 2'500};
  network.tamper = [&](const SliceJob& job, SliceCoded coded) {
    if (job.slice != 1) return coded;
    const auto payload = (*coded.coded)->payload();
    Bytes fragments;
    for (std::uint16_t i = 0; i < 4; ++i)
      append(fragments, BytesView{(*coded.coded)->message(i)}.last(512));
    fragments.back() ^= 1;
    coded.coded = std::make_shared<const coding::Dispersal>(
        job.disperser->forge(static_cast<std::uint32_t>(payload.size()), fragments));
    return coded;
  };
  network.drop = [](const Network::Sent& sent, const Message& message) {
    return sent.from == 1 && std::holds_alternative<BlockMessage>(message);
  };
  network.propose();
  ASSERT_EQ(network.misbehaviour.size(), 3u);
  EXPECT_EQ(network.rejections["consensus.inconsistent_encoding"], 3u);
  for (const Misbehaviour& found : network.misbehaviour) {
    EXPECT_EQ(found.kind, MisbehaviourKind::inconsistent_encoding);
    EXPECT_EQ(found.validator, 1);
    const auto fault = verify_encoding_proof(found.first, Scheme{4}, kGenesis);
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(fault->leader, 1);
    EXPECT_EQ(fault->view, View{1});
  }
  for (const Machine& machine : network.machines) EXPECT_EQ(machine.status().view, View{2});
}

TEST(Dissemination, AProofOfWrongEncodingCannotBeMadeUp) {
  std::vector<HeldFragment> honest;
  const auto disperser = coding::Disperser::create({4, 2}, hash::keccak256_batch);
  const auto dispersal = disperser->disperse(pattern(700));
  FragmentMessage message{.slice = {.block = {View{1}, Height{1}, kGenesis},
                                    .parent_view = View{},
                                    .parent_id = kGenesis,
                                    .payload_bytes = 700,
                                    .slice_bytes = 700,
                                    .index = 0,
                                    .commitment = dispersal->commitment()},
                          .signature = {},
                          .fragment = {}};
  message.signature = Scheme::sign(1, slice_sign_bytes(kGenesis, message.slice));
  for (std::uint16_t i = 0; i < 2; ++i) {
    message.fragment = dispersal->message(i);
    honest.push_back({std::make_shared<const FragmentMessage>(message), {}});
  }
  const auto refused = [](BytesView proof) {
    const auto fault = verify_encoding_proof(proof, Scheme{4}, kGenesis);
    return !fault && fault.error() == Error{err::bad_encoding_proof};
  };
  const Bytes proof = encode_encoding_proof(honest);
  EXPECT_TRUE(refused(proof));  // it is a code word
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(BytesView{proof}.first(proof.size() - 1)));
  EXPECT_TRUE(refused(encode_encoding_proof({honest[0]})));
  EXPECT_TRUE(refused(encode_encoding_proof({honest[0], honest[0]})));
  EXPECT_TRUE(refused(encode_encoding_proof({honest[0], honest[1], honest[1]})));
}

TEST(Dissemination, ARestartedValidatorHasTheBlockItVotedFor) {
  Network network{4, DispersalConfig{}, 5'000'000};
  network.drop = [](const Network::Sent&, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    return vote != nullptr && vote->subject.kind == VoteKind::finalize;
  };
  network.propose();
  ASSERT_FALSE(network.all_final());
  std::vector<Record> records;
  for (const auto& [key, value] : network.disks[2]) records.push_back({key, value});
  Machine again = network.make(2, records);
  const Actions actions = again.start(network.now);
  ASSERT_EQ(actions.verify.size(), 1u);
  EXPECT_EQ(actions.verify[0].block->payload, network.payload);
  // One part missing, and the disk is not to be trusted.
  const auto part = std::ranges::find_if(
      records, [](const Record& record) { return record.key[0] == 'b' && record.key.size() > 41; });
  ASSERT_NE(part, records.end());
  records.erase(part);
  const Signer signer{2};
  const Scheme scheme{4};
  Identity identity;
  Config config;
  config.genesis = kGenesis;
  EXPECT_FALSE(Machine::create(config, {&signer, &scheme, &identity}, {View{}, Height{}, kGenesis},
                               records));
}

// Near a gibibyte where memory allows: WUSONG_DISPERSAL_MB=1000 consensus_test --gtest_filter=…
TEST(Dissemination, ABlockOfAsManyMegabytesAsAskedArrives) {
  const char* given = std::getenv("WUSONG_DISPERSAL_MB");
  const std::size_t size = (given != nullptr ? std::strtoull(given, nullptr, 10) : 40) << 20;
  Network network{4, DispersalConfig{}, size};
  network.keep_records = false;
  network.propose();
  ASSERT_TRUE(network.all_final());
  for (const auto& blocks : network.delivered) EXPECT_EQ(blocks[0]->payload, network.payload);
  EXPECT_LE(network.largest_message, kBulkMessageBytesMax);
  EXPECT_TRUE(network.misbehaviour.empty());
}

// ---- one machine against hand-made fragments
// -----------------------------------------------------

class Fragments : public testing::Test {
 protected:
  Fragments() : payload{pattern(2'500)} {
    identity.size = payload.size();
    config.genesis = kGenesis;
    config.payload_bytes_max = 4'000;
    config.dispersal = forced();
    machine.emplace(
        *Machine::create(config, {&signer, &scheme, &identity}, {View{}, Height{}, kGenesis}, {}));
    static_cast<void>(machine->start(now));
    for (PeerId peer : {1u, 2u, 3u}) static_cast<void>(machine->step(PeerConnected{peer}, now));
  }
  FragmentMessage fragment(std::uint32_t slice, std::uint16_t index, std::uint64_t view = 1) const {
    const std::size_t begin = slice * 1'000u;
    const auto bytes =
        BytesView{payload}.subspan(begin, std::min<std::size_t>(1'000, 2'500 - begin));
    const auto dispersal = disperser->disperse(bytes);
    FragmentMessage out{.slice = {.block = {View{view}, Height{1}, Identity::id_of(payload)},
                                  .parent_view = View{},
                                  .parent_id = kGenesis,
                                  .payload_bytes = 2'500,
                                  .slice_bytes = 1'000,
                                  .index = slice,
                                  .commitment = dispersal->commitment()},
                        .signature = {},
                        .fragment = dispersal->message(index)};
    sign(out);
    return out;
  }
  static void sign(FragmentMessage& message) {
    const auto leader = static_cast<ValidatorIndex>(message.slice.block.view.value % 4);
    message.signature = Scheme::sign(leader, slice_sign_bytes(kGenesis, message.slice));
  }
  Actions hear(const Message& message, PeerId from) {
    return machine->step(MessageReceived{from, encode(message)}, now);
  }
  std::string refusal(const Message& message, PeerId from) {
    const Actions actions = hear(message, from);
    return actions.rejection ? std::string{actions.rejection->error.name()} : "";
  }
  static std::vector<PeerId> echoed_to(const Actions& actions) {
    std::vector<PeerId> out;
    for (const Send& send : actions.sends)
      if (is_fragment(*decode_message(*send.bytes, kPayloadBytesMax))) out.push_back(*send.to);
    return out;
  }

  Bytes payload;
  Signer signer{0};
  Scheme scheme{4};
  Identity identity;
  Config config;
  Result<coding::Disperser> disperser{coding::Disperser::create({4, 2}, hash::keccak256_batch)};
  Instant now;
  std::optional<Machine> machine;
};

TEST_F(Fragments, OnesOwnIsPassedOnOnceToAllButTheLeader) {
  const Actions actions = hear(fragment(0, 0), 1);
  EXPECT_EQ(echoed_to(actions), (std::vector<PeerId>{2, 3}));
  EXPECT_TRUE(actions.slice_jobs.empty());
  EXPECT_EQ(refusal(fragment(0, 0), 1), "consensus.repeated_fragment");
}

TEST_F(Fragments, AsManyAsAreNeededGiveOneJob) {
  EXPECT_TRUE(hear(fragment(0, 2), 2).slice_jobs.empty());
  const Actions actions = hear(fragment(0, 3), 3);
  ASSERT_EQ(actions.slice_jobs.size(), 1u);
  EXPECT_TRUE(echoed_to(actions).empty());
  // Left out by the leader, it has its own fragment all the same, and the others need it perhaps.
  EXPECT_EQ(echoed_to(machine->step(actions.slice_jobs[0].run(), now)),
            (std::vector<PeerId>{2, 3}));
  EXPECT_EQ(refusal(fragment(0, 1), 1), "");
}

TEST_F(Fragments, ForeignAlteredAndUnsignedOnesAreRefusedByName) {
  EXPECT_EQ(refusal(fragment(0, 2), 3), "consensus.foreign_fragment");
  EXPECT_EQ(refusal(fragment(0, 0), 2), "consensus.foreign_fragment");
  FragmentMessage altered = fragment(0, 2);
  altered.fragment.back() ^= 1;
  EXPECT_EQ(refusal(altered, 2), "consensus.bad_fragment");
  altered.fragment.resize(1);
  EXPECT_EQ(refusal(altered, 2), "consensus.bad_fragment");
  FragmentMessage unsigned_one = fragment(0, 2);
  unsigned_one.signature[0] ^= 1;
  EXPECT_EQ(refusal(unsigned_one, 2), "consensus.bad_signature");
  FragmentMessage elsewhere = fragment(0, 2);
  elsewhere.slice.block.height = Height{2};
  EXPECT_EQ(refusal(elsewhere, 2), "consensus.bad_signature");
  FragmentMessage of_other_size = fragment(0, 2);
  of_other_size.slice.payload_bytes = 900;
  sign(of_other_size);
  EXPECT_EQ(refusal(of_other_size, 2), "consensus.bad_slice");
  FragmentMessage too_large = fragment(0, 2);
  too_large.slice.payload_bytes = 4'001;
  EXPECT_EQ(refusal(too_large, 2), "consensus.payload_too_large");
  EXPECT_EQ(refusal(fragment(0, 2, 9), 2), "consensus.view_out_of_window");
  EXPECT_EQ(machine->status().dispersal_bytes, 0u);
  EXPECT_EQ(refusal(fragment(0, 2), 2), "");  // the honest one still counts
}

TEST_F(Fragments, TwoDispersalsInAViewAreEvidence) {
  EXPECT_EQ(refusal(fragment(0, 2), 2), "");
  FragmentMessage other = fragment(0, 3);
  other.slice.block.id = kGenesis;
  sign(other);
  const Actions actions = hear(other, 3);
  EXPECT_EQ(actions.rejection->error, Error{err::equivocation});
  ASSERT_EQ(actions.misbehaviour.size(), 1u);
  EXPECT_EQ(actions.misbehaviour[0].kind, MisbehaviourKind::two_dispersals);
  EXPECT_EQ(actions.misbehaviour[0].validator, 1);
  EXPECT_TRUE(decode_message(actions.misbehaviour[0].first, 4'000));
  EXPECT_TRUE(hear(other, 3).misbehaviour.empty());  // once
}

TEST_F(Fragments, WhatComesTooEarlyHasABound) {
  EXPECT_EQ(refusal(fragment(2, 2), 2), "");
  std::size_t refused = 0;
  for (std::uint64_t view = 2; view <= 4; ++view) {  // this machine leads view 4
    for (std::uint32_t slice = 0; slice < 3; ++slice)
      for (const std::uint16_t index : std::initializer_list<std::uint16_t>{1, 2, 3})
        refused += refusal(fragment(slice, index, view), index) == "consensus.dispersal_full";
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(machine->status().dispersal_bytes, 5'500u);
}

TEST_F(Fragments, SlicesFarAheadAreRefused) {
  config.dispersal.window = 1;
  machine.emplace(
      *Machine::create(config, {&signer, &scheme, &identity}, {View{}, Height{}, kGenesis}, {}));
  static_cast<void>(machine->start(now));
  EXPECT_EQ(refusal(fragment(2, 2), 2), "consensus.slice_out_of_window");
  EXPECT_EQ(refusal(fragment(1, 2), 2), "");
}

TEST_F(Fragments, WithoutProgressItSaysWhatItLacksWithBackoff) {
  hear(fragment(0, 2), 2);
  std::size_t said = 0;
  for (int i = 0; i < 40; ++i) {
    now += 50ms;
    for (const Send& send : machine->step(Tick{}, now).sends)
      said += std::holds_alternative<SliceStatus>(*decode_message(*send.bytes, 4'000));
  }
  EXPECT_GE(said, 2u);
  EXPECT_LE(said, 5u);
}

TEST_F(Fragments, RepetitionsArePaidOnceInAWhile) {
  hear(fragment(0, 0), 1);
  const SliceStatus nothing{View{1}, Identity::id_of(payload), 0};
  now += 1s;
  EXPECT_EQ(echoed_to(hear(nothing, 2)), (std::vector<PeerId>{2}));
  EXPECT_TRUE(echoed_to(hear(nothing, 2)).empty());
  now += 1s;
  EXPECT_EQ(echoed_to(hear(nothing, 2)), (std::vector<PeerId>{2}));
}

// ---- a large block in parts
// ----------------------------------------------------------------------

class Parts : public Fragments {
 protected:
  Parts() {
    payload = pattern(2'500'000);
    identity.size = payload.size();
    config.payload_bytes_max = payload.size();
    config.dispersal = {};
    machine.emplace(
        *Machine::create(config, {&signer, &scheme, &identity}, {View{}, Height{}, kGenesis}, {}));
    static_cast<void>(machine->start(now));
    for (PeerId peer : {1u, 2u, 3u}) static_cast<void>(machine->step(PeerConnected{peer}, now));
    block = {{View{1}, Height{1}, Identity::id_of(payload)}, View{}, kGenesis, payload};
  }
  /// A quorum stands behind the block: it is asked for.
  std::vector<std::pair<PeerId, BlockRequest>> certify() {
    Certificate certificate{.subject = {.kind = VoteKind::notarize,
                                        .view = View{1},
                                        .height = Height{1},
                                        .block_id = block.ref.id,
                                        .parent_view = View{}},
                            .signatures = {}};
    for (const ValidatorIndex who : std::initializer_list<ValidatorIndex>{1, 2, 3})
      certificate.signatures.entries.push_back(
          {who, Scheme::sign(who, vote_sign_bytes(kGenesis, certificate.subject))});
    return requests(hear(certificate, 2));
  }
  static std::vector<std::pair<PeerId, BlockRequest>> requests(const Actions& actions) {
    std::vector<std::pair<PeerId, BlockRequest>> out;
    for (const Send& send : actions.sends) {
      const auto message = decode_message(*send.bytes, kPayloadBytesMax);
      if (const auto* found = std::get_if<BlockRequest>(&*message))
        out.emplace_back(*send.to, *found);
    }
    return out;
  }
  std::vector<std::pair<PeerId, BlockRequest>> wait(Duration time) {
    now += time;
    return requests(machine->step(Tick{}, now));
  }

  Block block;
};

TEST_F(Parts, OfThePeerThatWasAskedAreJoinedInAnyOrder) {
  const auto asked = certify();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].first, 2u);
  EXPECT_EQ(asked[0].second.offset, 0u);
  EXPECT_EQ(refusal(part_of(block, 0), 3), "consensus.unrequested_block");
  EXPECT_TRUE(hear(part_of(block, 2 * kPartBytes), 2).verify.empty());
  EXPECT_TRUE(hear(part_of(block, 0), 2).verify.empty());
  EXPECT_TRUE(hear(part_of(block, 0), 2).verify.empty());
  const Actions actions = hear(part_of(block, kPartBytes), 2);
  ASSERT_EQ(actions.verify.size(), 1u);
  EXPECT_EQ(actions.verify[0].block->payload, payload);
}

TEST_F(Parts, GoOnWhereTheyStoppedAndWithAnotherPeerWhenNothingComes) {
  certify();
  hear(part_of(block, 0), 2);
  auto asked = wait(500ms);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].first, 2u);
  EXPECT_EQ(asked[0].second.offset, kPartBytes);
  asked = wait(500ms);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].second.offset, 0u);  // from the beginning: one peer answers for all of it
  const PeerId other = asked[0].first;
  for (std::uint32_t offset = 0; offset < payload.size(); offset += kPartBytes) {
    const Actions actions = hear(part_of(block, offset), other);
    EXPECT_EQ(actions.verify.size(), offset + kPartBytes > payload.size() ? 1u : 0u);
  }
}

TEST_F(Parts, ThatDoNotFitTogetherAreRefused) {
  certify();
  hear(part_of(block, 0), 2);
  BlockMessage longer = part_of(block, kPartBytes);
  longer.rest -= 1;
  EXPECT_EQ(refusal(longer, 2), "consensus.block_mismatch");
  hear(part_of(block, 0), 2);
  BlockMessage altered = part_of(block, 2 * kPartBytes);
  altered.block.payload.back() ^= 1;
  hear(part_of(block, kPartBytes), 2);
  EXPECT_EQ(refusal(altered, 2), "consensus.block_mismatch");
}

TEST_F(Parts, AreServedAsManyAtOnceAsAskedForAndNoMoreThanALimit) {
  certify();
  for (std::uint32_t offset = 0; offset < payload.size(); offset += kPartBytes)
    hear(part_of(block, offset), 2);
  const auto served = [&](std::uint32_t offset) {
    std::size_t parts = 0;
    for (const Send& send : hear(BlockRequest{View{1}, block.ref.id, offset}, 3).sends)
      parts += std::holds_alternative<BlockMessage>(*decode_message(*send.bytes, kPayloadBytesMax));
    return parts;
  };
  EXPECT_EQ(served(0), 3u);
  EXPECT_EQ(served(2 * kPartBytes), 1u);
  EXPECT_EQ(served(9 * kPartBytes), 0u);
  std::size_t all = 0;
  for (int i = 0; i < 100; ++i) all += served(0);
  EXPECT_LT(all, 32u);
}

}  // namespace
}  // namespace wusong::consensus
