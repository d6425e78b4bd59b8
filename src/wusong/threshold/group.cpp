// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/group.hpp"

#include <sodium.h>

#include "wusong/threshold/errors.hpp"

namespace wusong::threshold {

Scalar::~Scalar() {
  sodium_memzero(bytes.data(), bytes.size());
}
bool Scalar::is_zero() const noexcept {
  return sodium_is_zero(bytes.data(), bytes.size()) == 1;
}
bool operator==(const Scalar& a, const Scalar& b) noexcept {
  return sodium_memcmp(a.bytes.data(), b.bytes.data(), kScalarSize) == 0;
}

Scalar Group::random(io::Entropy& entropy) const noexcept {
  std::array<std::uint8_t, 64> wide;
  entropy.fill(wide);
  Scalar out = reduce(wide);
  sodium_memzero(wide.data(), wide.size());
  return out;
}

Scalar Group::random_nonzero(io::Entropy& entropy) const noexcept {
  for (;;) {
    Scalar out = random(entropy);
    if (!out.is_zero()) return out;
  }
}

Point Group::subtract(const Point& p, const Point& q) const noexcept {
  return add(p, times(q, subtract(scalar(0), scalar(1))));
}

namespace {

void append_length(Bytes& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(length >> shift));
}

}  // namespace

Transcript::Transcript(const Group& group, std::string_view label) : group_{group} {
  // Enough for most, so that growing leaves no copies behind of what may be secret.
  data_.reserve(1024);
  add(as_bytes("wusong.threshold.1")).add(as_bytes(group.name())).add(as_bytes(label));
}

Transcript& Transcript::add(BytesView part) {
  if (data_.capacity() < data_.size() + 4 + part.size()) {
    Bytes larger;
    larger.reserve(2 * (data_.size() + 4 + part.size()));
    append(larger, data_);
    sodium_memzero(data_.data(), data_.size());
    data_ = std::move(larger);
  }
  append_length(data_, part.size());
  append(data_, part);
  return *this;
}

Hash Transcript::digest() const noexcept {
  const auto wide = group_.hash(data_);
  return Hash::from(BytesView{wide}.first(Hash::kSize));
}

Scalar Transcript::challenge() const noexcept {
  return group_.reduce(group_.hash(data_));
}

Transcript::~Transcript() {
  sodium_memzero(data_.data(), data_.size());
}

namespace {

Scalar knowledge_challenge(const Group& group, BytesView context, const Point& element,
                           const Point& commitment) {
  return Transcript{group, "knowledge"}.add(context).add(element).add(commitment).challenge();
}

}  // namespace

KnowledgeProof prove_knowledge(const Group& group, BytesView context, const Scalar& secret,
                               io::Entropy& entropy) {
  // The secret is in it, so that entropy which is foreseen or repeated does not give it away.
  std::array<std::uint8_t, 64> random;
  Scalar nonce;
  while (nonce.is_zero()) {
    entropy.fill(random);
    nonce =
        Transcript{group, "proof nonce"}.add(random).add(secret.view()).add(context).challenge();
  }
  sodium_memzero(random.data(), random.size());
  KnowledgeProof out{.commitment = group.base_times(nonce), .response = {}};
  const Scalar challenge =
      knowledge_challenge(group, context, group.base_times(secret), out.commitment);
  out.response = group.add(nonce, group.multiply(challenge, secret));
  return out;
}

Result<void> check_knowledge(const Group& group, BytesView context, const Point& element,
                             const KnowledgeProof& proof) {
  const Scalar challenge = knowledge_challenge(group, context, element, proof.commitment);
  if (group.base_times(proof.response) !=
      group.add(proof.commitment, group.times(element, challenge)))
    return fail(err::bad_proof);
  return {};
}

}  // namespace wusong::threshold
