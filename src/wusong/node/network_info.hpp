// SPDX-License-Identifier: Apache-2.0
// How a node stands in its network: certificates, peers, what it refused from whom.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/time.hpp"

namespace wusong::node {

/// What operators must renew in time. Times are zero where there is nothing to renew.
struct TlsStatus {
  bool ca_mode{false};
  std::string subject;  // of this node's certificate
  std::string issuer;
  std::string serial;     // hexadecimal
  UnixMillis expires;     // the certificate, or an intermediate sent with it that ends before
  UnixMillis ca_expires;  // the first authority to end
  UnixMillis crl_due;     // the first list of revoked certificates that should be replaced
};

/// How often what was refused, by the name of the reason.
using RefusalCounts = std::map<std::string, std::uint64_t, std::less<>>;

/// A node that is admitted, connected or not.
struct AdmittedPeer {
  Bytes node_key;
  std::string name;
  bool connected{false};
  bool relayed{false};         // through another node
  std::string exchange;        // of the connection's keys; "tls": that of TLS alone
  std::string address;         // of the connection, else where it is tried; may be empty
  std::string last_error;      // why it was last disconnected or not reached
  double penalty{0};           // 0: nothing held against it; it is banned at 100
  std::uint64_t banned_ms{0};  // for so long it is refused
  std::uint64_t pauses{0};     // times its reading waited because it sent too much
  RefusalCounts refused;       // what it sent and we would not have
};

struct NetworkInfo {
  TlsStatus tls;
  std::vector<std::string> warnings;  // what an operator must see to, in words
  std::uint64_t reloads{0};           // times the configuration was read again
  std::string reload_fault;           // of the last one; empty when it went well
  RefusalCounts connections_refused;
  RefusalCounts frames_refused;
  RefusalCounts messages_refused;
  RefusalCounts proposals_refused;
  std::uint64_t bans{0};
  std::uint64_t circuits_passing{0};  // connections between others that this node relays
  std::vector<AdmittedPeer> peers;
};

/// The warnings about certificates. `now` is wall time.
std::vector<std::string> renewal_warnings(const TlsStatus& tls, UnixMillis now);
inline constexpr std::uint64_t kWarnDays = 30;

}  // namespace wusong::node
