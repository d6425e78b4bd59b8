// SPDX-License-Identifier: Apache-2.0
// Where a node can be reached, in its own words and under its own signature.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "wusong/base/time.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::net {

inline constexpr std::size_t kRecordAddressesMax = 4;
inline constexpr std::size_t kRecordRelaysMax = 8;
inline constexpr std::size_t kHostSizeMax = 253;
/// A record counts for this long; its owner issues a new one well before.
inline constexpr std::chrono::milliseconds kRecordLifetime{std::chrono::hours{24}};
/// A clock may be this far ahead.
inline constexpr std::chrono::milliseconds kRecordAheadMax{std::chrono::hours{1}};

struct AddressRecord {
  PeerKey node;
  UnixMillis issued;                   // of two records of a node the later counts
  std::vector<std::string> addresses;  // host:port, best first
  std::vector<PeerKey> relays;         // nodes that pass frames on to it
  std::array<std::uint8_t, 64> signature{};
  friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

Bytes encode(const AddressRecord& record);
/// The signature is not looked at. @errors err::bad_address_record
[[nodiscard]] Result<AddressRecord> decode_address_record(BytesView encoded);
/// A record is bound to its chain by the genesis hash.
void sign(AddressRecord& record, const Hash& genesis, const crypto::Signer& node_key);
/// @errors err::bad_address_record
[[nodiscard]] Result<void> verify(const AddressRecord& record, const Hash& genesis) noexcept;

struct HostAndPort {
  std::string host;
  std::uint16_t port{0};
  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};
/// "host:port", "[v6]:port". None for anything else, port 0 included.
std::optional<HostAndPort> split_address(std::string_view address);

}  // namespace wusong::net
