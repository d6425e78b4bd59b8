// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/prepared.hpp"

#include <optional>

#include "wusong/crypto/hash.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/service.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::node {
namespace {

// A unit of forked work: large enough that handing it over costs nothing.
constexpr std::size_t kChunk = 16;

template <typename Task>
void for_each_chunked(io::Executor& executor, std::size_t count, const Task& task) {
  const std::size_t chunks = (count + kChunk - 1) / kChunk;
  executor.for_each(chunks, [&](std::size_t chunk) {
    const std::size_t end = std::min(count, (chunk + 1) * kChunk);
    for (std::size_t i = chunk * kChunk; i < end; ++i) task(i);
  });
}

Result<txpool::Candidate> prepare_candidate(const RawTransaction& raw,
                                            const exec::ChainRules& rules) {
  WUSONG_TRY(types::Transaction transaction, types::decode_transaction(raw.encoded));
  if (transaction.type == types::TransactionType::blob) return fail(err::unsupported_transaction);
  if (transaction.chain_id.has_value() && *transaction.chain_id != rules.chain_id) {
    return fail(err::wrong_chain_id);
  }
  WUSONG_CHECK(exec::check_static(transaction, rules));
  WUSONG_TRY(const Address sender, types::recover_sender(transaction));
  if (!rules.permissions.transact.allows(sender)) return fail(exec::err::sender_not_permitted);
  if (transaction.is_create() && !rules.permissions.deploy.allows(sender)) {
    return fail(exec::err::deployment_not_permitted);
  }
  return txpool::Candidate{.transaction = std::move(transaction),
                           .sender = sender,
                           .hash = crypto::keccak256(raw.encoded),
                           .encoded_size = raw.encoded.size(),
                           .local = raw.local};
}

}  // namespace

Result<std::shared_ptr<const SplitBlock>> split(Bytes encoded, io::Executor& executor) {
  auto out = std::make_shared<SplitBlock>();
  out->encoded = std::move(encoded);
  WUSONG_TRY(types::EncodedBlock parts, types::split_block(out->encoded));
  out->header = std::move(parts.header);
  out->hash = types::hash_of(out->header);
  out->transactions = std::move(parts.transactions);
  out->transaction_hashes.resize(out->transactions.size());
  for_each_chunked(executor, out->transactions.size(), [&](std::size_t i) {
    out->transaction_hashes[i] = crypto::keccak256(out->transactions[i]);
  });
  std::vector<Bytes> values;
  values.reserve(out->transactions.size());
  for (const BytesView transaction : out->transactions) values.push_back(to_bytes(transaction));
  if (types::ordered_trie_root(values) != out->header.transactions_root) {
    return fail(types::err::wrong_transactions_root);
  }
  return std::shared_ptr<const SplitBlock>{std::move(out)};
}

Result<PreparedPtr> prepare(const SplitBlock& split, const KnownTransactions& known,
                            io::Executor& executor) {
  WUSONG_ASSERT(known.size() == split.transactions.size());
  auto out = std::make_shared<PreparedBlock>();
  out->block.header = split.header;
  out->hash = split.hash;
  out->transaction_hashes = split.transaction_hashes;
  out->encoded = split.encoded;
  out->block.transactions.resize(known.size());
  out->senders.resize(known.size());
  std::vector<std::optional<Error>> errors(known.size());
  for_each_chunked(executor, known.size(), [&](std::size_t i) {
    if (known[i] != nullptr) {
      out->block.transactions[i] = known[i]->transaction;
      out->senders[i] = known[i]->sender;
      return;
    }
    auto transaction = types::decode_transaction(split.transactions[i]);
    if (!transaction) {
      errors[i] = transaction.error();
      return;
    }
    const auto sender = types::recover_sender(*transaction);
    if (!sender) {
      errors[i] = sender.error();
      return;
    }
    out->block.transactions[i] = *std::move(transaction);
    out->senders[i] = *sender;
  });
  for (const auto& error : errors) {
    if (error) return fail(*error);
  }
  return PreparedPtr{std::move(out)};
}

std::vector<Result<txpool::Candidate>> prepare_candidates(std::span<const RawTransaction> raw,
                                                          const exec::ChainRules& rules,
                                                          io::Executor& executor) {
  std::vector<Result<txpool::Candidate>> out(raw.size(), fail(err::stopping));
  for_each_chunked(executor, raw.size(),
                   [&](std::size_t i) { out[i] = prepare_candidate(raw[i], rules); });
  return out;
}

}  // namespace wusong::node
