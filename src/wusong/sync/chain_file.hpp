// SPDX-License-Identifier: Apache-2.0
// A chain in a file: ranges of blocks with their certificates, as peers send them
// (docs/chain-file.md).
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/sync/range.hpp"

namespace wusong::sync {

enum class FrameKind : std::uint8_t { header = 'H', epochs = 'N', range = 'R', end = 'E' };

struct ChainFileHeader {
  std::uint64_t chain_id{0};
  Hash genesis;
  Height first;  // 1, or where a pruned node begins
  friend bool operator==(const ChainFileHeader&, const ChainFileHeader&) = default;
};

/// kind, size of the payload (u32, big-endian), payload, and the first eight bytes of keccak256
/// over all before: enough to tell a torn file, while certificates tell a forged one.
struct FileFrame {
  FrameKind kind{FrameKind::header};
  BytesView payload;
  std::size_t size{0};  // of the whole frame
};
inline constexpr std::size_t kFileFrameHead = 5;
inline constexpr std::size_t kFileFrameTail = 8;
inline constexpr std::size_t kFilePayloadMax = net::kRangeLargeBytesMax + (2u << 20);

Bytes encode_frame(FrameKind kind, BytesView payload);
/// Bytes that the frame takes whose first kFileFrameHead bytes these are.
/// @errors err::bad_frame
[[nodiscard]] Result<std::size_t> frame_size(BytesView head);
/// @errors err::torn_frame  the bytes end before it does, or are not what was written
///         err::bad_frame   no frame of such a file
[[nodiscard]] Result<FileFrame> decode_frame(BytesView bytes);

Bytes encode(const ChainFileHeader& header);
/// @errors err::bad_frame
[[nodiscard]] Result<ChainFileHeader> decode_chain_file_header(BytesView payload);

/// The payload of a range is its encoding as a message, whose id is 0.
Bytes encode_file_range(const net::RangeResponse& range);
/// @errors err::bad_frame
[[nodiscard]] Result<net::RangeResponse> decode_file_range(BytesView encoded);

/// How the epochs before the first range ended, as a message whose id is 0.
Bytes encode_file_epochs(const net::EpochsResponse& epochs);
/// @errors err::bad_frame
[[nodiscard]] Result<net::EpochsResponse> decode_file_epochs(BytesView encoded);

/// The payload of the end is the last height. @errors err::bad_frame
Bytes encode_file_end(Height last);
[[nodiscard]] Result<Height> decode_file_end(BytesView payload);

/// Follows a file from its first range to its last: each is proven, and begins where the one before
/// ended.
class ChainFollower {
 public:
  ChainFollower(light::Follower epochs, Height first) : epochs_{std::move(epochs)}, next_{first} {}

  /// @errors light's rows
  [[nodiscard]] Result<void> take(const net::EpochsResponse& epochs);
  /// @errors err::wrong_range, and those of verify_range()
  [[nodiscard]] Result<VerifiedRange> take(const net::RangeResponse& range);
  Height next() const noexcept { return next_; }

 private:
  light::Follower epochs_;
  Height next_;
  std::optional<Hash> last_;
};

}  // namespace wusong::sync
