// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/validator_keys.hpp"

namespace wusong::consensus {

bool KeyVerifier::verify(ValidatorIndex validator, BytesView message, BytesView signature) const {
  if (validator >= keys_.size()) return false;
  const ValidatorKey& key = keys_[validator];
  return crypto::verify(key.scheme, key.public_key, message, signature).has_value();
}

}  // namespace wusong::consensus
