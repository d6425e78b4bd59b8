// SPDX-License-Identifier: Apache-2.0
// The table of documents: what each kind holds, in both languages, with its article.
#include <algorithm>
#include <array>

#include "wusong/portal/documents.hpp"

namespace wusong::portal {
namespace {

using T = FieldType;
using Words = std::string_view;

constexpr Words kSharing[] = {"unconditional", "conditional", "closed"};
constexpr Words kOpening[] = {"unconditional", "conditional", "closed"};
constexpr Words kFrequency[] = {"realtime",    "daily",  "weekly",    "monthly", "quarterly",
                                "half_yearly", "yearly", "irregular", "once"};
constexpr Words kColumnTypes[] = {"string", "integer", "number", "boolean", "date", "datetime"};
constexpr Words kDeliveries[] = {"download", "api", "secure_domain"};

constexpr Field kColumns[] = {
    {"name", T::string, true, {"字段名", "Column name"}},
    {"title", T::text, false, {"中文名", "Title"}},
    {"type", T::word, true, {"类型", "Type"}, kColumnTypes},
    {"description", T::text, false, {"说明", "Description"}},
};
constexpr Field kTerms[] = {
    {"column", T::string, true, {"字段名", "Column"}},
    {"code", T::string, true, {"代码", "Code"}},
    {"title", T::text, true, {"含义", "Meaning"}},
};
constexpr Field kFiles[] = {
    {"name", T::string, true, {"文件名", "File name"}},
    {"media_type", T::string, false, {"媒体类型", "Media type"}},
    {"size", T::integer, true, {"字节数", "Size in bytes"}},
    {"digest", T::digest, true, {"SHA-256 摘要", "SHA-256 digest"}},
};
constexpr Field kTasks[] = {
    {"content", T::text, true, {"开放内容", "What is opened"}},
    {"task", T::text, true, {"工作任务", "Task"}},
    {"unit", T::integer, true, {"责任单位", "Unit responsible"}},
    {"until", T::date, true, {"时间计划", "Until when"}},
};
constexpr Field kClauses[] = {
    {"name", T::string, true, {"条款", "Clause"}},
    {"content", T::text, true, {"内容", "Text"}},
};
constexpr Field kScores[] = {
    {"name", T::string, true, {"指标", "Indicator"}},
    {"value", T::integer, true, {"得分", "Score"}},
    {"note", T::text, false, {"说明", "Note"}},
};

constexpr Field attachments() {
  return {"attachments", T::records, false, {"附件", "Attachments"}, {}, kFiles};
}
constexpr Field title() {
  return {"title", T::text, true, {"标题", "Title"}};
}
constexpr Field description() {
  return {"description", T::text, true, {"说明", "Description"}};
}
constexpr Field reasons() {
  return {"reasons", T::text, true, {"理由", "Reasons"}};
}

constexpr Field kEntry[] = {
    {"title", T::text, true, {"目录名称", "Name"}},
    {"abstract", T::text, true, {"目录摘要", "Abstract"}},
    {"items", T::texts, true, {"数据项", "Data items"}},
    {"format", T::strings, true, {"数据格式", "Format"}},
    {"sharing", T::word, true, {"共享属性", "Sharing attribute"}, kSharing},
    {"opening_type", T::word, true, {"开放类型", "Opening type"}, kOpening},
    {"system", T::text, true, {"所属系统", "System"}},
    {"frequency", T::word, true, {"更新频率", "Update frequency"}, kFrequency},
    {"organisation", T::integer, true, {"责任单位", "Unit responsible"}},
    {"subjects", T::texts, false, {"利用主体条件", "Conditions on who"}},
    {"conditions", T::text, false, {"开放条件", "Conditions"}},
    {"materials", T::texts, false, {"申请材料", "Application materials"}},
    {"scenarios", T::texts, false, {"应用场景条件", "Conditions on scenarios"}},
    {"modes", T::texts, false, {"使用方式条件", "Conditions on the mode of use"}},
    {"topics", T::strings, false, {"主题", "Topics"}},
    {"keywords", T::strings, false, {"关键词", "Keywords"}},
    {"licence", T::string, false, {"许可", "Licence"}},
    {"contact", T::string, false, {"联系方式", "Contact"}},
    {"grade", T::string, false, {"数据级别", "Grade"}},
    {"quality_rules", T::strings, false, {"质量规则", "Quality rules"}},
};
constexpr Field kOpeningFields[] = {
    reasons(),
    {"conditions", T::text, false, {"开放条件", "Conditions"}},
    {"subjects", T::texts, false, {"利用主体条件", "Conditions on who"}},
    {"scenarios", T::texts, false, {"应用场景条件", "Conditions on scenarios"}},
    {"modes", T::texts, false, {"使用方式条件", "Conditions on the mode of use"}},
    {"materials", T::texts, false, {"申请材料", "Application materials"}},
    {"basis", T::text, false, {"法律法规依据", "Legal basis"}},
    {"grade", T::string, false, {"数据级别", "Grade"}},
    attachments(),
};
constexpr Field kDesensitisation[] = {
    {"method", T::text, true, {"脱敏方法", "Method"}},
    {"columns", T::strings, true, {"处理的字段", "Columns treated"}},
    {"standard", T::text, false, {"依据的规范", "Standard followed"}},
    {"before", T::digest, false, {"处理前摘要", "Digest before"}},
    {"after", T::digest, false, {"处理后摘要", "Digest after"}},
    {"responsible", T::string, true, {"责任人", "Person responsible"}},
    attachments(),
};
constexpr Field kResource[] = {
    {"name", T::text, true, {"资源名称", "Name"}},
    {"format", T::string, true, {"格式", "Format"}},
    {"media_type", T::string, true, {"媒体类型", "Media type"}},
    {"size", T::integer, true, {"字节数", "Size in bytes"}},
    {"digest", T::digest, true, {"SHA-256 摘要", "SHA-256 digest"}},
    {"rows", T::integer, false, {"行数", "Rows"}},
    {"columns", T::records, false, {"字段", "Columns"}, {}, kColumns},
    {"dictionary", T::records, false, {"数据字典", "Dictionary"}, {}, kTerms},
    {"entry", T::digest, true, {"所属目录", "Catalogue entry"}},
    {"note", T::text, false, {"版本说明", "Note on this version"}},
    {"deliveries", T::strings, false, {"获取方式", "Deliveries"}},
};
constexpr Field kCommitment[] = {
    {"safe_use", T::text, true, {"数据安全使用承诺", "Promise of safe use"}},
    {"feedback", T::text, true, {"成果利用反馈承诺", "Promise of feedback"}},
    {"purpose", T::text, false, {"用途", "Purpose"}},
};
constexpr Field kApplication[] = {
    {"purpose", T::text, true, {"应用场景说明", "Scenario"}},
    {"capability", T::text, true, {"资质与能力", "Qualifications and abilities"}},
    {"security", T::text, true, {"数据安全管理制度", "Data-security rules"}},
    {"mode", T::word, true, {"获取方式", "Delivery"}, kDeliveries},
    {"period_months", T::integer, false, {"使用期限（月）", "Months of use"}},
    attachments(),
};
constexpr Field kAgreement[] = {
    {"clauses", T::records, true, {"条款", "Clauses"}, {}, kClauses},
    {"purpose", T::text, true, {"约定利用范围", "Agreed scope"}},
    {"from", T::date, true, {"起始日", "From"}},
    {"until", T::date, true, {"终止日", "Until"}},
    {"mode", T::word, true, {"获取方式", "Delivery"}, kDeliveries},
    attachments(),
};
constexpr Field kGrant[] = {
    {"from", T::date, true, {"起始日", "From"}},
    {"until", T::date, true, {"终止日（不含）", "Until (exclusive)"}},
    {"resources", T::digests, false, {"开放的资源", "Resources covered"}},
    {"mode", T::word, true, {"获取方式", "Delivery"}, kDeliveries},
    {"conditions", T::text, false, {"条件", "Conditions"}},
};
constexpr Field kPlan[] = {
    {"year", T::integer, true, {"年度", "Year"}},
    title(),
    {"priorities", T::texts, false, {"年度开放重点", "Priorities"}},
    {"tasks", T::records, false, {"任务", "Tasks"}, {}, kTasks},
    {"basis", T::text, false, {"部署依据", "Basis"}},
    attachments(),
};
constexpr Field kDemand[] = {
    title(),
    description(),
    {"scenario", T::text, false, {"应用场景", "Scenario"}},
    {"frequency", T::word, false, {"期望更新频率", "Frequency wanted"}, kFrequency},
    attachments(),
};
constexpr Field kScenario[] = {
    title(),
    description(),
    {"data", T::texts, false, {"所需数据", "Data needed"}},
    {"benefit", T::text, false, {"预期成效", "Expected benefit"}},
    attachments(),
};
constexpr Field kComplaint[] = {
    title(),
    description(),
    {"wish", T::text, false, {"诉求", "What is asked for"}},
    attachments(),
};
constexpr Field kRating[] = {
    {"quantity", T::integer, false, {"数量评分", "Stars for quantity"}},
    {"quality", T::integer, false, {"质量评分", "Stars for quality"}},
    {"service", T::integer, false, {"服务评分", "Stars for service"}},
    {"comment", T::text, false, {"评价", "Comment"}},
};
constexpr Field kProduct[] = {
    title(),
    description(),
    {"url", T::string, false, {"网址", "Address"}},
    {"citation", T::text, true, {"数据引用说明", "How the data are cited"}},
    {"authors", T::strings, false, {"作者", "Authors"}},
    attachments(),
};
constexpr Field kAssessment[] = {
    {"year", T::integer, true, {"年度", "Year"}},
    title(),
    {"scores", T::records, false, {"得分", "Scores"}, {}, kScores},
    {"conclusion", T::text, false, {"结论", "Conclusion"}},
    attachments(),
};
constexpr Field kCase[] = {title(), description(), attachments()};
constexpr Field kEvidence[] = {
    title(),
    {"period", T::string, false, {"所属期间", "Period"}},
    {"conclusion", T::text, false, {"结论", "Conclusion"}},
    {"until", T::date, false, {"有效期至", "Valid until"}},
    attachments(),
};
constexpr Field kSupport[] = {
    title(),
    description(),
    {"amount", T::decimal, false, {"申请金额（元）", "Amount asked for (CNY)"}},
    attachments(),
};
constexpr Field kSurvey[] = {
    title(),
    description(),
    {"systems", T::texts, false, {"信息系统", "Systems"}},
    {"entries", T::integer, false, {"目录数", "Number of entries"}},
    {"catalogued_percent", T::integer, false, {"编目完整率（%）", "Catalogued, per cent"}},
    attachments(),
};
constexpr Field kOpinion[] = {
    reasons(),
    {"conclusion", T::string, false, {"结论", "Conclusion"}},
    attachments(),
};
constexpr Field kBasis[] = {
    {"citation", T::string, true, {"法律法规名称及条款", "Law and article"}},
    {"text", T::text, true, {"条文", "Text"}},
};
constexpr Field kOrganisation[] = {
    {"title", T::text, true, {"单位名称", "Name"}},
    {"code", T::string, false, {"统一社会信用代码", "Credit code"}},
    {"contact", T::string, false, {"联系方式", "Contact"}},
    {"address", T::text, false, {"地址", "Address"}},
};

constexpr auto kKinds = [] {
  std::array<DocumentKind, 25> kinds{{
      {"agreement", {"开放利用协议", "Agreement"}, false, "SZ 43", kAgreement},
      {"alert", {"预警", "Alert"}, false, "SZ 59", kCase},
      {"application", {"用数申请", "Application"}, false, "SZ 41", kApplication},
      {"assessment", {"评估考核", "Assessment"}, false, "SZ 66", kAssessment},
      {"basis", {"法律法规依据", "Legal basis"}, true, "SZ 15", kBasis},
      {"commitment", {"使用承诺书", "Commitment"}, false, "SZ 40", kCommitment},
      {"complaint", {"意见建议", "Complaint"}, false, "SZ 65", kComplaint},
      {"demand", {"开放需求", "Demand"}, false, "SZ 33", kDemand},
      {"desensitisation", {"脱敏记录", "Desensitisation record"}, false, "SZ 36", kDesensitisation},
      {"dispute", {"争议", "Dispute"}, false, "SZ 7", kCase},
      {"entry", {"目录条目", "Catalogue entry"}, true, "SZ 17", kEntry},
      {"evidence", {"安全证明", "Evidence of security"}, false, "SZ 57", kEvidence},
      {"grant", {"使用权限", "Grant"}, false, "SZ 42", kGrant},
      {"inspection", {"监督检查", "Inspection"}, false, "SZ 61", kCase},
      {"objection", {"异议", "Objection"}, false, "HZ 三(二)", kComplaint},
      {"opening", {"开放类型认定", "Opening type"}, true, "SZ 11", kOpeningFields},
      {"opinion", {"意见", "Opinion"}, false, "SZ 42", kOpinion},
      {"organisation", {"单位", "Organisation"}, true, "SZ 3", kOrganisation},
      {"plan", {"开放计划", "Plan"}, true, "SZ 34", kPlan},
      {"product", {"数据产品和服务", "Product"}, true, "SZ 49", kProduct},
      {"rating", {"评价", "Rating"}, true, "SZ 64", kRating},
      {"resource", {"数据资源", "Resource"}, true, "SZ 38", kResource},
      {"scenario", {"应用场景", "Scenario"}, true, "SZ 51", kScenario},
      {"support", {"扶持申请", "Support"}, false, "SZ 45", kSupport},
      {"survey", {"数据普查", "Survey"}, false, "SZ 23", kSurvey},
  }};
  return kinds;
}();
static_assert(std::ranges::is_sorted(kKinds, {}, &DocumentKind::name));

}  // namespace

std::span<const DocumentKind> document_kinds() noexcept {
  return kKinds;
}

const DocumentKind* document_kind(std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(kKinds, name, {}, &DocumentKind::name);
  return found == kKinds.end() || found->name != name ? nullptr : &*found;
}

}  // namespace wusong::portal
