#include "exporter/sources/alibaba/replies.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "exporter/sources/alibaba/json_reply.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

constexpr std::size_t kDecimals = 6;

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// Takes fields from an object and keeps the first complaint.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  Money Amount(const char* field) {
    const auto amount = MaybeAmount(field);
    if (!amount) Complain(field, "is missing");
    return amount.value_or(Money{});
  }
  // Absent and null are fine, another form is not.
  std::optional<Money> MaybeAmount(const char* field) {
    const auto found = object_.is_object() ? object_.find(field) : object_.end();
    if (!object_.is_object() || found == object_.end() || found->is_null()) return std::nullopt;
    if (!found->is_string()) {
      Complain(field, "is no amount: " + Quoted(found->dump()));
      return std::nullopt;
    }
    const auto amount = ParseAmount(found->get_ref<const std::string&>());
    if (!amount) {
      Complain(field, "is " + amount.error().message);
      return std::nullopt;
    }
    return *amount;
  }
  std::string Currency() {
    const auto text = TextOf(object_, "Currency");
    if (!text) {
      Complain("Currency", "is missing");
      return "";
    }
    const auto currency = ParseCurrency(Trimmed(*text));
    if (!currency) Complain("Currency", "is " + currency.error().message);
    return currency.value_or("");
  }
  std::string AccountId(const char* field) {
    const std::string id(Trimmed(TextOf(object_, field).value_or("")));
    if (!IsValidAccountId(id)) Complain(field, "is no account id: " + Quoted(id));
    return id;
  }
  // A name for people: shortened to what a label may sensibly be.
  std::string Name(const char* field) {
    std::string name(Trimmed(TextOf(object_, field).value_or("")));
    if (name.size() > 256 || !IsValidUtf8(name) || HasControlCharacters(name)) return "";
    return name;
  }

  void Complain(const std::string& field, const std::string& what) {
    if (complaint_.empty()) complaint_ = field + " " + what;
  }
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  const json& object_;
  std::string complaint_;
};

// The object of a reply that was a success.
Result<json> Object(std::string_view body) {
  auto parsed = ParseJson(body);
  if (!parsed) return parsed;
  if (!parsed->is_object()) return Reject("not an object: " + Quoted(body));
  return parsed;
}

AccountStatus StatusOf(const json& object) {
  const std::string status = Upper(TextOf(object, "FundAccountStatus").value_or(""));
  if (status == "VALID") return AccountStatus::kActive;
  if (status == "FROZEN") return AccountStatus::kFrozen;
  if (status == "CLOSED") return AccountStatus::kClosed;
  return AccountStatus::kUnknown;
}

bool IsPositive(const std::optional<Money>& amount) { return amount && *amount > Money{}; }

// Adds ".000" to what lacks decimals, and rounds those past the sixth.
Result<Money> ParseRounded(std::string_view text, std::size_t point) {
  const std::string_view all = text;
  const std::string_view further = text.substr(point + 1 + kDecimals);
  const bool digits = further.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) return Money::Parse(all);  // Which refuses it.
  const auto cut = Money::Parse(text.substr(0, point + 1 + kDecimals));
  if (!cut || further.front() < '5') return cut;
  const Money step = Money::FromMillionths(1);
  const auto rounded = text.starts_with('-') ? Money::Subtract(*cut, step) : Money::Add(*cut, step);
  if (!rounded) return Reject("not an amount (out of range): " + Quoted(all));
  return *rounded;
}

}  // namespace

Result<Money> ParseAmount(std::string_view text) {
  text = Trimmed(text);
  const auto point = text.find('.');
  if (point != std::string_view::npos && text.size() > point + 1 + kDecimals) {
    return ParseRounded(text, point);
  }
  return Money::Parse(text);
}

Result<Balance> ParseFundAccountAmount(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  Fields fields(*object);
  Balance balance;
  balance.currency = fields.Currency();
  balance.available_credit = fields.Amount("AvailableAmount");
  balance.terms.cash_balance = fields.MaybeAmount("CashAmount");
  balance.terms.credit_limit = fields.MaybeAmount("CreditAmount");
  balance.terms.credit_refunds = fields.MaybeAmount("CreditRefundAmount");
  balance.terms.unsettled_current_month = fields.MaybeAmount("CurrentMonthUnclearedAmount");
  balance.terms.unsettled_previous_months = fields.MaybeAmount("HistoryMonthUnclearedAmount");
  balance.status = StatusOf(*object);
  balance.owner = Trimmed(TextOf(*object, "FundAccountOwnerAccountId").value_or(""));
  if (!fields.complaint().empty()) return Reject(fields.complaint());
  if (IsPositive(balance.terms.unsettled_current_month) ||
      IsPositive(balance.terms.unsettled_previous_months)) {
    balance.costs_incurred = CostsIncurred::kYes;
  }
  balance.uses_credit = BoolOf(*object, "CreditUser").value_or(true);
  return balance;
}

Result<Balance> ParseAccountBalance(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  const json& data = PartOf(*object, "Data");
  if (!data.is_object()) return Reject("Data is missing");
  Fields fields(data);
  Balance balance;
  balance.currency = fields.Currency();
  balance.available_credit = fields.Amount("AvailableAmount");
  balance.terms.cash_balance = fields.MaybeAmount("AvailableCashAmount");
  const auto credit = fields.MaybeAmount("CreditAmount");
  if (!fields.complaint().empty()) return Reject(fields.complaint());
  balance.uses_credit = !credit || *credit != Money{};
  return balance;
}

Result<std::vector<FundAccount>> ParseFundAccounts(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  const json& data = PartOf(*object, "Data");
  if (!data.is_array()) return Reject("Data is no list");
  std::vector<FundAccount> accounts;
  for (const json& entry : data) {
    Fields fields(entry);
    FundAccount account{.id = fields.AccountId("FundAccountId"),
                        .name = fields.Name("FundAccountName"),
                        .owner = fields.Name("FundAccountOwnerAccountId"),
                        .status = StatusOf(entry)};
    if (!fields.complaint().empty()) return Reject(fields.complaint());
    const bool twice = std::any_of(accounts.begin(), accounts.end(), [&](const FundAccount& other) {
      return other.id == account.id;
    });
    if (twice) continue;
    accounts.push_back(std::move(account));
  }
  return accounts;
}

Result<VendorAlarm> ParseAlarm(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  Fields fields(*object);
  VendorAlarm alarm;
  const auto text = TextOf(*object, "ThresholdAmount");
  if (text && !Trimmed(*text).empty()) alarm.threshold = fields.MaybeAmount("ThresholdAmount");
  const auto enabled = BoolOf(*object, "AlarmEnabled");
  if (!enabled) fields.Complain("AlarmEnabled", "is missing");
  if (enabled == true && !alarm.threshold) fields.Complain("ThresholdAmount", "is missing");
  if (!fields.complaint().empty()) return Reject(fields.complaint());
  alarm.enabled = *enabled;
  return alarm;
}

Result<MemberPage> ParseMembers(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  const json& list = PartOf(PartOf(*object, "Accounts"), "Account");
  if (!list.is_array()) return Reject("Accounts.Account is no list");
  MemberPage page{.next_token = TextOf(*object, "NextToken").value_or("")};
  for (const json& entry : list) {
    Fields fields(entry);
    Member member{.id = fields.AccountId("AccountId"), .name = fields.Name("DisplayName")};
    if (!fields.complaint().empty()) return Reject(fields.complaint());
    // CreateSuccess, InviteSuccess, PromoteSuccess and whatever comes later; what is not there to
    // be asked yet ends otherwise (CreateVerifying, Promoting, …Failed, …Expired).
    const std::string status = TextOf(entry, "Status").value_or("");
    member.joined = status.empty() || status.ends_with("Success");
    page.members.push_back(std::move(member));
  }
  return page;
}

Result<BillSum> ParseBillOverview(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  const json& data = PartOf(*object, "Data");
  if (!data.is_object()) return Reject("Data is missing");
  const json& list = PartOf(PartOf(data, "Items"), "Item");
  if (!list.is_array()) return Reject("Items.Item is no list");
  BillSum sum;
  for (const json& item : list) {
    Fields fields(item);
    const Money outstanding = fields.Amount("OutstandingAmount");
    const Money gross = fields.MaybeAmount("PretaxGrossAmount").value_or(Money{});
    if (!fields.complaint().empty()) return Reject("an item's " + fields.complaint());
    const auto total = Money::Add(sum.unsettled, outstanding);
    if (!total) return Reject("the sum of OutstandingAmount is out of range");
    sum.unsettled = *total;
    sum.costs = sum.costs || gross != Money{} || outstanding != Money{};
  }
  return sum;
}

Result<Credentials> ParseCredentials(std::string_view body) {
  auto object = ParseJson(body);
  if (!object || !object->is_object()) return Reject("no JSON object with credentials");
  if (const auto code = TextOf(*object, "Code"); code && Upper(*code) != "SUCCESS") {
    return Reject("Code is " + Quoted(*code) + ", not Success");
  }
  const json& inner = PartOf(*object, "Credentials");
  const json& from = inner.is_object() ? inner : *object;
  Credentials credentials{.access_key_id = TextOf(from, "AccessKeyId").value_or(""),
                          .access_key_secret = TextOf(from, "AccessKeySecret").value_or(""),
                          .security_token = TextOf(from, "SecurityToken").value_or("")};
  for (const auto& [name, value] : {std::pair{"AccessKeyId", &credentials.access_key_id},
                                    std::pair{"AccessKeySecret", &credentials.access_key_secret},
                                    std::pair{"SecurityToken", &credentials.security_token}}) {
    if (value->empty()) return Reject(std::string(name) + " is missing");
  }
  const std::string expiration = TextOf(from, "Expiration").value_or("");
  const auto expires = ParseRfc3339(expiration);
  if (!expires) return Reject("Expiration is no instant: " + Quoted(expiration));
  credentials.expires = *expires;
  return credentials;
}

Result<std::string> ParseCallerIdentity(std::string_view body) {
  const auto object = Object(body);
  if (!object) return tl::unexpected(object.error());
  Fields fields(*object);
  const std::string id = fields.AccountId("AccountId");
  if (!fields.complaint().empty()) return Reject(fields.complaint());
  return id;
}

}  // namespace lowbalance::alibaba
