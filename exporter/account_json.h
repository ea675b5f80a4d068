#pragma once
// Accounts and edits as the API writes and reads them. Pure.
//
// Amounts are texts with at least two decimals, instants RFC 3339, what is unknown is null.

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/account_memory.h"
#include "exporter/account_select.h"
#include "exporter/snapshot.h"

namespace lowbalance {

inline constexpr std::array<std::string_view, 6> kAlertStates{"disabled", "ok",        "low",
                                                              "overdue",  "suspended", "unknown"};

// One of kAlertStates: what an alert setting comes to at the account's available credit. "overdue"
// wherever that is below zero, "unknown" while it is not known.
[[nodiscard]] std::string_view AlertState(const AccountMemory& account, const LevelMemory& level);

[[nodiscard]] nlohmann::ordered_json AccountJson(const Account& account, const AccountView& view);
// Null if the account has no such level.
[[nodiscard]] nlohmann::ordered_json AlertJson(const Account& account, std::string_view level);

// What a client asks for in the body of an edit.
struct EditBody {
  SettingEdit edit;  // Without the level, which stands in the path.
  bool dry_run = false;
};
// Why a body was not understood.
struct BodyError {
  int status = 400;   // 400: not of the form. 422: of the form, but not a possible value.
  std::string field;  // May be empty.
  Bilingual message;
};
// The members of the one object that a body must be; none may stand there twice.
[[nodiscard]] tl::expected<nlohmann::json, BodyError> ParseObject(std::string_view body);
// In English alone: no form of a console sends what is not of the form.
[[nodiscard]] BodyError NotOfTheForm(std::string field, const std::string& message);
[[nodiscard]] tl::expected<EditBody, BodyError> ParseEditBody(std::string_view body);

}  // namespace lowbalance
