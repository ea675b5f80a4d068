// Whether Prometheus has our rules, whether they are well, and whether they are those that
// `lowbalance rules` would write.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "cli/config_checks.h"
#include "cli/doctor_json.h"
#include "cli/doctor_judge.h"
#include "core/alert_rules.h"
#include "core/contract.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kCheck = "rules";
constexpr std::string_view kRemedy =
    "lowbalance rules > FILE, name FILE in prometheus.yml's rule_files, and reload Prometheus";

struct Wanted {
  std::string name;
  std::string expr;
  Millis wait{};
  std::string severity;
  std::string facts;
};

std::vector<Wanted> WantedRules(const Pipeline& pipeline) {
  const std::string text = AlertRules({.pipeline = pipeline});
  const YamlFile file = YamlFile::Parse(text, "rules", "");
  std::vector<Wanted> rules;
  for (const YamlValue& group : file.Root().List("groups")) {
    const YamlMap map = group.Map();
    for (const YamlValue& item : map.List("rules")) {
      const YamlMap rule = item.Map();
      rules.push_back({.name = rule.String("alert", rule.String("record")),
                       .expr = rule.String("expr"),
                       .wait = ParseDuration(rule.String("for", "0s")).value_or(Millis{0}),
                       .severity = rule.Map("labels").String("severity"),
                       .facts = rule.Map("annotations").String(std::string(kAnnotationFacts))});
    }
  }
  return rules;
}

struct Loaded {
  json rule;
  double interval = 0;  // Seconds.
  std::string file;
};

std::multimap<std::string, Loaded> LoadedRules(const Answer& answer) {
  std::multimap<std::string, Loaded> rules;
  for (const json& group : Items(Member(ParseJson(answer.body), "data"), "groups")) {
    for (const json& rule : Items(group, "rules")) {
      rules.emplace(Text(rule, "name"),
                    Loaded{rule, Number(group, "interval"), Text(group, "file")});
    }
  }
  return rules;
}

std::string WithoutBlanks(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) out += c;
  }
  return out;
}

// Prometheus shows an expression in its own words, so ours is held against it in those, too.
bool SameExpression(const std::string& ours, const std::string& theirs, const Server& prometheus) {
  if (WithoutBlanks(ours) == WithoutBlanks(theirs)) return true;
  const Answer& answer = prometheus.At(FormatPath(ours));
  return answer.ok() &&
         WithoutBlanks(Text(ParseJson(answer.body), "data")) == WithoutBlanks(theirs);
}

// What of a rule is another than ours; empty if nothing is. The labels and the runbook's address
// may be the operator's.
std::string Difference(const Wanted& wanted, const Loaded& loaded, const Pipeline& pipeline,
                       const Server& prometheus) {
  const json labels = Member(loaded.rule, "labels");
  if (!SameExpression(wanted.expr, Text(loaded.rule, "query"), prometheus)) return "expression";
  if (std::llround(Number(loaded.rule, "duration") * 1000) != wanted.wait.count()) return "for";
  if (Text(labels, "severity") != wanted.severity) return "severity";
  const json annotations = Member(loaded.rule, "annotations");
  if (Text(annotations, std::string(kAnnotationFacts).c_str()) != wanted.facts) return "facts";
  if (std::llround(loaded.interval * 1000) != pipeline.evaluation.count()) return "interval";
  return "";
}

std::string Listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text;
}

struct Compared {
  std::vector<std::string> missing;
  std::vector<std::string> unwell;  // With the error.
  std::vector<std::string> different;
  std::vector<std::string> twice;
  std::string file;
};

Compared Compare(const Seen& seen) {
  Compared result;
  const auto loaded = LoadedRules(seen.prometheus.At(kRulesPath));
  for (const Wanted& wanted : WantedRules(seen.config.pipeline)) {
    const auto [begin, end] = loaded.equal_range(wanted.name);
    if (begin == end) {
      result.missing.push_back(wanted.name);
      continue;
    }
    if (std::next(begin) != end) result.twice.push_back(wanted.name);
    const Loaded& one = begin->second;
    result.file = one.file;
    if (Text(one.rule, "health") == "err") {
      result.unwell.push_back(wanted.name + ": " + Text(one.rule, "lastError"));
    }
    const std::string difference = Difference(wanted, one, seen.config.pipeline, seen.prometheus);
    if (!difference.empty()) result.different.push_back(wanted.name + " (" + difference + ")");
  }
  return result;
}

// The evaluation that is the longest ago, of our rules.
std::string Late(const Seen& seen) {
  const Answer& answer = seen.prometheus.At(kRulesPath);
  const Time now = seen.now + seen.prometheus.At(kBuildPath).ahead.value_or(Millis{0});
  const auto loaded = LoadedRules(answer);
  for (const Wanted& wanted : WantedRules(seen.config.pipeline)) {
    const auto found = loaded.find(wanted.name);
    if (found == loaded.end()) continue;
    const auto at = ParseRfc3339(Text(found->second.rule, "lastEvaluation"));
    // Before the first evaluation it is the year 1.
    const Millis allowed = seen.config.pipeline.evaluation * 3 + std::chrono::seconds{5};
    if (at && *at > Time{} && now - *at > allowed) {
      return wanted.name + " was last evaluated " +
             FormatDuration(std::chrono::floor<std::chrono::seconds>(now - *at)) + " ago";
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> ExpressionsToCompare(const Pipeline& pipeline, const Answer& rules) {
  std::vector<std::string> expressions;
  const auto loaded = LoadedRules(rules);
  for (const Wanted& wanted : WantedRules(pipeline)) {
    const auto found = loaded.find(wanted.name);
    if (found == loaded.end()) continue;
    const std::string theirs = Text(found->second.rule, "query");
    if (WithoutBlanks(wanted.expr) != WithoutBlanks(theirs)) expressions.push_back(wanted.expr);
  }
  return expressions;
}

void JudgeRules(const Seen& seen, Findings& findings) {
  const Answer& answer = seen.prometheus.At(kRulesPath);
  if (!answer.ok()) {
    findings.Skipped(kCheck, "Prometheus cannot be asked");
    return;
  }
  const std::size_t wanted = WantedRules(seen.config.pipeline).size();
  const Compared compared = Compare(seen);
  const std::string in = compared.file.empty() ? "" : " in " + compared.file;
  if (compared.missing.size() == wanted) {
    findings.Fail(kCheck, "Prometheus has none of our rules", std::string(kRemedy));
  } else if (!compared.unwell.empty()) {
    findings.Fail(kCheck, "cannot be evaluated" + in + ": " + Listed(compared.unwell),
                  std::string(kRemedy) + "; docs/runbooks.md");
  } else if (!compared.missing.empty()) {
    findings.Fail(kCheck, "missing" + in + ": " + Listed(compared.missing), std::string(kRemedy));
  } else if (!compared.different.empty()) {
    findings.Fail(
        kCheck,
        "not those of this version and configuration" + in + ": " + Listed(compared.different),
        std::string(kRemedy));
  } else if (const std::string late = Late(seen); !late.empty()) {
    findings.Fail(kCheck, late,
                  "Prometheus is overloaded or hangs: see its page of rules and its log");
  } else if (!compared.twice.empty()) {
    findings.Warn(kCheck, "loaded more than once: " + Listed(compared.twice),
                  "take the older rule file out of prometheus.yml's rule_files");
  } else {
    findings.Ok(kCheck, Count(wanted, "rule") + in + ", every " +
                            FormatDuration(seen.config.pipeline.evaluation) + ", all well");
  }
}

}  // namespace lowbalance::cli
