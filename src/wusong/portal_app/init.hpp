// SPDX-License-Identifier: Apache-2.0
// What stands on the chain before a portal can work: contracts, rules, calendars, organisations.
#pragma once

#include <optional>
#include <string>

#include "wusong/apps/keys.hpp"
#include "wusong/portal_app/world.hpp"

namespace wusong::portal_app {

struct InitOptions {
  std::filesystem::path organisations;  // a JSON file; empty: only the city authority
  std::filesystem::path passwords;      // where new passwords are written, mode 0600
};

/// Adds lines to a file that only its owner reads, in one step: what was there stays.
[[nodiscard]] Outcome<void> keep_passwords(const std::filesystem::path& file,
                                           const std::string& lines);

/// Takes every step that has not been taken yet; after a failure or a death, run it again.
[[nodiscard]] Outcome<void> init_portal(PortalWorld& world, const InitOptions& options);

/// Signs with one key, sends, and waits until it is final.
class ChainWriter {
 public:
  ChainWriter(PortalWorld& world, Address from, BytesView secret);
  /// @errors err::reverted names the contract's refusal; err::rpc_failed
  [[nodiscard]] Outcome<std::uint64_t> call(const Address& to, const Bytes& data,
                                            std::uint64_t gas = 16'000'000);
  /// The new contract's address.
  [[nodiscard]] Outcome<Address> create(const Bytes& code);
  const Address& address() const noexcept { return from_; }

 private:
  [[nodiscard]] Outcome<gateway::FinalTransaction> send(const std::optional<Address>& to,
                                                        const Bytes& data, std::uint64_t gas,
                                                        std::uint64_t& nonce);
  PortalWorld& world_;
  Address from_;
  BytesView secret_;
};

/// An account of the portal itself, made where it is missing; its password goes to `passwords`.
struct ServiceAccount {
  std::string name;
  portal::Text title;
  std::optional<std::string> password;
};
[[nodiscard]] Outcome<gateway::Account> service_account(PortalWorld& world,
                                                        const ServiceAccount& wanted,
                                                        std::string& passwords);

}  // namespace wusong::portal_app
