# The compilers that are known to build this program rightly, and how they are called.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} compiles ordinary coroutines wrongly and silently (double frees, "
    "resumption in the wrong place). Use clang 19 (CMAKE_CXX_COMPILER=clang++-19, the presets do) or g++ 13.")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wimplicit-fallthrough -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wno-missing-field-initializers -Wno-missing-designated-field-initializers)
else()
  add_compile_options(-Wno-missing-field-initializers)
endif()
if(KSSEDR_WERROR)
  add_compile_options(-Werror)
endif()
if(KSSEDR_SANITIZE)
  add_compile_options(-fsanitize=${KSSEDR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    # Optimizing what sanitizers put in takes twice the time to compile, and the tests run in virtual time anyway. A
    # report needs lines, not variables.
    add_compile_options(-O0 -gline-tables-only)
  else()
    add_compile_options(-O1)
  endif()
  add_link_options(-fsanitize=${KSSEDR_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  add_link_options(-Wl,-z,relro -Wl,-z,noexecstack -Wl,--as-needed)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections)
  endif()
endif()

if(KSSEDR_FUZZ)
  # Every library tells libFuzzer which branches an input took; without that it searches blindly.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(KSSEDR_LLD NAMES ld.lld-19 ld.lld)
if(KSSEDR_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
find_program(KSSEDR_CCACHE ccache)
if(KSSEDR_CCACHE)
  # Another clone, in another folder, finds what this one has compiled; and precompiled headers are kept too.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${KSSEDR_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
