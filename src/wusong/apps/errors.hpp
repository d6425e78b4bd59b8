// SPDX-License-Identifier: Apache-2.0
// The apps module's error table: 3000–3099. Programs also say which file or member is meant.
#pragma once

#include <string>
#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::apps {

namespace err {
inline constexpr ErrorInfo bad_config{3000, Disposition::reject, "apps.bad_config"};
inline constexpr ErrorInfo unknown_key{3001, Disposition::reject, "apps.unknown_key"};
inline constexpr ErrorInfo bad_key_file{3002, Disposition::reject, "apps.bad_key_file"};
inline constexpr ErrorInfo already_exists{3003, Disposition::reject, "apps.already_exists"};
inline constexpr ErrorInfo not_found{3004, Disposition::reject, "apps.not_found"};
inline constexpr ErrorInfo rpc_failed{3005, Disposition::retry, "apps.rpc_failed"};
inline constexpr ErrorInfo bad_argument{3006, Disposition::reject, "apps.bad_argument"};
inline constexpr ErrorInfo reverted{3007, Disposition::reject, "apps.reverted"};
inline constexpr ErrorInfo not_included{3008, Disposition::retry, "apps.not_included"};
inline constexpr ErrorInfo bad_artifact{3009, Disposition::reject, "apps.bad_artifact"};
inline constexpr ErrorInfo foreign_account{3012, Disposition::reject, "apps.foreign_account"};
inline constexpr ErrorInfo not_written{3015, Disposition::retry, "apps.not_written"};
inline constexpr ErrorInfo unsupported_here{3010, Disposition::reject, "apps.unsupported_here"};
inline constexpr ErrorInfo bad_request{3011, Disposition::reject, "apps.bad_request"};
inline constexpr ErrorInfo reload_refused{3020, Disposition::reject, "apps.reload_refused"};
}  // namespace err

/// An error for a person: the row, and what it is about with the way to mend it.
struct Failure {
  Error error;
  std::string detail;
  std::string row{};  // the node's own row, where it was a node that refused

  std::string_view name() const noexcept { return row.empty() ? error.name() : row; }
};

template <typename T>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> failure(Error error, std::string detail) {
  return std::unexpected{Failure{error, std::move(detail)}};
}

}  // namespace wusong::apps
