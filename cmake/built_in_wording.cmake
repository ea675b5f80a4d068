# Puts the wording files into the program, as one generated source that is made anew when one of
# them changes.
function(lowbalance_built_in_wording target)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/config/wording/*.yml")
  set(entries "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(language "${file}" NAME_WE)
    file(READ "${file}" text)
    string(APPEND entries "    {\"${language}\", R\"wording(${text})wording\"},\n")
  endforeach()
  set(source "${CMAKE_BINARY_DIR}/built_in_wording.cc")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
// Made from config/wording/*.yml by the build.
#include "config/built_in_wording.h"

#include <array>

namespace lowbalance {
namespace {
constexpr auto kFiles = std::to_array<BuiltInWordingFile>({
@entries@});
}  // namespace
const std::span<const BuiltInWordingFile> kBuiltInWordingFiles{kFiles};
}  // namespace lowbalance
]])
  target_sources(${target} PRIVATE "${source}")
endfunction()
