// A training step and a prediction allocate nothing: counted by replacing the global operators of
// this program.

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#include "framework/training/evaluation/predictor.hpp"
#include "tests/support/losses.hpp"
#include "tests/support/training.hpp"

namespace {

std::atomic<std::size_t> allocations = 0;

void* counted(void* memory) {
  ++allocations;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined: GCC would see malloc() and operator delete side by side and take them for a
// mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return counted(std::malloc(size == 0 ? 1 : size));
}
// What std::stable_sort asks for.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto a = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(a, (size + a) / a * a));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/,
                                       std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}

namespace lockstep {
namespace {

// Of 20 steps, over the ends of epochs, too: their last batch is shorter and the order is drawn
// anew.
std::size_t later_allocations(const GraphSpec& network, const Shape& shape, Index batch_size) {
  const Graph graph(network);
  const testing::TestDataset dataset(250, shape, 5);
  TrainingSetup setup = testing::set_up(
      graph, {.training = dataset},
      {.total_steps = 100, .batch_size = batch_size, .micro_batch = 16, .clip_norm = 1.0},
      {.loss = {{"label_smoothing", "0.1"}}});
  const WorkerTeam team(3);
  SoloCommunicator solo;
  Trainer trainer(setup, {.team = team, .communicator = solo, .clock = testing::no_time});
  trainer.train_step();
  const std::size_t before = allocations;
  for (int step = 0; step < 20; ++step) trainer.train_step();
  return allocations - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(the_counter_counts) {
  const std::size_t before = allocations;
  const auto memory = std::make_unique<int>(3);
  BOOST_TEST(*memory == 3);
  BOOST_TEST(allocations > before);
}

BOOST_AUTO_TEST_CASE(a_training_step_allocates_nothing_after_the_first) {
  BOOST_TEST(later_allocations(testing::busy_network(), {2, 8, 7}, 100) == 0U);
}

BOOST_AUTO_TEST_CASE(nor_does_one_whose_threads_share_a_micro_batch) {
  BOOST_TEST(later_allocations(testing::lenet5_network(), {1, 28, 28}, 16) == 0U);
}

BOOST_AUTO_TEST_CASE(a_prediction_allocates_nothing) {
  const Graph graph(testing::busy_network());  // with layers that have no way of their own for it
  const ParameterStore parameters(graph, 1);
  const testing::TestDataset dataset(20, {2, 8, 7}, 5);
  Predictor predictor(graph, parameters.layout(), parameters.values(), testing::cross_entropy());
  const std::vector<float> features(112, 0.5F);
  const std::size_t before = allocations;
  for (Index sample = 0; sample < 20; ++sample) predictor.probabilities(dataset, sample);
  predictor.probabilities(features);
  BOOST_TEST(allocations == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
