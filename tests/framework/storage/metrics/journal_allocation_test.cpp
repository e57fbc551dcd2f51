// A step's line is written at every training step, so it must not allocate: counted here.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <new>

#include "framework/storage/metrics/metrics_journal.hpp"
#include "tests/framework/storage/samples.hpp"

namespace {
std::atomic<long> allocations = 0;
}

// Not inlined: the compiler would take malloc and delete for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(journal_allocation)

BOOST_AUTO_TEST_CASE(appending_a_step_allocates_nothing) {
  const TemporaryFolder folder("allocation");
  const MetricsTables tables = sample_metrics(200);
  MetricsJournal journal(folder / "j.jsonl");
  journal.append(tables.steps[0]);
  const long before = allocations;
  for (const StepRecord& record : tables.steps) journal.append(record);
  const long during = allocations - before;
  BOOST_TEST(during == 0);
  BOOST_TEST(before > 0);  // the counter counts
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
