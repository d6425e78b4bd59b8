// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/address_book.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

constexpr std::uint64_t kHour = 3'600'000;
constexpr UnixMillis kNow{1'000 * kHour};

Hash genesis(std::uint8_t fill = 7) {
  Hash out;
  out.bytes.fill(fill);
  return out;
}
std::unique_ptr<crypto::Signer> signer(std::uint8_t fill) {
  return *crypto::make_signer(crypto::Scheme::ed25519, Bytes(32, fill));
}
PeerKey key(std::uint8_t fill) {
  return PeerKey::from(signer(fill)->public_key());
}
AddressRecord record(std::uint8_t fill, std::uint64_t issued, std::string address = "a.example:1") {
  AddressRecord out{
      .node = key(fill), .issued = {issued}, .addresses = {std::move(address)}, .relays = {key(9)}};
  sign(out, genesis(), *signer(fill));
  return out;
}
AddressBook book() {
  AddressBook out{genesis()};
  out.admit({key(1), key(2)});
  return out;
}

TEST(AddressBook, TheNewestRecordOfANodeCounts) {
  AddressBook at = book();
  EXPECT_TRUE(*at.offer(record(1, kNow.value, "old.example:1"), kNow));
  EXPECT_TRUE(*at.offer(record(1, kNow.value + 1, "new.example:1"), kNow));
  EXPECT_FALSE(*at.offer(record(1, kNow.value, "old.example:1"), kNow));
  EXPECT_FALSE(*at.offer(record(1, kNow.value + 1, "new.example:1"), kNow));
  EXPECT_EQ(at.find(key(1))->addresses[0], "new.example:1");
  EXPECT_EQ(at.all().size(), 1u);
}

TEST(AddressBook, RecordsOfNodesThatAreNotAdmittedAreNoNewsAndGoWithThem) {
  AddressBook at = book();
  EXPECT_FALSE(*at.offer(record(3, kNow.value), kNow));
  EXPECT_TRUE(*at.offer(record(2, kNow.value), kNow));
  at.admit({key(1), key(3)});
  EXPECT_EQ(at.find(key(2)), nullptr);
  EXPECT_TRUE(*at.offer(record(3, kNow.value), kNow));
}

TEST(AddressBook, RecordsExpireAndThoseOfTheFutureWait) {
  AddressBook at = book();
  EXPECT_FALSE(*at.offer(record(1, kNow.value - 24 * kHour), kNow));
  EXPECT_FALSE(*at.offer(record(1, kNow.value + kHour + 1), kNow));
  EXPECT_TRUE(*at.offer(record(1, kNow.value - 24 * kHour + 1), kNow));
  at.expire(kNow);
  EXPECT_NE(at.find(key(1)), nullptr);
  at.expire({kNow.value + 1});
  EXPECT_EQ(at.find(key(1)), nullptr);
}

TEST(AddressBook, OnlyTheNodeItselfMaySayWhereItIsAndOnlyOnItsChain) {
  AddressBook at = book();
  AddressRecord forged = record(1, kNow.value);
  sign(forged, genesis(), *signer(2));
  EXPECT_EQ(at.offer(forged, kNow).error(), Error{err::bad_address_record});
  AddressRecord altered = record(1, kNow.value);
  altered.addresses[0] = "evil.example:1";
  EXPECT_EQ(at.offer(altered, kNow).error(), Error{err::bad_address_record});
  AddressRecord elsewhere = record(1, kNow.value);
  sign(elsewhere, genesis(8), *signer(1));
  EXPECT_EQ(at.offer(elsewhere, kNow).error(), Error{err::bad_address_record});
}

TEST(AddressRecord, HasOneEncodingWithinItsLimits) {
  const AddressRecord good = record(1, kNow.value);
  EXPECT_EQ(*decode_address_record(encode(good)), good);
  Bytes longer = encode(good);
  longer.push_back(0);
  EXPECT_EQ(decode_address_record(longer).error(), Error{err::bad_address_record});
  AddressRecord many = good;
  many.addresses.assign(kRecordAddressesMax + 1, "a:1");
  EXPECT_FALSE(decode_address_record(encode(many)));
  many = good;
  many.relays.assign(kRecordRelaysMax + 1, key(9));
  EXPECT_FALSE(decode_address_record(encode(many)));
  for (const char* bad : {"", "a", "a:", ":1", "a:0", "a:01", "a:65536", "a b:1", "a\n:1", "::1:1",
                          "[]:1", "a:1x", "a/b:1"}) {
    many = good;
    many.addresses = {bad};
    EXPECT_FALSE(decode_address_record(encode(many))) << bad;
  }
}

TEST(AddressRecord, AddressesAreSplitIntoHostAndPort) {
  EXPECT_EQ(split_address("node0.example:30300")->host, "node0.example");
  EXPECT_EQ(split_address("node0.example:30300")->port, 30'300);
  EXPECT_EQ(split_address("[::1]:9")->host, "::1");
  EXPECT_EQ(split_address(std::string(kHostSizeMax + 1, 'a') + ":1"), std::nullopt);
}

}  // namespace
}  // namespace wusong::net
