// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/messages.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "wusong/consensus/errors.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::consensus {
namespace {

constexpr std::size_t kLimit = 1000;

Hash hash_of(std::uint8_t fill) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}

VoteSubject notarize() {
  return {.kind = VoteKind::notarize,
          .view = View{7},
          .height = Height{5},
          .block_id = hash_of(0xab),
          .parent_view = View{6}};
}
VoteSubject finalize() {
  return {.kind = VoteKind::finalize,
          .view = View{7},
          .height = Height{5},
          .block_id = hash_of(0xab),
          .parent_view = View{}};
}
VoteSubject nullify() {
  return {.kind = VoteKind::nullify,
          .view = View{7},
          .height = Height{},
          .block_id = Hash{},
          .parent_view = View{}};
}
Block block() {
  return {{View{7}, Height{5}, hash_of(0xab)}, View{6}, hash_of(0xcd), Bytes{1, 2, 3}};
}
SignatureSet signatures() {
  return {{{0, Bytes{9}}, {3, Bytes(64, 7)}, {4095, Bytes{1, 2}}}};
}

SliceHeader slice() {
  return {.block = {View{7}, Height{5}, hash_of(0xab)},
          .parent_view = View{6},
          .parent_id = hash_of(0xcd),
          .payload_bytes = 900,
          .slice_bytes = 400,
          .index = 2,
          .commitment = coding::Commitment{hash_of(0xef).bytes}};
}

std::vector<Message> one_of_each() {
  return {Proposal{block(), Bytes(64, 1)},
          Vote{notarize(), 3, Bytes(64, 2)},
          Vote{nullify(), 0, Bytes(1, 2)},
          Vote{finalize(), 4095, Bytes(4096, 2)},
          Certificate{notarize(), signatures()},
          Certificate{nullify(), signatures()},
          Certificate{finalize(), signatures()},
          BlockMessage{block()},
          BlockRequest{View{7}, hash_of(1)},
          CertificateRequest{View{3}, View{9}},
          StatusMessage{View{9}, View{7}, Height{6}},
          Attestation{Height{6}, hash_of(2), 3, Bytes(64, 3)}};
}

std::vector<Message> of_slices() {
  return {FragmentMessage{slice(), Bytes(64, 4), Bytes{5, 6}},
          SliceStatus{View{7}, hash_of(1), 12}};
}
std::vector<Message> all_of_them() {
  auto out = one_of_each();
  for (const Message& message : of_slices()) out.push_back(message);
  return out;
}

TEST(Messages, EachComesBackAsItWas) {
  for (const Message& message : all_of_them()) {
    const auto decoded = decode_message(encode(message), kLimit);
    ASSERT_TRUE(decoded.has_value()) << message.index();
    EXPECT_EQ(*decoded, message) << message.index();
  }
}

TEST(Messages, APayloadIsCutIntoPartsInOneWay) {
  Block large = block();
  large.payload = Bytes(2 * kPartBytes + 5, 7);
  Bytes joined;
  for (std::uint32_t offset = 0; offset < large.payload.size(); offset += kPartBytes) {
    const BlockMessage part = part_of(large, offset);
    EXPECT_LE(encode(part).size(), kBulkMessageBytesMax);
    const auto decoded = decode_message(encode(part), large.payload.size());
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, Message{part});
    append(joined, part.block.payload);
    EXPECT_EQ(decode_message(encode(part), large.payload.size() - 1).error(),
              Error{err::payload_too_large});
  }
  EXPECT_EQ(joined, large.payload);
  const Message request = BlockRequest{View{7}, hash_of(1), 3 * kPartBytes};
  EXPECT_EQ(decode_message(encode(request), kLimit), request);
  EXPECT_FALSE(decode_message(encode(BlockRequest{View{7}, hash_of(1), 3}), kLimit));
  const auto refused = [](BlockMessage part) { return !decode_message(encode(part), 1u << 30); };
  BlockMessage part = part_of(large, kPartBytes);
  part.offset += 1;
  EXPECT_TRUE(refused(part));
  part = part_of(large, kPartBytes);
  part.block.payload.pop_back();
  EXPECT_TRUE(refused(part));
  part.block.payload.resize(kPartBytes + 1);
  EXPECT_TRUE(refused(part));
}

TEST(Messages, ASliceHasPossibleNumbers) {
  const auto accepted = [](const std::function<void(SliceHeader&)>& change) {
    FragmentMessage message{slice(), Bytes(64, 4), Bytes{5, 6}};
    change(message.slice);
    return decode_message(encode(message), 1u << 30).has_value();
  };
  EXPECT_TRUE(accepted([](SliceHeader&) {}));
  EXPECT_FALSE(accepted([](SliceHeader& s) { s.index = 3; }));
  EXPECT_FALSE(accepted([](SliceHeader& s) { s.payload_bytes = 0; }));
  EXPECT_FALSE(accepted([](SliceHeader& s) { s.slice_bytes = 0; }));
  EXPECT_FALSE(accepted([](SliceHeader& s) { s.slice_bytes = (4u << 20) + 1; }));
  EXPECT_FALSE(accepted([](SliceHeader& s) { s.payload_bytes = 400 * (kSlicesMax + 1); }));
  EXPECT_TRUE(accepted([](SliceHeader& s) { s.payload_bytes = 400 * kSlicesMax; }));
}

TEST(Messages, EveryTruncationAndEveryExtraByteIsRefused) {
  for (const Message& message : all_of_them()) {
    Bytes bytes = encode(message);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_message(BytesView{bytes}.first(size), kLimit)) << message.index();
    bytes.push_back(0);
    EXPECT_FALSE(decode_message(bytes, kLimit)) << message.index();
  }
}

TEST(Messages, UnknownTypesAndKindsAreRefused) {
  EXPECT_EQ(decode_message(Bytes{0}, kLimit).error(), Error{err::bad_message});
  EXPECT_EQ(decode_message(Bytes{9}, kLimit).error(), Error{err::bad_message});
  Bytes vote = encode(Vote{nullify(), 0, Bytes{1}});
  vote[1] = 4;
  EXPECT_FALSE(decode_message(vote, kLimit));
  vote[1] = 0;
  EXPECT_FALSE(decode_message(vote, kLimit));
}

TEST(Messages, VotesOfViewZeroAndBlocksBeforeTheirParentsAreRefused) {
  Vote vote{nullify(), 0, Bytes{1}};
  vote.subject.view = View{0};
  EXPECT_FALSE(decode_message(encode(vote), kLimit));
  vote.subject = notarize();
  vote.subject.parent_view = vote.subject.view;
  EXPECT_FALSE(decode_message(encode(vote), kLimit));
  Block bad = block();
  bad.parent_view = bad.ref.view;
  EXPECT_FALSE(decode_message(encode(BlockMessage{bad}), kLimit));
}

TEST(Messages, SignaturesAreOneTo4096BytesOfValidatorsBelow4096) {
  EXPECT_FALSE(decode_message(encode(Vote{nullify(), 0, Bytes{}}), kLimit));
  EXPECT_FALSE(decode_message(encode(Vote{nullify(), 0, Bytes(4097)}), kLimit));
  EXPECT_FALSE(decode_message(encode(Vote{nullify(), 4096, Bytes(64)}), kLimit));
  EXPECT_FALSE(decode_message(encode(Certificate{nullify(), {}}), kLimit));
  EXPECT_FALSE(decode_message(encode(Certificate{nullify(), {{{4096, Bytes(64)}}}}), kLimit));
}

TEST(Messages, ABitmapMayNotEndInZeros) {
  Bytes bytes = encode(Certificate{nullify(), {{{0, Bytes{5}}}}});
  // type, kind, view, then bitmap length 00 01 and bitmap 01
  ASSERT_EQ(bytes[11], 1);
  bytes[11] = 2;
  bytes.insert(bytes.begin() + 13, 0);
  EXPECT_EQ(decode_message(bytes, kLimit).error(), Error{err::bad_message});
}

TEST(Messages, APayloadOverTheLimitIsNamed) {
  Block big = block();
  big.payload.resize(kLimit);
  EXPECT_TRUE(decode_message(encode(BlockMessage{big}), kLimit));
  big.payload.resize(kLimit + 1);
  EXPECT_EQ(decode_message(encode(BlockMessage{big}), kLimit).error(),
            Error{err::payload_too_large});
  EXPECT_EQ(decode_message(encode(Proposal{big, Bytes{1}}), kLimit).error(),
            Error{err::payload_too_large});
}

TEST(Messages, SignedBytesBindDomainChainKindAndEveryField) {
  const Hash genesis = hash_of(1);
  const Bytes base = vote_sign_bytes(genesis, notarize());
  EXPECT_EQ(as_text(base).substr(0, 14), "wusong/vote/v1");
  EXPECT_EQ(base.size(), 14u + 32 + 1 + 8 + 8 + 32 + 8);
  EXPECT_NE(base, vote_sign_bytes(hash_of(2), notarize()));
  EXPECT_NE(base, vote_sign_bytes(genesis, finalize()));
  for (int field = 0; field < 4; ++field) {
    VoteSubject other = notarize();
    if (field == 0) other.view = View{8};
    if (field == 1) other.height = Height{6};
    if (field == 2) other.block_id = hash_of(0xac);
    if (field == 3) other.parent_view = View{5};
    EXPECT_NE(base, vote_sign_bytes(genesis, other)) << field;
  }
  const Bytes attestation = attestation_sign_bytes(genesis, Height{5}, hash_of(0xab));
  EXPECT_EQ(as_text(attestation).substr(0, 16), "wusong/attest/v1");
  EXPECT_EQ(attestation.size(), 16u + 32 + 8 + 32);
}

// A change of this digest is a change of the wire and disk format: its own commit, with an ADR.
std::string hex_of(const Hash& hash) {
  std::string hex;
  for (const std::uint8_t byte : hash.bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

TEST(Messages, TheFormatIsFrozen) {
  Bytes all;
  for (const Message& message : one_of_each()) append(all, encode(message));
  append(all, vote_sign_bytes(hash_of(1), notarize()));
  append(all, attestation_sign_bytes(hash_of(1), Height{5}, hash_of(2)));
  EXPECT_EQ(hex_of(hash::sha256(all)),
            "46c6cad47536793e81d70b78be5c6e99707c25752eea7bfccb50bbbafc2b2a5b");
}

TEST(Messages, TheFormatOfSlicesIsFrozen) {
  Bytes all;
  for (const Message& message : of_slices()) append(all, encode(message));
  append(all, encode(BlockRequest{View{7}, hash_of(1), 3 * kPartBytes}));
  Block large = block();
  large.payload = Bytes(kPartBytes + 5, 7);
  append(all, encode(part_of(large, 0)));
  append(all, encode(part_of(large, kPartBytes)));
  append(all, slice_sign_bytes(hash_of(1), slice()));
  EXPECT_EQ(hex_of(hash::sha256(all)),
            "dce5ff2f2e1564292702dc6ada17892c4f5726661193cd728ab0ca669ff21bfb");
}

}  // namespace
}  // namespace wusong::consensus
