# Third-party libraries, one interface target each. All come from Debian packages (see
# scripts/packages); cpp-httplib is the exception, explained in scripts/fetch-httplib.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
pkg_check_modules(SPDLOG REQUIRED IMPORTED_TARGET spdlog)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(CRYPT REQUIRED IMPORTED_TARGET libcrypt)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
find_path(EXPECTED_INCLUDE_DIR tl/expected.hpp REQUIRED)
find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
find_library(SOCI_CORE_LIBRARY soci_core REQUIRED)
find_library(SOCI_SQLITE3_LIBRARY soci_sqlite3 REQUIRED)
find_path(SQLITE3_INCLUDE_DIR sqlite3.h REQUIRED)
find_library(SQLITE3_LIBRARY sqlite3 REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)

# A header of at least 0.41, whose limits can be set when it is compiled.
set(HTTPLIB_DIR "" CACHE PATH "The folder of a cpp-httplib header (httplib.h) of 0.41 or later")
find_path(HTTPLIB_INCLUDE_DIR httplib.h REQUIRED
          HINTS "${HTTPLIB_DIR}" "${CMAKE_SOURCE_DIR}/build/deps/cpp-httplib")
file(STRINGS "${HTTPLIB_INCLUDE_DIR}/httplib.h" httplib_version
     REGEX "^#define CPPHTTPLIB_VERSION \"" LIMIT_COUNT 1)
string(REGEX REPLACE ".*\"(.*)\".*" "\\1" httplib_version "${httplib_version}")
if(httplib_version VERSION_LESS 0.41.0)
  message(FATAL_ERROR "${HTTPLIB_INCLUDE_DIR}/httplib.h is cpp-httplib ${httplib_version}; "
                      "0.41.0 or later is needed. Run scripts/fetch-httplib, or name the folder "
                      "of a newer one with -DHTTPLIB_DIR.")
endif()

function(lowbalance_dependency name)
  add_library(${name} INTERFACE)
  cmake_parse_arguments(arg "" "" "INCLUDES;LINKS" ${ARGN})
  target_include_directories(${name} SYSTEM INTERFACE ${arg_INCLUDES})
  target_link_libraries(${name} INTERFACE ${arg_LINKS})
endfunction()

lowbalance_dependency(dep_expected INCLUDES ${EXPECTED_INCLUDE_DIR})
lowbalance_dependency(dep_httplib INCLUDES ${HTTPLIB_INCLUDE_DIR}
                      LINKS OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB Threads::Threads)
lowbalance_dependency(dep_json LINKS nlohmann_json::nlohmann_json)
lowbalance_dependency(dep_log LINKS PkgConfig::SPDLOG)
lowbalance_dependency(dep_soci INCLUDES ${SOCI_INCLUDE_DIR} ${SQLITE3_INCLUDE_DIR}
                      LINKS ${SOCI_CORE_LIBRARY} ${SOCI_SQLITE3_LIBRARY} ${SQLITE3_LIBRARY})
lowbalance_dependency(dep_yaml LINKS yaml-cpp)
lowbalance_dependency(dep_crypt LINKS PkgConfig::CRYPT)
lowbalance_dependency(dep_gzip LINKS PkgConfig::ISAL ZLIB::ZLIB)
lowbalance_dependency(dep_prometheus LINKS prometheus-cpp::core)
lowbalance_dependency(dep_curl LINKS PkgConfig::CURL)
lowbalance_dependency(dep_cli INCLUDES ${CLI11_INCLUDE_DIR})
