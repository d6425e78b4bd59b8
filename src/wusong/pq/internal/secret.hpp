// SPDX-License-Identifier: Apache-2.0
// Memory that is overwritten when it goes.
#pragma once

#include <sodium.h>

#include <array>
#include <type_traits>
#include <vector>

namespace wusong::pq::internal {

template <typename T>
class Wiped {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Wiped() = default;
  explicit Wiped(const T& value) noexcept : value_{value} {}
  ~Wiped() { sodium_memzero(&value_, sizeof(value_)); }
  Wiped(const Wiped&) = default;
  Wiped& operator=(const Wiped&) = default;
  T& operator*() noexcept { return value_; }
  const T& operator*() const noexcept { return value_; }
  T* operator->() noexcept { return &value_; }
  const T* operator->() const noexcept { return &value_; }

 private:
  T value_{};
};

/// Of a length fixed at the start, so that no copy is left behind by growing.
template <typename T>
class WipedVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit WipedVector(std::size_t count) : items_(count) {}
  ~WipedVector() { wipe(); }
  WipedVector(WipedVector&& other) noexcept : items_{std::move(other.items_)} {
    other.items_.clear();
  }
  WipedVector& operator=(WipedVector&& other) noexcept {
    if (this != &other) {
      wipe();
      items_ = std::move(other.items_);
      other.items_.clear();
    }
    return *this;
  }
  WipedVector(const WipedVector&) = delete;
  WipedVector& operator=(const WipedVector&) = delete;
  T* data() noexcept { return items_.data(); }
  const T* data() const noexcept { return items_.data(); }
  T& operator[](std::size_t i) noexcept { return items_[i]; }
  const T& operator[](std::size_t i) const noexcept { return items_[i]; }

 private:
  void wipe() noexcept {
    if (!items_.empty()) sodium_memzero(items_.data(), items_.size() * sizeof(T));
  }
  std::vector<T> items_;
};

}  // namespace wusong::pq::internal
