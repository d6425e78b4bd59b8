// SPDX-License-Identifier: Apache-2.0
// Hash tables for look-ups. Their order means nothing: never iterate one where replicas must agree.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "wusong/base/bytes.hpp"

namespace wusong {

/// References into it die at the next insertion.
template <typename Key, typename Value, typename Hasher = FixedBytesHash>
using HashMap = boost::unordered_flat_map<Key, Value, Hasher>;

template <typename Key, typename Hasher = FixedBytesHash>
using HashSet = boost::unordered_flat_set<Key, Hasher>;

}  // namespace wusong
