#include "base/http_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <list>
#include <optional>
#include <stdexcept>

#include "tests/base/raw_http.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// bcrypt of "swordfish" and "other".
constexpr const char* kUsers =
    "basic_auth_users:\n"
    "  alice: $2y$04$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.\n"
    "  bob: $2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu\n";
constexpr const char* kAlice = "Authorization: Basic YWxpY2U6c3dvcmRmaXNo\r\n";
constexpr const char* kAliceWrong = "Authorization: Basic YWxpY2U6b3RoZXI=\r\n";  // alice:other
constexpr const char* kBob = "Authorization: Basic Ym9iOm90aGVy\r\n";
constexpr const char* kMarked = "X-Lowbalance-Console: 1\r\n";
constexpr const char* kMallory = "Authorization: Basic bWFsbG9yeTpvdGhlcg==\r\n";  // mallory:other

class HttpAccessTest : public ::testing::Test {
 protected:
  void Start(const std::string& web_config, const std::string& token, int threads = 4) {
    HttpServer::Options options{.listen_address = "127.0.0.1:0",
                                .threads = threads,
                                .clock = [this] { return now_.load(); }};
    if (!web_config.empty()) options.web_config_file = folder_.Write("web.yml", web_config);
    if (!token.empty()) options.token_file = folder_.Write("token", token);
    server_.emplace(options);
    const auto who = [this](const HttpRequest& request) {
      ++handled_;
      return HttpResponse{.body = "hello " + request.user};
    };
    server_->Route("GET", "/open", Access::kOpen, who);
    server_->Route("GET", "/metrics", Access::kMetrics, who);
    server_->Route("GET", "/login", Access::kLogin, who);
    server_->Route("POST", "/login", Access::kLogin, who);
    server_->Route("GET", "/admin", Access::kAdministrator, who);
    server_->Route("POST", "/token", Access::kToken, who);
    server_->AddSessionApi();
    port_ = server_->Start();
  }

  TempFolder folder_;
  std::atomic<Time> now_ = TimeFromMillis(1'795'435'200'000);
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::atomic<int> handled_ = 0;
};

TEST_F(HttpAccessTest, WithoutUsersAndTokenOnlyLoginIsShut) {
  Start("", "");
  EXPECT_EQ(Ask(port_, "GET /open").status, 200);
  EXPECT_EQ(Ask(port_, "GET /metrics").status, 200);
  EXPECT_EQ(Ask(port_, "POST /token", "", "x").status, 200);
  const RawResponse login = Ask(port_, "GET /login", kAlice);
  EXPECT_EQ(login.status, 403);
  EXPECT_THAT(login.body, HasSubstr("basic_auth_users"));
}

TEST_F(HttpAccessTest, UsersLogIn) {
  Start(kUsers, "");
  for (const char* target : {"GET /metrics", "GET /login", "HEAD /login"}) {
    SCOPED_TRACE(target);
    const RawResponse without = Ask(port_, target);
    EXPECT_EQ(without.status, 401);
    EXPECT_THAT(without.headers.at("WWW-Authenticate"), HasSubstr("Basic realm="));
    EXPECT_EQ(Ask(port_, target, kAliceWrong).status, 401);
    EXPECT_EQ(Ask(port_, target, kMallory).status, 401);
    EXPECT_EQ(Ask(port_, target, "Authorization: Basic ???\r\n").status, 401);
    EXPECT_EQ(Ask(port_, target, "Authorization: Basic YWxpY2U=\r\n").status, 401);
    EXPECT_EQ(Ask(port_, target, "Authorization: Bearer YWxpY2U6c3dvcmRmaXNo\r\n").status, 401);
    EXPECT_EQ(Ask(port_, target, std::string(kAlice) + kAlice).status, 400);
    EXPECT_EQ(handled_, 0);
    EXPECT_EQ(Ask(port_, target, kAlice).status, 200);
    handled_ = 0;
  }
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).body, "hello alice");
  EXPECT_EQ(Ask(port_, "GET /login", "authorization: bASIC YWxpY2U6c3dvcmRmaXNo\r\n").status, 200);
  EXPECT_EQ(Ask(port_, "GET /open").status, 200);
}

// Each guess takes a while. Whoever is logged in, and whoever needs no login, is served meanwhile.
TEST_F(HttpAccessTest, GuessingDoesNotHoldAllThreads) {
  Start(
      "basic_auth_users:\n"
      "  alice: $2y$04$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.\n"
      "  slow: $2y$10$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.\n",
      "", 32);
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 200);
  std::list<RawClient> guessing;
  for (int i = 0; i < 20; ++i) {
    guessing.emplace_back(port_);
    guessing.back().Send(
        "GET /login HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2xvdzpndWVzcw==\r\n\r\n");
  }
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 200);
  EXPECT_EQ(Ask(port_, "GET /open").status, 200);
  int put_off = 0;  // Too many at once, or too many that were wrong.
  int wrong = 0;
  for (auto& client : guessing) {
    const int status = client.Receive().status;
    put_off += status == 503 || status == 429 ? 1 : 0;
    wrong += status == 401 ? 1 : 0;
  }
  EXPECT_EQ(put_off + wrong, 20);
  EXPECT_GE(put_off, 1);
  EXPECT_GE(wrong, 1);
}

TEST_F(HttpAccessTest, WhoGuessesHasToWait) {
  Start(kUsers, "");
  for (int i = 0; i < LoginThrottle::kFreePerUser; ++i) {
    EXPECT_EQ(Ask(port_, "GET /login", kAliceWrong).status, 401);
  }
  const RawResponse refused = Ask(port_, "GET /login", kAliceWrong);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("Retry-After"), "1");
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 429) << "not even with the right one";
  EXPECT_EQ(Ask(port_, "GET /login", kBob).status, 200) << "others are not held up";
}

// The value of the cookie that an answer sets, as a browser would send it again.
std::string CookieOf(const RawResponse& response) {
  const auto found = response.headers.find("Set-Cookie");
  if (found == response.headers.end()) return "";
  return "Cookie: " + found->second.substr(0, found->second.find(';')) + "\r\n";
}

TEST_F(HttpAccessTest, ACookieIsALogin) {
  Start(kUsers, "");
  const RawResponse login =
      Ask(port_, "POST /api/v1/session", kMarked, R"({"user":"alice","password":"swordfish"})");
  ASSERT_EQ(login.status, 200) << login.body;
  EXPECT_THAT(login.headers.at("Set-Cookie"), HasSubstr("; HttpOnly; SameSite=Strict"));
  EXPECT_THAT(login.headers.at("Set-Cookie"), HasSubstr("Max-Age=43200"));
  EXPECT_THAT(login.body, Not(HasSubstr("swordfish")));
  const std::string cookie = CookieOf(login);
  EXPECT_EQ(Ask(port_, "GET /login", cookie).body, "hello alice");
  EXPECT_EQ(Ask(port_, "POST /login", cookie + kMarked, "x").status, 200);
  EXPECT_EQ(Ask(port_, "POST /login", cookie, "x").status, 403) << "a form of any other site";
  EXPECT_EQ(
      Ask(port_, "POST /login", cookie + kMarked + "Origin: https://evil.example\r\n", "x").status,
      403);
  EXPECT_EQ(Ask(port_, "GET /metrics", cookie).status, 401) << "for programs, not for browsers";
  const RawResponse logout = Ask(port_, "DELETE /api/v1/session", cookie + kMarked);
  EXPECT_EQ(logout.status, 200);
  EXPECT_THAT(logout.headers.at("Set-Cookie"), HasSubstr("=; Path=/; Max-Age=0"));
}

TEST_F(HttpAccessTest, ACookieOutlivesNeitherItsTimeNorThePassword) {
  Start(kUsers, "");
  const std::string cookie = CookieOf(
      Ask(port_, "POST /api/v1/session", kMarked, R"({"user":"alice","password":"swordfish"})"));
  EXPECT_EQ(Ask(port_, "GET /login", cookie).status, 200);
  now_ = now_.load() + std::chrono::hours{12};
  EXPECT_EQ(Ask(port_, "GET /login", cookie + kMarked).status, 401);
  now_ = now_.load() - std::chrono::hours{12};
  EXPECT_EQ(Ask(port_, "GET /login", cookie).status, 200);
  folder_.Write("web.yml",
                "basic_auth_users:\n"
                "  alice: $2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu\n");
  EXPECT_EQ(Ask(port_, "GET /login", cookie).status, 401);
}

TEST_F(HttpAccessTest, ProgramsThatShareAKeyShareLogins) {
  const auto key = folder_.Write("key", "a key of more than sixteen bytes\n");
  Start(kUsers, "");
  server_->SetAccess({.session_key_file = key});
  HttpServer other({.listen_address = "127.0.0.1:0",
                    .web_config_file = folder_.path() / "web.yml",
                    .clock = [this] { return now_.load(); }});
  other.Route("GET", "/login", Access::kLogin,
              [](const HttpRequest& request) { return HttpResponse{.body = request.user}; });
  const std::uint16_t port = other.Start();
  const std::string cookie =
      CookieOf(Ask(port_, "POST /api/v1/session", kMarked, R"({"user":"bob","password":"other"})"));
  EXPECT_EQ(Ask(port_, "GET /login", cookie).status, 200);
  EXPECT_EQ(Ask(port, "GET /login", cookie).status, 401);
  other.SetAccess({.session_key_file = key});
  EXPECT_EQ(Ask(port, "GET /login", cookie).status, 200);
}

TEST_F(HttpAccessTest, LoggingInWantsTheRightPasswordFromTheSamePage) {
  Start(kUsers, "");
  const std::string good = R"({"user":"alice","password":"swordfish"})";
  const struct {
    std::string headers;
    std::string body;
    int status;
  } cases[] = {
      {kMarked, R"({"user":"alice","password":"other"})", 401},
      {kMarked, R"({"user":"mallory","password":"other"})", 401},
      {kMarked, R"({"user":"alice"})", 400},
      {kMarked, R"([])", 400},
      {kMarked, "user=alice", 400},
      {"Origin: https://evil.example\r\n", good, 403},
  };
  for (const auto& c : cases) {
    const RawResponse answer = Ask(port_, "POST /api/v1/session", c.headers, c.body);
    EXPECT_EQ(answer.status, c.status) << c.body;
    EXPECT_EQ(CookieOf(answer), "") << c.body;
    EXPECT_FALSE(answer.headers.contains("WWW-Authenticate"))
        << "the browser would ask for a password too";
  }
}

TEST_F(HttpAccessTest, RolesSayWhoMayDoWhat) {
  Start(kUsers, "");
  EXPECT_EQ(Ask(port_, "GET /admin", kBob).status, 200) << "without roles everybody may";
  server_->SetAccess({.roles = {{"alice", {.role = Role::kViewer}}}});
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 200);
  EXPECT_EQ(Ask(port_, "GET /admin", kAlice).status, 403);
  const RawResponse none = Ask(port_, "GET /login", kBob);
  EXPECT_EQ(none.status, 403);
  EXPECT_THAT(none.body, HasSubstr("access.roles"));
  EXPECT_EQ(Ask(port_, "GET /metrics", kBob).status, 200) << "which is all it is for";
  server_->SetAccess({.roles = {{"alice", {.role = Role::kAdministrator}}}});
  EXPECT_EQ(Ask(port_, "GET /admin", kAlice).status, 200);
}

TEST_F(HttpAccessTest, TheTokenIsComparedWhole) {
  Start("", "abc%41=.~\n");
  EXPECT_EQ(Ask(port_, "POST /token", "Authorization: Bearer abc%41=.~\r\n", "x").status, 200);
  for (const char* header :
       {"", "Authorization: Bearer abcA=.~\r\n", "Authorization: Bearer abc%41=.\r\n",
        "Authorization: Bearer abc%41=.~x\r\n", "Authorization: Bearer \r\n",
        "Authorization: abc%41=.~\r\n", "Authorization: Basic abc%41=.~\r\n"}) {
    const RawResponse response = Ask(port_, "POST /token", header, "x");
    EXPECT_EQ(response.status, 401) << header;
    EXPECT_THAT(response.headers.at("WWW-Authenticate"), HasSubstr("Bearer"));
  }
  EXPECT_EQ(handled_, 1);
}

TEST_F(HttpAccessTest, TheTokenIsReadAgainAndItsLossIsNoInvitation) {
  Start("", "first");
  folder_.Write("token", "second");
  EXPECT_EQ(Ask(port_, "POST /token", "Authorization: Bearer first\r\n", "x").status, 401);
  EXPECT_EQ(Ask(port_, "POST /token", "Authorization: Bearer second\r\n", "x").status, 200);
  std::filesystem::remove(folder_.path() / "token");
  EXPECT_EQ(Ask(port_, "POST /token", "Authorization: Bearer second\r\n", "x").status, 503);
  EXPECT_EQ(Ask(port_, "POST /token", "", "x").status, 503);
}

// Whoever may not send a body is told so before it: else anyone could fill the memory.
TEST_F(HttpAccessTest, IsDecidedBeforeTheBody) {
  Start(kUsers, "secret");
  for (const char* target : {"POST /token", "POST /login"}) {
    RawClient client(port_);
    client.Send(std::string(target) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_EQ(client.Receive().status, 401) << target;
  }
  RawClient asking(port_);
  asking.Send(
      "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(asking.Receive().status, 401);
}

TEST_F(HttpAccessTest, BrowsersSentByOtherSitesCannotWrite) {
  Start(kUsers, "");
  const struct {
    const char* headers;
    int status;
  } cases[] = {
      {"", 200},
      {"Origin: http://localhost\r\n", 200},
      {"Origin: https://LOCALHOST\r\n", 200},
      {"Sec-Fetch-Site: same-origin\r\nOrigin: https://proxied.example\r\n", 200},
      {"Origin: https://evil.example\r\n", 403},
      {"Origin: http://localhost:8080\r\n", 403},
      {"Origin: null\r\n", 403},
      {"Sec-Fetch-Site: cross-site\r\n", 403},
      {"Sec-Fetch-Site: same-site\r\n", 403},
      {"Sec-Fetch-Site: none\r\n", 403},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.headers);
    EXPECT_EQ(Ask(port_, "POST /login", std::string(kAlice) + c.headers, "x").status, c.status);
    EXPECT_EQ(Ask(port_, "GET /login", std::string(kAlice) + c.headers).status, 200);
  }
}

TEST_F(HttpAccessTest, TheWebConfigurationIsReadAgain) {
  Start(kUsers, "");
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 200);
  // Wrong, or caught while it is being written: what was in force stays so.
  folder_.Write("web.yml", "basic_auth_users: {alice: plain}\n");
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 200);
  EXPECT_EQ(Ask(port_, "GET /metrics").status, 401);
  folder_.Write("web.yml", "");
  EXPECT_EQ(Ask(port_, "GET /metrics").status, 401);
  std::filesystem::remove(folder_.path() / "web.yml");
  EXPECT_EQ(Ask(port_, "GET /metrics").status, 401);
  // alice's password is bob's now.
  folder_.Write("web.yml",
                "basic_auth_users:\n"
                "  alice: $2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu\n");
  EXPECT_EQ(Ask(port_, "GET /login", kAlice).status, 401);
  EXPECT_EQ(Ask(port_, "GET /login", kAliceWrong).status, 200);
}

TEST_F(HttpAccessTest, WrongFilesEndTheStart) {
  const auto message = [](const HttpServer::Options& options) -> std::string {
    try {
      HttpServer server(options);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  };
  const auto web = folder_.Write("web.yml", "basic_auth_users: {alice: secret}\nrate_limit: {}\n");
  EXPECT_EQ(message({.listen_address = ":0", .web_config_file = web}),
            web.string() +
                ":1: basic_auth_users.alice: not a bcrypt hash like $2y$10$..., as htpasswd -nB "
                "writes it\n" +
                web.string() + ":2: rate_limit: is not supported here; remove it");
  EXPECT_THAT(message({.listen_address = ":0", .token_file = folder_.path() / "none"}),
              HasSubstr((folder_.path() / "none").string() + ": No such file or directory"));
}

}  // namespace
}  // namespace lowbalance
