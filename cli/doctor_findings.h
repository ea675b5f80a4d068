#pragma once
// What `lowbalance doctor` has found: one finding for each thing it checks.

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lowbalance::cli {

enum class Verdict { kOk, kWarn, kFail, kSkipped };
// "ok", "warn", "FAIL", "skipped".
[[nodiscard]] std::string_view ToString(Verdict verdict);

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string check;   // Which of the checks: "rules".
  std::string detail;  // What was seen.
  std::string remedy;  // What to do about it; of warnings and failures.
};

class Findings {
 public:
  void Ok(std::string_view check, std::string detail);
  void Warn(std::string_view check, std::string detail, std::string remedy);
  void Fail(std::string_view check, std::string detail, std::string remedy);
  // `why` says what would have to be mended first, or who asked for it.
  void Skipped(std::string_view check, std::string why);

  [[nodiscard]] bool Failed(std::string_view check) const;
  [[nodiscard]] int Count(Verdict verdict) const;
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }

 private:
  void Add(Verdict verdict, std::string_view check, std::string detail, std::string remedy);

  std::vector<Finding> all_;
};

// For people: a line for each finding with the remedy under it, and what it comes to. Lines are
// broken at `width` columns where there are blanks.
[[nodiscard]] std::string FindingsText(const Findings& findings, int width);
// For scripts.
[[nodiscard]] std::string FindingsJson(const Findings& findings);

}  // namespace lowbalance::cli
