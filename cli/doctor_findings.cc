#include "cli/doctor_findings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/json_text.h"
#include "cli/table.h"

namespace lowbalance::cli {
namespace {

constexpr int kVerdictWidth = 8;
constexpr int kCheckWidth = 22;
constexpr int kNarrowest = 60;

std::string Padded(std::string text, int width) {
  text.resize(std::max(text.size(), static_cast<std::size_t>(width) - 1), ' ');
  return text + " ";
}

// Broken at blanks so that it fits into lines of `width`; all but the first begin with `indent`.
std::string Wrapped(const std::string& text, int column, int width) {
  const std::string indent(static_cast<std::size_t>(column), ' ');
  std::string out;
  std::string line;
  const auto room = static_cast<std::size_t>(std::max(width - column, kNarrowest - column));
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && line.size() + 1 + word.size() > room) {
      out += line + "\n" + indent;
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return out + line + "\n";
}

std::string Summary(const Findings& findings) {
  const auto count = [&](Verdict verdict) { return std::to_string(findings.Count(verdict)); };
  std::string text = std::to_string(findings.all().size()) + " checks: " + count(Verdict::kOk) +
                     " ok, " + count(Verdict::kWarn) + " to look at, " + count(Verdict::kFail) +
                     " failed";
  if (findings.Count(Verdict::kSkipped) > 0) text += ", " + count(Verdict::kSkipped) + " skipped";
  return text + "\n";
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "";
}

void Findings::Add(Verdict verdict, std::string_view check, std::string detail,
                   std::string remedy) {
  all_.push_back({.verdict = verdict,
                  .check = std::string(check),
                  .detail = Plain(detail),
                  .remedy = Plain(remedy)});
}
void Findings::Ok(std::string_view check, std::string detail) {
  Add(Verdict::kOk, check, std::move(detail), "");
}
void Findings::Warn(std::string_view check, std::string detail, std::string remedy) {
  Add(Verdict::kWarn, check, std::move(detail), std::move(remedy));
}
void Findings::Fail(std::string_view check, std::string detail, std::string remedy) {
  Add(Verdict::kFail, check, std::move(detail), std::move(remedy));
}
void Findings::Skipped(std::string_view check, std::string why) {
  Add(Verdict::kSkipped, check, std::move(why), "");
}

bool Findings::Failed(std::string_view check) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Finding& finding) {
    return finding.verdict == Verdict::kFail && finding.check == check;
  });
}

int Findings::Count(Verdict verdict) const {
  return static_cast<int>(std::count_if(all_.begin(), all_.end(), [&](const Finding& finding) {
    return finding.verdict == verdict;
  }));
}

std::string FindingsText(const Findings& findings, int width) {
  std::string text;
  for (const Finding& finding : findings.all()) {
    const std::string head = Padded(std::string(ToString(finding.verdict)), kVerdictWidth) +
                             Padded(finding.check, kCheckWidth);
    text += head + Wrapped(finding.detail, static_cast<int>(head.size()), width);
    if (finding.remedy.empty()) continue;
    const std::string arrow = std::string(kVerdictWidth, ' ') + "-> ";
    text += arrow + Wrapped(finding.remedy, static_cast<int>(arrow.size()), width);
  }
  return text + Summary(findings);
}

std::string FindingsJson(const Findings& findings) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Finding& finding : findings.all()) {
    checks.push_back({{"check", finding.check},
                      {"verdict", ToString(finding.verdict)},
                      {"detail", finding.detail},
                      {"remedy", finding.remedy}});
  }
  return PrettyInOrder({{"ok", findings.Count(Verdict::kFail) == 0},
                        {"failed", findings.Count(Verdict::kFail)},
                        {"warnings", findings.Count(Verdict::kWarn)},
                        {"skipped", findings.Count(Verdict::kSkipped)},
                        {"checks", std::move(checks)}});
}

}  // namespace lowbalance::cli
