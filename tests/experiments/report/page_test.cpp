#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/report/curves.hpp"
#include "experiments/report/network.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/samples.hpp"
#include "experiments/text/base64.hpp"

namespace lockstep {
namespace {

using boost::test_tools::per_element;

std::string base64_of(std::string_view text) {
  return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::vector<StepRecord> steps_with_losses(const std::vector<double>& losses) {
  std::vector<StepRecord> steps;
  for (const double loss : losses) steps.push_back({.loss = loss, .gradient_norm = 1});
  return steps;
}

BOOST_AUTO_TEST_SUITE(report)

BOOST_AUTO_TEST_CASE(base64_is_that_of_the_examples_of_rfc_4648) {
  BOOST_TEST(base64_of("") == "");
  BOOST_TEST(base64_of("f") == "Zg==");
  BOOST_TEST(base64_of("fo") == "Zm8=");
  BOOST_TEST(base64_of("foo") == "Zm9v");
  BOOST_TEST(base64_of("foobar") == "Zm9vYmFy");
  BOOST_TEST(base64_of("\xff\xfe\xfd") == "//79");
}

BOOST_AUTO_TEST_CASE(few_steps_are_all_drawn) {
  const auto steps = steps_with_losses({3, 2, 1});
  BOOST_TEST(drawn_steps(steps, 3) == (std::vector<std::size_t>{0, 1, 2}), per_element());
  BOOST_TEST(drawn_steps({}, 3).empty());
}

BOOST_AUTO_TEST_CASE(of_many_steps_ends_and_extremes_of_each_stretch_are_drawn) {
  std::vector<double> losses(100, 1.0);
  losses[37] = 9;
  losses[38] = 0.5;
  losses[71] = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::size_t> drawn = drawn_steps(steps_with_losses(losses), 8);
  // Stretches of 50; where all are equal, the least is the first and the largest the last.
  BOOST_TEST(drawn == (std::vector<std::size_t>{0, 37, 38, 49, 50, 71, 99}), per_element());
}

BOOST_AUTO_TEST_CASE(json_of_a_script_cannot_end_it) {
  const std::string text = script_json({{"a</script>", "<!-- & \xff"}});
  BOOST_TEST(text.find_first_of("<>&") == std::string::npos);
  BOOST_TEST(nlohmann::json::parse(text).at("a</script>") == "<!-- & \xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_digits_and_missing_ones_are_null) {
  BOOST_TEST(number_cell("loss", 0.1 + 0.2, "0.3000")["value"] == "0.30000000000000004");
  BOOST_TEST(number_cell("loss", std::nan(""), "-")["value"] == "null");
}

BOOST_AUTO_TEST_CASE(values_are_parts_of_the_largest_magnitude) {
  const std::vector<float> values = {0.5F, -2, 1, 0, std::numeric_limits<float>::infinity()};
  const nlohmann::ordered_json json = quantized(values);
  BOOST_TEST(json["scale"] == 2.0);
  BOOST_TEST(json["values"] == base64_of({"\x20\x81\x40\x00\x00", 5}));  // 32, -127, 64, 0, 0
  BOOST_TEST(quantized(std::vector<float>{0, 0})["values"] == base64_of({"\0\0", 2}));
}

// Five samples of three classes: right, wrong, wrong and more certain, right but less certain, a
// tie that goes to the first.
const std::vector<std::uint8_t> kLabels = {0, 0, 0, 0, 2};
const std::vector<float> kProbabilities = {0.9F, 0.1F, 0.0F, 0.2F, 0.7F, 0.1F, 0.1F, 0.8F,
                                           0.1F, 0.5F, 0.3F, 0.2F, 0.0F, 0.5F, 0.5F};
const JudgedSamples kJudged{.labels = kLabels, .probabilities = kProbabilities};

BOOST_AUTO_TEST_CASE(cells_have_certain_mistakes_and_uncertain_right_answers_first) {
  const auto cells = samples_of_cells(kJudged, 2);
  BOOST_TEST(cells[0 * 3 + 0] == (std::vector<Index>{3, 0}), per_element());
  BOOST_TEST(cells[0 * 3 + 1] == (std::vector<Index>{2, 1}), per_element());
  BOOST_TEST(cells[2 * 3 + 1] == (std::vector<Index>{4}), per_element());
  BOOST_TEST(samples_of_cells(kJudged, 1)[1] == (std::vector<Index>{2}), per_element());
}

BOOST_AUTO_TEST_CASE(the_worst_mistake_is_the_most_certain_one) {
  BOOST_TEST(worst_mistakes(kJudged, 9) == (std::vector<Index>{2, 1, 4}), per_element());
  BOOST_TEST(worst_mistakes(kJudged, 1) == (std::vector<Index>{2}), per_element());
}

BOOST_AUTO_TEST_CASE(each_class_that_has_samples_is_shown_by_its_first) {
  BOOST_TEST(first_of_classes(kJudged, 9) == (std::vector<Index>{0, 4}), per_element());
  BOOST_TEST(first_of_classes(kJudged, 1) == (std::vector<Index>{0}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
