#pragma once
// How a call says that it could not do what it was asked.
//
// Results carry what a caller can act on: bad input, a remote party's refusal. Failures of our
// own footing (disk, database, configuration at start) are exceptions and end up in main, in the
// HTTP server's 500 or in the loop's log. A bug is an assert.

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "core/bilingual.h"

namespace lowbalance {

struct Error {
  // Named after what the caller should do about it.
  enum class Kind {
    kReject,  // The input is wrong: tell whoever sent it. Trying again cannot help.
    kRetry,   // It may work later.
    kGiveUp,  // It will not work for this one; others are not affected.
  };
  Kind kind = Kind::kReject;
  // For a person: what was attempted, on what, what was seen. Never holds a secret.
  std::string message;
  // The same for readers of Chinese, where a console may show it; else empty.
  std::string chinese;

  [[nodiscard]] Bilingual Said() const { return {message, chinese.empty() ? message : chinese}; }
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> Reject(std::string message) {
  return tl::make_unexpected(Error{Error::Kind::kReject, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> Reject(Bilingual message) {
  return tl::make_unexpected(
      Error{Error::Kind::kReject, std::move(message.en), std::move(message.zh)});
}
[[nodiscard]] inline tl::unexpected<Error> Retry(std::string message) {
  return tl::make_unexpected(Error{Error::Kind::kRetry, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> GiveUp(std::string message) {
  return tl::make_unexpected(Error{Error::Kind::kGiveUp, std::move(message)});
}

}  // namespace lowbalance
