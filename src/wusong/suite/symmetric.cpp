// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/symmetric.hpp"

#include "wusong/cipher/errors.hpp"
#include "wusong/suite/errors.hpp"

namespace wusong::suite {
namespace {

using cipher::Cipher;
using internal::Family;

constexpr std::size_t kUnit = 4096;

template <typename Step>
Result<void> each_unit(BytesView in, std::span<std::uint8_t> out, Step step) {
  if (in.size() != out.size()) return fail(cipher::err::bad_output_length);
  std::uint64_t number = 0;
  do {
    std::size_t size = std::min(kUnit, in.size());
    if (in.size() - size < cipher::kXtsDataUnitMin) size = in.size();
    cipher::DataUnit unit;
    for (int i = 0; i < 8; ++i) unit.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    WUSONG_CHECK(step(unit, in.first(size), out.first(size)));
    in = in.subspan(size);
    out = out.subspan(size);
    ++number;
  } while (!in.empty());
  return {};
}

}  // namespace

Result<SymmetricKey> SymmetricKey::create(const Scheme& scheme, BytesView key) {
  if (scheme.kind != Kind::cipher) return fail(err::unknown_scheme);
  const auto which = static_cast<Cipher>(scheme.set);
  if (scheme.family == Family::gcm) {
    WUSONG_TRY(auto mode, cipher::Gcm::create(which, key));
    return SymmetricKey{scheme, std::move(mode)};
  }
  if (scheme.family == Family::ccm) {
    WUSONG_TRY(auto mode, cipher::Ccm::create(which, key));
    return SymmetricKey{scheme, std::move(mode)};
  }
  if (scheme.family == Family::ctr) {
    WUSONG_TRY(auto mode, cipher::Ctr::create(which, key));
    return SymmetricKey{scheme, std::move(mode)};
  }
  const auto order =
      which == Cipher::sm4 ? cipher::TweakOrder::gbt17964 : cipher::TweakOrder::ieee1619;
  WUSONG_TRY(auto mode, cipher::Xts::create(which, key, order));
  return SymmetricKey{scheme, std::move(mode)};
}

Result<void> SymmetricKey::check(const cipher::Header& header) const noexcept {
  if (header.nonce.size() != scheme_->public_key) return fail(err::bad_length);
  if (scheme_->result == 0 && !header.associated.empty()) return fail(err::bad_length);
  return {};
}

Result<void> SymmetricKey::encrypt(const cipher::Header& header, BytesView text,
                                   std::span<std::uint8_t> out) const {
  WUSONG_CHECK(check(header));
  if (const auto* gcm = std::get_if<cipher::Gcm>(&mode_)) return gcm->seal(header, text, out);
  if (const auto* ccm = std::get_if<cipher::Ccm>(&mode_)) return ccm->seal(header, text, out);
  if (const auto* ctr = std::get_if<cipher::Ctr>(&mode_))
    return ctr->apply(cipher::CounterBlock::from(header.nonce), 0, text, out);
  return each_unit(text, out, [&](const auto& unit, BytesView in, auto to) {
    return std::get<cipher::Xts>(mode_).encrypt(unit, in, to);
  });
}

Result<void> SymmetricKey::decrypt(const cipher::Header& header, BytesView sealed,
                                   std::span<std::uint8_t> out) const {
  WUSONG_CHECK(check(header));
  if (const auto* gcm = std::get_if<cipher::Gcm>(&mode_)) return gcm->open(header, sealed, out);
  if (const auto* ccm = std::get_if<cipher::Ccm>(&mode_)) return ccm->open(header, sealed, out);
  if (const auto* ctr = std::get_if<cipher::Ctr>(&mode_))
    return ctr->apply(cipher::CounterBlock::from(header.nonce), 0, sealed, out);
  return each_unit(sealed, out, [&](const auto& unit, BytesView in, auto to) {
    return std::get<cipher::Xts>(mode_).decrypt(unit, in, to);
  });
}

}  // namespace wusong::suite
