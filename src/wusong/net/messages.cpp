// SPDX-License-Identifier: Apache-2.0
// Messages are RLP lists whose first item is the kind.
#include "wusong/net/messages.hpp"

#include <algorithm>

#include "wusong/codec/rlp.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/net/internal/list.hpp"

namespace wusong::net {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

constexpr std::uint64_t kHello = 1;
constexpr std::uint64_t kPing = 2;
constexpr std::uint64_t kPong = 3;
constexpr std::uint64_t kAddresses = 4;

struct ControlWriter {
  RlpWriter& out;
  void operator()(const Hello& hello) const {
    out.number(kHello);
    out.number(std::uint64_t{hello.protocol_version});
    out.string(hello.genesis_hash);
    out.string(as_bytes(hello.node_version));
    out.number(static_cast<std::uint64_t>(hello.role));
    out.number(hello.finalised.value);
  }
  void operator()(const Ping& ping) const {
    out.number(kPing);
    out.number(ping.nonce);
  }
  void operator()(const Pong& pong) const {
    out.number(kPong);
    out.number(pong.nonce);
  }
  void operator()(const Addresses& addresses) const {
    out.number(kAddresses);
    out.open_list();
    for (const Bytes& record : addresses.records) out.string(record);
    out.close_list();
  }
};

bool is_printable(BytesView text) noexcept {
  return std::ranges::all_of(text, [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

Result<ControlMessage> read_hello(RlpReader& list) {
  Hello hello;
  WUSONG_TRY(const std::uint64_t version, list.u64());
  if (version > UINT32_MAX) return fail(err::bad_message);
  hello.protocol_version = static_cast<std::uint32_t>(version);
  WUSONG_TRY(hello.genesis_hash, list.fixed<Hash>());
  WUSONG_TRY(const BytesView node_version, list.string());
  if (node_version.size() > kNodeVersionSizeMax || !is_printable(node_version))
    return fail(err::bad_message);
  hello.node_version = as_text(node_version);
  WUSONG_TRY(const std::uint64_t role, list.u64());
  if (role != static_cast<std::uint64_t>(Role::validator) &&
      role != static_cast<std::uint64_t>(Role::observer))
    return fail(err::bad_message);
  hello.role = static_cast<Role>(role);
  WUSONG_TRY(hello.finalised.value, list.u64());
  return ControlMessage{std::move(hello)};
}

Result<ControlMessage> read_addresses(RlpReader& list) {
  Addresses addresses;
  WUSONG_TRY(RlpReader records, list.list());
  while (!records.empty()) {
    WUSONG_TRY(const BytesView record, records.string());
    if (record.empty() || record.size() > kAddressRecordSizeMax ||
        addresses.records.size() == kAddressRecordsMax)
      return fail(err::bad_message);
    addresses.records.push_back(to_bytes(record));
  }
  if (addresses.records.empty()) return fail(err::bad_message);
  return ControlMessage{std::move(addresses)};
}

Result<ControlMessage> read_control(RlpReader& list) {
  WUSONG_TRY(const std::uint64_t kind, list.u64());
  if (kind == kHello) return read_hello(list);
  if (kind == kAddresses) return read_addresses(list);
  WUSONG_TRY(const std::uint64_t nonce, list.u64());
  if (kind == kPing) return ControlMessage{Ping{nonce}};
  if (kind == kPong) return ControlMessage{Pong{nonce}};
  return fail(err::bad_message);
}

}  // namespace

void encode_frame_header(FrameHeader header, std::uint8_t* out) noexcept {
  const std::uint32_t length = header.payload_size + 1;
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  out[4] = static_cast<std::uint8_t>(header.channel);
}

Result<FrameHeader> decode_frame_header(BytesView bytes, std::size_t payload_size_max) noexcept {
  WUSONG_ASSERT(bytes.size() == kFrameHeaderSize);
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = (length << 8) | bytes[i];
  if (length == 0) return fail(err::bad_message);
  if (length - 1 > payload_size_max) return fail(err::frame_too_large);
  if (bytes[4] >= kChannelCount) return fail(err::unknown_channel);
  return FrameHeader{length - 1, static_cast<Channel>(bytes[4])};
}

Bytes encode(const ControlMessage& message) {
  return encode_list<ControlWriter>(message);
}

Result<ControlMessage> decode_control(BytesView encoded) {
  return decode_list<ControlMessage>(encoded, read_control);
}

Result<void> check_hello(const Hello& ours, const Hello& theirs) noexcept {
  if (ours.protocol_version != theirs.protocol_version) return fail(err::version_mismatch);
  if (ours.genesis_hash != theirs.genesis_hash) return fail(err::genesis_mismatch);
  return {};
}

Bytes encode_transaction_batch(const std::vector<BytesView>& transactions) {
  RlpWriter out;
  out.open_list();
  for (const BytesView transaction : transactions) out.string(transaction);
  out.close_list();
  return out.take();
}

Result<std::vector<BytesView>> decode_transaction_batch(BytesView encoded) {
  // The prefixes of a full batch take at most four bytes each.
  if (encoded.size() > kBatchBytesMax + 4 * kBatchTransactionsMax + 8)
    return fail(err::bad_message);
  RlpReader outer{encoded};
  auto list = outer.list();
  if (!list || list->empty() || !outer.finish()) return fail(err::bad_message);
  std::vector<BytesView> out;
  std::size_t total = 0;
  while (!list->empty()) {
    const auto transaction = list->string();
    if (!transaction || transaction->empty() || transaction->size() > kTransactionSizeMax ||
        out.size() == kBatchTransactionsMax)
      return fail(err::bad_message);
    total += transaction->size();
    if (total > kBatchBytesMax) return fail(err::bad_message);
    out.push_back(*transaction);
  }
  return out;
}

}  // namespace wusong::net
