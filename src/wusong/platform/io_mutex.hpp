// SPDX-License-Identifier: Apache-2.0
// The mutex port on a real lock.
#pragma once

#include <mutex>

#include "wusong/io/mutex.hpp"

namespace wusong::platform {

class IoMutex final : public io::Mutex {
 public:
  void lock() noexcept override { mutex_.lock(); }
  void unlock() noexcept override { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

}  // namespace wusong::platform
