// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/address_record.hpp"

#include <algorithm>
#include <charconv>

#include "wusong/codec/rlp.hpp"
#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

constexpr std::string_view kDomain = "wusong address record 1";

void write_fields(codec::RlpWriter& out, const AddressRecord& record) {
  out.string(record.node);
  out.number(record.issued.value);
  out.open_list();
  for (const std::string& address : record.addresses) out.string(as_bytes(address));
  out.close_list();
  out.open_list();
  for (const PeerKey& relay : record.relays) out.string(relay);
  out.close_list();
}

Bytes signed_bytes(const AddressRecord& record, const Hash& genesis) {
  codec::RlpWriter fields;
  fields.open_list();
  write_fields(fields, record);
  fields.close_list();
  Bytes out = to_bytes(as_bytes(kDomain));
  append(out, genesis);
  append(out, fields.take());
  return out;
}

Result<AddressRecord> read(codec::RlpReader& list) {
  AddressRecord out;
  WUSONG_TRY(out.node, list.fixed<PeerKey>());
  WUSONG_TRY(out.issued.value, list.u64());
  WUSONG_TRY(codec::RlpReader addresses, list.list());
  while (!addresses.empty()) {
    WUSONG_TRY(const BytesView address, addresses.string());
    if (out.addresses.size() == kRecordAddressesMax || !split_address(as_text(address)))
      return fail(err::bad_address_record);
    out.addresses.emplace_back(as_text(address));
  }
  WUSONG_TRY(codec::RlpReader relays, list.list());
  while (!relays.empty()) {
    if (out.relays.size() == kRecordRelaysMax) return fail(err::bad_address_record);
    WUSONG_TRY(const PeerKey relay, relays.fixed<PeerKey>());
    out.relays.push_back(relay);
  }
  WUSONG_TRY(const BytesView signature, list.string());
  if (signature.size() != out.signature.size()) return fail(err::bad_address_record);
  std::ranges::copy(signature, out.signature.begin());
  return out;
}

}  // namespace

Bytes encode(const AddressRecord& record) {
  codec::RlpWriter out;
  out.open_list();
  write_fields(out, record);
  out.string(record.signature);
  out.close_list();
  return out.take();
}

Result<AddressRecord> decode_address_record(BytesView encoded) {
  codec::RlpReader outer{encoded};
  auto list = outer.list();
  if (!list || !outer.finish()) return fail(err::bad_address_record);
  auto record = read(*list);
  if (!record || !list->finish()) return fail(err::bad_address_record);
  return record;
}

void sign(AddressRecord& record, const Hash& genesis, const crypto::Signer& node_key) {
  const Bytes signature = node_key.sign(signed_bytes(record, genesis));
  WUSONG_ASSERT(signature.size() == record.signature.size());
  std::ranges::copy(signature, record.signature.begin());
}

Result<void> verify(const AddressRecord& record, const Hash& genesis) noexcept {
  if (!crypto::verify(crypto::Scheme::ed25519, record.node, signed_bytes(record, genesis),
                      record.signature))
    return fail(err::bad_address_record);
  return {};
}

std::optional<HostAndPort> split_address(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 ||
      digits.front() == '0')
    return std::nullopt;
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto plain = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || (bracketed && (c == ':' || c == '%'));
  };
  if (host.empty() || host.size() > kHostSizeMax || !std::ranges::all_of(host, plain))
    return std::nullopt;
  return HostAndPort{std::string{host}, port};
}

}  // namespace wusong::net
