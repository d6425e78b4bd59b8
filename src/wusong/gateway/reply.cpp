// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/reply.hpp"

#include <array>

#include "wusong/gateway/errors.hpp"
#include "wusong/identity/errors.hpp"
#include "wusong/io/blob_store.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/openid/errors.hpp"
#include "wusong/portal/errors.hpp"

namespace wusong::gateway {
namespace {

struct Said {
  const ErrorInfo* error;
  unsigned status;
  portal::StaticText message;
  portal::StaticText next;
};

constexpr std::array kSaid{
    Said{&err::not_found,
         404,
         {"没有找到您要的内容。", "There is nothing under this address."},
         {"请检查地址,或从搜索页重新开始。", "Check the address, or start from the search page."}},
    Said{&err::bad_request,
         400,
         {"请求的格式不对。", "The request is malformed."},
         {"请对照接口说明 /openapi.json 检查参数。", "Compare the parameters with /openapi.json."}},
    Said{&err::login_required,
         401,
         {"这一步需要先登录。", "This needs you to be signed in."},
         {"请登录或注册实名账号。", "Sign in, or register an account under your real name."}},
    Said{&err::forbidden,
         403,
         {"您的账号没有这项权限。", "Your account may not do this."},
         {"请联系您所在单位的管理员。", "Ask the administrator of your organisation."}},
    Said{&err::csrf_missing,
         403,
         {"页面的防伪标记缺失或已过期。", "The page's form token is missing or has expired."},
         {"请刷新页面后重试。", "Reload the page and try again."}},
    Said{&err::wrong_host,
         403,
         {"本站不以这个名字提供服务。", "This site does not answer to that name."},
         {"请使用公布的网址访问。", "Use the published address."}},
    Said{&err::wrong_origin,
         403,
         {"请求来自别的网站。", "The request comes from another site."},
         {"请在本站页面上操作。", "Act on this site's own pages."}},
    Said{&err::too_many_requests,
         429,
         {"请求太频繁。", "Too many requests."},
         {"请稍候再试。", "Wait a moment and try again."}},
    Said{&err::too_large,
         413,
         {"内容太大。", "This is too large."},
         {"请分块上传。", "Upload it in parts."}},
    Said{&err::wrong_method,
         405,
         {"这个地址不支持这种操作。", "This address does not take that method."},
         {"请对照接口说明 /openapi.json。", "See /openapi.json."}},
    Said{&err::stale,
         409,
         {"事项已被他人更新。", "Somebody has moved this case on in the meantime."},
         {"请刷新后查看最新状态。", "Reload to see where it stands."}},
    Said{&err::name_taken,
         409,
         {"这个账号名已被使用,或这一身份已经注册。",
          "The name is taken, or this identity has an account already."},
         {"请换一个账号名,或找回原账号。", "Choose another name, or use your existing account."}},
    Said{&err::weak_password,
         400,
         {"密码太弱:至少十个字符,且不能是常见密码。",
          "The password is too weak: ten characters at least, and not a common one."},
         {"请换一个更长的密码。", "Choose a longer one."}},
    Said{&identity::err::bad_identity,
         400,
         {"身份号码或名称不正确。", "The identity number or name is not valid."},
         {"请核对居民身份证号码或统一社会信用代码。",
          "Check the resident identity number or the unified social credit code."}},
    Said{&err::wrong_login,
         401,
         {"账号名或密码不对。", "The name or the password is wrong."},
         {"请重新输入。", "Type them again."}},
    Said{&err::login_throttled,
         429,
         {"登录失败次数过多,已暂停。", "Too many failed attempts; signing in is paused."},
         {"请十五分钟后再试。", "Try again in fifteen minutes."}},
    Said{&err::chain_unreachable,
         503,
         {"区块链节点暂时无法连接,现在只能查看。",
          "The chain cannot be reached at the moment: reading works, writing waits."},
         {"您的内容没有提交;请稍后重试。", "Nothing was submitted; try again later."}},
    Said{&err::transaction_refused,
         409,
         {"区块链没有接受这一步。", "The chain did not accept this step."},
         {"请刷新后查看最新状态。", "Reload to see where it stands."}},
    Said{&err::bad_document,
         400,
         {"填写的内容不完整或格式不对。", "What you filled in is incomplete or malformed."},
         {"请检查标出的栏目。", "Check the field that is named."}},
    Said{&err::bad_range,
         416,
         {"请求的范围超出文件。", "The range lies outside the file."},
         {"请从头下载。", "Start from the beginning."}},
    Said{&err::wrong_offset,
         409,
         {"上传的位置与已收到的不一致。", "The upload's offset is not what has arrived."},
         {"请查询已收到的字节数后继续。", "Ask how much has arrived and go on from there."}},
    Said{&err::quota,
         403,
         {"已达到数量上限。", "The limit is reached."},
         {"请先删除不再使用的。", "Remove what you no longer use."}},
    Said{&err::engine_missing,
         503,
         {"数据引擎未安装,暂时不能查看和查询文件内容。",
          "The data engine is not installed: files cannot be looked into."},
         {"请运营单位在服务器上运行 tools/duckdb/install 后重启门户;下载不受影响。",
          "The operator runs tools/duckdb/install on the server and restarts the portal; downloads "
          "work."}},
    Said{&err::engine_busy,
         503,
         {"查询的人太多,已排满。", "Too many questions are waiting already."},
         {"请稍后重试。", "Try again in a moment."}},
    Said{&err::not_a_table,
         415,
         {"这个文件不是表格。", "This file is no table."},
         {"支持 CSV、JSON、GeoJSON、Parquet 和 XLSX;其他文件请下载。",
          "CSV, JSON, GeoJSON, Parquet and XLSX are; download other files."}},
    Said{&err::quota_of_the_day,
         429,
         {"今天的接口调用次数已用完。", "Today's calls of the interface are used up."},
         {"请明天再试(协调世界时零点重新计数),或下载文件。",
          "Try again tomorrow (days begin at 00:00 UTC), or download the file."}},
    Said{&err::unavailable,
         503,
         {"服务暂时不可用。", "The service is not available at the moment."},
         {"请稍后重试。", "Try again later."}},
    Said{&err::same_key,
         409,
         {"同一个幂等标识用于了不同的内容。",
          "The same Idempotency-Key was used for something else."},
         {"请换一个标识。", "Use another key."}},
    Said{&err::real_name_needed,
         403,
         {"需要实名账号。", "This needs an account under a real name."},
         {"请完成实名登记。", "Complete the real-name registration."}},
    Said{&openid::err::provider_unreachable,
         502,
         {"身份提供方现在没有响应。", "The identity provider does not answer at the moment."},
         {"请稍后再试,或用密码登录。", "Try again later, or sign in with your password."}},
    Said{&openid::err::provider_answer,
         502,
         {"身份提供方的回答不合规范。", "The identity provider's answer is not what it should be."},
         {"请用密码登录,并把页面上的代码告诉平台运营单位。",
          "Sign in with your password, and tell the platform operator the code on this page."}},
    Said{&openid::err::provider_refused,
         403,
         {"身份提供方没有确认您的身份,或您取消了登录。",
          "The identity provider did not confirm who you are, or you went back."},
         {"请重新开始登录。", "Begin signing in again."}},
    Said{&err::sign_in_expired,
         400,
         {"这次登录已过期、已用过,或是在另一个浏览器中开始的。",
          "This sign-in has expired, was used already, or began in another browser."},
         {"请在登录页重新开始。", "Begin again on the sign-in page."}},
    Said{&err::identity_bound,
         409,
         {"这个外部身份已绑定另一个账号。", "This identity opens another account already."},
         {"请用那个账号登录,解除绑定后再试。",
          "Sign in with that account, remove it there, and try again."}},
    Said{&err::claims_missing,
         409,
         {"身份提供方没有给出实名信息。", "The identity provider gave no real name."},
         {"请不经它直接注册,或联系平台运营单位。",
          "Register without it, or ask the platform operator."}},
    Said{&portal::err::bad_query,
         400,
         {"查询条件不对。", "The query is not valid."},
         {"请检查筛选条件和页码。", "Check the filters and the page."}},
    Said{&portal::err::bad_document,
         400,
         {"填写的内容不完整或格式不对。", "What you filled in is incomplete or malformed."},
         {"请检查标出的栏目。", "Check the field that is named."}},
    Said{&portal::err::document_too_large,
         413,
         {"内容超过一兆字节。", "The document is larger than one mebibyte."},
         {"请把大文件作为附件上传。", "Upload large files as attachments."}},
    Said{&io::err::sql_unreachable,
         503,
         {"数据库暂时无法连接。", "The database cannot be reached at the moment."},
         {"请稍后重试。", "Try again later."}},
    Said{&io::err::sql_conflict,
         503,
         {"系统繁忙。", "The system is busy."},
         {"请重试。", "Try again."}},
    Said{&io::err::disk_full,
         507,
         {"本站的存储空间已满,没有保存您的内容。",
          "The site's storage is full: nothing of this was kept."},
         {"请稍后重试,并告知平台运营单位。", "Try again later, and tell the platform operator."}},
    Said{&io::err::blob_missing,
         404,
         {"文件不在本站。", "This site does not hold the file."},
         {"请联系数据提供单位。", "Ask the organisation that provides it."}},
    Said{&io::err::upload_missing,
         404,
         {"没有这个上传任务。", "There is no such upload."},
         {"请重新开始上传。", "Start the upload again."}},
    Said{&io::err::upload_offset,
         409,
         {"上传的位置与已收到的不一致。", "The upload's offset is not what has arrived."},
         {"请查询已收到的字节数后继续。", "Ask how much has arrived and go on from there."}},
};

std::string_view code_of(Error error) noexcept {
  const auto name = error.name();
  return name.substr(name.find('.') + 1);
}

}  // namespace

Problem problem_of(Error error) {
  for (const auto& said : kSaid) {
    if (error == Error{*said.error}) {
      return {said.status, std::string{code_of(error)}, said.message.text(), "", said.next.text()};
    }
  }
  constexpr std::uint16_t kTokenFirst = 3320;
  constexpr std::uint16_t kTokenLast = 3339;
  const auto number = error.info().number;
  if (number >= kTokenFirst && number <= kTokenLast) {
    Problem out = problem_of(openid::err::provider_answer);
    out.code = code_of(error);
    out.message = {"身份提供方的登录凭证没有通过检查。",
                   "The identity provider's token did not pass the checks."};
    return out;
  }
  if (error == Error{identity::err::malformed}) return problem_of(err::bad_request);
  if (error == Error{identity::err::not_proved}) return problem_of(err::forbidden);
  // A body whose members are missing or of another kind.
  constexpr std::uint16_t kCodecFirst = 1100;
  constexpr std::uint16_t kCodecLast = 1199;
  if (number >= kCodecFirst && number <= kCodecLast) return problem_of(err::bad_request);
  return {500,
          "internal",
          {"服务器内部出错。", "Something went wrong inside the server."},
          "",
          {"请稍后重试;若持续出现,请联系平台运营单位。",
           "Try again later; if it lasts, tell the platform operator."}};
}

Problem problem_of(const portal::Decision& decision) {
  return {decision.reason == portal::DenialReason::sign_in ? 401u : 403u,
          std::string{portal::name_of(decision.reason)}, decision.why.text(),
          std::string{decision.article}, decision.next.text()};
}

std::string to_json(const Problem& problem) {
  codec::JsonWriter out;
  out.open_object().key("error").open_object().key("code").string(problem.code);
  write_text(out, "message", problem.message);
  if (!problem.article.empty()) out.key("article").string(problem.article);
  if (!problem.next.empty()) write_text(out, "next", problem.next);
  out.close_object().close_object();
  return out.take();
}

Response to_response(const Problem& problem) {
  Response out = json_response(to_json(problem), problem.status);
  out.header("Cache-Control", "no-store");
  return out;
}
Response to_response(Error error) {
  return to_response(problem_of(error));
}

void write_text(codec::JsonWriter& out, const portal::Text& text) {
  out.open_object();
  if (!text.zh.empty()) out.key("zh").string(text.zh);
  if (!text.en.empty()) out.key("en").string(text.en);
  out.close_object();
}

Response json_response(std::string body, unsigned status) {
  Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}
Response text_response(std::string body, std::string content_type) {
  Response out;
  out.content_type = std::move(content_type);
  out.body = std::move(body);
  return out;
}
Response redirect(std::string_view location, unsigned status) {
  Response out;
  out.status = status;
  out.content_type = "text/plain; charset=utf-8";
  out.header("Location", location);
  return out;
}

}  // namespace wusong::gateway
