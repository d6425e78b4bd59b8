// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/network_info.hpp"

namespace wusong::node {

std::vector<std::string> renewal_warnings(const TlsStatus& tls, UnixMillis now) {
  constexpr std::uint64_t kDay = 24ull * 3'600 * 1'000;
  std::vector<std::string> out;
  const auto warn = [&](UnixMillis end, const std::string& what, const std::string& mend) {
    if (end.value == 0 || end.value > now.value + kWarnDays * kDay) return;
    const std::string when =
        end.value <= now.value
            ? "has ended"
            : "ends in " + std::to_string((end.value - now.value) / kDay) + " days";
    out.push_back(what + " " + when + "; " + mend);
  };
  warn(tls.expires, "the certificate of this node (" + tls.subject + ")",
       "replace it and call `wusong node reload`");
  warn(tls.ca_expires, "a certificate of network.ca", "add its successor on every node");
  // Lists are short-lived by nature: only one that is late is worth a word.
  if (tls.crl_due.value <= now.value)
    warn(tls.crl_due, "a list of network.crl", "fetch a new one and call `wusong node reload`");
  return out;
}

}  // namespace wusong::node
