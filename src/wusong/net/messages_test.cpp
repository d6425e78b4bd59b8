// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/messages.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

Hello hello() {
  Hello out{kProtocolVersion, {}, "wusong/0.1.0", Role::observer, Height{77}};
  out.genesis_hash.bytes.fill(9);
  return out;
}

TEST(FrameHeader, RoundTripsAndIsBounded) {
  std::array<std::uint8_t, kFrameHeaderSize> bytes{};
  encode_frame_header({70'000, Channel::gossip}, bytes.data());
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 5>{0, 1, 0x11, 0x71, 4}));  // 70,001 with the channel
  const auto header = decode_frame_header(bytes);
  EXPECT_EQ(header->payload_size, 70'000u);
  EXPECT_EQ(header->channel, Channel::gossip);
  EXPECT_TRUE(decode_frame_header(bytes, 70'000));
  EXPECT_EQ(decode_frame_header(bytes, 69'999).error(), err::frame_too_large);
}

TEST(FrameHeader, BadOnesAreNamed) {
  using Raw = std::array<std::uint8_t, 5>;
  EXPECT_EQ(decode_frame_header(Raw{0, 0, 0, 0, 0}).error(), err::bad_message);
  EXPECT_EQ(decode_frame_header(Raw{0, 0, 0, 1, kChannelCount}).error(), err::unknown_channel);
  EXPECT_EQ(decode_frame_header(Raw{255, 255, 255, 255, 1}).error(), err::frame_too_large);
  EXPECT_EQ(decode_frame_header(Raw{0, 0, 0, 1, 1})->payload_size, 0u);
}

TEST(Control, EveryMessageRoundTrips) {
  for (const ControlMessage& message :
       {ControlMessage{hello()}, ControlMessage{Ping{0}}, ControlMessage{Pong{UINT64_MAX}},
        ControlMessage{Addresses{{Bytes{1}, Bytes(kAddressRecordSizeMax, 2)}}}}) {
    const auto decoded = decode_control(encode(message));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Control, TruncatedExtendedAndFlippedMessagesAreRefusedOrDifferent) {
  const Bytes good = encode(ControlMessage{hello()});
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_control(BytesView{good}.first(size)));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(decode_control(longer).error(), err::bad_message);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes flipped = good;
    flipped[i] ^= 0x80;
    const auto decoded = decode_control(flipped);
    EXPECT_TRUE(!decoded || *decoded != ControlMessage{hello()});
  }
}

TEST(Control, AVersionMustBeShortAndPrintable) {
  Hello odd = hello();
  odd.node_version = std::string(kNodeVersionSizeMax, 'v');
  EXPECT_TRUE(decode_control(encode(ControlMessage{odd})));
  odd.node_version += 'v';
  EXPECT_FALSE(decode_control(encode(ControlMessage{odd})));
  odd.node_version = "a\nb";
  EXPECT_FALSE(decode_control(encode(ControlMessage{odd})));
}

TEST(Control, AddressesAreBounded) {
  for (const Addresses& bad :
       {Addresses{}, Addresses{{Bytes{}}}, Addresses{{Bytes(kAddressRecordSizeMax + 1, 1)}},
        Addresses{std::vector<Bytes>(kAddressRecordsMax + 1, Bytes{1})}}) {
    EXPECT_EQ(decode_control(encode(ControlMessage{bad})).error(), Error{err::bad_message});
  }
  const Addresses most{std::vector<Bytes>(kAddressRecordsMax, Bytes{1})};
  EXPECT_TRUE(decode_control(encode(ControlMessage{most})).has_value());
}

TEST(Control, HellosMustAgreeOnProtocolAndGenesis) {
  Hello other = hello();
  other.finalised = Height{1};
  other.role = Role::validator;
  EXPECT_TRUE(check_hello(hello(), other));
  other.genesis_hash.bytes[31] ^= 1;
  EXPECT_EQ(check_hello(hello(), other).error(), err::genesis_mismatch);
  other.protocol_version = 2;
  EXPECT_EQ(check_hello(hello(), other).error(), err::version_mismatch);
}

TEST(Sync, EveryMessageRoundTrips) {
  const RangeResponse some{7, Height{100}, {Bytes{1}, Bytes(300, 2)}, Bytes{3}};
  for (const SyncMessage& message :
       {SyncMessage{StatusAnnouncement{Height{5}, View{9}}},
        SyncMessage{StatusAnnouncement{Height{5}, View{9}, Height{3}}},
        SyncMessage{RangeRequest{7, Height{100}, 256}},
        SyncMessage{RangeRequest{7, Height{100}, 256, true}}, SyncMessage{some},
        SyncMessage{RangeResponse{7, Height{100}, {}, {}}},
        SyncMessage{RangePartRequest{7, Height{100}, 16}},
        SyncMessage{RangePart{7, 1'000, 400, 2, Bytes(200, 1)}}}) {
    const auto decoded = decode_sync(encode(message));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Sync, LimitsAreHeld) {
  const auto refused = [](const SyncMessage& message) {
    const auto decoded = decode_sync(encode(message));
    return !decoded && decoded.error() == err::bad_message;
  };
  EXPECT_TRUE(refused(RangeRequest{1, Height{1}, 0}));
  EXPECT_TRUE(refused(RangeRequest{1, Height{1}, 257}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{1}, std::vector<Bytes>(257, Bytes{1}), Bytes{1}}));
  EXPECT_FALSE(refused(RangeResponse{1, Height{1}, std::vector<Bytes>(256, Bytes{1}), Bytes{1}}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{1}, {Bytes{1}}, {}}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{1}, {}, Bytes{1}}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{1}, {Bytes{}}, Bytes{1}}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{UINT64_MAX}, {Bytes{1}}, Bytes{1}}));
  EXPECT_TRUE(refused(RangeResponse{1, Height{1}, {Bytes{1}}, Bytes(kCertificateSizeMax + 1)}));
  EXPECT_TRUE(refused(RangePartRequest{1, Height{1}, kRangePartsMax}));
  EXPECT_TRUE(refused(RangePart{1, 1'000, 400, 2, Bytes(201)}));  // beyond the end
  EXPECT_TRUE(refused(RangePart{1, 1'000, 400, 1, Bytes(399)}));  // not the last, and not full
  EXPECT_TRUE(refused(RangePart{1, 1'000, 400, 3, {}}));
  EXPECT_TRUE(refused(RangePart{1, 1'000, 0, 0, Bytes(1'000)}));
  EXPECT_TRUE(refused(
      RangePart{1, kRangePartBytes + 1, kRangePartBytes + 1, 0, Bytes(kRangePartBytes + 1)}));
  EXPECT_TRUE(refused(RangePart{1, kRangePartsMax + 1, 1, 0, Bytes(1)}));
}

Hash some_hash(std::uint8_t byte) {
  Hash hash;
  hash.bytes.fill(byte);
  return hash;
}

SnapshotItem some_item(SnapshotItem::Kind kind, std::uint8_t depth) {
  SnapshotItem item{.kind = kind, .key = {}, .nibbles = {}, .depth = depth};
  if (kind != SnapshotItem::Kind::accounts) item.key = some_hash(7);
  for (std::uint8_t i = 0; i < depth / 2; ++i) item.nibbles.bytes[i] = 0xab;
  if (depth % 2 == 1) item.nibbles.bytes[depth / 2] = 0xc0;
  return item;
}

TEST(Sync, PartsOfAStateRoundTrip) {
  using Kind = SnapshotItem::Kind;
  const SnapshotRequest request{
      .id = 9,
      .height = Height{77},
      .root = some_hash(1),
      .items = {some_item(Kind::accounts, 0), some_item(Kind::accounts, 3),
                some_item(Kind::storage, 64), some_item(Kind::code, 0)}};
  SnapshotBranch branch{.prefix = some_hash(0), .depth = 4, .children = {}};
  branch.children[0] = Bytes(32, 1);
  branch.children[15] = Bytes(7, 2);
  const SnapshotResponse response{
      .id = 9,
      .status = SnapshotResponse::Status::ok,
      .parts = {SnapshotLeaves{{some_hash(3), Bytes{1}}, {some_hash(4), Bytes(70, 9)}}, branch,
                Bytes{0x60, 0x00}}};
  const ProofRequest proof{.id = 9, .height = Height{7}, .address = {}, .slots = {some_hash(1)}};
  const ProofResponse proved{
      .id = 9, .account = {Bytes(40, 1), Bytes(2, 2)}, .slots = {{Bytes(33, 1)}, {}}};
  const SnapshotResponse busy{.id = 9, .status = SnapshotResponse::Status::busy, .parts = {}};
  for (const SyncMessage& message : {SyncMessage{request}, SyncMessage{response}, SyncMessage{busy},
                                     SyncMessage{proof}, SyncMessage{proved}}) {
    const auto decoded = decode_sync(encode(message));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Sync, EndsOfEpochsRoundTripAndAreCounted) {
  EpochsResponse response{.id = 9, .ends = {{Bytes{1}, Bytes(300, 2)}, {Bytes(70, 3), Bytes{4}}}};
  for (const SyncMessage& message :
       {SyncMessage{EpochsRequest{.id = 9, .from = 0}}, SyncMessage{response},
        SyncMessage{EpochsResponse{.id = 9, .ends = {}}}}) {
    const auto decoded = decode_sync(encode(message));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, message);
  }
  const auto refused = [](const SyncMessage& message) { return !decode_sync(encode(message)); };
  response.ends.resize(kEpochEndsMax, {Bytes{1}, Bytes{2}});
  EXPECT_FALSE(refused(response));
  response.ends.push_back({Bytes{1}, Bytes{2}});
  EXPECT_TRUE(refused(response));
  EXPECT_TRUE(refused(EpochsResponse{.id = 9, .ends = {{Bytes{1}, {}}}}));
  EXPECT_TRUE(refused(EpochsResponse{.id = 9, .ends = {{{}, Bytes{1}}}}));
}

TEST(Sync, PartsOfAStateAreHeldToTheirShape) {
  const auto refused = [](const SyncMessage& message) { return !decode_sync(encode(message)); };
  SnapshotRequest request{.id = 1, .height = {}, .root = {}, .items = {}};
  EXPECT_TRUE(refused(request));
  request.items.resize(kSnapshotItemsMax);
  EXPECT_FALSE(refused(request));
  request.items.resize(kSnapshotItemsMax + 1);
  EXPECT_TRUE(refused(request));
  SnapshotItem untidy = some_item(SnapshotItem::Kind::accounts, 3);
  untidy.nibbles.bytes[1] = 0xcd;  // a fourth nibble
  request.items = {untidy};
  EXPECT_TRUE(refused(request));
  untidy = some_item(SnapshotItem::Kind::code, 2);
  request.items = {untidy};
  EXPECT_TRUE(refused(request));

  using Status = SnapshotResponse::Status;
  const SnapshotLeaves one{{some_hash(1), Bytes{1}}};
  EXPECT_TRUE(refused(SnapshotResponse{.id = 1, .status = Status::ok, .parts = {}}));
  EXPECT_TRUE(refused(SnapshotResponse{.id = 1, .status = Status::gone, .parts = {one}}));
  EXPECT_TRUE(
      refused(SnapshotResponse{.id = 1, .status = Status::ok, .parts = {SnapshotLeaves{}}}));
  EXPECT_TRUE(refused(SnapshotResponse{.id = 1, .status = Status::ok, .parts = {Bytes{}}}));
  SnapshotBranch branch;
  EXPECT_TRUE(refused(ProofRequest{
      .id = 1, .height = {}, .address = {}, .slots = std::vector<Hash>(kProofSlotsMax + 1)}));
  EXPECT_TRUE(refused(ProofResponse{.id = 1, .account = {Bytes{}}, .slots = {}}));
  EXPECT_TRUE(refused(ProofResponse{
      .id = 1, .account = std::vector<Bytes>(kProofNodesMax + 1, Bytes{1}), .slots = {}}));
  branch.children[1] = Bytes(33, 1);
  EXPECT_TRUE(refused(SnapshotResponse{.id = 1, .status = Status::ok, .parts = {branch}}));
}

TEST(TransactionBatch, RoundTripsWithinItsLimits) {
  const Bytes a(3, 1);
  const Bytes b(kTransactionSizeMax, 2);
  const Bytes encoded = encode_transaction_batch({a, b});
  const auto decoded = decode_transaction_batch(encoded);
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), 2u);
  EXPECT_EQ(to_bytes((*decoded)[0]), a);
  EXPECT_EQ(to_bytes((*decoded)[1]), b);
}

TEST(TransactionBatch, WhatIsEmptyOrOverALimitIsRefused) {
  const auto refused = [](const std::vector<BytesView>& batch) {
    return !decode_transaction_batch(encode_transaction_batch(batch));
  };
  const Bytes one{1};
  const Bytes large(kTransactionSizeMax, 2);
  const Bytes too_large(kTransactionSizeMax + 1, 2);
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({BytesView{}}));
  EXPECT_TRUE(refused({too_large}));
  EXPECT_FALSE(refused(std::vector<BytesView>(kBatchTransactionsMax, one)));
  EXPECT_TRUE(refused(std::vector<BytesView>(kBatchTransactionsMax + 1, one)));
  EXPECT_FALSE(refused(std::vector<BytesView>(8, large)));
  EXPECT_TRUE(refused(std::vector<BytesView>(9, large)));
  Bytes trailing = encode_transaction_batch({one});
  trailing.push_back(1);
  EXPECT_FALSE(decode_transaction_batch(trailing));
}

TEST(Priority, VotesGoFirstAndGossipLast) {
  EXPECT_EQ(priority_of(Channel::consensus), Priority::urgent);
  EXPECT_EQ(priority_of(Channel::control), Priority::urgent);
  EXPECT_EQ(priority_of(Channel::block), Priority::bulk);
  EXPECT_EQ(priority_of(Channel::sync), Priority::bulk);
  EXPECT_EQ(priority_of(Channel::gossip), Priority::gossip);
}

}  // namespace
}  // namespace wusong::net
