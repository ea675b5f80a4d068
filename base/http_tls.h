#pragma once
// The HTTP server's half of TLS.

#include <memory>
#include <string>

#include "base/web_config.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace lowbalance {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

// As a web configuration asks for it; null where it asks for none. Throws std::runtime_error
// naming the file that does not work.
[[nodiscard]] TlsContext MakeTlsContext(const WebConfig& config);

// OpenSSL's oldest waiting error of this thread as text; the others are forgotten.
[[nodiscard]] std::string TlsError();

}  // namespace lowbalance
