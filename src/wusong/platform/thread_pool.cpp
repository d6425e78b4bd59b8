// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/thread_pool.hpp"

#include <algorithm>
#include <atomic>

namespace wusong::platform {

struct ThreadPool::Fork {
  Fork(std::size_t items, const std::function<void(std::size_t)>& each)
      : count{items}, task{&each} {}

  // The caller waits for `finished`, so `task` is alive while an index below `count` is being run.
  void run() {
    std::size_t done = 0;
    for (;;) {
      const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) break;
      (*task)(index);
      ++done;
    }
    if (done == 0) return;
    const MutexLock lock{mutex};
    finished += done;
    if (finished == count) all_done.notify_all();
  }

  const std::size_t count;
  const std::function<void(std::size_t)>* const task;
  std::atomic<std::size_t> next{0};
  Mutex mutex;
  CondVar all_done;
  std::size_t finished WUSONG_GUARDED_BY(mutex){0};
};

ThreadPool::ThreadPool(std::size_t workers, std::size_t queue_max)
    : worker_count_{workers}, queue_max_{queue_max} {
  threads_.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  {
    const MutexLock lock{mutex_};
    stopping_ = true;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void ThreadPool::for_each(std::size_t count, const std::function<void(std::size_t)>& task) {
  if (count <= 1 || worker_count_ == 0) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  const auto fork = std::make_shared<Fork>(count, task);
  {
    const MutexLock lock{mutex_};
    const std::size_t helpers = std::min(worker_count_, count - 1);
    for (std::size_t i = 0; i < helpers; ++i) {
      forks_.push_back(fork);
      wake_.notify_one();
    }
  }
  fork->run();
  const MutexLock lock{fork->mutex};
  while (fork->finished < fork->count) fork->all_done.wait(fork->mutex);
}

bool ThreadPool::post(Task task) {
  const MutexLock lock{mutex_};
  if (stopping_ || posted_.size() >= queue_max_) return false;
  posted_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

std::size_t ThreadPool::queued() const {
  const MutexLock lock{mutex_};
  return posted_.size();
}

void ThreadPool::work() {
  for (;;) {
    std::shared_ptr<Fork> fork;
    Task task;
    {
      const MutexLock lock{mutex_};
      while (!stopping_ && forks_.empty() && posted_.empty()) wake_.wait(mutex_);
      if (!forks_.empty()) {
        fork = std::move(forks_.front());
        forks_.pop_front();
      } else if (!posted_.empty()) {
        task = std::move(posted_.front());
        posted_.pop_front();
      } else {
        return;  // stopping, and nothing is left
      }
    }
    if (fork) {
      fork->run();
    } else {
      task();
    }
  }
}

}  // namespace wusong::platform
