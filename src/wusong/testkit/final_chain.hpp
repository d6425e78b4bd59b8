// SPDX-License-Identifier: Apache-2.0
// A finalised chain of empty blocks with certificates of cheap signatures, for tests of sync.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/sync/range.hpp"
#include "wusong/types/block.hpp"

namespace wusong::testkit {

/// A signature is a hash of the message and its signer: anybody can make it, nobody by accident.
class HashVerifier final : public consensus::VoteVerifier {
 public:
  explicit HashVerifier(std::size_t count) noexcept : count_{count} {}
  std::size_t count() const noexcept override { return count_; }
  bool verify(consensus::ValidatorIndex validator, BytesView message,
              BytesView signature) const override {
    return to_bytes(signature) == sign(validator, message);
  }
  static Bytes sign(consensus::ValidatorIndex validator, BytesView message) {
    Bytes input = to_bytes(message);
    input.push_back(static_cast<std::uint8_t>(validator));
    const Hash digest = hash::keccak256(input);
    return to_bytes(digest.view().first(8));
  }

 private:
  std::size_t count_;
};

class FinalChain final : public sync::BlockSource {
 public:
  /// Heights 1 to `length`; each multiple of `certificate_every` and the last have a certificate.
  /// Another `salt` is another chain. The block at `epoch_ends` ends the first epoch. With `roots`,
  /// a header carries those of the height four below.
  using Roots = std::function<types::ExecutionRoots(Height)>;
  FinalChain(std::uint64_t length, std::uint64_t certificate_every, std::uint8_t salt = 0,
             std::size_t validators = 4, std::uint64_t epoch_ends = 0, const Roots& roots = nullptr)
      : verifier_{validators} {
    genesis_.bytes.fill(0x61);
    epochs_.push_back(epoch_of(0, Height{1}));
    hashes_.push_back(genesis_);
    for (std::uint64_t height = 1; height <= length; ++height) {
      types::Header header;
      header.parent_hash = hashes_.back();
      header.number = Height{height};
      header.view = View{height + 5};
      header.proposer = salt;
      header.transactions_root = types::kEmptyTrieRoot;
      if (roots && height > 4) {
        header.executed = Height{height - 4};
        header.roots = {roots(header.executed)};
      }
      const bool ends = height == epoch_ends;
      const types::Epoch next = epoch_of(epochs_.size(), Height{height + 1});
      if (ends) header.next_epoch = types::encode(next);
      hashes_.push_back(types::hash_of(header));
      blocks_.push_back(types::encode(types::Block{header, {}}));
      if (height % certificate_every == 0 || height == length || height == epoch_ends)
        certify(height);
      if (ends) epochs_.push_back(next);
    }
  }

  const Hash& genesis() const noexcept { return genesis_; }
  const Hash& hash(std::uint64_t height) const { return hashes_.at(height); }
  const Bytes& bytes(std::uint64_t height) const { return blocks_.at(height - 1); }
  std::uint64_t length() const noexcept { return blocks_.size(); }
  const HashVerifier& verifier() const noexcept { return verifier_; }
  sync::EpochVoters voters() const noexcept { return {&verifier_, genesis_}; }
  const types::Epoch& first_epoch() const noexcept { return epochs_.front(); }
  /// As many voters as the epoch names.
  static std::unique_ptr<consensus::VoteVerifier> voters_of(const types::Epoch& epoch) {
    return std::make_unique<HashVerifier>(epoch.validators.size());
  }
  /// Only the first one is known.
  light::Follower epochs() const { return {genesis_, epochs_.front(), voters_of}; }
  /// How the epochs from this number on ended.
  net::EpochsResponse serve_epochs(const net::EpochsRequest& request) const {
    net::EpochsResponse out{.id = request.id, .ends = {}};
    for (std::size_t i = request.from + 1; i < epochs_.size(); ++i) {
      const std::uint64_t last = epochs_[i].first.value - 1;
      out.ends.push_back({types::encode(types::header_of(bytes(last)).value_or(types::Header{})),
                          certificate_of(last)});
    }
    return out;
  }
  Bytes certificate_of(std::uint64_t height) const { return certificates_.at(height); }

  Result<std::optional<Bytes>> block(Height height) const override {
    if (height.value == 0 || height.value > blocks_.size()) return std::optional<Bytes>{};
    return std::optional<Bytes>{blocks_[height.value - 1]};
  }
  Result<std::optional<Bytes>> header(Height height) const override { return block(height); }
  Result<std::optional<Certificate>> first_certificate(Height height) const override {
    const auto found = certificates_.lower_bound(height.value);
    if (found == certificates_.end()) return std::optional<Certificate>{};
    return std::optional<Certificate>{Certificate{Height{found->first}, found->second}};
  }

 private:
  types::Epoch epoch_of(std::uint64_t number, Height first) const {
    types::Epoch out{.number = number,
                     .first = first,
                     .version = number,
                     .validators = {},
                     .observers = {},
                     .parameters = {}};
    for (std::size_t i = 0; i < verifier_.count(); ++i)
      out.validators.push_back({.name = std::to_string(i),
                                .scheme = crypto::Scheme::ed25519,
                                .vote_key = Bytes(32, static_cast<std::uint8_t>(i)),
                                .node_key = Bytes(32, static_cast<std::uint8_t>(i)),
                                .beneficiary = {}});
    return out;
  }
  void certify(std::uint64_t height) {
    consensus::Certificate certificate;
    certificate.subject = {.kind = consensus::VoteKind::finalize,
                           .view = View{height + 5},
                           .height = Height{height},
                           .block_id = hashes_[height],
                           .parent_view = View{}};
    const Bytes message = consensus::vote_sign_bytes(types::vote_domain(genesis_, epochs_.back()),
                                                     certificate.subject);
    for (std::size_t i = 0; i < consensus::quorum_size(verifier_.count()); ++i) {
      const auto index = static_cast<consensus::ValidatorIndex>(i);
      certificate.signatures.entries.push_back({index, HashVerifier::sign(index, message)});
    }
    certificates_[height] = consensus::encode(consensus::make_finality_proof(certificate));
  }

  Hash genesis_;
  HashVerifier verifier_;
  std::vector<types::Epoch> epochs_;
  std::vector<Hash> hashes_;
  std::vector<Bytes> blocks_;
  std::map<std::uint64_t, Bytes> certificates_;
};

}  // namespace wusong::testkit
