#pragma once
// Talks to a program's HTTP API for the commands that do.

#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace CLI {
class App;
}

namespace lowbalance::cli {

// Where the API is and who asks. The password comes from a file, from the environment or from the
// terminal; never from the command line, where every user of the machine could read it.
struct ApiOptions {
  std::string url;
  std::string user;
  std::filesystem::path password_file;
  std::filesystem::path bearer_token_file;
  std::filesystem::path ca_file;
  std::string output = "table";  // Or "json".
  std::string timeout = "30s";

  [[nodiscard]] bool json() const { return output == "json"; }
};

// Declares --user, --password-file, --ca-file and --timeout.
void AddClientOptions(CLI::App& command, ApiOptions& options);
// Those, --url (or else the variable `url_variable`, or else `default_url`) and --output.
void AddApiOptions(CLI::App& command, ApiOptions& options, const std::string& default_url,
                   const std::string& url_variable);

// One server's API. Not thread-safe.
class ApiClient {
 public:
  // Finds the password; asks for it where standard input is a terminal. Throws Stop if the options
  // cannot be right.
  explicit ApiClient(const ApiOptions& options);
  // The same login at another address.
  [[nodiscard]] ApiClient At(const std::string& url) const;

  struct Response {
    int status = 0;
    std::string body;
    std::string date;  // The Date header; empty if there was none.
  };
  // `path` begins with a slash and is encoded already. Follows no redirect. An error says which
  // server was not reached and why; a status other than 2xx is a Response.
  [[nodiscard]] Result<Response> Send(const std::string& method, const std::string& path,
                                      const std::string& body = "") const;

  // Changes how long to wait for an answer.
  void SetTimeout(Millis timeout) { timeout_ = timeout; }

  // The body of a 2xx response. Anything else throws Stop: with kUnreachable where there was no
  // answer, else with kFailed and the server's own message.
  [[nodiscard]] std::string Get(const std::string& path) const;

 private:
  void CheckUrl();  // Throws Stop.

  ApiOptions options_;
  Millis timeout_{};
  std::string password_;
  std::string bearer_token_;
};

// What the server said is wrong, for a person: its message, or what the status means.
[[nodiscard]] std::string Complaint(const ApiClient::Response& response);

// "%2F" and so on for all but letters, digits and -._~.
[[nodiscard]] std::string PercentEncode(std::string_view text);
// "?a=1&b=2" of those that are not empty, encoded; "" if all are.
[[nodiscard]] std::string QueryString(
    const std::map<std::string, std::string, std::less<>>& parameters);

// The elements of one of a program's lists that are told newest first, page after page until there
// are `limit` of them. `list` is the answer's member that holds them. `next`, where given, is the
// id of the last one where there are more behind it, else empty. Throws Stop as Get does.
[[nodiscard]] nlohmann::json FetchPages(const ApiClient& client, const std::string& path,
                                        const std::string& list, int limit,
                                        std::map<std::string, std::string, std::less<>> parameters,
                                        std::string* next = nullptr);
// On stderr, where there is a `next`: that these so many are not all, and what gives more.
void TellWhetherMore(std::size_t shown, const std::string& next, const std::string& advice);
inline constexpr int kNoLimit = std::numeric_limits<int>::max();

}  // namespace lowbalance::cli
