// SPDX-License-Identifier: Apache-2.0
// What a transaction read and changed: geth's prestateTracer.
#include <map>
#include <set>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/addresses.hpp"
#include "wusong/exec/internal/step.hpp"
#include "wusong/exec/tracers.hpp"

namespace wusong::exec {
namespace {

class PrestateTracer final : public TransactionTracer {
 public:
  explicit PrestateTracer(const PrestateTracerOptions& options) : options_{options} {}

  bool wants_steps() const noexcept override { return true; }

  void on_start(const TraceContext& context) override {
    context_ = context;
    look_up(context.sender);
    if (context.transaction->to) {
      look_up(*context.transaction->to);
    } else {
      const auto sender = context.before->account(context.sender);
      look_up_created(create_address(context.sender, sender ? sender->nonce : 0));
    }
    look_up(context.block->coinbase);
    for (const types::Authorization& authorization : context.transaction->authorizations) {
      if (const auto authority = types::recover_authority(authorization)) look_up(*authority);
    }
  }

  void on_step(const Step& step) override {
    if (internal::touches_slot(step)) {
      look_up_slot(step.message->recipient, to_hash(internal::stack_item(step, 0)));
    } else if (const auto address = internal::touched_account(step)) {
      look_up(*address);
    }
  }

  void on_enter(const vm::Message& message) override {
    const bool creates =
        message.kind == vm::CallKind::create || message.kind == vm::CallKind::create2;
    if (creates) look_up_created(message.recipient);
  }

  std::string result(const TransactionOutcome& /*outcome*/) override {
    std::map<Address, Shown> post;
    if (options_.diff_mode) post = difference();
    for (const Address& address : created_) {
      // What this transaction created had nothing before, unless it had a balance.
      if (const auto found = pre_.find(address); found != pre_.end() && found->second.was_empty) {
        pre_.erase(found);
      }
    }
    codec::JsonWriter out;
    if (!options_.diff_mode) {
      write(out, pre_);
      return out.take();
    }
    out.open_object();
    out.key("post");
    write(out, post);
    out.key("pre");
    write(out, pre_);
    out.close_object();
    return out.take();
  }

 private:
  struct Shown {
    std::optional<U256> balance;
    std::optional<Bytes> code;
    std::optional<std::uint64_t> nonce;
    std::map<Hash, U256> storage;
    bool was_empty{false};
  };

  void look_up(const Address& address) {
    if (pre_.contains(address)) return;
    Shown& shown = pre_[address];
    const types::Account account = context_.before->account(address).value_or(types::Account{});
    shown.balance = account.balance;
    shown.nonce = account.nonce;
    shown.was_empty = account.is_empty();
    if (!options_.disable_code) shown.code = context_.before->code(account.code_hash);
  }

  void look_up_created(const Address& address) {
    look_up(address);
    created_.insert(address);
  }

  void look_up_slot(const Address& address, const Hash& slot) {
    look_up(address);
    if (options_.disable_storage) return;
    auto& storage = pre_[address].storage;
    if (!storage.contains(slot)) storage[slot] = context_.before->storage(address, slot);
  }

  /// The values after, where they changed; what did not change leaves `pre_` too.
  std::map<Address, Shown> difference() {
    std::map<Address, Shown> out;
    Journal& journal = *context_.journal;
    for (auto at = pre_.begin(); at != pre_.end();) {
      const Address& address = at->first;
      Shown& before = at->second;
      Journal::Entry& entry = journal.entry(address);
      if (journal.destroyed_now(entry)) {
        ++at;  // it is gone: nothing to show after
        continue;
      }
      Shown after;
      bool changed = false;
      if (entry.balance != before.balance) after.balance = entry.balance;
      if (entry.nonce != before.nonce) after.nonce = entry.nonce;
      changed = after.balance || after.nonce;
      if (!options_.disable_code && journal.code_of(entry).bytes != before.code) {
        after.code = journal.code_of(entry).bytes;
        changed = true;
      }
      for (auto slot = before.storage.begin(); slot != before.storage.end();) {
        const U256 now = journal.storage(entry, to_u256(slot->first));
        const bool same = now == slot->second;
        if (!same && !now.is_zero()) after.storage[slot->first] = now;
        changed = changed || !same;
        slot = same || slot->second.is_zero() ? before.storage.erase(slot) : std::next(slot);
      }
      if (changed) out.emplace(address, std::move(after));
      at = changed ? std::next(at) : pre_.erase(at);
    }
    return out;
  }

  static void write(codec::JsonWriter& out, const std::map<Address, Shown>& accounts) {
    out.open_object();
    for (const auto& [address, shown] : accounts) {
      out.key(codec::to_hex_data(address)).open_object();
      if (shown.balance) out.key("balance").quantity(to_hash(*shown.balance).view());
      if (shown.code && !shown.code->empty()) out.key("code").data(*shown.code);
      if (shown.nonce && *shown.nonce != 0) out.key("nonce").number(*shown.nonce);
      if (!shown.storage.empty()) {
        out.key("storage").open_object();
        for (const auto& [slot, value] : shown.storage) {
          out.key(codec::to_hex_data(slot)).data(to_hash(value));
        }
        out.close_object();
      }
      out.close_object();
    }
    out.close_object();
  }

  PrestateTracerOptions options_;
  TraceContext context_;
  std::map<Address, Shown> pre_;
  std::set<Address> created_;
};

}  // namespace

std::unique_ptr<TransactionTracer> make_prestate_tracer(const PrestateTracerOptions& options) {
  return std::make_unique<PrestateTracer>(options);
}

}  // namespace wusong::exec
