// SPDX-License-Identifier: Apache-2.0
// The Ethereum virtual machine: runs one frame of code against a Host.
#pragma once

#include <cstdint>
#include <memory>

#include "wusong/vm/fork.hpp"
#include "wusong/vm/host.hpp"

namespace wusong::vm {

/// Runs frames, and keeps what they can share: prepared code, stack and memory.
///
/// Frames nest: Host::call() of a running frame may call execute() of the same Interpreter. Cold
/// code runs instruction by instruction; code met again, or found looping, is decoded once into
/// threaded code whose gas and stack are checked per basic block. Both give the same results.
///
/// @thread one owner; use one Interpreter per thread.
class Interpreter {
 public:
  struct Config {
    std::size_t cache_bytes_max{128u << 20};  // for prepared code
    /// Threaded code is made when a code hash is met this many times; 0: never.
    std::uint32_t threaded_after{2};
    /// and when a frame has jumped backwards this many times; 0: never.
    std::uint32_t threaded_after_loops{256};
  };

  Interpreter();
  explicit Interpreter(const Config& config);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// Runs `code` as `message.recipient` (or as init code). Precompiles, delegation, transfers and
  /// checkpoints are the host's.
  ///
  /// @param code       the code itself; borrowed for the call
  /// @param code_hash  its keccak256, to find it prepared; null where it is not worth keeping
  /// @param tracer     may be null. Steps go to it if it wants_steps() when the frame starts.
  /// @cost  allocates for the output only, once the arenas have grown
  CallResult execute(Host& host, const Message& message, BytesView code, const Hash* code_hash,
                     Fork fork, Tracer* tracer = nullptr);

  /// Bytes of prepared code held now.
  std::size_t cache_bytes() const noexcept;

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace wusong::vm
