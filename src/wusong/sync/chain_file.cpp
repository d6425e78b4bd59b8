// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/chain_file.hpp"

#include <algorithm>

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/sync/errors.hpp"

namespace wusong::sync {
namespace {

constexpr std::string_view kMagic = "wusong chain file";
constexpr std::uint64_t kFormat = 1;

bool known(std::uint8_t kind) noexcept {
  return kind == static_cast<std::uint8_t>(FrameKind::header) ||
         kind == static_cast<std::uint8_t>(FrameKind::epochs) ||
         kind == static_cast<std::uint8_t>(FrameKind::range) ||
         kind == static_cast<std::uint8_t>(FrameKind::end);
}

Result<ChainFileHeader> read_header(BytesView payload) {
  codec::RlpReader top{payload};
  WUSONG_TRY(codec::RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  WUSONG_TRY(const BytesView magic, in.string());
  WUSONG_TRY(const std::uint64_t format, in.u64());
  if (as_text(magic) != kMagic || format != kFormat) return fail(err::bad_frame);
  ChainFileHeader out;
  WUSONG_TRY(out.chain_id, in.u64());
  WUSONG_TRY(out.genesis, in.fixed<Hash>());
  WUSONG_TRY(out.first.value, in.u64());
  WUSONG_CHECK(in.finish());
  return out;
}

}  // namespace

Bytes encode_frame(FrameKind kind, BytesView payload) {
  WUSONG_ASSERT(payload.size() <= kFilePayloadMax);
  Bytes out;
  out.reserve(kFileFrameHead + payload.size() + kFileFrameTail);
  out.push_back(static_cast<std::uint8_t>(kind));
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(payload.size() >> shift));
  append(out, payload);
  append(out, hash::keccak256(out).view().first(kFileFrameTail));
  return out;
}

Result<std::size_t> frame_size(BytesView head) {
  WUSONG_ASSERT(head.size() >= kFileFrameHead);
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFileFrameHead; ++i) size = size << 8 | head[i];
  if (!known(head[0]) || size > kFilePayloadMax) return fail(err::bad_frame);
  return kFileFrameHead + size + kFileFrameTail;
}

Result<FileFrame> decode_frame(BytesView bytes) {
  if (bytes.size() < kFileFrameHead) return fail(err::torn_frame);
  WUSONG_TRY(const std::size_t size, frame_size(bytes));
  if (bytes.size() < size) return fail(err::torn_frame);
  const BytesView body = bytes.first(size - kFileFrameTail);
  const Hash digest = hash::keccak256(body);
  if (!std::ranges::equal(digest.view().first(kFileFrameTail),
                          bytes.subspan(body.size(), kFileFrameTail)))
    return fail(err::torn_frame);
  return FileFrame{.kind = static_cast<FrameKind>(bytes[0]),
                   .payload = body.subspan(kFileFrameHead),
                   .size = size};
}

Bytes encode(const ChainFileHeader& header) {
  codec::RlpWriter out;
  out.open_list();
  out.string(as_bytes(kMagic));
  out.number(kFormat);
  out.number(header.chain_id);
  out.string(header.genesis);
  out.number(header.first.value);
  out.close_list();
  return out.take();
}

Result<ChainFileHeader> decode_chain_file_header(BytesView payload) {
  auto header = read_header(payload);
  if (!header) return fail(err::bad_frame);
  return header;
}

Bytes encode_file_range(const net::RangeResponse& range) {
  WUSONG_ASSERT(range.id == 0 && !range.blocks.empty());
  return net::encode(net::SyncMessage{range});
}

Result<net::RangeResponse> decode_file_range(BytesView encoded) {
  auto message = net::decode_sync(encoded);
  auto* range = message ? std::get_if<net::RangeResponse>(&*message) : nullptr;
  if (range == nullptr || range->id != 0 || range->blocks.empty()) return fail(err::bad_frame);
  return std::move(*range);
}

Bytes encode_file_epochs(const net::EpochsResponse& epochs) {
  WUSONG_ASSERT(epochs.id == 0 && !epochs.ends.empty());
  return net::encode(net::SyncMessage{epochs});
}

Result<net::EpochsResponse> decode_file_epochs(BytesView encoded) {
  auto message = net::decode_sync(encoded);
  auto* epochs = message ? std::get_if<net::EpochsResponse>(&*message) : nullptr;
  if (epochs == nullptr || epochs->id != 0 || epochs->ends.empty()) return fail(err::bad_frame);
  return std::move(*epochs);
}

Bytes encode_file_end(Height last) {
  codec::RlpWriter out;
  out.number(last.value);
  return out.take();
}

Result<Height> decode_file_end(BytesView payload) {
  codec::RlpReader in{payload};
  const auto last = in.u64();
  if (!last || !in.finish()) return fail(err::bad_frame);
  return Height{*last};
}

Result<void> ChainFollower::take(const net::EpochsResponse& epochs) {
  for (const net::EpochEnd& end : epochs.ends)
    WUSONG_CHECK(epochs_.advance({.header = end.header, .proof = end.certificate}));
  return {};
}

Result<VerifiedRange> ChainFollower::take(const net::RangeResponse& range) {
  if (range.blocks.empty() || range.from != next_) return fail(err::wrong_range);
  WUSONG_TRY(VerifiedRange verified, verify_range(range, epochs_));
  if (last_ && verified.parent != *last_) return fail(err::broken_link);
  last_ = verified.hashes.back();
  next_ = range.from.plus(range.blocks.size());
  return verified;
}

}  // namespace wusong::sync
