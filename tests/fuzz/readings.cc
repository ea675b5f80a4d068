#include "tests/fuzz/readings.h"

#include <set>

#include "core/text.h"
#include "exporter/csv.h"
#include "exporter/sources/file_csv.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

constexpr std::string_view kName = "balances";

std::string AsCsv(const std::vector<Reading>& readings) {
  std::string csv;
  for (std::size_t field = 0; field < kFileFields; ++field) {
    csv += (field == 0 ? "" : ",") + std::string(FileFieldName(field));
  }
  csv += "\r\n";
  for (const Reading& r : readings) {
    csv += CsvText(r.account.account_id) + "," + CsvText(r.account_name) + "," + CsvText(r.owner) +
           "," + std::string(ToString(r.status)) + "," + r.account.provider + "," + r.currency +
           "," + r.available_credit.ToString();
    for (const CreditTermInfo& term : kCreditTerms) {
      const auto& amount = r.terms.*term.member;
      csv += "," + (amount ? amount->ToString(2) : "");
    }
    csv += r.costs_incurred == CostsIncurred::kUnknown ? ","
           : r.costs_incurred == CostsIncurred::kYes   ? ",true"
                                                       : ",false";
    csv += "," + FormatRfc3339(*r.as_of) + "\r\n";
  }
  return csv;
}

bool Same(const Reading& a, const Reading& b) {
  return a.account == b.account && a.account_name == b.account_name && a.owner == b.owner &&
         a.status == b.status && a.currency == b.currency &&
         a.available_credit == b.available_credit && a.terms == b.terms &&
         a.costs_incurred == b.costs_incurred && a.as_of == b.as_of;
}

void CheckRefusal(std::string_view message, std::string_view input) {
  PROMISE_MESSAGE(message, 25'000);
  // The first mistake; further ones come after a "; ".
  PROMISE_OF(message, message.starts_with(kName));
  message.remove_prefix(kName.size());
  PROMISE_OF(message, NumberAfter(message, ":") <= LinesOf(input));
}

}  // namespace

FileContext BalancesFile() {
  return {.file = std::string(kName),
          .provider = "demo",
          .modified = TimeFromMillis(1'700'000'000'000)};
}

void CheckReadings(const Result<std::vector<Reading>>& readings, std::string_view input) {
  if (!readings) return CheckRefusal(readings.error().message, input);
  PROMISE(!readings->empty() && readings->size() <= input.size());
  std::set<AccountKey> keys;
  for (const Reading& reading : *readings) {
    PROMISE(IsValidName(reading.account.provider) && IsValidAccountId(reading.account.account_id));
    PROMISE(IsValidUtf8(reading.account_name) && IsValidUtf8(reading.owner));
    PROMISE(ParseCurrency(reading.currency) == reading.currency && reading.as_of);
    PROMISE(keys.insert(reading.account).second);
  }
  const std::string csv = AsCsv(*readings);
  const auto again = ParseFileCsv(csv, BalancesFile());
  PROMISE_OF(
      again ? csv : again.error().message,
      again && std::equal(again->begin(), again->end(), readings->begin(), readings->end(), Same));
}

}  // namespace lowbalance::fuzz
