#include "base/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// bcrypt of "swordfish" at cost 4 and 10, and of "other".
constexpr const char* kSwordfish = "$2y$04$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.";
constexpr const char* kSwordfishSlow =
    "$2a$10$abcdefghijklmnopqrstuuivHRne1b8fIlcxc8Qcz3debdq6Vefzy";
constexpr const char* kOther = "$2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";

class WebConfigTest : public ::testing::Test {
 protected:
  // The mistakes, one a line, without the file's name.
  std::string Load(const std::string& text) {
    const auto file = folder_.Write("web.yml", text);
    std::vector<Mistake> mistakes;
    config_ = LoadWebConfig(file, &mistakes);
    std::string all;
    for (const auto& mistake : mistakes) {
      all += mistake.ToString().substr(file.string().size() + 1) + "\n";
    }
    return all;
  }

  TempFolder folder_;
  WebConfig config_;
};

TEST_F(WebConfigTest, ReadsAll) {
  for (const char* name : {"s.pem", "s.key", "ca.pem"}) folder_.Write(name, "x");
  EXPECT_EQ(Load("tls_server_config:\n"
                 "  cert_file: s.pem\n"
                 "  key_file: " +
                 (folder_.path() / "s.key").string() +
                 "\n"
                 "  client_auth_type: RequireAndVerifyClientCert\n"
                 "  client_ca_file: ca.pem\n"
                 "  min_version: TLS13\n"
                 "basic_auth_users:\n"
                 "  alice: " +
                 kSwordfish +
                 "\n"
                 "  bob: '" +
                 kOther + "'\n"),
            "");
  EXPECT_EQ(config_.cert_file, folder_.path() / "s.pem");
  EXPECT_EQ(config_.key_file, folder_.path() / "s.key");
  EXPECT_EQ(config_.client_ca_file, folder_.path() / "ca.pem");
  EXPECT_EQ(config_.client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_EQ(config_.min_version, "TLS13");
  EXPECT_EQ(config_.users.size(), 2U);
}

TEST_F(WebConfigTest, AnEmptyFileIsPlainAndOpen) {
  EXPECT_EQ(Load("# nothing yet\n"), "");
  EXPECT_TRUE(config_.cert_file.empty());
  EXPECT_TRUE(config_.users.empty());
}

TEST_F(WebConfigTest, NamesEveryMistake) {
  folder_.Write("s.pem", "x");
  EXPECT_EQ(
      Load("tls_server_config:\n"
           "  cert_file: s.pem\n"
           "  client_auth_type: RequireAnyClientCerts\n"
           "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
           "  min_version: TLS10\n"
           "http_server_config: {http2: true}\n"
           "basic_auth_user:\n"
           "  x: y\n"
           "basic_auth_users:\n"
           "  alice: swordfish\n"
           "  bob: $2y$99$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.\n"
           "  carol: [a]\n"
           "  'da:ve': " +
           std::string(kOther) +
           "\n"
           "rate_limit: {interval: 1s}\n"),
      "2: tls_server_config.cert_file: needs key_file beside it\n"
      "3: tls_server_config.client_auth_type: must be one of NoClientCert, "
      "RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, "
      "RequireAndVerifyClientCert: \"RequireAnyClientCerts\"; did you mean "
      "RequireAnyClientCert?\n"
      "4: tls_server_config.cipher_suites: is not supported here; remove it\n"
      "5: tls_server_config.min_version: must be one of TLS12, TLS13: \"TLS10\"; did you mean "
      "TLS12?\n"
      "6: http_server_config: is not supported here; remove it\n"
      "7: basic_auth_user: unknown key; did you mean basic_auth_users?\n"
      "10: basic_auth_users.alice: not a bcrypt hash like $2y$10$..., as htpasswd -nB writes "
      "it\n"
      "11: basic_auth_users.bob: has bcrypt cost 99; it must be from 4 to 16\n"
      "12: basic_auth_users.carol: must be a bcrypt hash, as htpasswd -nB writes it\n"
      "13: basic_auth_users.da:ve: a user's name must not be empty or contain ':'\n"
      "14: rate_limit: is not supported here; remove it\n");
}

TEST_F(WebConfigTest, AProtectionThatWouldNotBeThereIsAMistake) {
  EXPECT_THAT(Load("tls_server_config: {client_auth_type: RequireAndVerifyClientCert}\n"),
              HasSubstr("needs client_ca_file"));
  EXPECT_THAT(Load("tls_server_config: {client_auth_type: VerifyClientCertIfGiven}\n"),
              HasSubstr("needs client_ca_file"));
  EXPECT_THAT(
      Load("tls_server_config: {client_auth_type: RequireAnyClientCert, client_ca_file: s}\n"),
      HasSubstr("nothing is verified against it"));
  EXPECT_THAT(Load("tls_server_config: {min_version: TLS13}\n"),
              HasSubstr("there would be no TLS"));
  EXPECT_THAT(Load("tls_server_config: {cert_file: a, key_file: b}\n"),
              HasSubstr("there is no file " + (folder_.path() / "b").string()));
}

TEST(PasswordCheckerTest, KnowsThePassword) {
  PasswordChecker checker;
  WebConfig config;
  config.users = {{"alice", kSwordfish}, {"bob", kOther}};
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(checker.Check(config, "alice", "swordfish"));
    EXPECT_FALSE(checker.Check(config, "alice", "other"));
    EXPECT_FALSE(checker.Check(config, "alice", "swordfish "));
    EXPECT_FALSE(checker.Check(config, "alice", std::string("swordfish\0x", 11)));
    EXPECT_FALSE(checker.Check(config, "alice", ""));
    EXPECT_TRUE(checker.Check(config, "bob", "other"));
    EXPECT_FALSE(checker.Check(config, "bob", "swordfish"));
    EXPECT_FALSE(checker.Check(config, "", ""));
    EXPECT_FALSE(checker.Check(config, "mallory", "swordfish"));
  }
  // A password that was changed is not remembered.
  config.users["alice"] = kOther;
  EXPECT_FALSE(checker.Check(config, "alice", "swordfish"));
  EXPECT_FALSE(checker.Check(WebConfig{}, "alice", "swordfish"));
}

TEST(PasswordCheckerTest, ARightAnswerIsRememberedAndAnUnknownNameTakesAsLong) {
  PasswordChecker checker;
  WebConfig config;
  config.users = {{"alice", kSwordfishSlow}};
  // Of this thread's processor time: the machine may be busy.
  const auto used = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
  };
  const auto time = [&](const char* user, const char* password, bool expected) {
    const double start = used();
    EXPECT_EQ(checker.Check(config, user, password), expected);
    return used() - start;
  };
  const auto first = time("alice", "swordfish", true);
  const auto wrong = time("alice", "wrong", false);
  const auto unknown = time("mallory", "swordfish", false);
  EXPECT_LT(time("alice", "swordfish", true), first / 10);
  EXPECT_GT(time("alice", "wrong", false), wrong / 10);
  EXPECT_GT(unknown, wrong / 5);
  EXPECT_LT(unknown, wrong * 5);
}

TEST(PasswordCheckerTest, ServesThreads) {
  PasswordChecker checker;
  WebConfig config;
  config.users = {{"alice", kSwordfish}};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(checker.Check(config, "alice", "swordfish"));
        EXPECT_FALSE(checker.Check(config, "alice", std::to_string(i)));
      }
    });
  }
}

}  // namespace
}  // namespace lowbalance
