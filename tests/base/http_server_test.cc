#include "base/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <ctime>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/base/raw_http.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::string Gunzip(const std::string& compressed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string text(std::size_t{8} << 20U, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "more than one gzip member";
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    server_.emplace(HttpServer::Options{.listen_address = "127.0.0.1:0",
                                        .threads = 16,
                                        .answered = [this](std::string_view pattern, int status) {
                                          const std::lock_guard lock(mutex_);
                                          answered_.emplace_back(pattern, status);
                                        }});
    server_->Route("GET", "/metrics", Access::kMetrics,
                   [](const HttpRequest&) { return HttpResponse{.body = "up 1\n"}; });
    server_->Route("GET", "/big", Access::kOpen,
                   [this](const HttpRequest&) { return HttpResponse{.body = big_}; });
    server_->Route("GET", "/picture", Access::kOpen, [this](const HttpRequest&) {
      return HttpResponse{.content_type = "image/png", .body = big_};
    });
    server_->Route("GET", "/method", Access::kOpen,
                   [](const HttpRequest& r) { return HttpResponse{.body = r.method}; });
    server_->Route("GET", "/throws", Access::kOpen, [](const HttpRequest&) -> HttpResponse {
      throw std::runtime_error("the password is swordfish");
    });
    server_->Route("GET", "/accounts/{provider}/{id}", Access::kOpen, [](const HttpRequest& r) {
      return JsonOk("[\"" + r.params.at("provider") + "\",\"" + r.params.at("id") + "\",\"" +
                    std::string(r.Query("q")) + "\"]");
    });
    server_->Route(
        "POST", "/echo", Access::kOpen,
        [](const HttpRequest& r) {
          return HttpResponse{.body = r.body + "|" + std::string(r.Header("x-test"))};
        },
        1000);
    server_->Route("DELETE", "/echo", Access::kOpen,
                   [](const HttpRequest&) { return HttpResponse{.body = "deleted"}; });
    port_ = server_->Start();
  }

  std::string big_ = [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "balance{id=\"" + std::to_string(i) + "\"} 17\n";
    return text;
  }();
  std::mutex mutex_;
  std::vector<std::pair<std::string, int>> answered_;
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpServerTest, AnswersWithSecurityHeaders) {
  const RawResponse response = Ask(port_, "GET /metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "up 1\n");
  EXPECT_EQ(response.headers.at("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.headers.at("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.at("Cache-Control"), "no-store");
}

TEST_F(HttpServerTest, AnswersSayWhatTimeItIs) {
  for (const char* request : {"GET /metrics", "GET /nothing"}) {
    const RawResponse response = Ask(port_, request);
    std::tm utc{};
    const char* const end =
        strptime(response.headers.at("Date").c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    ASSERT_TRUE(end != nullptr && *end == '\0') << response.headers.at("Date");
    EXPECT_NEAR(static_cast<double>(timegm(&utc)), static_cast<double>(std::time(nullptr)), 5);
  }
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  RawClient client(port_);
  const RawResponse head = client.Ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("Content-Length"), "5");
  // Had a body followed, the next answer would begin with it.
  EXPECT_EQ(client.Ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  // To a handler they are the same.
  EXPECT_EQ(Ask(port_, "HEAD /method").headers.at("Content-Length"), "3");
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotHave) {
  const struct {
    const char* request;
    int status;
    const char* allow;
  } cases[] = {
      {"GET /nothing", 404, ""},
      {"GET /metrics/", 404, ""},
      {"GET //metrics", 404, ""},
      {"GET /accounts/a", 404, ""},
      {"GET /accounts//17", 404, ""},
      {"GET /echo", 405, "DELETE, POST"},
      {"POST /metrics", 405, "GET, HEAD"},
      {"OPTIONS /metrics", 405, "GET, HEAD"},
      {"TRACE /metrics", 405, "GET, HEAD"},
      {"GET http://elsewhere/metrics", 400, ""},
      {"OPTIONS *", 400, ""},
      {"GET /accounts/a/%zz", 400, ""},
      {"GET /accounts/a/%ff", 400, ""},
      {"GET /accounts/a/%0a", 400, ""},
      {"GET /accounts/a/1?q=%ff", 400, ""},
      {"BREW /metrics", 400, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.request);
    const RawResponse response = Ask(port_, c.request);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.headers.contains("Allow") ? response.headers.at("Allow") : "", c.allow);
    EXPECT_THAT(response.body, HasSubstr("\"message\""));
    EXPECT_EQ(response.headers.at("X-Content-Type-Options"), "nosniff");
  }
}

TEST_F(HttpServerTest, ASlashInASegmentStaysInIt) {
  const RawResponse response = Ask(port_, "GET /accounts/ali%2Fbaba/a%20b+c?q=x+y%26z&q=2");
  EXPECT_EQ(response.body, "[\"ali/baba\",\"a b+c\",\"x y&z\"]\n");
}

TEST_F(HttpServerTest, LimitsTheHead) {
  const std::string long_value(8'000, 'v');
  std::string many_bytes;
  for (int i = 0; i < 20; ++i) many_bytes += "X-" + std::to_string(i) + ": " + long_value + "\r\n";
  std::string many_lines;
  for (int i = 0; i < 101; ++i) many_lines += "X-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(Ask(port_, "GET /accounts/a/" + std::string(4'000, 'a')).status, 200);
  EXPECT_EQ(Ask(port_, "GET /accounts/a/" + std::string(5'000, 'a')).status, 414);
  EXPECT_EQ(Ask(port_, "GET /" + std::string(200'000, 'a')).status, 0);
  EXPECT_EQ(Ask(port_, "GET /metrics", "X-Test: " + long_value + "\r\n").status, 200);
  EXPECT_EQ(Ask(port_, "GET /metrics", many_bytes).status, 431);
  EXPECT_EQ(Ask(port_, "GET /metrics", many_lines).status, 400);
  EXPECT_EQ(Ask(port_, "GET /metrics", "no colon\r\n").status, 400);
}

TEST_F(HttpServerTest, TakesBodiesWithALengthOnly) {
  EXPECT_EQ(Ask(port_, "POST /echo", "X-Test: %41 b\r\n", "hello").body, "hello|%41 b");
  EXPECT_EQ(Ask(port_, "POST /echo", "", std::string(1000, 'x')).status, 200);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Length: 0\r\n").body, "|");
  EXPECT_EQ(Ask(port_, "DELETE /echo").body, "deleted");
  EXPECT_EQ(Ask(port_, "POST /echo").body, "|");
  EXPECT_EQ(Ask(port_, "POST /echo", "", std::string(1001, 'x')).status, 413);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Length: 99999999999999999999\r\n").status, 413);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Length: -1\r\n").status, 400);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Length: 5x\r\n").status, 400);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Length: 1\r\nContent-Length: 2\r\n").status, 400);
  EXPECT_EQ(Ask(port_, "POST /echo", "Transfer-Encoding: chunked\r\n").status, 400);
  EXPECT_EQ(Ask(port_, "POST /echo", "Transfer-Encoding: chunked\r\n", "hi").status, 400);
  EXPECT_EQ(Ask(port_, "POST /echo", "Content-Encoding: gzip\r\n", "hi").status, 415);
  EXPECT_EQ(Ask(port_, "GET /metrics", "", "body").status, 400);
}

// cpp-httplib gives forms and multipart bodies a meaning; here every body is what it is.
TEST_F(HttpServerTest, BodiesAreNotInterpreted) {
  const std::string form(900, '&');
  EXPECT_EQ(
      Ask(port_, "POST /echo", "Content-Type: application/x-www-form-urlencoded\r\n", form).body,
      form + "|");
  EXPECT_EQ(
      Ask(port_, "POST /echo", "Content-Type: multipart/form-data; boundary=x\r\n", "abc").body,
      "abc|");
}

TEST_F(HttpServerTest, ABodyThatIsTooLargeIsRefusedByItsAnnouncement) {
  RawClient client(port_);
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n");
  const RawResponse response = client.Receive();
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("larger than 1000 bytes"));
}

TEST_F(HttpServerTest, ARefusalReachesAClientThatIsStillSending) {
  RawClient client(port_);
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n" +
              std::string(300'000, 'x'));
  EXPECT_EQ(client.Receive().status, 413);
  // A client that could not go on sending might never come to read the answer.
  EXPECT_TRUE(client.Closed(5000));
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(client.Send(std::string(1000, 'x'))) << i;
}

TEST_F(HttpServerTest, AnswersBeforeTheBodyIfAsked) {
  RawClient client(port_);
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("hello");
  EXPECT_EQ(client.Receive().body, "hello|");

  RawClient refused(port_);
  refused.Send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(refused.Receive().status, 413);
}

TEST_F(HttpServerTest, AnExceptionIs500WithoutItsText) {
  const RawResponse response = Ask(port_, "GET /throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("swordfish")));
  EXPECT_EQ(Ask(port_, "GET /metrics").status, 200);
}

TEST_F(HttpServerTest, CompressesForWhoTakesIt) {
  const RawResponse plain = Ask(port_, "GET /big");
  EXPECT_EQ(plain.body, big_);
  EXPECT_EQ(plain.headers.at("Vary"), "Accept-Encoding");
  EXPECT_FALSE(plain.headers.contains("Content-Encoding"));

  const RawResponse gzip = Ask(port_, "GET /big", "Accept-Encoding: br;q=1, gzip;q=0.5\r\n");
  EXPECT_EQ(gzip.headers.at("Content-Encoding"), "gzip");
  EXPECT_LT(gzip.body.size(), big_.size() / 4);
  EXPECT_EQ(Gunzip(gzip.body), big_);

  for (const char* header : {"Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n",
                             "Accept-Encoding: gzip;q=0.000, *\r\n"}) {
    EXPECT_FALSE(Ask(port_, "GET /big", header).headers.contains("Content-Encoding")) << header;
  }
  // Too small, and of a kind that is compressed already.
  for (const char* target : {"GET /metrics", "GET /picture"}) {
    EXPECT_FALSE(
        Ask(port_, target, "Accept-Encoding: gzip\r\n").headers.contains("Content-Encoding"))
        << target;
  }
}

TEST_F(HttpServerTest, ConnectionsAreKeptAndRequestsMayFollowOneAnother) {
  RawClient client(port_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  }
  // Three at once: none is lost, their order stays, and bodies do not run into heads.
  client.Send(
      "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
      "DELETE /echo HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "hi|");
  EXPECT_EQ(client.Receive().body, "deleted");
  EXPECT_EQ(client.Receive().body, "up 1\n");
  EXPECT_TRUE(client.Closed(5000));
}

// Heads that a stricter or a different reader would refuse must not cost a scrape.
TEST_F(HttpServerTest, TakesWhatPrometheusSends) {
  for (const char* accept :
       {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
        "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
        "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
        "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}) {
    const std::string headers = "Accept: " + std::string(accept) +
                                "\r\nUser-Agent: Prometheus/2.42.0\r\nAccept-Encoding: gzip\r\n"
                                "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n";
    EXPECT_EQ(Ask(port_, "GET /metrics", headers).status, 200) << accept;
  }
  EXPECT_EQ(Ask(port_, "GET /metrics", "Range: bytes=0-1\r\n").body, "up 1\n");
}

TEST_F(HttpServerTest, TellsOfEveryAnswer) {
  Ask(port_, "GET /accounts/a/b");
  Ask(port_, "GET /nothing");
  Ask(port_, "POST /echo", "", std::string(1001, 'x'));
  Ask(port_, "garbage");
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(answered_, ElementsAre(Pair("/accounts/{provider}/{id}", 200), Pair("", 404),
                                     Pair("/echo", 413), Pair("", 400)));
}

TEST(HttpServerStartTest, SaysWhyItCannotListen) {
  HttpServer first({.listen_address = "127.0.0.1:0"});
  const std::string taken = "127.0.0.1:" + std::to_string(first.Start());
  const struct {
    std::string address;
    const char* why;
  } cases[] = {
      {taken, "Address already in use"},
      {"127.0.0.1", "not HOST:PORT"},
      {"127.0.0.1:http", "the port must be a number"},
      {"127.0.0.1:65536", "the port must be a number"},
      {"::1:80", "in brackets"},
      {"192.0.2.1:0", "Cannot assign requested address"},
  };
  for (const auto& c : cases) {
    HttpServer server({.listen_address = c.address});
    try {
      server.Start();
      ADD_FAILURE() << c.address << " works";
    } catch (const std::runtime_error& e) {
      EXPECT_THAT(e.what(), HasSubstr("cannot listen on \"" + c.address + "\""));
      EXPECT_THAT(e.what(), HasSubstr(c.why));
    }
  }
}

TEST(HttpServerStartTest, NoHostMeansEveryAddress) {
  HttpServer server({.listen_address = ":0"});
  server.Route("GET", "/", Access::kOpen, [](const HttpRequest&) { return JsonOk("{}"); });
  EXPECT_EQ(Ask(server.Start(), "GET /").status, 200);
}

TEST(JsonErrorTest, HasAFieldIfThereIsOne) {
  EXPECT_EQ(JsonError(400, "not \"it\"", "threshold").body,
            "{\"error\":{\"field\":\"threshold\",\"message\":\"not \\\"it\\\"\"}}\n");
  EXPECT_EQ(JsonError(400, "bad \xff").body, "{\"error\":{\"message\":\"bad \xef\xbf\xbd\"}}\n");
}

}  // namespace
}  // namespace lowbalance
