// SPDX-License-Identifier: Apache-2.0
// Opens the product of a shared factor and a fresh random number, plus an offset, and nothing else:
//   product = factor (x + offset), where x G becomes known.
// Both are shared by polynomials of degree needed - 1, so the product's has degree 2 needed - 2 and
// takes 2 needed - 1 parties; a random polynomial of that degree with value zero at zero hides all
// else. Each party proves that what it shows is right.
//
// The factor is committed to by Pedersen's commitments, which hide it wholly: Feldman's would show
// its multiple. Where there is none yet, it is made in the same rounds.
// @source Ben-Or, Goldwasser, Wigderson 1988, for the product; Pedersen 1991; Gennaro, Jarecki,
//         Krawczyk, Rabin, "Robust threshold DSS signatures", 2001, for the mask
#pragma once

#include "wusong/threshold/rounds.hpp"
#include "wusong/threshold/sharing.hpp"

namespace wusong::threshold::internal {

/// A point whose logarithm nobody knows: hashed to the curve.
const Point& second_generator() noexcept;
/// value G + blinding H
Point pedersen(const Scalar& value, const Scalar& blinding) noexcept;

/// One party's share of a factor, with everybody's commitments.
struct FactorShare {
  Scalar value;
  Scalar blinding;
  std::vector<Point> commitments;
};

class MaskedProduct {
 public:
  struct Config {
    Protocol protocol{};
    Hash session;
    Party self;
    std::uint8_t needed{0};
    std::vector<Party> parties;  // ascending, with self, at least 2 needed - 1
    Hash about;                  // what all parties must agree on besides
    std::optional<Hash> digest;  // the offset is SM2's r of x G and this; without it, zero
    std::optional<FactorShare> factor;
  };
  MaskedProduct(Config config, io::Entropy& entropy);
  MaskedProduct(const MaskedProduct&) = delete;
  MaskedProduct& operator=(const MaskedProduct&) = delete;

  Letters start() const;
  /// Faults as KeyGeneration::receive has them, with err::bad_signature_share for a wrong product.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);

  /// By a fault or with a result: it must not be called again.
  bool is_over() const noexcept { return is_over_; }
  bool is_done() const noexcept { return is_done_; }
  const Scalar& product() const noexcept { return product_; }
  const Scalar& offset() const noexcept { return offset_; }
  /// x G
  const Point& base() const noexcept { return random_commitments_.front(); }
  const FactorShare& factor() const noexcept { return *config_.factor; }

 private:
  /// Polynomials that this party deals.
  struct Dealt {
    Polynomial random;
    Polynomial mask;
    Polynomial mask_blinding;
    Polynomial factor;  // these two only where the factor is made
    Polynomial factor_blinding;
  };
  /// What knows the proof of a product.
  struct Proof {
    Point factor_commitment;
    Point mask_commitment;
    Point product_commitment;
    Scalar factor;
    Scalar factor_blinding;
    Scalar mask;
    Scalar mask_blinding;
  };
  bool makes_factor() const noexcept { return makes_factor_; }
  Bytes opening() const;
  Hash commitment_of(Party party, BytesView opening) const;
  Outcome<Letters> advance();
  Outcome<void> check_openings();
  Letters share_letters() const;
  Outcome<void> collect();
  Outcome<void> take_share(Party from);
  Bytes shown();
  Outcome<void> finish();
  Point random_at(Party party) const;
  Scalar challenge(Party party, const Scalar& shown, const Proof& proof) const;
  Outcome<Scalar> checked(Party party) const;

  struct Commitments {
    std::vector<Point> random;
    std::vector<Point> mask;  // the identity first
    std::vector<Point> factor;
  };

  Config config_;
  bool makes_factor_;
  Dealt dealt_;
  std::array<Scalar, 4> proof_nonces_;
  Bytes opening_;
  Rounds rounds_;
  std::map<Party, Commitments> commitments_;
  Hash view_;
  Scalar random_;
  Scalar mask_;
  Scalar mask_blinding_;
  std::vector<Point> random_commitments_;
  std::vector<Point> mask_commitments_;
  Scalar offset_;
  Scalar own_product_;
  Scalar product_;
  std::uint8_t round_{0};
  bool is_done_{false};
  bool is_over_{false};
};

}  // namespace wusong::threshold::internal
