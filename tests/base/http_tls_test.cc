#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "base/http_server.h"
#include "base/httplib.h"
#include "tests/base/raw_http.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::HasSubstr;

class HttpTlsTest : public ::testing::Test {
 protected:
  // A key and a certificate that signs itself, NAME.key and NAME.pem.
  void MakeCertificate(const std::string& name) const {
    const std::string command =
        "cd " + folder_.path().string() + " && openssl req -x509 -newkey ec -pkeyopt " +
        "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext " +
        "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " + name + ".key -out " + name +
        ".pem 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  [[nodiscard]] std::string File(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  void Start(const std::string& web_config) {
    server_.emplace(HttpServer::Options{.listen_address = "127.0.0.1:0",
                                        .web_config_file = folder_.Write("web.yml", web_config),
                                        .threads = 4});
    server_->Route("GET", "/", Access::kOpen,
                   [](const HttpRequest&) { return HttpResponse{.body = "private"}; });
    server_->Route("GET", "/big", Access::kOpen, [](const HttpRequest&) {
      return HttpResponse{.body = std::string(9'000'000, 'x')};
    });
    server_->Route(
        "POST", "/", Access::kOpen,
        [](const HttpRequest& r) { return HttpResponse{.body = r.body}; }, std::size_t{10} << 20U);
    port_ = server_->Start();
  }
  std::unique_ptr<httplib::SSLClient> Client(const std::string& ca,
                                             const std::string& certificate = "") {
    auto client = certificate.empty() ? std::make_unique<httplib::SSLClient>("localhost", port_)
                                      : std::make_unique<httplib::SSLClient>(
                                            "localhost", port_, File(certificate + ".pem"),
                                            File(certificate + ".key"));
    client->set_ca_cert_path(File(ca + ".pem"));
    client->set_keep_alive(true);
    return client;
  }

  TempFolder folder_;
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpTlsTest, ServesOverTls) {
  MakeCertificate("server");
  Start("tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS13}\n");
  const auto client = Client("server");
  const auto response = client->Get("/");
  ASSERT_TRUE(response) << httplib::to_string(response.error());
  EXPECT_EQ(response->body, "private");
  EXPECT_EQ(client->Get("/big")->body.size(), 9'000'000U);
  const std::string body(5'000'000, 'b');
  EXPECT_EQ(client->Post("/", body, "text/plain")->body, body);
  // Plain HTTP gets nothing out of it, and does not disturb the others.
  EXPECT_EQ(Ask(port_, "GET /").status, 0);
  EXPECT_TRUE(Client("server")->Get("/"));
}

TEST_F(HttpTlsTest, WantsTheClientCertificatesItIsToldTo) {
  for (const char* name : {"server", "friend", "stranger"}) MakeCertificate(name);
  const struct {
    const char* client_auth;
    bool known, unknown, none;  // Which clients are served.
  } cases[] = {
      {"NoClientCert", true, true, true},
      {"RequestClientCert", true, true, true},
      {"RequireAnyClientCert", true, true, false},
      {"VerifyClientCertIfGiven, client_ca_file: friend.pem", true, false, true},
      {"RequireAndVerifyClientCert, client_ca_file: friend.pem", true, false, false},
  };
  for (const char* version : {"TLS12", "TLS13"}) {
    for (const auto& c : cases) {
      SCOPED_TRACE(c.client_auth);
      Start(std::string("tls_server_config: {cert_file: server.pem, key_file: server.key, "
                        "min_version: ") +
            version + ", client_auth_type: " + c.client_auth + "}\n");
      const auto served = [&](const std::string& certificate) {
        const auto client = Client("server", certificate);
        if (std::string_view(version) == "TLS12") {
          SSL_CTX_set_max_proto_version(static_cast<SSL_CTX*>(client->tls_context()),
                                        TLS1_2_VERSION);
        }
        return static_cast<bool>(client->Get("/"));
      };
      EXPECT_EQ(served("friend"), c.known);
      EXPECT_EQ(served("stranger"), c.unknown);
      EXPECT_EQ(served(""), c.none);
    }
  }
}

TEST_F(HttpTlsTest, ARenewedCertificateIsTakenUp) {
  MakeCertificate("server");
  Start("tls_server_config: {cert_file: server.pem, key_file: server.key}\n");
  EXPECT_TRUE(Client("server")->Get("/"));
  MakeCertificate("new");
  EXPECT_FALSE(Client("new")->Get("/"));
  // The key first: for a moment the two do not match, and the old pair stays in use.
  std::filesystem::rename(File("new.key"), File("server.key"));
  EXPECT_TRUE(Client("server")->Get("/"));
  std::filesystem::copy_file(File("new.pem"), File("server.pem"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(Client("new")->Get("/"));
}

TEST_F(HttpTlsTest, FilesThatDoNotWorkAreNamed) {
  MakeCertificate("server");
  MakeCertificate("other");
  const struct {
    const char* config;
    const char* message;
  } cases[] = {
      {"{cert_file: web.yml, key_file: server.key}", "web.yml: not a certificate in PEM form"},
      {"{cert_file: server.pem, key_file: web.yml}", "web.yml: not the private key of"},
      {"{cert_file: server.pem, key_file: other.key}", "other.key: not the private key of"},
  };
  for (const auto& c : cases) {
    try {
      Start("tls_server_config: " + std::string(c.config) + "\n");
      ADD_FAILURE() << c.config;
    } catch (const std::runtime_error& e) {
      EXPECT_THAT(e.what(), HasSubstr(c.message));
    }
  }
}

}  // namespace
}  // namespace lowbalance
