// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/relay_message.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

constexpr std::uint64_t kOpen = 1;
constexpr std::uint64_t kData = 2;
constexpr std::uint64_t kCredit = 3;
constexpr std::uint64_t kClose = 4;
constexpr std::uint64_t kCall = 5;

struct Writer {
  codec::RlpWriter& out;
  void head(std::uint64_t kind, CircuitId circuit) const {
    out.number(kind);
    out.number(circuit);
  }
  void operator()(const RelayOpen& open) const {
    head(kOpen, open.circuit);
    out.string(open.target);
  }
  void operator()(const RelayCall& call) const {
    head(kCall, call.circuit);
    out.string(call.caller);
  }
  void operator()(const RelayData& data) const {
    head(kData, data.circuit);
    out.string(data.bytes);
  }
  void operator()(const RelayCredit& credit) const {
    head(kCredit, credit.circuit);
    out.number(credit.bytes);
  }
  void operator()(const RelayClose& close) const { head(kClose, close.circuit); }
};

Result<RelayMessage> read(codec::RlpReader& list) {
  WUSONG_TRY(const std::uint64_t kind, list.u64());
  WUSONG_TRY(const CircuitId circuit, list.u64());
  switch (kind) {
    case kOpen: {
      WUSONG_TRY(const PeerKey target, list.fixed<PeerKey>());
      return RelayMessage{RelayOpen{circuit, target}};
    }
    case kCall: {
      WUSONG_TRY(const PeerKey caller, list.fixed<PeerKey>());
      return RelayMessage{RelayCall{circuit, caller}};
    }
    case kData: {
      WUSONG_TRY(const BytesView bytes, list.string());
      if (bytes.empty() || bytes.size() > kRelayDataMax) return fail(err::bad_message);
      return RelayMessage{RelayData{circuit, bytes}};
    }
    case kCredit: {
      WUSONG_TRY(const std::uint64_t bytes, list.u64());
      if (bytes == 0 || bytes > kRelayWindow) return fail(err::bad_message);
      return RelayMessage{RelayCredit{circuit, bytes}};
    }
    case kClose:
      return RelayMessage{RelayClose{circuit}};
    default:
      return fail(err::bad_message);
  }
}

}  // namespace

Bytes encode(const RelayMessage& message) {
  codec::RlpWriter out;
  out.open_list();
  std::visit(Writer{out}, message);
  out.close_list();
  return out.take();
}

Result<RelayMessage> decode_relay(BytesView encoded) {
  codec::RlpReader outer{encoded};
  auto list = outer.list();
  if (!list || !outer.finish()) return fail(err::bad_message);
  auto message = read(*list);
  if (!message || !list->finish()) return fail(err::bad_message);
  return message;
}

}  // namespace wusong::net
