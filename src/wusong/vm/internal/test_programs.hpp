// SPDX-License-Identifier: Apache-2.0
// Programs made from arbitrary bytes, and the property that every engine runs them alike. Evidence
// only.
#pragma once

#include <algorithm>
#include <vector>

#include "wusong/vm/internal/test_host.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::vm::internal {

/// Turns bytes into code that gets somewhere: stacks are filled, jumps mostly hit.
class ProgramMaker {
 public:
  explicit ProgramMaker(BytesView seed) : seed_{seed} {}

  Bytes make() {
    while (at_ < seed_.size() && code_.size() < 2000) one(next());
    for (const std::size_t where : patches_) {
      const std::uint16_t target =
          labels_.empty() ? 0 : labels_[(code_[where] << 8 | code_[where + 1]) % labels_.size()];
      code_[where] = static_cast<std::uint8_t>(target >> 8);
      code_[where + 1] = static_cast<std::uint8_t>(target);
    }
    return code_;
  }

 private:
  std::uint8_t next() noexcept { return at_ < seed_.size() ? seed_[at_++] : 0; }
  void emit(Op op) { code_.push_back(static_cast<std::uint8_t>(op)); }
  void push(std::uint8_t kind) {
    switch (kind % 8) {
      case 0:
        emit(Op::push0);
        break;
      case 1:
      case 2:
      case 3:
        code_.insert(code_.end(), {0x60, next()});
        break;
      case 4:
        code_.insert(code_.end(), {0x61, static_cast<std::uint8_t>(next() & 3), next()});
        break;
      case 5:
        code_.insert(code_.end(), {0x63, next(), next(), next(), next()});
        break;
      case 6: {
        code_.push_back(0x7f);
        const std::uint8_t fill = next();
        for (int i = 0; i < 32; ++i) code_.push_back(i % 5 == 0 ? next() : fill);
        break;
      }
      default:  // an account
        code_.insert(code_.end(), {0x61, 0xc0, static_cast<std::uint8_t>(0xde + (next() & 3))});
    }
    ++height_;
  }
  void jump(std::uint8_t kind) {
    if (kind % 16 != 0 && height_ < 1 && kind % 2 == 1) push(next());
    if (kind % 16 != 0) {  // resolved at the end
      code_.push_back(0x61);
      patches_.push_back(code_.size());
      code_.insert(code_.end(), {next(), next()});
    }
    emit(kind % 2 == 1 ? Op::jumpi : Op::jump);
    if (kind % 2 == 1) height_ = std::max(0, height_ - 1);
  }
  void one(std::uint8_t byte) {
    const auto op = static_cast<Op>(byte);
    const OpcodeInfo& info = kOpcodes[byte];
    if (byte >= 0xb0 && byte < 0xc8) return push(next());
    if (byte >= 0xc8 && byte < 0xd8) return jump(next());
    if (byte >= 0xd8 && byte < 0xe0) {
      labels_.push_back(static_cast<std::uint16_t>(code_.size()));
      return emit(Op::jumpdest);
    }
    if (byte >= 0xe0 && byte < 0xf0) return compare_and_jump(next());
    if (info.gas < 0 || info.immediate != 0 || op == Op::jump || op == Op::jumpi) {
      if (byte % 13 == 0) code_.push_back(byte);  // let some nonsense through
      return;
    }
    while (height_ < info.required && (byte ^ at_) % 31 != 0) push(next());
    if (op == Op::jumpdest) labels_.push_back(static_cast<std::uint16_t>(code_.size()));
    code_.push_back(byte);
    height_ = std::max(0, height_ + info.change);
  }
  void compare_and_jump(std::uint8_t kind) {
    static constexpr Op kOps[]{Op::lt, Op::gt, Op::slt, Op::sgt, Op::eq, Op::iszero};
    if (height_ < 2) {
      push(next());
      push(next());
    }
    if (kind % 7 == 6) {
      code_.insert(code_.end(), {0x80, 0x63, 0, 0, 0, next(), 0x14});
    } else {
      emit(kOps[kind % 6]);
    }
    if (kind >= 128) emit(Op::iszero);
    jump(static_cast<std::uint8_t>(kind | 1));
  }

  BytesView seed_;
  std::size_t at_{0};
  int height_{0};
  Bytes code_;
  std::vector<std::size_t> patches_;
  std::vector<std::uint16_t> labels_;
};

/// Counts steps and checks that they hang together.
class CheckingTracer final : public Tracer {
 public:
  bool wants_steps() const noexcept override { return true; }
  void on_step(const Step& step) override {
    ++steps;
    WUSONG_ASSERT(step.gas >= 0 && step.stack_size <= 1024 && step.memory.size() % 32 == 0);
  }
  void on_fault(const Step&, Status status) override {
    WUSONG_ASSERT(status != Status::success && status != Status::revert);
  }
  std::uint64_t steps{0};
};

struct Outcome {
  CallResult result;
  TestHost::World world;
};

struct Engine {
  Interpreter::Config config;
  bool traced;
  bool cached;
};
inline constexpr Engine kEngines[]{
    {{.threaded_after = 0, .threaded_after_loops = 0}, false, true},   // plain
    {{.threaded_after = 1, .threaded_after_loops = 0}, false, true},   // threaded
    {{.threaded_after = 0, .threaded_after_loops = 1}, false, false},  // changes within a frame
    {{.threaded_after = 0, .threaded_after_loops = 0}, true, true},    // traced
};

inline Outcome run_program(const Engine& engine, Fork fork, BytesView code, BytesView input,
                           std::int64_t gas, bool is_static) {
  TestHost host{fork, engine.config};
  CheckingTracer tracer;
  if (engine.traced) host.tracer = &tracer;
  host.use_cache = engine.cached;
  host.world.accounts[make_address(0xc0de)].balance = U256{1000};
  // Neighbours to call: an echo of the input, a failure, and a delegation to the program itself.
  const Bytes echo{0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0xf3};
  const Bytes failing{0x60, 7, 0x5f, 0x52, 0x60, 32, 0x5f, 0xfd};
  Bytes designator{0xef, 0x01, 0x00};
  append(designator, make_address(0xc0de));
  host.set_code(make_address(0xc0df), echo);
  host.set_code(make_address(0xc0e0), failing);
  host.set_code(make_address(0xc0e1), designator);
  Outcome out;
  out.result = host.run(code, gas, input, is_static);
  if (out.result.status == Status::success) out.world = std::move(host.world);
  return out;
}

inline bool same_world(const TestHost::World& a, const TestHost::World& b) {
  if (a.logs != b.logs || a.transient != b.transient || a.destroyed != b.destroyed) return false;
  if (a.accounts.size() != b.accounts.size()) return false;
  for (const auto& [address, account] : a.accounts) {
    const auto found = b.accounts.find(address);
    if (found == b.accounts.end() || found->second.balance != account.balance ||
        found->second.storage != account.storage || found->second.code != account.code)
      return false;
  }
  return true;
}

/// Both ended alike. Where both fail, the reason may differ in one way: a block is charged when it
/// starts, so threaded code may run out of gas before the instruction that fails otherwise.
inline bool same_outcome(const Outcome& a, const Outcome& b) {
  const bool status_ok = a.result.status == b.result.status ||
                         (a.result.status != Status::success && a.result.status != Status::revert &&
                          b.result.status == Status::out_of_gas);
  return status_ok && a.result.gas_left == b.result.gas_left &&
         a.result.gas_refund == b.result.gas_refund && a.result.output == b.result.output &&
         same_world(a.world, b.world);
}

}  // namespace wusong::vm::internal
