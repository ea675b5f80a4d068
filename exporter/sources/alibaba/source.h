#pragma once
// Balances of Alibaba Cloud accounts: one, those of a list, or a whole
// enterprise.
//
// A poll finds out which accounts there are and asks for each one's balance,
// many at once, in the thread that fetches. An account that cannot be asked
// fails alone; a list of accounts that cannot be had is the last one that
// could, or a failed poll if there was none yet.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "config/alibaba.h"
#include "exporter/source.h"
#include "exporter/sources/alibaba/account_poll.h"
#include "exporter/sources/alibaba/api_client.h"
#include "exporter/sources/alibaba/credential_sources.h"

namespace lowbalance::alibaba {

// The parts of the world that a source touches.
struct SourceWorld {
  std::unique_ptr<HttpTransport> transport;
  Clock clock;
  Environment environment;
};

class AlibabaSource : public Source {
 public:
  // `name` is the source's, for the log.
  AlibabaSource(std::string name, std::string provider, AlibabaConfig config, SourceWorld world);

  [[nodiscard]] Result<Fetched> Fetch(const FetchContext& context) override;

 private:
  using TargetPtr = std::unique_ptr<Target>;

  [[nodiscard]] Result<Fetched> Poll(const FetchContext& context);
  void Discover();
  [[nodiscard]] std::vector<Target*> InTurn() const;
  void TakeFundAccounts(Result<std::vector<FundAccount>> found);
  void TakeMembers(Result<std::vector<Member>> found);
  void Refound(std::map<std::string, TargetPtr> found);
  [[nodiscard]] TargetPtr Known(const std::string& id);
  void NotFound(const std::string& why);
  void Take(Fetched& fetched, const Target& target, AccountPollResult result);
  void Say(const std::string& about, const std::string& problem);
  [[nodiscard]] bool IsExcluded(const std::string& id) const;

  const std::string name_;
  const AlibabaConfig config_;
  const CredentialPlaces places_;
  const AccountPollOptions poll_options_;
  const std::unique_ptr<HttpTransport> transport_;
  ApiClient client_;
  const std::shared_ptr<CredentialsCache> credentials_;
  // By id for those that are discovered, by place in the list for the others.
  std::map<std::string, TargetPtr> targets_;
  std::uint64_t polls_ = 0;
  bool discovered_ = false;     // `targets_` is a list that the vendor gave.
  std::string not_found_;       // Why the running poll's list could not be had.
  std::set<std::string> seen_;  // Accounts of the running poll.
  std::string unknown_;         // Why an account of the running poll is not known by its id.
  std::map<std::string, std::string> said_;  // What the log was told, by what it is about.
};

// The source that the configuration describes, in the real world.
[[nodiscard]] std::unique_ptr<Source> MakeAlibabaSource(const std::string& name,
                                                        const std::string& provider,
                                                        const AlibabaConfig& config);

}  // namespace lowbalance::alibaba
