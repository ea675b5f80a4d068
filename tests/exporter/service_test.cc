#include "exporter/service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <thread>

#include "tests/base/documented_routes.h"
#include "tests/exporter/helpers.h"
#include "tests/exporter/raw_http_client.h"

namespace lowbalance {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kConfig = R"(
contacts:
  finance: {email: [finance@example.com]}
default_contact: finance
exporter:
  listen_address: "127.0.0.1:0"
  store: sqlite:exporter.db
  sources:
    - {name: bills, type: file, provider: demo, path: balances.csv, interval: 10ms}
  accounts:
    - provider: demo
      account_id: "17"
      alert: {threshold: 100}
)";

// A socket that is bound to a port, or connected to it; true if it could be.
bool OnPort(decltype(&::connect) what, std::uint16_t* port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const bool done = what(fd, generic, size) == 0;
  if (done && *port == 0 && ::getsockname(fd, generic, &size) == 0) *port = ntohs(address.sin_port);
  ::close(fd);
  return done;
}

// While there is one, whoever logs is stuck where it does.
class StuckLog {
 public:
  StuckLog() : standard_error_(::dup(STDERR_FILENO)) {
    EXPECT_EQ(::pipe2(pipe_.data(), O_NONBLOCK | O_CLOEXEC), 0);
    while (::write(pipe_[1], &pipe_, 1) == 1) continue;
    ::fcntl(pipe_[1], F_SETFL, 0);
    ::dup2(pipe_[1], STDERR_FILENO);
    ::close(pipe_[1]);
  }
  ~StuckLog() {
    ::dup2(standard_error_, STDERR_FILENO);
    ::close(standard_error_);
    std::array<char, 4096> read{};
    while (::read(pipe_[0], read.data(), read.size()) > 0) continue;
  }
  StuckLog(const StuckLog&) = delete;
  StuckLog& operator=(const StuckLog&) = delete;

 private:
  const int standard_error_;
  std::array<int, 2> pipe_{};
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    folder_.Write("lowbalance.yml", kConfig);
    SetCredit("150");
  }

  // Replaced as a careful writer does it.
  void SetCredit(const std::string& credit) {
    std::filesystem::rename(
        folder_.Write("new", "account_id,currency,available_credit\n17,USD," + credit + "\n"),
        folder_ / "balances.csv");
  }

  void Make() {
    const ConfigResult loaded = LoadConfig(folder_ / "lowbalance.yml");
    for (const Mistake& mistake : loaded.mistakes) ADD_FAILURE() << mistake.ToString();
    service_ = std::make_unique<ExporterService>(
        loaded.config, ExporterService::Options{
                           .clock = SystemClock(),
                           .load_config = [this] { return LoadConfig(folder_ / "lowbalance.yml"); },
                           .stop_waiting = [] { return true; }});
  }
  void Start() {
    Make();
    client_ = std::make_unique<RawHttpClient>(service_->Start());
  }

  // Asks for the metrics until they say this; the polls go on meanwhile.
  void Await(const std::string& line) {
    std::string last;
    for (int i = 0; i < 5000; ++i) {
      last = client_->Get("/metrics").body;
      if (last.find(line + "\n") != std::string::npos) return;
    }
    ADD_FAILURE() << "never seen: " << line << "\nbut:\n" << last;
  }

  // A poll is done only a moment after what it read can be seen.
  void AwaitReady() {
    int status = 503;
    for (int i = 0; i < 5000 && status == 503; ++i) status = client_->Get("/-/ready").status;
    EXPECT_EQ(status, 200);
  }

  const TempFolder folder_;
  std::unique_ptr<ExporterService> service_;
  std::unique_ptr<RawHttpClient> client_;
};

TEST_F(ServiceTest, PublishesWhatTheFileShows) {
  Start();
  Await(R"(billing_account_available_credit{provider="demo",account_id="17",currency="USD"} 150)");
  AwaitReady();
  const HttpAnswer metrics = client_->Get("/metrics");
  EXPECT_THAT(metrics.head, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (const char* line :
       {"lowbalance_exporter_build_info{version=\"" LOWBALANCE_VERSION "\"} 1\n",
        "lowbalance_exporter_config_last_reload_successful 1\n",
        "lowbalance_exporter_accounts{source=\"bills\"} 1\n", "process_start_time_seconds "}) {
    EXPECT_THAT(metrics.body, HasSubstr(line));
  }
  SetCredit("90");
  Await(R"(billing_account_available_credit{provider="demo",account_id="17",currency="USD"} 90)");
  EXPECT_THAT(client_->Get("/metrics").body, HasSubstr("billing_account_alert_low_timestamp_"));
}

TEST_F(ServiceTest, IsReadyAlsoWhereTheFileIsMissing) {
  std::filesystem::remove(folder_ / "balances.csv");
  Start();
  Await(R"(lowbalance_exporter_polls_total{outcome="success",source="bills"} 0)");
  EXPECT_EQ(client_->Get("/-/healthy").status, 200);
  AwaitReady();
}

// What is asked, or told, while it starts finds its sources in place.
TEST_F(ServiceTest, ListensOnlyOnceItHasItsSources) {
  std::uint16_t port = 0;
  ASSERT_TRUE(OnPort(::bind, &port));
  std::string text(kConfig);
  text.replace(text.find("127.0.0.1:0"), 11, "127.0.0.1:" + std::to_string(port));
  folder_.Write("lowbalance.yml", text);
  Make();
  auto stuck = std::make_unique<StuckLog>();
  std::jthread start([this] { service_->Start(); });
  while (!OnPort(::connect, &port)) std::this_thread::yield();
  // A poll is over once it has told of itself.
  EXPECT_EQ(RawHttpClient(port).Get("/-/ready").status, 503);
  stuck.reset();
}

TEST_F(ServiceTest, RemembersAcrossARestart) {
  Start();
  Await(R"(billing_account_available_credit{provider="demo",account_id="17",currency="USD"} 150)");
  SetCredit("90");
  Await(R"(billing_account_available_credit{provider="demo",account_id="17",currency="USD"} 90)");
  const auto episode = [this] {
    const std::string text = client_->Get("/metrics").body;
    const std::size_t at = text.find("billing_account_alert_low_timestamp_seconds{");
    return text.substr(at, text.find('\n', at) - at);
  };
  const std::string before = episode();
  service_.reset();
  std::filesystem::remove(folder_ / "balances.csv");
  Start();
  EXPECT_EQ(episode(), before);
}

TEST_F(ServiceTest, ReloadsTheConfiguration) {
  Start();
  std::string text(kConfig);
  text.replace(text.find("threshold: 100"), 14, "threshold: 250");
  folder_.Write("lowbalance.yml", text);
  EXPECT_EQ(client_->Send("POST", "/-/reload", "").status, 200);
  Await(R"(billing_account_alert_threshold{provider="demo",account_id="17",level="warning",)"
        R"(currency="USD"} 250)");
  EXPECT_EQ(client_->Get("/-/reload").status, 405);
}

TEST_F(ServiceTest, KeepsTheOldConfigurationWhereTheNewOneIsBad) {
  Start();
  std::string text(kConfig);
  text.replace(text.find("threshold: 100"), 14, "treshold: 250");
  folder_.Write("lowbalance.yml", text);
  const HttpAnswer answer = client_->Send("POST", "/-/reload", "");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("lowbalance.yml:13: "));
  EXPECT_THAT(answer.body, HasSubstr("did you mean threshold?"));
  Await("lowbalance_exporter_config_last_reload_successful 0");
  Await(R"(billing_account_alert_threshold{provider="demo",account_id="17",level="warning",)"
        R"(currency="USD"} 100)");
}

TEST_F(ServiceTest, AReloadStopsASourceAndStartsAnother) {
  Start();
  Await(R"(billing_account_up{provider="demo",account_id="17"} 1)");
  std::string text(kConfig);
  text.replace(text.find("name: bills"), 11, "name: other");
  text.replace(text.find("balances.csv"), 12, "missing.csv");
  folder_.Write("lowbalance.yml", text);
  EXPECT_EQ(client_->Send("POST", "/-/reload", "").status, 200);
  Await(R"(billing_account_up{provider="demo",account_id="17"} 0)");
  const std::string metrics = client_->Get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("lowbalance_exporter_accounts{source=\"other\"} 0\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("lowbalance_exporter_accounts{source=\"bills\"}")));
}

TEST_F(ServiceTest, OnlyOneUsesAStore) {
  Start();
  const auto first = std::move(service_);
  try {
    Start();
    FAIL() << "a second one started";
  } catch (const StoreError& e) {
    EXPECT_THAT(e.what(), HasSubstr("is in use by another process"));
  }
}

TEST_F(ServiceTest, DocumentsEveryRouteOfItsApi) {
  Start();
  const auto served = ApiRoutes(service_->Routes());
  EXPECT_GT(served.size(), 8);
  EXPECT_EQ(served, DocumentedRoutes(LOWBALANCE_SOURCE_DIR "/docs/openapi/exporter.yaml"));
}

TEST_F(ServiceTest, HasALandingPageThatRefersToNothingOutside) {
  Start();
  const HttpAnswer page = client_->Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.head, HasSubstr("Content-Type: text/html; charset=utf-8"));
  for (const char* text : {"lowbalance-exporter", LOWBALANCE_VERSION, "href=\"metrics\"",
                           "href=\"-/healthy\"", "href=\"api/v1/accounts\""}) {
    EXPECT_THAT(page.body, HasSubstr(text));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("//")));
}

}  // namespace
}  // namespace lowbalance
