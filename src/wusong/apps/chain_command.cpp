// SPDX-License-Identifier: Apache-2.0
// `wusong chain export|import|verify`: a chain in a file (docs/chain-file.md).
#include "wusong/apps/node_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "wusong/apps/config.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/io/stage_timer.hpp"
#include "wusong/node/chain_import.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/ledger_blocks.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/operate/compression.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"
#include "wusong/platform/thread_pool.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/sync/errors.hpp"

namespace wusong::apps {
namespace {

/// The first byte of a range's payload: how the rest is written.
constexpr std::uint8_t kPlainRange = 0;
constexpr std::uint8_t kCompressedRange = 1;

/// Reads a chain's file frame by frame; every fault names its place.
class ChainReader {
 public:
  /// @errors err::not_found, sync's torn_frame and bad_frame
  [[nodiscard]] static Outcome<ChainReader> open(const std::filesystem::path& file);

  const sync::ChainFileHeader& header() const noexcept { return header_; }
  /// Where the next frame begins.
  std::uint64_t position() const noexcept { return position_; }
  std::uint64_t size() const noexcept { return size_; }

  struct Item {
    net::RangeResponse range;
    std::optional<net::EpochsResponse> epochs;  // instead of a range
    std::optional<Height> end;                  // likewise
  };
  /// @errors sync's torn_frame and bad_frame, operate's bad_compression
  [[nodiscard]] Outcome<Item> next();

 private:
  explicit ChainReader(const std::filesystem::path& file)
      : file_{file}, in_{file, std::ios::binary} {}
  /// The frame stays valid until the next one.
  Outcome<sync::FileFrame> frame();
  std::unexpected<Failure> fault(Error error, std::string_view what) const;

  std::filesystem::path file_;
  std::ifstream in_;
  std::uint64_t size_{0};
  std::uint64_t position_{0};
  Bytes buffer_;
  sync::ChainFileHeader header_;
};

Outcome<ChainReader> ChainReader::open(const std::filesystem::path& file) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(file, missing);
  ChainReader out{file};
  if (missing || !out.in_)
    return failure(err::not_found, fmt::format("{}: no such file, or not readable", file.string()));
  out.size_ = size;
  auto first = out.frame();
  if (!first) return std::unexpected{first.error()};
  const auto header = sync::decode_chain_file_header(first->payload);
  if (first->kind != sync::FrameKind::header || !header)
    return failure(sync::err::bad_frame,
                   fmt::format("{} is not a chain's file of this format; `wusong chain export` "
                               "makes one",
                               file.string()));
  out.header_ = *header;
  out.position_ = first->size;
  return out;
}

std::unexpected<Failure> ChainReader::fault(Error error, std::string_view what) const {
  return failure(error, fmt::format("{}: byte {}: {}", file_.string(), position_, what));
}

Outcome<sync::FileFrame> ChainReader::frame() {
  buffer_.resize(sync::kFileFrameHead);
  const auto read = [&](std::size_t from) {
    in_.read(reinterpret_cast<char*>(buffer_.data() + from),
             static_cast<std::streamsize>(buffer_.size() - from));
    return static_cast<bool>(in_);
  };
  if (!read(0))
    return fault(sync::err::torn_frame, "the file ends here, unfinished; export it again");
  const auto size = sync::frame_size(buffer_);
  if (!size) return fault(size.error(), "this is no chain's file, or not from here on");
  buffer_.resize(*size);
  if (!read(sync::kFileFrameHead))
    return fault(sync::err::torn_frame,
                 "the file ends in the middle of this frame; export it again");
  auto frame = sync::decode_frame(buffer_);
  if (!frame) return fault(frame.error(), "this frame is not what was written");
  return *frame;
}

Outcome<ChainReader::Item> ChainReader::next() {
  const auto frame = this->frame();
  if (!frame) return std::unexpected{frame.error()};
  Item out;
  if (frame->kind == sync::FrameKind::end) {
    const auto last = sync::decode_file_end(frame->payload);
    if (!last) return fault(last.error(), "the end does not decode");
    if (position_ + frame->size != size_)
      return fault(sync::err::bad_frame, "something follows the end");
    out.end = *last;
    position_ += frame->size;
    return out;
  }
  if (frame->kind == sync::FrameKind::epochs) {
    auto epochs = sync::decode_file_epochs(frame->payload);
    if (!epochs) return fault(epochs.error(), "the ends of epochs do not decode");
    out.epochs = *std::move(epochs);
    position_ += frame->size;
    return out;
  }
  if (frame->kind != sync::FrameKind::range || frame->payload.empty() ||
      frame->payload.front() > kCompressedRange)
    return fault(sync::err::bad_frame, "a range should be here");
  BytesView body = frame->payload.subspan(1);
  Bytes expanded;
  if (frame->payload.front() == kCompressedRange) {
    auto done = operate::expand(body, sync::kFilePayloadMax);
    if (!done) return fault(done.error(), "this range does not expand");
    expanded = *std::move(done);
    body = expanded;
  }
  auto range = sync::decode_file_range(body);
  if (!range) return fault(range.error(), "this range does not decode");
  out.range = *std::move(range);
  position_ += frame->size;
  return out;
}

struct Chain {
  node::Genesis genesis;
  Hash hash;
};

Outcome<Chain> load_chain(const std::filesystem::path& file) {
  auto genesis = load_genesis(file);
  if (!genesis) return std::unexpected{genesis.error()};
  state::MemoryState first;
  first.apply(node::genesis_state(*genesis));
  const Hash hash = types::hash_of(node::genesis_header(*genesis, first.root()));
  return Chain{.genesis = *std::move(genesis), .hash = hash};
}

/// What was done, for the last line.
struct Sum {
  Height first;
  Height last;
  std::uint64_t blocks{0};
  std::uint64_t transactions{0};
  std::uint64_t bytes{0};
  std::chrono::steady_clock::time_point begun{std::chrono::steady_clock::now()};

  double seconds() const {
    return std::max(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
                    0.001);
  }
};

void report(const Sum& sum, std::string_view done, const std::filesystem::path& file, bool json) {
  const double seconds = sum.seconds();
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("file").string(file.string());
    out.key("first").number(sum.first.value).key("last").number(sum.last.value);
    out.key("blocks").number(sum.blocks).key("transactions").number(sum.transactions);
    out.key("bytes").number(sum.bytes).key("seconds").number(seconds).close_object();
    say(out.take() + "\n");
    return;
  }
  say(fmt::format(
      "{} {}: {}, heights {} to {}, {}, {:.1f} MB in {:.1f} s ({:.0f} blocks/s, "
      "{:.1f} MB/s)\n",
      done, file.string(), counted(sum.blocks, "block"), sum.first.value, sum.last.value,
      counted(sum.transactions, "transaction"), static_cast<double>(sum.bytes) / 1e6, seconds,
      static_cast<double>(sum.blocks) / seconds, static_cast<double>(sum.bytes) / 1e6 / seconds));
}

/// Where a reader beside the node keeps its own log, gone with it.
struct ScratchFolder {
  explicit ScratchFolder(const std::filesystem::path& beside) : path{beside.string() + ".reader"} {
    std::error_code failed;  // the reader says what is wrong
    std::filesystem::create_directories(path, failed);
  }
  ~ScratchFolder() {
    std::error_code failed;  // an empty folder that stays harms nobody
    std::filesystem::remove_all(path, failed);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path path;
};

Failure explain(Error error, const std::filesystem::path& data) {
  if (error == Error{io::err::store_locked})
    return {error, fmt::format("{} is in use; stop the node first", data.string())};
  return {error, fmt::format("{} cannot be read", data.string())};
}

/// Appends frames and knows whether the disk took them.
class ChainWriter {
 public:
  explicit ChainWriter(const std::filesystem::path& file)
      : file_{file}, out_{file, std::ios::binary | std::ios::app} {}

  Outcome<void> frame(sync::FrameKind kind, BytesView payload) {
    const Bytes bytes = sync::encode_frame(kind, payload);
    out_.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return good();
  }
  Outcome<void> range(const net::RangeResponse& range) {
    const Bytes plain = sync::encode_file_range(range);
    Bytes payload{kPlainRange};
    if (const auto small = operate::compress(plain)) {
      payload.front() = kCompressedRange;
      append(payload, *small);
    } else {
      append(payload, plain);
    }
    return frame(sync::FrameKind::range, payload);
  }
  Outcome<void> finish() {
    out_.flush();
    return good();
  }

 private:
  Outcome<void> good() const {
    if (out_) return {};
    return failure(err::not_written, fmt::format("{}: cannot be written; is the disk full? Run the "
                                                 "same command again to go on",
                                                 file_.string()));
  }
  std::filesystem::path file_;
  std::ofstream out_;
};

/// Where an export begins: behind what an earlier one left.
struct Resumed {
  Height next;
  bool finished{false};
};

/// The header, and how the epochs ended that are over before the first block.
Outcome<void> begin_file(const std::filesystem::path& file, const sync::ChainFileHeader& header,
                         const storage::Ledger& ledger) {
  ChainWriter out{file};
  if (auto done = out.frame(sync::FrameKind::header, sync::encode(header)); !done) return done;
  net::EpochsRequest request;
  while (true) {
    auto epochs = node::serve_epochs(ledger, request);
    if (!epochs) return failure(epochs.error(), "ends of epochs cannot be read");
    std::erase_if(epochs->ends, [&](const net::EpochEnd& end) {
      const auto last = types::decode_header(end.header);
      return !last || last->number >= header.first;
    });
    if (epochs->ends.empty()) return out.finish();
    request.from += epochs->ends.size();
    if (auto done = out.frame(sync::FrameKind::epochs, sync::encode_file_epochs(*epochs)); !done)
      return done;
  }
}

Outcome<Resumed> resume(const std::filesystem::path& file, const sync::ChainFileHeader& wanted,
                        const storage::Ledger& ledger) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(file, missing);
  if (missing || size == 0) {
    if (auto begun = begin_file(file, wanted, ledger); !begun)
      return std::unexpected{begun.error()};
    return Resumed{.next = wanted.first};
  }
  auto reader = ChainReader::open(file);
  if (!reader) return std::unexpected{reader.error()};
  if (reader->header() != wanted)
    return failure(err::already_exists,
                   fmt::format("{} holds another chain or begins at another height ({}); name "
                               "another file",
                               file.string(), reader->header().first.value));
  Resumed out{.next = wanted.first};
  while (true) {
    const std::uint64_t whole = reader->position();
    auto item = reader->next();
    // What an interrupted write left is written again.
    const bool torn = !item && item.error().error == Error{sync::err::torn_frame};
    if (!item && !torn) return std::unexpected{item.error()};
    if (torn || item->end) {
      out.finished = !torn;
      const bool nothing = out.next == wanted.first;  // perhaps not all ends of epochs either
      std::error_code failed;
      std::filesystem::resize_file(file, nothing ? 0 : whole, failed);
      if (failed) return failure(err::not_written, file.string() + ": " + failed.message());
      if (nothing)
        if (auto begun = begin_file(file, wanted, ledger); !begun)
          return std::unexpected{begun.error()};
      return out;
    }
    if (item->epochs) continue;
    out.next = item->range.from.plus(item->range.blocks.size());
  }
}

Outcome<Sum> export_blocks(const ChainExport& options, const storage::Ledger& ledger,
                           const Chain& chain) {
  const Height oldest = std::max(ledger.kept().blocks, Height{1});
  const Height first = options.from == 0 ? oldest : Height{options.from};
  if (first < oldest)
    return failure(err::bad_argument,
                   fmt::format("--from {}: this node keeps whole blocks from {} on; export them "
                               "on an archive node",
                               first.value, oldest.value));
  const auto newest = ledger.last_certificate(storage::CertificateKind::finality);
  if (!newest) return failure(newest.error(), "certificates cannot be read");
  if (!*newest) return failure(err::not_found, "the chain has no final block yet");
  const Height last =
      options.to == 0 ? (*newest)->height : std::min(Height{options.to}, (*newest)->height);
  if (last < first)
    return failure(err::bad_argument,
                   fmt::format("there are no blocks from {} to {}", first.value, last.value));
  auto resumed =
      resume(options.file,
             {.chain_id = chain.genesis.chain_id, .genesis = chain.hash, .first = first}, ledger);
  if (!resumed) return std::unexpected{resumed.error()};
  ChainWriter out{options.file};
  Progress progress{"blocks"};
  Sum sum{.first = first, .last = resumed->next.minus(1)};
  for (Height next = resumed->next; next <= last;) {
    progress.at(next.value - first.value, last.value - first.value + 1);
    const auto count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(last.value - next.value + 1, net::kRangeBlocksMax));
    auto range =
        sync::serve_range(node::LedgerBlocks{ledger},
                          {.id = 0, .from = next, .count_max = count, .headers_only = false});
    if (!range) return failure(range.error(), fmt::format("height {}", next.value));
    if (range->blocks.empty()) break;  // no certificate above: the rest is not proven yet
    if (auto done = out.range(*range); !done) return std::unexpected{done.error()};
    for (const Bytes& block : range->blocks) sum.bytes += block.size();
    sum.blocks += range->blocks.size();
    next = next.plus(range->blocks.size());
    sum.last = next.minus(1);
  }
  if (auto done = out.frame(sync::FrameKind::end, sync::encode_file_end(sum.last)); !done)
    return std::unexpected{done.error()};
  if (auto done = out.finish(); !done) return std::unexpected{done.error()};
  return sum;
}

/// Reads a file from its first range to its end and says where something is wrong.
template <typename Take>
Outcome<Sum> follow(const std::filesystem::path& file, const Chain& chain, Take take) {
  auto reader = ChainReader::open(file);
  if (!reader) return std::unexpected{reader.error()};
  const sync::ChainFileHeader& header = reader->header();
  if (header.chain_id != chain.genesis.chain_id || header.genesis != chain.hash)
    return failure(sync::err::wrong_certificate,
                   fmt::format("{} is of another chain than the genesis file", file.string()));
  sync::ChainFollower follower{light::Follower{chain.hash, node::first_epoch(chain.genesis)},
                               header.first};
  Progress progress{"bytes"};
  Sum sum{.first = header.first, .last = header.first.minus(1)};
  while (true) {
    const std::uint64_t place = reader->position();
    progress.at(place, reader->size());
    auto item = reader->next();
    if (!item) return std::unexpected{item.error()};
    const auto at = [&](Error error, std::string_view mend) {
      return failure(error, fmt::format("{}: byte {}, height {}: {}", file.string(), place,
                                        follower.next().value, mend));
    };
    if (item->end) {
      if (*item->end != sum.last) return at(sync::err::bad_frame, "the end names another height");
      return sum;
    }
    if (item->epochs) {
      if (const auto known = follower.take(*item->epochs); !known)
        return at(known.error(), "an epoch did not end like this");
      continue;
    }
    if (const auto verified = follower.take(item->range); !verified)
      return at(verified.error(), "this is not what the validators made final");
    sum.blocks += item->range.blocks.size();
    sum.last = follower.next().minus(1);
    for (const Bytes& block : item->range.blocks) {
      sum.bytes += block.size();
      if (const auto parts = types::split_block(block))
        sum.transactions += parts->transactions.size();
    }
    if (const auto taken = take(std::move(item->range)); !taken)
      return at(taken.error(), "refused");
  }
}

Outcome<Sum> import_blocks(const ChainImportOptions& options, const NodeConfig& config) {
  auto chain = load_chain(config.genesis);
  if (!chain) return std::unexpected{chain.error()};
  std::error_code ignored;
  std::filesystem::create_directories(config.data, ignored);
  if (const auto format = platform::check_data_format(config.data); !format)
    return failure(format.error(), explain_data(format.error(), config.data, options.config));
  auto store = platform::open_rocks_store(config.data / "db");
  if (!store) return std::unexpected{explain(store.error(), config.data)};
  auto segments = platform::open_segment_files(config.data / "state");
  if (!segments) return std::unexpected{explain(segments.error(), config.data)};
  platform::ThreadPool workers{config.workers, 64};
  io::NoStageTimer timer;
  node::OpeningOptions opening;
  opening.state.history = config.state_history();
  auto opened = node::open_chain(chain->genesis, **store, **segments, timer, workers, opening);
  if (!opened) return std::unexpected{explain(opened.error(), config.data)};
  node::ChainImport import{*opened, workers};
  auto sum = follow(options.file, *chain,
                    [&](net::RangeResponse range) { return import.take(std::move(range)); });
  // Also what came before a place where something was wrong.
  if (const auto done = import.finish(); !done)
    return std::unexpected{explain(done.error(), config.data)};
  if (!sum) {
    Failure wrong = sum.error();
    wrong.detail += fmt::format("; imported up to height {}", import.head().value);
    return std::unexpected{std::move(wrong)};
  }
  return sum;
}

}  // namespace

int chain_export(const ChainExport& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  const auto chain = load_chain(config->genesis);
  if (!chain) return complain(chain.error());
  const ScratchFolder scratch{options.file};
  auto store = platform::open_rocks_reader(config->data / "db", scratch.path);
  if (!store) return complain(explain(store.error(), config->data));
  auto ledger = storage::Ledger::open(
      **store, {.chain_id = chain->genesis.chain_id, .genesis_hash = chain->hash});
  if (!ledger) return complain(explain(ledger.error(), config->data));
  const auto sum = export_blocks(options, **ledger, *chain);
  if (!sum) return complain(sum.error());
  report(*sum, "exported to", options.file, options.json);
  return 0;
}

int chain_import(const ChainImportOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return complain(config.error());
  const auto sum = import_blocks(options, *config);
  if (!sum) return complain(sum.error());
  report(*sum, "imported", options.file, options.json);
  return 0;
}

int chain_verify(const ChainVerify& options) {
  const auto chain = load_chain(options.genesis);
  if (!chain) return complain(chain.error());
  platform::ThreadPool workers{std::max(1u, std::thread::hardware_concurrency()) - 1, 64};
  const auto sum =
      follow(options.file, *chain, [&](const net::RangeResponse& range) -> Result<void> {
        std::vector<Result<void>> fits(range.blocks.size());
        workers.for_each(range.blocks.size(), [&](std::size_t i) {
          const auto block =
              types::decode_block(range.blocks[i]);  // compares the transactions root
          if (!block) fits[i] = fail(block.error());
        });
        for (const Result<void>& each : fits) WUSONG_CHECK(each);
        return {};
      });
  if (!sum) return complain(sum.error());
  report(*sum, "verified", options.file, options.json);
  return 0;
}

}  // namespace wusong::apps
