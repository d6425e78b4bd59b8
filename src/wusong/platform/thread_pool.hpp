// SPDX-License-Identifier: Apache-2.0
// Workers for fork-join loops and for posted work.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "wusong/io/executor.hpp"
#include "wusong/platform/mutex.hpp"

namespace wusong::platform {

/// @thread every member but the destructor may be called from any thread, workers included.
class ThreadPool final : public io::Executor {
 public:
  using Task = std::move_only_function<void()>;

  /// At most `queue_max` posted tasks wait.
  ThreadPool(std::size_t workers, std::size_t queue_max);
  /// Finishes what was posted.
  ~ThreadPool() override;

  /// The calling thread works too, so that a pool without workers or with busy ones still gets
  /// done.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& task) override;
  /// False when the queue is full or the pool is stopping; the task is then not run.
  [[nodiscard]] bool post(Task task);
  /// Finishes what was posted and joins the workers; later posts are refused.
  void stop();

  std::size_t workers() const noexcept { return worker_count_; }
  std::size_t queued() const;

 private:
  struct Fork;
  void work();

  const std::size_t worker_count_;
  const std::size_t queue_max_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<std::shared_ptr<Fork>> forks_ WUSONG_GUARDED_BY(mutex_);
  std::deque<Task> posted_ WUSONG_GUARDED_BY(mutex_);
  bool stopping_ WUSONG_GUARDED_BY(mutex_){false};
  std::vector<std::thread> threads_;
};

}  // namespace wusong::platform
