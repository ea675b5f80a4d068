#include "exporter/sources/alibaba/billing_months.h"

#include <chrono>

namespace lowbalance::alibaba {

std::vector<std::string> BillingMonths(Time now) {
  using namespace std::chrono;
  constexpr int kMonths = 18;
  const year_month_day today{floor<days>(now + hours{8})};
  std::vector<std::string> months;
  for (int back = 0; back < kMonths; ++back) {
    const year_month month = today.year() / today.month() - std::chrono::months{back};
    const auto number = std::to_string(static_cast<unsigned>(month.month()) + 100).substr(1);
    months.push_back(std::to_string(static_cast<int>(month.year())) + "-" + number);
  }
  return months;
}

}  // namespace lowbalance::alibaba
