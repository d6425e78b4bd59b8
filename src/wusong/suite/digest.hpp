// SPDX-License-Identifier: Apache-2.0
// Digests by name, of what arrives in pieces.
#pragma once

#include <memory>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/suite/scheme.hpp"

namespace wusong::suite {

/// One owner.
class Digest {
 public:
  /// @errors err::unknown_scheme
  [[nodiscard]] static Result<Digest> create(std::string_view name);
  void add(BytesView bytes);
  /// Once, at the end.
  Bytes finish();

  struct State {
    virtual ~State() = default;
    virtual void add(BytesView bytes) = 0;
    virtual Bytes finish() = 0;
  };

 private:
  explicit Digest(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
  std::unique_ptr<State> state_;
};

/// @errors err::unknown_scheme
[[nodiscard]] Result<Bytes> digest(std::string_view name, BytesView message);

}  // namespace wusong::suite
