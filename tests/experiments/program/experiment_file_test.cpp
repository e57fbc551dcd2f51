#include "experiments/program/experiment_file.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/augmentations/augmentation.hpp"
#include "data/catalogue.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/build_info.hpp"
#include "tests/framework/config/experiment_lines.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

using testing::Lines;

std::string refusal(const std::string& data) {
  return message_of([&] { complete(testing::parse({.data = "data: " + data + "\n"})); });
}

std::vector<std::filesystem::path> shipped_experiments() {
  const std::filesystem::path root(build_info().source_directory);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(root / "experiments")) {
    const bool is_yaml = entry.path().extension() == ".yaml";
    if (is_yaml && document_kind(read_yaml_file(entry.path())) == DocumentKind::experiment) {
      files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_file)

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_data_is_refused_at_its_place) {
  BOOST_TEST(
      refusal("{dataset: [mnist, cifar]}")
          .starts_with(fmt::format("e.yaml:3:25: data.dataset must be one of {}, or a list of "
                                   "them, but is the text 'cifar'",
                                   fmt::join(dataset_names(), ", "))));
  BOOST_TEST(refusal("{dataset: []}") ==
             "e.yaml:3:17: data.dataset is an empty list; name at least one data set.");
  BOOST_TEST(refusal("{dataset: [synthetic, mnist, synthetic]}")
                 .starts_with("e.yaml:3:36: data.dataset names 'synthetic' twice"));
  BOOST_TEST(refusal("{}").starts_with("e.yaml:3:7: data.dataset is missing; it must be one of"));
  BOOST_TEST(refusal("{dataset: [mnist, idx]}").starts_with("e.yaml:3:7: data.path is missing"));
  BOOST_TEST(refusal("{dataset: idx, path: 5}").starts_with("e.yaml:3:28: data.path must be text"));
  BOOST_TEST(refusal("{dataset: mnist, normalize: {std: [1, 0]}}")
                 .starts_with("e.yaml:3:45: data.normalize.std must be a number from 1e-30"));
  BOOST_TEST(refusal("3").starts_with("e.yaml:3:7: data must be a mapping"));
}

BOOST_AUTO_TEST_CASE(an_override_that_is_wrong_is_named) {
  const TemporaryFolder folder("experiment_file");
  const auto file = folder.write("e.yaml", Lines{}.text());
  const std::string message = message_of([&] { read_experiment(file, {"data.dataset=mnits"}); });
  BOOST_TEST(message.starts_with("override 'data.dataset=mnits': data.dataset must be one of"));
  BOOST_TEST(message.ends_with(", did you mean 'mnist'?"));
}

BOOST_AUTO_TEST_CASE(keys_of_other_sections_are_sent_home) {
  BOOST_TEST(refusal("{dataset: mnist, batch_size: 3}") ==
             "e.yaml:3:24: unknown key data.batch_size; it belongs under train:.");
  BOOST_TEST(refusal("{dataset: mnist, shift: 3}") ==
             "e.yaml:3:24: unknown key data.shift; it belongs under data: augment:.");
  const TemporaryFolder folder("experiment");
  const auto file = folder.write("e.yaml", Lines{}.text());
  BOOST_TEST(message_of([&] { read_experiment(file, {"train.shift=2"}); }) ==
             "override 'train.shift=2': unknown key train.shift; it belongs under data: augment:.");
}

BOOST_AUTO_TEST_CASE(every_key_of_the_data_has_a_home) {
  const ExperimentConfig config = complete(testing::parse({}));
  for (const Value::Entry& entry : config.data.entries) {
    BOOST_TEST(where_keys_belong(entry.key) == "under data:", entry.key);
  }
  BOOST_TEST(config.data.entries.size() == 5U);
  for (const Value::Entry& entry : config.data.find("normalize")->entries) {
    BOOST_TEST(where_keys_belong(entry.key) == "under data: normalize:", entry.key);
  }
  for (const AugmentationType& type : all_augmentation_types()) {
    BOOST_TEST(where_keys_belong(type.name) == "under data: augment:", type.name);
  }
  BOOST_TEST(where_keys_belong("synthetic") == "under data:");
  BOOST_TEST(where_keys_belong("side") == "under data: synthetic:");
  BOOST_TEST(where_keys_belong("nothing_like_it").empty());
}

BOOST_AUTO_TEST_CASE(every_shipped_experiment_is_complete_and_reads_back_as_itself) {
  const auto files = shipped_experiments();
  BOOST_TEST(files.size() >= 5U);
  for (const auto& file : files) {
    BOOST_TEST_CONTEXT(file) {
      const ExperimentConfig config = read_experiment(file, {});
      const std::string text = write_yaml(to_value(config));
      const ExperimentConfig resolved =
          parse_experiment(read_yaml_text(text, "resolved.yaml"), "/resolved.yaml");
      BOOST_TEST((resolved == config));
      BOOST_TEST(write_yaml(to_value(complete(resolved))) == text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
