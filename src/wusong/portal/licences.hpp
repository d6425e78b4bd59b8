// SPDX-License-Identifier: Apache-2.0
// Licences that other software knows by name, so that a dataset's licence becomes an address.
#pragma once

#include <span>
#include <string_view>

#include "wusong/portal/text.hpp"

namespace wusong::portal {

struct Licence {
  std::string_view id;  // SPDX
  StaticText title;
  std::string_view url;
  bool open{true};  // by the Open Definition
};

/// @source SPDX License List; opendefinition.org
std::span<const Licence> licences() noexcept;
/// Nothing where others do not know it: then its text is all there is.
const Licence* find_licence(std::string_view id) noexcept;

}  // namespace wusong::portal
