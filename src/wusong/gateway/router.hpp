// SPDX-License-Identifier: Apache-2.0
// The one table of what can be asked. Access, limits, the OpenAPI description and the test of every
// route with every role come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/limits.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::gateway {

/// The least that a caller must be; handlers may ask for more.
enum class Who : std::uint8_t {
  anyone,
  signed_in,  // an account
  actor,      // an account with a role on the chain
  admin,      // may manage this portal's accounts
};

struct Parameter {
  std::string_view name;
  std::string_view in;  // "path", "query", "header"
  portal::StaticText about;
};

using Handler = Result<Response> (*)(Exchange&);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/items/{id}": a segment, or the first part of one
  Who who;
  RateClass rate;
  std::size_t body_max;
  Handler handler;
  portal::StaticText about;
  std::span<const Parameter> parameters{};
  std::string_view answers{"application/json"};
  bool own_origin_only{true};  // a write by cookie needs the form token
};

/// All of them; of two patterns that match, the earlier one counts.
std::span<const Route> routes() noexcept;

/// Whether a path matches, and what stands in its places.
bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string, std::less<>>& out);

/// The description of the routes under /api/v1. @source OpenAPI 3.1
std::string openapi(const Settings& settings);

}  // namespace wusong::gateway
