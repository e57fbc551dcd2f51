#include "experiments/bench/report.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/text/figures.hpp"
#include "experiments/text/svg.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::json;

Throughput throughput(Index batch, int threads, double rate) {
  return {.batch = batch,
          .micro_batch = 64,
          .threads = threads,
          .images = {.per_second = {.median = rate, .best = 2 * rate},
                     .peak_fraction = {.median = 0.5, .best = 0.75}},
          .gflops = 123.456};
}

BenchResults some_results(const std::string& name = "c1+relu1") {
  BenchResults results{.experiment = name,
                       .host = name,
                       .isa = "avx512",
                       .allowed_cores = 2,
                       .cores = 8,
                       .threads = 2,
                       .batch_size = 128,
                       .micro_batch = 32};
  results.peak_gflops = {.median = 200, .best = 250};
  results.layers.samples = 32;
  results.layers.layers = {
      {name, "forward", {.operations = 4e6, .bytes = 1e6}, 32e-6, {0.625, 0.75}},
      {name, "backward", {.operations = 8e6, .bytes = 1e6}, 64e-6, {0.625, 0.75}},
      {"pool<&>", "forward", {.operations = 0, .bytes = 1e6}, 16e-6, {0, 0}},
  };
  results.layers.parts = {{"batch assembly", 0.5e-6}};
  results.training = {throughput(128, 1, 2e5), throughput(128, 2, 4e5), throughput(256, 1, 3e5)};
  results.inference = {throughput(128, 1, 5e5), throughput(128, 2, 1e6)};
  results.latency = {.median = 12.5e-6, .best = 10e-6};
  results.bandwidth = {{"L1", 4e11}, {"L2", 2e11}, {"DRAM", 4e10}};
  return results;
}

std::string line_with(const BenchResults& results, const std::string& word) {
  for (const ReportLine& line : bench_lines(results)) {
    if (line.text.find(word) != std::string::npos) return line.text;
  }
  return "";
}

BOOST_AUTO_TEST_SUITE(bench_report)

BOOST_AUTO_TEST_CASE(a_layer_has_its_time_an_image_and_its_shares) {
  const std::string line = line_with(some_results(), " backward");
  // 64 us for 32 images in a step of 5 us per image; 8 MFLOP in 64 us.
  for (const char* figure : {"2.000", "125.0", "62.5 %", "40.0 %"}) {
    BOOST_TEST(line.find(figure) != std::string::npos, figure << " in " << line);
  }
}

BOOST_AUTO_TEST_CASE(what_computes_nothing_has_no_share_of_the_peak) {
  const std::string line = line_with(some_results(), "pool");
  BOOST_TEST(line.find("- ") != std::string::npos);
  BOOST_TEST(line.find("nan") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_parts_are_summed_beside_the_whole_step) {
  // 1 + 2 + 0.5 + 0.5 us of 5.
  BOOST_TEST(line_with(some_results(), "all of these").find("4.000") != std::string::npos);
  BOOST_TEST(line_with(some_results(), "all of these").find("80.0 %") != std::string::npos);
  BOOST_TEST(line_with(some_results(), "whole step").find("5.000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_100_columns_whatever_the_names) {
  BenchResults results = some_results(std::string(300, 'n'));
  results.training.push_back(throughput(1 << 24, 1024, 1.5e9));
  results.layers.parts.push_back({std::string(80, 'p'), 12345.678});
  for (const ReportLine& line : bench_lines(results))
    BOOST_TEST(line.text.size() <= 100U, line.text);
}

BOOST_AUTO_TEST_CASE(the_object_has_the_keys_that_scripts_rely_on) {
  const Json object = Json::parse(bench_json(some_results()));
  BOOST_TEST(object["peak_gflops"] == 200.0);
  BOOST_TEST(object["training_images_per_second"] == 4e5);
  BOOST_TEST(object["inference_images_per_second"] == 1e6);
  BOOST_TEST(object["inference_latency_us"].get<double>() == 12.5,
             boost::test_tools::tolerance(1e-12));
  const Json& layer = object["layers"][1];
  BOOST_TEST(layer["name"] == "c1+relu1");
  BOOST_TEST(layer["phase"] == "backward");
  BOOST_TEST(layer["seconds"] == 64e-6);
  BOOST_TEST(layer["gflops"].get<double>() == 125, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(layer["peak_fraction"] == 0.625);
  BOOST_TEST(object["layers"][2]["gflops"] == 0.0);
  BOOST_TEST(object["training"].size() == 3U);
  BOOST_TEST(object["training"][2]["batch"] == 256);
  BOOST_TEST(object["training"][2]["images_per_second"] == 3e5);
}

BOOST_AUTO_TEST_CASE(the_picture_has_a_marker_for_each_phase_that_computes) {
  const std::string picture = bench_roofline(some_results());
  const auto count = [&](const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = picture.find(word); at != std::string::npos;
         at = picture.find(word, at + 1)) {
      ++found;
    }
    return found;
  };
  BOOST_TEST(count("<circle") == 1U);
  BOOST_TEST(count("<rect") == 1U + 1U);  // the background too
  BOOST_TEST(count("FMA peak 200 GFLOP/s") == 1U);
  BOOST_TEST(count("DRAM 40 GB/s") == 1U);
  BOOST_TEST(count("pool") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(svg)

BOOST_AUTO_TEST_CASE(elements_nest_and_texts_are_escaped) {
  SvgElement group("g");
  group.set("id", "a\"b").add("text").set("x", 1.0 / 3).text("1 < 2 & 3 > 2\x01");
  group.add("line");
  BOOST_TEST(group.to_xml() ==
             "<g id=\"a&quot;b\">\n"
             "  <text x=\"0.33\">1 &lt; 2 &amp; 3 &gt; 2</text>\n"
             "  <line/>\n"
             "</g>\n");
}

BOOST_AUTO_TEST_CASE(an_attribute_that_is_set_again_has_the_new_value_only) {
  SvgElement line("line");
  line.set("stroke", "red").set("x1", 2).set("stroke", "blue");
  BOOST_TEST(line.to_xml() == "<line stroke=\"blue\" x1=\"2\"/>\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(figures)

BOOST_AUTO_TEST_CASE(a_text_is_shortened_between_characters) {
  BOOST_TEST(shortened("relu", 4) == "relu");
  BOOST_TEST(shortened("rectified", 6) == "rec...");
  BOOST_TEST(shortened("a\u00e9\u00e9\u00e9\u00e9", 7) ==
             "a\u00e9...");  // 4 bytes would cut the second in two
}

BOOST_AUTO_TEST_CASE(digits_are_grouped_by_three) {
  BOOST_TEST(thousands(0) == "0");
  BOOST_TEST(thousands(999) == "999");
  BOOST_TEST(thousands(44426) == "44,426");
  BOOST_TEST(thousands(1234567) == "1,234,567");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
