// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/prepared.hpp"

#include <optional>

#include "wusong/exec/errors.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/service.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::node {
namespace {

// A unit of forked work: large enough that what a batch of signatures and digests costs together is
// little for each, and a whole number of the groups in which they are checked.
constexpr std::size_t kChunk = 64;

/// Calls task(begin, end) for consecutive parts of [0, count).
template <typename Task>
void for_each_chunk(io::Executor& executor, std::size_t count, const Task& task) {
  const std::size_t chunks = (count + kChunk - 1) / kChunk;
  executor.for_each(chunks, [&](std::size_t chunk) {
    task(chunk * kChunk, std::min(count, (chunk + 1) * kChunk));
  });
}

/// What is checked before the sender is known.
Result<types::Transaction> decode_candidate(const RawTransaction& raw,
                                            const exec::ChainRules& rules) {
  WUSONG_TRY(types::Transaction transaction, types::decode_transaction(raw.encoded));
  if (transaction.type == types::TransactionType::blob) return fail(err::unsupported_transaction);
  if (transaction.chain_id.has_value() && *transaction.chain_id != rules.chain_id) {
    return fail(err::wrong_chain_id);
  }
  WUSONG_CHECK(exec::check_static(transaction, rules));
  return transaction;
}

/// All but the hash.
Result<txpool::Candidate> make_candidate(const RawTransaction& raw, const exec::ChainRules& rules,
                                         types::Transaction transaction, const Address& sender) {
  if (!rules.permissions.transact.allows(sender)) return fail(exec::err::sender_not_permitted);
  if (transaction.is_create() && !rules.permissions.deploy.allows(sender)) {
    return fail(exec::err::deployment_not_permitted);
  }
  return txpool::Candidate{.transaction = std::move(transaction),
                           .sender = sender,
                           .hash = {},
                           .encoded_size = raw.encoded.size(),
                           .local = raw.local};
}

/// recover_senders of those decoded; the others keep their errors.
std::vector<Result<Address>> senders_of(std::span<const Result<types::Transaction>> decoded,
                                        crypto::KeyCache* keys) {
  std::vector<const types::Transaction*> good;
  for (const auto& transaction : decoded) {
    if (transaction) good.push_back(&*transaction);
  }
  const auto recovered = types::recover_senders(good, keys);
  std::vector<Result<Address>> out;
  out.reserve(decoded.size());
  std::size_t next = 0;
  for (const auto& transaction : decoded) {
    if (transaction) {
      out.push_back(recovered[next++]);
    } else {
      out.push_back(fail(transaction.error()));
    }
  }
  return out;
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
  for_each_chunk(executor, out->transactions.size(), [&](std::size_t begin, std::size_t end) {
    types::transaction_hashes(std::span{out->transactions}.subspan(begin, end - begin),
                              std::span{out->transaction_hashes}.subspan(begin, end - begin));
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
                            io::Executor& executor, crypto::KeyCache* keys) {
  WUSONG_ASSERT(known.size() == split.transactions.size());
  auto out = std::make_shared<PreparedBlock>();
  out->block.header = split.header;
  out->hash = split.hash;
  out->transaction_hashes = split.transaction_hashes;
  out->encoded = split.encoded;
  out->block.transactions.resize(known.size());
  out->senders.resize(known.size());
  std::vector<std::size_t> unknown;  // places in the block
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] == nullptr) unknown.push_back(i);
  }
  for_each_chunk(executor, known.size(), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (known[i] == nullptr) continue;
      out->block.transactions[i] = known[i]->transaction;
      out->senders[i] = known[i]->sender;
    }
  });
  std::vector<std::optional<Error>> errors(known.size());
  for_each_chunk(executor, unknown.size(), [&](std::size_t begin, std::size_t end) {
    std::vector<Result<types::Transaction>> decoded;
    decoded.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      decoded.push_back(types::decode_transaction(split.transactions[unknown[i]]));
    }
    const auto senders = senders_of(decoded, keys);
    for (std::size_t i = begin; i < end; ++i) {
      const auto& sender = senders[i - begin];
      if (!sender) {
        errors[unknown[i]] = sender.error();
        continue;
      }
      out->block.transactions[unknown[i]] = *std::move(decoded[i - begin]);
      out->senders[unknown[i]] = *sender;
    }
  });
  for (const auto& error : errors) {
    if (error) return fail(*error);
  }
  return PreparedPtr{std::move(out)};
}

std::vector<Result<txpool::Candidate>> prepare_candidates(std::span<const RawTransaction> raw,
                                                          const exec::ChainRules& rules,
                                                          io::Executor& executor,
                                                          crypto::KeyCache* keys) {
  std::vector<Result<txpool::Candidate>> out(raw.size(), fail(err::stopping));
  for_each_chunk(executor, raw.size(), [&](std::size_t begin, std::size_t end) {
    std::vector<Result<types::Transaction>> decoded;
    decoded.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) decoded.push_back(decode_candidate(raw[i], rules));
    const auto senders = senders_of(decoded, keys);
    std::vector<std::size_t> accepted;
    std::vector<BytesView> messages;
    for (std::size_t i = begin; i < end; ++i) {
      const auto& sender = senders[i - begin];
      out[i] = sender ? make_candidate(raw[i], rules, *std::move(decoded[i - begin]), *sender)
                      : fail(sender.error());
      if (!out[i]) continue;
      accepted.push_back(i);
      messages.push_back(raw[i].encoded);
    }
    std::vector<Hash> hashes(messages.size());
    types::transaction_hashes(messages, hashes);
    for (std::size_t i = 0; i < accepted.size(); ++i) out[accepted[i]]->hash = hashes[i];
  });
  return out;
}

}  // namespace wusong::node
