// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <thread>

#include "wusong/base/assert.hpp"

namespace wusong::platform {
namespace {

sigset_t watched(SignalWatcher::Reload reload) noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  if (reload == SignalWatcher::Reload::sigusr1) sigaddset(&set, SIGUSR1);
  return set;
}

}  // namespace

struct SignalWatcher::State {
  int signals{-1};
  int stop{-1};
  std::thread thread;

  void run(const std::function<void(int)>& on_signal) const {
    std::array<pollfd, 2> waits{pollfd{signals, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    for (;;) {
      if (::poll(waits.data(), waits.size(), -1) < 0) {
        WUSONG_ASSERT(errno == EINTR);
        continue;
      }
      if (waits[1].revents != 0) return;
      signalfd_siginfo info;
      if (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
        on_signal(static_cast<int>(info.ssi_signo));
    }
  }
};

SignalWatcher::SignalWatcher(std::function<void(int)> on_signal, Reload reload)
    : state_{std::make_unique<State>()} {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = watched(reload);
  WUSONG_ASSERT(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  state_->signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  state_->stop = ::eventfd(0, EFD_CLOEXEC);
  WUSONG_ASSERT(state_->signals >= 0 && state_->stop >= 0);
  state_->thread = std::thread{
      [state = state_.get(), callback = std::move(on_signal)] { state->run(callback); }};
}

SignalWatcher::~SignalWatcher() {
  const std::uint64_t one = 1;
  WUSONG_ASSERT(::write(state_->stop, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
  state_->thread.join();
  ::close(state_->signals);
  ::close(state_->stop);
}

void SignalWatcher::unblock() noexcept {
  const sigset_t set = watched(Reload::sigusr1);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace wusong::platform
