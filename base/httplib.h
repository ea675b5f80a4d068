#pragma once
// cpp-httplib with our limits. They are compiled in, so whatever includes it, tests too, includes
// it through here: two sets of them in one program would be anybody's guess.

#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 4096
#define CPPHTTPLIB_MAX_LINE_LENGTH 16384
#define CPPHTTPLIB_HEADER_MAX_LENGTH 8192
#define CPPHTTPLIB_HEADER_MAX_COUNT 100

#include <httplib.h>
