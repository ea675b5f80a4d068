#pragma once
// The credentials that calls are signed with: obtained when they are needed, used until shortly
// before they expire, obtained anew when the server says they are good no longer.

#include <functional>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "exporter/sources/alibaba/signing.h"

namespace lowbalance::alibaba {

class ApiClient;

// One identity. Used by one thread at a time. The client that is handed in must have what it was
// told to do done, or abandoned, before the cache goes.
class CredentialsCache {
 public:
  using Done = std::function<void(Result<Credentials>)>;
  // Gets credentials from where they are: at once (a file, a variable) or through calls of the
  // client. Calls `done` exactly once.
  using Obtain = std::function<void(ApiClient& client, Done done)>;

  explicit CredentialsCache(Obtain obtain) : obtain_(std::move(obtain)) {}
  CredentialsCache(const CredentialsCache&) = delete;
  CredentialsCache& operator=(const CredentialsCache&) = delete;

  // What to sign with at `now`. Null: Refresh first.
  [[nodiscard]] const Credentials* Usable(Time now) const;

  // Obtains credentials and calls `done` with what went wrong, if anything did. Where that fails
  // and the old ones are still good, they go on being used, and it is tried again a minute later.
  void Refresh(ApiClient& client, Time now, std::function<void(Result<void>)> done);

  // The server refused what was signed with these: they are not used again.
  void Refused(const Credentials& credentials);

  // Those that never expire come from files or variables, which may have changed since.
  void LookAgain();

 private:
  void Take(Result<Credentials> obtained, Time now, const std::function<void(Result<void>)>& done);

  const Obtain obtain_;
  std::optional<Credentials> credentials_;
  Time refresh_at_ = Time::max();  // Of those that expire.
  bool look_again_ = false;
};

}  // namespace lowbalance::alibaba
