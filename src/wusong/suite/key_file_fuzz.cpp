// SPDX-License-Identifier: Apache-2.0
// Property: a file is refused by name or read, and what is read is written to a form that reads
// back as the same key. A public key has one DER form.
#include <algorithm>

#include "wusong/base/assert.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/key_file.hpp"

using namespace wusong;
using suite::Holds;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input{data, size};
  if (const auto key = suite::read_public_key(input)) {
    const Bytes written = suite::public_key_der(*key);
    const auto again = suite::read_public_key(suite::to_pem(Holds::public_key, written).view());
    WUSONG_ASSERT(again.has_value() && &again->scheme() == &key->scheme() &&
                  std::ranges::equal(again->encoded(), key->encoded()));
  }
  if (const auto key = suite::read_secret_key(input, std::nullopt)) {
    const auto written = suite::secret_key_der(*key);
    const auto again = suite::read_secret_key(written.view(), std::nullopt);
    WUSONG_ASSERT(again.has_value() && &again->scheme() == &key->scheme() &&
                  std::ranges::equal(again->secret(), key->secret()));
  }
  if (const auto pair = suite::pair_from_der(input))
    WUSONG_ASSERT(std::ranges::equal(suite::pair_to_der(*pair), input));
  return 0;
}
