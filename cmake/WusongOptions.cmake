# Flags every target shares. Sanitizers and the optimisation level come from the preset.
option(WUSONG_FUZZ "Build libFuzzer targets instead of corpus replay" OFF)
option(WUSONG_TESTS "Build tests" ON)
option(WUSONG_BENCH "Build benchmarks" ON)
option(WUSONG_DEFECTS "Build in deliberate defects for the simulator's tests; never what people run" OFF)
set(WUSONG_MARCH "x86-64-v3" CACHE STRING "-march for x86-64; empty for the compiler's default")
set(WUSONG_SANITIZE "" CACHE STRING "Value for -fsanitize, for example address,undefined")

find_program(CCACHE ccache)
if(CCACHE)
  # Build folders share results: paths are taken relative to the checkout.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_library(wusong_flags INTERFACE)
target_include_directories(wusong_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(wusong_flags INTERFACE -Wall -Wextra -Werror -Wshadow -Wconversion
                       -Wno-sign-conversion -Wnon-virtual-dtor -fno-strict-aliasing)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(wusong_flags INTERFACE -Wthread-safety -Wno-missing-designated-field-initializers)
  add_link_options(-fuse-ld=lld)
else()
  # g++-12 sees these three where optionals and vectors are moved, wrongly; clang and the sanitizers watch.
  target_compile_options(wusong_flags INTERFACE -Wno-missing-field-initializers -Wno-maybe-uninitialized
                         -Wno-stringop-overflow -Wno-restrict)
endif()
if(WUSONG_MARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  add_compile_options(-march=${WUSONG_MARCH})
endif()
if(WUSONG_SANITIZE)
  # The vptr check wants RTTI, which everything below platform does without.
  add_compile_options(-fsanitize=${WUSONG_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WUSONG_SANITIZE})
endif()
if(WUSONG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_package(Threads REQUIRED)
