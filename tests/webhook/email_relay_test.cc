#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/base/temp_folder.h"
#include "tests/webhook/facts.h"
#include "webhook/mime.h"
#include "webhook/relays/email.h"

extern char** environ;

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Runs a program to its end.
int RunProgram(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  if (posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) != 0)
    return -1;
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

// A real mail server in a process of its own: tests/webhook/smtp_server.py.
class MailServer {
 public:
  explicit MailServer(std::vector<std::string> flags = {}) {
    std::vector<std::string> words{"/usr/bin/python3",
                                   LOWBALANCE_SOURCE_DIR "/tests/webhook/smtp_server.py",
                                   "--folder", folder_.path().string()};
    words.insert(words.end(), flags.begin(), flags.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
      throw std::runtime_error("no mail server");
    }
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string line;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(ends[0]);
    port_ = line;
  }
  ~MailServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  [[nodiscard]] std::string Url(const std::string& scheme = "smtp",
                                const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + port_;
  }
  [[nodiscard]] int Count() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".json") ++count;
    }
    return count;
  }
  // Whether a connection was taken leave of.
  [[nodiscard]] bool HeardQuit(const nlohmann::json& peer) const {
    return std::filesystem::exists(folder_.path() / ("quit-" + peer.at(1).dump()));
  }
  // The mail accepted as number n, from 1.
  [[nodiscard]] std::string Mail(int n) const { return ReadFile(File(n, ".eml")); }
  [[nodiscard]] nlohmann::json Facts(int n) const {
    return nlohmann::json::parse(ReadFile(File(n, ".json")));
  }

 private:
  [[nodiscard]] std::filesystem::path File(int n, const std::string& ending) const {
    const std::string digits = std::to_string(n);
    return folder_.path() / (std::string(4 - digits.size(), '0') + digits + ending);
  }

  TempFolder folder_;
  pid_t pid_ = 0;
  std::string port_;
};

Message SomeMessage() {
  Message message;
  message.id = 1;
  message.created = kStart;
  message.key = {{"demo", "17"}, "warning"};
  message.low_since = kStart;
  message.subject = "余额不足";
  message.text = "one\n.\n..two\n.";
  message.html = "<p>one</p>\n";
  return message;
}

class EmailRelayTest : public testing::Test {
 protected:
  void Use(const std::string& url) {
    config_.file = folder_.path() / "lowbalance.yml";
    config_.webhook.email.url = url;
    config_.webhook.email.from = "Low Balance <alerts@example.com>";
    config_.webhook.email.tls = "off";
    config_.webhook.email.timeout = 5s;
    Apply();
  }
  void UseLogin(const std::string& user, const std::string& password) {
    config_.webhook.email.username = user;
    config_.webhook.email.password_file = folder_.Write("password", password + "\n");
    Apply();
  }
  // A certificate for localhost, and its file with the key.
  std::string MakeCertificate() {
    const std::string cert = (folder_.path() / "cert.pem").string();
    const std::string key = (folder_.path() / "key.pem").string();
    EXPECT_EQ(
        RunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-days", "2", "-keyout", key, "-out", cert}),
        0);
    return folder_.Write("both.pem", ReadFile(key) + ReadFile(cert)).string();
  }
  void Apply() { live_.Set(config_); }

  Result<void> Send(const std::string& to = "finance@example.com") {
    return relay_.Send(SomeMessage(), to);
  }
  void ExpectFailure(const Result<void>& result, Error::Kind kind, const std::string& text) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, kind) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(text));
    EXPECT_THAT(result.error().message, Not(HasSubstr("s3cret")));
  }

  TempFolder folder_;
  Config config_;
  LiveConfig live_{Config{}};
  EmailRelay relay_{live_};
};

TEST_F(EmailRelayTest, ArrivesAsItWasRendered) {
  const MailServer server;
  Use(server.Url());
  const auto sent = Send();
  ASSERT_TRUE(sent) << sent.error().message;
  ASSERT_EQ(server.Count(), 1);
  const std::string want = RenderMail(
      MailFor(SomeMessage(), {"Low Balance", "alerts@example.com"}, "finance@example.com"));
  EXPECT_EQ(server.Mail(1), want) << "lines that are only a dot included";
  EXPECT_EQ(server.Facts(1)["from"], "alerts@example.com");
  EXPECT_EQ(server.Facts(1)["to"], nlohmann::json({"finance@example.com"}));
  EXPECT_EQ(server.Facts(1)["tls"], false);
}

TEST_F(EmailRelayTest, OneConnectionServesManyMails) {
  const MailServer server;
  Use(server.Url());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Send());
  ASSERT_EQ(server.Count(), 5);
  for (int i = 2; i <= 5; ++i) EXPECT_EQ(server.Facts(i)["peer"], server.Facts(1)["peer"]);
}

TEST_F(EmailRelayTest, RestLetsGoOfTheConnection) {
  const MailServer server;
  Use(server.Url());
  EXPECT_TRUE(Send());
  relay_.Rest();
  relay_.Rest();
  EXPECT_TRUE(Send());
  EXPECT_NE(server.Facts(2)["peer"], server.Facts(1)["peer"]);
  EXPECT_TRUE(server.HeardQuit(server.Facts(1)["peer"]));
}

TEST_F(EmailRelayTest, TheServersAnswerDecidesForThatRecipientAlone) {
  const MailServer server;
  Use(server.Url());
  const struct {
    const char* to;
    Error::Kind kind;
    const char* text;
  } cases[] = {
      {"refuse@example.com", Error::Kind::kGiveUp, "\"550 5.1.1 no such user here\" to RCPT"},
      {"later@example.com", Error::Kind::kRetry, "\"450 4.2.1 greylisted\" to RCPT"},
      {"needlogin@example.com", Error::Kind::kRetry, "\"530 5.7.0 log in first\" to RCPT"},
      {"databad@example.com", Error::Kind::kGiveUp, "\"554 5.6.0 content refused\" to DATA"},
      {"datalater@example.com", Error::Kind::kRetry, "\"451 4.3.0 disk full\" to DATA"},
      {"drop@example.com", Error::Kind::kRetry, "sending through smtp://127.0.0.1"},
      {"not an address", Error::Kind::kGiveUp, "not an e-mail address"},
      {"a@example.com>\r\nRCPT TO:<b@example.com", Error::Kind::kGiveUp, "not an e-mail address"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.to);
    ExpectFailure(Send(c.to), c.kind, c.text);
    const int before = server.Count();
    EXPECT_TRUE(Send()) << "the next one is not affected";
    EXPECT_EQ(server.Count(), before + 1);
  }
}

TEST_F(EmailRelayTest, AServerThatHangsIsLeftAfterTheTimeout) {
  const MailServer server;
  Use(server.Url());
  config_.webhook.email.timeout = 300ms;
  Apply();
  const auto begin = std::chrono::steady_clock::now();
  ExpectFailure(Send("hang@example.com"), Error::Kind::kRetry, "time");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  const auto sent = Send();
  EXPECT_TRUE(sent) << sent.error().message;
}

TEST_F(EmailRelayTest, AbortEndsWhatIsUnderWay) {
  const MailServer server;
  Use(server.Url());
  config_.webhook.email.timeout = 60s;
  Apply();
  const std::jthread aborter([this] { relay_.Abort(); });
  ExpectFailure(Send("hang@example.com"), Error::Kind::kRetry, "stopped");
  ExpectFailure(Send(), Error::Kind::kRetry, "stopped");
}

TEST_F(EmailRelayTest, NobodyThereIsForLater) {
  std::string url;
  {
    const MailServer server;
    url = server.Url();
  }
  Use(url);
  ExpectFailure(Send(), Error::Kind::kRetry, "sending through " + url);
}

TEST_F(EmailRelayTest, LogsIn) {
  const MailServer server({"--login", "alerts:s3cret"});
  Use(server.Url());
  UseLogin("alerts", "s3cret");
  const auto sent = Send();
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(server.Facts(1)["login"], "alerts");
}

TEST_F(EmailRelayTest, AWrongLoginIsOursToMendAndCostsNoAlert) {
  const MailServer server({"--login", "alerts:s3cret"});
  Use(server.Url());
  UseLogin("alerts", "s3cretly");
  ExpectFailure(Send(), Error::Kind::kRetry, "535");
  config_.webhook.email.password_file = folder_.path() / "nowhere";
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "nowhere");
  config_.webhook.email.username.clear();
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "530");
  UseLogin("alerts", "s3cret");
  EXPECT_TRUE(Send()) << "the password file is read again";
}

TEST_F(EmailRelayTest, ASenderThatIsRefusedIsOursToMend) {
  const MailServer server;
  Use(server.Url());
  config_.webhook.email.from = "badsender@example.com";
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "\"550 5.7.1 sender refused\" to MAIL");
}

TEST_F(EmailRelayTest, StartTlsIsUsedAsConfigured) {
  const MailServer server({"--cert", MakeCertificate()});
  const MailServer plain;
  Use(server.Url("smtp", "localhost"));
  config_.webhook.email.ca_file = folder_.path() / "cert.pem";
  for (const char* const tls : {"required", "optional"}) {
    config_.webhook.email.tls = tls;
    Apply();
    const auto sent = Send();
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(server.Facts(server.Count())["tls"], true);
  }
  // A certificate of nobody we know, or of somebody else, is never accepted.
  config_.webhook.email.ca_file.clear();
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "certificate");
  config_.webhook.email.ca_file = folder_.path() / "cert.pem";
  config_.webhook.email.url = server.Url("smtp", "127.0.0.1");
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "127.0.0.1");
  // A server without it.
  config_.webhook.email.url = plain.Url();
  config_.webhook.email.tls = "required";
  Apply();
  ExpectFailure(Send(), Error::Kind::kRetry, "STARTTLS");
  EXPECT_EQ(plain.Count(), 0);
  config_.webhook.email.tls = "optional";
  Apply();
  EXPECT_TRUE(Send());
}

TEST_F(EmailRelayTest, TlsFromTheStart) {
  const MailServer server({"--cert", MakeCertificate(), "--tls", "--login", "alerts:s3cret"});
  Use(server.Url("smtps", "localhost"));
  config_.webhook.email.tls = "required";
  config_.webhook.email.ca_file = folder_.path() / "cert.pem";
  UseLogin("alerts", "s3cret");
  const auto sent = Send();
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(server.Facts(1)["login"], "alerts");
}

TEST_F(EmailRelayTest, WithoutAServerItWaitsForOne) {
  Use("");
  ExpectFailure(Send(), Error::Kind::kRetry, "no mail server is configured");
}

TEST_F(EmailRelayTest, WritesFilesThatAreWholeOrNotThere) {
  Use("file:out/mail");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Send());
  ASSERT_TRUE(Send("a@example.com"));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "out" / "mail")) {
    names.push_back(entry.path().filename().string());
    EXPECT_EQ(ReadFile(entry.path()).substr(0, 6), "Date: ");
  }
  EXPECT_EQ(names.size(), 2U) << "one for each recipient; the same mail again replaces it";
  for (const std::string& name : names) {
    EXPECT_EQ(name.rfind("20251123T071200Z-alert-0-17-", 0), 0U) << name;
    EXPECT_TRUE(name.ends_with(".eml")) << name;
  }
}

TEST_F(EmailRelayTest, AFolderThatCannotBeWrittenIsForLater) {
  folder_.Write("file", "x");
  Use("file:file/mail");
  ExpectFailure(Send(), Error::Kind::kRetry, (folder_.path() / "file/mail").string());
}

TEST_F(EmailRelayTest, NoAccountIdLeadsOutOfTheFolder) {
  Use("file:mail");
  Message message = SomeMessage();
  message.key.account.account_id = "../../x\n" + std::string(100, '/');
  ASSERT_TRUE(relay_.Send(message, "a@example.com"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path() / "mail"), {}), 1);
}

TEST(SmtpErrorKindTest, OnlyARefusalOfTheRecipientGivesUp) {
  const struct {
    const char* command;
    int code;
    Error::Kind want;
  } cases[] = {
      {"RCPT", 550, Error::Kind::kGiveUp}, {"RCPT", 553, Error::Kind::kGiveUp},
      {"RCPT", 450, Error::Kind::kRetry},  {"RCPT", 421, Error::Kind::kRetry},
      {"RCPT", 530, Error::Kind::kRetry},  {"DATA", 554, Error::Kind::kGiveUp},
      {"DATA", 452, Error::Kind::kRetry},  {"DATA", 354, Error::Kind::kRetry},
      {"MAIL", 550, Error::Kind::kRetry},  {"AUTH", 535, Error::Kind::kRetry},
      {"EHLO", 502, Error::Kind::kRetry},  {"", 554, Error::Kind::kRetry},
      {"RCPT", 0, Error::Kind::kRetry},    {"DATA", 0, Error::Kind::kRetry},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(SmtpErrorKind(c.command, c.code), c.want) << c.command << " " << c.code;
  }
}

}  // namespace
}  // namespace lowbalance
