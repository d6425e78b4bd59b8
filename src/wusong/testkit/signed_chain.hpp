// SPDX-License-Identifier: Apache-2.0
// A chain that four validators have agreed on, made in one go: executed, with the roots in headers
// and the certificates that it would have. For benchmarks of those who catch up.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/executor.hpp"
#include "wusong/light/follower.hpp"
#include "wusong/node/opening.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/node/validation.hpp"
#include "wusong/types/block.hpp"

namespace wusong::testkit {

class SignedChain {
 public:
  static constexpr std::size_t kValidators = 4;

  static Bytes secret(char kind, std::uint64_t i) {
    return to_bytes(hash::keccak256(as_bytes(kind + std::to_string(i))));
  }
  static std::unique_ptr<crypto::Signer> key(char kind, std::uint64_t i) {
    return *crypto::make_signer(crypto::Scheme::ed25519, secret(kind, i));
  }
  /// `senders` accounts have money.
  static node::Genesis genesis(std::uint64_t senders) {
    node::Genesis out;
    out.chain_id = 5'918;
    out.heartbeat_ms = 1'000;
    for (std::size_t i = 0; i < kValidators; ++i)
      out.validators.push_back({.name = "node" + std::to_string(i),
                                .scheme = crypto::Scheme::ed25519,
                                .vote_key = to_bytes(key('v', i)->public_key()),
                                .node_key = to_bytes(key('n', i)->public_key()),
                                .beneficiary = {}});
    for (std::uint64_t i = 0; i < senders; ++i)
      out.accounts[sender(i)].balance = U256{1'000'000'000'000};
    return out;
  }

  /// Begins with the genesis; `store` and `segments` are empty and outlive it.
  SignedChain(std::uint64_t senders, io::KvStore& store, io::SegmentStore& segments)
      : senders_{senders}, genesis_{genesis(senders)} {
    chain_ = *node::open_chain(genesis_, store, segments, timer_, executor_, {});
    header_ = chain_.genesis_header;
    hash_ = chain_.genesis_hash;
    for (std::size_t i = 0; i < kValidators; ++i) voters_.push_back(key('v', i));
  }

  /// Blocks with so many payments each.
  void grow(std::uint64_t blocks, std::size_t payments) {
    for (std::uint64_t i = 0; i < blocks; ++i) add_block(payments);
  }

  const node::Genesis& genesis() const noexcept { return genesis_; }
  const node::OpenedChain& chain() const noexcept { return chain_; }
  Height height() const noexcept { return header_.number; }
  light::Follower epochs() const {
    return {chain_.genesis_hash, node::first_epoch(genesis_), light::key_voters};
  }

 private:
  static Address sender(std::uint64_t i) {
    const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, secret('s', i));
    return crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
  }

  void add_block(std::size_t payments) {
    std::vector<Bytes> transactions;
    for (std::size_t i = 0; i < payments; ++i) transactions.push_back(payment());
    header_.parent_hash = hash_;
    header_.number = header_.number.next();
    header_.view = header_.view.next();
    header_.proposer = node::proposer_of(header_.view, kValidators);
    header_.timestamp.value += 100;
    header_.transactions_root = types::ordered_trie_root(transactions);
    header_.roots.clear();
    if (header_.number > Height{genesis_.root_delay}) {
      header_.executed = header_.number.minus(genesis_.root_delay);
      header_.roots.push_back(roots_.at(header_.executed));
      roots_.erase(header_.executed);
    }
    hash_ = types::hash_of(header_);
    Bytes block = types::encode_block(header_, transactions);
    WUSONG_ASSERT(chain_.ledger->append_block(header_.number, hash_, block, certificate(),
                                              io::Durability::buffered));
    std::vector<Bytes> one;
    one.push_back(std::move(block));
    const auto prepared = *node::prepare_range(std::move(one), executor_);
    roots_[header_.number] = (*chain_.executor->execute(*prepared.front()))->roots;
  }

  Bytes payment() {
    const std::uint64_t from = next_sender_++ % senders_;
    types::Transaction out{.type = types::TransactionType::dynamic_fee, .gas_limit = 21'000};
    out.chain_id = genesis_.chain_id;
    out.nonce = nonces_[from]++;
    out.to = Address::from(hash::keccak256(as_bytes(std::to_string(from))).view().first(20));
    out.value = U256{1};
    WUSONG_ASSERT(types::sign(out, secret('s', from)));
    return types::encode(out);
  }

  Bytes certificate() const {
    consensus::Certificate out;
    out.subject = {.kind = consensus::VoteKind::finalize,
                   .view = header_.view,
                   .height = header_.number,
                   .block_id = hash_,
                   .parent_view = View{}};
    const Bytes message = consensus::vote_sign_bytes(chain_.genesis_hash, out.subject);
    for (std::size_t i = 0; i < consensus::quorum_size(kValidators); ++i)
      out.signatures.entries.push_back(
          {static_cast<consensus::ValidatorIndex>(i), voters_[i]->sign(message)});
    return consensus::encode(consensus::make_finality_proof(out));
  }

  std::uint64_t senders_;
  node::Genesis genesis_;
  io::NoStageTimer timer_;
  io::InlineExecutor executor_;
  node::OpenedChain chain_;
  std::vector<std::unique_ptr<crypto::Signer>> voters_;
  types::Header header_;
  Hash hash_;
  std::map<Height, types::ExecutionRoots> roots_;  // that no header carries yet
  std::map<std::uint64_t, std::uint64_t> nonces_;
  std::uint64_t next_sender_{0};
};

}  // namespace wusong::testkit
