// SPDX-License-Identifier: Apache-2.0
// Digests by name, of what arrives in pieces.
#pragma once

#include <memory>
#include <span>

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

/// The digests of many messages, end to end: at a fraction of the cost for all but SHA-3.
/// @errors err::unknown_scheme
[[nodiscard]] Result<Bytes> digest_batch(std::string_view name,
                                         std::span<const BytesView> messages);

}  // namespace wusong::suite
