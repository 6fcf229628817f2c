# The headers of others that most files include, compiled once: half of what a file costs is reading them. Programs and
# libraries are compiled unalike, and what does without coroutines does not link them: so four. A file still includes
# what it uses: the debug preset compiles without.

option(KSSEDR_PRECOMPILE "Precompile the headers of the standard library and of Boost" ON)

set(kssedr_plain_headers
  <algorithm> <array> <charconv> <chrono> <cstdint> <cstdio> <deque> <expected> <fstream> <functional> <map> <memory>
  <optional> <set> <span> <string> <string_view> <utility> <vector>
  <fmt/format.h>)
set(kssedr_async_headers ${kssedr_plain_headers}
  <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
  <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp> <boost/asio/use_awaitable.hpp>
  <boost/asio/experimental/awaitable_operators.hpp>)

function(kssedr_precompiled kind)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/nothing.cc CONTENT "")
  foreach(user library test)
    set(name kssedr_${kind}_headers_of_${user})
    add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/nothing.cc)
    target_link_libraries(${name} PRIVATE Boost::headers Boost::json Boost::url fmt::fmt)
    target_precompile_headers(${name} PRIVATE ${kssedr_${kind}_headers})
  endforeach()
  target_link_libraries(kssedr_${kind}_headers_of_test PRIVATE GTest::gtest)
  target_precompile_headers(kssedr_${kind}_headers_of_test PRIVATE <gtest/gtest.h>)
  target_compile_options(kssedr_${kind}_headers_of_test PRIVATE -fPIE)
endfunction()

if(KSSEDR_PRECOMPILE)
  # ccache may hand out a header that was precompiled before a package was updated with the same content.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  kssedr_precompiled(plain)
  kssedr_precompiled(async)
endif()

# kssedr_precompile(TARGET USER KIND): lets TARGET begin with the precompiled headers. USER: library, test. KIND: plain
# for what does not link kssedr_async, async for what does.
function(kssedr_precompile target user kind)
  if(KSSEDR_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM kssedr_${kind}_headers_of_${user})
  endif()
endfunction()
