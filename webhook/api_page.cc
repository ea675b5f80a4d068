#include "webhook/api_page.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr int kLimitMax = 1000;

}  // namespace

std::string VisibleContact(const HttpRequest& request) {
  return request.grant.role == Role::kContact ? request.grant.contact : "";
}

std::optional<std::int64_t> ParseId(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Page ReadPage(const HttpRequest& request) {
  Page page;
  if (const std::string_view text = request.Query("limit"); !text.empty()) {
    const auto limit = ParseId(text);
    if (!limit || *limit < 1 || *limit > kLimitMax) {
      page.refusal = JsonError(400, "must be a number from 1 to 1000: " + Quoted(text), "limit");
      return page;
    }
    page.limit = static_cast<int>(*limit);
  }
  if (const std::string_view text = request.Query("before"); !text.empty()) {
    page.before = ParseId(text);
    if (!page.before) page.refusal = JsonError(400, "not an id: " + Quoted(text), "before");
  }
  return page;
}

StateQuery ReadState(const HttpRequest& request) {
  StateQuery query;
  const std::string_view text = request.Query("state");
  if (text.empty()) return query;
  query.state = ParseDeliveryState(text);
  if (!query.state) {
    query.refusal =
        JsonError(400, "must be pending, delivered, dead or cancelled: " + Quoted(text), "state");
  }
  return query;
}

nlohmann::ordered_json IdJson(std::optional<std::int64_t> id) {
  return id ? nlohmann::ordered_json(*id) : nlohmann::ordered_json();
}

nlohmann::ordered_json InstantJson(const std::optional<Time>& at) {
  return at ? nlohmann::ordered_json(FormatRfc3339(*at)) : nlohmann::ordered_json();
}

nlohmann::ordered_json ToJson(const Delivery& d, Language language) {
  const bool pending = d.state == DeliveryState::kPending;
  return {{"id", d.id},
          {"relay", d.relay},
          {"recipient", d.recipient},
          {"state", ToString(d.state)},
          {"attempts", d.attempts},
          {"last_error", DescribeError(d.last_error).In(language)},
          {"next_attempt", InstantJson(pending ? std::optional(d.next_attempt) : std::nullopt)},
          {"finished", InstantJson(d.finished)}};
}

}  // namespace lowbalance
