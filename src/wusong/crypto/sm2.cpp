// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2.hpp"

#include <sodium.h>
#include <vector>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_signing.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::in_range;
using internal::load_number;
using internal::Number;
using internal::SigningEquation;

constexpr std::string_view kNonceKeyName = "wusong sm2 nonce key";
constexpr Number kOrder = internal::Sm2Curve::Order::kModulus;

/// a - b modulo the order, for public numbers below it.
Number difference_of(const Number& a, const Number& b) noexcept {
  Number out = a;
  if (math::subtract_in_place(out, b) != 0) math::add_in_place(out, kOrder);
  return out;
}

/// What Z is the digest of, up to the key.
Bytes identity_prefix(std::string_view user_id) {
  WUSONG_ASSERT(user_id.size() <= kSm2UserIdMost);
  const std::size_t bits = user_id.size() * 8;
  Bytes named{static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  append(named, as_bytes(user_id));
  using C = internal::Sm2Curve;
  for (const Number* number : {&C::kA, &C::kB, &C::kX, &C::kY}) {
    std::array<std::uint8_t, 32> bytes;
    math::store_be_limbs(*number, bytes.data());
    append(named, bytes);
  }
  return named;
}

}  // namespace

Hash sm2_identity(BytesView public_key, std::string_view user_id) noexcept {
  WUSONG_ASSERT(public_key.size() == 64);
  return hash::sm3(identity_prefix(user_id), public_key);
}

Hash sm2_digest(BytesView public_key, BytesView message) noexcept {
  Bytes bound = to_bytes(sm2_identity(public_key));
  append(bound, message);
  return hash::sm3(bound);
}

std::vector<Hash> sm2_digests(std::span<const Sm2Message> messages) {
  // Z's input is the same up to the key.
  static const Bytes kPrefix = identity_prefix(kSm2UserId);
  std::vector<Bytes> bound(messages.size());
  std::vector<Hash> out(messages.size());
  const auto digest_all = [&] {
    hash::sm3_batch(std::vector<BytesView>{bound.begin(), bound.end()}, out);
  };
  for (std::size_t i = 0; i < messages.size(); ++i) {
    WUSONG_ASSERT(messages[i].public_key.size() == 64);
    bound[i].reserve(kPrefix.size() + 64);
    append(bound[i], kPrefix);
    append(bound[i], messages[i].public_key);
  }
  digest_all();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    bound[i].assign(out[i].view().begin(), out[i].view().end());
    append(bound[i], messages[i].message);
  }
  digest_all();
  return out;
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
  using Request = Sm2SignRequest;
  static constexpr Number kOrder = ::wusong::crypto::kOrder;
  static const internal::CurveKernels& kernels() noexcept { return internal::curve_provider().sm2; }

  void draw(std::span<const Request* const> requests, std::uint8_t round,
            std::span<Number> out) const noexcept {
    constexpr std::size_t kSize = 3 * Hash::kSize + 1;
    internal::Wiped<std::array<std::uint8_t, kSize>> seeds{requests.size()};
    std::vector<BytesView> messages(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      std::uint8_t* const seed = seeds[i].data();
      std::memcpy(seed, requests[i]->secret->nonce_key_.data(), Hash::kSize);
      std::memcpy(seed + Hash::kSize, hedge.data(), Hash::kSize);
      std::memcpy(seed + 2 * Hash::kSize, requests[i]->digest.data(), Hash::kSize);
      seed[kSize - 1] = round;
      messages[i] = BytesView{seed, kSize};
    }
    internal::Wiped<Hash> drawn{requests.size()};
    hash::sm3_batch(messages, drawn);
    for (std::size_t i = 0; i < requests.size(); ++i) out[i] = load_number(drawn[i].view());
  }
  SigningEquation equation(const Request& request, const Number& nonce,
                           const Number& x) const noexcept {
    return {nonce, load_number(request.digest.view()), x, request.secret->inverse_,
            request.secret->one_plus_secret_};
  }

  const Hash& hedge;
};

Result<void> sm2_sign(std::span<const Sm2SignRequest> requests, std::span<Sm2Signature> out,
                      const Hash& hedge) noexcept {
  return internal::sign_all(Sm2Signing{hedge}, requests, out);
}

/// With a nonce from outside.
struct Sm2SigningWith : Sm2Signing {
  void draw(std::span<const Request* const>, std::uint8_t, std::span<Number> out) const noexcept {
    std::ranges::fill(out, nonce);
  }
  const Number& nonce;
};

Result<Sm2Signature> Sm2Secret::sign_with(const Number& nonce, const Hash& digest) const noexcept {
  if (!in_range(nonce, kOrder)) return fail(err::bad_scalar);
  const Sm2SignRequest request{this, digest};
  const Sm2SignRequest* const requests[] = {&request};
  internal::SignatureParts parts;
  WUSONG_CHECK(
      internal::sign_once(Sm2SigningWith{{digest}, nonce}, requests, 0, {&nonce, 1}, {&parts, 1}));
  if (!parts.is_usable) return fail(err::bad_scalar);
  return internal::store_point({parts.r, parts.s});
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

static_assert(kSm2TableBytes == sizeof(internal::KnownPoint));

std::vector<Sm2Table> sm2_tables(std::span<const BytesView> public_keys) {
  std::vector<std::shared_ptr<internal::KnownPoint>> made(public_keys.size());
  std::vector<internal::PlainPoint> points;
  std::vector<internal::KnownPoint*> to;
  for (std::size_t i = 0; i < public_keys.size(); ++i) {
    WUSONG_ASSERT(public_keys[i].size() == 64);
    const auto point = internal::load_point<internal::Sm2Curve>(public_keys[i]);
    if (!point) continue;
    made[i] = std::make_shared_for_overwrite<internal::KnownPoint>();
    points.push_back(*point);
    to.push_back(made[i].get());
  }
  internal::curve_provider().sm2_known.prepare(points, to);
  for (auto& each : made)
    if (each != nullptr && !each->is_on_curve) each.reset();
  return {made.begin(), made.end()};
}

void sm2_verify(std::span<const Sm2VerifyRequest> requests, std::span<Result<void>> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  std::vector<internal::PointEquation> fresh;
  std::vector<internal::KnownEquation> known;
  std::vector<std::size_t> fresh_places;
  std::vector<std::size_t> known_places;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto check = check_of(requests[i]);
    out[i] = check && check->is_well_formed ? Result<void>{}
                                            : fail(check ? err::bad_signature : check.error());
    if (!check) continue;
    if (const auto* const table = requests[i].table; table == nullptr) {
      fresh.push_back(check->equation);
      fresh_places.push_back(i);
    } else if (check->is_well_formed) {
      WUSONG_ASSERT(table->point == check->equation.key);
      known.push_back({table, check->equation.u1, check->equation.u2, check->equation.r});
      known_places.push_back(i);
    }
  }
  std::vector<internal::Holds> holds(std::max(fresh.size(), known.size()));
  const auto note = [&](std::span<const std::size_t> places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      Result<void>& verdict = out[places[i]];
      if (holds[i] == internal::Holds::bad_key) verdict = fail(err::bad_public_key);
      if (holds[i] == internal::Holds::no) verdict = fail(err::bad_signature);
    }
  };
  const internal::CurveProvider& provider = internal::curve_provider();
  provider.sm2.check(fresh, std::span{holds}.first(fresh.size()));
  note(fresh_places);
  provider.sm2_known.check(known, std::span{holds}.first(known.size()));
  note(known_places);
}

Result<void> sm2_verify(const Sm2VerifyRequest& request) noexcept {
  Result<void> out;
  sm2_verify({&request, 1}, {&out, 1});
  return out;
}

}  // namespace wusong::crypto
