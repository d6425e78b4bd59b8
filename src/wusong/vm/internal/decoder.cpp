// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "wusong/vm/internal/code.hpp"
#include "wusong/vm/internal/threaded.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::vm::internal {
namespace {

constexpr std::uint8_t code_of(Op op) noexcept {
  return static_cast<std::uint8_t>(op);
}

constexpr bool is_push(std::uint8_t op) noexcept {
  return op >= code_of(Op::push0) && op <= code_of(Op::push32);
}
constexpr bool is_dup(std::uint8_t op) noexcept {
  return op >= code_of(Op::dup1) && op <= code_of(Op::dup16);
}
constexpr bool is_swap(std::uint8_t op) noexcept {
  return op >= code_of(Op::swap1) && op <= code_of(Op::swap16);
}
constexpr bool is_comparison(std::uint8_t op) noexcept {
  return op >= code_of(Op::lt) && op <= code_of(Op::iszero);
}

/// Nothing after it in the block is reached.
constexpr bool never_continues(std::uint8_t op) noexcept {
  switch (static_cast<Op>(op)) {
    case Op::stop:
    case Op::jump:
    case Op::return_:
    case Op::revert:
    case Op::invalid:
    case Op::selfdestruct:
      return true;
    default:
      return false;
  }
}
/// These see the gas that is left, so none of what follows may have been charged.
constexpr bool sees_gas(std::uint8_t op) noexcept {
  switch (static_cast<Op>(op)) {
    case Op::gas:
    case Op::sstore:
    case Op::create:
    case Op::create2:
    case Op::call:
    case Op::callcode:
    case Op::delegatecall:
    case Op::staticcall:
      return true;
    default:
      return false;
  }
}

}  // namespace

/// One pass over the code, then the addresses are filled in.
class Decoder {
 public:
  Decoder(BytesView code, const ForkRules& rules, ThreadedCode& out)
      : code_{code}, rules_{rules}, out_{out}, jump_map_(jump_map_words(code.size())) {
    find_jump_destinations(code, jump_map_.data());
  }

  void decode() {
    out_.entries_.assign(code_.size(), 0);
    out_.instructions_.reserve(code_.size() + 3);
    emit(Routines::bad_jump());
    open_block(0);
    while (pc_ < code_.size()) {
      if (is_destination(pc_)) {
        if (open_ && pc_ != block_pc_) close_block();
        if (!open_ || pc_ != block_pc_) open_block(pc_);
        out_.entries_[pc_] = block_index_;
      }
      if (open_) {
        decode_one();
      } else {
        pc_ += 1u + kOpcodes[code_[pc_]].immediate;
      }
    }
    if (open_) {
      emit(Routines::regular(code_of(Op::stop)));
      close_block();
    }
    resolve();
  }

 private:
  enum class Reference : std::uint8_t { wide, target, selector_target };
  struct Fixup {
    std::uint32_t index;
    std::uint32_t value;
    Reference kind;
  };

  std::uint8_t at(std::size_t pc) const noexcept { return pc < code_.size() ? code_[pc] : 0; }
  bool is_destination(std::uint64_t pc) const noexcept {
    return pc < code_.size() && (jump_map_[pc / 64] >> (pc % 64) & 1) != 0;
  }
  bool is_defined(std::uint8_t op) const noexcept { return rules_.gas[op] >= 0; }
  std::uint32_t next_index() const noexcept {
    return static_cast<std::uint32_t>(out_.instructions_.size());
  }

  Instruction& emit(Handler handler) {
    out_.instructions_.push_back({.handler = handler, .small = 0});
    return out_.instructions_.back();
  }

  void open_block(std::size_t pc) {
    open_ = true;
    block_index_ = next_index();
    block_pc_ = pc;
    gas_ = height_ = required_ = highest_ = 0;
    out_.blocks_.push_back({block_index_, static_cast<std::uint32_t>(pc)});
    emit(Routines::block());
  }
  void close_block() {
    open_ = false;
    constexpr std::int64_t kMax = static_cast<std::int64_t>(kStackItemsMax);
    const std::int64_t range = kMax - highest_ - required_;
    auto& block = out_.instructions_[block_index_].block;
    block.gas = static_cast<std::uint32_t>(gas_);
    // A block that no stack can satisfy asks for more than a stack can hold.
    const bool possible = required_ <= kMax && range >= 0;
    block.required = static_cast<std::uint16_t>(possible ? required_ : kMax + 1);
    block.range = static_cast<std::uint16_t>(possible ? range : 0);
  }
  /// Counts an instruction's gas and stack use towards the block.
  void account(std::uint8_t op) noexcept {
    const OpcodeInfo& info = kOpcodes[op];
    required_ = std::max(required_, info.required - height_);
    height_ += info.change;
    highest_ = std::max(highest_, height_);
    gas_ += rules_.gas[op];
  }

  /// A PUSH at `pc`: its value, and the byte after it.
  U256 push_value(std::size_t pc, std::size_t* next) const noexcept {
    const std::size_t size = kOpcodes[at(pc)].immediate;
    std::uint8_t data[32]{};
    for (std::size_t i = 0; i < size; ++i) data[32 - size + i] = at(pc + 1 + i);
    *next = pc + 1 + size;
    return load_be(data);
  }

  void decode_one() {
    const std::uint8_t op = code_[pc_];
    if (!is_defined(op)) {
      emit(Routines::undefined());
      close_block();
      ++pc_;
      return;
    }
    if (op == code_of(Op::jumpdest)) {  // the block's own
      account(op);
      ++pc_;
      return;
    }
    if (is_push(op)) return decode_push();
    if (is_comparison(op) && decode_compare_jump()) return;
    if (op == code_of(Op::dup1) && decode_selector()) return;
    const std::uint8_t next = at(pc_ + 1);
    if (pc_ + 1 < code_.size() && is_defined(next)) {
      Handler fused = nullptr;
      if (is_dup(op)) fused = Routines::dup_then(op, next);
      if (is_swap(op)) fused = Routines::swap_then(op, next);
      if (fused != nullptr) {
        account(op);
        account(next);
        emit(fused);
        pc_ += 2;
        return;
      }
    }
    decode_plain(op);
  }

  void decode_plain(std::uint8_t op) {
    account(op);
    if (op == code_of(Op::jump)) {
      emit(Routines::jump());
    } else if (op == code_of(Op::jumpi)) {
      emit(Routines::jumpi());
    } else if (op == code_of(Op::pc)) {
      emit(Routines::push_small()).small = pc_;
    } else {
      emit(Routines::regular(op));
    }
    ++pc_;
    if (never_continues(op)) {
      close_block();
    } else if (op == code_of(Op::jumpi) || sees_gas(op)) {
      next_block();
    }
  }

  /// Ends a block whose successor follows: a block always comes next, for routines enter it
  /// blindly.
  void next_block() {
    close_block();
    open_block(pc_);
  }

  void decode_push() {
    std::size_t after = 0;
    const U256 value = push_value(pc_, &after);
    account(code_[pc_]);
    const std::uint8_t next = at(after);
    const bool small = value.fits_u64();
    if (after < code_.size() && is_defined(next)) {
      if (next == code_of(Op::jump) || next == code_of(Op::jumpi)) {
        account(next);
        pc_ = after + 1;
        emit_jump(value, next == code_of(Op::jump) ? Routines::jump_to() : Routines::jumpi_to(),
                  next == code_of(Op::jump) ? Routines::jump_nowhere() : Routines::jumpi_nowhere());
        if (next == code_of(Op::jump)) {
          close_block();
        } else {
          next_block();
        }
        return;
      }
      const Handler fused =
          small ? Routines::push_small_then(next) : Routines::push_wide_then(next);
      if (fused != nullptr) {
        account(next);
        emit_value(fused, value);
        pc_ = after + 1;
        return;
      }
      if (small && value.low() <= 0xffffffff && is_push(next) && decode_two_pushes(value, after))
        return;
    }
    emit_value(small ? Routines::push_small() : Routines::push_wide(), value);
    pc_ = after;
  }

  /// Two small constants, unless the second would rather join what follows it.
  bool decode_two_pushes(const U256& first, std::size_t second_pc) {
    std::size_t after = 0;
    const U256 second = push_value(second_pc, &after);
    if (!second.fits_u64() || second.low() > 0xffffffff) return false;
    const std::uint8_t next = at(after);
    if (next == code_of(Op::jump) || next == code_of(Op::jumpi) ||
        Routines::push_small_then(next) != nullptr)
      return false;
    account(code_[second_pc]);
    emit(Routines::push_two()).pair = {static_cast<std::uint32_t>(first.low()),
                                       static_cast<std::uint32_t>(second.low())};
    pc_ = after;
    return true;
  }

  void emit_value(Handler handler, const U256& value) {
    if (value.fits_u64()) {
      emit(handler).small = value.low();
      return;
    }
    fixups_.push_back(
        {next_index(), static_cast<std::uint32_t>(out_.constants_.size()), Reference::wide});
    out_.constants_.push_back(value);
    emit(handler);
  }
  void emit_jump(const U256& to, Handler handler, Handler nowhere) {
    if (!is_destination(to.saturated())) {
      emit(nowhere);
      return;
    }
    fixups_.push_back({next_index(), static_cast<std::uint32_t>(to.low()), Reference::target});
    emit(handler);
  }

  /// LT/GT/SLT/SGT/EQ/ISZERO [ISZERO] PUSH JUMPI
  bool decode_compare_jump() {
    const std::uint8_t op = code_[pc_];
    std::size_t pc = pc_ + 1;
    const bool negated = at(pc) == code_of(Op::iszero) && pc < code_.size();
    if (negated) ++pc;
    if (pc >= code_.size() || !is_push(code_[pc]) || !is_defined(code_[pc])) return false;
    std::size_t after = 0;
    const U256 to = push_value(pc, &after);
    if (at(after) != code_of(Op::jumpi) || !is_destination(to.saturated())) return false;
    account(op);
    if (negated) account(code_of(Op::iszero));
    account(code_[pc]);
    account(code_of(Op::jumpi));
    pc_ = after + 1;
    const Handler handler = Routines::compare_jumpi_to(op, negated);
    emit_jump(to, handler, handler);
    next_block();
    return true;
  }

  /// DUP1 PUSH4 EQ PUSH JUMPI, forwards only: how contracts find the function that is called.
  bool decode_selector() {
    std::size_t after = 0;
    if (!is_push(at(pc_ + 1)) || !is_defined(at(pc_ + 1))) return false;
    const std::uint8_t first = at(pc_ + 1);
    const U256 selector = push_value(pc_ + 1, &after);
    if (!selector.fits_u64() || selector.low() > 0xffffffff || at(after) != code_of(Op::eq))
      return false;
    const std::uint8_t second = at(after + 1);
    if (!is_push(second) || !is_defined(second)) return false;
    std::size_t end = 0;
    const U256 to = push_value(after + 1, &end);
    if (at(end) != code_of(Op::jumpi) || !is_destination(to.saturated()) || to.low() <= end)
      return false;
    for (const std::uint8_t op :
         {code_of(Op::dup1), first, code_of(Op::eq), second, code_of(Op::jumpi)})
      account(op);
    pc_ = end + 1;
    fixups_.push_back(
        {next_index(), static_cast<std::uint32_t>(to.low()), Reference::selector_target});
    emit(Routines::match_selector()).pair = {static_cast<std::uint32_t>(selector.low()), 0};
    next_block();
    return true;
  }

  void resolve() {
    out_.instructions_.shrink_to_fit();
    for (const Fixup& fixup : fixups_) {
      Instruction& instruction = out_.instructions_[fixup.index];
      switch (fixup.kind) {
        case Reference::wide:
          instruction.wide = &out_.constants_[fixup.value];
          break;
        case Reference::target:
          instruction.target = &out_.instructions_[out_.entries_[fixup.value]];
          break;
        case Reference::selector_target:
          instruction.pair.second = out_.entries_[fixup.value] - fixup.index;
          break;
      }
    }
  }

  BytesView code_;
  const ForkRules& rules_;
  ThreadedCode& out_;
  std::vector<std::uint64_t> jump_map_;
  std::vector<Fixup> fixups_;
  std::size_t pc_{0};
  bool open_{false};
  std::uint32_t block_index_{0};
  std::size_t block_pc_{0};
  std::int64_t gas_{0};
  std::int64_t height_{0};
  std::int64_t required_{0};
  std::int64_t highest_{0};
};

ThreadedCode::ThreadedCode(BytesView code, const ForkRules& rules) {
  Decoder{code, rules, *this}.decode();
}

std::uint32_t ThreadedCode::pc_of(const Instruction* block) const noexcept {
  const auto index = static_cast<std::uint32_t>(block - instructions_.data());
  const auto found = std::ranges::lower_bound(blocks_, index, {}, &BlockStart::index);
  WUSONG_ASSERT(found != blocks_.end() && found->index == index);
  return found->pc;
}

std::size_t ThreadedCode::bytes_held() const noexcept {
  return sizeof(Instruction) * instructions_.capacity() + sizeof(U256) * constants_.capacity() +
         sizeof(std::uint32_t) * entries_.capacity() + sizeof(BlockStart) * blocks_.capacity();
}

}  // namespace wusong::vm::internal
