// SPDX-License-Identifier: Apache-2.0
// What one request has read and may need again, and what a page needs in one statement a kind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/projection.hpp"

namespace wusong::gateway {

/// Items, actors, names and organisations. A request that may act remembers nothing but the titles
/// of organisations: its own act would change the rest.
/// @thread as its connections
class Known {
 public:
  static constexpr std::size_t kMost = 4'000;  // of a kind; the rest is read whenever it is asked

  Known(io::SqlConnection& own, io::SqlConnection& projection, bool remembers)
      : own_{&own}, projection_{&projection}, remembers_{remembers} {}

  /// @errors io's SQL rows, in all of them
  [[nodiscard]] Result<std::optional<portal::ItemRow>> item(const Hash& id);
  [[nodiscard]] Result<std::optional<portal::Actor>> actor(const Address& address);
  /// How an entry is opened.
  [[nodiscard]] Result<portal::OpeningType> opening(const Hash& entry);
  /// What the account of an address shows; empty where there is none.
  [[nodiscard]] Result<std::string> name(const Address& address);
  [[nodiscard]] Result<std::optional<portal::Organisation>> organisation(std::uint32_t id);
  /// Empty where there is none.
  [[nodiscard]] Result<portal::Text> organisation_title(std::uint32_t id);

  // Of a page, ahead: one statement each, for what is not known yet. Zeros are passed over.
  [[nodiscard]] Result<void> load_items(std::span<const Hash> ids);
  [[nodiscard]] Result<void> load_actors(std::span<const Address> addresses);
  [[nodiscard]] Result<void> load_openings(std::span<const Hash> entries);
  [[nodiscard]] Result<void> load_names(std::span<const Address> addresses);

 private:
  [[nodiscard]] Result<void> load_organisations();

  io::SqlConnection* own_;
  io::SqlConnection* projection_;
  bool remembers_;
  std::map<Hash, std::optional<portal::ItemRow>> items_;
  std::map<Address, std::optional<portal::Actor>> actors_;
  std::map<Hash, portal::OpeningType> openings_;
  std::map<Address, std::string> names_;
  std::optional<std::map<std::uint32_t, portal::ProjectionReader::NamedOrganisation>>
      organisations_;
};

}  // namespace wusong::gateway
