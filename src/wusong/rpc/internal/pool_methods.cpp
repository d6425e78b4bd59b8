// SPDX-License-Identifier: Apache-2.0
// txpool_: what waits.
#include <array>
#include <string>

#include "wusong/codec/hex.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;
using node::PooledTransaction;

Answer<void> status(const Call& call, JsonWriter& out) {
  const auto counts = call.context.node.pool_counts();
  out.open_object().key("pending").quantity(std::uint64_t{counts.pending});
  out.key("queued").quantity(std::uint64_t{counts.queued}).close_object();
  return {};
}

std::string to_decimal(U256 value) {
  std::string digits;
  do {
    const auto [quotient, remainder] = divide(value, U256{10});
    digits.insert(digits.begin(), static_cast<char>('0' + remainder.low()));
    value = quotient;
  } while (!value.is_zero());
  return digits;
}

void write_summary(JsonWriter& out, const PooledTransaction& pooled) {
  const types::Transaction& tx = *pooled.transaction;
  std::string text = tx.to ? codec::to_hex_data(*tx.to) : "contract creation";
  text += ": " + to_decimal(tx.value) + " wei + " + std::to_string(tx.gas_limit) + " gas \u00d7 " +
          to_decimal(tx.max_fee) + " wei";
  out.string(text);
}

using Element = void (*)(JsonWriter&, const PooledTransaction&);

/// {sender: {nonce: element}}; `content` is ordered by sender and nonce.
void write_by_sender(JsonWriter& out, const std::vector<PooledTransaction>& content, bool pending,
                     Element element) {
  out.open_object();
  const PooledTransaction* last = nullptr;
  for (const PooledTransaction& pooled : content) {
    if (pooled.pending != pending) continue;
    if (last == nullptr || last->sender != pooled.sender) {
      if (last != nullptr) out.close_object();
      out.key(codec::to_hex_data(pooled.sender)).open_object();
    }
    out.key(std::to_string(pooled.transaction->nonce));
    element(out, pooled);
    last = &pooled;
  }
  if (last != nullptr) out.close_object();
  out.close_object();
}

void write_by_nonce(JsonWriter& out, const std::vector<PooledTransaction>& content, bool pending) {
  out.open_object();
  for (const PooledTransaction& pooled : content) {
    if (pooled.pending != pending) continue;
    out.key(std::to_string(pooled.transaction->nonce));
    write_transaction(out, pooled);
  }
  out.close_object();
}

void write_all(const Call& call, JsonWriter& out, Element element) {
  const auto content =
      call.context.node.pool_content(std::nullopt, call.context.config.pool_content_max);
  out.open_object().key("pending");
  write_by_sender(out, content, true, element);
  out.key("queued");
  write_by_sender(out, content, false, element);
  out.close_object();
}

Answer<void> content(const Call& call, JsonWriter& out) {
  write_all(call, out, write_transaction);
  return {};
}

Answer<void> inspect(const Call& call, JsonWriter& out) {
  write_all(call, out, write_summary);
  return {};
}

Answer<void> content_from(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address sender, call.params.address({0, "address"}));
  const auto content = call.context.node.pool_content(sender, call.context.config.pool_content_max);
  out.open_object().key("pending");
  write_by_nonce(out, content, true);
  out.key("queued");
  write_by_nonce(out, content, false);
  out.close_object();
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"txpool_status", status},
    {"txpool_content", content},
    {"txpool_contentFrom", content_from},
    {"txpool_inspect", inspect},
});

}  // namespace

std::span<const Method> pool_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc
