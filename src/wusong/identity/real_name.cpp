// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/real_name.hpp"

#include <array>
#include <chrono>

#include "wusong/codec/utf8.hpp"
#include "wusong/identity/errors.hpp"

namespace wusong::identity {

std::string_view name_of(PersonKind kind) noexcept {
  switch (kind) {
    case PersonKind::person:
      return "person";
    case PersonKind::legal:
      return "legal";
    case PersonKind::unincorporated:
      return "unincorporated";
  }
  return "";
}

Result<PersonKind> parse_person_kind(std::string_view text) {
  for (const auto kind : {PersonKind::person, PersonKind::legal, PersonKind::unincorporated}) {
    if (text == name_of(kind)) return kind;
  }
  return fail(err::bad_identity);
}

bool resident_number_valid(std::string_view number) noexcept {
  constexpr std::array<unsigned, 17> kWeights{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  constexpr std::string_view kCheck = "10X98765432";
  if (number.size() != 18 || number.front() == '0') return false;
  unsigned sum = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    if (number[i] < '0' || number[i] > '9') return false;
    sum += static_cast<unsigned>(number[i] - '0') * kWeights[i];
  }
  const auto value = [&](std::size_t from, std::size_t count) {
    int out = 0;
    for (const char c : number.substr(from, count)) out = out * 10 + (c - '0');
    return out;
  };
  using namespace std::chrono;
  const year_month_day born{year{value(6, 4)}, month{static_cast<unsigned>(value(10, 2))},
                            day{static_cast<unsigned>(value(12, 2))}};
  const char last = number[17] == 'x' ? 'X' : number[17];
  return born.ok() && value(6, 4) >= 1850 && last == kCheck[sum % 11];
}

bool credit_code_valid(std::string_view code) noexcept {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  constexpr std::array<unsigned, 17> kWeights{1,  3,  9,  27, 19, 26, 16, 17, 20,
                                              29, 25, 13, 8,  24, 10, 30, 28};
  if (code.size() != 18) return false;
  unsigned sum = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    const auto value = kAlphabet.find(code[i]);
    if (value == std::string_view::npos) return false;
    sum += static_cast<unsigned>(value) * kWeights[i];
  }
  return code[17] == kAlphabet[(31 - sum % 31) % 31];
}

Result<void> LocalIdentityCheck::check(const Identity& identity) {
  const auto& name = identity.name;
  if (name.size() < 2 || name.size() > 200 || !codec::is_utf8(name)) return fail(err::bad_identity);
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20) return fail(err::bad_identity);
  }
  const bool valid = identity.kind == PersonKind::person ? resident_number_valid(identity.number)
                                                         : credit_code_valid(identity.number);
  if (!valid) return fail(err::bad_identity);
  return {};
}

}  // namespace wusong::identity
