// SPDX-License-Identifier: Apache-2.0
// Asks the program itself, confined as it always is; skipped where DuckDB's library is missing.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/tables/child_process.hpp"
#include "wusong/tables/runner.hpp"

namespace wusong::tables {
namespace {

class Tables : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
    runner_.program = folder + "/wusong_duck";
    runner_.library = Runner::find_library(folder);
    if (runner_.library.empty()) GTEST_SKIP() << "DuckDB is not installed: tools/duckdb/install";
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string file(const std::string& content) {
    std::string path = fmt::format("{}/f{}", folder_, ++files_);
    std::ofstream{path, std::ios::binary} << content;
    return path;
  }
  /// `rest` are more members of the request.
  codec::JsonValue ask(const std::string& op, const std::string& path, const std::string& rest = "",
                       const std::string& more_input = "") {
    const std::string request =
        fmt::format(R"({{"op":"{}","input":{{"path":"{}"{}{}}}{}{}}})", op, path,
                    more_input.empty() ? "" : ",", more_input, rest.empty() ? "" : ",", rest);
    std::filesystem::create_directories(folder_ + "/out");
    last_ = runner_.ask(request, {path}, {folder_ + "/out"});
    document_.emplace(std::move(*codec::JsonDocument::parse(last_.json)));
    return document_->root();
  }
  std::string refusal(const codec::JsonValue& answer) {
    EXPECT_FALSE(last_.ok) << last_.json.substr(0, 300);
    const auto error = answer.find("error");
    if (!error) return {};
    EXPECT_FALSE(error->find("message")->string_at("zh")->empty());
    EXPECT_FALSE(error->find("message")->string_at("en")->empty());
    return std::string{*error->string_at("code")};
  }
  codec::JsonValue column(const codec::JsonValue& profile, std::string_view name) {
    const auto columns = profile.find("columns");
    for (const auto& one : columns ? columns->items() : std::vector<codec::JsonValue>{})
      if (one.string_at("name") == name) return one;
    ADD_FAILURE() << "no column " << name << " in " << last_.json;
    return {};
  }
  static std::int64_t number(const codec::JsonValue& from, std::string_view key) {
    const auto found = from.find(key);
    return found ? found->i64().value_or(-1) : -1;
  }
  std::string text(const codec::JsonValue& from, std::string_view key) {
    return std::string{from.string_at(key).value_or("")};
  }
  std::string rows(const codec::JsonValue& answer) {
    const auto found = answer.find("rows");
    return found ? found->to_json() : last_.json;
  }
  std::string read(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  std::string out(const std::string& name) { return folder_ + "/out/" + name; }

  Runner runner_;
  Runner::Answer last_;
  std::optional<codec::JsonDocument> document_;
  std::string folder_;
  int files_{0};
};

const std::string kPeople =
    "name,area,age,phone,paid,code,joined\n"
    "张三,福田区,31,13800138000,10.50,007,2020-01-05\n"
    "李四,福田区,35,13900139000,20.25,012,2020-02-06\n"
    "王五,南山区,38,13700137000,,100,2021-03-07\n"
    "\"Smith, \"\"J\"\"\",南山区,52,13600136000,-3,101,2022-04-08\n";

// @row 15
TEST_F(Tables, ProfilesEveryColumn) {
  const auto profile = ask("profile", file(kPeople));
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(number(profile, "rows"), 4);
  EXPECT_EQ(number(profile, "rejected"), 0);
  const auto area = column(profile, "area");
  EXPECT_EQ(text(area, "type"), "VARCHAR");
  EXPECT_EQ(number(area, "distinct"), 2);
  EXPECT_EQ(area.find("top")->to_json(),
            R"([{"value":"南山区","count":2},{"value":"福田区","count":2}])");
  const auto age = column(profile, "age");
  EXPECT_EQ(text(age, "type"), "BIGINT");
  EXPECT_EQ(text(age, "min") + text(age, "max"), "3152");
  EXPECT_EQ(*age.find("mean")->number(), 39.0);
  EXPECT_EQ(age.find("histogram")->find("counts")->size(), 20u);
  EXPECT_EQ(number(column(profile, "paid"), "nulls"), 1);
  EXPECT_EQ(text(column(profile, "paid"), "type"), "DOUBLE");
  EXPECT_EQ(text(column(profile, "joined"), "type"), "DATE");
  EXPECT_EQ(text(column(profile, "code"), "type"), "VARCHAR") << "a number would lose its zeros";
  EXPECT_EQ(last_.held & kUsualProtections, kUsualProtections);
}

// @row 15
TEST_F(Tables, TypesSuitTheLastRowToo) {
  std::string content = "whole,day,part\n";
  for (int i = 0; i < 60'000; ++i)
    content += fmt::format("{},2024-01-{:02},{}\n", i, i % 28 + 1, i);
  const auto profile = ask("profile", file(content + "n/a,2024-01-01 12:00:00,0.5\n"));
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(text(column(profile, "whole"), "type"), "VARCHAR");
  EXPECT_EQ(column(profile, "whole").find("nearly")->to_json(),
            R"({"type":"BIGINT","exceptions":1})");
  EXPECT_EQ(text(column(profile, "part"), "type"), "DOUBLE");
  EXPECT_EQ(number(profile, "rows"), 60'001);
}

// @row 15
TEST_F(Tables, PreviewsAndAnswersQuestions) {
  const std::string path = file(kPeople);
  EXPECT_EQ(rows(ask("preview", path, R"("limit":1)")),
            R"([["张三","福田区","31","13800138000","10.50","007","2020-01-05"]])");
  EXPECT_EQ(rows(ask("query", path,
                     R"("select":["name","age"],"filters":[{"column":"age","op":">=","value":35},
                        {"column":"joined","op":"<","value":"2022-01-01"}],
                        "order":[{"column":"age","descending":true}])")),
            R"([["王五",38],["李四",35]])");
  const auto grouped = ask("query", path,
                           R"("group_by":["area"],"aggregates":[{"function":"count"},
                              {"function":"sum","column":"age"},{"function":"max","column":"joined"}],
                              "order":[{"column":"area"}],"total":true)");
  EXPECT_EQ(rows(grouped), R"([["南山区",2,90,"2022-04-08"],["福田区",2,66,"2020-02-06"]])");
  EXPECT_EQ(number(grouped, "total"), 2);
  EXPECT_EQ(
      rows(ask(
          "query", path,
          R"("select":["name"],"filters":[{"column":"name","op":"contains","value":"SMITH"}])")),
      R"([["Smith, \"J\""]])");
  EXPECT_EQ(rows(ask("query", path, R"("select":["age"],"limit":2,"offset":2)")), "[[38],[52]]");
  EXPECT_EQ(rows(ask("query", path, R"("aggregates":[{"function":"count"}],"total":true)")),
            "[[4]]");
}

TEST_F(Tables, AnswersUseTypesThatSuitEveryRow) {
  std::string content = "n,t\n";
  for (int i = 0; i < 30'000; ++i) content += fmt::format("{},x\n", i);
  const std::string path = file(content + "late,Needle\n");
  const auto found = ask("query", path, R"("search":"needle","total":true)");
  EXPECT_EQ(rows(found), R"([["late","Needle"]])") << "no value is lost to a guess";
  EXPECT_EQ(found.find("columns")->to_json(),
            R"([{"name":"n","type":"VARCHAR"},{"name":"t","type":"VARCHAR"}])");
  EXPECT_EQ(number(found, "total"), 1);
  const auto given =
      ask("query", path, R"("select":["n"],"order":[{"column":"n","descending":true}],"limit":1)",
          R"("types":{"n":"BIGINT"})");
  EXPECT_EQ(rows(given), "[[29999]]") << "types that are given are kept";
  EXPECT_EQ(refusal(ask("query", path, R"("group_by":["t"],"order":[{"column":"n"}])")),
            "bad_request");
}

// @row 15
TEST_F(Tables, VersionsAreCompared) {
  const std::string before = file("id,kind,n\n1,a,5\n2,b,6\n3,c,7\n");
  const std::string after = file("id,n,place\n1,5,x\n2,9,y\n4,8,z\n");
  const auto compare = [&](const std::string& rest) {
    last_ = runner_.ask(
        fmt::format(R"({{"op":"diff","input":{{"path":"{}"}},"other":{{"path":"{}"}}{}}})", before,
                    after, rest),
        {before, after});
    document_.emplace(std::move(*codec::JsonDocument::parse(last_.json)));
    return document_->root();
  };
  const auto plain = compare("");
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(plain.find("rows")->to_json(), R"({"before":3,"after":3})");
  EXPECT_EQ(
      plain.find("columns")->to_json(),
      R"({"added":[{"name":"place","type":"VARCHAR"}],"removed":[{"name":"kind","type":"VARCHAR"}],"retyped":[]})");
  EXPECT_FALSE(plain.find("changes").has_value());
  const auto keyed = compare(R"(,"key":["id"])");
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(
      keyed.find("changes")->to_json(),
      R"({"key":["id"],"added":1,"removed":1,"changed":1,"examples":[)"
      R"({"change":"changed","key":["2"],"values":[{"column":"n","before":"6","after":"9"}]},)"
      R"({"change":"removed","key":["3"],"values":[{"column":"n","before":"7"}]},)"
      R"({"change":"added","key":["4"],"values":[{"column":"n","after":"8"}]}]})");
  EXPECT_EQ(refusal(compare(R"(,"key":["place"])")), "no_such_column");
  const auto twice = runner_.ask(
      fmt::format(
          R"({{"op":"diff","input":{{"path":"{0}"}},"other":{{"path":"{0}"}},"key":["a"]}})",
          file("a\n1\n1\n")),
      {folder_});
  EXPECT_NE(twice.json.find("not_a_key"), std::string::npos) << twice.json;
}

TEST_F(Tables, QuestionsCarryNoSql) {
  const std::string path = file(kPeople);
  EXPECT_EQ(refusal(ask("query", path, R"("select":["1; DROP TABLE x"])")), "no_such_column");
  EXPECT_EQ(
      refusal(ask("query", path, R"("filters":[{"column":"age","op":"= 1 OR 1 =","value":1}])")),
      "bad_request");
  EXPECT_EQ(
      refusal(ask("query", path, R"("filters":[{"column":"age","op":"=","value":"1 OR true"}])")),
      "bad_value");
  EXPECT_EQ(
      rows(ask("query", path,
               R"("select":["age"],"filters":[{"column":"area","op":"=","value":"' OR ''='"}])")),
      "[]");
  EXPECT_EQ(
      refusal(ask("query", path, R"("aggregates":[{"function":"read_text","column":"age"}])")),
      "bad_request");
  // A column may have any name at all.
  EXPECT_EQ(rows(ask("query", file("\"a\"\"; DROP TABLE x; --\",b'c\n1,2\n"),
                     R"("filters":[{"column":"b'c","op":"=","value":2}])")),
            "[[1,2]]");
}

TEST_F(Tables, OnlyTheGivenFileIsRead) {
  EXPECT_EQ(refusal(ask("preview", "/etc/passwd' , '/etc/shadow")), "unreadable");
  runner_.library = std::filesystem::canonical(runner_.library);
  const std::string secret = file("a,b\n1,2\n");
  const auto answer =
      runner_.ask(fmt::format(R"({{"op":"preview","input":{{"path":"{}"}}}})", secret), {});
  if ((answer.held & kFiles) != 0) {
    EXPECT_NE(answer.json.find("unreadable"), std::string::npos) << "no one allowed that path";
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/stolen.csv"));
  const auto elsewhere = runner_.ask(
      fmt::format(
          R"({{"op":"convert","input":{{"path":"{}"}},"output":{{"path":"/tmp/stolen.csv","format":"csv"}}}})",
          secret),
      {secret});
  if ((elsewhere.held & kFiles) != 0) {
    EXPECT_FALSE(elsewhere.ok);
    EXPECT_FALSE(std::filesystem::exists("/tmp/stolen.csv"));
  }
}

TEST_F(Tables, ConvertsToParquetAndBack) {
  const auto made = ask("convert", file(kPeople),
                        fmt::format(R"("output":{{"path":"{}","format":"parquet"}})", out("p")));
  ASSERT_TRUE(last_.ok) << last_.json;
  const auto output = *made.find("output");
  EXPECT_EQ(number(output, "rows"), 4);
  const std::string bytes = read(out("p"));
  EXPECT_EQ(number(output, "size"), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ("0x" + text(output, "sha256"), [&] {
    std::string hex = "0x";
    for (const auto byte : hash::sha256(as_bytes(bytes)).bytes) hex += fmt::format("{:02x}", byte);
    return hex;
  }());
  const auto profile = ask("profile", out("p"));
  EXPECT_EQ(text(profile, "format"), "parquet");
  EXPECT_EQ(text(column(profile, "age"), "type"), "BIGINT");
  EXPECT_EQ(text(column(profile, "joined"), "type"), "DATE");
  EXPECT_EQ(rows(ask("query", out("p"), R"("select":["joined","paid"],"limit":3)")),
            R"([["2020-01-05",10.5],["2020-02-06",20.25],["2021-03-07",null]])");
  ask("convert", out("p"), fmt::format(R"("output":{{"path":"{}","format":"csv"}})", out("c")));
  EXPECT_EQ(read(out("c")).substr(0, 37), "name,area,age,phone,paid,code,joined\n");
  ask("convert", out("p"), fmt::format(R"("output":{{"path":"{}","format":"json"}})", out("j")));
  const auto objects = codec::JsonDocument::parse(read(out("j")));
  ASSERT_TRUE(objects.has_value()) << last_.json;
  EXPECT_EQ(objects->root().items().at(0).find("age")->to_json(), "31");
  EXPECT_EQ(refusal(ask("convert", out("p"),
                        fmt::format(R"("output":{{"path":"{}","format":"csv"}})", out("c")))),
            "bad_request")
      << "nothing is overwritten";
}

TEST_F(Tables, FormulasAreCountedAndMadeHarmless) {
  const std::string path = file("=a,b\n=1+1,-5\n@SUM(A1),7\nplain,8\n+1,9\n＝1,2\n");
  EXPECT_EQ(number(column(ask("profile", path), "=a"), "formulas"), 3);
  ask("convert", path,
      fmt::format(R"("output":{{"path":"{}","format":"csv"}},"escape_formulas":true)",
                  out("safe")));
  EXPECT_EQ(read(out("safe")), "'=a,b\n'=1+1,-5\n'@SUM(A1),7\nplain,8\n'+1,9\n'＝1,2\n");
}

// @row 31
TEST_F(Tables, DesensitisesAndRecordsHow) {
  const auto made =
      ask("desensitise", file(kPeople),
          fmt::format(
              R"("output":{{"path":"{}","format":"csv"}},"key":"000102030405060708090a0b0c0d0e0f",
        "others":"drop","columns":[{{"column":"name","method":"token"}},{{"column":"area","method":"keep"}},
        {{"column":"age","method":"generalise","step":10}},{{"column":"phone","method":"mask","keep_first":3,"keep_last":4}},
        {{"column":"paid","method":"suppress"}},{{"column":"joined","method":"generalise","unit":"year"}}],
        "k_anonymity":{{"columns":["area","age"],"k":2,"action":"suppress"}})",
              out("d")));
  ASSERT_TRUE(last_.ok) << last_.json;
  const std::string content = read(out("d"));
  EXPECT_TRUE(content.starts_with("name,area,age,phone,paid,joined\n")) << content;
  EXPECT_NE(content.find("福田区,30-39,138****8000,***,2020"), std::string::npos) << content;
  for (const std::string gone :
       {"张三", "李四", "王五", "Smith", "13800138000", "10.50", "南山区", "007"})
    EXPECT_EQ(content.find(gone), std::string::npos) << gone;
  const auto record = *made.find("record");
  EXPECT_EQ(number(record, "rows_in"), 4);
  EXPECT_EQ(record.to_json().find("000102030405"), std::string::npos) << "the key stays secret";
  EXPECT_EQ(text(record, "key_id").size(), 16u);
  const auto k = *record.find("k_anonymity");
  EXPECT_EQ(number(k, "smallest"), 1);
  EXPECT_EQ(number(k, "suppressed"), 2);
  EXPECT_EQ(number(record.find("columns")->items()[3], "values_changed"), 4);

  const auto again = [&](const std::string& name, const std::string& key) {
    ask("desensitise", file(kPeople),
        fmt::format(
            R"("output":{{"path":"{}","format":"csv"}},"key":"{}","others":"drop","columns":[{{"column":"name","method":"token"}}])",
            out(name), key));
    return read(out(name));
  };
  const std::string one = again("t1", "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(one, again("t2", "000102030405060708090a0b0c0d0e0f")) << "tokens join files of one key";
  EXPECT_NE(one, again("t3", "ff0102030405060708090a0b0c0d0e0f")) << "and of no other";
}

// @row 31
TEST_F(Tables, RefusesWhatIsNotAnonymous) {
  const std::string path = file(kPeople);
  EXPECT_EQ(
      refusal(ask(
          "desensitise", path,
          fmt::format(
              R"("output":{{"path":"{}","format":"csv"}},"k_anonymity":{{"columns":["age"],"k":2}})",
              out("x")))),
      "not_anonymous");
  EXPECT_FALSE(std::filesystem::exists(out("x")));
  EXPECT_EQ(
      refusal(ask(
          "desensitise", path,
          fmt::format(
              R"("output":{{"path":"{}","format":"csv"}},"columns":[{{"column":"name","method":"token"}}])",
              out("x")))),
      "bad_request")
      << "no key";
  EXPECT_EQ(
      refusal(ask(
          "desensitise", path,
          fmt::format(
              R"("output":{{"path":"{}","format":"csv"}},"columns":[{{"column":"none","method":"drop"}}])",
              out("x")))),
      "no_such_column");
}

// @row 15
TEST_F(Tables, ChecksQuality) {
  const auto checked =
      ask("quality", file("id,a,b,total,kind\n1,1,2,3,x\n2,1,1,2,y\n2,5,5,11,z\n,1,1,2,x\n"),
          R"("rules":[{"rule":"not_null","column":"id"},{"rule":"unique","columns":["id"]},
      {"rule":"range","column":"a","min":1,"max":4},{"rule":"sum_equals","columns":["a","b"],"total":"total"},
      {"rule":"in","column":"kind","values":["x","y"]},{"rule":"regex","column":"kind","pattern":"[xyz]"},
      {"rule":"row_count","min":4,"max":4},{"rule":"type","column":"id","type":"BIGINT"},
      {"rule":"length","column":"kind","max":1}])");
  ASSERT_TRUE(last_.ok) << last_.json;
  const auto results = checked.find("results")->items();
  const std::vector<std::int64_t> failed{1, 1, 1, 1, 1, 0, 0, 0, 0};
  ASSERT_EQ(results.size(), failed.size());
  for (std::size_t i = 0; i < failed.size(); ++i)
    EXPECT_EQ(number(results[i], "failed"), failed[i]) << results[i].to_json();
  EXPECT_EQ(results[1].find("examples")->to_json(), R"(["2"])");
  EXPECT_EQ(results[4].find("examples")->to_json(), R"(["z"])");
  EXPECT_FALSE(checked.find("passed")->boolean().value());
  EXPECT_EQ(refusal(ask("quality", file("a\n1\n"),
                        R"("rules":[{"rule":"regex","column":"a","pattern":"("}])")),
            "unreadable");
}

TEST_F(Tables, ReadsJsonAndGeoJson) {
  std::string lines;
  for (int i = 0; i < 30'000; ++i) lines += fmt::format("{{\"a\":{},\"b\":\"x\"}}\n", i);
  const auto profile = ask("profile", file(lines + "{\"a\":\"late\",\"c\":1}\n"));
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(text(profile, "format"), "json");
  EXPECT_EQ(number(profile, "rows"), 30'001);
  EXPECT_EQ(number(column(profile, "c"), "nulls"), 30'000);
  const auto map = ask("query", file(R"({"type":"FeatureCollection","features":[
     {"type":"Feature","geometry":{"type":"Point","coordinates":[114.05,22.54]},"properties":{"name":"福田","count":5}},
     {"type":"Feature","geometry":null,"properties":{"name":"南山","a/b":"1"}}]})"),
                       R"("select":["name","count","geometry_type","a/b"])");
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(rows(map), R"([["福田",5,"Point",null],["南山",null,null,1]])");
}

TEST_F(Tables, ReadsOtherEncodings) {
  // "区域,数\n福田,1\n" in GB18030 and UTF-16.
  const auto gbk = ask("preview", file("\xc7\xf8\xd3\xf2,\xca\xfd\n\xb8\xa3\xcc\xef,1\n"));
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(text(gbk, "encoding"), "gb18030");
  EXPECT_EQ(rows(gbk), R"([["福田","1"]])");
  EXPECT_EQ(text(gbk.find("columns")->items()[0], "name"), "区域");
  const auto wide = ask("preview", file(std::string("\xff\xfe"
                                                    "a\0,\0b\0\n\0"
                                                    "1\0,\0"
                                                    "2\0\n\0",
                                                    18)));
  EXPECT_EQ(rows(wide), R"([["1","2"]])");
  const auto marked = ask("preview", file("\xef\xbb\xbf"
                                          "a;b\n1;2\n"));
  EXPECT_EQ(text(marked.find("columns")->items()[0], "name"), "a");
}

TEST_F(Tables, HostileFilesAreRefusedOrHandled) {
  std::string wide = "c0";
  for (int i = 1; i < 1'000'000; ++i) wide += ",c";
  EXPECT_EQ(refusal(ask("profile", file(wide.substr(0, 1'900'000) + "\n1\n"))), "too_many_columns");
  EXPECT_EQ(refusal(ask("profile", file(wide + wide + "\n"))), "line_too_long");
  const std::string endless = file("a,b");
  std::filesystem::resize_file(endless, 1ull << 30);
  EXPECT_EQ(refusal(ask("profile", endless)), "line_too_long");
  EXPECT_EQ(refusal(ask("profile", file(""))), "empty");
  EXPECT_EQ(refusal(ask("profile", file("PAR1 and nothing else"))), "unreadable");
  EXPECT_EQ(refusal(ask("profile", file("{\"a\": "))), "unreadable");
  const auto torn =
      ask("profile", file("a,b\n1,2\n3\n\xff\xfe\xfd,5\n6,7\n8,9,10\n11,12\n13,14\n"));
  EXPECT_EQ(number(torn, "rejected"), 3) << last_.json;
  EXPECT_EQ(number(torn, "rows"), 4);
  std::string late = "a,b\n1,2\n" + std::string(3'000'000, 'x') + ",1\n3,4\n";
  ask("profile", file(late));
  EXPECT_TRUE(last_.ok || last_.json.find("line_too_long") != std::string::npos) << last_.json;
  EXPECT_EQ(refusal(ask("nothing", file("a\n1\n"))), "bad_request");
  EXPECT_NE(runner_.ask("not json", {}).json.find("bad_request"), std::string::npos);
}

/// A zip archive of deflated parts, as spreadsheets are.
std::string zip(const std::vector<std::pair<std::string, std::string>>& parts) {
  const auto little = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  };
  std::string out;
  std::string directory;
  for (const auto& [name, content] : parts) {
    z_stream stream{};
    EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(::deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    ::deflateEnd(&stream);
    const std::string common = little(0, 2) + little(8, 2) + little(0, 4) + little(0, 4) +
                               little(packed.size(), 4) + little(content.size(), 4) +
                               little(name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + common + little(0, 2) +
                 little(0, 2) + little(0, 2) + little(0, 4) + little(out.size(), 4) + name;
    out += "PK\x03\x04" + little(20, 2) + common + name + packed;
  }
  return out + directory + "PK\x05\x06" + little(0, 4) + little(parts.size(), 2) +
         little(parts.size(), 2) + little(directory.size(), 4) + little(out.size(), 4) +
         little(0, 2);
}

TEST_F(Tables, ReadsWorkbooksAndSurvivesBombs) {
  const std::string sheet =
      R"(<?xml version="1.0"?><worksheet><sheetData>
      <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>day</t></is></c><c r="C1" t="s"><v>1</v></c></row>
      <row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" s="1"><v>45292</v></c><c r="C2"><f>1+1</f><v>2</v></c></row>
      <row r="3"><c r="A3" t="s"><v>2</v></c><c r="C3"><v>3.5</v></c></row></sheetData></worksheet>)";
  const std::string strings =
      "<sst><si><t>name</t></si><si><r><t>val</t></r><r><t>ue</t></r></si><si><t>a &amp; \"b\", "
      "&#x6df1;</t></si></sst>";
  const std::string styles =
      R"(<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>)";
  const auto preview = ask("preview", file(zip({{"xl/sharedStrings.xml", strings},
                                                {"xl/styles.xml", styles},
                                                {"xl/worksheets/sheet1.xml", sheet}})));
  ASSERT_TRUE(last_.ok) << last_.json;
  EXPECT_EQ(text(preview, "format"), "xlsx");
  EXPECT_EQ(rows(preview), R"([["a & \"b\", 深","2024-01-01","2"],["a & \"b\", 深",null,"3.5"]])");
  std::string bomb(64u << 20, ' ');
  const std::string path = file(zip({{"xl/worksheets/sheet1.xml", bomb}}));
  bomb = {};
  EXPECT_LT(std::filesystem::file_size(path), 100'000u);
  EXPECT_EQ(refusal(ask("preview", path)), "too_large");
  EXPECT_EQ(refusal(ask("preview", file("PK\x03\x04 no archive"))), "unreadable");
}

/// From here on no filter of system calls can be installed, as on a kernel without them.
bool lose_filters() {
  const auto refuse_if = [](std::uint32_t number, bool when_set) {
    std::vector<sock_filter> out{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0,
                                          static_cast<std::uint8_t>(when_set ? 3 : 1))};
    if (when_set) {
      out.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
      out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1));
    }
    out.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    return out;
  };
  std::vector<sock_filter> all = refuse_if(SYS_seccomp, false);
  for (const auto& one : refuse_if(SYS_prctl, true)) all.push_back(one);
  all.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(all.size()), all.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

TEST_F(Tables, AFileIsNotReadByAProcessThatCouldStartPrograms) {
  const std::string path = file("a,b\nsecret-row,2\n");
  const std::string asked = file(R"({"op":"preview","input":{"path":")" + path + "\"}}");
  const auto answer_with = [&](bool filters) {
    const std::string said = out(filters ? "with" : "without");
    std::filesystem::create_directories(folder_ + "/out");
    const pid_t child = ::fork();
    if (child == 0) {
      const int from = ::open(asked.c_str(), O_RDONLY);
      const int to = ::open(said.c_str(), O_WRONLY | O_CREAT, 0600);
      if (::dup2(from, 0) < 0 || ::dup2(to, 1) < 0 || (!filters && !lose_filters())) ::_exit(3);
      ::execl(runner_.program.c_str(), "wusong_duck", runner_.library.c_str(), "1000000000", "1",
              nullptr);
      ::_exit(4);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return read(said);
  };
  EXPECT_NE(answer_with(true).find("secret-row"), std::string::npos);
  const std::string refused = answer_with(false);
  EXPECT_NE(refused.find(R"("code":"unprotected")"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("secret-row"), std::string::npos);
}

TEST_F(Tables, ALongAnswerSaysHowFarItHasCome) {
  std::string content = "a,b\n";
  for (int i = 0; i < 3'000'000; ++i) content += fmt::format("{},{}\n", i * 7919ll % 400'000, i);
  runner_.threads = 1;
  std::vector<Progress> said;
  runner_.progress = [&](Progress now) { said.push_back(now); };
  ask("profile", file(content));
  ASSERT_TRUE(last_.ok) << last_.json;
  ASSERT_FALSE(said.empty());
  EXPECT_GT(said.back().step, 0u);
  for (std::size_t i = 0; i < said.size(); ++i) {
    EXPECT_LE(said[i].percent, 100u);
    if (i > 0) EXPECT_LE(said[i - 1].step, said[i].step);
  }
}

TEST_F(Tables, TimeAndMemoryAreBounded) {
  std::string content = "a,b\n";
  for (int i = 0; i < 400'000; ++i) content += fmt::format("{},{}\n", i * 7919ll % 400'000, i);
  const std::string path = file(content);
  runner_.timeout = std::chrono::milliseconds{30};
  EXPECT_EQ(refusal(ask("profile", path)), "timed_out");
}

}  // namespace
}  // namespace wusong::tables
