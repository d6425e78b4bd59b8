// SPDX-License-Identifier: Apache-2.0
// How an emulator is spoken to: one JSON object a message over a local socket, one in answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/emulator/descriptor.hpp"

namespace wusong::emulator {

inline constexpr std::size_t kMessageMax = std::size_t{96} << 10;

struct Received {
  std::string text;       // empty: the other end is gone
  Descriptor descriptor;  // one that came along
};
/// One message, with a descriptor where one is given. @errors err::socket_failed
[[nodiscard]] Result<void> send_message(int socket, std::string_view text, int descriptor = -1);
/// @errors err::socket_failed, err::bad_request: longer than kMessageMax
[[nodiscard]] Result<Received> receive_message(int socket);

/// The end of whoever asks. Blocks for at most five seconds.
class Control {
 public:
  /// @errors err::not_running: nobody listens there
  [[nodiscard]] static Result<Control> open(const std::string& path);
  /// @return the answer, a JSON object
  /// @errors err::not_running, err::socket_failed, and what the emulator refuses
  [[nodiscard]] Result<std::string> ask(std::string_view request, int descriptor = -1);

 private:
  explicit Control(Descriptor socket) noexcept : socket_{std::move(socket)} {}
  Descriptor socket_;
};

/// A socket that only its owner may speak to. A file that nobody listens at any more is replaced.
/// @errors err::already_running, err::socket_failed
[[nodiscard]] Result<Descriptor> listen_at(const std::string& path);
/// The process at the other end, where it is of this user or root.
std::optional<int> trusted_peer(int socket) noexcept;

}  // namespace wusong::emulator
