// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/chain_checker.hpp"

#include <algorithm>

#include "wusong/hash/hash.hpp"
#include "wusong/node/validation.hpp"
#include "wusong/sim/internal/governors.hpp"
#include "wusong/sim/vote_scheme.hpp"

namespace wusong::sim::internal {

namespace {

constexpr std::uint64_t kSkewMsMax = 3'000;  // of a clock that is about right

std::string at(Height height) {
  return " at height " + std::to_string(height.value);
}
std::string name(std::size_t node) {
  return "node " + std::to_string(node);
}
Hash slot_of(const Address& caller) {
  Hash out;
  std::ranges::copy(caller.bytes, out.bytes.begin() + 12);
  return out;
}

}  // namespace

// CALLER SLOAD PUSH1 0 CALLDATALOAD ADD CALLER SSTORE; PUSH1 0 PUSH1 0 LOG0 STOP
const Bytes kCounterCode{0x33, 0x54, 0x60, 0x00, 0x35, 0x01, 0x33,
                         0x55, 0x60, 0x00, 0x60, 0x00, 0xa0, 0x00};

Address counter_address() {
  return Address::from(Bytes(20, 0xc0));
}

Model::Model(const node::Genesis& genesis) {
  for (const auto& [address, account] : genesis.accounts) balances_[address] = account.balance;
}

bool Model::apply(const types::Transaction& transaction, const Address& sender) {
  if (transaction.nonce != nonces_[sender] || balances_[sender] < transaction.value) return false;
  ++nonces_[sender];
  balances_[sender] -= transaction.value;
  balances_[*transaction.to] += transaction.value;
  if (*transaction.to == counter_address())
    counters_[slot_of(sender)] += from_be_bytes(transaction.data);
  return true;
}

Hash Model::state_root() const {
  state::MemoryState out;
  for (const auto& [address, balance] : balances_) {
    const auto nonce = nonces_.find(address);
    const types::Account account{.nonce = nonce == nonces_.end() ? 0 : nonce->second,
                                 .balance = balance};
    if (!account.is_empty()) out.set_account(address, account);
  }
  out.set_code(counter_address(), kCounterCode);
  for (const auto& [slot, value] : counters_) out.set_storage(counter_address(), slot, value);
  return out.root();
}

Hash ChainChecker::Hashes::hash_at(std::uint64_t number) const {
  return number < all.size() ? all[number] : Hash{};
}

ChainChecker::ChainChecker(Checkers& checkers, const node::Genesis& genesis, bool all_honest)
    : checkers_{checkers},
      all_honest_{all_honest},
      rules_{node::chain_rules(genesis)},
      epochs_{node::first_epoch(genesis)} {
  if (!node::has_registry(genesis)) model_.emplace(genesis);
  state_.apply(node::genesis_state(genesis));
  if (!model_) registries_[Height{0}] = *node::read_registry(state_);
  hashes_.all.push_back(types::hash_of(node::genesis_header(genesis, state_.root())));
}

/// The block as it should have turned out. Blocks come in order, from whoever is first.
const ChainChecker::Expected* ChainChecker::expect(const node::ExecutedBlock& block) {
  const types::Header& header = block.block.header;
  const std::size_t index = header.number.value - 1;
  if (index < blocks_.size()) return &blocks_[index];
  if (index > blocks_.size()) {
    checkers_.violate("prefix", "a block was executed before its parent" + at(header.number));
    return nullptr;
  }
  auto outcome = exec::execute_block(block.block, block.senders, state_,
                                     exec::context_of(header, &hashes_), rules_);
  WUSONG_ASSERT(outcome);  // plain maps do not fail
  state_.apply(outcome->diff);
  Expected expected{.hash = block.hash,
                    .roots = exec::roots_of(*outcome, state_.root()),
                    .receipts = std::move(outcome->receipts),
                    .transactions = {},
                    .skipped = {}};
  for (std::size_t i = 0; i < block.block.transactions.size(); ++i) {
    bool effect = !outcome->refusals[i].has_value();
    if (model_) effect = model_->apply(block.block.transactions[i], block.senders[i]);
    if (model_ && effect != expected.receipts[i].success)
      checkers_.violate("model", "a transaction went otherwise than the model" + at(header.number));
    expected.transactions.push_back(types::hash_of(block.block.transactions[i]));
    expected.skipped.push_back(!effect);
    if (effect && block.senders[i] == Governors::robbed())
      checkers_.violate("key", "a key that was replaced has acted" + at(header.number));
    if (!effect && all_honest_)
      checkers_.violate("waste", "a block holds what takes no effect" + at(header.number));
  }
  if (model_ && model_->state_root() != expected.roots.state_root)
    checkers_.violate("model", "the state is not the model's" + at(header.number));
  hashes_.all.push_back(block.hash);
  blocks_.push_back(std::move(expected));
  check_claims(header);
  check_epoch(header);
  return &blocks_.back();
}

/// An epoch ends where the registry that the chain agreed on says so, and nowhere else.
void ChainChecker::check_epoch(const types::Header& header) {
  if (model_) return;
  if (const std::uint64_t version = *node::registry_version(state_);
      version != registries_.rbegin()->second.version)
    registries_[header.number] = *node::read_registry(state_);
  const auto agreed = std::prev(registries_.upper_bound(header.executed));
  auto next = node::following_epoch(epochs_.back(), agreed->second, header.number);
  if (header.next_epoch != (next ? types::encode(*next) : Bytes{}))
    checkers_.violate("epoch", "another epoch follows than the registry says" + at(header.number));
  if (next) epochs_.push_back(*std::move(next));
}

const types::Epoch& ChainChecker::epoch_of(Height height) const {
  const auto later = std::ranges::upper_bound(epochs_, height, {}, &types::Epoch::first);
  return *std::prev(later);
}

/// The roots that the chain agreed on are those of the blocks they name.
void ChainChecker::check_claims(const types::Header& header) {
  for (const types::ExecutionRoots& roots : header.roots) {
    covered_ = covered_.next();
    if (covered_.value > blocks_.size() || blocks_[covered_.value - 1].roots != roots)
      checkers_.violate("roots", "the chain agreed on wrong roots" + at(covered_));
  }
  if (covered_ != header.executed)
    checkers_.violate("roots", "a header names another height than its roots" + at(header.number));
}

void ChainChecker::on_executed(std::size_t node, const node::ExecutedBlock& block, UnixMillis now) {
  const Expected* expected = expect(block);
  if (expected == nullptr) return;
  const Height height = block.block.header.number;
  if (block.block.header.timestamp.value > now.value + node::kClockDriftMsMax + kSkewMsMax)
    checkers_.violate("time", "a block is ahead of its time" + at(height));
  if (expected->hash != block.hash)
    return checkers_.violate("agreement", name(node) + " executed another block" + at(height));
  if (expected->roots != block.roots)
    checkers_.violate("state", name(node) + " came to other roots" + at(height));
}

void ChainChecker::on_joined(std::size_t node, Height height, const Hash& root) {
  if (height.value == 0 || height.value > blocks_.size() ||
      blocks_[height.value - 1].roots.state_root != root)
    checkers_.violate("state", name(node) + " fetched a state that nobody has" + at(height));
}

void ChainChecker::check_height(const std::string& who, Height height,
                                const storage::Ledger& ledger) {
  const Expected& expected = blocks_[height.value - 1];
  const auto execution = ledger.execution(height);
  if (!execution || !*execution)
    return checkers_.violate("ledger", who + " has no receipts" + at(height));
  if ((*execution)->roots != expected.roots || (*execution)->receipts != expected.receipts)
    checkers_.violate("ledger", who + " has other receipts" + at(height));
  const auto hash = ledger.block_hash(height);
  const auto found = ledger.height_of(expected.hash);
  if (!hash || *hash != expected.hash || !found || *found != height)
    checkers_.violate("ledger", who + " does not find the block by hash and height" + at(height));
  for (std::size_t i = 0; i < expected.transactions.size(); ++i) {
    if (expected.skipped[i]) continue;
    const auto location = ledger.locate(expected.transactions[i]);
    const storage::TransactionLocation want{height, static_cast<std::uint32_t>(i)};
    if (!location || *location != want)
      checkers_.violate("ledger", who + " does not find a transaction" + at(height));
  }
}

void ChainChecker::check_ledger(std::size_t node, const storage::Ledger& ledger,
                                const state::StateDb& state) {
  const std::string who = name(node);
  const Height head = *ledger.executed_head();
  if (head.value > blocks_.size())
    return checkers_.violate("ledger", who + " has executed blocks that nobody agreed on");
  for (Height h = std::max(Height{1}, ledger.kept().blocks); h <= head; h = h.next())
    check_height(who, h, ledger);
  if (head > Height{0} &&
      state.head()->root != blocks_[state.head()->height.value - 1].roots.state_root)
    checkers_.violate("state", who + " keeps another state" + at(head));
  check_proofs(who, ledger);
  const auto begun = ledger.epochs();
  for (std::size_t i = 0; begun && i < begun->size(); ++i) {
    if (i >= epochs_.size() || epochs_[i].first != (*begun)[i])
      checkers_.violate("epoch", who + " has entered an epoch that did not begin there");
    if (i > 0 && !ledger.certificate(storage::CertificateKind::finality, (*begun)[i].minus(1)))
      checkers_.violate("proof", who + " cannot prove the end of an epoch");
  }
}

/// Each proof is one of the epoch of its height.
void ChainChecker::check_proofs(const std::string& who, const storage::Ledger& ledger) {
  const Height head = *ledger.executed_head();
  for (const auto kind :
       {storage::CertificateKind::finality, storage::CertificateKind::attestation}) {
    for (Height h{1}; h <= head;) {
      const auto next = ledger.first_certificate(kind, h);
      if (!next || !*next) break;
      const auto proof = consensus::decode_finality_proof((*next)->bytes);
      ++proofs_;
      const types::Epoch& epoch = epoch_of((*next)->height);
      const Hash domain = types::vote_domain(hashes_.all.front(), epoch);
      if (!proof || !consensus::verify_finality_proof(SimVerifier{epoch}, domain, *proof) ||
          proof->height != (*next)->height)
        checkers_.violate("proof", who + " keeps a proof that does not hold" + at((*next)->height));
      else if (proof->height.value <= blocks_.size() &&
               blocks_[proof->height.value - 1].hash != proof->block_id)
        checkers_.violate("proof", who + " keeps a proof of another block" + at(proof->height));
      h = (*next)->height.next();
    }
  }
}

}  // namespace wusong::sim::internal
