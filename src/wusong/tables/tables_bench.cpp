// SPDX-License-Identifier: Apache-2.0
// A large CSV through the confined program: how long its profile and its preview take.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "wusong/tables/runner.hpp"

namespace wusong::tables {
namespace {

/// Eleven columns of the kinds that cities publish, gone with the program.
class File {
 public:
  explicit File(std::uint64_t bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream out{path(), std::ios::binary};
    out << "编号,日期,区域,企业名称,金额,数量,经度,纬度,电话,是否有效,备注\n";
    constexpr const char* kAreas[] = {"福田区", "罗湖区", "南山区", "盐田区", "宝安区", "龙岗区"};
    std::uint64_t random = 7;
    std::uint64_t written = 0;
    for (std::uint64_t i = 0; written < bytes; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const std::uint64_t r = random >> 24;
      const std::string line = fmt::format(
          "{},{}-{:02}-{:02},{},深圳市第{}企业有限公司,{}.{:02},{},11{}.{:06},22.{:06},1{:010},{},{"
          "}\n",
          i, 2015 + r % 9, 1 + r % 12, 1 + r % 28, kAreas[r % 6], r % 500'000, r % 1'000'000,
          r % 100, r % 1'000, 3 + r % 2, r % 1'000'000, r % 999'983, r % 10'000'000'000,
          r % 10 == 0 ? "false" : "true", r % 2 == 0 ? "" : fmt::format("备注{}", r % 100));
      out << line;
      written += line.size();
    }
  }
  ~File() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return folder_ + "/file.csv"; }

 private:
  std::string folder_;
};

void ask(benchmark::State& state, const char* op) {
  constexpr std::uint64_t kSize = 1ull << 30;
  static const File file{kSize};
  Runner runner;
  runner.timeout = std::chrono::minutes{30};
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  runner.program = folder + "/wusong_duck";
  runner.library = Runner::find_library(folder);
  if (runner.library.empty()) return state.SkipWithError("DuckDB is missing: tools/duckdb/install");
  double cpu = 0;
  for (auto _ : state) {
    const auto answer = runner.ask(
        fmt::format(R"({{"op":"{}","input":{{"path":"{}"}}}})", op, file.path()), {file.path()});
    if (!answer.ok) state.SkipWithError(answer.json.c_str());
    cpu += answer.cpu_seconds;
  }
  state.counters["cpu_s"] = benchmark::Counter(cpu, benchmark::Counter::kAvgIterations);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kSize));
}
BENCHMARK_CAPTURE(ask, profile, "profile")
    ->Name("tables/profile/size:1GiB")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, preview, "preview")
    ->Name("tables/preview/size:1GiB")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wusong::tables
