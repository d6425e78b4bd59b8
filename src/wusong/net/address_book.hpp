// SPDX-License-Identifier: Apache-2.0
// The newest address record of each admitted node, so that knowing one node is enough to meet all.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "wusong/net/address_record.hpp"

namespace wusong::net {

/// Holds one record a node, for admitted nodes only. @thread none
class AddressBook {
 public:
  /// `genesis` is what records are signed over.
  explicit AddressBook(const Hash& genesis) : genesis_{genesis} {}

  /// Nodes whose records are kept; those of others go.
  void admit(std::vector<PeerKey> nodes);
  /// True when it is news, to be passed on. Records that are old, too far ahead, expired, or of
  /// nodes that are not admitted here (yet) are no news, and nobody's fault.
  /// @errors err::bad_address_record: the sender must have known
  [[nodiscard]] Result<bool> offer(const AddressRecord& record, UnixMillis now);
  /// Forgets what has expired.
  void expire(UnixMillis now);
  const AddressRecord* find(const PeerKey& node) const;
  std::vector<AddressRecord> all() const;

 private:
  Hash genesis_;
  std::vector<PeerKey> admitted_;  // sorted
  std::map<PeerKey, AddressRecord> records_;
};

}  // namespace wusong::net
