#include "cli/metrics_text.h"

#include <algorithm>
#include <cstdlib>

namespace lowbalance::cli {
namespace {

// Takes `{a="b",…}` off the front of `rest`; false where it is not of that form.
bool TakeLabels(std::string_view& rest, Sample& sample) {
  if (!rest.starts_with('{')) return true;
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '}') {
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(rest.substr(0, equals));
    rest.remove_prefix(equals + 2);
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\' && rest.size() > 1) {
        rest.remove_prefix(1);
        value += rest.front() == 'n' ? '\n' : rest.front();
      } else {
        value += rest.front();
      }
      rest.remove_prefix(1);
    }
    if (rest.empty()) return false;
    rest.remove_prefix(1);
    if (rest.starts_with(',')) rest.remove_prefix(1);
    sample.labels.insert_or_assign(name, value);
  }
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

std::vector<Sample> SamplesOf(std::string_view text, std::string_view name) {
  std::vector<Sample> samples;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    Sample sample;
    if (!TakeLabels(line, sample) || !line.starts_with(' ')) continue;
    const std::string value(line.substr(1));
    char* after = nullptr;
    sample.value = std::strtod(value.c_str(), &after);
    if (after != value.c_str()) samples.push_back(std::move(sample));
  }
  return samples;
}

std::optional<double> ValueOf(std::string_view text, std::string_view name) {
  const auto samples = SamplesOf(text, name);
  if (samples.empty()) return std::nullopt;
  return samples.front().value;
}

double SumOf(std::string_view text, std::string_view name,
             const std::map<std::string, std::string, std::less<>>& labels) {
  double sum = 0;
  for (const Sample& sample : SamplesOf(text, name)) {
    const bool meant = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      const auto found = sample.labels.find(label.first);
      return found != sample.labels.end() && found->second == label.second;
    });
    if (meant) sum += sample.value;
  }
  return sum;
}

}  // namespace lowbalance::cli
