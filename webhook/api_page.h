#pragma once
// What the lists of the messages API have in common: pages, ids, and a delivery's JSON.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "webhook/records.h"

namespace lowbalance {

// The contact whose messages alone the request may see; empty for all.
[[nodiscard]] std::string VisibleContact(const HttpRequest& request);
[[nodiscard]] inline bool Sees(const HttpRequest& request, std::string_view contact) {
  return request.grant.role != Role::kContact || request.grant.contact == contact;
}

// An id as it stands in a path or a query; nothing for what is none.
[[nodiscard]] std::optional<std::int64_t> ParseId(std::string_view text);

// The parameters `limit` (1 to 1000) and `before` (an id). On a mistake `refusal` is the answer.
struct Page {
  int limit = 100;
  std::optional<std::int64_t> before;
  std::optional<HttpResponse> refusal;
};
[[nodiscard]] Page ReadPage(const HttpRequest& request);

// The parameter `state`. On a mistake `refusal` is the answer.
struct StateQuery {
  std::optional<DeliveryState> state;
  std::optional<HttpResponse> refusal;
};
[[nodiscard]] StateQuery ReadState(const HttpRequest& request);

// One more than a page holds is asked for, to see whether there is a next one: cuts that off and
// returns what to ask for as `before`.
template <class T, class IdOf>
std::optional<std::int64_t> CutToPage(std::vector<T>& found, int limit, IdOf id_of) {
  if (found.size() <= static_cast<std::size_t>(limit)) return std::nullopt;
  found.resize(static_cast<std::size_t>(limit));
  return id_of(found.back());
}

// null where there is nothing. Fields of objects are in the order in which they are put in.
[[nodiscard]] nlohmann::ordered_json IdJson(std::optional<std::int64_t> id);
[[nodiscard]] nlohmann::ordered_json InstantJson(const std::optional<Time>& at);
[[nodiscard]] nlohmann::ordered_json ToJson(const Delivery& delivery, Language language);

}  // namespace lowbalance
