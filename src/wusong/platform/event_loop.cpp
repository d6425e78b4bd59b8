// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/event_loop.hpp"

#include "wusong/platform/clock.hpp"

namespace wusong::platform {

EventLoop::EventLoop(std::size_t queue_max, Turn turn)
    : queue_max_{queue_max}, turn_{std::move(turn)} {}

EventLoop::~EventLoop() {
  stop();
}

void EventLoop::start() {
  thread_ = std::thread{[this] { run(); }};
}

bool EventLoop::post(Task task) {
  const MutexLock lock{mutex_};
  if (stopping_ || tasks_.size() >= queue_max_) return false;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) wake_.notify_one();
  return true;
}

void EventLoop::post_always(Task task) {
  const MutexLock lock{mutex_};
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) wake_.notify_one();
}

void EventLoop::stop() {
  {
    const MutexLock lock{mutex_};
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

std::size_t EventLoop::queued() const {
  const MutexLock lock{mutex_};
  return tasks_.size();
}

void EventLoop::run() {
  std::deque<Task> batch;
  Instant wake_at = turn_(monotonic_now());
  for (;;) {
    bool last = false;
    {
      const MutexLock lock{mutex_};
      while (tasks_.empty() && !stopping_) {
        if (wake_at == Instant::max()) {
          wake_.wait(mutex_);
          continue;
        }
        const Instant now = monotonic_now();
        if (now >= wake_at) break;
        wake_.wait_for(mutex_, wake_at - now);
      }
      last = stopping_;
      batch.swap(tasks_);
    }
    for (Task& task : batch) task();
    batch.clear();
    wake_at = turn_(monotonic_now());
    if (last) return;
  }
}

}  // namespace wusong::platform
