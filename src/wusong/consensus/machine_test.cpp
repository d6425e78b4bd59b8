// SPDX-License-Identifier: Apache-2.0
// One machine (validator 0 of 4 unless said) against hand-made peers.
#include "wusong/consensus/machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::consensus {
namespace {

using namespace std::chrono_literals;

class Scheme final : public VoteVerifier {
 public:
  std::size_t count() const noexcept override { return 4; }
  bool verify(ValidatorIndex who, BytesView message, BytesView signature) const override {
    return std::ranges::equal(sign(who, message), signature);
  }
  static Bytes sign(ValidatorIndex who, BytesView message) {
    Bytes keyed{static_cast<std::uint8_t>(who)};
    append(keyed, message);
    return to_bytes(hash::sha256(keyed));
  }
};
class Signer final : public VoteSigner {
 public:
  explicit Signer(ValidatorIndex index) : index_{index} {}
  ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return Scheme::sign(index_, message); }

 private:
  ValidatorIndex index_;
};
class Identity final : public BlockIdentity {
 public:
  bool matches(const Block& block) const override {
    return hash::sha256(block.payload) == block.ref.id;
  }
};

const Hash kGenesis = hash::sha256(as_bytes("genesis"));
const BlockRef kGenesisRef{View{}, Height{}, kGenesis};
const Scheme kScheme;
const Identity kIdentity;

Block make_block(std::uint64_t view, const BlockRef& parent, std::uint8_t tag = 0) {
  Block block{{View{view}, parent.height.next(), Hash{}}, parent.view, parent.id, {}};
  block.payload = {static_cast<std::uint8_t>(view), tag};
  append(block.payload, parent.id);
  block.ref.id = hash::sha256(block.payload);
  return block;
}
VoteSubject notarize(const Block& block) {
  return {.kind = VoteKind::notarize,
          .view = block.ref.view,
          .height = block.ref.height,
          .block_id = block.ref.id,
          .parent_view = block.parent_view};
}
VoteSubject finalize(const Block& block) {
  return {.kind = VoteKind::finalize,
          .view = block.ref.view,
          .height = block.ref.height,
          .block_id = block.ref.id,
          .parent_view = View{}};
}
VoteSubject nullify(std::uint64_t view) {
  return {.kind = VoteKind::nullify,
          .view = View{view},
          .height = Height{},
          .block_id = Hash{},
          .parent_view = View{}};
}
Vote vote(const VoteSubject& subject, ValidatorIndex who) {
  return {subject, who, Scheme::sign(who, vote_sign_bytes(kGenesis, subject))};
}
Proposal proposal(const Block& block) {
  const auto leader = static_cast<ValidatorIndex>(block.ref.view.value % 4);
  return {block, vote(notarize(block), leader).signature};
}
Certificate certificate(const VoteSubject& subject, std::vector<ValidatorIndex> who = {1, 2, 3}) {
  Certificate out{.subject = subject, .signatures = {}};
  for (const auto index : who)
    out.signatures.entries.push_back({index, vote(subject, index).signature});
  return out;
}

/// Keeps the machine's disk and everything it sent.
class Replica {
 public:
  explicit Replica(std::optional<ValidatorIndex> index = 0, BlockRef finalized = kGenesisRef)
      : signer_{index.value_or(0)}, validator_{index.has_value()}, final{finalized} {
    config.genesis = kGenesis;
    config.pacemaker = {
        .timeout_initial = 1s, .timeout_min = 200ms, .timeout_max = 8s, .margin = 100ms};
    config.payload_bytes_max = 100;
    config.catchup_blocks_max = 8;
    restart();
  }
  void restart() {
    std::vector<Record> records;
    for (const auto& [key, value] : disk) records.push_back({key, value});
    auto made = Machine::create(config, {validator_ ? &signer_ : nullptr, &kScheme, &kIdentity},
                                final, records);
    ASSERT_TRUE(made.has_value());
    machine.emplace(std::move(*made));
    take(machine->start(now));
  }
  Actions step(const Event& event) {
    Actions actions = machine->step(event, now);
    take(actions);
    return actions;
  }
  Actions hear(const Message& message, PeerId from = 1) {
    const Bytes bytes = encode(message);
    return step(MessageReceived{from, bytes});
  }
  Actions wait(Duration time) {
    now += time;
    return step(Tick{});
  }
  /// The others' votes on a subject.
  void hear_votes(const VoteSubject& subject, std::vector<ValidatorIndex> who = {1, 2, 3}) {
    for (const auto index : who) hear(vote(subject, index), index);
  }
  /// Proposal, verification and everybody's votes: final.
  void run_block(const Block& block) {
    hear(proposal(block));
    step(PayloadVerified{block.ref.id, Verdict::ok});
    hear_votes(notarize(block));
    hear_votes(finalize(block));
  }
  std::vector<VoteSubject> votes() const {
    std::vector<VoteSubject> out;
    for (const auto& message : sent)
      if (const auto* found = std::get_if<Vote>(&message)) out.push_back(found->subject);
    return out;
  }
  std::size_t voted(const VoteSubject& subject) const {
    const auto all = votes();
    return static_cast<std::size_t>(std::ranges::count(all, subject));
  }
  template <typename T>
  std::size_t sent_of() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(sent, [](const Message& m) { return std::holds_alternative<T>(m); }));
  }

 private:
  void take(const Actions& actions) {
    for (const auto& record : actions.persist) {
      if (record.value) {
        disk[record.key] = *record.value;
      } else {
        disk.erase(record.key);
      }
    }
    for (const auto& send : actions.sends)
      sent.push_back(*decode_message(*send.bytes, kPayloadBytesMax));
    for (const auto& request : actions.verify) verify.push_back(request.block->ref.id);
    if (actions.build) builds.push_back(*actions.build);
    if (actions.finalized)
      for (const auto& block : actions.finalized->blocks) delivered.push_back(block->ref);
    for (const auto& found : actions.misbehaviour) misbehaviour.push_back(found);
    for (const auto& found : actions.attested) attested.push_back(found);
    if (actions.halt) halt = actions.halt->reason;
  }

  Signer signer_;
  bool validator_;

 public:
  Config config;
  BlockRef final;
  std::map<Bytes, Bytes> disk;
  Instant now;
  std::optional<Machine> machine;
  std::vector<Message> sent;
  std::vector<Hash> verify;
  std::vector<BuildPayload> builds;
  std::vector<BlockRef> delivered;
  std::vector<Misbehaviour> misbehaviour;
  std::vector<Attested> attested;
  std::optional<Error> halt;
};

const Block kFirst = make_block(1, kGenesisRef);

TEST(Machine, WithoutWorkItSleepsUntilTheNextStatus) {
  Replica replica;
  replica.sent.clear();
  const Actions actions = replica.wait(1s);
  EXPECT_TRUE(actions.sends.empty());
  EXPECT_TRUE(replica.machine->status().resting);
  EXPECT_GE(*actions.wake_at, replica.now + 5s);
}

TEST(Machine, ALeaderWithWorkProposesAtOnceAndPersistsItsVoteFirst) {
  Replica replica{ValidatorIndex{1}};
  EXPECT_TRUE(replica.builds.empty());
  replica.step(WorkPending{true});
  ASSERT_EQ(replica.builds.size(), 1u);
  EXPECT_EQ(replica.builds[0].parent, kGenesisRef);
  const Actions actions = replica.step(PayloadBuilt{View{1}, kFirst.ref.id, kFirst.payload});
  EXPECT_TRUE(actions.sync);
  EXPECT_EQ(actions.persist.size(), 2u);  // block and vote
  ASSERT_EQ(replica.sent_of<Proposal>(), 1u);
  EXPECT_EQ(std::get<Proposal>(*decode_message(*actions.sends.at(0).bytes, 100)), proposal(kFirst));
}

TEST(Machine, ALeaderThatDeclinedIsAskedAgainWhenWorkComes) {
  Replica replica{ValidatorIndex{1}};
  replica.step(WorkPending{true});
  replica.step(PayloadDeclined{View{1}});
  replica.wait(10ms);
  EXPECT_EQ(replica.builds.size(), 1u);
  replica.step(WorkPending{true});
  EXPECT_EQ(replica.builds.size(), 2u);
}

TEST(Machine, AProposalIsVerifiedThenVotedForOnce) {
  Replica replica;
  replica.hear(proposal(kFirst));
  ASSERT_EQ(replica.verify.size(), 1u);
  EXPECT_EQ(replica.voted(notarize(kFirst)), 0u);
  const Actions actions = replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  EXPECT_TRUE(actions.sync);
  EXPECT_EQ(replica.voted(notarize(kFirst)), 1u);
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  EXPECT_EQ(replica.voted(notarize(kFirst)), 1u);
}

TEST(Machine, ARefusedProposalIsNotVotedForAndItsSenderIsBlamed) {
  Replica replica;
  replica.hear(proposal(kFirst));
  const Actions actions = replica.step(PayloadVerified{kFirst.ref.id, Verdict::bad});
  EXPECT_EQ(actions.rejection->error, Error{err::bad_block});
  EXPECT_EQ(actions.rejection->peer, 1u);
  EXPECT_TRUE(replica.votes().empty());
}

TEST(Machine, OnlyTheLeaderProposes) {
  Replica replica;
  Proposal stranger{kFirst, vote(notarize(kFirst), 2).signature};
  EXPECT_EQ(replica.hear(stranger, 2).rejection->error, Error{err::bad_signature});
  EXPECT_TRUE(replica.verify.empty());
}

TEST(Machine, APayloadThatIsNotTheIdsIsRefused) {
  Replica replica;
  Proposal altered = proposal(kFirst);
  altered.block.payload[1] ^= 1;
  EXPECT_EQ(replica.hear(altered).rejection->error, Error{err::block_mismatch});
  replica.hear(proposal(kFirst));  // the honest bytes still count
  EXPECT_EQ(replica.verify.size(), 1u);
}

TEST(Machine, TheFirstProposalWinsAndTheSecondIsEvidence) {
  Replica replica;
  const Block second = make_block(1, kGenesisRef, 1);
  replica.hear(proposal(kFirst));
  EXPECT_EQ(replica.hear(proposal(second)).rejection->error, Error{err::equivocation});
  ASSERT_EQ(replica.misbehaviour.size(), 1u);
  EXPECT_EQ(replica.misbehaviour[0].validator, 1);
  EXPECT_EQ(replica.misbehaviour[0].kind, MisbehaviourKind::two_notarize_votes);
  EXPECT_NE(replica.misbehaviour[0].first, replica.misbehaviour[0].second);
  replica.hear(proposal(second));
  EXPECT_EQ(replica.misbehaviour.size(), 1u);  // once
  EXPECT_EQ(replica.verify.size(), 1u);
}

TEST(Machine, AQuorumNotarizesThenFinalizesThenAttests) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.hear_votes(notarize(kFirst), {2});  // with the leader's and its own: three of four
  EXPECT_EQ(replica.machine->status().view, View{2});
  EXPECT_EQ(replica.voted(finalize(kFirst)), 1u);
  EXPECT_TRUE(replica.delivered.empty());
  replica.hear_votes(finalize(kFirst), {1, 2});
  ASSERT_EQ(replica.delivered.size(), 1u);
  EXPECT_EQ(replica.delivered[0], kFirst.ref);
  EXPECT_EQ(replica.sent_of<Attestation>(), 1u);
  EXPECT_TRUE(replica.attested.empty());
  replica.hear(
      Attestation{Height{1}, kFirst.ref.id, 2,
                  Scheme::sign(2, attestation_sign_bytes(kGenesis, Height{1}, kFirst.ref.id))});
  ASSERT_EQ(replica.attested.size(), 1u);
  const auto proof = make_finality_proof(Height{1}, kFirst.ref.id, replica.attested[0].signatures);
  EXPECT_TRUE(verify_finality_proof(kScheme, kGenesis, proof).has_value());
  replica.hear_votes(finalize(kFirst));
  EXPECT_EQ(replica.delivered.size(), 1u);
}

TEST(Machine, AViewThatTimesOutIsNullifiedAndNeverFinalized) {
  Replica replica;
  replica.step(WorkPending{true});
  replica.wait(999ms);
  EXPECT_EQ(replica.voted(nullify(1)), 0u);
  const Actions actions = replica.wait(1ms);
  EXPECT_TRUE(actions.sync);
  EXPECT_EQ(replica.voted(nullify(1)), 1u);
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  EXPECT_EQ(replica.voted(notarize(kFirst)), 0u);
  replica.hear_votes(notarize(kFirst));
  EXPECT_EQ(replica.machine->status().view, View{2});
  EXPECT_EQ(replica.voted(finalize(kFirst)), 0u);
}

TEST(Machine, TheNextLeaderBuildsOnTheParentAcrossNullifiedViews) {
  Replica replica{ValidatorIndex{3}};
  replica.step(WorkPending{true});
  replica.hear_votes(nullify(1), {0, 1, 2});
  replica.hear_votes(nullify(2), {0, 1, 2});
  ASSERT_EQ(replica.builds.size(), 1u);
  EXPECT_EQ(replica.builds[0].view, View{3});
  EXPECT_EQ(replica.builds[0].parent, kGenesisRef);
}

TEST(Machine, FPlusOneNullifyVotesAreJoinedAtOnce) {
  Replica replica;
  replica.hear_votes(nullify(1), {2});
  EXPECT_EQ(replica.voted(nullify(1)), 0u);
  replica.hear_votes(nullify(1), {3});
  EXPECT_EQ(replica.voted(nullify(1)), 1u);
  EXPECT_EQ(replica.machine->status().view, View{2});  // three of four with its own
}

TEST(Machine, AParentNeedsItsCertificateAndNullificationsSinceThen) {
  Replica replica;
  replica.hear(certificate(nullify(2)));
  ASSERT_EQ(replica.machine->status().view, View{3});
  const Block third = make_block(3, kGenesisRef);  // needs view 1 nullified too
  replica.sent.clear();
  replica.hear(proposal(third), 3);
  replica.step(PayloadVerified{third.ref.id, Verdict::ok});
  EXPECT_EQ(replica.voted(notarize(third)), 0u);
  EXPECT_EQ(replica.sent_of<CertificateRequest>(), 1u);
  replica.hear(certificate(nullify(1)));
  EXPECT_EQ(replica.voted(notarize(third)), 1u);
}

TEST(Machine, AProposalThatSkipsANotarizedBlockIsNotVotedFor) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.hear_votes(notarize(kFirst));
  const Block fork = make_block(2, kGenesisRef);
  replica.hear(proposal(fork), 2);
  replica.step(PayloadVerified{fork.ref.id, Verdict::ok});
  EXPECT_EQ(replica.voted(notarize(fork)), 0u);
}

TEST(Machine, RestartDoesNotVoteTwice) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.sent.clear();
  replica.restart();
  EXPECT_EQ(replica.verify.back(), kFirst.ref.id);  // its block came back too
  replica.sent.clear();
  const Block second = make_block(1, kGenesisRef, 1);
  replica.hear(proposal(second));
  replica.step(PayloadVerified{second.ref.id, Verdict::ok});
  for (const auto& subject : replica.votes()) EXPECT_EQ(subject, notarize(kFirst));
}

TEST(Machine, RestartAfterNullifyDoesNotFinalize) {
  Replica replica;
  replica.step(WorkPending{true});
  replica.wait(1s);
  ASSERT_EQ(replica.voted(nullify(1)), 1u);
  replica.restart();
  replica.hear(proposal(kFirst));
  replica.hear_votes(notarize(kFirst));
  EXPECT_EQ(replica.machine->status().view, View{2});
  EXPECT_EQ(replica.voted(finalize(kFirst)), 0u);
}

TEST(Machine, RestartDeliversWhatTheApplicationLost) {
  Replica replica;
  replica.run_block(kFirst);
  const Block second = make_block(2, kFirst.ref);
  replica.run_block(second);
  ASSERT_EQ(replica.delivered.size(), 2u);
  replica.delivered.clear();
  replica.final = kFirst.ref;  // only the first one had been synced
  replica.restart();
  replica.step(PayloadVerified{second.ref.id, Verdict::ok});
  ASSERT_EQ(replica.delivered.size(), 1u);
  EXPECT_EQ(replica.delivered[0], second.ref);
}

TEST(Machine, RecordsOfStoredBlocksAreErased) {
  Replica replica;
  replica.run_block(kFirst);
  EXPECT_GE(replica.disk.size(), 4u);
  replica.step(FinalizedStored{Height{1}});
  ASSERT_EQ(replica.disk.size(), 1u);  // the certificate, to help others
  replica.final = kFirst.ref;
  replica.restart();
  EXPECT_EQ(replica.machine->status().view, View{2});
}

TEST(Machine, CorruptRecordsAreRefusedByName) {
  const auto create = [](std::vector<Record> records) {
    const Signer signer{0};
    Config config;
    return Machine::create(config, {&signer, &kScheme, &kIdentity}, kGenesisRef, records).error();
  };
  EXPECT_EQ(create({{Bytes{'v'}, Bytes{1, 2}}}), Error{err::record_corrupt});
  EXPECT_EQ(create({{Bytes{'v'}, encode(vote(nullify(1), 0))}}), Error{err::record_corrupt});
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  for (const auto& [key, value] : replica.disk) {
    Bytes cut = value;
    cut.pop_back();
    EXPECT_EQ(create({{key, cut}}), Error{err::record_corrupt});
  }
}

TEST(Machine, UnusableConfigurationsAreRefused) {
  const Signer signer{4};
  const Signer good{0};
  Config config;
  const auto error = [&](Ports ports) {
    return Machine::create(config, ports, kGenesisRef, {}).error();
  };
  EXPECT_EQ(error({&signer, &kScheme, &kIdentity}), Error{err::bad_config});
  EXPECT_EQ(error({&good, nullptr, &kIdentity}), Error{err::bad_config});
  config.pacemaker.timeout_min = config.pacemaker.timeout_max * 2;
  EXPECT_EQ(error({&good, &kScheme, &kIdentity}), Error{err::bad_config});
}

TEST(Machine, BadInputHasNames) {
  Replica replica;
  const auto error = [&](const Message& message) { return replica.hear(message).rejection->error; };
  EXPECT_EQ(replica.step(MessageReceived{1, Bytes{0xff, 1}}).rejection->error,
            Error{err::bad_message});
  EXPECT_EQ(error(vote(nullify(1), 4)), Error{err::unknown_validator});
  EXPECT_EQ(error(vote(nullify(66), 1)), Error{err::view_out_of_window});
  EXPECT_EQ(error(Vote{nullify(1), 1, Bytes(32)}), Error{err::bad_signature});
  EXPECT_EQ(error(certificate(nullify(1), {1, 2})), Error{err::no_quorum});
  Certificate forged = certificate(nullify(1));
  forged.signatures.entries[1].signature[0] ^= 1;
  EXPECT_EQ(error(forged), Error{err::bad_signature});
  EXPECT_EQ(error(certificate(nullify(1), {1, 2, 9})), Error{err::unknown_validator});
  EXPECT_EQ(error(BlockMessage{kFirst}), Error{err::unrequested_block});
  Block big = kFirst;
  big.payload.resize(101);
  EXPECT_EQ(error(proposal(big)), Error{err::payload_too_large});
  EXPECT_EQ(error(CertificateRequest{View{2}, View{1}}), Error{err::bad_message});
  EXPECT_EQ(replica.machine->status().view, View{1});
}

TEST(Machine, TwoCertificatesOfOneViewHalt) {
  Replica replica;
  replica.hear(certificate(finalize(kFirst)));
  replica.hear(certificate(finalize(make_block(1, kGenesisRef, 1))));
  EXPECT_EQ(replica.halt, Error{err::conflicting_finality});
  EXPECT_TRUE(replica.machine->status().halted);
  EXPECT_TRUE(replica.hear(certificate(nullify(2))).sends.empty());
}

TEST(Machine, FinalityOfAnotherBlockAtAFinalHeightHalts) {
  Replica replica;
  replica.run_block(kFirst);
  ASSERT_EQ(replica.delivered.size(), 1u);
  replica.hear(certificate(finalize(make_block(1, kGenesisRef, 1))));
  EXPECT_EQ(replica.halt, Error{err::conflicting_finality});
}

TEST(Machine, ACertifiedBlockThatTheApplicationRefusesHalts) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.hear(certificate(notarize(kFirst)));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::bad});
  EXPECT_FALSE(replica.halt.has_value());  // that was said before the quorum was known
  ASSERT_EQ(replica.verify.size(), 2u);
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::bad});
  EXPECT_EQ(replica.halt, Error{err::certified_block_refused});
}

TEST(Machine, ARefusedProposalIsJudgedAgainOnceAQuorumStandsBehindIt) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::bad});
  replica.hear(certificate(notarize(kFirst)));
  ASSERT_EQ(replica.verify.size(), 2u);
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.hear(certificate(finalize(kFirst)));
  EXPECT_EQ(replica.delivered.size(), 1u);
  EXPECT_FALSE(replica.halt.has_value());
}

TEST(Machine, AForeignBodyUnderACertifiedIdIsFetchedAgain) {
  Replica replica;
  replica.hear(proposal(kFirst));
  replica.hear(certificate(notarize(kFirst)));
  replica.sent.clear();
  const Actions actions = replica.step(PayloadVerified{kFirst.ref.id, Verdict::mismatch});
  EXPECT_EQ(actions.rejection->error, Error{err::block_mismatch});
  EXPECT_EQ(replica.sent_of<BlockRequest>(), 1u);
  EXPECT_FALSE(replica.halt.has_value());
}

TEST(Machine, AnObserverFollowsAndNeverVotes) {
  Replica replica{std::nullopt};
  replica.step(WorkPending{true});
  replica.run_block(kFirst);
  replica.wait(10s);
  EXPECT_EQ(replica.delivered.size(), 1u);
  EXPECT_TRUE(replica.votes().empty());
  EXPECT_EQ(replica.sent_of<Attestation>(), 0u);
  EXPECT_TRUE(replica.disk.empty() || replica.disk.begin()->first[0] == 'c');
}

TEST(Machine, MissingBlocksAreFetchedByIdBackToTheLastFinalOne) {
  Replica replica;
  const Block second = make_block(2, kFirst.ref);
  replica.sent.clear();
  replica.hear(certificate(finalize(second)), 2);
  ASSERT_EQ(replica.sent_of<BlockRequest>(), 1u);
  replica.hear(BlockMessage{second}, 2);
  EXPECT_EQ(replica.sent_of<BlockRequest>(), 2u);
  replica.hear(BlockMessage{kFirst}, 2);
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.step(PayloadVerified{second.ref.id, Verdict::ok});
  ASSERT_EQ(replica.delivered.size(), 2u);
  EXPECT_EQ(replica.delivered[1], second.ref);
}

TEST(Machine, WhatOthersFinalizeIsAskedForAtOnceThoughItsLeaderSignedAnotherBlockToo) {
  Replica replica;
  const Block shown = make_block(1, kGenesisRef, 1);
  replica.hear(proposal(shown));
  replica.step(PayloadVerified{shown.ref.id, Verdict::ok});
  replica.hear_votes(notarize(kFirst));  // the leader's is its second: it does not count
  EXPECT_EQ(replica.machine->status().view, View{1});
  replica.sent.clear();
  replica.hear_votes(finalize(kFirst), {2});
  EXPECT_EQ(replica.sent_of<CertificateRequest>(), 0u);
  replica.hear_votes(finalize(kFirst), {3});
  EXPECT_EQ(replica.sent_of<CertificateRequest>(), 1u);
  replica.hear(certificate(notarize(kFirst)), 3);
  EXPECT_EQ(replica.machine->status().view, View{2});
  EXPECT_EQ(replica.sent_of<BlockRequest>(), 1u);
}

TEST(Machine, FarBehindItAsksForSyncAndGoesOnFromThere) {
  Replica replica;
  Block far = make_block(50, kFirst.ref);
  far.ref.height = Height{40};
  const Actions actions = replica.hear(certificate(finalize(far)), 3);
  ASSERT_TRUE(actions.behind.has_value());
  EXPECT_EQ(actions.behind->peer, 3u);
  EXPECT_EQ(replica.sent_of<BlockRequest>(), 0u);
  replica.step(SyncedTo{far.ref, std::nullopt});
  EXPECT_EQ(replica.machine->status().view, View{51});
  EXPECT_EQ(replica.machine->status().finalized, far.ref);
  EXPECT_TRUE(replica.machine->status().resting);
}

TEST(Machine, WhoeverIsBehindGetsTheCertificates) {
  Replica replica;
  replica.run_block(kFirst);
  replica.hear(certificate(nullify(2)));
  replica.sent.clear();
  replica.now += 1s;
  replica.hear(StatusMessage{View{1}, View{0}, Height{0}}, 3);
  EXPECT_EQ(replica.sent_of<Certificate>(), 2u);  // finality of view 1, nullification of view 2
  replica.sent.clear();
  replica.hear(StatusMessage{View{1}, View{0}, Height{0}}, 3);
  EXPECT_EQ(replica.sent_of<Certificate>(), 0u);  // not twice at once
}

TEST(Machine, BlocksAreServedFromMemoryOrByTheApplicationWithinALimit) {
  Replica replica;
  replica.run_block(kFirst);
  replica.sent.clear();
  replica.hear(BlockRequest{View{1}, kFirst.ref.id}, 3);
  EXPECT_EQ(replica.sent_of<BlockMessage>(), 1u);
  const Actions asked = replica.hear(BlockRequest{View{1}, kGenesis}, 3);
  ASSERT_EQ(asked.serve.size(), 1u);
  for (int i = 0; i < 30; ++i) replica.hear(BlockRequest{View{1}, kFirst.ref.id}, 3);
  EXPECT_EQ(replica.hear(BlockRequest{View{1}, kFirst.ref.id}, 3).rejection->error,
            Error{err::too_many_requests});
  EXPECT_FALSE(replica.hear(BlockRequest{View{1}, kFirst.ref.id}, 2).rejection.has_value());
}

TEST(Machine, OwnVotesAreRepeatedWithBackoffUntilSomethingMoves) {
  Replica replica;
  replica.step(WorkPending{true});
  replica.wait(1s);
  replica.sent.clear();
  for (int i = 0; i < 100; ++i) replica.wait(100ms);  // ten seconds alone
  EXPECT_GE(replica.voted(nullify(1)), 4u);
  EXPECT_LE(replica.voted(nullify(1)), 8u);
}

TEST(Machine, AnUnfinishedBlockIsFinishedByASuccessorWithoutWork) {
  Replica replica{ValidatorIndex{2}};  // leads view 2
  replica.hear(proposal(kFirst));
  replica.step(PayloadVerified{kFirst.ref.id, Verdict::ok});
  replica.hear_votes(notarize(kFirst), {1, 3});
  ASSERT_EQ(replica.machine->status().view, View{2});
  EXPECT_TRUE(replica.builds.empty());
  replica.wait(replica.machine->status().timeout / 2);
  ASSERT_EQ(replica.builds.size(), 1u);
  EXPECT_TRUE(replica.builds[0].for_finality);
  EXPECT_EQ(replica.builds[0].parent, kFirst.ref);
}

/// Validator 0 after view 2, whose leader failed: in view 5, whose leader is 1.
Replica after_a_failure() {
  Replica replica;
  replica.run_block(kFirst);
  replica.hear_votes(nullify(2));
  const Block third = make_block(3, kFirst.ref);
  replica.run_block(third);
  replica.step(WorkPending{true});
  const Block fourth = make_block(4, third.ref);
  replica.step(PayloadBuilt{View{4}, fourth.ref.id, fourth.payload});
  replica.hear_votes(notarize(fourth));
  replica.hear_votes(finalize(fourth));
  return replica;
}
Block fifth_block(const Replica& replica) {
  return make_block(5, replica.machine->status().finalized);
}

TEST(Machine, TheTurnOfALeaderThatFailedIsGivenUpAtItsBeginning) {
  Replica replica = after_a_failure();
  ASSERT_EQ(replica.machine->status().view, View{5});
  const Block fifth = fifth_block(replica);
  replica.hear(proposal(fifth));
  replica.step(PayloadVerified{fifth.ref.id, Verdict::ok});
  EXPECT_EQ(replica.voted(nullify(6)), 0u);
  replica.hear_votes(notarize(fifth), {3});
  EXPECT_EQ(replica.machine->status().view, View{6});
  EXPECT_EQ(replica.voted(finalize(fifth)), 1u);
  EXPECT_EQ(replica.voted(nullify(6)), 1u);
  const Duration timeout = replica.machine->status().timeout;
  replica.hear_votes(nullify(6), {1, 3});
  EXPECT_EQ(replica.machine->status().view, View{7});
  EXPECT_EQ(replica.machine->status().timeout, timeout);  // nothing was waited for in vain
  EXPECT_EQ(replica.machine->status().views_passed_over, 1u);
  EXPECT_EQ(replica.machine->status().views_nullified, 1u);
}

// Others may remember other failures of it, as after its restart, and wait for just this turn.
TEST(Machine, ALeaderNeverPassesItselfOver) {
  Replica replica{ValidatorIndex{2}};
  replica.run_block(kFirst);
  replica.hear_votes(nullify(2), {0, 1, 3});  // its own turn
  const Block third = make_block(3, kFirst.ref);
  replica.run_block(third);
  const Block fourth = make_block(4, third.ref);
  replica.run_block(fourth);
  const Block fifth = make_block(5, fourth.ref);
  replica.run_block(fifth);
  replica.step(WorkPending{true});
  EXPECT_EQ(replica.machine->status().view, View{6});
  ASSERT_FALSE(replica.builds.empty());
  EXPECT_EQ(replica.builds.back().view, View{6});
  EXPECT_EQ(replica.voted(nullify(6)), 0u);
}

TEST(Machine, NothingIsGivenUpWhileNobodyHasWork) {
  Replica replica = after_a_failure();
  const Block fifth = fifth_block(replica);
  replica.step(WorkPending{false});
  replica.hear(certificate(finalize(fifth)));
  replica.wait(1s);
  replica.hear(BlockMessage{fifth});
  replica.step(PayloadVerified{fifth.ref.id, Verdict::ok});
  EXPECT_EQ(replica.delivered.back(), fifth.ref);
  replica.sent.clear();
  for (int i = 0; i < 20; ++i) replica.wait(100ms);
  EXPECT_EQ(replica.voted(nullify(6)), 0u);
  EXPECT_EQ(replica.voted(nullify(7)), 0u);
}

TEST(Machine, WhoLagsDoesNotWakeTheOthersForWhatTheyMayHaveDone) {
  Replica replica;
  replica.run_block(kFirst);
  replica.step(WorkPending{true});
  const Block second = make_block(2, kFirst.ref);
  replica.hear(certificate(finalize(second)));
  ASSERT_EQ(replica.machine->status().view, View{3});
  for (int i = 0; i < 30; ++i) replica.wait(100ms);
  EXPECT_TRUE(replica.machine->status().resting);
  EXPECT_EQ(replica.voted(nullify(3)), 0u);
  EXPECT_GT(replica.sent_of<BlockRequest>(), 0u);
  replica.hear_votes(nullify(3), {1, 2});  // they have work: it is joined
  EXPECT_EQ(replica.voted(nullify(3)), 1u);
}

TEST(Machine, WhoHasCaughtUpWaitsForItsOwnWorkAgain) {
  Replica replica;
  replica.run_block(kFirst);
  replica.step(WorkPending{true});
  const Block second = make_block(2, kFirst.ref);
  replica.hear(certificate(finalize(second)));
  replica.hear(BlockMessage{second});
  replica.step(PayloadVerified{second.ref.id, Verdict::ok});
  EXPECT_FALSE(replica.machine->status().resting);
  for (int i = 0; i < 30; ++i) replica.wait(100ms);
  EXPECT_GT(replica.voted(nullify(3)), 0u);
}

TEST(Machine, EverythingItKeepsIsWithinItsBound) {
  Replica replica = after_a_failure();
  for (const Gauge& gauge : replica.machine->gauges())
    EXPECT_LE(gauge.size, gauge.bound) << gauge.name;
}

TEST(Machine, ConflictingAttestationsOfOneValidatorAreEvidence) {
  Replica replica;
  const auto attestation = [](std::uint8_t fill) {
    Hash id;
    id.bytes.fill(fill);
    return Attestation{Height{1}, id, 3,
                       Scheme::sign(3, attestation_sign_bytes(kGenesis, Height{1}, id))};
  };
  replica.hear(attestation(1), 3);
  EXPECT_EQ(replica.hear(attestation(2), 3).rejection->error, Error{err::equivocation});
  ASSERT_EQ(replica.misbehaviour.size(), 1u);
  EXPECT_EQ(replica.misbehaviour[0].kind, MisbehaviourKind::two_attestations);
}

}  // namespace
}  // namespace wusong::consensus
