// SPDX-License-Identifier: Apache-2.0
// What nodes say to each other to catch up.
#include "wusong/net/internal/list.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::net {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

constexpr std::uint64_t kStatus = 1;
constexpr std::uint64_t kRangeRequest = 2;
constexpr std::uint64_t kRangeResponse = 3;
constexpr std::uint64_t kSnapshotRequest = 4;
constexpr std::uint64_t kSnapshotResponse = 5;
constexpr std::uint64_t kProofRequest = 6;
constexpr std::uint64_t kProofResponse = 7;
constexpr std::uint64_t kEpochsRequest = 8;
constexpr std::uint64_t kEpochsResponse = 9;
constexpr std::uint64_t kRangePartRequest = 10;
constexpr std::uint64_t kRangePart = 11;
constexpr std::uint64_t kLeavesPart = 0;
constexpr std::uint64_t kBranchPart = 1;
constexpr std::uint64_t kCodePart = 2;
constexpr std::size_t kNibblesMax = 64;

/// Nibbles as their number and the bytes that hold them, the rest of which is zero.
void write_nibbles(RlpWriter& out, const Hash& nibbles, std::uint8_t depth) {
  out.number(std::uint64_t{depth});
  out.string(nibbles.view().first((depth + 1u) / 2));
}

Result<void> read_nibbles(RlpReader& list, Hash& nibbles, std::uint8_t& depth) {
  WUSONG_TRY(const std::uint64_t count, list.u64());
  WUSONG_TRY(const BytesView bytes, list.string());
  if (count > kNibblesMax || bytes.size() != (count + 1) / 2) return fail(err::bad_message);
  if (count % 2 == 1 && (bytes.back() & 0x0f) != 0) return fail(err::bad_message);
  depth = static_cast<std::uint8_t>(count);
  if (!bytes.empty()) std::memcpy(nibbles.data(), bytes.data(), bytes.size());
  return {};
}

struct PartWriter {
  RlpWriter& out;
  void operator()(const SnapshotLeaves& leaves) const {
    out.number(kLeavesPart);
    for (const SnapshotLeaf& leaf : leaves) {
      out.string(leaf.key);
      out.string(leaf.value);
    }
  }
  void operator()(const SnapshotBranch& branch) const {
    out.number(kBranchPart);
    write_nibbles(out, branch.prefix, branch.depth);
    for (const Bytes& child : branch.children) out.string(child);
  }
  void operator()(const Bytes& code) const {
    out.number(kCodePart);
    out.string(code);
  }
};

struct SyncWriter {
  RlpWriter& out;
  void operator()(const StatusAnnouncement& status) const {
    out.number(kStatus);
    out.number(status.finalised.value);
    out.number(status.view.value);
    if (status.oldest > Height{0}) out.number(status.oldest.value);
  }
  void operator()(const RangeRequest& request) const {
    out.number(kRangeRequest);
    out.number(request.id);
    out.number(request.from.value);
    out.number(std::uint64_t{request.count_max});
    if (request.headers_only) out.number(std::uint64_t{1});
  }
  void operator()(const RangeResponse& response) const {
    out.number(kRangeResponse);
    out.number(response.id);
    out.number(response.from.value);
    out.open_list();
    for (const Bytes& block : response.blocks) out.string(block);
    out.close_list();
    out.string(response.certificate);
  }
  void operator()(const SnapshotRequest& request) const {
    out.number(kSnapshotRequest);
    out.number(request.id);
    out.number(request.height.value);
    out.string(request.root);
    for (const SnapshotItem& item : request.items) {
      out.open_list();
      out.number(static_cast<std::uint64_t>(item.kind));
      out.string(item.kind == SnapshotItem::Kind::accounts ? BytesView{} : item.key.view());
      write_nibbles(out, item.nibbles, item.depth);
      out.close_list();
    }
  }
  void operator()(const SnapshotResponse& response) const {
    out.number(kSnapshotResponse);
    out.number(response.id);
    out.number(static_cast<std::uint64_t>(response.status));
    for (const SnapshotPart& part : response.parts) {
      out.open_list();
      std::visit(PartWriter{out}, part);
      out.close_list();
    }
  }
  void operator()(const ProofRequest& request) const {
    out.number(kProofRequest);
    out.number(request.id);
    out.number(request.height.value);
    out.string(request.address);
    for (const Hash& slot : request.slots) out.string(slot);
  }
  void operator()(const ProofResponse& response) const {
    out.number(kProofResponse);
    out.number(response.id);
    path(response.account);
    for (const auto& slot : response.slots) path(slot);
  }
  void operator()(const RangePartRequest& request) const {
    out.number(kRangePartRequest);
    out.number(request.id);
    out.number(request.from.value);
    out.number(std::uint64_t{request.index});
  }
  void operator()(const RangePart& part) const {
    out.number(kRangePart);
    out.number(part.id);
    out.number(part.total_bytes);
    out.number(std::uint64_t{part.part_bytes});
    out.number(std::uint64_t{part.index});
    out.string(part.bytes);
  }
  void operator()(const EpochsRequest& request) const {
    out.number(kEpochsRequest);
    out.number(request.id);
    out.number(request.from);
  }
  void operator()(const EpochsResponse& response) const {
    out.number(kEpochsResponse);
    out.number(response.id);
    for (const EpochEnd& end : response.ends) {
      out.string(end.header);
      out.string(end.certificate);
    }
  }

 private:
  void path(const std::vector<Bytes>& nodes) const {
    out.open_list();
    for (const Bytes& node : nodes) out.string(node);
    out.close_list();
  }
};

Result<SyncMessage> read_status(RlpReader& list) {
  StatusAnnouncement status;
  WUSONG_TRY(status.finalised.value, list.u64());
  WUSONG_TRY(status.view.value, list.u64());
  if (!list.empty()) {
    WUSONG_TRY(status.oldest.value, list.u64());
    if (status.oldest.value == 0) return fail(err::bad_message);
  }
  return SyncMessage{status};
}

Result<SyncMessage> read_range_request(RlpReader& list) {
  RangeRequest request;
  WUSONG_TRY(request.id, list.u64());
  WUSONG_TRY(request.from.value, list.u64());
  WUSONG_TRY(const std::uint64_t count, list.u64());
  if (count == 0 || count > kRangeBlocksMax) return fail(err::bad_message);
  request.count_max = static_cast<std::uint32_t>(count);
  if (!list.empty()) {
    WUSONG_TRY(const std::uint64_t headers_only, list.u64());
    if (headers_only != 1) return fail(err::bad_message);
    request.headers_only = true;
  }
  return SyncMessage{request};
}

Result<SyncMessage> read_range_response(RlpReader& list) {
  RangeResponse response;
  WUSONG_TRY(response.id, list.u64());
  WUSONG_TRY(response.from.value, list.u64());
  WUSONG_TRY(RlpReader blocks, list.list());
  while (!blocks.empty()) {
    if (response.blocks.size() == kRangeBlocksMax) return fail(err::bad_message);
    WUSONG_TRY(const BytesView block, blocks.string());
    if (block.empty()) return fail(err::bad_message);
    response.blocks.push_back(to_bytes(block));
  }
  WUSONG_TRY(const BytesView certificate, list.string());
  if (certificate.size() > kCertificateSizeMax) return fail(err::bad_message);
  if (certificate.empty() != response.blocks.empty()) return fail(err::bad_message);
  if (response.from.value > UINT64_MAX - kRangeBlocksMax) return fail(err::bad_message);
  response.certificate = to_bytes(certificate);
  return SyncMessage{std::move(response)};
}

Result<SnapshotItem> read_item(RlpReader list) {
  SnapshotItem item;
  WUSONG_TRY(const std::uint64_t kind, list.u64());
  if (kind > static_cast<std::uint64_t>(SnapshotItem::Kind::code)) return fail(err::bad_message);
  item.kind = static_cast<SnapshotItem::Kind>(kind);
  WUSONG_TRY(const BytesView key, list.string());
  const bool keyed = item.kind != SnapshotItem::Kind::accounts;
  if (key.size() != (keyed ? Hash::kSize : 0)) return fail(err::bad_message);
  if (keyed) item.key = Hash::from(key);
  WUSONG_CHECK(read_nibbles(list, item.nibbles, item.depth));
  if (item.kind == SnapshotItem::Kind::code && item.depth != 0) return fail(err::bad_message);
  WUSONG_CHECK(list.finish());
  return item;
}

Result<SyncMessage> read_snapshot_request(RlpReader& list) {
  SnapshotRequest request;
  WUSONG_TRY(request.id, list.u64());
  WUSONG_TRY(request.height.value, list.u64());
  WUSONG_TRY(request.root, list.fixed<Hash>());
  while (!list.empty()) {
    if (request.items.size() == kSnapshotItemsMax) return fail(err::bad_message);
    WUSONG_TRY(RlpReader one, list.list());
    WUSONG_TRY(const SnapshotItem item, read_item(one));
    request.items.push_back(item);
  }
  if (request.items.empty()) return fail(err::bad_message);
  return SyncMessage{std::move(request)};
}

Result<SnapshotPart> read_leaves(RlpReader& list) {
  SnapshotLeaves leaves;
  while (!list.empty()) {
    SnapshotLeaf leaf;
    WUSONG_TRY(leaf.key, list.fixed<Hash>());
    WUSONG_TRY(const BytesView value, list.string());
    if (value.empty() || value.size() > kSnapshotValueMax) return fail(err::bad_message);
    leaf.value = to_bytes(value);
    leaves.push_back(std::move(leaf));
  }
  if (leaves.empty()) return fail(err::bad_message);
  return SnapshotPart{std::move(leaves)};
}

Result<SnapshotPart> read_branch(RlpReader& list) {
  SnapshotBranch branch;
  WUSONG_CHECK(read_nibbles(list, branch.prefix, branch.depth));
  for (Bytes& child : branch.children) {
    WUSONG_TRY(const BytesView name, list.string());
    if (name.size() > Hash::kSize) return fail(err::bad_message);
    child = to_bytes(name);
  }
  WUSONG_CHECK(list.finish());
  return SnapshotPart{std::move(branch)};
}

Result<SnapshotPart> read_part(RlpReader list) {
  WUSONG_TRY(const std::uint64_t kind, list.u64());
  if (kind == kLeavesPart) return read_leaves(list);
  if (kind == kBranchPart) return read_branch(list);
  if (kind != kCodePart) return fail(err::bad_message);
  WUSONG_TRY(const BytesView code, list.string());
  if (code.empty()) return fail(err::bad_message);
  WUSONG_CHECK(list.finish());
  return SnapshotPart{to_bytes(code)};
}

Result<SyncMessage> read_snapshot_response(RlpReader& list) {
  SnapshotResponse response;
  WUSONG_TRY(response.id, list.u64());
  WUSONG_TRY(const std::uint64_t status, list.u64());
  if (status > static_cast<std::uint64_t>(SnapshotResponse::Status::gone))
    return fail(err::bad_message);
  response.status = static_cast<SnapshotResponse::Status>(status);
  while (!list.empty()) {
    if (response.parts.size() == kSnapshotItemsMax) return fail(err::bad_message);
    WUSONG_TRY(RlpReader one, list.list());
    WUSONG_TRY(SnapshotPart part, read_part(one));
    response.parts.push_back(std::move(part));
  }
  if ((response.status == SnapshotResponse::Status::ok) == response.parts.empty())
    return fail(err::bad_message);
  return SyncMessage{std::move(response)};
}

Result<SyncMessage> read_proof_request(RlpReader& list) {
  ProofRequest request;
  WUSONG_TRY(request.id, list.u64());
  WUSONG_TRY(request.height.value, list.u64());
  WUSONG_TRY(request.address, list.fixed<Address>());
  while (!list.empty()) {
    if (request.slots.size() == kProofSlotsMax) return fail(err::bad_message);
    WUSONG_TRY(const Hash slot, list.fixed<Hash>());
    request.slots.push_back(slot);
  }
  return SyncMessage{std::move(request)};
}

Result<std::vector<Bytes>> read_path(RlpReader& list) {
  WUSONG_TRY(RlpReader nodes, list.list());
  std::vector<Bytes> out;
  while (!nodes.empty()) {
    if (out.size() == kProofNodesMax) return fail(err::bad_message);
    WUSONG_TRY(const BytesView node, nodes.string());
    if (node.empty()) return fail(err::bad_message);
    out.push_back(to_bytes(node));
  }
  return out;
}

Result<SyncMessage> read_proof_response(RlpReader& list) {
  ProofResponse response;
  WUSONG_TRY(response.id, list.u64());
  WUSONG_TRY(response.account, read_path(list));
  while (!list.empty()) {
    if (response.slots.size() == kProofSlotsMax) return fail(err::bad_message);
    WUSONG_TRY(auto slot, read_path(list));
    response.slots.push_back(std::move(slot));
  }
  return SyncMessage{std::move(response)};
}

Result<SyncMessage> read_epochs_request(RlpReader& list) {
  EpochsRequest request;
  WUSONG_TRY(request.id, list.u64());
  WUSONG_TRY(request.from, list.u64());
  return SyncMessage{request};
}

Result<SyncMessage> read_epochs_response(RlpReader& list) {
  EpochsResponse response;
  WUSONG_TRY(response.id, list.u64());
  while (!list.empty()) {
    if (response.ends.size() == kEpochEndsMax) return fail(err::bad_message);
    WUSONG_TRY(const BytesView header, list.string());
    WUSONG_TRY(const BytesView certificate, list.string());
    if (header.empty() || certificate.empty() || certificate.size() > kCertificateSizeMax)
      return fail(err::bad_message);
    response.ends.push_back({to_bytes(header), to_bytes(certificate)});
  }
  return SyncMessage{std::move(response)};
}

Result<SyncMessage> read_range_part_request(RlpReader& list) {
  RangePartRequest request;
  WUSONG_TRY(request.id, list.u64());
  WUSONG_TRY(request.from.value, list.u64());
  WUSONG_TRY(const std::uint64_t index, list.u64());
  if (index >= kRangePartsMax) return fail(err::bad_message);
  request.index = static_cast<std::uint32_t>(index);
  return SyncMessage{request};
}

Result<SyncMessage> read_range_part(RlpReader& list) {
  RangePart part;
  WUSONG_TRY(part.id, list.u64());
  WUSONG_TRY(part.total_bytes, list.u64());
  WUSONG_TRY(const std::uint64_t part_bytes, list.u64());
  WUSONG_TRY(const std::uint64_t index, list.u64());
  WUSONG_TRY(const BytesView bytes, list.string());
  if (part_bytes == 0 || part_bytes > kRangePartBytes || index >= kRangePartsMax)
    return fail(err::bad_message);
  const std::uint64_t offset = index * part_bytes;
  if (part.total_bytes > kRangePartsMax * part_bytes || offset >= part.total_bytes ||
      bytes.size() != std::min(part_bytes, part.total_bytes - offset))
    return fail(err::bad_message);
  part.part_bytes = static_cast<std::uint32_t>(part_bytes);
  part.index = static_cast<std::uint32_t>(index);
  part.bytes = to_bytes(bytes);
  return SyncMessage{std::move(part)};
}

Result<SyncMessage> read_sync(RlpReader& list) {
  WUSONG_TRY(const std::uint64_t kind, list.u64());
  switch (kind) {
    case kStatus:
      return read_status(list);
    case kRangeRequest:
      return read_range_request(list);
    case kRangeResponse:
      return read_range_response(list);
    case kSnapshotRequest:
      return read_snapshot_request(list);
    case kSnapshotResponse:
      return read_snapshot_response(list);
    case kProofRequest:
      return read_proof_request(list);
    case kProofResponse:
      return read_proof_response(list);
    case kEpochsRequest:
      return read_epochs_request(list);
    case kEpochsResponse:
      return read_epochs_response(list);
    case kRangePartRequest:
      return read_range_part_request(list);
    case kRangePart:
      return read_range_part(list);
    default:
      return fail(err::bad_message);
  }
}

}  // namespace

Bytes encode(const SyncMessage& message) {
  return encode_list<SyncWriter>(message);
}

Result<SyncMessage> decode_sync(BytesView encoded) {
  return decode_list<SyncMessage>(encoded, read_sync);
}

}  // namespace wusong::net
