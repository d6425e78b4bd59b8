// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace wusong::io {

/// Fork and join over independent items. Results combine in index order, so that they never depend
/// on how many threads there are.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Calls task(i) once for every i in [0, count), perhaps on several threads, and returns after
  /// the last.
  virtual void for_each(std::size_t count, const std::function<void(std::size_t)>& task) = 0;
};

/// Runs everything on the calling thread.
class InlineExecutor final : public Executor {
 public:
  void for_each(std::size_t count, const std::function<void(std::size_t)>& task) override {
    for (std::size_t i = 0; i < count; ++i) task(i);
  }
};

}  // namespace wusong::io
