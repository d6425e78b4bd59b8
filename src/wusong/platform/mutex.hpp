// SPDX-License-Identifier: Apache-2.0
// Locks that clang's thread-safety analysis understands.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "wusong/base/time.hpp"

#if defined(__clang__)
#define WUSONG_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define WUSONG_THREAD_ANNOTATION(x)
#endif
#define WUSONG_GUARDED_BY(x) WUSONG_THREAD_ANNOTATION(guarded_by(x))
#define WUSONG_REQUIRES(...) WUSONG_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define WUSONG_EXCLUDES(...) WUSONG_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace wusong::platform {

class WUSONG_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() WUSONG_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() WUSONG_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class WUSONG_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WUSONG_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_{mutex} {
    mutex_.lock();
  }
  ~MutexLock() WUSONG_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits give the mutex up and hold it again on return; they may return early.
class CondVar {
 public:
  void wait(Mutex& mutex) WUSONG_REQUIRES(mutex) { condition_.wait(mutex); }
  void wait_for(Mutex& mutex, Duration timeout) WUSONG_REQUIRES(mutex) {
    condition_.wait_for(mutex, std::chrono::nanoseconds{timeout});
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace wusong::platform
