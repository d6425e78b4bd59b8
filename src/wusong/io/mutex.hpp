// SPDX-License-Identifier: Apache-2.0
// Mutual exclusion as a port: the machine gives a real lock, a seeded run none.
#pragma once

namespace wusong::io {

class Mutex {
 public:
  virtual ~Mutex() = default;
  virtual void lock() noexcept = 0;
  virtual void unlock() noexcept = 0;
};

/// For one thread only.
class NoMutex final : public Mutex {
 public:
  void lock() noexcept override {}
  void unlock() noexcept override {}
};

/// Holds the mutex for its own lifetime.
class MutexGuard {
 public:
  explicit MutexGuard(Mutex& mutex) noexcept : mutex_{mutex} { mutex_.lock(); }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;
  ~MutexGuard() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace wusong::io
