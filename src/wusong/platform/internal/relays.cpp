// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/relays.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/net/errors.hpp"

namespace wusong::platform::internal {

/// Shared by the stream, which its connection owns, and the routes.
struct Relays::End {
  Relays* relays{nullptr};  // null once the circuit is gone
  Link link;
  Bytes inbox;
  std::size_t inbox_at{0};
  std::uint64_t owed{0};  // taken, not yet given back as credit
  std::uint64_t credit{net::kRelayWindow};
  std::span<std::uint8_t> reading;
  ByteStream::Done on_read;
  BytesView writing;
  ByteStream::Done on_write;
  bool ended{false};
  std::function<void(std::function<void()>)> later;

  std::size_t waiting() const noexcept { return inbox.size() - inbox_at; }
  void serve_read();
  void serve_write();
  void end();
};

void Relays::End::serve_read() {
  if (!on_read || (waiting() == 0 && !ended)) return;
  const std::size_t count = std::min(waiting(), reading.size());
  std::copy_n(inbox.begin() + static_cast<std::ptrdiff_t>(inbox_at), count, reading.begin());
  inbox_at += count;
  if (inbox_at == inbox.size()) {
    inbox.clear();
    inbox_at = 0;
  }
  owed += count;
  if (owed >= net::kRelayWindow / 4 && relays != nullptr) {
    relays->routes_.at(link).credit += owed;
    relays->ports_.send(link.neighbour, net::RelayCredit{link.circuit, owed});
    owed = 0;
  }
  std::exchange(on_read, {})(count > 0, count);
}

void Relays::End::serve_write() {
  if (!on_write || (credit == 0 && !ended)) return;
  std::size_t count = 0;
  if (!ended && relays != nullptr) {
    count = static_cast<std::size_t>(
        std::min<std::uint64_t>({writing.size(), credit, net::kRelayDataMax}));
    credit -= count;
    if (!relays->ports_.send(link.neighbour, net::RelayData{link.circuit, writing.first(count)}))
      count = 0;  // the relay does not read: this circuit is given up, not the relay
  }
  std::exchange(on_write, {})(count > 0, count);
}

void Relays::End::end() {
  ended = true;
  relays = nullptr;
  later([read = std::exchange(on_read, {}), write = std::exchange(on_write, {})] {
    if (read) read(false, 0);
    if (write) write(false, 0);
  });
}

class Relays::Stream final : public ByteStream {
 public:
  explicit Stream(std::shared_ptr<End> end) : end_{std::move(end)} {
    address_ = "relay:" + codec::to_hex_data(end_->link.neighbour);
  }
  ~Stream() override { close(); }

  void read(std::span<std::uint8_t> into, Done done) override {
    end_->reading = into;
    end_->on_read = std::move(done);
    soon(&End::serve_read);
  }
  void write(BytesView from, Done done) override {
    end_->writing = from;
    end_->on_write = std::move(done);
    soon(&End::serve_write);
  }
  void write_at_once(BytesView from) noexcept override {
    if (end_->relays == nullptr || from.size() > net::kRelayDataMax || from.size() > end_->credit)
      return;
    end_->credit -= from.size();
    end_->relays->ports_.send(end_->link.neighbour, net::RelayData{end_->link.circuit, from});
  }
  void finish_writing() noexcept override {}
  void close() noexcept override {
    end_->on_read = {};
    end_->on_write = {};
    if (end_->relays == nullptr) return;
    Relays& relays = *end_->relays;
    end_->relays = nullptr;
    relays.ports_.send(end_->link.neighbour, net::RelayClose{end_->link.circuit});
    relays.routes_.erase(end_->link);
  }
  std::string address() const override { return address_; }
  bool relayed() const noexcept override { return true; }

 private:
  void soon(void (End::*serve)()) {
    end_->later([end = end_, serve] { (end.get()->*serve)(); });
  }

  std::shared_ptr<End> end_;
  std::string address_;
};

Relays::Relays(const net::PeerKey& self, bool passes_on, Ports ports)
    : self_{self}, passes_on_{passes_on}, ports_{std::move(ports)} {}

Relays::~Relays() {
  for (auto& [link, route] : routes_) {
    if (!route.end) continue;
    route.end->relays = nullptr;
    route.end->ended = true;
  }
}

std::size_t Relays::count_of(const net::PeerKey& neighbour) const {
  const auto from = routes_.lower_bound(Link{neighbour, 0});
  std::size_t count = 0;
  for (auto at = from; at != routes_.end() && at->first.neighbour == neighbour; ++at) ++count;
  return count;
}

net::CircuitId Relays::fresh(const net::PeerKey& neighbour) {
  next_ += 2;
  return self_ < neighbour ? next_ : next_ + 1;
}

std::unique_ptr<ByteStream> Relays::make_end(const Link& link) {
  auto end = std::make_shared<End>();
  end->relays = this;
  end->link = link;
  end->later = ports_.later;
  routes_[link] = Route{.end = end, .next = {}};
  return std::make_unique<Stream>(std::move(end));
}

std::unique_ptr<ByteStream> Relays::open(const net::PeerKey& relay, const net::PeerKey& target) {
  if (count_of(relay) >= kPerNeighbourMax) return nullptr;
  const Link link{relay, fresh(relay)};
  ports_.send(relay, net::RelayOpen{link.circuit, target});
  return make_end(link);
}

Result<void> Relays::on_frame(const net::PeerKey& from, BytesView payload) {
  WUSONG_TRY(const net::RelayMessage message, net::decode_relay(payload));
  if (const auto* open = std::get_if<net::RelayOpen>(&message)) return on_open(from, *open);
  if (const auto* call = std::get_if<net::RelayCall>(&message)) return on_call(from, *call);
  if (const auto* data = std::get_if<net::RelayData>(&message)) return on_data(from, *data);
  if (const auto* credit = std::get_if<net::RelayCredit>(&message)) return on_credit(from, *credit);
  on_close(Link{from, std::get<net::RelayClose>(message).circuit});
  return {};
}

Result<void> Relays::on_open(const net::PeerKey& from, const net::RelayOpen& open) {
  const Link link{from, open.circuit};
  const bool theirs = (open.circuit % 2 == 0) == (from < self_);
  if (!theirs || routes_.contains(link)) return fail(net::err::bad_message);
  if (!passes_on_ || passing_ >= kPassingMax || count_of(from) >= kPerNeighbourMax ||
      open.target == from || !ports_.reaches(open.target) ||
      count_of(open.target) >= kPerNeighbourMax) {
    ports_.send(from, net::RelayClose{open.circuit});
    return {};
  }
  const Link next{open.target, fresh(open.target)};
  routes_[link] = Route{.end = nullptr, .next = next};
  routes_[next] = Route{.end = nullptr, .next = link};
  ++passing_;
  ports_.send(open.target, net::RelayCall{next.circuit, from});
  return {};
}

Result<void> Relays::on_call(const net::PeerKey& from, const net::RelayCall& call) {
  const Link link{from, call.circuit};
  const bool theirs = (call.circuit % 2 == 0) == (from < self_);
  if (!theirs || routes_.contains(link)) return fail(net::err::bad_message);
  if (count_of(from) >= kPerNeighbourMax) {
    ports_.send(from, net::RelayClose{call.circuit});
    return {};
  }
  // Who it is shows in the handshake; what the relay says of the caller is only a hint.
  ports_.accept(make_end(link), from);
  return {};
}

Result<void> Relays::on_data(const net::PeerKey& from, const net::RelayData& data) {
  const auto found = routes_.find(Link{from, data.circuit});
  if (found == routes_.end()) return {};  // it crossed our close
  Route& route = found->second;
  if (data.bytes.size() > route.credit) {
    drop(found->first);
    return fail(net::err::relay_credit_exceeded);
  }
  route.credit -= data.bytes.size();
  if (!route.end) {
    const Link next = route.next;
    if (!ports_.send(next.neighbour, net::RelayData{next.circuit, data.bytes}))
      drop(found->first);  // the next one does not read
    return {};
  }
  const std::shared_ptr<End> end = route.end;
  append(end->inbox, data.bytes);
  end->serve_read();
  return {};
}

Result<void> Relays::on_credit(const net::PeerKey& from, const net::RelayCredit& credit) {
  const auto found = routes_.find(Link{from, credit.circuit});
  if (found == routes_.end()) return {};
  if (const std::shared_ptr<End> end = found->second.end) {
    end->credit = std::min(end->credit + credit.bytes, net::kRelayWindow);
    end->serve_write();
    return {};
  }
  // What the far end took, the near one may send again: no more than a window in all.
  const Link next = found->second.next;
  Route& opposite = routes_.at(next);
  opposite.credit = std::min(opposite.credit + credit.bytes, net::kRelayWindow);
  ports_.send(next.neighbour, net::RelayCredit{next.circuit, credit.bytes});
  return {};
}

void Relays::on_close(Link link) {
  const auto found = routes_.find(link);
  if (found == routes_.end()) return;
  const Route route = found->second;
  routes_.erase(found);
  if (route.end) {
    route.end->end();
    return;
  }
  --passing_;
  routes_.erase(route.next);
  ports_.send(route.next.neighbour, net::RelayClose{route.next.circuit});
}

void Relays::drop(Link link) {
  ports_.send(link.neighbour, net::RelayClose{link.circuit});
  on_close(link);
}

void Relays::on_gone(const net::PeerKey& neighbour) {
  for (;;) {
    const auto found = routes_.lower_bound(Link{neighbour, 0});
    if (found == routes_.end() || found->first.neighbour != neighbour) return;
    on_close(found->first);
  }
}

}  // namespace wusong::platform::internal
