// SPDX-License-Identifier: Apache-2.0
// What revert data says, in words.
#include <utility>

#include "wusong/codec/hex.hpp"
#include "wusong/exec/call.hpp"

namespace wusong::exec {
namespace {

constexpr std::uint8_t kErrorSelector[]{0x08, 0xc3, 0x79, 0xa0};  // Error(string)
constexpr std::uint8_t kPanicSelector[]{0x4e, 0x48, 0x7b, 0x71};  // Panic(uint256)

bool starts_with(BytesView bytes, BytesView prefix) noexcept {
  return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::string panic_text(const U256& code) {
  // Solidity's panic codes, in go-ethereum's words.
  static constexpr std::pair<std::uint64_t, std::string_view> kTexts[]{
      {0x00, "generic panic"},
      {0x01, "assert(false)"},
      {0x11, "arithmetic underflow or overflow"},
      {0x12, "division or modulo by zero"},
      {0x21, "enum overflow"},
      {0x22, "invalid encoded storage byte array accessed"},
      {0x31, "out-of-bounds array access; popping on an empty array"},
      {0x32, "out-of-bounds access of an array or bytesN"},
      {0x41, "out of memory"},
      {0x51, "uninitialized function"},
  };
  for (const auto& [number, text] : kTexts) {
    if (code == U256{number}) return std::string{text};
  }
  return "unknown panic code: " + codec::to_hex_quantity(to_hash(code).view());
}

}  // namespace

std::optional<std::string> revert_reason(BytesView output) {
  if (starts_with(output, kPanicSelector)) {
    if (output.size() < 36) return std::nullopt;
    return panic_text(load_be(output.data() + 4));
  }
  if (!starts_with(output, kErrorSelector)) return std::nullopt;
  const BytesView arguments = output.subspan(4);
  if (arguments.size() < 64) return std::nullopt;
  const U256 offset = load_be(arguments.data());
  if (!offset.fits_u64() || offset.low() > arguments.size() - 32) return std::nullopt;
  const BytesView tail = arguments.subspan(offset.low());
  const U256 size = load_be(tail.data());
  if (!size.fits_u64() || size.low() > tail.size() - 32) return std::nullopt;
  return std::string{as_text(tail.subspan(32, size.low()))};
}

std::string failure_text(const TransactionOutcome& outcome) {
  if (outcome.status != vm::Status::revert) return std::string{vm::text_of(outcome.status)};
  const auto reason = revert_reason(outcome.output);
  return reason ? "execution reverted: " + *reason : "execution reverted";
}

}  // namespace wusong::exec
