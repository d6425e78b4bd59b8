// SPDX-License-Identifier: Apache-2.0
// Forged chains of epochs, one lie each.
#include "wusong/light/follower.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/validator_keys.hpp"
#include "wusong/light/errors.hpp"

namespace wusong::light {
namespace {

using consensus::FinalityProof;
using consensus::VoteKind;

Hash fill(std::uint8_t byte) {
  Hash out;
  out.bytes.fill(byte);
  return out;
}
const Hash kGenesis = fill(0x61);

/// Keys by number; an epoch names some of them.
const crypto::Signer& key(std::size_t number) {
  static std::map<std::size_t, std::unique_ptr<crypto::Signer>> keys;
  auto& found = keys[number];
  if (!found) {
    found = *crypto::make_signer(crypto::Scheme::ed25519,
                                 Bytes(32, static_cast<std::uint8_t>(number + 1)));
  }
  return *found;
}

types::Epoch epoch(std::uint64_t number, std::uint64_t first, std::size_t from, std::size_t count) {
  types::Epoch out{.number = number, .first = Height{first}, .version = number};
  for (std::size_t i = from; i < from + count; ++i) {
    const Bytes bytes = to_bytes(key(i).public_key());
    out.validators.push_back({.name = "v" + std::to_string(i),
                              .scheme = crypto::Scheme::ed25519,
                              .vote_key = bytes,
                              .node_key = bytes,
                              .beneficiary = {}});
  }
  return out;
}

/// Signed by the first `signers` validators of `by`, whose keys begin at number `from`.
Bytes proof(const types::Epoch& by, std::size_t from, std::size_t signers,
            const types::Header& header,
            FinalityProof::Kind kind = FinalityProof::Kind::certificate) {
  const Hash hash = types::hash_of(header);
  const Hash domain = types::vote_domain(kGenesis, by);
  const consensus::VoteSubject subject{.kind = VoteKind::finalize,
                                       .view = header.view,
                                       .height = header.number,
                                       .block_id = hash,
                                       .parent_view = {}};
  const Bytes message = kind == FinalityProof::Kind::attestations
                            ? consensus::attestation_sign_bytes(domain, header.number, hash)
                            : consensus::vote_sign_bytes(domain, subject);
  consensus::SignatureSet signatures;
  for (std::size_t i = 0; i < signers; ++i) {
    signatures.entries.push_back(
        {static_cast<consensus::ValidatorIndex>(i), key(from + i).sign(message)});
  }
  if (kind == FinalityProof::Kind::attestations)
    return consensus::encode(consensus::make_finality_proof(header.number, hash, signatures));
  return consensus::encode(
      consensus::make_finality_proof(consensus::Certificate{subject, signatures}));
}

types::Header header(std::uint64_t height, const Hash& parent, const types::Epoch* next = nullptr) {
  types::Header out;
  out.number = Height{height};
  out.view = View{height + 7};
  out.parent_hash = parent;
  if (next != nullptr) out.next_epoch = types::encode(*next);
  return out;
}

/// Three epochs: 4 validators, then 7 (the first 4 gone but two), then 4 others.
struct Chain {
  types::Epoch first = epoch(0, 1, 0, 4);
  types::Epoch second = epoch(1, 11, 2, 7);
  types::Epoch third = epoch(2, 21, 10, 4);
  types::Header end_first = header(10, fill(1), &second);
  types::Header end_second = header(20, fill(2), &third);
  EpochStep step_first() const { return {types::encode(end_first), proof(first, 0, 3, end_first)}; }
  EpochStep step_second() const {
    return {types::encode(end_second), proof(second, 2, 5, end_second)};
  }
};

TEST(Follower, ComesFromTheGenesisToTheNewestEpoch) {
  const Chain chain;
  Follower follower{kGenesis, chain.first};
  ASSERT_TRUE(follower.advance(chain.step_first()));
  ASSERT_TRUE(follower.advance(chain.step_second()));
  EXPECT_EQ(follower.newest(), chain.third);
}

TEST(Follower, AnySetThatIsTrustedIsABeginning) {
  const Chain chain;
  Follower follower{kGenesis, chain.second};
  EXPECT_TRUE(follower.advance(chain.step_second()));
  const types::Header early = header(5, fill(3));
  EXPECT_EQ(follower.prove({types::encode(early), {}, proof(chain.first, 0, 3, early)}).error(),
            Error{err::before_trust});
}

TEST(Follower, AnEpochIsEndedByAQuorumOfItsOwnValidatorsOnly) {
  const Chain chain;
  const auto refusal = [&](Bytes proof_bytes) {
    Follower follower{kGenesis, chain.first};
    const auto outcome = follower.advance({types::encode(chain.end_first), std::move(proof_bytes)});
    EXPECT_EQ(follower.newest(), outcome ? chain.second : chain.first);
    return outcome ? "" : outcome.error().name();
  };
  EXPECT_EQ(refusal(proof(chain.first, 0, 2, chain.end_first)), "light.not_final");  // f+1 votes
  EXPECT_EQ(refusal(proof(chain.first, 0, 2, chain.end_first, FinalityProof::Kind::attestations)),
            "");  // f+1 who say that they saw it
  EXPECT_EQ(refusal(proof(chain.second, 2, 5, chain.end_first)), "light.not_final");  // the new set
  EXPECT_EQ(refusal(proof(chain.first, 20, 3, chain.end_first)), "light.not_final");  // strangers
  types::Header other = chain.end_first;
  other.timestamp.value = 1;
  EXPECT_EQ(refusal(proof(chain.first, 0, 3, other)), "light.other_block");
  EXPECT_EQ(refusal(Bytes{1, 2}), "light.not_a_proof");
}

TEST(Follower, EpochsAreNotSkippedRepeatedOrMisnamed) {
  const Chain chain;
  Follower follower{kGenesis, chain.first};
  EXPECT_EQ(follower.advance(chain.step_second()).error(), Error{err::wrong_epoch});
  ASSERT_TRUE(follower.advance(chain.step_first()));
  EXPECT_EQ(follower.advance(chain.step_first()).error(), Error{err::wrong_epoch});
  const types::Header plain = header(15, fill(4));
  EXPECT_EQ(follower.advance({types::encode(plain), proof(chain.second, 2, 5, plain)}).error(),
            Error{err::no_epoch_ends});
  types::Epoch late = chain.third;
  late.first = Height{23};
  const types::Header wrong = header(20, fill(2), &late);
  EXPECT_EQ(follower.advance({types::encode(wrong), proof(chain.second, 2, 5, wrong)}).error(),
            Error{err::wrong_epoch});
  EXPECT_EQ(follower.advance({Bytes{0xc0}, {}}).error(), Error{err::not_a_header});
}

TEST(Follower, TheOldSetFinalisesNothingBeyondItsEpoch) {
  const Chain chain;
  Follower follower{kGenesis, chain.first};
  const types::Header beyond = header(11, types::hash_of(chain.end_first));
  const HeaderClaim by_old{types::encode(beyond), {}, proof(chain.first, 0, 4, beyond)};
  ASSERT_TRUE(follower.advance(chain.step_first()));
  EXPECT_EQ(follower.prove(by_old).error(), Error{err::not_final});
  const HeaderClaim by_new{types::encode(beyond), {}, proof(chain.second, 2, 5, beyond)};
  EXPECT_EQ(follower.prove(by_new)->epoch, 1u);
  // Nor do votes of one epoch count in another for the same validators.
  types::Epoch same = chain.first;
  same.number = 1;
  same.first = Height{11};
  EXPECT_NE(types::vote_domain(kGenesis, same), types::vote_domain(kGenesis, chain.first));
}

TEST(Follower, HeadersAreProvenThroughTheEndOfAnEpoch) {
  const Chain chain;
  Follower follower{kGenesis, chain.first};
  ASSERT_TRUE(follower.advance(chain.step_first()));
  types::Header before = header(9, fill(9));
  before.executed = Height{6};
  before.roots = {{.state_root = fill(5)}, {.state_root = fill(6)}};
  types::Header last = header(10, types::hash_of(before), &chain.second);
  // The end that the follower knows has another parent: this one never was.
  types::Header after = header(11, types::hash_of(last));
  const auto claim = [&] {
    return HeaderClaim{types::encode(before),
                       {types::encode(last), types::encode(after)},
                       proof(chain.second, 2, 3, after, FinalityProof::Kind::attestations)};
  };
  EXPECT_EQ(follower.prove(claim()).error(), Error{err::wrong_epoch});
  Follower honest{kGenesis, chain.first};
  ASSERT_TRUE(honest.advance({types::encode(last), proof(chain.first, 0, 3, last)}));
  const auto proven = honest.prove(claim());
  ASSERT_TRUE(proven);
  EXPECT_EQ(proven->hash, types::hash_of(before));
  EXPECT_EQ(proven->roots_of(Height{5})->state_root, fill(5));
  EXPECT_EQ(proven->roots_of(Height{6})->state_root, fill(6));
  EXPECT_EQ(proven->roots_of(Height{7}).error(), Error{err::roots_missing});
  auto gap = claim();
  gap.chain.erase(gap.chain.begin());
  EXPECT_EQ(honest.prove(gap).error(), Error{err::broken_link});
}

TEST(Follower, AClosingBlockProvesTheEnd) {
  const Chain chain;
  const consensus::ClosingBlock closing{.view = View{30},
                                        .height = Height{12},
                                        .parent_id = fill(8),
                                        .last_height = Height{10},
                                        .last_id = types::hash_of(chain.end_first)};
  const consensus::VoteSubject subject{.kind = VoteKind::finalize,
                                       .view = closing.view,
                                       .height = closing.height,
                                       .block_id = consensus::closing_id(closing),
                                       .parent_view = {}};
  consensus::SignatureSet signatures;
  for (std::size_t i = 0; i < 3; ++i) {
    signatures.entries.push_back({static_cast<consensus::ValidatorIndex>(i),
                                  key(i).sign(consensus::vote_sign_bytes(kGenesis, subject))});
  }
  const auto made =
      consensus::make_finality_proof(closing, consensus::Certificate{subject, signatures});
  Follower follower{kGenesis, chain.first};
  auto forged = made;
  forged.closing_parent = fill(7);
  EXPECT_EQ(follower.advance({types::encode(chain.end_first), consensus::encode(forged)}).error(),
            Error{err::not_final});
  EXPECT_TRUE(follower.advance({types::encode(chain.end_first), consensus::encode(made)}));
}

}  // namespace
}  // namespace wusong::light
