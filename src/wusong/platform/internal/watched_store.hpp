// SPDX-License-Identifier: Apache-2.0
// A store whose damage is reported, whoever meets it and whatever they make of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "wusong/io/kv_store.hpp"

namespace wusong::platform::internal {

/// Passes everything on; `on_damage` hears of each read that failed, before its caller does.
class WatchedStore final : public io::KvStore {
 public:
  WatchedStore(std::unique_ptr<io::KvStore> store, std::function<void(Error)> on_damage)
      : store_{std::move(store)}, on_damage_{std::move(on_damage)} {}

  Result<std::optional<Bytes>> get(io::Column column, BytesView key) const override {
    auto found = store_->get(column, key);
    if (!found) on_damage_(found.error());
    return found;
  }
  Result<void> write(const io::WriteBatch& batch, io::Durability durability) override {
    return store_->write(batch, durability);
  }
  Result<void> scan(io::Column column, BytesView from, BytesView to, bool reverse,
                    const std::function<bool(BytesView, BytesView)>& visit) const override {
    auto done = store_->scan(column, from, to, reverse, visit);
    if (!done) on_damage_(done.error());
    return done;
  }

 private:
  std::unique_ptr<io::KvStore> store_;
  std::function<void(Error)> on_damage_;
};

}  // namespace wusong::platform::internal
