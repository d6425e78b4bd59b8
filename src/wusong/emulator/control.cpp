// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/control.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "wusong/codec/json.hpp"
#include "wusong/emulator/errors.hpp"

namespace wusong::emulator {
namespace {

constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

/// Paths longer than a socket's address are reached through the folder's descriptor.
struct Address {
  Descriptor folder;
  sockaddr_un value{};
  bool good{false};
};

Address address_at(const std::string& path) {
  Address out;
  out.value.sun_family = AF_UNIX;
  const auto slash = path.rfind('/');
  std::string shown = path;
  if (path.size() >= sizeof(out.value.sun_path) && slash != std::string::npos) {
    out.folder = Descriptor{::open(path.substr(0, slash + 1).c_str(), O_PATH | O_CLOEXEC)};
    shown = "/proc/self/fd/" + std::to_string(out.folder.get()) + path.substr(slash);
  }
  if (shown.size() >= sizeof(out.value.sun_path)) return out;
  std::memcpy(out.value.sun_path, shown.c_str(), shown.size() + 1);
  out.good = true;
  return out;
}

Result<Descriptor> connect_to(const std::string& path) {
  Descriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!socket) return fail(err::socket_failed);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const Address address = address_at(path);
  if (!address.good || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.value),
                                 sizeof(address.value)) != 0)
    return fail(err::not_running);
  return socket;
}

/// The row that an answer names, so that who asked sees why.
Error refusal(std::string_view name) {
  for (const ErrorInfo* row : {&err::unknown_node, &err::too_many_nodes, &err::bad_request})
    if (row->name == name) return Error{*row};
  return Error{err::bad_request};
}

}  // namespace

Result<void> send_message(int socket, std::string_view text, int descriptor) {
  iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  if (descriptor >= 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    return fail(err::socket_failed);
  return {};
}

Result<Received> receive_message(int socket) {
  std::string text(kMessageMax, '\0');
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return fail(err::socket_failed);
  Received out;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(at), sizeof(int));
    out.descriptor = Descriptor{descriptor};
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return fail(err::bad_request);
  text.resize(static_cast<std::size_t>(size));
  out.text = std::move(text);
  return out;
}

Result<Control> Control::open(const std::string& path) {
  WUSONG_TRY(Descriptor socket, connect_to(path));
  return Control{std::move(socket)};
}

Result<std::string> Control::ask(std::string_view request, int descriptor) {
  WUSONG_CHECK(send_message(socket_.get(), request, descriptor));
  WUSONG_TRY(Received answer, receive_message(socket_.get()));
  if (answer.text.empty()) return fail(err::not_running);
  const auto document = codec::JsonDocument::parse(answer.text);
  if (!document) return fail(err::bad_request);
  if (const auto refused = document->root().string_at("error")) return fail(refusal(*refused));
  return std::move(answer.text);
}

Result<Descriptor> listen_at(const std::string& path) {
  if (connect_to(path)) return fail(err::already_running);
  ::unlink(path.c_str());
  Descriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const Address address = address_at(path);
  if (!socket || !address.good) return fail(err::socket_failed);
  const mode_t before = ::umask(0177);
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.value),
                           sizeof(address.value));
  ::umask(before);
  if (bound != 0 || ::listen(socket.get(), 64) != 0) return fail(err::socket_failed);
  return socket;
}

std::optional<int> trusted_peer(int socket) noexcept {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  if (peer.uid != ::geteuid() && peer.uid != 0) return std::nullopt;
  return peer.pid;
}

}  // namespace wusong::emulator
