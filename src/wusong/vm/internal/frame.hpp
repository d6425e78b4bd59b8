// SPDX-License-Identifier: Apache-2.0
// One running frame, and the interpreter's private parts.
#pragma once

#include <cstdint>
#include <memory>

#include "wusong/base/hash_map.hpp"
#include "wusong/vm/evm.hpp"
#include "wusong/vm/fork_table.hpp"
#include "wusong/vm/internal/arena.hpp"
#include "wusong/vm/internal/code.hpp"
#include "wusong/vm/internal/keccak_cache.hpp"
#include "wusong/vm/internal/threaded.hpp"
#include "wusong/vm/opcodes.hpp"

#define WUSONG_INLINE __attribute__((always_inline)) inline

namespace wusong::vm::internal {

/// An item of the stack, left uninitialised by the arena.
struct RawWord {
  alignas(U256) std::uint8_t bytes[sizeof(U256)];
};

/// What instructions work on. `gas` and `sp` are current only where code outside the dispatch loop
/// needs them; the loop keeps its own in registers.
///
/// `sp` points at the top item; stack_base is the slot below the first, so sp == stack_base means
/// empty. Memory's size is a multiple of 32; words at offsets below `word_limit` lie inside it.
struct Frame {
  U256* stack_base{nullptr};
  std::uint8_t* memory{nullptr};
  std::size_t memory_size{0};
  std::uint64_t word_limit{0};  // memory_size - 31, or 0
  std::size_t memory_capacity{0};
  U256* sp{nullptr};
  std::int64_t gas{0};

  Host* host{nullptr};
  const Message* message{nullptr};
  const TxContext* tx{nullptr};
  const ForkRules* rules{nullptr};
  Interpreter::Impl* vm{nullptr};
  const std::uint8_t* code{nullptr};  // padded with 33 zero bytes
  std::size_t code_size{0};
  const std::uint64_t* jump_map{nullptr};  // one bit a byte of code
  const ThreadedCode* threaded{nullptr};
  std::uint32_t loops_left{0};  // backward jumps until threaded code is made
  std::uint32_t entry_pc{0};    // where to go on after a change of engine
  bool resume{false};           // a change of engine is wanted

  Bytes return_data;
  std::int64_t refund{0};
  Status status{Status::success};
  std::size_t output_offset{0};
  std::size_t output_size{0};
  Tracer* tracer{nullptr};
  Tracer* step_tracer{nullptr};
  std::int64_t step_gas{0};        // gas before the step being traced
  bool step_cost_reported{false};  // by an instruction that enters another frame
};

/// Code that has been met before.
struct CacheEntry {
  std::unique_ptr<CodeImage> image;
  std::unique_ptr<ThreadedCode> threaded;
  std::uint32_t uses{0};
};

}  // namespace wusong::vm::internal

namespace wusong::vm {

class Interpreter::Impl {
 public:
  explicit Impl(const Config& config_in);

  CallResult execute(Host& host, const Message& message, BytesView code, const Hash* code_hash,
                     Fork fork, Tracer* tracer);
  std::size_t cache_bytes() const noexcept { return cache_bytes_; }

  internal::Arena<std::uint8_t> memory_arena;
  internal::Arena<internal::RawWord> stack_arena;
  internal::KeccakCache keccak;

 private:
  internal::CacheEntry* find_code(BytesView code, const Hash& hash, Fork fork);
  const internal::ThreadedCode* thread_code(internal::CacheEntry* entry, BytesView code,
                                            const internal::Frame& frame,
                                            std::unique_ptr<internal::ThreadedCode>& own);
  void run(internal::Frame& frame, internal::CacheEntry* entry, BytesView code);
  void place_code(internal::Frame& frame, BytesView code);

  Config config_;
  HashMap<Hash, std::unique_ptr<internal::CacheEntry>> cache_;
  std::size_t cache_bytes_{0};
  Fork cache_fork_{Fork::osaka};
  int running_{0};
};

}  // namespace wusong::vm
