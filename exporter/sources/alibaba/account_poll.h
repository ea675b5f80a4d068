#pragma once
// One account's poll: whose it is, its balance, and what the configuration wants beside that.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/account_memory.h"
#include "exporter/sources/alibaba/api_client.h"
#include "exporter/sources/alibaba/replies.h"

namespace lowbalance::alibaba {

// What the bills said when they were last read.
struct Bills {
  Time read_at{};
  Money current_month;
  Money previous_months;
  bool costs = false;
};

// An account as the source knows it, from one poll to the next.
struct Target {
  std::string id;           // Empty until the identity is known.
  std::string expected_id;  // What the configuration says it is; may be empty.
  std::string name;
  std::string owner;
  std::string fund_account;                        // Empty: the one that the identity owns.
  AccountStatus status = AccountStatus::kUnknown;  // As the last list that could be had says,
  bool status_is_old = false;                      // which is not that of the running poll.
  std::shared_ptr<CredentialsCache> credentials;
  std::string budget;  // Whose rate limits its calls count against.
  bool ask_identity = false;

  // Remembered.
  std::string identified_key;         // The AccessKey that `id` was asked with.
  Time fund_account_refused_until{};  // Until then only the older operation is asked,
  std::string fund_account_refusal;   // for this reason.
  std::optional<Bills> bills;
  std::uint64_t answered_in = 0;  // The last poll that had the time to end its questions.
};

// What an account's poll is made with.
struct AccountPollOptions {
  std::string provider;
  std::string billing_endpoint;
  std::string sts_endpoint;
  bool import_alarm = false;
  bool unsettled_from_bills = false;
};

// What it came to. Notes are for the log: what is missing although the balance is there.
struct AccountPollResult {
  std::optional<Reading> reading;
  std::string failure;  // Empty if there is a reading.
  std::string notes;
};

// Asks what is to be asked through `client`, and calls `done` once, from its Run or at once.
// `target` and `client` must live until then.
void PollAccount(const AccountPollOptions& options, Target& target, ApiClient& client,
                 std::function<void(AccountPollResult)> done);

}  // namespace lowbalance::alibaba
