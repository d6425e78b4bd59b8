// SPDX-License-Identifier: Apache-2.0
// One thread that owns a state machine: others reach it through a bounded queue.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "wusong/base/time.hpp"
#include "wusong/platform/mutex.hpp"

namespace wusong::platform {

/// @thread every member but the destructor may be called from any thread.
class EventLoop {
 public:
  using Task = std::move_only_function<void()>;
  /// Called on the loop's thread after each batch of tasks and when the time it asked for has come.
  /// Returns when to call it again at the latest; Instant::max() means not before the next task.
  using Turn = std::function<Instant(Instant now)>;

  EventLoop(std::size_t queue_max, Turn turn);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts the thread. Tasks may be posted before.
  void start();
  /// False when the queue is full or the loop has stopped; the task is then not run.
  [[nodiscard]] bool post(Task task);
  /// Like post but beyond the queue's limit, for the few events that must not be lost.
  void post_always(Task task);
  /// Runs what was posted, then ends the thread. Not from the loop's own thread.
  void stop();
  std::size_t queued() const;

 private:
  void run();

  const std::size_t queue_max_;
  const Turn turn_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Task> tasks_ WUSONG_GUARDED_BY(mutex_);
  bool stopping_ WUSONG_GUARDED_BY(mutex_){false};
  std::thread thread_;
};

}  // namespace wusong::platform
