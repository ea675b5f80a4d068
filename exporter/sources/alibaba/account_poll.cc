#include "exporter/sources/alibaba/account_poll.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"
#include "exporter/sources/alibaba/billing_months.h"
#include "exporter/sources/alibaba/operations.h"

namespace lowbalance::alibaba {
namespace {

// What is not permitted now may be permitted later.
constexpr Millis kAskAgain = std::chrono::hours{1};
// Bills are hours late, so reading them at every poll would tell nothing new.
constexpr Millis kBillsAge = std::chrono::hours{1};

std::string Joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + "; " + b;
}

class AccountPoll : public std::enable_shared_from_this<AccountPoll> {
 public:
  AccountPoll(AccountPollOptions options, Target& target, ApiClient& client,
              std::function<void(AccountPollResult)> done)
      : options_(std::move(options)), target_(target), client_(client), done_(std::move(done)) {}

  void Begin() {
    if (!target_.ask_identity) return AskBalance();
    const Credentials* const usable = target_.credentials->Usable(client_.Now());
    if (usable != nullptr) return Identify(*usable);
    target_.credentials->Refresh(
        client_, client_.Now(), [self = shared_from_this()](const Result<void>& refreshed) {
          const Credentials* const fresh = self->target_.credentials->Usable(self->client_.Now());
          if (refreshed && fresh != nullptr) return self->Identify(*fresh);
          self->Fail("credentials: " +
                     (refreshed ? "they expired at once" : refreshed.error().message));
        });
  }

 private:
  // A lasting key that was replaced may be another account's; a role stays the same account's.
  void Identify(const Credentials& credentials) {
    const bool known = !target_.id.empty() && !target_.identified_key.empty() &&
                       (credentials.expires || target_.identified_key == credentials.access_key_id);
    if (known) return AskBalance();
    client_.Call(GetCallerIdentity(options_.sts_endpoint), target_.credentials.get(),
                 target_.budget,
                 [self = shared_from_this(), key = credentials.access_key_id](const auto& body) {
                   self->TakeIdentity(body, key);
                 });
  }

  void TakeIdentity(const ApiResult<std::string>& body, const std::string& key) {
    const auto id = body ? ParseCallerIdentity(*body) : Reject(body.error().ToString());
    if (!id) {
      // Who it is meant to be is in the configuration, so the balance can be had all the same.
      target_.id = target_.expected_id;
      const std::string why =
          (body ? "GetCallerIdentity: unexpected reply: " : "") + id.error().message;
      if (target_.id.empty()) return Fail("whose account it is cannot be told: " + why);
      Note("not checked whose credentials they are: " + why);
      return AskBalance();
    }
    if (!target_.expected_id.empty() && *id != target_.expected_id) {
      target_.id = target_.expected_id;
      return Fail("the credentials are those of account " + *id);
    }
    target_.id = *id;
    target_.identified_key = key;
    AskBalance();
  }

  void AskBalance() {
    if (target_.fund_account.empty() && client_.Now() < target_.fund_account_refused_until) {
      return AskOlderOperation();
    }
    client_.Call(GetFundAccountAvailableAmount(options_.billing_endpoint, target_.fund_account),
                 target_.credentials.get(), target_.budget,
                 [self = shared_from_this()](const auto& body) { self->TakeFundAccount(body); });
  }

  void TakeFundAccount(const ApiResult<std::string>& body) {
    if (!body) {
      // The older operation knows the caller's own account only.
      if (!target_.fund_account.empty() || !IsNotForThisCaller(body.error())) {
        return Fail(body.error().ToString());
      }
      refusal_ = body.error().ToString();
      return AskOlderOperation();
    }
    const auto balance = ParseFundAccountAmount(*body);
    if (!balance) {
      return Fail("GetFundAccountAvailableAmount: unexpected reply: " + balance.error().message);
    }
    TakeBalance(*balance);
    AskAlarm();
  }

  void AskOlderOperation() {
    client_.Call(QueryAccountBalance(options_.billing_endpoint), target_.credentials.get(),
                 target_.budget,
                 [self = shared_from_this()](const auto& body) { self->TakeOlderOperation(body); });
  }

  void TakeOlderOperation(const ApiResult<std::string>& body) {
    if (!body) return Fail(Joined(refusal_, body.error().ToString()));
    const auto balance = ParseAccountBalance(*body);
    if (!balance) return Fail("QueryAccountBalance: unexpected reply: " + balance.error().message);
    TakeBalance(*balance);
    if (!refusal_.empty()) {  // It was asked, so from now on it is not, for a while.
      target_.fund_account_refused_until = client_.Now() + kAskAgain;
      target_.fund_account_refusal = refusal_;
    }
    Note("not all terms are known, as only QueryAccountBalance answers: " +
         target_.fund_account_refusal);
    // With credit control bills say what was charged to it, which is not what is unsettled.
    if (options_.unsettled_from_bills && !balance->uses_credit) return AskBills();
    AskAlarm();
  }

  void TakeBalance(const Balance& balance) {
    reading_ = Reading{.account = {options_.provider, target_.id},
                       .account_name = target_.name,
                       .owner = target_.owner,
                       .status = balance.status,
                       .currency = balance.currency,
                       .available_credit = balance.available_credit,
                       .terms = balance.terms,
                       .costs_incurred = balance.costs_incurred};
    // Of the two, the one that says that it is over; but an old list knows less than the balance.
    const bool list_says_over = IsStopped(target_.status) && !target_.status_is_old;
    if (reading_.status == AccountStatus::kUnknown || list_says_over) {
      if (target_.status != AccountStatus::kUnknown) reading_.status = target_.status;
    }
  }

  void AskBills() {
    const Time now = client_.Now();
    const bool fresh = target_.bills && target_.bills->read_at <= now &&
                       now - target_.bills->read_at < kBillsAge &&
                       BillingMonths(target_.bills->read_at) == BillingMonths(now);
    if (fresh) return TakeBills();
    bills_ = Bills{.read_at = now};
    const std::vector<std::string> months = BillingMonths(now);
    bills_left_ = months.size();
    for (const std::string& month : months) {
      client_.Call(QueryBillOverview(options_.billing_endpoint, month), target_.credentials.get(),
                   target_.budget,
                   [self = shared_from_this(), current = month == months.front()](
                       const auto& body) { self->TakeMonth(body, current); });
    }
  }

  void TakeMonth(const ApiResult<std::string>& body, bool current) {
    const auto sum = body ? ParseBillOverview(*body) : Reject(body.error().ToString());
    if (!sum && bills_problem_.empty()) {
      bills_problem_ = (body ? "QueryBillOverview: unexpected reply: " : "") + sum.error().message;
    }
    if (sum) {
      Money& total = current ? bills_.current_month : bills_.previous_months;
      const auto added = Money::Add(total, sum->unsettled);
      if (!added) bills_problem_ = "QueryBillOverview: the sum is out of range";
      total = added.value_or(total);
      bills_.costs = bills_.costs || sum->costs;
    }
    if (--bills_left_ > 0) return;
    if (bills_problem_.empty()) {
      target_.bills = bills_;
      return TakeBills();
    }
    Note("no unsettled amounts from bills: " + bills_problem_);
    AskAlarm();
  }

  void TakeBills() {
    reading_.terms.unsettled_current_month = target_.bills->current_month;
    reading_.terms.unsettled_previous_months = target_.bills->previous_months;
    reading_.costs_incurred = target_.bills->costs ? CostsIncurred::kYes : CostsIncurred::kNo;
    AskAlarm();
  }

  void AskAlarm() {
    if (!options_.import_alarm) return Succeed();
    client_.Call(
        GetFundAccountLowAvailableAmountAlarm(options_.billing_endpoint, target_.fund_account),
        target_.credentials.get(), target_.budget,
        [self = shared_from_this()](const auto& body) { self->TakeAlarm(body); });
  }

  void TakeAlarm(const ApiResult<std::string>& body) {
    const auto alarm = body ? ParseAlarm(*body) : Reject(body.error().ToString());
    if (alarm) {
      reading_.alarm = ProviderAlarm{.enabled = alarm->enabled, .threshold = alarm->threshold};
    } else {
      Note("the alarm's setting was not imported: " + alarm.error().message);
    }
    Succeed();
  }

  void Note(const std::string& note) { notes_ = Joined(notes_, note); }
  void Succeed() { done_({.reading = reading_, .notes = notes_}); }
  void Fail(const std::string& why) { done_({.failure = why}); }

  const AccountPollOptions options_;
  Target& target_;
  ApiClient& client_;
  const std::function<void(AccountPollResult)> done_;
  Reading reading_;
  std::string notes_;
  std::string refusal_;  // Of the newer operation, in this poll.
  Bills bills_;
  std::size_t bills_left_ = 0;
  std::string bills_problem_;
};

}  // namespace

void PollAccount(const AccountPollOptions& options, Target& target, ApiClient& client,
                 std::function<void(AccountPollResult)> done) {
  std::make_shared<AccountPoll>(options, target, client, std::move(done))->Begin();
}

}  // namespace lowbalance::alibaba
