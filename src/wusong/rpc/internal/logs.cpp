// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/logs.hpp"

#include <algorithm>
#include <string>

#include "wusong/rpc/errors.hpp"
#include "wusong/rpc/internal/shapes.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;

constexpr std::size_t kTopicsMax = 4;

Answer<std::vector<Hash>> read_topic(JsonValue value, Place place, std::size_t limit) {
  std::vector<Hash> out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    WUSONG_ANSWER(const Hash topic, read_hash(value, place));
    out.push_back(topic);
    return out;
  }
  if (value.size() > limit)
    return refuse(err::limit_exceeded,
                  "filter has more than " + std::to_string(limit) + " topics at one place");
  for (const JsonValue& item : value.items()) {
    // A null among alternatives accepts anything, as geth has it.
    if (item.is_null()) return std::vector<Hash>{};
    WUSONG_ANSWER(const Hash topic, read_hash(item, place));
    out.push_back(topic);
  }
  return out;
}

Answer<std::vector<Address>> read_addresses(JsonValue value, Place place, std::size_t limit) {
  std::vector<Address> out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    WUSONG_ANSWER(const Address address, read_address(value, place));
    out.push_back(address);
    return out;
  }
  if (value.size() > limit)
    return refuse(err::limit_exceeded,
                  "filter has more than " + std::to_string(limit) + " addresses");
  for (const JsonValue& item : value.items()) {
    WUSONG_ANSWER(const Address address, read_address(item, place));
    out.push_back(address);
  }
  return out;
}

}  // namespace

bool LogCriteria::matches(const types::Log& log) const {
  if (!addresses.empty() && std::ranges::find(addresses, log.address) == addresses.end())
    return false;
  if (topics.size() > log.topics.size()) return false;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto& wanted = topics[i];
    if (!wanted.empty() && std::ranges::find(wanted, log.topics[i]) == wanted.end()) return false;
  }
  return true;
}

bool LogCriteria::may_match(const types::Bloom& bloom) const {
  const auto contains = [&](const auto& entry) { return types::bloom_may_contain(bloom, entry); };
  if (!addresses.empty() && std::ranges::none_of(addresses, contains)) return false;
  return std::ranges::all_of(topics, [&](const auto& wanted) {
    return wanted.empty() || std::ranges::any_of(wanted, contains);
  });
}

Answer<LogCriteria> read_criteria(JsonValue value, Place place, const Config& config) {
  if (!value.is_object()) return std::unexpected{bad_argument(place, "a filter object")};
  LogCriteria out;
  const auto hash = value.find("blockHash");
  const auto from = value.find("fromBlock");
  const auto to = value.find("toBlock");
  if (hash && !hash->is_null()) {
    if ((from && !from->is_null()) || (to && !to->is_null())) {
      return refuse(err::invalid_params,
                    "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
    }
    WUSONG_ANSWER(out.block_hash, read_hash(*hash, {place.index, "filter.blockHash"}));
  }
  if (from && !from->is_null()) {
    WUSONG_ANSWER(out.from, read_block(*from, {place.index, "filter.fromBlock"}));
  }
  if (to && !to->is_null()) {
    WUSONG_ANSWER(out.to, read_block(*to, {place.index, "filter.toBlock"}));
  }
  if (const auto address = value.find("address")) {
    WUSONG_ANSWER(out.addresses, read_addresses(*address, {place.index, "filter.address"},
                                                config.log_addresses_max));
  }
  const auto topics = value.find("topics");
  if (!topics || topics->is_null()) return out;
  const Place topics_place{place.index, "filter.topics"};
  if (!topics->is_array() || topics->size() > kTopicsMax)
    return std::unexpected{bad_argument(topics_place, "an array of at most 4 topics")};
  for (const JsonValue& item : topics->items()) {
    WUSONG_ANSWER(auto wanted, read_topic(item, topics_place, config.log_addresses_max));
    out.topics.push_back(std::move(wanted));
  }
  return out;
}

Answer<void> write_matching(codec::JsonWriter& out, const node::ExecutedBlock& block,
                            const LogCriteria& criteria, const Config& config, std::size_t& found) {
  std::size_t log_index = 0;
  for (std::size_t i = 0; i < block.receipts.size(); ++i) {
    for (const types::Log& log : block.receipts[i].logs) {
      const std::size_t index = log_index++;
      if (!criteria.matches(log)) continue;
      if (++found > config.log_results_max) {
        return refuse(err::limit_exceeded,
                      "query returned more than " + std::to_string(config.log_results_max) +
                          " results: narrow fromBlock and toBlock, or name address and topics; "
                          "the limit was reached in block " +
                          std::to_string(block.block.header.number.value));
      }
      write_log(out, block, i, log, index);
    }
  }
  return {};
}

Answer<void> write_logs(codec::JsonWriter& out, const node::Service& node, const Config& config,
                        const Ports& ports, const LogCriteria& criteria, Height first,
                        Height last) {
  last = std::min(last, node.heads().executed);
  if (first <= last && last.value - first.value >= config.log_range_max) {
    return refuse(err::limit_exceeded,
                  "block range of " + std::to_string(last.value - first.value + 1) +
                      " is above the limit of " + std::to_string(config.log_range_max) +
                      ": ask in pieces, first fromBlock " + std::to_string(first.value) +
                      " toBlock " + std::to_string(first.value + config.log_range_max - 1));
  }
  const Height oldest = node.heads().oldest_receipts;
  if (first <= last && std::max(first, Height{1}) < oldest) {
    return refuse(node::err::receipts_pruned,
                  "pruned: this node keeps receipts from block " + std::to_string(oldest.value) +
                      " on; ask with fromBlock " + std::to_string(oldest.value) +
                      ", or ask an archive node");
  }
  const Instant deadline = ports.now() + config.log_timeout;
  std::size_t found = 0;
  out.open_array();
  for (Height height = first; height <= last; height = height.next()) {
    const auto bloom = node.bloom(height);
    if (!bloom) return refuse(bloom.error());
    if (!criteria.may_match(*bloom)) continue;
    const auto block = node.block(height);
    if (!block) return refuse(block.error());
    if ((*block)->receipts_pruned()) return refuse(node::err::receipts_pruned);  // just now
    if (auto done = write_matching(out, **block, criteria, config, found); !done) return done;
    if (out.text().size() > config.response_bytes_max)
      return refuse(err::response_too_large,
                    "response too large: narrow fromBlock and toBlock; the limit was reached in "
                    "block " +
                        std::to_string(height.value));
    if (ports.now() > deadline)
      return refuse(err::timed_out,
                    "query timed out in block " + std::to_string(height.value) +
                        ": narrow fromBlock and toBlock, or name address and topics");
  }
  out.close_array();
  return {};
}

}  // namespace wusong::rpc
