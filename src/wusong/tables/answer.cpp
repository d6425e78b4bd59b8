// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <optional>

#include "wusong/tables/child_process.hpp"
#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

struct Message {
  std::string_view code;
  std::string_view zh;
  std::string_view en;
};

constexpr std::array kMessages{
    Message{"bad_request", "请求有误", "The request is not valid"},
    Message{"no_such_column", "没有这一列", "There is no such column"},
    Message{"bad_value", "值与列的类型不符", "A value does not suit its column's type"},
    Message{"unreadable", "文件无法解析:请检查格式和分隔符",
            "The file can not be read: check its format and delimiter"},
    Message{"empty", "文件是空的", "The file is empty"},
    Message{"not_utf8", "文件编码无法识别:请另存为 UTF-8",
            "The file's encoding is not known: save it as UTF-8"},
    Message{"line_too_long", "有一行过长:超过 2 MiB 没有换行",
            "A line is too long: more than 2 MiB without an end of line"},
    Message{"too_many_columns", "列数过多:最多 2000 列", "Too many columns: at most 2,000"},
    Message{"too_large", "文件过大", "The file is too large"},
    Message{"out_of_memory", "处理该文件所需内存超过上限",
            "The file needs more memory than is allowed"},
    Message{"disk_full", "临时空间不足", "Temporary space ran out"},
    Message{"timed_out", "处理超时", "It took too long"},
    Message{"not_a_key", "这些列不能唯一确定一行", "These columns do not name one row each"},
    Message{"not_a_key", "这些列不能唯一确定一行", "These columns do not name one row each"},
    Message{"not_anonymous", "未达到 k-匿名要求", "The result is not k-anonymous"},
    Message{"not_allowed", "不允许访问该文件", "That file may not be opened"},
    Message{"interrupted", "处理被中断", "It was interrupted"},
    Message{"killed", "处理进程被系统终止,可能是内存不足",
            "The system ended the process, perhaps for lack of memory"},
    Message{"engine_missing", "数据引擎未安装:请运行 tools/duckdb/install",
            "The data engine is not installed: run tools/duckdb/install"},
    Message{"unprotected", "系统不能隔离处理进程,没有读取文件",
            "The system cannot confine the process: the file was not read"},
    Message{"internal", "内部错误", "An internal error"},
};

}  // namespace

std::string error_json(std::string_view code, std::string detail) {
  const auto* found = std::ranges::find(kMessages, code, &Message::code);
  if (found == kMessages.end()) found = &kMessages.back();
  // Messages may quote what is in the file, which need not be text.
  constexpr std::size_t kDetailMax = 500;
  if (detail.size() > kDetailMax) detail.resize(kDetailMax);
  for (char& c : detail)
    if (static_cast<unsigned char>(c) >= 0x7f || (c < ' ' && c != '\n')) c = '?';
  codec::JsonWriter out;
  out.open_object().key("ok").boolean(false).key("error").open_object();
  out.key("code").string(found->code);
  out.key("message").open_object().key("zh").string(found->zh).key("en").string(found->en);
  out.close_object().key("detail").string(detail).close_object().close_object();
  return out.take();
}

namespace {

std::string carry_out(const Settings& settings, std::string_view text) {
  const auto document = codec::JsonDocument::parse(text);
  if (!document || !document->root().is_object())
    throw Failed{"bad_request", "the request is no JSON object"};
  const auto request = document->root();
  const std::string op{request.string_at("op").value_or("")};
  const auto named = request.find("input");
  if (!named) throw Failed{"bad_request", "input is missing"};

  Engine engine{{settings.library, settings.temporary_folder, settings.memory_bytes,
                 settings.threads, settings.progress_descriptor}};
  const Input input{*named, settings.temporary_folder, "input"};
  std::optional<Input> other;
  if (op == "diff") {
    const auto second = request.find("other");
    if (!second) throw Failed{"bad_request", "other is missing"};
    other.emplace(*second, settings.temporary_folder, "other");
  }
  auto paths = input.paths();
  if (other) paths.insert(paths.end(), other->paths().begin(), other->paths().end());
  if (request.find("output")) paths.push_back(output_of(request).first);
  engine.lock(paths);
  // What comes from the file is read from here on, by a process that can start no program.
  if (!forbid_programs())
    throw Failed{"unprotected", "the kernel refused a filter of system calls"};

  codec::JsonWriter out;
  out.open_object().key("ok").boolean(true).key("engine").string(engine.version());
  Source source = input.open(engine);
  out.key("format").string(source.format).key("encoding").string(source.encoding);
  if (other) {
    Source after = other->open(engine);
    diff(engine, source, after, request, out);
  } else if (op == "profile")
    profile(engine, source, out);
  else if (op == "preview")
    preview(engine, source, request, out);
  else if (op == "query")
    query(engine, source, request, out);
  else if (op == "convert")
    convert(engine, source, request, out);
  else if (op == "desensitise")
    desensitise(engine, source, request, out);
  else if (op == "quality")
    quality(engine, source, request, out);
  else
    throw Failed{"bad_request", "no such operation: " + op};
  return out.close_object().take();
}

}  // namespace

std::string answer(const Settings& settings, std::string_view request, bool& ok) {
  ok = false;
  try {
    std::string out = carry_out(settings, request);
    ok = true;
    return out;
  } catch (const Failed& failed) {
    return error_json(failed.code(), failed.what());
  } catch (const std::bad_alloc&) {
    return error_json("out_of_memory", "");
  } catch (const std::exception& failure) {
    return error_json("internal", failure.what());
  }
}

}  // namespace wusong::tables
