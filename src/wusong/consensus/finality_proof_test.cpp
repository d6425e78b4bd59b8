// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/finality_proof.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/validator_keys.hpp"

namespace wusong::consensus {
namespace {

struct Validators {
  std::vector<std::unique_ptr<crypto::Signer>> signers;
  std::unique_ptr<KeyVerifier> verifier;

  Validators(crypto::Scheme scheme, std::size_t count) {
    std::vector<ValidatorKey> keys;
    const auto& info = *crypto::find_scheme(static_cast<std::uint8_t>(scheme));
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes secret(info.secret_key_size, static_cast<std::uint8_t>(i + 1));
      signers.push_back(*crypto::make_signer(scheme, secret));
      keys.push_back({scheme, to_bytes(signers.back()->public_key())});
    }
    verifier = std::make_unique<KeyVerifier>(std::move(keys));
  }
  SignatureSet sign(BytesView message, std::vector<ValidatorIndex> who) const {
    SignatureSet out;
    for (const ValidatorIndex index : who)
      out.entries.push_back({index, signers[index]->sign(message)});
    return out;
  }
};

Hash id(std::uint8_t fill) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}
const Hash kGenesis = id(1);
const VoteSubject kFinal{.kind = VoteKind::finalize,
                         .view = View{9},
                         .height = Height{5},
                         .block_id = id(7),
                         .parent_view = View{}};

FinalityProof attested(const Validators& v, std::vector<ValidatorIndex> who) {
  return make_finality_proof(
      Height{5}, id(7), v.sign(attestation_sign_bytes(kGenesis, Height{5}, id(7)), std::move(who)));
}
FinalityProof certified(const Validators& v, std::vector<ValidatorIndex> who) {
  return make_finality_proof(
      Certificate{kFinal, v.sign(vote_sign_bytes(kGenesis, kFinal), std::move(who))});
}

TEST(FinalityProof, OneMoreThanTheFaultyAttestForAnyScheme) {
  for (const auto& info : crypto::scheme_table()) {
    const Validators v{info.scheme, 4};
    FinalityProof proof = attested(v, {1, 3});
    EXPECT_EQ(decode_finality_proof(encode(proof)), proof) << info.name;
    EXPECT_TRUE(verify_finality_proof(*v.verifier, kGenesis, proof)) << info.name;
    proof.signatures.entries.back().signature.back() ^= 1;
    EXPECT_FALSE(verify_finality_proof(*v.verifier, kGenesis, proof)) << info.name;
    EXPECT_EQ(verify_finality_proof(*v.verifier, kGenesis, attested(v, {1})).error(),
              Error{err::no_quorum});
  }
}

TEST(FinalityProof, ACertificateNeedsAQuorum) {
  const Validators v{crypto::Scheme::ed25519, 4};
  EXPECT_TRUE(verify_finality_proof(*v.verifier, kGenesis, certified(v, {0, 1, 3})).has_value());
  EXPECT_EQ(verify_finality_proof(*v.verifier, kGenesis, certified(v, {0, 3})).error(),
            Error{err::no_quorum});
}

TEST(FinalityProof, AnythingElseThanWhatWasSignedIsRefused) {
  const Validators v{crypto::Scheme::ed25519, 4};
  const auto refused = [&](FinalityProof proof, const Hash& genesis = kGenesis) {
    return verify_finality_proof(*v.verifier, genesis, proof).error();
  };
  EXPECT_EQ(refused(attested(v, {0, 1}), id(2)), Error{err::bad_signature});
  FinalityProof proof = attested(v, {0, 1});
  proof.height = Height{6};
  EXPECT_EQ(refused(proof), Error{err::bad_signature});
  proof = attested(v, {0, 1});
  proof.block_id = id(8);
  EXPECT_EQ(refused(proof), Error{err::bad_signature});
  proof = attested(v, {0, 1});
  std::swap(proof.signatures.entries[0].signature, proof.signatures.entries[1].signature);
  EXPECT_EQ(refused(proof), Error{err::bad_signature});
  proof = certified(v, {0, 1, 2});
  proof.view = View{10};
  EXPECT_EQ(refused(proof), Error{err::bad_signature});
  // Finalize votes are no attestations.
  proof = certified(v, {0, 1, 2});
  proof.kind = FinalityProof::Kind::attestations;
  EXPECT_EQ(refused(proof), Error{err::bad_signature});
}

TEST(FinalityProof, NobodyCountsTwiceAndStrangersDoNotCount) {
  const Validators v{crypto::Scheme::ed25519, 4};
  FinalityProof proof = attested(v, {1, 1});
  EXPECT_EQ(verify_finality_proof(*v.verifier, kGenesis, proof).error(),
            Error{err::bad_finality_proof});
  proof = attested(v, {1, 2});
  proof.signatures.entries[1].validator = 4;
  EXPECT_EQ(verify_finality_proof(*v.verifier, kGenesis, proof).error(),
            Error{err::unknown_validator});
}

TEST(FinalityProof, AnEmptyValidatorSetProvesNothing) {
  const KeyVerifier nobody{{}};
  FinalityProof proof;
  proof.height = Height{1};
  EXPECT_EQ(verify_finality_proof(nobody, kGenesis, proof).error(), Error{err::no_quorum});
}

TEST(FinalityProof, HasOneEncoding) {
  const Validators v{crypto::Scheme::ed25519, 4};
  for (const FinalityProof& proof : {attested(v, {1, 3}), certified(v, {0, 1, 3})}) {
    Bytes bytes = encode(proof);
    const auto decoded = decode_finality_proof(bytes);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, proof);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_finality_proof(BytesView{bytes}.first(size)));
    bytes.push_back(0);
    EXPECT_FALSE(decode_finality_proof(bytes));
  }
}

}  // namespace
}  // namespace wusong::consensus
