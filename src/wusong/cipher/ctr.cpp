// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "wusong/cipher/internal/mode.hpp"

namespace wusong::cipher {

using internal::kBlock;

Result<Ctr> Ctr::create(Cipher cipher, BytesView key) noexcept {
  if (key.size() != key_bytes(cipher)) return fail(err::bad_key_length);
  return Ctr{cipher, key};
}

Result<void> Ctr::apply(const CounterBlock& start, std::uint64_t position, BytesView in,
                        std::span<std::uint8_t> out) const noexcept {
  WUSONG_CHECK(internal::check_output(in, out, in.size()));
  internal::Number block = internal::load_number(start.data()) + position / kBlock;
  const std::size_t skipped = position % kBlock;
  std::size_t done = 0;
  if (skipped != 0) {
    done = std::min(in.size(), kBlock - skipped);
    std::uint8_t stream[kBlock] = {};
    internal::count_from(key_, block++, stream, stream, kBlock);
    for (std::size_t i = 0; i < done; ++i) out[i] = in[i] ^ stream[skipped + i];
    internal::wipe(stream, kBlock);
  }
  internal::count_from(key_, block, in.data() + done, out.data() + done, in.size() - done);
  return {};
}

}  // namespace wusong::cipher
