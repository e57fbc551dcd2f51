# The kernels' benchmarks, one program. Included by the top CMakeLists.txt; not part of CTest, since tests do not time.

find_package(benchmark REQUIRED)

file(GLOB benchmark_sources CONFIGURE_DEPENDS tests/benchmarks/*.cpp)
add_executable(benchmark_kernels ${benchmark_sources})
set_target_properties(benchmark_kernels PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
target_include_directories(benchmark_kernels PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(benchmark_kernels PRIVATE lockstep_options lockstep_kernels benchmark::benchmark)
