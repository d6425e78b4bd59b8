// SPDX-License-Identifier: Apache-2.0
// A call request made into a transaction and the block it runs in.
#pragma once

#include "wusong/exec/call.hpp"

namespace wusong::exec::internal {

/// The caller's interpreter, or one of our own.
class Machine {
 public:
  explicit Machine(vm::Interpreter* given) : given_{given} {
    if (given == nullptr) own_.emplace();
  }
  vm::Interpreter& get() noexcept { return given_ != nullptr ? *given_ : *own_; }

 private:
  vm::Interpreter* given_;
  std::optional<vm::Interpreter> own_;
};

struct PreparedCall {
  BlockContext block;
  types::Transaction transaction;
  Address sender;
};
/// @errors err::override_conflict
[[nodiscard]] Result<PreparedCall> prepare(const BlockContext& block, const ChainRules& rules,
                                           const CallRequest& request, const CallOptions& options);

}  // namespace wusong::exec::internal
