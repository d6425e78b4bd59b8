// SPDX-License-Identifier: Apache-2.0
// Ed25519 on every provider: libsodium's bytes, and libsodium's verdicts on whatever is brought.
#include "wusong/crypto/ed25519.hpp"

#include <sodium.h>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using hash::Digest512;
using internal::Encoded;
using internal::for_each_curve_provider;
using internal::less_than;
using internal::Number;

constexpr Number kOrder = internal::Ed25519Curve::Order::kModulus;

Bytes bytes_of(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  Bytes out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}
Encoded encoded(const Number& number) {
  Encoded out;
  std::memcpy(out.data(), number.data(), 32);
  return out;
}
template <std::size_t N>
std::array<std::uint8_t, N> taken(BytesView from) {
  std::array<std::uint8_t, N> out;
  std::ranges::copy(from.first(N), out.begin());
  return out;
}

std::vector<Number> scalars() {
  std::vector<Number> out{Number{1},           Number{2},   Number{3},
                          Number{127},         Number{128}, less_than(kOrder, 1),
                          less_than(kOrder, 2)};
  for (const unsigned bit : {7u, 63u, 64u, 128u, 251u, 252u}) {
    Number power{};
    power[bit / 64] = std::uint64_t{1} << (bit % 64);
    out.push_back(power);
    out.push_back(less_than(power, 1));
  }
  std::mt19937_64 random{3};
  while (out.size() < 300) out.push_back(internal::random_number(random, kOrder));
  return out;
}

TEST(Ed25519Curve, MultiplesOfTheGeneratorAreLibsodiumsWhateverTheirNumber) {
  const std::vector<Number> all = scalars();
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 16u, 17u, 255u, 256u, 300u}) {
      std::vector<internal::PlainPoint> out(count);
      ASSERT_TRUE(provider.ed25519.multiply_base(std::span{all}.first(count), out));
      EXPECT_TRUE(provider.ed25519.are_on_curve(out));
      for (std::size_t i = 0; i < count; ++i) {
        Encoded expected;
        ASSERT_EQ(crypto_scalarmult_ed25519_base_noclamp(expected.data(), encoded(all[i]).data()),
                  0);
        EXPECT_EQ(internal::encode(out[i]), expected) << i << " of " << count;
      }
      if (count < 9) continue;
      out[8].y[1] ^= 1;
      EXPECT_FALSE(provider.ed25519.are_on_curve(out));
    }
  });
}

TEST(Ed25519Curve, DifferencesOfMultiplesAreLibsodiums) {
  std::vector<Number> numbers = scalars();
  numbers.resize(30);
  numbers.push_back(Number{});
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    std::vector<internal::Ed25519Key> keys(5);
    std::vector<internal::Ed25519Key*> to;
    std::vector<internal::PlainPoint> multiples(5);
    for (auto& each : keys) to.push_back(&each);
    ASSERT_TRUE(provider.ed25519.multiply_base(std::span{numbers}.first(5), multiples));
    std::vector<Encoded> points;
    for (const auto& each : multiples) points.push_back(internal::encode(each));
    provider.ed25519.prepare(points, to);
    std::vector<internal::Ed25519Equation> equations;
    std::vector<Encoded> expected;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      for (std::size_t j = 0; j < numbers.size(); j += 5) {
        const std::size_t key = (i + j) % 5;
        EXPECT_TRUE(keys[key].is_valid);
        equations.push_back({&keys[key], numbers[i], numbers[j]});
        // (s - k a) B
        Encoded product;
        Encoded scalar;
        crypto_core_ed25519_scalar_mul(product.data(), encoded(numbers[j]).data(),
                                       encoded(numbers[key]).data());
        crypto_core_ed25519_scalar_sub(scalar.data(), encoded(numbers[i]).data(), product.data());
        Encoded out{1};
        if (scalar != Encoded{}) crypto_scalarmult_ed25519_base_noclamp(out.data(), scalar.data());
        expected.push_back(out);
      }
    }
    std::vector<Encoded> out(equations.size());
    provider.ed25519.combine(equations, out);
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], expected[i]) << i;
  });
}

TEST(Ed25519Signatures, AreLibsodiumsAloneAndTogether) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    std::vector<Ed25519Secret> secrets;
    std::vector<Bytes> messages;
    std::vector<Ed25519SignRequest> requests;
    std::vector<Ed25519Signature> expected;
    for (std::size_t i = 0; i < 60; ++i) {
      const Bytes seed = bytes_of(32, i / 2);
      messages.push_back(bytes_of(i * 5, i));
      secrets.push_back(*Ed25519Secret::from(seed));
      std::array<std::uint8_t, 64> secret;
      Ed25519PublicKey key;
      crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
      EXPECT_EQ(secrets.back().public_key(), key);
      expected.emplace_back();
      crypto_sign_detached(expected.back().data(), nullptr, messages.back().data(),
                           messages.back().size(), secret.data());
    }
    for (std::size_t i = 0; i < 60; ++i) requests.push_back({&secrets[i], messages[i]});
    std::vector<Ed25519Signature> out(requests.size());
    ASSERT_TRUE(ed25519_sign(requests, out));
    EXPECT_EQ(out, expected);
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_TRUE(ed25519_sign(std::span{requests}.subspan(i, 1), std::span{out}.first(1)));
      EXPECT_EQ(out[0], expected[i]);
    }
  });
  EXPECT_EQ(Ed25519Secret::from(Bytes(31, 1)).error(), Error{err::bad_length});
}

// ---- Verdicts

struct Brought {
  Bytes key;
  Bytes message;
  Bytes signature;
};
/// By libsodium: what this module went by before it had its own arithmetic.
Result<void> peer_verdict(const Brought& b) {
  if (b.key.size() != 32 || b.signature.size() != 64) return fail(err::bad_length);
  if (crypto_core_ed25519_is_valid_point(b.key.data()) != 1) return fail(err::bad_public_key);
  if (crypto_sign_verify_detached(b.signature.data(), b.message.data(), b.message.size(),
                                  b.key.data()) != 0)
    return fail(err::bad_signature);
  return {};
}

Brought signed_by(std::uint64_t seed, std::size_t length) {
  Brought out{Bytes(32), bytes_of(length, seed + 1), Bytes(64)};
  std::array<std::uint8_t, 64> secret;
  crypto_sign_seed_keypair(out.key.data(), secret.data(), bytes_of(32, seed).data());
  crypto_sign_detached(out.signature.data(), nullptr, out.message.data(), out.message.size(),
                       secret.data());
  return out;
}

/// Points of order 1, 2, 4 and 8, some in encodings that are not allowed.
/// @source the list that libsodium refuses (ed25519_ref10.c)
std::vector<Bytes> small_points() {
  std::vector<Bytes> out;
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    out.push_back(*codec::from_hex(hex));
    out.push_back(out.back());
    out.back()[31] |= 0x80;
  }
  return out;
}

/// The signature that holds with the factor 8 and not without it: R moved by a small point.
Brought moved(const Brought& from, const Bytes& small, std::uint64_t seed) {
  Brought out = from;
  Encoded r;
  EXPECT_EQ(crypto_core_ed25519_add(r.data(), from.signature.data(), small.data()), 0);
  std::ranges::copy(r, out.signature.begin());
  // s for the k of the new R.
  Digest512 digest;
  const Bytes secret_seed = bytes_of(32, seed);
  crypto_hash_sha512(digest.data(), secret_seed.data(), 32);
  digest[0] &= 0xf8;
  digest[31] = static_cast<std::uint8_t>((digest[31] & 0x7f) | 0x40);
  Digest512 wide{};
  std::ranges::copy(taken<32>(digest), wide.begin());
  Encoded a;
  crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
  const auto k_of = [&](BytesView point) {
    Bytes all = to_bytes(point);
    append(all, out.key);
    append(all, out.message);
    crypto_hash_sha512(wide.data(), all.data(), all.size());
    Encoded k;
    crypto_core_ed25519_scalar_reduce(k.data(), wide.data());
    return k;
  };
  Encoded before;
  Encoded after;
  Encoded s;
  crypto_core_ed25519_scalar_mul(before.data(), k_of(BytesView{from.signature}.first(32)).data(),
                                 a.data());
  crypto_core_ed25519_scalar_mul(after.data(), k_of(r).data(), a.data());
  crypto_core_ed25519_scalar_sub(s.data(), from.signature.data() + 32, before.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), after.data());
  std::ranges::copy(s, out.signature.begin() + 32);
  return out;
}

std::vector<Brought> everything_brought() {
  std::vector<Brought> out;
  for (std::size_t i = 0; i < 20; ++i) out.push_back(signed_by(i % 3, i * 9));
  const Brought good = out.front();
  for (std::size_t i = 0; i < 64; ++i) {
    out.push_back(good);
    out.back().signature[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
  }
  for (std::size_t i = 0; i < 32; ++i) {
    out.push_back(good);
    out.back().key[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
  }
  for (const std::size_t length : {0u, 31u, 33u}) {
    out.push_back(good);
    out.back().key.resize(length);
    out.push_back(good);
    out.back().signature.resize(length + 32);
  }
  Brought beyond = good;  // s + order
  Number s;
  std::memcpy(s.data(), beyond.signature.data() + 32, 32);
  math::add_in_place(s, kOrder);
  std::memcpy(beyond.signature.data() + 32, s.data(), 32);
  out.push_back(beyond);
  for (const Bytes& small : small_points()) {
    Brought with_key = good;
    with_key.key = small;
    out.push_back(with_key);
    Brought zero = with_key;  // 0 B - k A of a small A is small
    std::ranges::fill(zero.signature, 0);
    std::ranges::copy(small, zero.signature.begin());
    out.push_back(zero);
    Brought with_r = good;
    std::ranges::copy(small, with_r.signature.begin());
    out.push_back(with_r);
    Brought mixed = good;  // a key of both subgroups
    if (crypto_core_ed25519_add(mixed.key.data(), good.key.data(), small.data()) == 0)
      out.push_back(mixed);
    if ((small[31] & 0x80) == 0 && small[0] != 0xed && small[0] != 0xee)
      out.push_back(moved(signed_by(0, 0), small, 0));
  }
  for (std::uint8_t low = 0xed; low != 0; ++low) {  // y from p on
    Brought high = good;
    std::ranges::fill(high.key, 0xff);
    high.key[0] = low;
    out.push_back(high);
    high.key[31] = 0x7f;
    out.push_back(high);
  }
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    out.push_back(good);
    out.back().key = bytes_of(32, 500 + seed);
  }
  return out;
}

TEST(Ed25519Verdicts, AreLibsodiumsOnWhateverIsBrought) {
  const std::vector<Brought> all = everything_brought();
  std::vector<Ed25519VerifyRequest> requests;
  std::vector<Result<void>> expected;
  for (const Brought& each : all) {
    requests.push_back({each.key, each.message, each.signature});
    expected.push_back(peer_verdict(each));
  }
  EXPECT_EQ(std::ranges::count_if(expected, [](const auto& e) { return e.has_value(); }), 25);
  for (std::size_t i = 0; i < requests.size(); i += 9) {  // as few as libsodium takes
    Result<void> alone;
    ed25519_verify({&requests[i], 1}, {&alone, 1});
    EXPECT_EQ(alone, expected[i]) << i;
  }
  for_each_curve_provider([&](const internal::CurveProvider&) {
    std::vector<Result<void>> out(requests.size());
    ed25519_verify(requests, out);
    std::vector<Ed25519Table> tables(requests.size());
    auto known = requests;  // every other one
    for (std::size_t i = 0; i < requests.size(); i += 2) {
      if (requests[i].public_key.size() != 32) continue;
      tables[i] = ed25519_tables(std::array{requests[i].public_key}).front();
      known[i].table = tables[i].get();
    }
    std::vector<Result<void>> again(requests.size());
    ed25519_verify(known, again);
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(out[i], expected[i]) << i;
      EXPECT_EQ(again[i], expected[i]) << i;
    }
    for (std::size_t i = 0; i < requests.size(); i += 9) {
      Result<void> alone;
      ed25519_verify({&requests[i], 1}, {&alone, 1});
      EXPECT_EQ(alone, expected[i]) << i;
    }
  });
}

/// A sum of equations would have to fear these: each is wrong by what another is wrong by less.
TEST(Ed25519Verdicts, ErrorsThatCancelOneAnotherAreBothSeen) {
  std::vector<Brought> all;
  for (std::size_t i = 0; i < 32; ++i) all.push_back(signed_by(i, i));
  all[3].signature[40] = static_cast<std::uint8_t>(all[3].signature[40] + 1);
  all[4] = all[3];  // the same key and R, s too large and too small by as much
  all[4].signature = signed_by(3, 3).signature;
  all[4].signature[40] = static_cast<std::uint8_t>(all[4].signature[40] - 1);
  for (std::size_t i = 8; i < 16; ++i)  // a part of order two in R: of two they cancel
    all[i] = moved(all[i], small_points()[8], i);
  for (std::size_t i = 16; i < 24; ++i)  // of order eight: of eight they do
    all[i] = moved(all[i], small_points()[4], i);
  std::vector<Ed25519VerifyRequest> requests;
  for (const Brought& each : all) requests.push_back({each.key, each.message, each.signature});
  for_each_curve_provider([&](const internal::CurveProvider&) {
    std::vector<Result<void>> out(requests.size());
    ed25519_verify(requests, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(out[i], peer_verdict(all[i])) << i;
      EXPECT_EQ(out[i].has_value(), i < 3 || (i > 4 && i < 8) || i >= 24) << i;
    }
  });
}

TEST(Ed25519Verdicts, OneBadSignatureIsSeenAtEachPlaceAndNoOtherRefused) {
  std::vector<Brought> all;
  for (std::size_t i = 0; i < 20; ++i) all.push_back(signed_by(i, 3));
  for_each_curve_provider([&](const internal::CurveProvider&) {
    for (std::size_t bad = 0; bad < all.size(); ++bad) {
      all[bad].signature[bad] ^= 1;
      std::vector<Ed25519VerifyRequest> requests;
      for (const Brought& each : all) requests.push_back({each.key, each.message, each.signature});
      std::vector<Result<void>> out(requests.size());
      ed25519_verify(requests, out);
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i].has_value(), i != bad);
      all[bad].signature[bad] ^= 1;
    }
  });
}

TEST(Ed25519Secrets, AreOverwrittenWhenTheirOwnerGoes) {
  alignas(Ed25519Secret) std::array<std::uint8_t, sizeof(Ed25519Secret)> memory{};
  auto made = Ed25519Secret::from(Bytes(32, 3));
  ASSERT_TRUE(made);
  auto* const secret = new (memory.data()) Ed25519Secret{std::move(*made)};
  const auto count = [&memory] {
    return std::ranges::count_if(memory, [](std::uint8_t byte) { return byte != 0; });
  };
  EXPECT_GT(count(), 80);
  secret->~Ed25519Secret();
  EXPECT_LE(count(), 32);  // only the public key is left
}

/// CVE-2025-69277: the part of order two of this key is unseen by libsodium before its fix.
TEST(Ed25519Verification, AKeyWithAPartOfOrderTwoIsNoneAloneAndTogether) {
  const Bytes key =
      *codec::from_hex("feaf9d07b868cc52786305312c376563c622b0386a10d105e3c1501b28d65f7e");
  const Bytes signature = *codec::from_hex(
      "c9a3f86aae465f0e56513864510f3997561fa2c9e85ea21dc2292309f3cd6022"
      "d4b2271a1c5933bce7648c668e92d1195d903ca6c8406d95f45e0cd39a30c20c");
  const Bytes message{'x'};
  EXPECT_EQ(crypto_sign_verify_detached(signature.data(), message.data(), 1, key.data()), 0)
      << "the equation holds: only the key is wrong";
  EXPECT_FALSE(ed25519_is_key(key));
  for (const std::size_t count : {1u, 2u, 3u, 9u}) {
    const std::vector<Ed25519VerifyRequest> requests(count, {key, message, signature});
    std::vector<Result<void>> verdicts(count);
    ed25519_verify(requests, verdicts);
    for (const auto& verdict : verdicts) {
      ASSERT_FALSE(verdict) << count;
      EXPECT_EQ(verdict.error(), Error{err::bad_public_key}) << count;
    }
  }
}

TEST(Ed25519Verification, AKeyIsOneByItsOrderOrByLibsodium) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto secret = *Ed25519Secret::from(bytes_of(32, seed));
    EXPECT_TRUE(ed25519_is_key(secret.public_key()));
    EXPECT_TRUE(internal::ed25519_is_key_by_order(secret.public_key()));
    for (const Bytes& small : small_points()) {
      EXPECT_FALSE(internal::ed25519_is_key_by_order(small));
      Encoded mixed;
      if (crypto_core_ed25519_add(mixed.data(), secret.public_key().data(), small.data()) != 0 ||
          mixed == secret.public_key())
        continue;
      EXPECT_FALSE(internal::ed25519_is_key_by_order(mixed));
      EXPECT_FALSE(ed25519_is_key(mixed));
    }
  }
  EXPECT_FALSE(ed25519_is_key(Bytes(31, 1)));
}

/// Each point of the large subgroup moved by each of the eight small ones, and encodings at random,
/// of which one in sixteen is a key.
TEST(Ed25519Curve, KeysAreThosePointsThatTheOrderMakesNeutral) {
  const Bytes eighth = small_points()[4];
  std::vector<Bytes> small{eighth};
  while (small.size() < 8) {
    small.emplace_back(32);
    ASSERT_EQ(
        crypto_core_ed25519_add(small.back().data(), small[small.size() - 2].data(), eighth.data()),
        0);
  }
  EXPECT_EQ(small.back(), small_points()[2]) << "the neutral point";
  std::vector<Bytes> brought = small;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Ed25519PublicKey point = Ed25519Secret::from(bytes_of(32, seed))->public_key();
    for (const Bytes& each : small) {
      brought.emplace_back(32);
      ASSERT_EQ(crypto_core_ed25519_add(brought.back().data(), point.data(), each.data()), 0);
    }
  }
  for (const Bytes& each : small_points()) brought.push_back(each);
  for (std::uint64_t seed = 0; seed < 1500; ++seed) brought.push_back(bytes_of(32, 900 + seed));
  for (unsigned low = 0; low < 60; ++low) {  // about zero and about p
    for (const unsigned fill : {0u, 0xffu}) {
      Bytes each(32, static_cast<std::uint8_t>(fill));
      each[0] = static_cast<std::uint8_t>(fill == 0 ? low : fill - low);
      brought.push_back(each);
      each[31] ^= 0x80;
      brought.push_back(each);
    }
  }
  std::vector<Encoded> names;
  std::vector<bool> expected;
  for (const Bytes& each : brought) {
    names.push_back(taken<32>(each));
    expected.push_back(crypto_core_ed25519_is_valid_point(each.data()) == 1 &&
                       internal::ed25519_is_key_by_order(each));
  }
  EXPECT_GT(std::ranges::count(expected, true), 40 + 60);
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    std::vector<internal::Ed25519Key> keys(names.size());
    std::vector<internal::Ed25519Key*> to;
    for (auto& each : keys) to.push_back(&each);
    provider.ed25519.prepare(names, to);
    for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(keys[i].is_valid, expected[i]) << i;
  });
}

}  // namespace
}  // namespace wusong::crypto
