// SPDX-License-Identifier: Apache-2.0
// Text for people, in Chinese and English, and faults that name a place and its mend.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::portal {

struct Text {
  std::string zh;
  std::string en;
  bool empty() const noexcept { return zh.empty() && en.empty(); }
  /// The text of a language, or the other one where it is missing.
  const std::string& in(bool chinese) const noexcept {
    return chinese ? (zh.empty() ? en : zh) : (en.empty() ? zh : en);
  }
  friend bool operator==(const Text&, const Text&) = default;
};

/// The same as constants.
struct StaticText {
  std::string_view zh;
  std::string_view en;
  Text text() const { return {std::string{zh}, std::string{en}}; }
};

/// What is wrong with a text from outside: where, and how to mend it.
struct Fault {
  Error error;
  std::string place;  // "workflows[2].transitions[5].roles[0]" or a document's member
  Text mend;
};

template <typename T>
using Checked = std::expected<T, Fault>;

}  // namespace wusong::portal
