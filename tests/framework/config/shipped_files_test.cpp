#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/experiment_config.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/sweep_trials.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/build_info.hpp"
#include "framework/graph/graph_spec.hpp"

namespace lockstep {
namespace {

std::vector<std::filesystem::path> yaml_files_in(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path root(build_info().source_directory);
  for (const auto& entry : std::filesystem::directory_iterator(root / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::filesystem::path experiment(const std::string& name) {
  return std::filesystem::path(build_info().source_directory) / "experiments" / (name + ".yaml");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shipped_files)

BOOST_AUTO_TEST_CASE(every_model_file_is_a_valid_graph) {
  const auto files = yaml_files_in("models");
  BOOST_TEST(files.size() >= 3U);
  for (const auto& file : files) {
    BOOST_TEST_CONTEXT(file) {
      const GraphSpec spec = parse_graph_spec(load_model(file));
      BOOST_TEST(spec.name == file.stem().string());
      BOOST_TEST(spec.layers.size() > 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_experiment_file_is_valid_and_named_after_itself) {
  std::size_t experiments = 0;
  for (const auto& file : yaml_files_in("experiments")) {
    if (document_kind(read_yaml_file(file)) != DocumentKind::experiment) continue;
    ++experiments;
    BOOST_TEST_CONTEXT(file) {
      const ExperimentConfig config = load_experiment(file);
      BOOST_TEST(config.name == file.stem().string());
      BOOST_TEST(!parse_graph_spec(config.model).layers.empty());
      const Value resolved = read_yaml_text(write_yaml(to_value(config)), "resolved.yaml");
      BOOST_TEST((parse_experiment(resolved, "/resolved.yaml") == config));
    }
  }
  BOOST_TEST(experiments >= 5U);
}

BOOST_AUTO_TEST_CASE(every_sweep_file_is_valid_and_named_after_itself) {
  std::size_t sweeps = 0;
  for (const auto& file : yaml_files_in("experiments")) {
    if (document_kind(read_yaml_file(file)) != DocumentKind::sweep) continue;
    ++sweeps;
    BOOST_TEST_CONTEXT(file) {
      const SweepConfig sweep = load_sweep(file);
      BOOST_TEST(sweep.name == file.stem().string());
      BOOST_TEST(sweep_trials(sweep).size() > 1U);
    }
  }
  BOOST_TEST(sweeps >= 3U);
}

BOOST_AUTO_TEST_CASE(the_small_initialisation_differs_from_the_article_in_one_setting_only) {
  const GraphSpec article =
      parse_graph_spec(load_experiment(experiment("article_200_iterations")).model);
  const GraphSpec small = parse_graph_spec(load_experiment(experiment("article_small_init")).model);
  BOOST_REQUIRE(article.layers.size() == small.layers.size());
  for (std::size_t i = 0; i < article.layers.size(); ++i) {
    Value settings = article.layers[i].settings;
    if (article.layers[i].type == "conv2d") settings.set("weight_scale", Value::real(0.01));
    BOOST_TEST((settings == small.layers[i].settings), article.layers[i].name);
    BOOST_TEST(article.layers[i].name == small.layers[i].name);
    BOOST_TEST(article.layers[i].initializers.size() == small.layers[i].initializers.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
