// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/internal/desk.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "wusong/emulator/errors.hpp"
#include "wusong/emulator/tunnel.hpp"

namespace wusong::emulator::internal {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using Millis = duration<double, std::milli>;

constexpr double kDelayMsMax = duration_cast<Millis>(wan::kRttMax).count() / 2;
constexpr double kMbitMax = 1e6;

Result<std::optional<double>> number_in(const codec::JsonValue& request, std::string_view key,
                                        double max) {
  const auto member = request.find(key);
  if (!member) return std::optional<double>{};
  const auto number = member->number();
  if (!number || !(*number >= 0 && *number <= max)) return fail(err::bad_request);
  return std::optional<double>{*number};
}

Result<std::optional<bool>> flag_in(const codec::JsonValue& request, std::string_view key) {
  const auto member = request.find(key);
  if (!member) return std::optional<bool>{};
  const auto flag = member->boolean();
  if (!flag) return fail(err::bad_request);
  return std::optional<bool>{*flag};
}

Duration from_ms(double ms) {
  return std::chrono::microseconds{std::llround(ms * 1000)};
}

struct PathChange {
  std::optional<double> delay_ms;
  std::optional<double> jitter_ms;
  std::optional<double> loss_permille;
  std::optional<double> mbit_s;
  std::optional<bool> cut;

  bool empty() const { return !delay_ms && !jitter_ms && !loss_permille && !mbit_s && !cut; }
  wan::Path applied_to(wan::Path path) const {
    const Duration jitter = jitter_ms ? from_ms(*jitter_ms) : path.delay_p90 - path.delay_p50;
    if (delay_ms) path.delay_p50 = from_ms(*delay_ms);
    path.delay_p90 = path.delay_p50 + jitter;
    if (loss_permille)
      path.loss_ppm = static_cast<std::uint32_t>(std::llround(*loss_permille * 1e3));
    if (mbit_s) path.bytes_per_second = static_cast<std::uint64_t>(std::llround(*mbit_s * 125'000));
    if (cut) path.cut = *cut;
    return path;
  }
};

Result<PathChange> change_in(const codec::JsonValue& request) {
  PathChange out;
  WUSONG_TRY(out.delay_ms, number_in(request, "delay_ms", kDelayMsMax));
  WUSONG_TRY(out.jitter_ms, number_in(request, "jitter_ms", kDelayMsMax));
  WUSONG_TRY(out.loss_permille, number_in(request, "loss_permille", 1'000));
  WUSONG_TRY(out.mbit_s, number_in(request, "mbit_s", kMbitMax));
  WUSONG_TRY(out.cut, flag_in(request, "cut"));
  if (out.empty()) return fail(err::bad_request);
  return out;
}

}  // namespace

Reply Desk::answer(std::string_view request) {
  const auto document = codec::JsonDocument::parse(request);
  auto decided = document ? decide(document->root()) : Result<Reply>{fail(err::bad_request)};
  if (decided) return *std::move(decided);
  codec::JsonWriter out;
  out.open_object().key("error").string(decided.error().name()).close_object();
  return {.text = out.take(), .attach = {}, .end = false};
}

Result<Reply> Desk::decide(const codec::JsonValue& request) {
  const auto op = request.string_at("op");
  if (!op) return fail(err::bad_request);
  Reply out{.text = "{}", .attach = {}, .end = *op == "end"};
  if (*op == "end") return out;
  if (*op == "join" || *op == "attach" || *op == "paths") {
    WUSONG_TRY(const std::size_t node, node_in(request));
    if (*op == "join") out.text = joined(node);
    if (*op == "paths") out.text = paths_of(node);
    if (*op == "attach") out.attach = node;
    return out;
  }
  if (*op == "partition") {
    WUSONG_CHECK(partition(request));
  } else if (*op == "set") {
    WUSONG_CHECK(change(request));
  } else if (*op == "heal") {
    board_.network().restore();
  } else if (*op == "status") {
    out.text = status();
  } else {
    return fail(err::bad_request);
  }
  return out;
}

Result<std::size_t> Desk::node_in(const codec::JsonValue& request) const {
  const auto name = request.string_at("node");
  if (!name) return fail(err::bad_request);
  const auto found = std::ranges::find(places_, *name, &Place::name);
  if (found == places_.end()) return fail(err::unknown_node);
  return static_cast<std::size_t>(found - places_.begin());
}

Result<std::vector<std::size_t>> Desk::meant_by(const codec::JsonValue& request,
                                                std::string_view key) const {
  const auto name = request.string_at(key);
  if (!name) return fail(err::bad_request);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (*name == "*" || places_[i].name == *name || places_[i].region == *name) out.push_back(i);
  if (out.empty()) return fail(err::unknown_node);
  return out;
}

/// The named nodes on one side, the others on the other; what was cut before is mended.
Result<void> Desk::partition(const codec::JsonValue& request) {
  const auto list = request.find("nodes");
  if (!list || !list->is_array()) return fail(err::bad_request);
  std::vector<bool> side(places_.size());
  for (const codec::JsonValue& item : list->items()) {
    const auto name = item.string();
    if (!name) return fail(err::bad_request);
    const auto found = std::ranges::find(places_, *name, &Place::name);
    if (found == places_.end()) return fail(err::unknown_node);
    side[static_cast<std::size_t>(found - places_.begin())] = true;
  }
  for (std::size_t from = 0; from < places_.size(); ++from) {
    for (std::size_t to = 0; to < places_.size(); ++to) {
      wan::Path path = board_.network().path(from, to);
      path.cut = side[from] != side[to];
      board_.network().set(from, to, path);
    }
  }
  return {};
}

Result<void> Desk::change(const codec::JsonValue& request) {
  WUSONG_TRY(const auto from, meant_by(request, "from"));
  WUSONG_TRY(const auto to, meant_by(request, "to"));
  WUSONG_TRY(const auto both, flag_in(request, "both"));
  WUSONG_TRY(const PathChange change, change_in(request));
  wan::Network& network = board_.network();
  for (const std::size_t a : from) {
    for (const std::size_t b : to) {
      if (a == b) continue;
      network.set(a, b, change.applied_to(network.path(a, b)));
      if (both.value_or(false)) network.set(b, a, change.applied_to(network.path(b, a)));
    }
  }
  return {};
}

std::string Desk::joined(std::size_t node) const {
  codec::JsonWriter out;
  out.open_object().key("node").number(std::uint64_t{node}).key("addresses").open_array();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    out.open_object().key("name").string(places_[i].name);
    out.key("address").string(address_of(i)).close_object();
  }
  return out.close_array().close_object().take();
}

std::string Desk::status() const {
  codec::JsonWriter out;
  out.open_object().key("queuedBytes").number(std::uint64_t{board_.queued_bytes()});
  out.key("overflowed").number(board_.overflowed()).key("refused").number(board_.refused());
  out.key("nodes").open_array();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    out.open_object().key("name").string(places_[i].name).key("region").string(places_[i].region);
    out.key("address").string(address_of(i));
    out.key("pid").number(static_cast<std::uint64_t>(places_[i].pid)).key("cutFrom").open_array();
    for (std::size_t to = 0; to < places_.size(); ++to)
      if (board_.network().path(i, to).cut) out.string(places_[to].name);
    out.close_array().close_object();
  }
  return out.close_array().close_object().take();
}

std::string Desk::paths_of(std::size_t from) const {
  const auto ms = [](Duration duration) { return duration_cast<Millis>(duration).count(); };
  codec::JsonWriter out;
  out.open_object().key("paths").open_array();
  for (std::size_t to = 0; to < places_.size(); ++to) {
    if (to == from) continue;
    const wan::Path& path = board_.network().path(from, to);
    const wan::PathCounters& counters = board_.network().counters(from, to);
    out.open_object().key("to").string(places_[to].name);
    out.key("delayMs").number(ms(path.delay_p50));
    out.key("jitterMs").number(ms(path.delay_p90 - path.delay_p50));
    out.key("lossPermille").number(static_cast<double>(path.loss_ppm) / 1e3);
    out.key("mbitS").number(static_cast<double>(path.bytes_per_second) / 125e3);
    out.key("cut").boolean(path.cut).key("passed").number(counters.passed);
    out.key("lost").number(counters.lost).key("dropped").number(counters.dropped);
    out.key("cutOff").number(counters.cut_off).close_object();
  }
  return out.close_array().close_object().take();
}

}  // namespace wusong::emulator::internal
