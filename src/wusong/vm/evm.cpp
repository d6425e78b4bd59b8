// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/evm.hpp"

#include <cstring>

#include "wusong/vm/internal/engines.hpp"

namespace wusong::vm {
namespace {

constexpr std::size_t kFirstMemoryChunk = 256u << 10;
constexpr std::size_t kFirstStackChunk = 16u << 10;  // items: half a megabyte
constexpr std::size_t kMemoryKept = 16u << 20;       // a chunk larger than this is given back

}  // namespace

Interpreter::Impl::Impl(const Config& config_in)
    : memory_arena{kFirstMemoryChunk}, stack_arena{kFirstStackChunk}, config_{config_in} {}

internal::CacheEntry* Interpreter::Impl::find_code(BytesView code, const Hash& hash, Fork fork) {
  if (running_ == 1 && (cache_bytes_ > config_.cache_bytes_max || fork != cache_fork_)) {
    // Only here: no frame that waits holds an entry. Starting anew is rare and needs no order.
    cache_.clear();
    cache_bytes_ = 0;
    cache_fork_ = fork;
  }
  if (fork != cache_fork_) return nullptr;
  if (const auto found = cache_.find(hash); found != cache_.end()) return found->second.get();
  if (cache_bytes_ > config_.cache_bytes_max) return nullptr;
  auto entry = std::make_unique<internal::CacheEntry>();
  entry->image = std::make_unique<internal::CodeImage>(code);
  cache_bytes_ += entry->image->bytes_held() + sizeof(internal::CacheEntry);
  return cache_.emplace(hash, std::move(entry)).first->second.get();
}

/// Puts padded code and its jump map into the memory arena, for code that is not kept.
void Interpreter::Impl::place_code(internal::Frame& frame, BytesView code) {
  const std::size_t map_bytes = 8 * internal::jump_map_words(code.size());
  std::uint8_t* const start =
      memory_arena.take(map_bytes + code.size() + internal::kCodePadding + 64);
  auto* const map = reinterpret_cast<std::uint64_t*>((reinterpret_cast<std::uintptr_t>(start) + 7) &
                                                     ~std::uintptr_t{7});
  auto* const bytes = reinterpret_cast<std::uint8_t*>(map) + map_bytes;
  if (!code.empty()) std::memcpy(bytes, code.data(), code.size());
  std::memset(bytes + code.size(), 0, internal::kCodePadding);
  internal::find_jump_destinations(code, map);
  frame.code = bytes;
  frame.jump_map = map;
  memory_arena.use_until(bytes + code.size() + internal::kCodePadding);
}

/// Threaded code for the frame: the cache's, or the frame's own where the code is not cached.
const internal::ThreadedCode* Interpreter::Impl::thread_code(
    internal::CacheEntry* entry, BytesView code, const internal::Frame& frame,
    std::unique_ptr<internal::ThreadedCode>& own) {
  if (entry == nullptr) {
    own = std::make_unique<internal::ThreadedCode>(code, *frame.rules);
    return own.get();
  }
  if (entry->threaded == nullptr) {
    entry->threaded = std::make_unique<internal::ThreadedCode>(code, *frame.rules);
    cache_bytes_ += entry->threaded->bytes_held();
  }
  return entry->threaded.get();
}

void Interpreter::Impl::run(internal::Frame& frame, internal::CacheEntry* entry, BytesView code) {
  if (frame.step_tracer != nullptr) {
    run_traced(frame);
    return;
  }
  std::unique_ptr<internal::ThreadedCode> own;
  const bool known =
      entry != nullptr && config_.threaded_after != 0 && ++entry->uses >= config_.threaded_after;
  if (known && (entry->threaded != nullptr || cache_bytes_ <= config_.cache_bytes_max))
    frame.threaded = thread_code(entry, code, frame, own);
  frame.loops_left = config_.threaded_after_loops;
  for (;;) {
    if (frame.threaded != nullptr) {
      run_threaded(frame);
      if (!frame.resume) return;
      frame.threaded = nullptr;  // and stays so: the frame is about to fail
      frame.loops_left = 0;
    } else {
      run_plain(frame);
      if (!frame.resume) return;
      frame.threaded = thread_code(entry, code, frame, own);
    }
    frame.resume = false;
  }
}

CallResult Interpreter::Impl::execute(Host& host, const Message& message, BytesView code,
                                      const Hash* code_hash, Fork fork, Tracer* tracer) {
  CallResult result;
  result.gas_left = message.gas;
  if (code.empty()) return result;

  ++running_;
  const auto memory_mark = memory_arena.mark();
  const auto stack_mark = stack_arena.mark();
  internal::Frame frame;
  frame.host = &host;
  frame.message = &message;
  frame.tx = &host.tx_context();
  frame.rules = &rules_of(fork);
  frame.vm = this;
  frame.tracer = tracer;
  frame.step_tracer = tracer != nullptr && tracer->wants_steps() ? tracer : nullptr;
  frame.gas = message.gas;
  frame.code_size = code.size();
  internal::CacheEntry* entry = code_hash != nullptr ? find_code(code, *code_hash, fork) : nullptr;
  if (entry != nullptr) {
    frame.code = entry->image->code.data();
    frame.jump_map = entry->image->jump_map.data();
  } else {
    place_code(frame, code);
  }
  // One slot lies below the first item, so that the top of an empty stack is an address.
  frame.stack_base = reinterpret_cast<U256*>(stack_arena.take(kStackItemsMax + 1));
  frame.sp = frame.stack_base;
  frame.memory = memory_arena.take(4096);
  frame.memory_capacity = memory_arena.available();

  run(frame, entry, code);

  result.status = frame.status;
  const bool succeeded = frame.status == Status::success;
  result.gas_left = succeeded || frame.status == Status::revert ? frame.gas : 0;
  result.gas_refund = succeeded ? frame.refund : 0;
  if (frame.output_size != 0)
    result.output.assign(frame.memory + frame.output_offset,
                         frame.memory + frame.output_offset + frame.output_size);
  memory_arena.release(memory_mark);
  stack_arena.release(stack_mark);
  if (--running_ == 0) memory_arena.trim(kMemoryKept);
  return result;
}

Interpreter::Interpreter() : Interpreter(Config{}) {}
Interpreter::Interpreter(const Config& config) : impl_{std::make_unique<Impl>(config)} {}
Interpreter::~Interpreter() = default;

CallResult Interpreter::execute(Host& host, const Message& message, BytesView code,
                                const Hash* code_hash, Fork fork, Tracer* tracer) {
  return impl_->execute(host, message, code, code_hash, fork, tracer);
}

std::size_t Interpreter::cache_bytes() const noexcept {
  return impl_->cache_bytes();
}

}  // namespace wusong::vm
