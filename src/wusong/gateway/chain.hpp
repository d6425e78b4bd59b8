// SPDX-License-Identifier: Apache-2.0
// The chain as the gateway needs it. The machine speaks JSON-RPC to a node; tests play one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::gateway {

/// A transaction in a finalised block.
struct FinalTransaction {
  bool success{false};
  std::uint64_t block{0};
  Bytes revert;  // where it failed: what the contract said
};

struct SendOutcome {
  enum class Kind : std::uint8_t {
    accepted,    // now or before
    nonce_used,  // another transaction has its place, or it is final already
    refused,     // never: `message` says why
  };
  Kind kind{Kind::accepted};
  std::string message;
};

/// @thread safe
/// @errors err::chain_unreachable in every member
class ChainClient {
 public:
  virtual ~ChainClient() = default;
  virtual std::uint64_t chain_id() const noexcept = 0;
  virtual U256 gas_price() const noexcept = 0;
  /// How many transactions of this account are final or wait in the node.
  [[nodiscard]] virtual Result<std::uint64_t> nonce(const Address& account) = 0;
  [[nodiscard]] virtual Result<SendOutcome> send(BytesView transaction) = 0;
  /// Nothing while it is not in a finalised block.
  [[nodiscard]] virtual Result<std::optional<FinalTransaction>> find(const Hash& transaction) = 0;
  /// Comes back when the transaction is final and the projection has applied its block, or after
  /// `milliseconds`.
  [[nodiscard]] virtual Result<std::optional<FinalTransaction>> wait(
      const Hash& transaction, std::uint64_t milliseconds) = 0;
  /// A JSON-RPC body as it is. The caller has checked what it asks for.
  [[nodiscard]] virtual Result<std::string> rpc(std::string_view body) = 0;
  /// Whether the node answered lately, and the block up to which the projection has come.
  virtual bool reachable() const noexcept = 0;
  virtual std::uint64_t applied_block() const noexcept = 0;
  /// Newest block's time in seconds; 0: none seen. What deadlines are compared with.
  virtual std::uint64_t chain_time() const noexcept = 0;
};

}  // namespace wusong::gateway
