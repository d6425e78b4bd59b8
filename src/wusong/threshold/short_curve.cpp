// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/internal/short_curve.hpp"

#include <sodium.h>

#include "wusong/hash/hash.hpp"
#include "wusong/threshold/errors.hpp"

namespace wusong::threshold {
namespace internal {
namespace {

Words load(const std::uint8_t* big_endian) noexcept {
  Words out{};
  for (int i = 0; i < 32; ++i) {
    std::uint64_t& word = out[3 - i / 8];
    word = word << 8 | big_endian[i];
  }
  return out;
}
Scalar store(Words value) noexcept {
  Scalar out;
  for (int i = 0; i < 32; ++i)
    out.bytes[i] = static_cast<std::uint8_t>(value[3 - i / 8] >> (56 - 8 * (i % 8)));
  sodium_memzero(value.data(), sizeof(value));
  return out;
}

}  // namespace

Scalar ShortCurve::scalar(std::uint64_t number) const noexcept {
  return store({number, 0, 0, 0});
}
Scalar ShortCurve::add(const Scalar& a, const Scalar& b) const noexcept {
  return store(order_.add(load(a.bytes.data()), load(b.bytes.data())));
}
Scalar ShortCurve::subtract(const Scalar& a, const Scalar& b) const noexcept {
  return store(order_.subtract(load(a.bytes.data()), load(b.bytes.data())));
}
Scalar ShortCurve::multiply(const Scalar& a, const Scalar& b) const noexcept {
  return store(order_.multiply(load(a.bytes.data()), load(b.bytes.data())));
}
Scalar ShortCurve::invert(const Scalar& a) const noexcept {
  return store(order_.invert(load(a.bytes.data())));
}
Scalar ShortCurve::reduce(std::span<const std::uint8_t, 64> wide) const noexcept {
  return store(order_.reduce(load(wide.data()), load(wide.data() + 32)));
}
Result<Scalar> ShortCurve::decode_scalar(BytesView bytes) const noexcept {
  if (bytes.size() != kScalarSize) return fail(err::bad_scalar);
  const Words value = load(bytes.data());
  if (order_.contains(value) == 0) return fail(err::bad_scalar);
  return store(value);
}

std::array<std::uint8_t, 64> ShortCurve::hash(BytesView data) const noexcept {
  return hash::sha512(data);
}

Scalar ShortCurve::reduced(BytesView word) const noexcept {
  WUSONG_ASSERT(word.size() == 32);
  return store(order_.reduce({}, load(word.data())));
}

void ShortCurve::find_second_generator(crypto::Curve curve, Hash (*hash)(BytesView)) noexcept {
  // The first hash that is the first coordinate of a point; about every second one is.
  Bytes label = to_bytes(as_bytes("wusong.threshold second generator of "));
  append(label, as_bytes(name()));
  for (label.push_back(0);; ++label.back()) {
    Bytes compressed{2};
    append(compressed, hash(label));
    if (const auto found = crypto::decompress_point(curve, compressed)) {
      second_generator_ = Point{.bytes = *found};
      return;
    }
  }
}

}  // namespace internal

const Group& sm2_group() noexcept {
  return internal::sm2_curve();
}
const Group& p256_group() noexcept {
  return internal::p256_curve();
}
const Group& secp256k1_group() noexcept {
  return internal::secp256k1_curve();
}

}  // namespace wusong::threshold
