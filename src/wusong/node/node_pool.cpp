// SPDX-License-Identifier: Apache-2.0
// Transactions: into the pool, and on to the peers.
#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/node.hpp"

namespace wusong::node {
namespace {

// A gossip frame is sent when it reaches this size: small enough to travel between urgent frames.
constexpr std::size_t kGossipBytes = std::size_t{256} << 10;

}  // namespace

void Node::note_included(const PreparedBlock& block) {
  if (included_.size() > options_.included_kept) {
    included_before_ = std::move(included_);
    included_.clear();
  }
  included_.insert(block.transaction_hashes.begin(), block.transaction_hashes.end());
}

bool Node::was_included(const Hash& hash) const {
  return included_.contains(hash) || included_before_.contains(hash);
}

/// Recovering a sender costs a hundred times a hash, so what is known goes no further.
void Node::on_gossip(consensus::PeerId peer, Bytes payload) {
  CandidatesJob job{
      .from = peer, .batch = std::make_shared<const Bytes>(std::move(payload)), .transactions = {}};
  const auto batch = net::decode_transaction_batch(*job.batch);
  if (!batch) {
    out_.rejections.push_back({.peer = peer, .error = batch.error()});
    return;
  }
  std::vector<Hash> hashes(batch->size());
  types::transaction_hashes(*batch, hashes);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (pool_->find(hashes[i]) == nullptr && !was_included(hashes[i]))
      job.transactions.push_back((*batch)[i]);
  }
  if (!job.transactions.empty()) out_.candidates.push_back(std::move(job));
}

std::vector<Result<void>> Node::on_candidates(std::vector<txpool::Candidate> candidates,
                                              std::optional<consensus::PeerId> from) {
  if (candidates.empty()) return {};
  txpool::AddResult added = pool_->add(std::move(candidates), now_);
  apply_changes(added.changes, from);
  return std::move(added.outcomes);
}

void Node::erase_pool_records(const std::vector<Bytes>& keys) {
  for (const Bytes& key : keys) out_.batch.erase(io::Column::pool, key);
}

void Node::apply_changes(const txpool::Changes& changes, std::optional<consensus::PeerId> from) {
  journal_.append_to(out_.batch, changes);
  for (const txpool::PooledPtr& pooled : changes.pending) out_.pending.push_back(pooled->hash);
  if (changes.pending.empty()) return;
  changed_ = true;
  // Validators form a mesh and hear of a transaction from whoever took it from outside: only that
  // node passes it on. What an observer brings comes from outside as well.
  std::vector<txpool::PooledPtr> relay;
  const bool from_outside = from.has_value() && !voting_.seats.contains(*from);
  for (const txpool::PooledPtr& pooled : changes.pending) {
    if (pooled->local || from_outside) relay.push_back(pooled);
  }
  std::vector<consensus::PeerId> others;
  for (const consensus::PeerId peer : peers_) {
    if (peer != from) others.push_back(peer);
  }
  send_transactions(relay, others);
}

void Node::send_transactions(const std::vector<txpool::PooledPtr>& transactions,
                             std::span<const consensus::PeerId> to) {
  if (transactions.empty() || to.empty()) return;
  std::vector<Bytes> encodings;
  encodings.reserve(transactions.size());
  for (const txpool::PooledPtr& pooled : transactions) {
    encodings.push_back(types::encode(pooled->transaction));
  }
  std::vector<BytesView> batch;
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (batch.empty()) return;
    const auto payload = std::make_shared<const Bytes>(net::encode_transaction_batch(batch));
    for (const consensus::PeerId peer : to) {
      out_.frames.push_back({.to = peer, .channel = net::Channel::gossip, .payload = payload});
    }
    batch.clear();
    bytes = 0;
  };
  for (const Bytes& encoded : encodings) {
    if (batch.size() == net::kBatchTransactionsMax || bytes + encoded.size() > kGossipBytes)
      flush();
    batch.push_back(encoded);
    bytes += encoded.size();
  }
  flush();
}

}  // namespace wusong::node
