# The headers of others that most files include, compiled once: half of what a file costs is reading them. Two, since
# programs and libraries are compiled unalike. A file still includes what it uses: the debug preset compiles without.

option(KSSEDR_PRECOMPILE "Precompile the headers of the standard library and of Boost" ON)

set(kssedr_common_headers
  <algorithm> <array> <charconv> <chrono> <cstdint> <cstdio> <deque> <expected> <fstream> <functional> <map>
  <memory> <optional> <set> <span> <string> <string_view> <utility> <vector>
  <fmt/format.h>
  <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
  <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp> <boost/asio/use_awaitable.hpp>
  <boost/asio/experimental/awaitable_operators.hpp>)

function(kssedr_precompiled name)
  cmake_parse_arguments(arg "" "" "LINK;HEADERS;OPTIONS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE Boost::headers Boost::json Boost::url fmt::fmt ${arg_LINK})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${kssedr_common_headers} ${arg_HEADERS})
endfunction()

if(KSSEDR_PRECOMPILE)
  # ccache may hand out a header that was precompiled before a package was updated with the same content.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  kssedr_precompiled(kssedr_library_headers)
  kssedr_precompiled(kssedr_test_headers LINK GTest::gtest HEADERS <gtest/gtest.h> OPTIONS -fPIE)
endif()

# kssedr_precompile(TARGET HEADERS): lets TARGET, a library or a test, begin with those of HEADERS.
function(kssedr_precompile target headers)
  if(KSSEDR_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()
