// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2_exchange.hpp"

#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::Ephemeral;
using internal::Number;
using internal::SecretPoint;

constexpr Number kOrder = internal::Sm2Curve::Order::kModulus;
const internal::CurveKernels& kernels() noexcept {
  return internal::curve_provider().sm2;
}
/// Which side a confirmation is of.
constexpr std::uint8_t kOfResponder = 2;
constexpr std::uint8_t kOfInitiator = 3;

/// The low 127 bits of an offer's abscissa, and 2^127. @source section 6.1, A4
Number shortened(BytesView offer) noexcept {
  const Number x = internal::load_number(offer.first(32));
  return {x[0], x[1] | std::uint64_t{1} << 63, 0, 0};
}

Result<void> check(const Sm2ExchangeTerms& terms) noexcept {
  if (terms.peer.size() != 64 || terms.own_id.size() > kSm2UserIdMost ||
      terms.peer_id.size() > kSm2UserIdMost || terms.key_size == 0 ||
      terms.key_size > kSm2ExchangedKeyMost)
    return fail(err::bad_length);
  return {};
}

/// Both sides' view of what they agreed on.
struct Transcript {
  SecretPoint common;
  Hash initiator;
  Hash responder;
  BytesView offer;
  BytesView answered;  // the responder's offer

  SecretBytes key(std::size_t size) const noexcept {
    Bytes named;
    named.reserve(128);  // never reallocated, so that no copy stays behind
    append(named, internal::store_point(common));
    append(named, initiator);
    append(named, responder);
    const SecretBytes secret{std::move(named)};
    return sm2_derive(secret.view(), size);
  }
  /// @source section 6.1, B8 and A9
  Hash confirmation(std::uint8_t side) const noexcept {
    const auto point = internal::store_point(common);
    Bytes inner;
    inner.reserve(224);
    append(inner, BytesView{point}.first(32));
    append(inner, initiator);
    append(inner, responder);
    append(inner, offer);
    append(inner, answered);
    const SecretBytes first{std::move(inner)};
    Bytes outer{side};
    outer.reserve(65);
    append(outer, BytesView{point}.last(32));
    append(outer, hash::sm3(first.view()));
    const SecretBytes second{std::move(outer)};
    return hash::sm3(second.view());
  }
};

bool is_same(const Hash& expected, BytesView found) noexcept {
  return sodium_memcmp(expected.data(), found.data(), Hash::kSize) == 0;
}

}  // namespace

SecretBytes sm2_derive(BytesView secret, std::size_t size) noexcept {
  WUSONG_ASSERT(size / Hash::kSize < 0xffffffff);
  constexpr std::size_t kAtOnce = 16;
  const std::size_t stride = secret.size() + 4;
  Bytes inputs(kAtOnce * stride);
  std::array<BytesView, kAtOnce> messages;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    std::ranges::copy(secret, inputs.begin() + static_cast<std::ptrdiff_t>(i * stride));
    messages[i] = BytesView{inputs}.subspan(i * stride, stride);
  }
  Bytes out(size);
  std::array<Hash, kAtOnce> blocks;
  std::uint32_t counter = 0;
  for (std::size_t at = 0; at < size;) {
    const std::size_t now = std::min(kAtOnce, (size - at + Hash::kSize - 1) / Hash::kSize);
    for (std::size_t i = 0; i < now; ++i) {
      ++counter;
      for (unsigned k = 0; k < 4; ++k)
        inputs[i * stride + secret.size() + k] = static_cast<std::uint8_t>(counter >> (24 - 8 * k));
    }
    hash::sm3_batch(std::span{messages}.first(now), std::span{blocks}.first(now));
    for (std::size_t i = 0; i < now; ++i, at += Hash::kSize)
      std::memcpy(out.data() + at, blocks[i].data(), std::min(Hash::kSize, size - at));
  }
  sodium_memzero(blocks.data(), sizeof(blocks));
  sodium_memzero(inputs.data(), inputs.size());
  return SecretBytes{std::move(out)};
}

/// What knows a secret's numbers.
struct Sm2Exchange {
  /// t = d + x r. @source section 6.1, A5
  static Number implicit_secret(const Sm2Secret& own, const Ephemeral& ephemeral) noexcept {
    Number minus_one = kOrder;
    math::subtract_in_place(minus_one, Number{1});
    Number part = kernels().multiply_scalars(shortened(ephemeral.point), ephemeral.secret);
    part = internal::sum_modulo(part, minus_one, kOrder);
    const Number out = internal::sum_modulo(part, own.one_plus_secret_, kOrder);
    sodium_memzero(&part, sizeof(part));
    return out;
  }
  /// [t](P + [x]R). @source section 6.1, A7
  static Result<SecretPoint> common_point(const Number& implicit_secret, BytesView peer,
                                          BytesView offer) noexcept {
    const auto key = internal::load_point<internal::Sm2Curve>(peer);
    const auto point = internal::load_point<internal::Sm2Curve>(offer);
    if (!key || !point) return fail(err::bad_public_key);
    WUSONG_TRY(const SecretPoint both,
               internal::secret_multiple(kernels(), shortened(offer), *point, &*key));
    return internal::secret_multiple(kernels(), implicit_secret, both);
  }
};

Sm2Initiator::~Sm2Initiator() {
  sodium_memzero(&implicit_secret_, sizeof(implicit_secret_));
}

Result<Sm2Initiator> Sm2Initiator::start(const Sm2ExchangeTerms& terms,
                                         io::Entropy& entropy) noexcept {
  WUSONG_CHECK(check(terms));
  WUSONG_TRY(const Ephemeral ephemeral,
             internal::draw_ephemeral<internal::Sm2Curve>(kernels(), entropy));
  Sm2Initiator out;
  out.implicit_secret_ = Sm2Exchange::implicit_secret(*terms.own, ephemeral);
  out.offer_ = ephemeral.point;
  std::ranges::copy(terms.peer, out.peer_.begin());
  out.own_identity_ = sm2_identity(terms.own->public_key(), terms.own_id);
  out.peer_identity_ = sm2_identity(terms.peer, terms.peer_id);
  out.key_size_ = terms.key_size;
  return out;
}

Result<Sm2Agreed> Sm2Initiator::finish(BytesView answer) const noexcept {
  if (answer.size() != std::tuple_size_v<Sm2Answer>) return fail(err::bad_length);
  const BytesView answered = answer.first(64);
  WUSONG_TRY(const SecretPoint common,
             Sm2Exchange::common_point(implicit_secret_, peer_, answered));
  const Transcript transcript{common, own_identity_, peer_identity_, offer_, answered};
  if (!is_same(transcript.confirmation(kOfResponder), answer.subspan(64)))
    return fail(err::bad_confirmation);
  return Sm2Agreed{transcript.key(key_size_), transcript.confirmation(kOfInitiator)};
}

Result<Sm2Responder> Sm2Responder::start(const Sm2ExchangeTerms& terms, BytesView offer,
                                         io::Entropy& entropy) noexcept {
  WUSONG_CHECK(check(terms));
  if (offer.size() != std::tuple_size_v<Sm2Offer>) return fail(err::bad_length);
  WUSONG_TRY(const Ephemeral ephemeral,
             internal::draw_ephemeral<internal::Sm2Curve>(kernels(), entropy));
  Number secret = Sm2Exchange::implicit_secret(*terms.own, ephemeral);
  const auto common = Sm2Exchange::common_point(secret, terms.peer, offer);
  sodium_memzero(&secret, sizeof(secret));
  if (!common) return fail(common.error());
  const Transcript transcript{*common, sm2_identity(terms.peer, terms.peer_id),
                              sm2_identity(terms.own->public_key(), terms.own_id), offer,
                              ephemeral.point};
  Sm2Responder out;
  std::ranges::copy(ephemeral.point, out.answer_.begin());
  const Hash confirmation = transcript.confirmation(kOfResponder);
  std::ranges::copy(confirmation.view(), out.answer_.begin() + 64);
  out.key_ = transcript.key(terms.key_size);
  out.expected_ = transcript.confirmation(kOfInitiator);
  return out;
}

Result<void> Sm2Responder::confirm(BytesView confirmation) const noexcept {
  if (confirmation.size() != Hash::kSize) return fail(err::bad_length);
  if (!is_same(expected_, confirmation)) return fail(err::bad_confirmation);
  return {};
}

}  // namespace wusong::crypto
