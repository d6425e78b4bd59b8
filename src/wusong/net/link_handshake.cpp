// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/link_handshake.hpp"

#include <algorithm>

#include "wusong/crypto/password.hpp"
#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

/// Every message begins with its kind and the suite.
enum class Kind : std::uint8_t { offer = 1, answer = 2, confirmation = 3 };
constexpr std::size_t kPrefixSize = 2;
constexpr std::size_t kConfirmationSize = Hash::kSize;
constexpr std::string_view kVersion = "wusong link 1";

Bytes begin(Kind kind, LinkSuite suite) {
  return {static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(suite)};
}

LinkSide other(LinkSide side) noexcept {
  return side == LinkSide::dialler ? LinkSide::acceptor : LinkSide::dialler;
}

SecretBytes grow(const LinkSuiteTraits& traits, const SecretBytes& agreed, LinkSide side,
                 std::string_view purpose) {
  Bytes info = to_bytes(as_bytes(side == LinkSide::dialler ? "dialler " : "acceptor "));
  append(info, as_bytes(purpose));
  return hash::hkdf_expand(traits.digest, agreed.view(), info, Hash::kSize);
}

}  // namespace

LinkHandshake::LinkHandshake(LinkSuite suite, LinkSide side, const Hash& binding) noexcept
    : traits_{&traits_of(suite)},
      suite_{suite},
      side_{side},
      waits_{side == LinkSide::dialler ? Waits::for_answer : Waits::for_offer},
      binding_{to_bytes(binding)} {}

Result<LinkHandshake> LinkHandshake::start(LinkSuite suite, LinkSide side, const Hash& binding,
                                           io::Entropy& entropy) {
  LinkHandshake out{suite, side, binding};
  if (side == LinkSide::acceptor) return out;
  WUSONG_TRY(out.one_time_, crypto::HybridDecapsulationKey::generate(out.traits_->kem, entropy));
  out.output_ = begin(Kind::offer, suite);
  append(out.output_, out.one_time_->encapsulation_key());
  return out;
}

std::size_t LinkHandshake::wanted() const noexcept {
  const crypto::HybridKemShape& shape = crypto::shape_of(traits_->kem);
  switch (waits_) {
    case Waits::for_offer:
      return kPrefixSize + shape.encapsulation_key;
    case Waits::for_answer:
      return kPrefixSize + shape.ciphertext + kConfirmationSize;
    case Waits::for_confirmation:
      return kPrefixSize + kConfirmationSize;
    case Waits::nothing:
      return 0;
  }
  std::unreachable();
}

Result<void> LinkHandshake::receive(BytesView message, io::Entropy& entropy) {
  WUSONG_ASSERT(waits_ != Waits::nothing && message.size() == wanted());
  const Kind kind = waits_ == Waits::for_offer    ? Kind::offer
                    : waits_ == Waits::for_answer ? Kind::answer
                                                  : Kind::confirmation;
  if (!std::ranges::equal(message.first(kPrefixSize), begin(kind, suite_)))
    return fail(err::bad_link_message);
  const BytesView body = message.subspan(kPrefixSize);
  if (kind == Kind::offer) return on_offer(body, entropy);
  return kind == Kind::answer ? on_answer(body) : on_confirmation(body);
}

Result<void> LinkHandshake::on_offer(BytesView key, io::Entropy& entropy) {
  auto sent = crypto::hybrid_encapsulate(traits_->kem, key, entropy);
  if (!sent) return fail(err::bad_link_message);
  agree(key, sent->ciphertext, sent->shared_secret);
  output_ = begin(Kind::answer, suite_);
  append(output_, sent->ciphertext);
  append(output_, confirmation_of(LinkSide::acceptor));
  waits_ = Waits::for_confirmation;
  return {};
}

Result<void> LinkHandshake::on_answer(BytesView answer) {
  const BytesView ciphertext = answer.first(answer.size() - kConfirmationSize);
  const auto shared = one_time_->decapsulate(ciphertext);
  if (!shared) return fail(err::bad_link_message);
  agree(one_time_->encapsulation_key(), ciphertext, *shared);
  one_time_.reset();
  if (!crypto::equal_secrets(as_text(answer.last(kConfirmationSize)),
                             as_text(confirmation_of(LinkSide::acceptor))))
    return fail(err::link_not_confirmed);
  output_ = begin(Kind::confirmation, suite_);
  append(output_, confirmation_of(LinkSide::dialler));
  waits_ = Waits::nothing;
  return {};
}

Result<void> LinkHandshake::on_confirmation(BytesView confirmation) {
  if (!crypto::equal_secrets(as_text(confirmation), as_text(confirmation_of(LinkSide::dialler))))
    return fail(err::link_not_confirmed);
  waits_ = Waits::nothing;
  return {};
}

/// The keys depend on everything that was said, on what TLS kept secret, and on the new secret.
void LinkHandshake::agree(BytesView key, BytesView ciphertext, const SecretBytes& shared) {
  Bytes said = to_bytes(as_bytes(kVersion));
  said.push_back(static_cast<std::uint8_t>(suite_));
  append(said, key);
  append(said, ciphertext);
  transcript_ = traits_->digest(said);
  agreed_ = hash::hkdf_extract(traits_->digest, transcript_, {shared.view(), binding_.view()});
  binding_ = {};
}

Hash LinkHandshake::confirmation_of(LinkSide side) const {
  const SecretBytes key = grow(*traits_, agreed_, side, "confirms");
  return hash::hmac(traits_->digest, key.view(), {transcript_});
}

LinkSeals LinkHandshake::take_seals() {
  WUSONG_ASSERT(waits_ == Waits::nothing && !agreed_.view().empty());
  LinkSeals out{LinkSealer{suite_, grow(*traits_, agreed_, side_, "seals")},
                LinkOpener{suite_, grow(*traits_, agreed_, other(side_), "seals")}};
  agreed_ = {};
  return out;
}

}  // namespace wusong::net
