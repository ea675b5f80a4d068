#pragma once
// Reading requests and writing answers, through cpp-httplib, of which nobody else knows.
//
// It parses heads and formats heads. Accepting, threads, time limits, routes, bodies and TLS are
// ours.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http_connection.h"
#include "base/http_server.h"

namespace lowbalance {

// One request and its answer, on a connection.
struct HttpExchange {
  HttpConnection* connection = nullptr;
  std::string head;  // As the client sent it, request line included.
  std::string method;
  std::string target;  // Undecoded.

  int status = 0;       // Of the answer.
  std::string pattern;  // Of the route; empty where there is none. For whoever counts.
  // Set by whoever answers without having read all of the request.
  bool unread = false;
};

class HttpParser {
 public:
  static constexpr int kMostRequests = 10'000;  // On one connection, as answers announce.

  struct Callbacks {
    // Refuses by the head alone. For clients that ask before they send a body.
    std::function<std::optional<HttpResponse>(HttpExchange*)> refuse;
    // Reads the body, if any, from the exchange's connection, and answers.
    std::function<HttpResponse(HttpExchange*)> answer;
    // Told of every answer before it is sent, those to heads that cannot be read included.
    std::function<void(const HttpExchange&)> answered;
  };
  explicit HttpParser(Callbacks callbacks);
  ~HttpParser();

  // Serves one request, whose first byte has arrived. `last`: tell the client that there will be
  // no other on this connection. False if there cannot be; the connection is then at its end.
  // Thread-safe.
  [[nodiscard]] bool Serve(HttpConnection* connection, bool last);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
