# The benchmarks: the kernels' are one program, the all-reduce's another, which runs under mpirun, the metrics' a third. Included by the top CMakeLists.txt; not part of CTest, since tests do not time.

find_package(benchmark REQUIRED)

file(GLOB benchmark_sources CONFIGURE_DEPENDS tests/benchmarks/*.cpp)
list(FILTER benchmark_sources EXCLUDE REGEX "/(all_reduce|metrics_benchmark).cpp$")
add_executable(benchmark_kernels ${benchmark_sources})
set_target_properties(benchmark_kernels PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
target_include_directories(benchmark_kernels PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(benchmark_kernels PRIVATE lockstep_options lockstep_kernels benchmark::benchmark)

add_executable(benchmark_all_reduce tests/benchmarks/all_reduce.cpp)
set_target_properties(benchmark_all_reduce PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
target_include_directories(benchmark_all_reduce PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(benchmark_all_reduce PRIVATE lockstep_options lockstep_training lockstep_cluster MPI::MPI_CXX)

add_executable(benchmark_metrics tests/benchmarks/metrics_benchmark.cpp)
set_target_properties(benchmark_metrics PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
target_include_directories(benchmark_metrics PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(benchmark_metrics PRIVATE lockstep_options lockstep_storage)
