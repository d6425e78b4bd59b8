// SPDX-License-Identifier: Apache-2.0
// Catalogues of others become entries here, and ours theirs: one way of copying from one CKAN to
// another, deletes included. What is copied here is a draft: reviews come after (ADR 0011).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "wusong/harvest/errors.hpp"
#include "wusong/harvest/record.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::harvest {

struct HarvestReport {
  std::uint64_t seen{0};
  std::uint64_t created{0};
  std::uint64_t updated{0};
  std::uint64_t unchanged{0};
  std::uint64_t deleted{0};
  std::uint64_t refused{0};          // by the side that is written to; tried again next time
  std::vector<std::string> reasons;  // the first twenty
  bool complete{false};              // every record of the source was looked at
  std::string stopped;               // why not
};

struct HarvestOptions {
  bool dry_run{false};
  bool full{false};             // every record, not only what changed since the last complete run
  bool confirm_deletes{false};  // more than half of what was known may vanish at once
  std::stop_token stop{};
};

/// One run of at most an hour. Each record is remembered as soon as it is written, so a run that
/// was killed goes on where it was; two runs at once do no harm, as nothing is made twice.
/// @errors err::bad_config, err::bad_key_file (the token's), io's; what the sites say is in the
///         report
[[nodiscard]] Outcome<HarvestReport> run_harvest(const HarvestSource& source,
                                                 const OwnSite& own_site, io::SqlConnection& own,
                                                 const HarvestOptions& options);
std::string harvest_json(const HarvestSource& source, const HarvestReport& report, bool dry_run);

}  // namespace wusong::harvest
