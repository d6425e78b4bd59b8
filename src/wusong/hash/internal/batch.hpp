// SPDX-License-Identifier: Apache-2.0
// Many messages of any lengths through the lanes of a kernel: a lane whose message ends takes the
// next one. When fewer are left than pay, a narrower kernel goes on with them.
#pragma once

#include <algorithm>
#include <limits>

#include "wusong/hash/internal/functions.hpp"

namespace wusong::hash::internal {

template <typename H>
inline constexpr std::size_t kLanesMax = 64 / sizeof(typename H::Word);

/// A message's end with its padding.
template <typename H>
struct Tail {
  std::size_t whole;   // blocks before it
  std::size_t blocks;  // its own
  alignas(64) std::uint8_t bytes[H::kTailBlocks * H::kBlock];

  /// @shape `size` is that of all that is hashed, where blocks went before this message
  void set(BytesView message, std::size_t size) noexcept {
    whole = H::whole_blocks(message.size());
    const BytesView rest = message.subspan(whole * H::kBlock);
    std::memset(bytes, 0, H::kBlock);
    if (!rest.empty()) std::memcpy(bytes, rest.data(), rest.size());
    blocks = H::pad(bytes, rest.size(), size);
  }
};

/// @shape `column`: word i of the state at column[i * stride]
template <typename H>
void write_digest(const typename H::Word* column, std::size_t stride, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < sizeof(typename H::Digest) / sizeof(typename H::Word); ++i) {
    const typename H::Word word = column[i * stride];
    const typename H::Word ordered = H::kIsBig ? std::byteswap(word) : word;
    std::memcpy(out + i * sizeof(word), &ordered, sizeof(word));
  }
}

/// What is hashed may be secret.
inline void wipe(void* from, std::size_t size) noexcept {
  std::memset(from, 0, size);
  asm volatile("" : : "r"(from) : "memory");
}

/// How many messages pay for a wide kernel where another would take as many as it can at a time;
/// above its lanes where none do.
template <typename Word>
constexpr std::size_t fewest_for(const Kernel<Word>& wide, const Kernel<Word>& rest) noexcept {
  std::size_t count = 1;
  while (count <= wide.lanes && (count + rest.lanes - 1) / rest.lanes * rest.cost < wide.cost)
    ++count;
  return count;
}

template <typename H>
class Batch {
 public:
  using Word = typename H::Word;
  using Digest = typename H::Digest;

  Batch(std::span<const BytesView> messages, std::span<Digest> out) noexcept
      : messages_{messages}, out_{out} {}
  ~Batch() {
    wipe(lanes_, used_ * sizeof(Lane));
    wipe(state_, sizeof(state_));
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void hash(const Kernel<Word>& wide, const Kernel<Word>& rest) noexcept {
    Lane* lanes[kLanesMax<H>];
    for (std::size_t i = 0; i < kLanesMax<H>; ++i) lanes[i] = &lanes_[i];
    const std::size_t fewest = fewest_for(wide, rest);
    const bool is_wide = messages_.size() >= fewest;
    const Kernel<Word>& first = is_wide ? wide : rest;
    used_ = std::min(first.lanes, messages_.size());
    for (std::size_t i = 0; i < used_; ++i) start(lanes_[i], state_ + i, first.lanes);
    const std::size_t live = run(first, std::span{lanes, used_}, state_, is_wide ? fewest : 1);
    if (live != 0) finish(rest, first.lanes);
  }

 private:
  struct Lane {
    std::size_t message;       // in whose place the digest goes
    const std::uint8_t* from;  // the stretch at hand: whole blocks, or the tail
    std::size_t blocks;        // of it; none: the lane is idle
    bool is_tail;
    Tail<H> tail;
  };

  /// Takes the next message.
  void start(Lane& lane, Word* column, std::size_t stride) noexcept {
    lane.message = next_++;
    const BytesView message = messages_[lane.message];
    for (std::size_t i = 0; i < H::kRows; ++i) column[i * stride] = H::kStart[i];
    lane.tail.set(message, message.size());
    lane.from = message.data();
    lane.blocks = lane.tail.whole;
    lane.is_tail = false;
    if (lane.blocks == 0) enter_tail(lane, column, stride);
  }
  void enter_tail(Lane& lane, Word* column, std::size_t stride) noexcept {
    H::enter_tail(column, stride, messages_[lane.message].size());
    lane.from = lane.tail.bytes;
    lane.blocks = lane.tail.blocks;
    lane.is_tail = true;
  }
  /// After a stretch: whether the lane has another.
  bool goes_on(Lane& lane, Word* column, std::size_t stride) noexcept {
    if (!lane.is_tail) {
      enter_tail(lane, column, stride);
      return true;
    }
    write_digest<H>(column, stride, out_[lane.message].data());
    if (next_ == messages_.size()) return false;
    start(lane, column, stride);
    return true;
  }

  /// Until fewer than `least` lanes are busy; how many then are. @shape `least` is at least 1
  std::size_t run(const Kernel<Word>& kernel, std::span<Lane* const> lanes, Word* state,
                  std::size_t least) noexcept {
    std::size_t live = lanes.size();
    while (live >= least) {
      std::size_t count = std::numeric_limits<std::size_t>::max();
      const std::uint8_t* some = nullptr;
      for (const Lane* lane : lanes) {
        if (lane->blocks == 0) continue;
        count = std::min(count, lane->blocks);
        some = lane->from;
      }
      const std::uint8_t* from[kLanesMax<H>];
      for (std::size_t i = 0; i < kernel.lanes; ++i)  // idle lanes hash what nobody reads
        from[i] = i < lanes.size() && lanes[i]->blocks != 0 ? lanes[i]->from : some;
      kernel.compress(state, from, count);
      for (std::size_t i = 0; i < lanes.size(); ++i) {
        Lane& lane = *lanes[i];
        if (lane.blocks == 0) continue;
        lane.from += count * H::kBlock;
        lane.blocks -= count;
        if (lane.blocks == 0 && !goes_on(lane, state + i, kernel.lanes)) --live;
      }
    }
    return live;
  }

  /// The busy lanes of a state of `stride` lanes, by another kernel.
  void finish(const Kernel<Word>& kernel, std::size_t stride) noexcept {
    alignas(64) Word state[H::kRows * kLanesMax<H>];
    for (std::size_t i = 0; i < used_;) {
      Lane* group[kLanesMax<H>];
      std::size_t count = 0;
      for (; i < used_ && count < kernel.lanes; ++i) {
        if (lanes_[i].blocks == 0) continue;
        for (std::size_t row = 0; row < H::kRows; ++row)
          state[row * kernel.lanes + count] = state_[row * stride + i];
        group[count++] = &lanes_[i];
      }
      run(kernel, std::span{group, count}, state, 1);
    }
    wipe(state, sizeof(state));
  }

  std::span<const BytesView> messages_;
  std::span<Digest> out_;
  std::size_t next_ = 0;
  std::size_t used_ = 0;
  Lane lanes_[kLanesMax<H>];
  alignas(64) Word state_[H::kRows * kLanesMax<H>];
};

/// The kernels of this machine.
template <typename H>
struct Chosen {
  const Kernel<typename H::Word>* wide;
  const Kernel<typename H::Word>* rest;  // at most two lanes
  const Kernel<typename H::Word>* one;   // one
};
template <typename H>
const Chosen<H>& chosen() noexcept {
  static const Chosen<H> kChosen = [] {
    Chosen<H> out{};
    for (const auto& kernel : kernels_of<H>()) {
      if (!kernel.is_supported()) continue;
      if (out.wide == nullptr) out.wide = &kernel;
      if (out.rest == nullptr && kernel.lanes <= 2) out.rest = &kernel;
      if (out.one == nullptr && kernel.lanes == 1) out.one = &kernel;
    }
    return out;
  }();
  return kChosen;
}

/// One message, in one part or two.
template <typename H>
class One {
 public:
  using Word = typename H::Word;

  explicit One(const Kernel<Word>& kernel) noexcept : kernel_{kernel} {
    WUSONG_ASSERT(kernel.lanes == 1);
  }
  ~One() {
    wipe(&tail_, sizeof(tail_));
    wipe(state_.data(), sizeof(state_));
  }
  One(const One&) = delete;
  One& operator=(const One&) = delete;

  typename H::Digest of(BytesView message) noexcept { return finish(message, message.size()); }
  typename H::Digest of(BytesView first, BytesView second) noexcept {
    const std::size_t size = first.size() + second.size();
    const std::size_t whole = first.size() / H::kBlock;
    absorb(first.data(), whole);
    // The block where they meet, then what is left of the second.
    std::uint8_t joint[H::kBlock];
    first = first.subspan(whole * H::kBlock);
    if (first.empty()) return finish(second, size);
    std::memcpy(joint, first.data(), first.size());
    const std::size_t taken = std::min(H::kBlock - first.size(), second.size());
    if (taken != 0) std::memcpy(joint + first.size(), second.data(), taken);
    const std::size_t met = first.size() + taken;
    if (met == H::kBlock) absorb(joint, 1);
    const auto out =
        met < H::kBlock ? finish({joint, met}, size) : finish(second.subspan(taken), size);
    wipe(joint, sizeof(joint));
    return out;
  }

 private:
  void absorb(const std::uint8_t* blocks, std::size_t count) noexcept {
    if (count != 0) kernel_.compress(state_.data(), &blocks, count);
  }
  /// @shape `size` is that of all that is hashed
  typename H::Digest finish(BytesView rest, std::size_t size) noexcept {
    tail_.set(rest, size);
    absorb(rest.data(), tail_.whole);
    H::enter_tail(state_.data(), 1, size);
    absorb(tail_.bytes, tail_.blocks);
    typename H::Digest out;
    write_digest<H>(state_.data(), 1, out.data());
    return out;
  }

  const Kernel<Word>& kernel_;
  alignas(64) std::array<Word, H::kRows> state_ = H::kStart;
  Tail<H> tail_;
};

template <typename H>
void hash_many(std::span<const BytesView> messages, std::span<typename H::Digest> out) noexcept {
  WUSONG_ASSERT(messages.size() == out.size());
  Batch<H>{messages, out}.hash(*chosen<H>().wide, *chosen<H>().rest);
}

}  // namespace wusong::hash::internal
