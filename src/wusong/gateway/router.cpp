// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/router.hpp"

#include <array>
#include <map>

#include "wusong/codec/json.hpp"
#include "wusong/gateway/internal/handlers.hpp"
#include "wusong/gateway/reply.hpp"

namespace wusong::gateway {
namespace {

using namespace internal;

constexpr std::size_t kSmall = 64 << 10;
constexpr std::size_t kDocument = 2 << 20;
constexpr std::size_t kChunk = 8 << 20;

constexpr Parameter kPage{"page", "query", {"页码,从 1 起", "page, from 1"}};
constexpr Parameter kPageSize{
    "page_size", "query", {"每页条数,最多 100", "entries on a page, at most 100"}};
constexpr Parameter kId{"id", "path", {"64 位十六进制标识", "64 hex digits"}};
constexpr Parameter kResource{
    "resource",
    "query",
    {"资源标识;缺省为第一个", "a resource's id; the first where it is missing"}};

constexpr std::array kSearch{
    Parameter{"q", "query", {"检索词", "words to look for"}},
    Parameter{"topic", "query", {"主题", "topic"}},
    Parameter{"organisation", "query", {"单位编号", "an organisation's number"}},
    Parameter{
        "opening_type",
        "query",
        {"开放类型:unconditional、conditional、closed", "unconditional, conditional or closed"}},
    Parameter{"format", "query", {"格式", "format"}},
    Parameter{"frequency", "query", {"更新频率", "how often it is renewed"}},
    Parameter{"tag", "query", {"关键词", "keyword"}},
    Parameter{
        "sort", "query", {"排序:relevance、updated、downloads", "relevance, updated or downloads"}},
    kPage,
    kPageSize};
constexpr std::array kItems{
    Parameter{"workflow", "query", {"流程名", "a workflow's name"}},
    Parameter{"state", "query", {"状态名", "a state's name"}},
    Parameter{"organisation", "query", {"单位编号", "an organisation's number"}},
    Parameter{"subject", "query", {"所针对的事项", "the item it is about"}},
    Parameter{"mine", "query", {"1:只看我的", "1: only mine"}},
    Parameter{"overdue", "query", {"1:只看超期的", "1: only overdue ones"}},
    Parameter{"inbox",
              "query",
              {"1:等待我办理的,按期限排列,附各流程数量",
               "1: what waits for me, by deadline, with counts by workflow"}},
    kPage,
    kPageSize};
constexpr std::array kOne{kId};
constexpr std::array kActors{
    Parameter{"organisation", "query", {"单位编号", "an organisation's number"}}, kPage, kPageSize};
constexpr std::array kBegin{
    Parameter{"workflow", "query", {"流程名", "a workflow's name"}},
    Parameter{"subject", "query", {"所针对的事项", "the item it is about"}}};
constexpr std::array kRows{
    kId,
    kResource,
    Parameter{"limit", "query", {"行数,最多 1000", "rows, at most 1000"}},
    Parameter{"offset", "query", {"跳过的行数", "rows to skip"}},
    Parameter{"columns", "query", {"列名,逗号分隔", "columns, separated by commas"}},
    Parameter{"where", "query", {"列名:值,可重复", "column:value, may be repeated"}}};
constexpr std::array kAct{
    kId, Parameter{"action", "path", {"动作名", "an action's name"}},
    Parameter{"Idempotency-Key", "header", {"同一标识只执行一次", "the same key acts only once"}}};
constexpr std::array kCreate{
    Parameter{"Idempotency-Key", "header", {"同一标识只执行一次", "the same key acts only once"}}};
constexpr std::array kFile{
    kId, Parameter{"item", "query", {"含有该附件的事项", "the case that holds the attachment"}},
    Parameter{"Range", "header", {"字节范围", "a range of bytes"}}};
constexpr std::array kAudit{
    Parameter{"kind", "query", {"acts(默认)或 reads", "acts (default) or reads"}},
    Parameter{
        "before", "query", {"上一页最后一条的编号", "the number of the last page's last line"}},
    Parameter{"item", "query", {"只看一个事项", "only one item"}},
    Parameter{"page_size", "query", {"每页条数,最多 100", "lines, at most 100"}}};

constexpr std::array kRoutes{
    // accounts
    Route{"POST",
          "/api/v1/register",
          Who::anyone,
          RateClass::login,
          kSmall,
          register_account,
          {"注册实名账号", "Register an account under a real name"}},
    Route{
        "POST", "/api/v1/login", Who::anyone, RateClass::login, kSmall, login, {"登录", "Sign in"}},
    Route{"POST",
          "/api/v1/logout",
          Who::signed_in,
          RateClass::write,
          kSmall,
          logout,
          {"退出", "Sign out"}},
    Route{"GET",
          "/api/v1/me",
          Who::anyone,
          RateClass::read,
          kSmall,
          me,
          {"我是谁,以及防伪标记", "Who I am, and the form token"}},
    Route{"POST",
          "/api/v1/me/password",
          Who::signed_in,
          RateClass::login,
          kSmall,
          change_password,
          {"修改密码", "Change the password"}},
    Route{"GET",
          "/api/v1/me/tokens",
          Who::signed_in,
          RateClass::read,
          kSmall,
          list_tokens,
          {"程序令牌", "Tokens of programs"}},
    Route{"POST",
          "/api/v1/me/tokens",
          Who::signed_in,
          RateClass::write,
          kSmall,
          add_token,
          {"新建程序令牌", "Make a token for a program"}},
    Route{"DELETE",
          "/api/v1/me/tokens/{id}",
          Who::signed_in,
          RateClass::write,
          kSmall,
          remove_token,
          {"撤销程序令牌", "Revoke a token"},
          kOne},
    Route{"GET",
          "/api/v1/accounts",
          Who::admin,
          RateClass::read,
          kSmall,
          list_accounts,
          {"账号列表", "Accounts"}},
    Route{"POST",
          "/api/v1/accounts/{id}",
          Who::admin,
          RateClass::write,
          kSmall,
          set_account,
          {"停用或启用账号", "Disable or enable an account"},
          kOne},
    // keys instead of passwords
    Route{"POST",
          "/api/v1/did/challenge",
          Who::anyone,
          RateClass::write,
          kSmall,
          did_challenge,
          {"取得 DID 登录或绑定的质询", "A challenge to sign with a DID"}},
    Route{"POST",
          "/api/v1/did/login",
          Who::anyone,
          RateClass::login,
          kSmall,
          did_login,
          {"用 DID 登录", "Sign in with a DID"}},
    Route{"POST",
          "/api/v1/did/bind",
          Who::signed_in,
          RateClass::write,
          kSmall,
          did_bind,
          {"把 DID 绑定到实名账号", "Bind a DID to my account"}},
    Route{"GET",
          "/api/v1/did/{did}",
          Who::anyone,
          RateClass::read,
          kSmall,
          did_resolve,
          {"DID 文档", "A DID's document"}},
    Route{"GET",
          "/api/v1/me/dids",
          Who::signed_in,
          RateClass::read,
          kSmall,
          list_dids,
          {"我的 DID", "My DIDs"}},
    Route{"DELETE",
          "/api/v1/me/dids/{did}",
          Who::signed_in,
          RateClass::write,
          kSmall,
          remove_did,
          {"解除 DID 绑定", "Unbind a DID"}},
    Route{"POST",
          "/api/v1/passkeys/register/begin",
          Who::signed_in,
          RateClass::write,
          kSmall,
          passkey_register_begin,
          {"开始登记通行密钥", "Begin to register a passkey"}},
    Route{"POST",
          "/api/v1/passkeys/register/finish",
          Who::signed_in,
          RateClass::write,
          kSmall,
          passkey_register_finish,
          {"完成登记通行密钥", "Finish registering it"}},
    Route{"POST",
          "/api/v1/passkeys/login/begin",
          Who::anyone,
          RateClass::write,
          kSmall,
          passkey_login_begin,
          {"开始用通行密钥登录", "Begin to sign in with a passkey"}},
    Route{"POST",
          "/api/v1/passkeys/login/finish",
          Who::anyone,
          RateClass::login,
          kSmall,
          passkey_login_finish,
          {"完成通行密钥登录", "Finish signing in with it"}},
    Route{"GET",
          "/api/v1/passkeys",
          Who::signed_in,
          RateClass::read,
          kSmall,
          list_passkeys,
          {"我的通行密钥", "My passkeys"}},
    Route{"DELETE",
          "/api/v1/passkeys/{id}",
          Who::signed_in,
          RateClass::write,
          kSmall,
          remove_passkey,
          {"删除通行密钥", "Remove a passkey"}},
    // datasets
    Route{"GET",
          "/api/v1/datasets",
          Who::anyone,
          RateClass::search,
          kSmall,
          list_datasets,
          {"检索数据集", "Search datasets"},
          kSearch},
    Route{"GET",
          "/api/v1/datasets/{id}",
          Who::anyone,
          RateClass::read,
          kSmall,
          show_dataset,
          {"一个数据集", "One dataset"},
          kOne},
    Route{"GET",
          "/api/v1/datasets/{id}/versions",
          Who::anyone,
          RateClass::read,
          kSmall,
          dataset_versions,
          {"历次版本", "Its versions"},
          kOne},
    Route{"GET",
          "/api/v1/datasets/{id}/preview",
          Who::anyone,
          RateClass::download,
          kSmall,
          dataset_preview,
          {"前若干行", "Its first rows"},
          kRows},
    Route{"GET",
          "/api/v1/datasets/{id}/profile",
          Who::anyone,
          RateClass::download,
          kSmall,
          dataset_profile,
          {"各列概况", "What its columns hold"},
          kRows},
    Route{"GET",
          "/api/v1/datasets/{id}/rows",
          Who::anyone,
          RateClass::download,
          kSmall,
          dataset_rows,
          {"按行查询", "Rows"},
          kRows},
    Route{"GET",
          "/api/v1/organisations",
          Who::anyone,
          RateClass::read,
          kSmall,
          organisations,
          {"单位", "Organisations"}},
    Route{"POST",
          "/api/v1/organisations",
          Who::actor,
          RateClass::write,
          kSmall,
          set_organisation,
          {"登记、更改或停用单位", "Register, change or deactivate an organisation"}},
    Route{"GET",
          "/api/v1/actors",
          Who::actor,
          RateClass::read,
          kSmall,
          list_actors,
          {"各单位的办理人", "Who acts for organisations"},
          kActors},
    Route{"POST",
          "/api/v1/actors",
          Who::actor,
          RateClass::write,
          kSmall,
          set_actor,
          {"设置办理人及其角色", "Set an actor and their roles"}},
    Route{
        "GET", "/api/v1/stats", Who::anyone, RateClass::search, kSmall, stats, {"统计", "Figures"}},
    // cases
    Route{"GET",
          "/api/v1/items",
          Who::anyone,
          RateClass::search,
          kSmall,
          list_items,
          {"我能看到的事项", "Cases that I may see"},
          kItems},
    Route{"POST",
          "/api/v1/items",
          Who::signed_in,
          RateClass::write,
          kDocument,
          create_item,
          {"新建事项", "Begin a case"},
          kCreate},
    Route{"GET",
          "/api/v1/items/{id}",
          Who::anyone,
          RateClass::read,
          kSmall,
          show_item,
          {"一个事项及其下一步", "A case and its next steps"},
          kOne},
    Route{"POST",
          "/api/v1/items/{id}/actions/{action}",
          Who::signed_in,
          RateClass::write,
          kDocument,
          act_on_item,
          {"办理下一步", "Take a next step"},
          kAct},
    Route{"GET",
          "/api/v1/actions",
          Who::anyone,
          RateClass::read,
          kSmall,
          list_actions,
          {"可以新建哪些事项", "What could begin a new case"},
          kBegin},
    Route{"POST",
          "/api/v1/prepare",
          Who::signed_in,
          RateClass::write,
          kDocument,
          prepare,
          {"生成待浏览器签名的交易内容", "Call data to sign in the browser"}},
    Route{"POST",
          "/api/v1/transactions",
          Who::signed_in,
          RateClass::write,
          kDocument,
          submit_transaction,
          {"提交已签名的交易", "Submit a signed transaction"}},
    Route{"GET",
          "/api/v1/outbox",
          Who::signed_in,
          RateClass::read,
          kSmall,
          list_outbox,
          {"我提交的步骤及其结果", "Steps I submitted, and what became of them"}},
    Route{"GET",
          "/api/v1/outbox/{number}",
          Who::signed_in,
          RateClass::read,
          kSmall,
          show_outbox,
          {"一次提交的结果", "What became of one"}},
    Route{"GET",
          "/api/v1/alerts",
          Who::actor,
          RateClass::read,
          kSmall,
          list_alerts,
          {"预警与到期", "Alerts and deadlines"}},
    // files
    Route{"POST",
          "/api/v1/uploads",
          Who::signed_in,
          RateClass::write,
          kSmall,
          begin_upload,
          {"开始上传", "Begin an upload"}},
    Route{"GET",
          "/api/v1/uploads/{id}",
          Who::signed_in,
          RateClass::read,
          kSmall,
          upload_state,
          {"已收到多少", "How much has arrived"},
          kOne},
    Route{"PATCH",
          "/api/v1/uploads/{id}",
          Who::signed_in,
          RateClass::read,
          kChunk,
          append_upload,
          {"续传", "Send more"},
          kOne},
    Route{"POST",
          "/api/v1/uploads/{id}/finish",
          Who::signed_in,
          RateClass::write,
          kSmall,
          finish_upload,
          {"完成上传", "Finish it"},
          kOne},
    Route{"DELETE",
          "/api/v1/uploads/{id}",
          Who::signed_in,
          RateClass::write,
          kSmall,
          abort_upload,
          {"放弃上传", "Give it up"},
          kOne},
    Route{"GET",
          "/api/v1/files/{id}",
          Who::anyone,
          RateClass::download,
          kSmall,
          get_file,
          {"下载文件", "Download a file"},
          kFile,
          "application/octet-stream"},
    Route{"GET",
          "/api/v1/audit",
          Who::anyone,
          RateClass::search,
          kSmall,
          list_audit,
          {"全过程记录", "The record of everything"},
          kAudit},
    // rules and chain
    Route{"GET",
          "/api/v1/rules",
          Who::anyone,
          RateClass::read,
          kSmall,
          list_rules,
          {"规则包", "Rule packs"}},
    Route{"GET",
          "/api/v1/rules/{pack}",
          Who::anyone,
          RateClass::read,
          kSmall,
          show_rules,
          {"一个规则包", "One of them"}},
    Route{"GET",
          "/api/v1/documents",
          Who::anyone,
          RateClass::read,
          kSmall,
          list_documents,
          {"各类文书的栏目", "What the documents hold"}},
    Route{"GET",
          "/api/v1/chain",
          Who::anyone,
          RateClass::read,
          kSmall,
          chain_info,
          {"链与合约地址", "The chain and its contracts"}},
    Route{"GET",
          "/api/v1/proofs/item/{id}",
          Who::anyone,
          RateClass::search,
          kSmall,
          item_proof,
          {"事项的链上证明", "Proof of a case"},
          kOne},
    Route{"GET",
          "/api/v1/health",
          Who::anyone,
          RateClass::read,
          kSmall,
          health,
          {"运行状态", "Whether it works"}},
    Route{"POST",
          "/rpc",
          Who::anyone,
          RateClass::read,
          kSmall,
          rpc,
          {"只读链上查询(JSON-RPC)", "Reads of the chain (JSON-RPC)"},
          {},
          "application/json",
          false},
    Route{"GET",
          "/openapi.json",
          Who::anyone,
          RateClass::read,
          kSmall,
          show_openapi,
          {"本接口说明", "This description"}},
    // standards
    Route{"GET",
          "/catalog.jsonld",
          Who::anyone,
          RateClass::search,
          kSmall,
          catalog_jsonld,
          {"DCAT 目录", "DCAT catalogue"},
          {},
          "application/ld+json"},
    Route{"GET",
          "/catalog.ttl",
          Who::anyone,
          RateClass::search,
          kSmall,
          catalog_turtle,
          {"DCAT 目录", "DCAT catalogue"},
          {},
          "text/turtle"},
    Route{"GET",
          "/dataset/{id}.jsonld",
          Who::anyone,
          RateClass::read,
          kSmall,
          dataset_jsonld,
          {"DCAT 数据集", "DCAT dataset"},
          kOne,
          "application/ld+json"},
    Route{"GET",
          "/dataset/{id}.ttl",
          Who::anyone,
          RateClass::read,
          kSmall,
          dataset_turtle,
          {"DCAT 数据集", "DCAT dataset"},
          kOne,
          "text/turtle"},
    Route{"GET",
          "/policy/{id}.jsonld",
          Who::anyone,
          RateClass::read,
          kSmall,
          dataset_policy,
          {"ODRL 使用政策", "ODRL policy"},
          kOne,
          "application/ld+json"},
    Route{"GET",
          "/datapackage/{id}.json",
          Who::anyone,
          RateClass::read,
          kSmall,
          data_package,
          {"Data Package", "Data Package"},
          kOne},
    // CKAN, which has its own tokens and its own errors
    Route{"GET",
          "/api/3/action/{name}",
          Who::anyone,
          RateClass::search,
          kSmall,
          ckan,
          {"CKAN 接口", "CKAN Action API"}},
    Route{"POST",
          "/api/3/action/{name}",
          Who::anyone,
          RateClass::search,
          kChunk,
          ckan,
          {"CKAN 接口", "CKAN Action API"}},
    Route{"GET",
          "/api/action/{name}",
          Who::anyone,
          RateClass::search,
          kSmall,
          ckan,
          {"CKAN 接口", "CKAN Action API"}},
    Route{"POST",
          "/api/action/{name}",
          Who::anyone,
          RateClass::search,
          kChunk,
          ckan,
          {"CKAN 接口", "CKAN Action API"}},
    // OpenID Connect; forms of its pages carry their own token
    Route{"GET",
          "/.well-known/openid-configuration",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_discovery,
          {"OpenID 配置", "OpenID configuration"}},
    Route{"GET",
          "/oauth2/jwks.json",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_keys,
          {"OpenID 公钥", "OpenID keys"}},
    Route{"GET",
          "/oauth2/authorize",
          Who::anyone,
          RateClass::page,
          kSmall,
          oidc_authorize,
          {"OpenID 授权", "OpenID authorisation"},
          {},
          "text/html"},
    Route{"POST",
          "/oauth2/authorize",
          Who::anyone,
          RateClass::page,
          kSmall,
          oidc_authorize_form,
          {"OpenID 授权", "OpenID authorisation"},
          {},
          "text/html",
          false},
    Route{"POST",
          "/oauth2/login",
          Who::anyone,
          RateClass::login,
          kSmall,
          oidc_login,
          {"OpenID 登录页的表单", "The sign-in page's form"},
          {},
          "text/html",
          false},
    Route{"POST",
          "/oauth2/consent",
          Who::anyone,
          RateClass::write,
          kSmall,
          oidc_consent,
          {"OpenID 授权确认页的表单", "The consent page's form"},
          {},
          "text/html",
          false},
    Route{"POST",
          "/oauth2/token",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_token,
          {"OpenID 换取令牌", "OpenID token"},
          {},
          "application/json",
          false},
    Route{"GET",
          "/oauth2/userinfo",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_userinfo,
          {"OpenID 用户信息", "OpenID user information"}},
    Route{"POST",
          "/oauth2/userinfo",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_userinfo,
          {"OpenID 用户信息", "OpenID user information"},
          {},
          "application/json",
          false},
    Route{"POST",
          "/oauth2/revoke",
          Who::anyone,
          RateClass::read,
          kSmall,
          oidc_revoke,
          {"OpenID 撤销令牌", "OpenID token revocation"},
          {},
          "application/json",
          false},
    Route{"GET",
          "/api/v1/oidc/clients",
          Who::admin,
          RateClass::read,
          kSmall,
          list_oidc_clients,
          {"接入本平台登录的应用", "Applications that sign people in here"}},
    Route{"POST",
          "/api/v1/oidc/clients",
          Who::admin,
          RateClass::write,
          kSmall,
          add_oidc_client,
          {"登记应用", "Register an application"}},
    Route{"DELETE",
          "/api/v1/oidc/clients/{id}",
          Who::admin,
          RateClass::write,
          kSmall,
          remove_oidc_client,
          {"删除应用", "Remove an application"},
          kOne},
    // pages
    Route{"GET",
          "/",
          Who::anyone,
          RateClass::page,
          kSmall,
          home_page,
          {"首页", "Home"},
          {},
          "text/html"},
    Route{"GET",
          "/search",
          Who::anyone,
          RateClass::search,
          kSmall,
          search_page,
          {"检索", "Search"},
          kSearch,
          "text/html"},
    Route{"GET",
          "/dataset/{id}",
          Who::anyone,
          RateClass::page,
          kSmall,
          dataset_page,
          {"数据集", "Dataset"},
          kOne,
          "text/html"},
    Route{"GET",
          "/assets/{name}",
          Who::anyone,
          RateClass::file,
          kSmall,
          any_page,
          {"网页程序的文件", "Files of the web application"},
          {},
          "text/html"},
    Route{"GET",
          "/{rest*}",
          Who::anyone,
          RateClass::page,
          kSmall,
          any_page,
          {"其他页面与静态文件", "Other pages and static files"},
          {},
          "text/html"},
};

std::string_view take_segment(std::string_view& path) noexcept {
  const auto end = path.find('/');
  const auto segment = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  return segment;
}

std::string_view name_of(Who who) noexcept {
  switch (who) {
    case Who::anyone:
      return "anyone";
    case Who::signed_in:
      return "signed_in";
    case Who::actor:
      return "actor";
    case Who::admin:
      return "admin";
  }
  return "";
}

void describe_operation(codec::JsonWriter& out, const Route& route) {
  std::string lower;
  for (const char c : route.method) lower.push_back(static_cast<char>(c | 0x20));
  out.key(lower).open_object();
  std::string id = lower;
  for (const char c : route.pattern) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || (id.back() != '_' && c != '}')) id.push_back(plain ? c : '_');
  }
  out.key("operationId").string(id);
  out.key("summary").string(std::string{route.about.zh} + " / " + std::string{route.about.en});
  out.key("x-who").string(name_of(route.who));
  out.key("parameters").open_array();
  for (auto rest = route.pattern; !rest.empty();) {
    const auto open = rest.find('{');
    if (open == std::string_view::npos) break;
    const auto close = rest.find('}', open);
    out.open_object().key("name").string(rest.substr(open + 1, close - open - 1));
    out.key("in").string("path").key("required").boolean(true);
    out.key("schema").open_object().key("type").string("string").close_object().close_object();
    rest = rest.substr(close + 1);
  }
  for (const auto& parameter : route.parameters) {
    if (parameter.in == "path") continue;
    out.open_object().key("name").string(parameter.name).key("in").string(parameter.in);
    out.key("description")
        .string(std::string{parameter.about.zh} + " / " + std::string{parameter.about.en});
    out.key("schema").open_object().key("type").string("string").close_object().close_object();
  }
  out.close_array();
  if (route.method != "GET" && route.method != "DELETE") {
    out.key("requestBody").open_object().key("content").open_object();
    out.key(route.method == "PATCH" ? "application/octet-stream" : "application/json");
    out.open_object().key("schema").open_object().close_object().close_object();
    out.close_object().close_object();
  }
  out.key("responses").open_object().key("200").open_object().key("description").string("OK");
  out.key("content").open_object().key(route.answers).open_object().key("schema").open_object();
  out.close_object().close_object().close_object().close_object();
  out.key("default").raw("{\"$ref\":\"#/components/responses/Problem\"}").close_object();
  if (route.who == Who::anyone) {
    out.key("security").raw("[{},{\"session\":[]},{\"token\":[]}]");
  } else {
    out.key("security").raw("[{\"session\":[]},{\"token\":[]}]");
  }
  out.close_object();
}

constexpr std::string_view kComponents =
    R"({"securitySchemes":{"session":{"type":"apiKey","in":"cookie","name":"wusong_session"},)"
    R"("token":{"type":"http","scheme":"bearer"}},"responses":{"Problem":{"description":)"
    R"("What is wrong, why, and what to do","content":{"application/json":{"schema":{"$ref":)"
    R"("#/components/schemas/Problem"}}}}},"schemas":{"Text":{"type":"object","properties":)"
    R"({"zh":{"type":"string"},"en":{"type":"string"}}},"Problem":{"type":"object","required":["error"],)"
    R"("properties":{"error":{"type":"object","required":["code","message"],"properties":{"code":)"
    R"({"type":"string"},"message":{"$ref":"#/components/schemas/Text"},"article":{"type":"string"},)"
    R"("next":{"$ref":"#/components/schemas/Text"}}}}}}})";

}  // namespace

std::span<const Route> routes() noexcept {
  return kRoutes;
}

bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string, std::less<>>& out) {
  out.clear();
  if (pattern == "/{rest*}") {
    out.emplace("rest", path.substr(1));
    return true;
  }
  pattern.remove_prefix(1);
  path.remove_prefix(1);
  while (!pattern.empty()) {
    const auto want = take_segment(pattern);
    if (path.empty()) return false;
    const auto have = take_segment(path);
    const auto close = want.find('}');
    if (!want.starts_with('{') || close == std::string_view::npos) {
      if (want != have) return false;
      continue;
    }
    const auto suffix = want.substr(close + 1);
    if (have.size() <= suffix.size() || !have.ends_with(suffix)) return false;
    out.emplace(want.substr(1, close - 1), have.substr(0, have.size() - suffix.size()));
  }
  return path.empty();
}

std::string openapi(const Settings& settings) {
  codec::JsonWriter out;
  out.open_object().key("openapi").string("3.1.0").key("info").open_object();
  out.key("title").string(settings.site.title.zh.empty() ? "Wusong" : settings.site.title.zh);
  out.key("version").string("1").key("description");
  out.string("公共数据开放平台接口 / The public data platform's interface").close_object();
  out.key("servers").open_array().open_object().key("url").string(settings.site.base);
  out.close_object().close_array().key("paths").open_object();
  std::map<std::string_view, bool> done;
  for (const auto& route : kRoutes) {
    if (route.answers == "text/html" || done[route.pattern]) continue;
    done[route.pattern] = true;
    out.key(route.pattern).open_object();
    for (const auto& other : kRoutes) {
      if (other.pattern == route.pattern) describe_operation(out, other);
    }
    out.close_object();
  }
  out.close_object().key("components").raw(kComponents).close_object();
  return out.take();
}

}  // namespace wusong::gateway
