#include "exporter/account_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "exporter/edit_effect.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json Amount(std::optional<Money> amount) {
  return amount ? ordered_json(amount->ToString(2)) : ordered_json(nullptr);
}

ordered_json Instant(std::optional<Time> at) {
  return at ? ordered_json(FormatRfc3339(*at)) : ordered_json(nullptr);
}

std::string_view CostsText(CostsIncurred costs) {
  switch (costs) {
    case CostsIncurred::kYes:
      return "yes";
    case CostsIncurred::kNo:
      return "no";
    case CostsIncurred::kUnknown:
      return "unknown";
  }
  return "unknown";
}

ordered_json AlertJson(const Account& account, std::string_view name, const LevelMemory& level) {
  ordered_json ended = nullptr;
  if (level.ended) {
    ended = {{"at", FormatRfc3339(level.ended->at)}, {"reason", ToString(level.ended->reason)}};
  }
  return {{"level", name},
          {"enabled", level.enabled},
          {"threshold", Amount(level.threshold)},
          {"currency", level.currency},
          {"suspended", level.suspended},
          {"provisioned", account.IsProvisioned(name)},
          {"state", AlertState(account.memory, level)},
          {"low_since", Instant(level.low_since)},
          {"first_change", Instant(level.first_change)},
          {"overdue_since", Instant(level.overdue)},
          {"ended", std::move(ended)}};
}

}  // namespace

std::string_view AlertState(const AccountMemory& account, const LevelMemory& level) {
  if (!level.enabled) return "disabled";
  if (level.suspended || IsStopped(account.status)) return "suspended";
  if (!account.available_credit) return "unknown";
  if (*account.available_credit < Money{}) return "overdue";
  return level.low_since ? "low" : "ok";
}

ordered_json AlertJson(const Account& account, std::string_view level) {
  const auto found = account.memory.levels.find(level);
  if (found == account.memory.levels.end()) return nullptr;
  return AlertJson(account, level, found->second);
}

ordered_json AccountJson(const Account& account, const AccountView& view) {
  const AccountMemory& m = account.memory;
  ordered_json terms = ordered_json::object();
  for (const CreditTermInfo& term : kCreditTerms) {
    if (const auto& amount = m.terms.*term.member) terms[term.name] = amount->ToString(2);
  }
  ordered_json alerts = ordered_json::array();
  for (const auto& [name, level] : m.levels) alerts.push_back(AlertJson(account, name, level));
  const auto unexplained =
      m.available_credit ? UnexplainedAmount(*m.available_credit, m.terms) : std::nullopt;
  return {{"provider", m.account.provider},
          {"account_id", m.account.account_id},
          {"account_name", m.account_name},
          {"owner", m.owner},
          {"status", m.status == AccountStatus::kUnknown ? "unknown" : ToString(m.status)},
          {"contact", account.contact},
          {"source", account.source},
          {"currency", m.currency},
          {"available_credit", Amount(m.available_credit)},
          {"terms", std::move(terms)},
          {"unexplained_amount", Amount(unexplained)},
          {"costs_incurred", CostsText(m.costs_incurred)},
          {"up", m.up},
          {"last_success", Instant(m.last_success)},
          {"changed", Instant(m.changed)},
          {"spend_total", m.spend_total.ToString(2)},
          {"top_up_total", m.top_up_total.ToString(2)},
          {"billed_before_tax", account.billed_before_tax},
          {"stale", view.stale},
          {"burn_rate_per_day", Amount(view.burn_rate)},
          {"runway_seconds",
           view.runway ? ordered_json(view.runway->count() / 1000) : ordered_json(nullptr)},
          {"version", SettingsVersion(m)},
          {"alerts", std::move(alerts)}};
}

BodyError NotOfTheForm(std::string field, const std::string& message) {
  return {.status = 400, .field = std::move(field), .message = Verbatim(message)};
}

// The members of the one object that the body must be.
tl::expected<json, BodyError> ParseObject(std::string_view body) {
  std::set<std::string> names;
  std::string twice;
  const auto notice = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1) {
      const auto& name = value.get_ref<const std::string&>();
      if (!names.insert(name).second) twice = name;
    }
    return true;
  };
  json object = json::parse(body, notice, /*allow_exceptions=*/false);
  if (object.is_discarded()) return tl::unexpected(NotOfTheForm("", "the body is not JSON"));
  if (!object.is_object()) return tl::unexpected(NotOfTheForm("", "the body is not an object"));
  if (!twice.empty()) return tl::unexpected(NotOfTheForm(twice, "given twice"));
  return object;
}

tl::expected<EditBody, BodyError> ParseEditBody(std::string_view body) {
  const auto object = ParseObject(body);
  if (!object) return tl::unexpected(object.error());

  EditBody parsed;
  for (const auto& [name, value] : object->items()) {
    const bool flag = name == "enabled" || name == "dry_run";
    const bool text = name == "threshold" || name == "currency";
    if (!flag && !text) {
      return tl::unexpected(NotOfTheForm(
          name,
          "unknown key " + Quoted(name) + "; known are enabled, threshold, currency and dry_run"));
    }
    if (flag && !value.is_boolean()) {
      return tl::unexpected(NotOfTheForm(name, "expected true or false"));
    }
    if (text && !value.is_string()) {
      return tl::unexpected(NotOfTheForm(name, "expected text in quotes"));
    }
    if (name == "enabled") parsed.edit.enabled = value.get<bool>();
    if (name == "dry_run") parsed.dry_run = value.get<bool>();
    if (name == "threshold") {
      const auto threshold = Money::Parse(value.get_ref<const std::string&>());
      if (!threshold) return tl::unexpected(BodyError{422, name, threshold.error().Said()});
      parsed.edit.threshold = *threshold;
    }
    if (name == "currency") {
      auto currency = ParseCurrency(value.get_ref<const std::string&>());
      if (!currency) return tl::unexpected(BodyError{422, name, currency.error().Said()});
      parsed.edit.currency = std::move(*currency);
    }
  }
  if (!parsed.edit.enabled && !parsed.edit.threshold) {
    return tl::unexpected(NotOfTheForm("", "nothing to change: give enabled or threshold"));
  }
  return parsed;
}

}  // namespace lowbalance
