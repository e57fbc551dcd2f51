# Turns the cases of one Boost.Test program into CTest entries. Run after the program is linked:
#
#   cmake -D PROGRAM=... -D NAME=core -D OUTPUT=... -D ENVIRONMENT=a=1;b=2 -D MPIEXEC=... -D WORKING_DIRECTORY=... -P ...
#
# An entry is named NAME/suite/case and labelled NAME plus the labels of its suites and itself. A case labelled ranksN runs
# on N ranks under mpiexec. A disabled case is shown as not run. The program lists its cases as a graph in DOT, the one
# format that names the labels; a node's line looks like
#
#   tu65537[shape=Mrecord,fontname=Helvetica,color=green,label="exp_slow|elementary_test.cpp(8)|labels: @slow @ranks2"];

cmake_minimum_required(VERSION 3.25)

execute_process(
  COMMAND "${PROGRAM}" --list_content=DOT --color_output=no
  OUTPUT_VARIABLE listing
  ERROR_VARIABLE listing # Boost lists on the error stream
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} does not list its cases (${status}):\n${listing}")
endif()

# Brackets and semicolons mean something to CMake's lists.
string(REPLACE "[" "(" listing "${listing}")
string(REPLACE "]" ")" listing "${listing}")
string(REPLACE ";" "" listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")

set(output "")
set(count 0)

# Writes the entry of the node that was read last, unless it turned out to be a suite.
function(write_case path labels enabled)
  string(REPLACE "," "*" filter "${path}") # a comma would separate two cases
  set(command "[==[${PROGRAM}]==] [==[--run_test=${filter}]==] --color_output=no")
  set(processors 1)
  set(timeout 300)
  if("slow" IN_LIST labels)
    set(timeout 1800)
  endif()
  foreach(label IN LISTS labels)
    if(label MATCHES "^ranks([0-9]+)$")
      set(processors ${CMAKE_MATCH_1})
      string(PREPEND command "[==[${MPIEXEC}]==] -n ${processors} --oversubscribe --bind-to none --tag-output ")
    elseif(label MATCHES "^threads([0-9]+)$" AND processors LESS CMAKE_MATCH_1)
      set(processors ${CMAKE_MATCH_1})
    endif()
  endforeach()
  set(test "[==[${NAME}/${path}]==]")
  list(PREPEND labels "${NAME}")
  set(properties "LABELS [==[${labels}]==] ENVIRONMENT [==[${ENVIRONMENT}]==]")
  string(APPEND properties " SKIP_REGULAR_EXPRESSION [==[SKIPPED: ]==]") # said by a case's precondition
  string(APPEND properties " TIMEOUT ${timeout} PROCESSORS ${processors} WORKING_DIRECTORY [==[${WORKING_DIRECTORY}]==]")
  if(NOT enabled)
    string(APPEND properties " DISABLED TRUE")
  endif()
  string(APPEND output "add_test(${test} ${command})\nset_tests_properties(${test} PROPERTIES ${properties})\n")
  math(EXPR count "${count} + 1")
  set(output "${output}" PARENT_SCOPE)
  set(count ${count} PARENT_SCOPE)
endfunction()

set(depth 0) # number of braces around the line; the program's own node is outside the first
set(path_0 "")
set(labels_0 "")
set(pending FALSE)
foreach(line IN LISTS lines)
  if(line STREQUAL "{")
    math(EXPR depth "${depth} + 1")
    set(pending FALSE) # it has children: a suite
  elseif(pending AND NOT line MATCHES "->")
    write_case("${node_path}" "${node_labels}" ${node_enabled})
    set(pending FALSE)
  endif()
  if(line STREQUAL "}")
    math(EXPR depth "${depth} - 1")
  elseif(line MATCHES "^tu[0-9]+\\(.*color=([a-z]+),label=\"([^|\"]*)\\|?(.*)\"\\)$")
    set(color "${CMAKE_MATCH_1}")
    set(node_path "${CMAKE_MATCH_2}")
    set(details "${CMAKE_MATCH_3}")
    if(depth EQUAL 0)
      set(node_path "")
    elseif(path_${depth})
      string(PREPEND node_path "${path_${depth}}/")
    endif()
    set(node_labels "${labels_${depth}}")
    if(details MATCHES "labels:([^|]*)")
      string(REGEX MATCHALL "[^ @]+" own "${CMAKE_MATCH_1}")
      list(APPEND node_labels ${own})
    endif()
    set(node_enabled TRUE)
    if(NOT color STREQUAL "green")
      set(node_enabled FALSE)
    endif()
    if(depth GREATER 0)
      set(pending TRUE)
    endif()
    # Should a brace follow, these describe what is inside it.
    math(EXPR inside "${depth} + 1")
    set(path_${inside} "${node_path}")
    set(labels_${inside} "${node_labels}")
  endif()
endforeach()

if(count EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} has no test cases:\n${listing}")
endif()
file(WRITE "${OUTPUT}" "${output}")
