// SPDX-License-Identifier: Apache-2.0
// A signature scheme that costs nothing: a digest of the message under the public key. Anybody
// could make it; nobody here does, but for the faults that say so.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "wusong/node/vote_keys.hpp"
#include "wusong/sim/event_loop.hpp"

namespace wusong::sim {

inline Bytes sim_signature(BytesView key, BytesView message) {
  const std::uint64_t digest =
      EventLoop::digest64(message, mix64(EventLoop::digest64(key, 0x5157)));
  Bytes out(8);
  std::memcpy(out.data(), &digest, 8);
  return out;
}

class SimVerifier final : public consensus::VoteVerifier {
 public:
  explicit SimVerifier(const types::Epoch& epoch) {
    for (const auto& validator : epoch.validators) keys_.push_back(validator.vote_key);
  }
  std::size_t count() const noexcept override { return keys_.size(); }
  bool verify(consensus::ValidatorIndex validator, BytesView message,
              BytesView signature) const override {
    return validator < keys_.size() &&
           std::ranges::equal(sim_signature(keys_[validator], message), signature);
  }

 private:
  std::vector<Bytes> keys_;
};

class SimSigner final : public consensus::VoteSigner {
 public:
  SimSigner(consensus::ValidatorIndex index, Bytes key) : index_{index}, key_{std::move(key)} {}
  consensus::ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return sim_signature(key_, message); }

 private:
  consensus::ValidatorIndex index_;
  Bytes key_;
};

/// Any number of keys of one machine.
class SimKeys final : public node::VoteKeys {
 public:
  void hold(Bytes key) { held_.push_back(std::move(key)); }
  std::unique_ptr<consensus::VoteVerifier> verifier(const types::Epoch& epoch) const override {
    return std::make_unique<SimVerifier>(epoch);
  }
  std::unique_ptr<consensus::VoteSigner> signer(const types::Epoch& epoch) const override {
    for (std::size_t i = 0; i < epoch.validators.size(); ++i) {
      const Bytes& key = epoch.validators[i].vote_key;
      if (std::ranges::find(held_, key) != held_.end())
        return std::make_unique<SimSigner>(static_cast<consensus::ValidatorIndex>(i), key);
    }
    return nullptr;
  }

 private:
  std::vector<Bytes> held_;
};

}  // namespace wusong::sim
