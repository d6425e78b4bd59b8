// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/vote_keys.hpp"

#include <algorithm>

#include "wusong/consensus/validator_keys.hpp"

namespace wusong::node {

std::unique_ptr<consensus::VoteVerifier> HeldKeys::verifier(const types::Epoch& epoch) const {
  return std::make_unique<consensus::KeyVerifier>(consensus::keys_of(epoch));
}

std::unique_ptr<consensus::VoteSigner> HeldKeys::find(const types::Epoch& epoch) const {
  for (std::size_t i = 0; i < epoch.validators.size(); ++i) {
    const types::Validator& validator = epoch.validators[i];
    for (const auto& key : keys_) {
      if (key->scheme() == validator.scheme &&
          std::ranges::equal(key->public_key(), validator.vote_key)) {
        return std::make_unique<consensus::KeySigner>(static_cast<consensus::ValidatorIndex>(i),
                                                      *key);
      }
    }
  }
  return nullptr;
}

std::unique_ptr<consensus::VoteSigner> HeldKeys::signer(const types::Epoch& epoch) const {
  auto found = find(epoch);
  if (found != nullptr || !look_again_) return found;
  for (auto& key : look_again_()) keys_.push_back(std::move(key));
  return find(epoch);
}

}  // namespace wusong::node
