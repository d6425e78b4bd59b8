// SPDX-License-Identifier: Apache-2.0
// Opens products of a shared factor and other shared numbers, and nothing else:
//   product = factor (a x + b d + c) for public a, b, c,
// where x is fresh and random, x G becomes known, and d is a shared key. Several products are
// opened at once. All are shared by polynomials of degree needed - 1, so a product's has degree
// 2 needed - 2 and takes 2 needed - 1 parties; for each a random polynomial of that degree with
// value zero at zero hides all else. Each party proves that what it shows is right.
//
// The factor is committed to by Pedersen's commitments, which hide it wholly: Feldman's would show
// its multiple. Where there is none yet, it is made in the same rounds.
// @source Ben-Or, Goldwasser, Wigderson 1988, for the product; Pedersen 1991; Gennaro, Jarecki,
//         Krawczyk, Rabin, "Robust threshold DSS signatures", 2001, for the mask
#pragma once

#include <functional>
#include <memory>

#include "wusong/threshold/internal/short_curve.hpp"
#include "wusong/threshold/keys.hpp"
#include "wusong/threshold/rounds.hpp"
#include "wusong/threshold/sharing.hpp"

namespace wusong::threshold::internal {

/// One party's share of a factor, with everybody's commitments.
struct FactorShare {
  Scalar value;
  Scalar blinding;
  std::vector<Point> commitments;
};

/// of_random x + of_key d + constant
struct Operand {
  Scalar of_random;
  Scalar of_key;
  Scalar constant;
};

class MaskedProducts {
 public:
  struct Config {
    const ShortCurve* curve;
    Protocol protocol{};
    Hash session;
    Party self;
    std::uint8_t needed{0};
    std::vector<Party> parties;  // ascending, with self, at least 2 needed - 1
    Hash about;                  // what all parties must agree on besides
    std::optional<FactorShare> factor;
    std::optional<KeyShare> key;                                      // d
    std::size_t count{1};                                             // of products
    std::function<std::vector<Operand>(const Point& base)> operands;  // when x G is known
  };
  MaskedProducts(Config config, io::Entropy& entropy);
  MaskedProducts(const MaskedProducts&) = delete;
  MaskedProducts& operator=(const MaskedProducts&) = delete;

  Letters start() const;
  /// Faults as KeyGeneration::receive has them, with err::bad_signature_share for a wrong product.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);

  /// By a fault or with a result: it must not be called again.
  bool is_over() const noexcept { return is_over_; }
  bool is_done() const noexcept { return is_done_; }
  const Scalar& product(std::size_t index = 0) const noexcept { return products_[index]; }
  /// x G
  const Point& base() const noexcept { return all_.random.front(); }
  const FactorShare& factor() const noexcept { return *config_.factor; }

 private:
  /// A secret polynomial, and what blinds the commitments to it.
  struct Blinded {
    Polynomial values;
    Polynomial blindings;
    std::vector<Point> commitments(const ShortCurve& curve) const;
  };
  /// Polynomials that this party deals.
  struct Dealt {
    Polynomial random;
    std::vector<Blinded> masks;
    std::optional<Blinded> factor;  // where it is made
    std::vector<Scalar> proof_nonces;
  };
  static Dealt deal(const Config& config, io::Entropy& entropy);
  /// Of one party, and of all together.
  struct Commitments {
    std::vector<Point> random;
    std::vector<std::vector<Point>> masks;  // the identity first in each
    std::vector<Point> factor;
    void add(const ShortCurve& curve, const Commitments& more);
  };
  /// Of a party's products: that one pair (factor, blinding) opens the factor's commitment,
  /// other pairs the masks', and factor times operand plus mask is what is shown.
  struct Proof {
    Point factor;
    std::vector<Point> masks;
    std::vector<Point> products;
    std::vector<Scalar> responses;  // factor, blinding, then for each product mask, blinding
  };
  struct Shown {
    std::vector<Scalar> products;
    Proof proof;
  };
  const ShortCurve& curve() const noexcept { return *config_.curve; }
  bool makes_factor() const noexcept { return dealt_.factor.has_value(); }
  Bytes opening() const;
  Hash commitment_of(Party party, BytesView opening) const;
  Outcome<Letters> advance();
  Outcome<void> check_openings();
  Outcome<Commitments> read_opening(Party from, BytesView opening) const;
  void choose_operands();
  Letters share_letters() const;
  Outcome<void> collect();
  Outcome<void> take_share(Party from);
  Bytes show();
  Outcome<Shown> read_shown(Party from) const;
  Scalar challenge(Party party, const Shown& shown) const;
  bool is_right(Party party, const Shown& shown) const;
  Outcome<void> finish();

  Config config_;
  Dealt dealt_;
  Bytes opening_;
  Rounds rounds_;
  std::map<Party, Commitments> commitments_;
  Commitments all_;
  Hash view_;
  std::vector<Operand> operands_;
  std::vector<std::vector<Point>> operand_commitments_;
  Scalar random_;
  std::vector<std::array<Scalar, 2>> masks_;  // value and blinding
  std::vector<Scalar> own_products_;
  std::vector<Scalar> products_;
  std::uint8_t round_{0};
  bool is_done_{false};
  bool is_over_{false};
};

/// Hands a message to products that are there while their session lasts; a fault that ends it lets
/// them go. @errors err::session_over, and MaskedProducts::receive's
[[nodiscard]] Outcome<Letters> receive(std::unique_ptr<MaskedProducts>& products, Party from,
                                       BytesView message);

}  // namespace wusong::threshold::internal
