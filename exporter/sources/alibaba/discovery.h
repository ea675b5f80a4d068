#pragma once
// Which accounts there are to ask: those of the configuration, or what the vendor lists.

#include <functional>
#include <string>
#include <vector>

#include "exporter/sources/alibaba/api_client.h"
#include "exporter/sources/alibaba/replies.h"

namespace lowbalance::alibaba {

// Lists the fund accounts that the caller manages or uses. `done` is called once.
void ListFundAccounts(ApiClient& client, CredentialsCache* credentials, const std::string& endpoint,
                      bool only_managed,
                      std::function<void(Result<std::vector<FundAccount>>)> done);

// Lists the members of the caller's resource directory, page after page.
void ListMembers(ApiClient& client, CredentialsCache* credentials, const std::string& endpoint,
                 std::function<void(Result<std::vector<Member>>)> done);

}  // namespace lowbalance::alibaba
