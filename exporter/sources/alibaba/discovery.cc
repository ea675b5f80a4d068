#include "exporter/sources/alibaba/discovery.h"

#include <iterator>
#include <memory>
#include <utility>

#include "exporter/sources/alibaba/operations.h"

namespace lowbalance::alibaba {
namespace {

// Of a hundred members each: more than any directory has. A list that goes on is one that repeats.
constexpr int kMostPages = 1000;

class MemberPages : public std::enable_shared_from_this<MemberPages> {
 public:
  MemberPages(ApiClient& client, CredentialsCache* credentials, std::string endpoint,
              std::function<void(Result<std::vector<Member>>)> done)
      : client_(client),
        credentials_(credentials),
        endpoint_(std::move(endpoint)),
        done_(std::move(done)) {}

  void AskPage(const std::string& token) {
    client_.Call(ListAccounts(endpoint_, token), credentials_, "caller",
                 [self = shared_from_this()](const auto& body) { self->TakePage(body); });
  }

 private:
  void TakePage(const ApiResult<std::string>& body) {
    if (!body) return done_(Retry(body.error().ToString()));
    auto page = ParseMembers(*body);
    if (!page) return done_(Reject("ListAccounts: unexpected reply: " + page.error().message));
    std::move(page->members.begin(), page->members.end(), std::back_inserter(members_));
    if (page->next_token.empty()) return done_(std::move(members_));
    if (++pages_ == kMostPages) return done_(Reject("ListAccounts: the list has no end"));
    AskPage(page->next_token);
  }

  ApiClient& client_;
  CredentialsCache* const credentials_;
  const std::string endpoint_;
  const std::function<void(Result<std::vector<Member>>)> done_;
  std::vector<Member> members_;
  int pages_ = 0;
};

}  // namespace

void ListFundAccounts(ApiClient& client, CredentialsCache* credentials, const std::string& endpoint,
                      bool only_managed,
                      std::function<void(Result<std::vector<FundAccount>>)> done) {
  client.Call(
      ListFundAccount(endpoint, only_managed), credentials, "caller",
      [done = std::move(done)](const ApiResult<std::string>& body) {
        if (!body) return done(Retry(body.error().ToString()));
        auto accounts = ParseFundAccounts(*body);
        if (!accounts) {
          return done(Reject("ListFundAccount: unexpected reply: " + accounts.error().message));
        }
        done(std::move(*accounts));
      });
}

void ListMembers(ApiClient& client, CredentialsCache* credentials, const std::string& endpoint,
                 std::function<void(Result<std::vector<Member>>)> done) {
  std::make_shared<MemberPages>(client, credentials, endpoint, std::move(done))->AskPage("");
}

}  // namespace lowbalance::alibaba
