// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/relay_message.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

PeerKey key() {
  PeerKey out;
  out.bytes.fill(5);
  return out;
}

TEST(RelayMessage, ComesBackAsItWasSent) {
  const Bytes open = encode(RelayMessage{RelayOpen{7, key()}});
  EXPECT_EQ(std::get<RelayOpen>(*decode_relay(open)), (RelayOpen{7, key()}));
  const Bytes call = encode(RelayMessage{RelayCall{6, key()}});
  EXPECT_EQ(std::get<RelayCall>(*decode_relay(call)), (RelayCall{6, key()}));
  const Bytes bytes(kRelayDataMax, 3);
  const Bytes data = encode(RelayMessage{RelayData{8, bytes}});
  const auto message = decode_relay(data);
  EXPECT_EQ(std::get<RelayData>(*message).circuit, 8u);
  EXPECT_EQ(to_bytes(std::get<RelayData>(*message).bytes), bytes);
  const Bytes credit = encode(RelayMessage{RelayCredit{9, kRelayWindow}});
  EXPECT_EQ(std::get<RelayCredit>(*decode_relay(credit)), (RelayCredit{9, kRelayWindow}));
  const Bytes close = encode(RelayMessage{RelayClose{10}});
  EXPECT_EQ(std::get<RelayClose>(*decode_relay(close)), (RelayClose{10}));
}

TEST(RelayMessage, WhatIsEmptyOrOverALimitIsRefused) {
  const Bytes long_bytes(kRelayDataMax + 1, 3);
  for (const RelayMessage& bad :
       {RelayMessage{RelayData{1, {}}}, RelayMessage{RelayData{1, long_bytes}},
        RelayMessage{RelayCredit{1, 0}}, RelayMessage{RelayCredit{1, kRelayWindow + 1}}}) {
    EXPECT_EQ(decode_relay(encode(bad)).error(), Error{err::bad_message});
  }
  Bytes trailing = encode(RelayMessage{RelayClose{1}});
  trailing.push_back(0);
  EXPECT_EQ(decode_relay(trailing).error(), Error{err::bad_message});
  EXPECT_EQ(decode_relay(Bytes{0xc2, 0x09, 0x01}).error(), Error{err::bad_message});
  EXPECT_EQ(decode_relay({}).error(), Error{err::bad_message});
}

}  // namespace
}  // namespace wusong::net
