// SPDX-License-Identifier: Apache-2.0
// Accepted acts: each a signed transaction that is durable before it is sent, and sent again as it
// is until it is final. A crash at any point neither loses nor doubles one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/gateway/chain.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

enum class OutboxStatus : std::uint8_t {
  waiting,   // sent or to be sent
  final,     // in a finalised block, done
  reverted,  // in a finalised block, the contract refused
  refused,   // no node takes it
  lost,      // its nonce went to another transaction
};
std::string_view name_of(OutboxStatus status) noexcept;

struct OutboxEntry {
  std::uint64_t number{0};
  std::string account;
  Address address;
  std::uint64_t nonce{0};
  Hash hash;
  Bytes raw;
  std::string item;   // hex; empty for acts of the directory
  std::string about;  // for people: "application submit"
  OutboxStatus status{OutboxStatus::waiting};
  std::string reason;  // name of the contract's refusal, or what the node said
  std::uint64_t block{0};
  std::uint64_t created{0};
};

/// What is to be done. `once` names it: the same again gives the same entry, never a second one.
struct Draft {
  std::string account;
  Address to;
  Bytes data;
  std::uint64_t gas{3'000'000};
  std::string once;
  std::string item;
  std::string about;
};

/// Turns a contract's answer into the name of its refusal.
using RefusalName = std::string (*)(BytesView revert_data);

/// @thread as its connection; several may work on one database
class Outbox {
 public:
  Outbox(io::SqlConnection& db, ChainClient& chain, RefusalName refusal)
      : db_{&db}, chain_{&chain}, refusal_{refusal} {}

  /// Signs and stores; does not send. The nonce is the lowest that is free, chosen and stored in
  /// one transaction.
  /// @errors err::chain_unreachable (nothing is accepted then), err::same_key (`once` stands for
  ///         other data), io's
  [[nodiscard]] Result<OutboxEntry> accept(const Draft& draft, const Address& from,
                                           BytesView secret_key, UnixMillis now);
  /// A transaction signed elsewhere, stored likewise.
  [[nodiscard]] Result<OutboxEntry> accept_signed(const Draft& draft, const Address& from,
                                                  std::uint64_t nonce, const Hash& hash, Bytes raw,
                                                  UnixMillis now);
  /// Sends and waits at most so long. The entry as it then is; still `waiting` where the node does
  /// not answer.
  [[nodiscard]] Result<OutboxEntry> deliver(OutboxEntry entry, std::uint64_t wait_ms,
                                            UnixMillis now);
  /// One round over everything that waits, in order of nonce. @return how many still wait
  [[nodiscard]] Result<std::uint64_t> resume(std::size_t most, UnixMillis now);

  [[nodiscard]] Result<std::optional<OutboxEntry>> by_number(std::uint64_t number);
  [[nodiscard]] Result<std::optional<OutboxEntry>> by_once(std::string_view once);
  [[nodiscard]] Result<std::vector<OutboxEntry>> of_account(std::string_view account,
                                                            std::uint64_t before,
                                                            std::size_t limit);

 private:
  [[nodiscard]] Result<std::uint64_t> free_nonce(const Address& from, std::uint64_t chain_nonce);
  [[nodiscard]] Result<void> insert(OutboxEntry& entry, const Draft& draft, UnixMillis now);
  [[nodiscard]] Result<void> settle(OutboxEntry& entry, UnixMillis now);
  [[nodiscard]] Result<void> apply_final(OutboxEntry& entry, const FinalTransaction& done,
                                         UnixMillis now);

  io::SqlConnection* db_;
  ChainClient* chain_;
  RefusalName refusal_;
};

}  // namespace wusong::gateway
