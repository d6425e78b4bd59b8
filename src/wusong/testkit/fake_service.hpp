// SPDX-License-Identifier: Apache-2.0
// A node without a network: blocks and accounts in memory, for tests of what stands on
// node::Service.
#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wusong/hash/hash.hpp"
#include "wusong/node/service.hpp"

namespace wusong::testkit {

class FakeService final : public node::Service {
 public:
  struct Contents {
    std::map<Address, types::Account> accounts;
    std::map<std::pair<Address, Hash>, U256> slots;
    std::map<Hash, Bytes> codes;
  };

  class Reader final : public types::StateView {
   public:
    explicit Reader(const Contents& contents) : contents_{contents} {}
    std::optional<types::Account> account(const Address& address) override {
      const auto found = contents_.accounts.find(address);
      return found == contents_.accounts.end() ? std::nullopt : std::optional{found->second};
    }
    U256 storage(const Address& address, const Hash& slot) override {
      const auto found = contents_.slots.find({address, slot});
      return found == contents_.slots.end() ? U256{} : found->second;
    }
    Bytes code(const Hash& code_hash) override {
      const auto found = contents_.codes.find(code_hash);
      return found == contents_.codes.end() ? Bytes{} : found->second;
    }
    std::optional<Error> error() const override { return std::nullopt; }

   private:
    const Contents& contents_;
  };

  Contents contents;  // the same at every height
  std::vector<node::BlockPtr> blocks;
  Height oldest_state_height;
  std::vector<node::PooledTransaction> pool;
  std::vector<std::size_t> submissions;  // sizes of submit() calls
  std::optional<Error> refusal;          // of every submission
  node::EpochPtr epoch_now{std::make_shared<const types::Epoch>()};
  std::vector<node::EpochProof> epoch_list;
  std::vector<node::ValidatorInfo> validator_list;
  std::vector<node::PeerInfo> peer_list;
  node::NetworkInfo network_now;
  node::Health health_now{.healthy = true, .reason = {}, .role = "validator"};
  std::optional<Error> proof_refusal;
  bool only_hash{false};  // submit() neither decodes nor keeps

  void account_with_code(const Address& address, const Bytes& code) {
    const Hash hash = hash::keccak256(code);
    contents.codes[hash] = code;
    contents.accounts[address].nonce = 1;
    contents.accounts[address].code_hash = hash;
  }

  struct Executed {
    types::Transaction transaction;
    types::Receipt receipt;
    std::uint16_t skipped{0};
  };
  /// Appends a block and tells the listeners.
  void add_block(std::vector<Executed> executed) {
    auto made = std::make_shared<node::ExecutedBlock>();
    types::Header& header = made->block.header;
    if (!blocks.empty()) header.parent_hash = blocks.back()->hash;
    header.number = Height{blocks.size()};
    header.view = View{blocks.size() * 2};
    header.proposer = 1;
    header.beneficiary.bytes[19] = 0xbe;
    header.timestamp = UnixMillis{1'700'000'000'250 + 1'000 * blocks.size()};
    header.gas_limit = 100'000'000;
    std::vector<Bytes> encoded;
    std::uint64_t gas = 0;
    for (Executed& item : executed) {
      encoded.push_back(types::encode(item.transaction));
      gas += item.receipt.gas_used;
      item.receipt.cumulative_gas_used = gas;
      item.receipt.type = item.transaction.type;
      item.receipt.logs_bloom = types::bloom_of(item.receipt.logs);
      made->logs_bloom |= item.receipt.logs_bloom;
      made->transaction_hashes.push_back(types::hash_of(item.transaction));
      made->senders.push_back(types::recover_sender(item.transaction).value_or(Address{}));
      made->block.transactions.push_back(std::move(item.transaction));
      made->receipts.push_back(std::move(item.receipt));
      made->skipped.push_back(item.skipped);
    }
    header.transactions_root = types::ordered_trie_root(encoded);
    made->roots.state_root.bytes.fill(0x5a);
    made->roots.receipts_root.bytes.fill(0xec);
    made->roots.gas_used = gas;
    made->roots.logs_bloom = made->logs_bloom;
    made->hash = types::hash_of(header);
    made->size_bytes = types::encode(made->block).size();
    blocks.push_back(made);
    for (const auto& listener : listeners_)
      if (listener.on_block) listener.on_block(made);
  }
  void cover(std::size_t height, std::uint64_t at) { blocks[height]->covered_at_height = at; }
  void announce(const std::vector<Hash>& hashes) {
    for (const auto& listener : listeners_)
      if (listener.on_pending) listener.on_pending(hashes);
  }

  std::uint64_t chain_id() const override { return 5918; }
  Hash genesis_hash() const override { return blocks.empty() ? Hash{} : blocks[0]->hash; }
  std::string client_version() const override { return "Wusong/v0.1.0/test/none"; }
  vm::Fork fork() const override { return vm::Fork::prague; }
  std::uint64_t gas_limit() const override { return 100'000'000; }
  U256 gas_price() const override { return U256{}; }
  std::size_t root_delay() const override { return 2; }

  node::Heads heads() const override {
    const Height executed{blocks.empty() ? 0 : blocks.size() - 1};
    return {executed, executed, oldest_state_height};
  }
  Result<node::BlockPtr> block(Height height) const override {
    if (height.value >= blocks.size()) return fail(node::err::unknown_block);
    return blocks[height.value];
  }
  Result<node::BlockPtr> block(const Hash& hash) const override {
    for (const auto& block : blocks)
      if (block->hash == hash) return block;
    return fail(node::err::unknown_block);
  }
  std::optional<node::TransactionLocation> find_transaction(const Hash& hash) const override {
    for (const auto& block : blocks) {
      const auto& hashes = block->transaction_hashes;
      const auto found = std::ranges::find(hashes, hash);
      if (found == hashes.end()) continue;
      return node::TransactionLocation{block->block.header.number,
                                       static_cast<std::uint32_t>(found - hashes.begin())};
    }
    return std::nullopt;
  }
  Result<types::Bloom> bloom(Height height) const override {
    WUSONG_TRY(const node::BlockPtr found, block(height));
    return found->logs_bloom;
  }
  Result<std::unique_ptr<types::StateView>> state(Height height) const override {
    if (height.value >= blocks.size()) return fail(node::err::unknown_block);
    if (height < oldest_state_height) return fail(node::err::state_pruned);
    return std::unique_ptr<types::StateView>{std::make_unique<Reader>(contents)};
  }
  Result<AccountProof> proof(Height height, const Address& address,
                             const std::vector<Hash>& slots) const override {
    WUSONG_TRY(const auto view, state(height));
    AccountProof out;
    out.account = view->account(address).value_or(types::Account{});
    out.account_proof = {{0xc1, 0x01}, {0xc1, 0x02}};
    for (const Hash& slot : slots)
      out.slots.push_back({slot, view->storage(address, slot), {{0xc1, 0x03}}});
    return out;
  }
  Result<node::BlockEnvironment> environment(Height height) const override {
    WUSONG_TRY(const node::BlockPtr found, block(height));
    const types::Header& header = found->block.header;
    return node::BlockEnvironment{
        header.number,    found->hash,     header.timestamp.value / 1000, header.beneficiary,
        header.gas_limit, header.base_fee, types::prev_randao(header)};
  }
  node::BlockEnvironment pending_environment() const override {
    node::BlockEnvironment out;
    out.number = heads().executed.next();
    out.timestamp = 1'700'000'100;
    out.gas_limit = gas_limit();
    return out;
  }
  Hash block_hash(Height height) const override {
    return height.value < blocks.size() ? blocks[height.value]->hash : Hash{};
  }

  std::vector<Result<Hash>> submit(const std::vector<Bytes>& raw) override {
    submissions.push_back(raw.size());
    std::vector<Result<Hash>> out;
    for (const Bytes& bytes : raw) out.push_back(submit_one(bytes));
    return out;
  }
  std::uint64_t pending_nonce(const Address& address) const override {
    const auto found = contents.accounts.find(address);
    std::uint64_t nonce = found == contents.accounts.end() ? 0 : found->second.nonce;
    for (const auto& pooled : pool)
      if (pooled.sender == address && pooled.pending) ++nonce;
    return nonce;
  }
  std::optional<node::PooledTransaction> pooled(const Hash& hash) const override {
    for (const auto& entry : pool)
      if (entry.hash == hash) return entry;
    return std::nullopt;
  }
  PoolCounts pool_counts() const override {
    PoolCounts out;
    for (const auto& entry : pool) ++(entry.pending ? out.pending : out.queued);
    return out;
  }
  std::vector<node::PooledTransaction> pool_content(const std::optional<Address>& sender,
                                                    std::size_t limit) const override {
    std::vector<node::PooledTransaction> out;
    for (const auto& entry : pool)
      if (out.size() < limit && (!sender || entry.sender == *sender)) out.push_back(entry);
    return out;
  }

  std::vector<node::ValidatorInfo> validators() const override { return validator_list; }
  std::vector<node::PeerInfo> peers() const override { return peer_list; }
  node::NetworkInfo network() const override { return network_now; }
  node::Health health() const override { return health_now; }
  node::EpochPtr epoch() const override { return epoch_now; }
  Result<node::EpochPtr> epoch_of(Height /*height*/) const override { return epoch_now; }
  Result<std::vector<node::EpochProof>> epoch_proofs(std::uint64_t from,
                                                     std::size_t limit) const override {
    std::vector<node::EpochProof> out;
    for (const node::EpochProof& proof : epoch_list)
      if (proof.epoch >= from && out.size() < limit) out.push_back(proof);
    return out;
  }
  Result<node::FinalityProof> finality_proof(Height height) const override {
    if (proof_refusal) return fail(*proof_refusal);
    WUSONG_TRY(const node::BlockPtr found, block(height));
    node::FinalityProof out;
    out.height = height;
    out.block_hash = found->hash;
    out.header = {0xc1, 0x80};
    out.chain = {{0xc1, 0x81}};
    out.attested_height = height.next();
    out.attestations = {1, 2, 3};
    return out;
  }
  std::string metrics() const override { return "wusong_height 2\n"; }

  std::shared_ptr<void> subscribe(node::Listener listener) override {
    const auto place = listeners_.insert(listeners_.end(), std::move(listener));
    return {nullptr, [this, place](void*) { listeners_.erase(place); }};
  }

 private:
  Result<Hash> submit_one(const Bytes& raw) {
    if (refusal) return fail(*refusal);
    if (only_hash) return hash::keccak256(raw);
    WUSONG_TRY(types::Transaction transaction, types::decode_transaction(raw));
    WUSONG_TRY(const Address sender, types::recover_sender(transaction));
    const Hash hash = types::hash_of(transaction);
    pool.push_back(
        {std::make_shared<const types::Transaction>(std::move(transaction)), hash, sender, true});
    return hash;
  }

  std::list<node::Listener> listeners_;
};

}  // namespace wusong::testkit
