// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/validator_keys.hpp"

namespace wusong::consensus {

std::vector<ValidatorKey> keys_of(const types::Epoch& epoch) {
  std::vector<ValidatorKey> out;
  out.reserve(epoch.validators.size());
  for (const types::Validator& validator : epoch.validators)
    out.push_back({validator.scheme, validator.vote_key});
  return out;
}

bool KeyVerifier::verify(ValidatorIndex validator, BytesView message, BytesView signature) const {
  if (validator >= keys_.size()) return false;
  const ValidatorKey& key = keys_[validator];
  return crypto::verify(key.scheme, key.public_key, message, signature).has_value();
}

}  // namespace wusong::consensus
