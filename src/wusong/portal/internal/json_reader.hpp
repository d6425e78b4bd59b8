// SPDX-License-Identifier: Apache-2.0
// Reads JSON strictly: each look-up knows its place, and the first fault is kept with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal::internal {

/// The first fault of a reading; later ones are consequences.
class FaultSink {
 public:
  explicit FaultSink(Error error) : error_{error} {}
  void report(std::string place, std::string_view zh, std::string_view en) {
    if (!fault_) fault_ = Fault{error_, std::move(place), {std::string{zh}, std::string{en}}};
  }
  bool ok() const noexcept { return !fault_; }
  std::unexpected<Fault> take() { return std::unexpected{std::move(*fault_)}; }

 private:
  Error error_;
  std::optional<Fault> fault_;
};

/// A value with its place.
struct Placed {
  codec::JsonValue value;
  std::string place;
  FaultSink* sink;

  void fault(std::string_view zh, std::string_view en) const { sink->report(place, zh, en); }
  std::string inside(std::string_view name) const {
    return place.empty() ? std::string{name} : place + "." + std::string{name};
  }
  /// Reports every member of an object that is not in `known`, and one that stands twice.
  void only(std::initializer_list<std::string_view> known) const {
    if (!value.is_object()) return fault("应为对象", "write an object here");
    std::vector<std::string_view> seen;
    for (const auto& [name, member] : value.members()) {
      bool is_known = false;
      for (const std::string_view one : known) is_known = is_known || one == name;
      if (!is_known)
        sink->report(inside(name), "没有这个成员，请删除", "no such member: remove it");
      for (const std::string_view one : seen)
        if (one == name) sink->report(inside(name), "成员重复", "this member stands twice");
      seen.push_back(name);
    }
  }
  std::optional<Placed> maybe(std::string_view name) const {
    const auto found = value.find(name);
    if (!found || found->is_null()) return std::nullopt;
    return Placed{*found, inside(name), sink};
  }
  Placed at(std::string_view name) const {
    const auto found = value.find(name);
    if (!found) sink->report(inside(name), "缺少此成员", "this member is missing");
    return {found.value_or(codec::JsonValue{}), inside(name), sink};
  }
  std::vector<Placed> items() const {
    if (!value.is_array()) fault("应为数组", "write an array here");
    std::vector<Placed> out;
    std::size_t i = 0;
    for (const codec::JsonValue& item : value.items())
      out.push_back({item, place + "[" + std::to_string(i++) + "]", sink});
    return out;
  }
  std::string string() const {
    const auto text = value.string();
    if (!text) fault("应为字符串", "write a string here");
    return std::string{text.value_or(std::string_view{})};
  }
  /// A string that is not empty.
  std::string name() const {
    std::string out = string();
    if (out.empty()) fault("不能为空", "must not be empty");
    return out;
  }
  std::uint64_t number(std::uint64_t min, std::uint64_t max) const {
    const auto out = value.u64();
    if (!out || *out < min || *out > max) {
      fault("应为 " + std::to_string(min) + " 至 " + std::to_string(max) + " 的整数",
            "write an integer from " + std::to_string(min) + " to " + std::to_string(max));
      return min;
    }
    return *out;
  }
  bool boolean() const {
    const auto out = value.boolean();
    if (!out) fault("应为 true 或 false", "write true or false");
    return out.value_or(false);
  }
  /// Both languages.
  Text text() const {
    only({"zh", "en"});
    return {at("zh").name(), at("en").name()};
  }
};

}  // namespace wusong::portal::internal
