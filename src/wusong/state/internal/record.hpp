// SPDX-License-Identifier: Apache-2.0
// Records of the log: nodes, what they belong to, and commits (ADR 0007).
//
// Every record starts at a multiple of 8 with crc32c (u32, over all that follows) and kind (u8).
// Numbers are little-endian. Padding is zero.
#pragma once

#include <optional>

#include "wusong/base/error.hpp"
#include "wusong/state/internal/node_rlp.hpp"

namespace wusong::state {

/// Where a record lies: segment number << 32 | offset. 0 is nowhere.
using Position = std::uint64_t;
constexpr Position position(std::uint32_t segment, std::uint64_t offset) noexcept {
  return static_cast<std::uint64_t>(segment) << 32 | offset;
}
constexpr std::uint32_t segment_of(Position at) noexcept {
  return static_cast<std::uint32_t>(at >> 32);
}
constexpr std::uint64_t offset_of(Position at) noexcept {
  return at & 0xffffffffu;
}

enum class RecordKind : std::uint8_t {
  leaf = 1,
  branch = 2,
  commit = 3,
  segment = 4,
  owner = 5,
  staged = 6,
};
inline constexpr std::size_t kRecordHeaderBytes = 8;
inline constexpr std::uint8_t kFormatVersion = 1;

/// Which trie the node records that follow belong to.
enum class Domain : std::uint8_t { accounts = 0, storage = 1, code = 2 };
struct Owner {
  Domain domain{Domain::accounts};
  Hash account;  // keccak(address), for storage only
  friend bool operator==(const Owner&, const Owner&) = default;
};

/// A child as its parent names it.
struct Link {
  Position at{0};
  NodeRef ref;
  bool empty() const noexcept { return at == 0; }
};

/// @shape crc, kind, value size (u24), storage position (u64), key (32), value, padding
struct LeafRecord {
  Hash key;
  Position storage{0};  // root of the account's storage trie
  BytesView value;      // as in the trie; borrowed from the record
};
inline constexpr std::size_t kLeafHeaderBytes = 48;
inline constexpr std::size_t kLeafValueMax = (1u << 24) - 1;

/// @shape crc, kind, depth (u8), children bitmap (u16), inlined bitmap (u16), prefix (6 bytes, then
///        as many whole words as it takes), then per child its position (u64) and reference (32,
///        zero-padded where it is RLP)
struct BranchRecord {
  std::uint8_t depth{0};  // the nibble it decides on
  Hash prefix;            // its first `depth` nibbles; the rest is zero
  std::array<Link, 16> children;
};
inline constexpr std::size_t kBranchRecordMax = 16 + 32 + 16 * 40;

/// @shape crc, kind, version (u8), 2 zero bytes, then the members in order
struct CommitRecord {
  std::uint64_t height{0};
  Hash root;
  Position accounts{0};
  Hash code_root;
  Position code{0};
  Position previous{0};        // the commit before, 0 for none
  Position durable{0};         // everything below was on stable storage before this was written
  std::uint64_t collected{0};  // no node of this state lies in a segment below this one
};
inline constexpr std::size_t kCommitBytes = 8 + 8 + 32 + 8 + 32 + 8 + 8 + 8 + 8;

/// The tries of a state that is being put together. Void as soon as a commit follows.
/// @shape as a commit's
struct StagedRecord {
  Hash root;
  Position accounts{0};
  Hash code_root;
  Position code{0};
  Position storages{0};  // trie with the storage of accounts that are not in `accounts` yet
  Position commit{0};    // the newest one before this
  Position durable{0};   // as a commit's
};
inline constexpr std::size_t kStagedBytes = 8 + 32 + 8 + 32 + 8 + 8 + 8 + 8;
inline constexpr std::size_t kSegmentHeaderBytes = 16;
inline constexpr std::size_t kOwnerBytes = 40;

/// Each returns the bytes written, a multiple of 8, checksum included.
std::size_t write_branch(const BranchRecord& branch,
                         std::array<std::uint8_t, kBranchRecordMax>& out) noexcept;
std::size_t write_commit(const CommitRecord& commit,
                         std::array<std::uint8_t, kCommitBytes>& out) noexcept;
std::size_t write_staged(const StagedRecord& staged,
                         std::array<std::uint8_t, kStagedBytes>& out) noexcept;
std::size_t write_segment_header(std::uint32_t id,
                                 std::array<std::uint8_t, kSegmentHeaderBytes>& out) noexcept;
std::size_t write_owner(const Owner& owner, std::array<std::uint8_t, kOwnerBytes>& out) noexcept;
/// Clears `out` first.
void write_leaf(const LeafRecord& leaf, Bytes& out);
constexpr std::size_t leaf_bytes(std::size_t value) noexcept {
  return (kLeafHeaderBytes + value + 7) / 8 * 8;
}

/// The record at the start of `bytes`, or nothing where there is no whole one: unknown kind, cut
/// short, wrong checksum.
std::optional<BytesView> whole_record(BytesView bytes) noexcept;
inline RecordKind kind_of(BytesView record) noexcept {
  return static_cast<RecordKind>(record[4]);
}

// Decoders of whole records; nothing where the content makes no sense for its kind.
std::optional<LeafRecord> decode_leaf(BytesView record) noexcept;
std::optional<BranchRecord> decode_branch(BytesView record) noexcept;
std::optional<CommitRecord> decode_commit(BytesView record) noexcept;
std::optional<StagedRecord> decode_staged(BytesView record) noexcept;
std::optional<Owner> decode_owner(BytesView record) noexcept;
/// The version a segment header names.
std::optional<std::uint8_t> decode_segment_header(BytesView record, std::uint32_t id) noexcept;

/// What a look-up needs of a branch, without decoding the rest.
struct BranchStep {
  std::uint8_t depth{0};
  Position child{0};  // for the nibble asked for; 0 for none
};
BranchStep step_branch(BytesView record, const Hash& key) noexcept;

}  // namespace wusong::state
