// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace wusong::platform {

/// Turns SIGINT, SIGTERM and SIGHUP (the terminal is gone), and SIGUSR1 where it is wanted, into
/// calls on a thread of its own, and ignores SIGPIPE. Create it before any other thread: threads
/// inherit the blocked signals, and so do child processes.
class SignalWatcher {
 public:
  enum class Reload : std::uint8_t { unknown, sigusr1 };
  explicit SignalWatcher(std::function<void(int signal)> on_signal,
                         Reload reload = Reload::unknown);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

  /// For a child between fork and exec: signals work there as usual.
  static void unblock() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wusong::platform
