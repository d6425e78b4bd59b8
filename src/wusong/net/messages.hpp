// SPDX-License-Identifier: Apache-2.0
// What nodes say to each other, and its one encoding. Consensus messages are opaque here.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"

namespace wusong::net {

/// A node's Ed25519 public key: its identity on the network.
using PeerKey = FixedBytes<32, struct PeerKeyTag>;

/// The byte after a frame's length. Numbers are permanent.
enum class Channel : std::uint8_t {
  control = 0,    // hello, ping, pong, addresses: the transport's own
  consensus = 1,  // votes, proposals, certificates
  block = 2,      // payloads that consensus asks for
  sync = 3,       // SyncMessage
  gossip = 4,     // transaction batches
  relay = 5,      // RelayMessage: the bytes of connections between others
};
inline constexpr std::size_t kChannelCount = 6;

/// Outbound queues, most urgent first.
enum class Priority : std::uint8_t { urgent = 0, relay = 1, bulk = 2, gossip = 3 };
inline constexpr std::size_t kPriorityCount = 4;
constexpr Priority priority_of(Channel channel) noexcept {
  if (channel == Channel::control || channel == Channel::consensus) return Priority::urgent;
  if (channel == Channel::relay) return Priority::relay;
  return channel == Channel::gossip ? Priority::gossip : Priority::bulk;
}

/// A frame: u32 length of what follows, channel byte, payload. Big-endian.
inline constexpr std::size_t kFrameHeaderSize = 5;
inline constexpr std::size_t kFramePayloadMax = 16u << 20;
struct FrameHeader {
  std::uint32_t payload_size{0};
  Channel channel{Channel::control};
};
void encode_frame_header(FrameHeader header, std::uint8_t* out) noexcept;
/// `bytes` holds kFrameHeaderSize bytes.
/// @errors err::frame_too_large, err::unknown_channel, err::bad_message (length zero)
[[nodiscard]] Result<FrameHeader> decode_frame_header(
    BytesView bytes, std::size_t payload_size_max = kFramePayloadMax) noexcept;

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kNodeVersionSizeMax = 64;

enum class Role : std::uint8_t { validator = 1, observer = 2 };

/// The first frame either way. Nothing else is heard before it.
struct Hello {
  std::uint32_t protocol_version{kProtocolVersion};
  Hash genesis_hash;
  std::string node_version;  // printable ASCII, at most kNodeVersionSizeMax
  Role role{Role::validator};
  Height finalised;
  friend bool operator==(const Hello&, const Hello&) = default;
};

/// Round trips and signs of life. A pong repeats its ping's nonce.
struct Ping {
  std::uint64_t nonce{0};
  friend bool operator==(const Ping&, const Ping&) = default;
};
struct Pong {
  std::uint64_t nonce{0};
  friend bool operator==(const Pong&, const Pong&) = default;
};

/// Encoded address records (address_record.hpp): the sender's own, and others it knows.
struct Addresses {
  std::vector<Bytes> records;  // 1 to kAddressRecordsMax, each 1 to kAddressRecordSizeMax
  friend bool operator==(const Addresses&, const Addresses&) = default;
};
inline constexpr std::size_t kAddressRecordsMax = 64;
inline constexpr std::size_t kAddressRecordSizeMax = 1'536;

using ControlMessage = std::variant<Hello, Ping, Pong, Addresses>;
Bytes encode(const ControlMessage& message);
/// @errors err::bad_message for anything but the one encoding of a message
[[nodiscard]] Result<ControlMessage> decode_control(BytesView encoded);

/// Compares what both sides said. @errors err::version_mismatch, err::genesis_mismatch
[[nodiscard]] Result<void> check_hello(const Hello& ours, const Hello& theirs) noexcept;

/// "I have finalised this." Sent on connection and whenever it grows, but not more often than
/// peers need.
struct StatusAnnouncement {
  Height finalised;
  View view;
  /// The lowest height whose block it still has whole; 0: all of them.
  Height oldest{};
  friend bool operator==(const StatusAnnouncement&, const StatusAnnouncement&) = default;
};

/// "Send me blocks from this height on."
struct RangeRequest {
  std::uint64_t id{0};
  Height from;
  std::uint32_t count_max{0};  // 1 to kRangeBlocksMax
  bool headers_only{false};    // blocks come without their transactions
  friend bool operator==(const RangeRequest&, const RangeRequest&) = default;
};

inline constexpr std::size_t kRangeBlocksMax = 256;
inline constexpr std::size_t kRangeBytesMax = 4u << 20;  // a response stops growing here
inline constexpr std::size_t kCertificateSizeMax =
    3u << 20;  // of 667 signers in 1,000 with the longest signatures

/// Encoded blocks at consecutive heights and the finality certificate of the last of them. No
/// blocks and no certificate: the peer has none at `from`.
struct RangeResponse {
  std::uint64_t id{0};
  Height from;
  std::vector<Bytes> blocks;
  Bytes certificate;
  friend bool operator==(const RangeResponse&, const RangeResponse&) = default;
};

/// A part of a state, as state/subtree.hpp has them: a place in the accounts' trie, one in an
/// account's storage, or a contract's code.
struct SnapshotItem {
  enum class Kind : std::uint8_t { accounts = 0, storage = 1, code = 2 };
  Kind kind{Kind::accounts};
  Hash key;      // storage: keccak(address); code: its hash; else zero
  Hash nibbles;  // the first `depth` nibbles of the keys meant; zero for code
  std::uint8_t depth{0};
  friend bool operator==(const SnapshotItem&, const SnapshotItem&) = default;
};

inline constexpr std::size_t kSnapshotItemsMax = 64;
inline constexpr std::size_t kSnapshotBytesMax = 1u << 20;        // a response stops growing here
inline constexpr std::size_t kSnapshotPartBytesMax = 256u << 10;  // of leaves; code may be larger
inline constexpr std::size_t kSnapshotValueMax = 1u << 20;

/// "Send me these parts of the state after `height`."
struct SnapshotRequest {
  std::uint64_t id{0};
  Height height;
  Hash root;  // of that state
  std::vector<SnapshotItem> items;
  friend bool operator==(const SnapshotRequest&, const SnapshotRequest&) = default;
};

struct SnapshotLeaf {
  Hash key;
  Bytes value;
  friend bool operator==(const SnapshotLeaf&, const SnapshotLeaf&) = default;
};
using SnapshotLeaves = std::vector<SnapshotLeaf>;
struct SnapshotBranch {
  Hash prefix;
  std::uint8_t depth{0};
  std::array<Bytes, 16> children;  // what the branch calls them: at most 32 bytes
  friend bool operator==(const SnapshotBranch&, const SnapshotBranch&) = default;
};
using SnapshotPart = std::variant<SnapshotLeaves, SnapshotBranch, Bytes>;  // the last one is code

/// Parts in the order in which they were asked for, perhaps not all of them.
struct SnapshotResponse {
  enum class Status : std::uint8_t {
    ok = 0,
    busy = 1,  // ask again a little later
    gone = 2,  // this peer does not have that state, or not any more
  };
  std::uint64_t id{0};
  Status status{Status::ok};
  std::vector<SnapshotPart> parts;  // none unless ok, and then one at least
  friend bool operator==(const SnapshotResponse&, const SnapshotResponse&) = default;
};

inline constexpr std::size_t kProofSlotsMax = 64;
inline constexpr std::size_t kProofNodesMax = 65;  // of one path

/// "Prove this account and these slots under the state after `height`", from a node that keeps
/// headers only.
struct ProofRequest {
  std::uint64_t id{0};
  Height height;
  Address address;
  std::vector<Hash> slots;
  friend bool operator==(const ProofRequest&, const ProofRequest&) = default;
};

/// As eth_getProof has them: nodes from the root down. No account path: that state is not kept.
struct ProofResponse {
  std::uint64_t id{0};
  std::vector<Bytes> account;
  std::vector<std::vector<Bytes>> slots;  // one a slot asked for
  friend bool operator==(const ProofResponse&, const ProofResponse&) = default;
};

inline constexpr std::size_t kEpochEndsMax = 64;
inline constexpr std::size_t kEpochEndsBytesMax = 1u << 20;  // a response stops growing here

/// "How did this epoch end, and those after it?"
struct EpochsRequest {
  std::uint64_t id{0};
  std::uint64_t from{0};  // number of the first epoch whose end is asked for
  friend bool operator==(const EpochsRequest&, const EpochsRequest&) = default;
};

/// The last block of an epoch, which names the next one, and what made it final.
struct EpochEnd {
  Bytes header;
  Bytes certificate;  // consensus::FinalityProof
  friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

/// Ends of consecutive epochs; none where that epoch goes on, as far as the sender knows.
struct EpochsResponse {
  std::uint64_t id{0};
  std::vector<EpochEnd> ends;
  friend bool operator==(const EpochsResponse&, const EpochsResponse&) = default;
};

/// A response whose blocks take more than kRangeBytesMax comes in parts, of its encoding under id
/// 0: the first kRangePartsAtOnce of them unasked, those after `index` for a request like this.
struct RangePartRequest {
  std::uint64_t id{0};
  Height from;
  std::uint32_t index{0};  // the first one wanted
  friend bool operator==(const RangePartRequest&, const RangePartRequest&) = default;
};

inline constexpr std::uint32_t kRangePartBytes = (1u << 20) - 1024;
inline constexpr std::uint32_t kRangePartsAtOnce = 8;
inline constexpr std::uint32_t kRangePartsMax = 2'064;  // of the largest, with its certificate
/// Two of the largest blocks: one may be final only by its child's certificate.
inline constexpr std::size_t kRangeLargeBytesMax = std::size_t{2} << 30;

/// All parts but the last have part_bytes.
struct RangePart {
  std::uint64_t id{0};
  std::uint64_t total_bytes{0};
  std::uint32_t part_bytes{0};
  std::uint32_t index{0};
  Bytes bytes;
  friend bool operator==(const RangePart&, const RangePart&) = default;
};

using SyncMessage = std::variant<StatusAnnouncement, RangeRequest, RangeResponse, SnapshotRequest,
                                 SnapshotResponse, ProofRequest, ProofResponse, EpochsRequest,
                                 EpochsResponse, RangePartRequest, RangePart>;
Bytes encode(const SyncMessage& message);
/// @errors err::bad_message
[[nodiscard]] Result<SyncMessage> decode_sync(BytesView encoded);

inline constexpr std::size_t kBatchTransactionsMax = 4'096;
inline constexpr std::size_t kTransactionSizeMax = 256u << 10;
inline constexpr std::size_t kBatchBytesMax = 2u << 20;

/// Raw encoded transactions, as in eth_sendRawTransaction.
Bytes encode_transaction_batch(const std::vector<BytesView>& transactions);
/// The views borrow `encoded`.
/// @errors err::bad_message: not canonical, empty, or over a limit above
[[nodiscard]] Result<std::vector<BytesView>> decode_transaction_batch(BytesView encoded);

}  // namespace wusong::net
