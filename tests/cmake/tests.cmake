# Test programs (one per folder, with one CTest entry per case) and script tests. Included by the top CMakeLists.txt.

# What every test finds in its environment; LOCKSTEP_DATA is passed through from the caller's.
set(LOCKSTEP_TEST_ENVIRONMENT
    "LOCKSTEP_PROGRAM=${PROJECT_BINARY_DIR}/lockstep" #
    "LOCKSTEP_SOURCE_DIR=${PROJECT_SOURCE_DIR}" #
    "LOCKSTEP_BUILD_DIR=${PROJECT_BINARY_DIR}" #
    "OMPI_ALLOW_RUN_AS_ROOT=1" #
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
set(support "${PROJECT_SOURCE_DIR}/tests/support")
if(LOCKSTEP_SANITIZERS MATCHES "thread")
  list(APPEND LOCKSTEP_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${support}/tsan.supp:halt_on_error=1")
elseif(LOCKSTEP_SANITIZERS)
  # Leaks inside MPI are recognised by their stack, which the fast unwinder does not see. The other makes tests that allocate
  # much twenty times as slow, so lockstep_test_program takes it out of programs without MPI.
  list(APPEND LOCKSTEP_TEST_ENVIRONMENT #
       "ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1" #
       "UBSAN_OPTIONS=print_stacktrace=1" #
       "LSAN_OPTIONS=suppressions=${support}/lsan.supp:fast_unwind_on_malloc=0:print_suppressions=0")
endif()

# How the tests' own code is compiled. Compiling tests takes longer than running them: -O1 saves two fifths. The libraries keep
# their optimisation.
add_library(test_options INTERFACE)
target_include_directories(test_options INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(test_options INTERFACE lockstep_options fmt::fmt Boost::unit_test_framework)
target_compile_definitions(test_options INTERFACE BOOST_TEST_DYN_LINK)
target_compile_options(test_options INTERFACE $<$<CONFIG:Release,Audit>:-O1>)

add_library(test_main OBJECT tests/support/test_main.cpp)
target_link_libraries(test_main PRIVATE test_options)
add_library(test_main_reading OBJECT tests/support/test_main_reading.cpp)
target_link_libraries(test_main_reading PRIVATE test_options)
lockstep_precompiled_headers(
  test_headers
  HEADERS
  <algorithm>
  <boost/test/unit_test.hpp>
  <filesystem>
  <fmt/format.h>
  <functional>
  <map>
  <string>
  <vector>
  LIBRARIES test_options)

# lockstep_test_program(NAME FOLDER [READS_FILES] [USES target...]): all of FOLDER's sources as one program, test_NAME.
function(lockstep_test_program name folder)
  cmake_parse_arguments(PARSE_ARGV 2 program "READS_FILES" "" "USES")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  set(target test_${name})
  add_executable(${target} ${sources})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(program_READS_FILES)
    target_link_libraries(${target} PRIVATE test_options test_main_reading)
  else()
    target_link_libraries(${target} PRIVATE test_options test_main)
  endif()
  if(LOCKSTEP_UNITY)
    target_precompile_headers(${target} REUSE_FROM test_headers)
  endif()
  foreach(used IN LISTS program_USES)
    if(TARGET ${used})
      target_link_libraries(${target} PRIVATE ${used})
    endif()
  endforeach()
  lockstep_unity(${target} ${sources})

  set(environment ${LOCKSTEP_TEST_ENVIRONMENT})
  if(NOT name STREQUAL "cluster")
    list(TRANSFORM environment REPLACE ":fast_unwind_on_malloc=0" "")
  endif()
  if(name STREQUAL "contracts") # they damage files of formats on purpose
    list(TRANSFORM environment REPLACE "/lsan.supp" "/lsan_damaged_hdf5.supp")
  endif()
  set(cases "${PROJECT_BINARY_DIR}/tests/${target}_cases.cmake")
  add_custom_command(
    TARGET ${target}
    POST_BUILD
    BYPRODUCTS "${cases}"
    COMMAND
      ${CMAKE_COMMAND} -E env ${environment} #
      ${CMAKE_COMMAND} -D "PROGRAM=$<TARGET_FILE:${target}>" -D "NAME=${name}" -D "OUTPUT=${cases}" -D
      "ENVIRONMENT=${environment}" -D "MPIEXEC=${MPIEXEC_EXECUTABLE}" -D
      "WORKING_DIRECTORY=${PROJECT_BINARY_DIR}/tests" -P
      "${PROJECT_SOURCE_DIR}/tests/cmake/discover_tests.cmake"
    VERBATIM)
  set(entry "${PROJECT_BINARY_DIR}/tests/${target}_entry.cmake")
  file(
    WRITE "${entry}"
    "if(EXISTS \"${cases}\")\n  include(\"${cases}\")\nelse()\n  add_test(${name}/NOT_BUILT ${target}_is_not_built)\n  set_tests_properties(${name}/NOT_BUILT PROPERTIES LABELS ${name})\nendif()\n"
  )
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${entry}")
endfunction()

foreach(unit IN ITEMS core kernels layers optimizers schedules graph training config)
  lockstep_test_program(${unit} tests/framework/${unit} USES lockstep_${unit})
endforeach()
target_compile_definitions(test_kernels PRIVATE LOCKSTEP_ONE_TARGET=$<BOOL:${LOCKSTEP_ONE_TARGET}>)
lockstep_test_program(storage tests/framework/storage READS_FILES USES lockstep_storage)
lockstep_test_program(cluster tests/cluster USES lockstep_cluster)
foreach(unit IN ITEMS data experiments)
  lockstep_test_program(${unit} tests/${unit} READS_FILES USES lockstep_${unit})
endforeach()
lockstep_test_program(contracts tests/contracts READS_FILES USES ${LOCKSTEP_UNITS})
foreach(kind IN ITEMS models golden regressions end_to_end)
  lockstep_test_program(${kind} tests/${kind} READS_FILES USES ${LOCKSTEP_UNITS})
endforeach()

# Script tests: every *_test.sh and *_test.py below tests/ is one entry, labelled with its first folder. Lines
# `# labels: a b` and `# timeout: seconds` among its first ten add labels and change the limit. `# full: machines` keeps a
# script out of the usual run: `ctest -C Full -L machines` runs it. Likewise `ctest -C Full -L faults` runs the functions
# marked `@cli.faults`, by an entry of their own. A script that this machine cannot run ends with 77, and is shown as skipped.
function(lockstep_script_test test path labels timeout configurations environment)
  set(interpreter bash)
  if(path MATCHES "\\.py$")
    set(interpreter /usr/bin/python3)
  endif()
  if(configurations)
    list(PREPEND configurations CONFIGURATIONS)
  endif()
  add_test(NAME ${test} COMMAND ${interpreter} "${path}" ${configurations})
  # A first run has no times to go by: whole scripts before single cases.
  set_tests_properties(
    ${test} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} COST ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
  if("hosts" IN_LIST labels) # sets of hosts do not meet, but would take the cores from each other
    set_tests_properties(${test} PROPERTIES RESOURCE_LOCK virtual_hosts)
  endif()
endfunction()

file(GLOB_RECURSE scripts CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests" tests/*_test.sh tests/*_test.py)
list(SORT scripts)
foreach(script IN LISTS scripts)
  set(path "${PROJECT_SOURCE_DIR}/tests/${script}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  string(REGEX MATCH "^[^/]+" folder "${script}")
  if(folder STREQUAL "framework")
    string(REGEX REPLACE "^framework/([^/]+)/.*" "\\1" folder "${script}")
  endif()
  set(labels ${folder} script)
  set(configurations "")
  set(timeout 300)
  file(STRINGS "${path}" head LIMIT_COUNT 10)
  foreach(line IN LISTS head)
    if(line MATCHES "^# labels: *(.*)$")
      string(REGEX MATCHALL "[^ ,]+" more "${CMAKE_MATCH_1}")
      list(APPEND labels ${more})
    elseif(line MATCHES "^# full: *([a-z]+)$")
      list(APPEND labels ${CMAKE_MATCH_1})
      set(configurations Full)
    elseif(line MATCHES "^# timeout: *([0-9]+)")
      set(timeout ${CMAKE_MATCH_1})
    endif()
  endforeach()
  cmake_path(GET script STEM stem)
  set(test "${folder}/${stem}")
  lockstep_script_test(${test} "${path}" "${labels}" ${timeout} "${configurations}" "${LOCKSTEP_TEST_ENVIRONMENT}")
  file(STRINGS "${path}" marks REGEX "^@cli\\.faults$" LIMIT_COUNT 1)
  if(marks)
    lockstep_script_test(
      ${test}/faults "${path}" "${labels};faults" ${timeout} Full
      "${LOCKSTEP_TEST_ENVIRONMENT};LOCKSTEP_TEST_PART=faults")
  endif()
endforeach()
