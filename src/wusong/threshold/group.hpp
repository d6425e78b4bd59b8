// SPDX-License-Identifier: Apache-2.0
// A group of prime order in which discrete logarithms are hard, as the protocols see it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::threshold {

inline constexpr std::size_t kScalarSize = 32;

/// A number below the group's order, in the group's own encoding; overwritten when it goes.
class Scalar {
 public:
  Scalar() noexcept = default;
  explicit Scalar(const std::array<std::uint8_t, kScalarSize>& from) noexcept : bytes{from} {}
  Scalar(const Scalar&) noexcept = default;
  Scalar& operator=(const Scalar&) noexcept = default;
  ~Scalar();
  BytesView view() const noexcept { return bytes; }
  /// Constant time.
  bool is_zero() const noexcept;
  /// Constant time.
  friend bool operator==(const Scalar& a, const Scalar& b) noexcept;

  std::array<std::uint8_t, kScalarSize> bytes{};
};

inline constexpr std::size_t kPointSizeMax = 64;

/// An element, in the group's own encoding with zeros behind it.
struct Point {
  std::array<std::uint8_t, kPointSizeMax> bytes{};
  friend bool operator==(const Point&, const Point&) noexcept = default;
};

/// Operations are constant time in their scalars, variable time in points.
/// @thread safe from any thread
class Group {
 public:
  virtual ~Group() = default;
  /// Keeps hashes of different groups apart.
  virtual std::string_view name() const noexcept = 0;
  virtual std::size_t point_size() const noexcept = 0;

  virtual Scalar scalar(std::uint64_t number) const noexcept = 0;
  virtual Scalar add(const Scalar& a, const Scalar& b) const noexcept = 0;
  virtual Scalar subtract(const Scalar& a, const Scalar& b) const noexcept = 0;
  virtual Scalar multiply(const Scalar& a, const Scalar& b) const noexcept = 0;
  /// Zero's is zero.
  virtual Scalar invert(const Scalar& a) const noexcept = 0;
  /// Uniform where `wide` is.
  virtual Scalar reduce(std::span<const std::uint8_t, 64> wide) const noexcept = 0;
  /// @errors err::bad_scalar (another length, or not below the order)
  [[nodiscard]] virtual Result<Scalar> decode_scalar(BytesView bytes) const noexcept = 0;

  virtual Point identity() const noexcept = 0;
  virtual Point base_times(const Scalar& k) const noexcept = 0;
  virtual Point times(const Point& p, const Scalar& k) const noexcept = 0;
  virtual Point add(const Point& p, const Point& q) const noexcept = 0;
  /// Never the identity. @errors err::bad_point (not an element, not canonical, the identity)
  [[nodiscard]] virtual Result<Point> decode_point(BytesView bytes) const noexcept = 0;

  /// The hash of protocols over this group: SHA-512, or SM3 twice with SM2's curve.
  virtual std::array<std::uint8_t, 64> hash(BytesView data) const noexcept = 0;

  Scalar random(io::Entropy& entropy) const noexcept;
  /// Never zero.
  Scalar random_nonzero(io::Entropy& entropy) const noexcept;
  Point subtract(const Point& p, const Point& q) const noexcept;
  BytesView encoded(const Point& point) const noexcept {
    return BytesView{point.bytes}.first(point_size());
  }
};

/// The subgroup of prime order of edwards25519. @shape point 32, scalars little-endian; RFC 8032
const Group& ed25519_group() noexcept;
/// The recommended curve of GB/T 32918.5. @shape point x || y, the identity zeros; big-endian
const Group& sm2_group() noexcept;
/// NIST P-256, FIPS 186-4. @shape as SM2's
const Group& p256_group() noexcept;
/// SEC 2, section 2.4.1: Ethereum's curve. @shape as SM2's
const Group& secp256k1_group() noexcept;

/// What parties hash: labelled, and each part with its length before it.
class Transcript {
 public:
  Transcript(const Group& group, std::string_view label);
  Transcript& add(BytesView part);
  Transcript& add(const Point& point) { return add(group_.encoded(point)); }
  Transcript& add(std::uint8_t number) { return add(BytesView{&number, 1}); }
  Hash digest() const noexcept;
  Scalar challenge() const noexcept;
  ~Transcript();
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;

 private:
  const Group& group_;
  Bytes data_;
};

/// Knowledge of a discrete logarithm (Schnorr's proof, by Fiat and Shamir's hash).
struct KnowledgeProof {
  Point commitment;
  Scalar response;
};
KnowledgeProof prove_knowledge(const Group& group, BytesView context, const Scalar& secret,
                               io::Entropy& entropy);
/// @errors err::bad_proof
[[nodiscard]] Result<void> check_knowledge(const Group& group, BytesView context,
                                           const Point& element, const KnowledgeProof& proof);

}  // namespace wusong::threshold
