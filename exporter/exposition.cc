#include "exporter/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/contract.h"

namespace lowbalance {
namespace {

// n / 10^decimals, without zeros at its end.
void AppendDecimal(std::int64_t n, std::size_t decimals, std::string& out) {
  auto magnitude = static_cast<std::uint64_t>(n);
  if (n < 0) {
    out += '-';
    magnitude = 0 - magnitude;
  }
  std::array<char, 24> buffer;
  const char* const end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude).ptr;
  const std::string_view digits(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t whole = digits.size() > decimals ? digits.size() - decimals : 0;
  if (whole == 0) out += '0';
  out.append(digits.substr(0, whole));
  const std::size_t last = digits.find_last_not_of('0');
  if (last == std::string_view::npos || last < whole) return;
  out += '.';
  if (whole == 0) out.append(decimals - digits.size(), '0');
  out.append(digits.substr(whole, last + 1 - whole));
}

void AppendValue(Money amount, std::string& out) { AppendDecimal(amount.millionths(), 6, out); }
void AppendValue(Time at, std::string& out) { AppendDecimal(ToMillis(at), 3, out); }
void AppendValue(bool yes, std::string& out) { out += yes ? '1' : '0'; }

// Backslash, quote and line end are what the format wants escaped.
void AppendEscaped(std::string_view text, std::string& out) {
  while (true) {
    const std::size_t plain = std::min(text.find_first_of("\\\"\n"), text.size());
    out.append(text.substr(0, plain));
    if (plain == text.size()) return;
    out += '\\';
    out += text[plain] == '\n' ? 'n' : text[plain];
    text.remove_prefix(plain + 1);
  }
}

void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += ',';
  out.append(name);
  out.append("=\"");
  AppendEscaped(value, out);
  out += '"';
}

// Writes the series of one family, account after account.
class FamilyWriter {
 public:
  FamilyWriter(const AccountMetric& metric, std::string& out) : metric_(metric), out_(out) {}

  // `labels`: provider and account_id of the account. The further ones are appended by the caller
  // between Begin and End.
  void Begin(std::string_view labels) {
    if (empty_) {
      AppendHeader();
      empty_ = false;
    }
    out_.append(metric_.name);
    out_ += '{';
    out_.append(labels);
  }
  template <class T>
  void End(T value) {
    out_.append("} ");
    AppendValue(value, out_);
    out_ += '\n';
  }

 private:
  void AppendHeader() {
    out_.append("# HELP ");
    out_.append(metric_.name);
    out_ += ' ';
    out_.append(metric_.help);
    out_.append("\n# TYPE ");
    out_.append(metric_.name);
    out_ += ' ';
    out_.append(metric_.type);
    out_ += '\n';
  }

  const AccountMetric& metric_;
  std::string& out_;
  bool empty_ = true;
};

class Exposition {
 public:
  Exposition(const Snapshot& snapshot, std::string& out) : snapshot_(snapshot), out_(out) {
    ends_.reserve(snapshot.accounts.size());
    for (const AccountPtr& account : snapshot.accounts) {
      labels_.append(kLabelProvider).append("=\"");
      AppendEscaped(account->memory.account.provider, labels_);
      labels_ += '"';
      AppendLabel(kLabelAccountId, account->memory.account.account_id, labels_);
      ends_.push_back(labels_.size());
    }
  }

  // `each` is called with every account and its labels.
  template <class Each>
  void ForEach(Each each) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      each(*snapshot_.accounts[i], std::string_view(labels_).substr(begin, ends_[i] - begin));
      begin = ends_[i];
    }
  }

  void Info() {
    FamilyWriter family(kInfo, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      family.Begin(labels);
      AppendLabel(kLabelAccountName, account.memory.account_name, out_);
      AppendLabel(kLabelContact, account.contact, out_);
      AppendLabel(kLabelSource, account.source, out_);
      if (!account.memory.owner.empty()) AppendLabel(kLabelOwner, account.memory.owner, out_);
      family.End(true);
    });
  }

  // One series an account with a currency; `value` gives an optional amount.
  template <class Value>
  void Amounts(const AccountMetric& metric, Value value) {
    FamilyWriter family(metric, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      const std::optional<Money> amount = value(account.memory);
      if (!amount || account.memory.currency.empty()) return;
      family.Begin(labels);
      AppendLabel(kLabelCurrency, account.memory.currency, out_);
      family.End(*amount);
    });
  }

  void Instants(const AccountMetric& metric, std::optional<Time> AccountMemory::*member) {
    FamilyWriter family(metric, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      const std::optional<Time>& at = account.memory.*member;
      if (!at) return;
      family.Begin(labels);
      family.End(*at);
    });
  }

  void Up() {
    FamilyWriter family(kUp, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      family.Begin(labels);
      family.End(account.memory.up);
    });
  }

  void Status() {
    FamilyWriter family(kStatus, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      if (account.memory.status == AccountStatus::kUnknown) return;
      for (const AccountStatus status : kAccountStatuses) {
        family.Begin(labels);
        AppendLabel(kLabelStatus, ToString(status), out_);
        family.End(account.memory.status == status);
      }
    });
  }

  void Enabled() {
    FamilyWriter family(kAlertEnabled, out_);
    ForEach([&](const Account& account, std::string_view labels) {
      const bool stopped = IsStopped(account.memory.status);
      for (const auto& [name, level] : account.memory.levels) {
        family.Begin(labels);
        AppendLabel(kLabelLevel, name, out_);
        family.End(level.enabled && !level.suspended && !stopped);
      }
    });
  }

  void Thresholds() {
    FamilyWriter family(kAlertThreshold, out_);
    ForEachLevel([&](const std::string& name, const LevelMemory& level, std::string_view labels) {
      // Without a currency it could be compared with nothing; it has one from the first reading.
      if (!level.threshold || level.currency.empty()) return;
      family.Begin(labels);
      AppendLabel(kLabelLevel, name, out_);
      AppendLabel(kLabelCurrency, level.currency, out_);
      family.End(*level.threshold);
    });
  }

  void LevelInstants(const AccountMetric& metric, std::optional<Time> LevelMemory::*member) {
    FamilyWriter family(metric, out_);
    ForEachLevel([&](const std::string& name, const LevelMemory& level, std::string_view labels) {
      const std::optional<Time>& at = level.*member;
      if (!at) return;
      family.Begin(labels);
      AppendLabel(kLabelLevel, name, out_);
      family.End(*at);
    });
  }

  void Ended() {
    FamilyWriter family(kAlertEndedTimestamp, out_);
    ForEachLevel([&](const std::string& name, const LevelMemory& level, std::string_view labels) {
      if (!level.ended) return;
      family.Begin(labels);
      AppendLabel(kLabelLevel, name, out_);
      AppendLabel(kLabelReason, ToString(level.ended->reason), out_);
      family.End(level.ended->at);
    });
  }

 private:
  template <class Each>
  void ForEachLevel(Each each) const {
    ForEach([&](const Account& account, std::string_view labels) {
      for (const auto& [name, level] : account.memory.levels) each(name, level, labels);
    });
  }

  const Snapshot& snapshot_;
  std::string& out_;
  // The labels of all accounts, one after the other, and where each one's end.
  std::string labels_;
  std::vector<std::size_t> ends_;
};

}  // namespace

void AppendAccountMetrics(const Snapshot& snapshot, std::string& out) {
  // About what an account with all terms and one level comes to.
  constexpr std::size_t kBytesPerAccount = 1600;
  out.reserve(out.size() + snapshot.accounts.size() * kBytesPerAccount + 8192);
  Exposition to(snapshot, out);

  const auto term = [](std::optional<Money> CreditTerms::*member) {
    return [member](const AccountMemory& m) { return m.terms.*member; };
  };
  to.Info();
  to.Amounts(kAvailableCredit, [](const AccountMemory& m) { return m.available_credit; });
  to.Amounts(kCashBalance, term(&CreditTerms::cash_balance));
  to.Amounts(kCreditLimit, term(&CreditTerms::credit_limit));
  to.Amounts(kCreditRefunds, term(&CreditTerms::credit_refunds));
  to.Amounts(kUnsettledCurrentMonth, term(&CreditTerms::unsettled_current_month));
  to.Amounts(kUnsettledPreviousMonths, term(&CreditTerms::unsettled_previous_months));
  to.Amounts(kUnexplainedAmount, [](const AccountMemory& m) {
    return m.available_credit ? UnexplainedAmount(*m.available_credit, m.terms) : std::nullopt;
  });
  to.Instants(kChangeTimestamp, &AccountMemory::changed);
  to.Amounts(kSpendTotal, [](const AccountMemory& m) { return std::optional(m.spend_total); });
  to.Amounts(kTopUpTotal, [](const AccountMemory& m) { return std::optional(m.top_up_total); });
  to.Up();
  to.Status();
  to.Instants(kLastSuccessTimestamp, &AccountMemory::last_success);
  to.Enabled();
  to.Thresholds();
  to.LevelInstants(kAlertLowTimestamp, &LevelMemory::low_since);
  to.LevelInstants(kAlertFirstChangeTimestamp, &LevelMemory::first_change);
  to.LevelInstants(kAlertOverdueTimestamp, &LevelMemory::overdue);
  to.Ended();
}

}  // namespace lowbalance
