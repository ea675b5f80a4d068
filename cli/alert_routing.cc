#include "cli/alert_routing.h"

#include <array>
#include <cctype>
#include <regex>
#include <utility>

#include "base/yaml.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

constexpr int kDeepest = 32;

std::string Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

std::string Unquoted(const std::string& text) {
  std::string plain;
  return GoUnquote(text, &plain) ? plain : text;
}

// As Alertmanager does, the whole value must match.
Result<bool> MatchesRegex(const std::string& pattern, const std::string& value) {
  try {
    return std::regex_match(value, std::regex("(?:" + pattern + ")", std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return Reject("a regular expression that is not understood here: " + Quoted(pattern));
  }
}

Result<bool> Holds(const std::string& name, const std::string& op, const std::string& wanted,
                   const AlertLabels& labels) {
  const auto found = labels.find(name);
  const std::string value = found == labels.end() ? "" : found->second;
  if (op == "=") return value == wanted;
  if (op == "!=") return value != wanted;
  const auto matches = MatchesRegex(wanted, value);
  if (!matches) return tl::unexpected(matches.error());
  return *matches == (op == "=~");
}

// One matcher: name=value, with or without quotes.
Result<bool> MatcherHolds(const std::string& text, const AlertLabels& labels) {
  const auto at = text.find_first_of("=!");
  if (at == std::string::npos) return Reject("not a matcher: " + Quoted(text));
  for (const std::string op : {"=~", "!~", "!=", "="}) {
    if (text.compare(at, op.size(), op) != 0) continue;
    return Holds(Unquoted(Trimmed(text.substr(0, at))), op,
                 Unquoted(Trimmed(text.substr(at + op.size()))), labels);
  }
  return Reject("not a matcher: " + Quoted(text));
}

// `a="b", c=~"d"` or the same in braces: all must hold.
Result<bool> MatchersHold(std::string text, const AlertLabels& labels) {
  text = Trimmed(text);
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, text.size() - 2);
  }
  std::string one;
  bool quoted = false;
  bool all = true;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool end = i == text.size();
    if (!end && text[i] == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    if (!end && (text[i] != ',' || quoted)) {
      one += text[i];
      continue;
    }
    if (Trimmed(one).empty()) continue;
    const auto holds = MatcherHolds(one, labels);
    if (!holds) return holds;
    all = all && *holds;
    one.clear();
  }
  return all;
}

Result<bool> Matches(const YamlMap& route, const AlertLabels& labels) {
  bool all = true;
  for (const auto& [key, op] : {std::pair{"match", "="}, std::pair{"match_re", "=~"}}) {
    if (!route.Has(key)) continue;
    for (const auto& [name, value] : route.Map(key).Entries()) {
      const auto holds = Holds(name, op, value.String(), labels);
      if (!holds) return holds;
      all = all && *holds;
    }
  }
  for (const std::string& matchers : route.Strings("matchers")) {
    const auto holds = MatchersHold(matchers, labels);
    if (!holds) return holds;
    all = all && *holds;
  }
  return all;
}

struct Inherited {
  std::string receiver;
  std::string repeat_interval;
};

// The leaves that the alert comes to, in order.
Result<std::vector<Inherited>> Walk(const YamlMap& route, Inherited inherited,
                                    const AlertLabels& labels, int depth) {
  if (depth > kDeepest) return Reject("routes are nested too deeply");
  inherited.receiver = route.String("receiver", inherited.receiver);
  inherited.repeat_interval = route.String("repeat_interval", inherited.repeat_interval);
  std::vector<Inherited> leaves;
  for (const YamlValue& item : route.List("routes")) {
    const YamlMap child = item.Map();
    const auto matches = Matches(child, labels);
    if (!matches) return tl::unexpected(matches.error());
    if (!*matches) continue;
    const auto below = Walk(child, inherited, labels, depth + 1);
    if (!below) return below;
    leaves.insert(leaves.end(), below->begin(), below->end());
    if (!child.Bool("continue", false)) break;
  }
  if (leaves.empty()) leaves.push_back(inherited);
  return leaves;
}

std::vector<WebhookReceiver> WebhooksOf(const YamlMap& root, const std::string& name) {
  std::vector<WebhookReceiver> webhooks;
  for (const YamlValue& item : root.List("receivers")) {
    const YamlMap receiver = item.Map();
    if (receiver.String("name") != name) continue;
    for (const YamlValue& each : receiver.List("webhook_configs")) {
      const YamlMap webhook = each.Map();
      const std::string file = webhook.String("url_file");
      webhooks.push_back({webhook.String("url", file.empty() ? "" : "<secret>"),
                          webhook.Int("max_alerts", 0, 0, 1 << 30)});
    }
  }
  return webhooks;
}

}  // namespace

Result<std::vector<RoutedTo>> RouteAlert(std::string_view config, const AlertLabels& labels) {
  const YamlFile file = YamlFile::Parse(config, "alertmanager.yml", "");
  const YamlMap root = file.Root();
  if (!root.Has("route") || !root.Has("receivers")) {
    return Reject("not an Alertmanager's configuration");
  }
  const auto leaves = Walk(root.Map("route"), {}, labels, 0);
  if (!leaves) return tl::unexpected(leaves.error());
  std::vector<RoutedTo> routed;
  for (const Inherited& leaf : *leaves) {
    routed.push_back({.receiver = leaf.receiver,
                      .webhooks = WebhooksOf(root, leaf.receiver),
                      .repeat_interval = ParseDuration(leaf.repeat_interval).value_or(Millis{0})});
  }
  return routed;
}

}  // namespace lowbalance::cli
