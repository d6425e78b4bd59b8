// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2.hpp"

#include <sodium.h>
#include <vector>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::in_range;
using internal::load_number;
using internal::Number;
using internal::PlainPoint;

constexpr std::string_view kNonceKeyName = "wusong sm2 nonce key";
constexpr Number kOrder = internal::Sm2Curve::Order::kModulus;

/// a - b modulo the order, for public numbers below it.
Number difference_of(const Number& a, const Number& b) noexcept {
  Number out = a;
  if (math::subtract_in_place(out, b) != 0) math::add_in_place(out, kOrder);
  return out;
}

/// Candidates for nonces of the requests that `pending` names; a draw is a try.
void draw_nonces(std::span<const Hash> keys, std::span<const Hash> digests, const Hash& hedge,
                 std::uint8_t draw, std::span<Number> out) noexcept {
  constexpr std::size_t kSize = 3 * Hash::kSize + 1;
  Bytes seeds(keys.size() * kSize);
  std::vector<BytesView> messages(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::uint8_t* const seed = seeds.data() + i * kSize;
    std::memcpy(seed, keys[i].data(), Hash::kSize);
    std::memcpy(seed + Hash::kSize, hedge.data(), Hash::kSize);
    std::memcpy(seed + 2 * Hash::kSize, digests[i].data(), Hash::kSize);
    seed[kSize - 1] = draw;
    messages[i] = BytesView{seed, kSize};
  }
  std::vector<Hash> drawn(keys.size());
  hash::sm3_batch(messages, drawn);
  for (std::size_t i = 0; i < keys.size(); ++i) out[i] = load_number(drawn[i].view());
  sodium_memzero(seeds.data(), seeds.size());
  sodium_memzero(drawn.data(), drawn.size() * sizeof(Hash));
}

}  // namespace

Hash sm2_identity(BytesView public_key, std::string_view user_id) noexcept {
  WUSONG_ASSERT(public_key.size() == 64 && user_id.size() <= kSm2UserIdMost);
  const std::size_t bits = user_id.size() * 8;
  Bytes named{static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  append(named, as_bytes(user_id));
  using C = internal::Sm2Curve;
  for (const Number* number : {&C::kA, &C::kB, &C::kX, &C::kY}) {
    std::array<std::uint8_t, 32> bytes;
    math::store_be_limbs(*number, bytes.data());
    append(named, bytes);
  }
  append(named, public_key);
  return hash::sm3(named);
}

Hash sm2_digest(BytesView public_key, BytesView message) noexcept {
  Bytes bound = to_bytes(sm2_identity(public_key));
  append(bound, message);
  return hash::sm3(bound);
}

Sm2Secret::Sm2Secret(Sm2Secret&& other) noexcept
    : one_plus_secret_{other.one_plus_secret_},
      inverse_{other.inverse_},
      nonce_key_{other.nonce_key_},
      public_key_{other.public_key_} {}

Sm2Secret::~Sm2Secret() {
  sodium_memzero(&one_plus_secret_, sizeof(one_plus_secret_));
  sodium_memzero(&inverse_, sizeof(inverse_));
  sodium_memzero(&nonce_key_, sizeof(nonce_key_));
}

Result<Sm2Secret> Sm2Secret::from(BytesView secret_key) noexcept {
  if (secret_key.size() != 32) return fail(err::bad_secret_key);
  Sm2Secret out;
  Number secret = load_number(secret_key);
  out.one_plus_secret_ = secret;
  math::add_in_place(out.one_plus_secret_, Number{1});
  // d = n-1 would make 1+d zero.
  if (!in_range(secret, kOrder) || !in_range(out.one_plus_secret_, kOrder))
    return fail(err::bad_secret_key);
  const auto& kernels = internal::curve_provider().sm2;
  out.inverse_ = kernels.invert_scalar(out.one_plus_secret_);
  const auto key = internal::public_point<internal::Sm2Curve>(kernels, secret);
  sodium_memzero(&secret, sizeof(secret));
  if (!key) return fail(key.error());
  out.public_key_ = internal::store_point(*key);
  Bytes named = to_bytes(as_bytes(kNonceKeyName));
  named.reserve(kNonceKeyName.size() + 32);
  append(named, secret_key);
  out.nonce_key_ = hash::sm3(named);
  sodium_memzero(named.data(), named.size());
  return out;
}

/// What signs with a secret's numbers.
struct Sm2Signing {
  /// One try for each request; where a nonce does not serve, `is_done` stays false.
  static Result<void> attempt(std::span<const Sm2SignRequest* const> requests,
                              std::span<const Number> nonces,
                              std::span<internal::Sm2Parts> out) noexcept {
    const auto& provider = internal::curve_provider();
    std::vector<PlainPoint> points(requests.size());
    if (!provider.sm2.multiply_base(nonces, points)) return fail(err::miscalculation);
    std::vector<internal::Sm2Equation> equations(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Sm2Secret& secret = *requests[i]->secret;
      equations[i] = {nonces[i], load_number(requests[i]->digest.view()), points[i].x,
                      secret.one_plus_secret_, secret.inverse_};
    }
    const bool is_right = provider.sm2_sign(equations, out);
    sodium_memzero(equations.data(), equations.size() * sizeof(equations[0]));
    if (!is_right) return fail(err::miscalculation);
    return {};
  }
  static Sm2Signature to_signature(const internal::Sm2Parts& parts) noexcept {
    Sm2Signature out;
    math::store_be_limbs(parts.r, out.data());
    math::store_be_limbs(parts.s, out.data() + 32);
    return out;
  }
  static const Hash& nonce_key(const Sm2SignRequest& request) noexcept {
    return request.secret->nonce_key_;
  }
};

Result<Sm2Signature> Sm2Secret::sign_with(const Number& nonce, const Hash& digest) const noexcept {
  if (!in_range(nonce, kOrder)) return fail(err::bad_scalar);
  const Sm2SignRequest request{this, digest};
  const Sm2SignRequest* const requests[] = {&request};
  internal::Sm2Parts parts;
  if (const auto done = Sm2Signing::attempt(requests, {&nonce, 1}, {&parts, 1}); !done)
    return fail(done.error());
  if (!parts.is_usable) return fail(err::bad_scalar);
  return Sm2Signing::to_signature(parts);
}

Result<void> sm2_sign(std::span<const Sm2SignRequest> requests, std::span<Sm2Signature> out,
                      const Hash& hedge) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  std::vector<std::size_t> pending(requests.size());
  for (std::size_t i = 0; i < pending.size(); ++i) pending[i] = i;
  for (std::uint8_t draw = 0; !pending.empty(); ++draw) {
    std::vector<Hash> keys(pending.size());
    std::vector<Hash> digests(pending.size());
    for (std::size_t i = 0; i < pending.size(); ++i) {
      keys[i] = Sm2Signing::nonce_key(requests[pending[i]]);
      digests[i] = requests[pending[i]].digest;
    }
    std::vector<Number> nonces(pending.size());
    draw_nonces(keys, digests, hedge, draw, nonces);
    sodium_memzero(keys.data(), keys.size() * sizeof(Hash));

    std::vector<const Sm2SignRequest*> tried;
    std::vector<std::size_t> places;
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if (!in_range(nonces[i], kOrder)) {
        left.push_back(pending[i]);
        continue;
      }
      nonces[tried.size()] = nonces[i];
      tried.push_back(&requests[pending[i]]);
      places.push_back(pending[i]);
    }
    std::vector<internal::Sm2Parts> parts(tried.size());
    const auto done = Sm2Signing::attempt(tried, std::span{nonces}.first(tried.size()), parts);
    sodium_memzero(nonces.data(), nonces.size() * sizeof(Number));
    if (!done) return done;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].is_usable) {
        out[places[i]] = Sm2Signing::to_signature(parts[i]);
      } else {
        left.push_back(places[i]);
      }
    }
    pending = std::move(left);
  }
  return {};
}

namespace {

/// A signature's numbers out of range: the equation then only asks whether the key is one.
struct Check {
  internal::PointEquation equation;
  bool is_well_formed;
};
/// @errors err::bad_length, err::bad_public_key
Result<Check> check_of(const Sm2VerifyRequest& request) noexcept {
  if (request.public_key.size() != 64 || request.signature.size() != 64)
    return fail(err::bad_length);
  const auto key = internal::load_point<internal::Sm2Curve>(request.public_key);
  if (!key) return fail(err::bad_public_key);
  const Check bad{{*key, Number{1}, Number{1}, Number{1}}, false};
  const Number r = load_number(request.signature.first(32));
  const Number s = load_number(request.signature.last(32));
  if (!in_range(r, kOrder) || !in_range(s, kOrder)) return bad;
  const Number t = internal::sum_modulo(r, s, kOrder);
  if (math::is_zero(t)) return bad;
  Number e = load_number(request.digest.view());
  if (!math::less(e, kOrder)) math::subtract_in_place(e, kOrder);
  // (x1, y1) = s G + t P, and e + x1 must be r modulo n.
  return Check{{*key, s, t, difference_of(r, e)}, true};
}

}  // namespace

void sm2_verify(std::span<const Sm2VerifyRequest> requests, std::span<Result<void>> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  std::vector<internal::PointEquation> equations;
  std::vector<std::size_t> places;
  equations.reserve(requests.size());
  places.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto check = check_of(requests[i]);
    out[i] = check && check->is_well_formed ? Result<void>{}
                                            : fail(check ? err::bad_signature : check.error());
    if (!check) continue;
    equations.push_back(check->equation);
    places.push_back(i);
  }
  std::vector<internal::Holds> holds(equations.size());
  internal::curve_provider().sm2.check(equations, holds);
  for (std::size_t i = 0; i < holds.size(); ++i) {
    Result<void>& verdict = out[places[i]];
    if (holds[i] == internal::Holds::bad_key) verdict = fail(err::bad_public_key);
    if (holds[i] == internal::Holds::no) verdict = fail(err::bad_signature);
  }
}

Result<void> sm2_verify(const Sm2VerifyRequest& request) noexcept {
  Result<void> out;
  sm2_verify({&request, 1}, {&out, 1});
  return out;
}

}  // namespace wusong::crypto
