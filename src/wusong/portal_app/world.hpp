// SPDX-License-Identifier: Apache-2.0
// Everything a portal process holds, opened in the right order.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "wusong/gateway/gateway.hpp"
#include "wusong/identity/real_name.hpp"
#include "wusong/io/blob_store.hpp"
#include "wusong/platform/io_mutex.hpp"
#include "wusong/platform/log.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal_app/config.hpp"
#include "wusong/portal_app/node.hpp"
#include "wusong/portal_app/tables.hpp"
#include "wusong/portal_app/web.hpp"

namespace wusong::portal_app {

/// Canonical texts out of the blob store.
class BlobDocuments final : public portal::DocumentSource {
 public:
  explicit BlobDocuments(io::BlobStore& blobs) : blobs_{&blobs} {}
  Result<std::optional<std::string>> document(const Hash& digest) override;

 private:
  io::BlobStore* blobs_;
};

struct RuleFiles {
  portal::RuleBook book;
  std::map<std::uint16_t, std::string> canonical;  // by pack: the text whose digest is sealed
  std::vector<portal::CalendarYear> years;
};
/// Every pack and calendar of a folder. @errors err::bad_config names file and place
[[nodiscard]] Outcome<RuleFiles> load_rules(const std::filesystem::path& folder);
/// The built web application; empty where the folder is not there.
gateway::WebApplication load_web(const std::filesystem::path& folder);

/// Databases by use; each call is a connection of its own.
struct PortalDatabases {
  std::unique_ptr<io::SqlDatabase> own;
  std::unique_ptr<io::SqlDatabase> projection;
  std::unique_ptr<io::SqlConnection> claim;  // holds the lock of who serves or rebuilds
};

class PortalWorld {
 public:
  /// Opens keys, databases, files and rules; creates what is missing. The chain is not asked. With
  /// the files it is alone: another process that has them is an error.
  /// @errors err::bad_config, platform's and io's rows
  [[nodiscard]] static Outcome<std::unique_ptr<PortalWorld>> open(const PortalConfig& config,
                                                                  bool with_blobs);
  /// A pair of connections that goes back to the pool when it goes.
  class Lease {
   public:
    Lease(PortalWorld& world, std::unique_ptr<io::SqlConnection> own,
          std::unique_ptr<io::SqlConnection> projection);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    gateway::Connections& connections() noexcept { return *connections_; }

   private:
    PortalWorld* world_;
    std::unique_ptr<io::SqlConnection> own_;
    std::unique_ptr<io::SqlConnection> projection_;
    std::unique_ptr<gateway::Connections> connections_;
  };
  /// @errors io's
  [[nodiscard]] Result<std::unique_ptr<Lease>> lease();
  gateway::Shared shared();
  /// What init has left; false where there is nothing yet.
  [[nodiscard]] Outcome<bool> load_chain();

  PortalConfig config;
  PortalChain chain;
  RuleFiles rules;
  PortalDatabases databases;
  std::unique_ptr<io::BlobStore> blobs;
  std::unique_ptr<PortalTables> tables;
  std::unique_ptr<gateway::ServerKeys> keys;
  std::unique_ptr<portal::AccessRules> access;
  std::unique_ptr<NodeChain> node;
  std::unique_ptr<platform::Logger> log;
  gateway::WebApplication web;
  gateway::Settings settings;
  identity::LocalIdentityCheck identity;
  platform::OsEntropy entropy;
  platform::IoMutex limiter_mutex;
  std::unique_ptr<gateway::Limiter> limiter;
  platform::IoMutex providers_mutex;
  std::unique_ptr<PortalWeb> elsewhere;
  std::unique_ptr<openid::Providers> providers;

 private:
  PortalWorld() = default;
  std::mutex mutex_;
  std::vector<std::pair<std::unique_ptr<io::SqlConnection>, std::unique_ptr<io::SqlConnection>>>
      idle_;
};

/// Forgets every derived table. @errors io's
[[nodiscard]] Outcome<void> drop_projection(const PortalConfig& config);

}  // namespace wusong::portal_app
