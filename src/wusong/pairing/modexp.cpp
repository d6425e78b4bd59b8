// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/modular_power.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {

Bytes modexp(BytesView base, BytesView exponent, BytesView modulus) {
  Bytes out(modulus.size());
  const auto m = math::long_from_be(modulus);
  if (!m.empty()) math::long_to_be(math::modular_power(math::long_from_be(base), exponent, m), out);
  return out;
}

}  // namespace wusong::pairing
