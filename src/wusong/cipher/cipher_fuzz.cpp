// SPDX-License-Identifier: Apache-2.0
// Property: whatever mode, key, header and message, all providers agree with OpenSSL, what is
// sealed opens, and what is changed does not.
#include <algorithm>

#include "wusong/base/assert.hpp"
#include "wusong/cipher/internal/test_peer.hpp"

namespace wusong::cipher {
namespace {

/// Takes bytes from the front; zeros once there are none.
class Input {
 public:
  explicit Input(BytesView bytes) noexcept : bytes_{bytes} {}
  std::uint8_t byte() noexcept {
    if (bytes_.empty()) return 0;
    const std::uint8_t out = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return out;
  }
  Bytes take(std::size_t count) {
    Bytes out(count);
    for (auto& each : out) each = byte();
    return out;
  }
  BytesView rest() const noexcept { return bytes_; }

 private:
  BytesView bytes_;
};

struct Case {
  std::uint8_t mode;
  Cipher cipher;
  std::size_t tag_bytes;
  Bytes key;
  Bytes nonce;
  Bytes associated;
  Bytes text;
};

Case read_case(BytesView bytes) {
  Input input{bytes};
  Case out{};
  out.mode = input.byte() % 4;
  out.cipher = Cipher{static_cast<std::uint8_t>(input.byte() % 3)};
  out.tag_bytes = out.mode == 2 ? 4u + 2 * (input.byte() % 7) : 16u;
  out.key = input.take(key_bytes(out.cipher) * (out.mode == 3 ? 2 : 1));
  constexpr std::size_t kFixed = 16;
  const std::uint8_t length = input.byte();
  const std::size_t any = out.mode == 1 ? 1u + length % 40 : 7u + length % 7;
  out.nonce = input.take(out.mode == 0 || out.mode == 3 ? kFixed : any);
  out.associated = input.take(input.byte() % 80);
  // Short inputs make long messages too, or the fuzzer would stay in the narrow loops.
  const std::size_t repeats = 1u + input.byte() % 32;
  for (std::size_t i = 0; i < repeats; ++i) append(out.text, input.rest());
  out.text.resize(std::min<std::size_t>(out.text.size(), 8192));
  return out;
}

template <typename Mode>
void check_authenticated(const Mode& mode, const Case& c, const Bytes& expected) {
  const Header header{.nonce = c.nonce, .associated = c.associated};
  Bytes sealed(c.text.size() + c.tag_bytes);
  WUSONG_ASSERT(mode.seal(header, c.text, sealed).has_value());
  WUSONG_ASSERT(sealed == expected);
  Bytes changed = sealed;
  changed[c.key[0] % changed.size()] ^= 1;
  const auto text = std::span{sealed}.first(c.text.size());
  WUSONG_ASSERT(mode.open(header, sealed, text).has_value());
  WUSONG_ASSERT(std::ranges::equal(text, c.text));
  WUSONG_ASSERT(!mode.open(header, changed, text).has_value());
  WUSONG_ASSERT(std::ranges::all_of(text, [](std::uint8_t b) { return b == 0; }));
}

void check_ctr(const Case& c) {
  const auto start = CounterBlock::from(c.nonce);
  const auto ctr = Ctr::create(c.cipher, c.key);
  Bytes out = c.text;
  const std::size_t cut = out.empty() ? 0 : c.key[0] * std::size_t{31} % out.size();
  const auto first = std::span{out}.first(cut);
  const auto second = std::span{out}.subspan(cut);
  WUSONG_ASSERT(ctr->apply(start, cut, second, second).has_value());
  WUSONG_ASSERT(ctr->apply(start, 0, first, first).has_value());
  WUSONG_ASSERT(out == internal::peer_ctr(c.cipher, c.key, start, c.text));
}

void check_xts(const Case& c) {
  const auto unit = DataUnit::from(c.nonce);
  for (const TweakOrder order : {TweakOrder::ieee1619, TweakOrder::gbt17964}) {
    const auto xts = Xts::create(c.cipher, c.key, order);
    Bytes out(c.text.size());
    if (!xts || c.text.size() < kXtsDataUnitMin) return;
    WUSONG_ASSERT(xts->encrypt(unit, c.text, out).has_value());
    WUSONG_ASSERT(out == internal::model_xts(c.cipher, c.key, order, unit, c.text));
    WUSONG_ASSERT(xts->decrypt(unit, out, out).has_value());
    WUSONG_ASSERT(out == c.text);
  }
}

void check(const Case& c) {
  const Header header{.nonce = c.nonce, .associated = c.associated};
  switch (c.mode) {
    case 0:
      return check_ctr(c);
    case 1:
      return check_authenticated(*Gcm::create(c.cipher, c.key), c,
                                 internal::peer_gcm(c.cipher, c.key, header, c.text));
    case 2:
      return check_authenticated(*Ccm::create(c.cipher, c.key, c.tag_bytes), c,
                                 internal::peer_ccm(c.cipher, c.key, c.tag_bytes, header, c.text));
    default:
      return check_xts(c);
  }
}

}  // namespace
}  // namespace wusong::cipher

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace internal = wusong::cipher::internal;
  const auto input = wusong::cipher::read_case({data, size});
  for (const internal::Provider* const each : internal::providers()) {
    if (!each->is_supported()) continue;
    internal::force_provider(each);
    wusong::cipher::check(input);
  }
  internal::force_provider(nullptr);
  return 0;
}
