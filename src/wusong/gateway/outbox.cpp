// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/outbox.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::gateway {
namespace {

constexpr std::string_view kColumns =
    "number, account, address, nonce, hash, raw, item, about, status, reason, block, created";

std::optional<OutboxStatus> status_of(std::string_view name) noexcept {
  for (const auto status : {OutboxStatus::waiting, OutboxStatus::final, OutboxStatus::reverted,
                            OutboxStatus::refused, OutboxStatus::lost}) {
    if (name_of(status) == name) return status;
  }
  return {};
}

OutboxEntry entry_of(const Row& row) {
  const auto natural = [&](std::size_t i) { return static_cast<std::uint64_t>(number_of(row[i])); };
  OutboxEntry out;
  out.number = natural(0);
  out.account = text_of(row[1]);
  out.address = codec::fixed_from_hex<Address>(text_of(row[2])).value_or(Address{});
  out.nonce = natural(3);
  out.hash = codec::fixed_from_hex<Hash>(text_of(row[4])).value_or(Hash{});
  out.raw = blob_of(row[5]);
  out.item = text_of(row[6]);
  out.about = text_of(row[7]);
  out.status = status_of(text_of(row[8])).value_or(OutboxStatus::waiting);
  out.reason = text_of(row[9]);
  out.block = natural(10);
  out.created = natural(11);
  return out;
}

std::string select(std::string_view rest) {
  return "SELECT " + std::string{kColumns} + " FROM outbox " + std::string{rest};
}

/// What a draft asks for: the same `once` must mean the same.
std::string content_of(const Draft& draft) {
  Bytes all = to_bytes(draft.to);
  append(all, draft.data);
  return codec::to_hex(hash::sha256(all));
}

Result<Bytes> signed_transaction(const Draft& draft, const ChainClient& chain, std::uint64_t nonce,
                                 BytesView secret_key) {
  types::Transaction transaction;
  transaction.type = types::TransactionType::dynamic_fee;
  transaction.chain_id = chain.chain_id();
  transaction.nonce = nonce;
  transaction.max_fee = chain.gas_price();
  transaction.gas_limit = draft.gas;
  transaction.to = draft.to;
  transaction.data = draft.data;
  WUSONG_CHECK(types::sign(transaction, secret_key));
  return types::encode(transaction);
}

}  // namespace

std::string_view name_of(OutboxStatus status) noexcept {
  switch (status) {
    case OutboxStatus::waiting:
      return "waiting";
    case OutboxStatus::final:
      return "final";
    case OutboxStatus::reverted:
      return "reverted";
    case OutboxStatus::refused:
      return "refused";
    case OutboxStatus::lost:
      return "lost";
  }
  return "";
}

Result<std::uint64_t> Outbox::free_nonce(const Address& from, std::uint64_t chain_nonce) {
  // Entries in nonce order from the chain's on: the first gap, which a refused one leaves, is
  // taken.
  WUSONG_TRY(const auto rows,
             find_rows(*db_,
                       "SELECT nonce FROM outbox WHERE address = $1 AND nonce >= $2 AND status IN "
                       "('waiting', 'final', 'reverted') ORDER BY nonce",
                       sql(codec::to_hex(from)), sql(chain_nonce)));
  std::uint64_t next = chain_nonce;
  for (const auto& row : rows.rows) {
    const auto used = static_cast<std::uint64_t>(number_of(row[0]));
    if (used > next) break;
    next = used + 1;
  }
  return next;
}

Result<void> Outbox::insert(OutboxEntry& entry, const Draft& draft, UnixMillis now) {
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO outbox(account, address, nonce, hash, raw, once, item, about, "
                   "content, status, reason, block, created, changed) VALUES ($1, $2, $3, $4, $5, "
                   "$6, $7, $8, $9, 'waiting', '', 0, $10, $10)",
                   sql(draft.account), sql(codec::to_hex(entry.address)), sql(entry.nonce),
                   sql(codec::to_hex(entry.hash)), sql(entry.raw), sql(draft.once), sql(draft.item),
                   sql(draft.about), sql(content_of(draft)), sql(now.value)));
  WUSONG_TRY(const auto row,
             find_row(*db_, select("WHERE hash = $1"), sql(codec::to_hex(entry.hash))));
  WUSONG_ASSERT(row.has_value());
  entry = entry_of(*row);
  return {};
}

Result<OutboxEntry> Outbox::accept(const Draft& draft, const Address& from, BytesView secret_key,
                                   UnixMillis now) {
  WUSONG_TRY(const auto chain_nonce, chain_->nonce(from));
  OutboxEntry out;
  bool other = false;
  WUSONG_CHECK(transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(
        const auto before,
        find_row(*db_, "SELECT number, content FROM outbox WHERE once = $1", sql(draft.once)));
    if (before) {
      other = text_of((*before)[1]) != content_of(draft);
      WUSONG_TRY(const auto same, by_number(static_cast<std::uint64_t>(number_of((*before)[0]))));
      if (same) out = *same;
      return {};
    }
    out.address = from;
    WUSONG_TRY(out.nonce, free_nonce(from, chain_nonce));
    WUSONG_TRY(out.raw, signed_transaction(draft, *chain_, out.nonce, secret_key));
    out.hash = hash::keccak256(out.raw);
    return insert(out, draft, now);
  }));
  if (other) return fail(err::same_key);
  return out;
}

Result<OutboxEntry> Outbox::accept_signed(const Draft& draft, const Address& from,
                                          std::uint64_t nonce, const Hash& hash, Bytes raw,
                                          UnixMillis now) {
  OutboxEntry out;
  WUSONG_CHECK(transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto before,
               find_row(*db_, select("WHERE hash = $1"), sql(codec::to_hex(hash))));
    if (before) {
      out = entry_of(*before);
      return {};
    }
    out.address = from;
    out.nonce = nonce;
    out.hash = hash;
    out.raw = raw;
    return insert(out, draft, now);
  }));
  return out;
}

Result<void> Outbox::settle(OutboxEntry& entry, UnixMillis now) {
  WUSONG_CHECK(run(*db_,
                   "UPDATE outbox SET status = $1, reason = $2, block = $3, changed = $4 WHERE "
                   "number = $5",
                   sql(name_of(entry.status)), sql(entry.reason), sql(entry.block), sql(now.value),
                   sql(entry.number)));
  return {};
}

Result<void> Outbox::apply_final(OutboxEntry& entry, const FinalTransaction& done, UnixMillis now) {
  entry.status = done.success ? OutboxStatus::final : OutboxStatus::reverted;
  entry.reason = done.success ? std::string{} : refusal_(done.revert);
  entry.block = done.block;
  return settle(entry, now);
}

Result<OutboxEntry> Outbox::deliver(OutboxEntry entry, std::uint64_t wait_ms, UnixMillis now) {
  if (entry.status != OutboxStatus::waiting) return entry;
  const auto sent = chain_->send(entry.raw);
  // It is durable: whether the node answers now decides nothing.
  if (!sent) return entry;
  if (sent->kind == SendOutcome::Kind::refused) {
    entry.status = OutboxStatus::refused;
    entry.reason = sent->message;
    WUSONG_CHECK(settle(entry, now));
    return entry;
  }
  const auto done = sent->kind == SendOutcome::Kind::nonce_used ? chain_->find(entry.hash)
                                                                : chain_->wait(entry.hash, wait_ms);
  if (!done) return entry;
  if (*done) {
    WUSONG_CHECK(apply_final(entry, **done, now));
  } else if (sent->kind == SendOutcome::Kind::nonce_used) {
    // The nonce is used by a transaction that may not be final yet: only a final other one decides.
    const auto nonce = chain_->nonce(entry.address);
    if (nonce && *nonce > entry.nonce) {
      const auto again = chain_->find(entry.hash);
      if (again && *again) {
        WUSONG_CHECK(apply_final(entry, **again, now));
      } else if (again && now.value > entry.created + 60'000) {
        entry.status = OutboxStatus::lost;
        entry.reason = "nonce_used";
        WUSONG_CHECK(settle(entry, now));
      }
    }
  }
  return entry;
}

Result<std::uint64_t> Outbox::resume(std::size_t most, UnixMillis now) {
  WUSONG_TRY(const auto rows,
             find_rows(*db_, select("WHERE status = 'waiting' ORDER BY address, nonce LIMIT $1"),
                       sql(std::uint64_t{most})));
  std::uint64_t waiting = 0;
  for (const auto& row : rows.rows) {
    OutboxEntry entry = entry_of(row);
    WUSONG_TRY(const auto done, chain_->find(entry.hash));
    if (done) {
      WUSONG_CHECK(apply_final(entry, *done, now));
      continue;
    }
    WUSONG_TRY(entry, deliver(std::move(entry), 0, now));
    if (entry.status == OutboxStatus::waiting) ++waiting;
  }
  return waiting;
}

Result<std::optional<OutboxEntry>> Outbox::by_number(std::uint64_t number) {
  WUSONG_TRY(const auto row, find_row(*db_, select("WHERE number = $1"), sql(number)));
  if (!row) return std::optional<OutboxEntry>{};
  return std::optional{entry_of(*row)};
}
Result<std::optional<OutboxEntry>> Outbox::by_once(std::string_view once) {
  WUSONG_TRY(const auto row, find_row(*db_, select("WHERE once = $1"), sql(once)));
  if (!row) return std::optional<OutboxEntry>{};
  return std::optional{entry_of(*row)};
}
Result<std::vector<OutboxEntry>> Outbox::of_account(std::string_view account, std::uint64_t before,
                                                    std::size_t limit) {
  constexpr std::uint64_t kNewest = std::uint64_t{1} << 62;
  WUSONG_TRY(
      const auto rows,
      find_rows(*db_, select("WHERE account = $1 AND number < $2 ORDER BY number DESC LIMIT $3"),
                sql(account), sql(before == 0 ? kNewest : before), sql(std::uint64_t{limit})));
  std::vector<OutboxEntry> out;
  for (const auto& row : rows.rows) out.push_back(entry_of(row));
  return out;
}

}  // namespace wusong::gateway
