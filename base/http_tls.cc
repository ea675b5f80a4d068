#include "base/http_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <stdexcept>

namespace lowbalance {

namespace {

// For clients whose certificates are asked for and not judged.
int TakeAny(int /*verified*/, X509_STORE_CTX* /*chain*/) { return 1; }

void AskForCertificates(SSL_CTX* ctx, ClientAuth client_auth) {
  const bool needed =
      client_auth == ClientAuth::kRequireAny || client_auth == ClientAuth::kRequireAndVerify;
  const bool any = client_auth == ClientAuth::kRequest || client_auth == ClientAuth::kRequireAny;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (needed ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     any ? &TakeAny : nullptr);
  // A session that is taken up again would not be verified again.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 0);
}

}  // namespace

TlsContext MakeTlsContext(const WebConfig& config) {
  if (config.cert_file.empty()) return nullptr;
  TlsContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const auto fail = [](const std::filesystem::path& file, const std::string& what) {
    return std::runtime_error(file.string() + ": " + what + ": " + TlsError());
  };
  SSL_CTX* const ctx = context.get();
  if (ctx == nullptr) throw std::runtime_error("TLS: " + TlsError());
  SSL_CTX_set_min_proto_version(ctx,
                                config.min_version == "TLS13" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(ctx, config.cert_file.c_str()) != 1) {
    throw fail(config.cert_file, "not a certificate in PEM form");
  }
  if (SSL_CTX_use_PrivateKey_file(ctx, config.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw fail(config.key_file, "not the private key of " + config.cert_file.string());
  }
  if (SSL_CTX_check_private_key(ctx) != 1) {
    throw fail(config.key_file, "not the private key of " + config.cert_file.string());
  }
  if (!config.client_ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(ctx, config.client_ca_file.c_str(), nullptr) != 1) {
      throw fail(config.client_ca_file, "not a list of certificates in PEM form");
    }
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(config.client_ca_file.c_str()));
  }
  if (config.client_auth != ClientAuth::kNone) AskForCertificates(ctx, config.client_auth);
  return context;
}

std::string TlsError() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

}  // namespace lowbalance
