// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/validator_keys.hpp"

#include <algorithm>
#include <array>

namespace wusong::consensus {

std::vector<ValidatorKey> keys_of(const types::Epoch& epoch) {
  std::vector<ValidatorKey> out;
  out.reserve(epoch.validators.size());
  for (const types::Validator& validator : epoch.validators)
    out.push_back({validator.scheme, validator.vote_key});
  return out;
}

namespace {

crypto::KnownKeys known(const std::vector<ValidatorKey>& keys) {
  std::vector<crypto::KnownKeys::Key> out;
  out.reserve(keys.size());
  for (const ValidatorKey& key : keys) out.push_back({key.scheme, key.public_key});
  return crypto::KnownKeys{out};
}

}  // namespace

KeyVerifier::KeyVerifier(std::vector<ValidatorKey> keys)
    : keys_{std::move(keys)}, known_{known(keys_)} {}

bool KeyVerifier::verify(ValidatorIndex validator, BytesView message, BytesView signature) const {
  return verify_all(std::array{Item{validator, message, signature}});
}

bool KeyVerifier::verify_all(std::span<const Item> items) const {
  std::vector<crypto::VerifyRequest> requests;
  requests.reserve(items.size());
  for (const Item& item : items) {
    if (item.validator >= keys_.size()) return false;
    const ValidatorKey& key = keys_[item.validator];
    requests.push_back({key.scheme, key.public_key, item.message, item.signature});
  }
  return std::ranges::all_of(crypto::verify_batch(requests, known_),
                             [](const auto& verdict) { return verdict.has_value(); });
}

}  // namespace wusong::consensus
