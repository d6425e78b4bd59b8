// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/ed25519.hpp"

#include <sodium.h>
#include <algorithm>
#include <vector>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/prime_field.hpp"

namespace wusong::crypto {
namespace {

using hash::Digest512;
using internal::Encoded;
using internal::Number;
using internal::PlainPoint;
using internal::Wiped;
/// Its additions and products take the same steps for all numbers.
using Fn = math::PrimeField<internal::Ed25519Curve::Order>;

constexpr Number kOrder = internal::Ed25519Curve::Order::kModulus;
constexpr Encoded kNeutral{1};

Number load(const std::uint8_t* bytes) noexcept {
  Number out;
  std::memcpy(out.data(), bytes, 32);
  return out;
}
/// Any number of 64 bytes, the least significant first, modulo the order.
Fn reduced(const Digest512& digest) noexcept {
  const Number low = load(digest.data());
  const Number high = load(digest.data() + 32);
  // In parts of 252 bits, which are below the order.
  constexpr math::Limb kTop = (math::Limb{1} << 60) - 1;
  constexpr auto k126 = Fn::from_raw({0, math::Limb{1} << 62});
  constexpr Fn k252 = k126 * k126;
  const Number first{low[0], low[1], low[2], low[3] & kTop};
  const Number second{low[3] >> 60 | high[0] << 4, high[0] >> 60 | high[1] << 4,
                      high[1] >> 60 | high[2] << 4, (high[2] >> 60 | high[3] << 4) & kTop};
  const Number third{high[3] >> 56};
  return (Fn::from_raw(third) * k252 + Fn::from_raw(second)) * k252 + Fn::from_raw(first);
}

/// Messages with room for two points before them, one after the other.
class Arena {
 public:
  template <typename Requests>
  explicit Arena(const Requests& requests) : at_(requests.size() + 1) {
    for (std::size_t i = 0; i < requests.size(); ++i)
      at_[i + 1] = at_[i] + kHead + requests[i].message.size();
    bytes_.resize(at_.back());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const BytesView message = requests[i].message;
      if (!message.empty()) std::memcpy(head(i) + kHead, message.data(), message.size());
    }
  }
  ~Arena() { sodium_memzero(bytes_.data(), bytes_.size()); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::uint8_t* head(std::size_t i) noexcept { return bytes_.data() + at_[i]; }
  /// SHA-512 of each from so many bytes of its head on.
  void hash(std::size_t skipped, std::span<Digest512> out) const {
    std::vector<BytesView> messages(at_.size() - 1);
    for (std::size_t i = 0; i < messages.size(); ++i)
      messages[i] = BytesView{bytes_}.subspan(at_[i] + skipped, at_[i + 1] - at_[i] - skipped);
    hash::sha512_batch(messages, out);
  }

 private:
  static constexpr std::size_t kHead = 64;
  Bytes bytes_;
  std::vector<std::size_t> at_;
};

/// B times 12345 and the point of order two, as CVE-2025-69277 is about.
constexpr Encoded kKeyOfTwiceTheOrder{
    0xfe, 0xaf, 0x9d, 0x07, 0xb8, 0x68, 0xcc, 0x52, 0x78, 0x63, 0x05, 0x31, 0x2c, 0x37, 0x65, 0x63,
    0xc6, 0x22, 0xb0, 0x38, 0x6a, 0x10, 0xd1, 0x05, 0xe3, 0xc1, 0x50, 0x1b, 0x28, 0xd6, 0x5f, 0x7e};

/// The same rules by libsodium.
Result<void> verify_alone(const Ed25519VerifyRequest& request) noexcept {
  if (request.public_key.size() != 32 || request.signature.size() != 64)
    return fail(err::bad_length);
  if (!ed25519_is_key(request.public_key)) return fail(err::bad_public_key);
  if (crypto_sign_verify_detached(request.signature.data(), request.message.data(),
                                  request.message.size(), request.public_key.data()) != 0)
    return fail(err::bad_signature);
  return {};
}

}  // namespace

bool internal::ed25519_is_key_by_order(BytesView point) noexcept {
  Encoded order;
  std::memcpy(order.data(), kOrder.data(), order.size());
  constexpr Encoded kIdentity{1};
  Encoded product{};  // stays so where the point is none
  // It fails, as it must: its answer is for who multiplies by a secret and wants no identity.
  if (crypto_scalarmult_ed25519_noclamp(product.data(), order.data(), point.data()) == 0)
    return false;
  return product == kIdentity;
}

bool ed25519_is_key(BytesView point) noexcept {
  static const bool kIsExact = crypto_core_ed25519_is_valid_point(kKeyOfTwiceTheOrder.data()) != 1;
  if (point.size() != 32 || crypto_core_ed25519_is_valid_point(point.data()) != 1) return false;
  return kIsExact || internal::ed25519_is_key_by_order(point);
}

Ed25519Secret::Ed25519Secret(Ed25519Secret&& other) noexcept
    : scalar_{other.scalar_},
      opposite_{other.opposite_},
      prefix_{other.prefix_},
      public_key_{other.public_key_},
      public_key_again_{other.public_key_again_} {}

Ed25519Secret::~Ed25519Secret() {
  sodium_memzero(&scalar_, sizeof(scalar_));
  sodium_memzero(&opposite_, sizeof(opposite_));
  sodium_memzero(&prefix_, sizeof(prefix_));
  sodium_memzero(&public_key_again_, sizeof(public_key_again_));
}

Result<Ed25519Secret> Ed25519Secret::from(BytesView seed) noexcept {
  if (seed.size() != 32) return fail(err::bad_length);
  Ed25519Secret out;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> pair;  // the seed and the key
  crypto_sign_seed_keypair(out.public_key_.data(), pair.data(), seed.data());
  out.public_key_again_ = out.public_key_;
  sodium_memzero(pair.data(), pair.size());
  Digest512 digest;
  crypto_hash_sha512(digest.data(), seed.data(), seed.size());
  std::memcpy(out.prefix_.data(), digest.data() + 32, 32);
  std::memset(digest.data() + 32, 0, 32);
  digest[0] &= 0xf8;
  digest[31] = static_cast<std::uint8_t>((digest[31] & 0x7f) | 0x40);
  const Fn scalar = reduced(digest);
  out.scalar_ = scalar.to_raw();
  out.opposite_ = (Fn{} - scalar).to_raw();
  sodium_memzero(digest.data(), digest.size());
  return out;
}

/// What signs with a secret's numbers.
struct Ed25519Signing {
  using Requests = std::span<const Ed25519SignRequest>;

  /// SHA-512 of prefix || message, modulo the order. @source RFC 8032, section 5.1.6, step 2
  static void draw(Requests requests, Arena& arena, std::span<Fn> out) noexcept {
    for (std::size_t i = 0; i < requests.size(); ++i)
      std::memcpy(arena.head(i) + 32, requests[i].secret->prefix_.data(), 32);
    Wiped<Digest512> digests{requests.size()};
    arena.hash(32, digests);
    for (std::size_t i = 0; i < requests.size(); ++i) out[i] = reduced(digests[i]);
  }
  /// SHA-512 of R || A || message, modulo the order. @source RFC 8032, section 5.1.6, step 4
  static void challenge(Requests requests, Arena& arena, std::span<const PlainPoint> points,
                        Ed25519PublicKey Ed25519Secret::* key, std::span<Fn> out) noexcept {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Encoded point = internal::encode(points[i]);
      std::memcpy(arena.head(i), point.data(), 32);
      std::memcpy(arena.head(i) + 32, (requests[i].secret->*key).data(), 32);
    }
    std::vector<Digest512> digests(requests.size());
    arena.hash(0, digests);
    for (std::size_t i = 0; i < requests.size(); ++i) out[i] = reduced(digests[i]);
  }
  /// Fault check: everything is made again of the requests, and the secret comes in its other form,
  /// as internal/curve_signing.hpp has it.
  static bool are_signed(Requests requests, std::span<const PlainPoint> points,
                         std::span<const Ed25519Signature> signatures) noexcept {
    Arena arena{requests};
    Wiped<Fn> r{requests.size()};
    draw(requests, arena, r);
    std::vector<Fn> k(requests.size());
    challenge(requests, arena, points, &Ed25519Secret::public_key_again_, k);
    math::Limb wrong = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Fn s = Fn::from_raw(load(signatures[i].data() + 32));
      const Fn opposite = Fn::from_raw(requests[i].secret->opposite_);
      for (const math::Limb limb : (s + k[i] * opposite - r[i]).to_raw()) wrong |= limb;
      if (!std::ranges::equal(internal::encode(points[i]), BytesView{signatures[i]}.first(32)))
        wrong |= 1;
    }
    return wrong == 0 && internal::curve_provider().ed25519.are_on_curve(points);
  }

  static Result<void> sign(Requests requests, std::span<Ed25519Signature> out) noexcept {
    const std::size_t count = requests.size();
    Arena arena{requests};
    Wiped<Fn> r{count};
    draw(requests, arena, r);
    Wiped<Number> nonces{count};
    for (std::size_t i = 0; i < count; ++i) nonces[i] = r[i].to_raw();
    std::vector<PlainPoint> points(count);
    if (!internal::curve_provider().ed25519.multiply_base(nonces, points))
      return fail(err::miscalculation);
    std::vector<Fn> k(count);
    challenge(requests, arena, points, &Ed25519Secret::public_key_, k);
    for (std::size_t i = 0; i < count; ++i) {
      const Number s = (k[i] * Fn::from_raw(requests[i].secret->scalar_) + r[i]).to_raw();
      const Encoded point = internal::encode(points[i]);
      std::memcpy(out[i].data(), point.data(), 32);
      std::memcpy(out[i].data() + 32, s.data(), 32);
    }
    if (are_signed(requests, points, out)) return {};
    for (auto& each : out) each.fill(0);
    return fail(err::miscalculation);
  }
};

Result<void> ed25519_sign(std::span<const Ed25519SignRequest> requests,
                          std::span<Ed25519Signature> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  return Ed25519Signing::sign(requests, out);
}

static_assert(kEd25519TableBytes == sizeof(internal::Ed25519Known));

namespace {

/// Keys by their encodings, each prepared once.
class PreparedKeys {
 public:
  /// @shape keys are 32 bytes
  explicit PreparedKeys(std::span<const BytesView> keys) {
    for (const BytesView each : keys) names_.push_back(name_of(each));
    std::ranges::sort(names_);
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    keys_ = std::make_unique_for_overwrite<internal::Ed25519Key[]>(names_.size());
    std::vector<internal::Ed25519Key*> to(names_.size());
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = &keys_[i];
    internal::curve_provider().ed25519.prepare(names_, to);
  }
  /// Of those.
  const internal::Ed25519Key& of(BytesView key) const {
    return keys_[static_cast<std::size_t>(std::ranges::lower_bound(names_, name_of(key)) -
                                          names_.begin())];
  }

 private:
  static Encoded name_of(BytesView key) noexcept {
    Encoded out;
    std::ranges::copy(key, out.begin());
    return out;
  }
  std::vector<Encoded> names_;  // in order
  std::unique_ptr<internal::Ed25519Key[]> keys_;
};

}  // namespace

std::vector<Ed25519Table> ed25519_tables(std::span<const BytesView> public_keys) {
  const PreparedKeys prepared{public_keys};
  std::vector<Ed25519Table> out(public_keys.size());
  std::vector<const internal::Ed25519Key*> from;
  std::vector<internal::Ed25519Known*> to;
  for (std::size_t i = 0; i < public_keys.size(); ++i) {
    const internal::Ed25519Key& key = prepared.of(public_keys[i]);
    if (!key.is_valid) continue;
    auto table = std::make_shared_for_overwrite<internal::Ed25519Known>();
    from.push_back(&key);
    to.push_back(table.get());
    out[i] = std::move(table);
  }
  internal::curve_provider().ed25519.make_known(from, to);
  return out;
}

namespace {

using Requests = std::span<const Ed25519VerifyRequest>;

/// SHA-512 of R || A || message, modulo the order, of each at a place. @source RFC 8032, section
/// 5.1.7, step 2
std::vector<Number> challenges(Requests requests, std::span<const std::size_t> places) {
  std::vector<Ed25519VerifyRequest> asked;
  asked.reserve(places.size());
  for (const std::size_t place : places) asked.push_back(requests[place]);
  Arena arena{asked};
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::memcpy(arena.head(i), asked[i].signature.data(), 32);
    std::memcpy(arena.head(i) + 32, asked[i].public_key.data(), 32);
  }
  std::vector<Digest512> digests(asked.size());
  arena.hash(0, digests);
  std::vector<Number> out(asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) out[i] = reduced(digests[i]).to_raw();
  return out;
}

/// Verifies those at places by `combine`, whose equations have the keys that `key_of` gives; one
/// without has its verdict.
template <typename Equation, typename KeyOf>
void verify_by(Requests requests, std::span<const std::size_t> places, std::span<Result<void>> out,
               void (*combine)(std::span<const Equation>, std::span<Encoded>) noexcept,
               const KeyOf& key_of) {
  std::vector<Equation> equations;
  std::vector<std::size_t> asked;
  for (const std::size_t place : places) {
    const auto* const key = key_of(requests[place]);
    out[place] = fail(key != nullptr ? err::bad_signature : err::bad_public_key);
    const Number s = load(requests[place].signature.data() + 32);
    if (key == nullptr || !math::less(s, kOrder)) continue;
    equations.push_back({key, s, {}});
    asked.push_back(place);
  }
  const std::vector<Number> k = challenges(requests, asked);
  for (std::size_t i = 0; i < k.size(); ++i) equations[i].k = k[i];
  std::vector<Encoded> points(asked.size());
  combine(equations, points);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const bool is_same = std::ranges::equal(points[i], requests[asked[i]].signature.first(32));
    if (is_same && points[i] != kNeutral) out[asked[i]] = {};
  }
}

void verify_some(Requests requests, std::span<Result<void>> out) {
  std::vector<std::size_t> fresh;
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const bool is_sound = requests[i].public_key.size() == 32 && requests[i].signature.size() == 64;
    if (!is_sound) {
      out[i] = fail(err::bad_length);
    } else {
      (requests[i].table != nullptr ? known : fresh).push_back(i);
    }
  }
  const internal::Ed25519Kernels& kernels = internal::curve_provider().ed25519;
  verify_by(requests, known, out, kernels.combine_known,
            [](const Ed25519VerifyRequest& each) { return each.table; });
  if (fresh.size() < internal::fewest_for_ed25519()) {
    for (const std::size_t i : fresh) out[i] = verify_alone(requests[i]);
    return;
  }
  std::vector<BytesView> keys;
  for (const std::size_t i : fresh) keys.push_back(requests[i].public_key);
  const PreparedKeys prepared{keys};
  verify_by(requests, fresh, out, kernels.combine, [&](const Ed25519VerifyRequest& each) {
    const internal::Ed25519Key& key = prepared.of(each.public_key);
    return key.is_valid ? &key : nullptr;
  });
}

}  // namespace

void ed25519_verify(std::span<const Ed25519VerifyRequest> requests,
                    std::span<Result<void>> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  // So that keys prepared for this call stay in the cache.
  constexpr std::size_t kAtOnce = 256;
  for (std::size_t first = 0; first < requests.size(); first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, requests.size() - first);
    verify_some(requests.subspan(first, count), out.subspan(first, count));
  }
}

}  // namespace wusong::crypto
