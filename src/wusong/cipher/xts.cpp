// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "wusong/cipher/internal/mode.hpp"

namespace wusong::cipher {

using internal::kBlock;

namespace {

/// Whiteners of blocks in a row: each is the one before times x.
class Tweaks {
 public:
  Tweaks(const std::uint8_t* first, TweakOrder order) noexcept : order_{order} {
    std::memcpy(words_, first, kBlock);
    if (order_ == TweakOrder::gbt17964) {
      words_[0] = std::byteswap(words_[0]);
      words_[1] = std::byteswap(words_[1]);
    }
  }
  ~Tweaks() { internal::wipe(words_, kBlock); }
  Tweaks(const Tweaks&) = delete;
  Tweaks& operator=(const Tweaks&) = delete;

  void next(std::uint8_t* out, std::size_t count) noexcept {
    std::uint64_t first = words_[0];  // in registers, as `out` could be anything
    std::uint64_t second = words_[1];
    if (order_ == TweakOrder::ieee1619) {
      for (std::size_t i = 0; i < count; ++i, out += kBlock) {
        std::memcpy(out, &first, 8);
        std::memcpy(out + 8, &second, 8);
        const std::uint64_t top = 0 - (second >> 63);
        second = second << 1 | first >> 63;
        first = first << 1 ^ (top & 0x87);
      }
    } else {
      for (std::size_t i = 0; i < count; ++i, out += kBlock) {
        const std::uint64_t swapped[2] = {std::byteswap(first), std::byteswap(second)};
        std::memcpy(out, swapped, kBlock);
        const std::uint64_t top = 0 - (second & 1);
        second = second >> 1 | first << 63;
        first = first >> 1 ^ (top & 0xe100000000000000);
      }
    }
    words_[0] = first;
    words_[1] = second;
  }

 private:
  TweakOrder order_;
  std::uint64_t words_[2];  // in the order that doubling wants
};

void add(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out,
         std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) out[i] = a[i] ^ b[i];
}

using Kernel = decltype(internal::Kernels::encrypt);

/// Blocks that go at once: enough for the widest provider.
constexpr std::size_t kAtOnce = 64;

void run_blocks(const ExpandedKey& key, Kernel kernel, Tweaks& tweaks, const std::uint8_t* in,
                std::uint8_t* out, std::size_t blocks) noexcept {
  alignas(64) std::uint8_t whiteners[kBlock * kAtOnce];
  alignas(64) std::uint8_t work[kBlock * kAtOnce];
  std::size_t most = 0;
  while (blocks != 0) {
    const std::size_t now = std::min(blocks, kAtOnce);
    const std::size_t bytes = kBlock * now;
    tweaks.next(whiteners, now);
    add(in, whiteners, work, bytes);
    kernel(key.schedule(), work, work, now);
    add(work, whiteners, out, bytes);
    in += bytes;
    out += bytes;
    blocks -= now;
    most = std::max(most, bytes);
  }
  internal::wipe(whiteners, most);
  internal::wipe(work, most);
}

}  // namespace

Result<Xts> Xts::create(Cipher cipher, BytesView key, TweakOrder order) noexcept {
  const std::size_t half = key_bytes(cipher);
  if (key.size() != 2 * half) return fail(err::bad_key_length);
  if (internal::is_equal(key.data(), key.data() + half, half)) return fail(err::equal_keys);
  return Xts{cipher, key.first(half), key.subspan(half), order};
}

Result<void> Xts::run(const DataUnit& unit, BytesView in, std::span<std::uint8_t> out,
                      bool is_decrypting) const noexcept {
  if (in.size() < kXtsDataUnitMin) return fail(err::message_too_short);
  if (in.size() > kXtsDataUnitMax) return fail(err::message_too_long);
  WUSONG_CHECK(internal::check_output(in, out, in.size()));
  std::uint8_t first[kBlock];
  tweak_.kernels().encrypt(tweak_.schedule(), unit.data(), first, 1);
  Tweaks tweaks{first, order_};
  internal::wipe(first, kBlock);
  const auto& kernels = data_.kernels();
  const Kernel kernel = is_decrypting ? kernels.decrypt : kernels.encrypt;

  const std::size_t rest = in.size() % kBlock;
  const std::size_t before = in.size() / kBlock - (rest == 0 ? 0 : 1);
  run_blocks(data_, kernel, tweaks, in.data(), out.data(), before);
  if (rest == 0) return {};
  // The last whole block gives its end to fill the rest; decrypting meets their tweaks in turn.
  const std::uint8_t* const from = in.data() + kBlock * before;
  std::uint8_t* const to = out.data() + kBlock * before;
  std::uint8_t whiteners[2][kBlock];
  tweaks.next(whiteners[0], 2);
  Tweaks near{whiteners[is_decrypting ? 1 : 0], order_};
  Tweaks far{whiteners[is_decrypting ? 0 : 1], order_};
  std::uint8_t block[kBlock];
  std::uint8_t end[kBlock];
  run_blocks(data_, kernel, near, from, block, 1);
  std::memcpy(end, from + kBlock, rest);
  std::memcpy(end + rest, block + rest, kBlock - rest);
  run_blocks(data_, kernel, far, end, to, 1);
  std::memcpy(to + kBlock, block, rest);
  for (std::uint8_t* const secret : {whiteners[0], whiteners[1], block, end})
    internal::wipe(secret, kBlock);
  return {};
}

Result<void> Xts::encrypt(const DataUnit& unit, BytesView in,
                          std::span<std::uint8_t> out) const noexcept {
  return run(unit, in, out, false);
}
Result<void> Xts::decrypt(const DataUnit& unit, BytesView in,
                          std::span<std::uint8_t> out) const noexcept {
  return run(unit, in, out, true);
}

}  // namespace wusong::cipher
