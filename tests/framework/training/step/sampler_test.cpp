#include "framework/training/step/sampler.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace lockstep {
namespace {

std::vector<Index> epoch_order(Sampler& sampler, Index epoch) {
  std::vector<Index> order;
  for (Index i = 0; i < sampler.steps_per_epoch(); ++i) {
    const GlobalBatch batch = sampler.batch(epoch * sampler.steps_per_epoch() + i);
    order.insert(order.end(), batch.samples.begin(), batch.samples.end());
  }
  return order;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sampler)

BOOST_AUTO_TEST_CASE(every_epoch_visits_each_sample_once) {
  Sampler sampler(103, 10, 5);
  for (Index epoch = 0; epoch < 3; ++epoch) {
    std::vector<Index> order = epoch_order(sampler, epoch);
    std::sort(order.begin(), order.end());
    std::vector<Index> expected(103);
    std::iota(expected.begin(), expected.end(), Index{0});
    BOOST_TEST(order == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_last_batch_of_an_epoch_is_shorter) {
  Sampler sampler(103, 10, 5);
  BOOST_TEST(sampler.steps_per_epoch() == 11);
  BOOST_TEST(sampler.batch(9).samples.size() == 10U);
  BOOST_TEST(!sampler.batch(9).ends_epoch);
  BOOST_TEST(sampler.batch(10).samples.size() == 3U);
  BOOST_TEST(sampler.batch(10).ends_epoch);
  BOOST_TEST(sampler.batch(11).epoch == 1U);
}

BOOST_AUTO_TEST_CASE(a_batch_depends_on_its_step_and_not_on_what_came_before) {
  Sampler in_order(50, 8, 7);
  const std::vector<Index> third = epoch_order(in_order, 3);
  Sampler jumping(50, 8, 7);
  jumping.batch(100);
  BOOST_TEST(epoch_order(jumping, 3) == third, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(epochs_and_seeds_have_orders_of_their_own) {
  Sampler one(50, 8, 7);
  Sampler other(50, 8, 8);
  BOOST_CHECK(epoch_order(one, 0) != epoch_order(one, 1));
  BOOST_CHECK(epoch_order(one, 0) != epoch_order(other, 0));
}

BOOST_AUTO_TEST_CASE(every_position_is_about_equally_likely) {
  // 2,000 shuffles of 8: each sample is expected 250 times at the front; 5 sigma is 74.
  Sampler sampler(8, 8, 1);
  std::vector<int> front(8);
  for (Index epoch = 0; epoch < 2000; ++epoch) {
    ++front[static_cast<std::size_t>(sampler.batch(epoch).samples.front())];
  }
  for (const int count : front) BOOST_TEST(std::abs(count - 250) < 74);
}

BOOST_AUTO_TEST_CASE(a_batch_larger_than_the_data_set_is_the_data_set) {
  Sampler sampler(5, 100, 1);
  BOOST_TEST(sampler.steps_per_epoch() == 1);
  BOOST_TEST(sampler.batch(0).samples.size() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
