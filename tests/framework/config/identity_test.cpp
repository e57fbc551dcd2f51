// A later version may add keys without changing trials' names or what can be resumed, as long as
// they are at their defaults.

#include "framework/config/identity.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/config_difference.hpp"
#include "framework/config/sweep_trials.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "tests/framework/config/experiment_lines.hpp"

namespace lockstep {
namespace {

using testing::parse;

Digest identity(const ExperimentConfig& config) { return identity_of(config); }

// Reads the section like a version whose optimizers have one more key, 0.5 by default.
Value later_optimizer(Value section, const std::optional<std::string>& made_up) {
  if (made_up) section.set("made_up", Value::scalar(*made_up));
  SettingsReader reader(section, "optimizer");
  read_optimizer(reader, 0);
  reader.real_or("made_up", {0, 1}, 0.5);
  reader.finish();
  return reader.consumed();
}

ExperimentConfig later(const std::optional<std::string>& made_up) {
  ExperimentConfig config = parse({});
  config.optimizer = later_optimizer(config.optimizer, made_up);
  return config;
}

using Keys = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(identity_of_later_versions)

BOOST_AUTO_TEST_CASE(a_later_key_at_its_default_changes_neither_names_nor_what_is_compared) {
  const ExperimentConfig first = parse({});
  for (const std::optional<std::string>& made_up :
       {std::optional<std::string>(), std::optional<std::string>("0.50")}) {
    const ExperimentConfig config = later(made_up);
    BOOST_TEST(config.optimizer.find("made_up")->text == "0.5");  // written out nevertheless
    BOOST_TEST((identity(config) == identity(first)));
    BOOST_TEST(differing_keys(first, config).empty());
    BOOST_TEST(differing_keys(config, first).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_later_key_at_another_value_changes_both) {
  const ExperimentConfig first = parse({});
  const ExperimentConfig config = later("0.25");
  BOOST_TEST((identity(config) != identity(first)));
  BOOST_TEST((identity(config) != identity(later("0.75"))));
  BOOST_TEST((differing_keys(first, config) == Keys{"optimizer.made_up"}));
  BOOST_TEST((differing_keys(config, first) == Keys{"optimizer.made_up"}));
  BOOST_TEST((differing_keys(config, later({})) == Keys{"optimizer.made_up"}));
}

BOOST_AUTO_TEST_CASE(a_key_of_the_first_version_counts_at_its_default_as_well) {
  ExperimentConfig config = parse({});
  BOOST_TEST(config.optimizer.find("momentum")->is_default);
  BOOST_TEST(identity_document(to_value(config)).find("optimizer")->find("momentum")->text == "0");
  const Digest before = identity(config);
  std::erase_if(config.optimizer.entries,
                [](const auto& entry) { return entry.key == "momentum"; });
  BOOST_TEST((identity(config) != before));
}

BOOST_AUTO_TEST_CASE(a_later_section_of_defaults_is_left_out_as_a_whole) {
  const auto with_average = [](const Value& average) {
    Value document = to_value(parse({}));
    SettingsReader reader(average, "average");
    reader.text_or("type", "none");
    reader.real_or("decay", {0, 1}, 0.99);
    document.set("average", reader.consumed());
    return identity_document(document);
  };
  const Value first = identity_document(to_value(parse({})));
  BOOST_TEST((with_average(Value::mapping()) == first));
  Value other = Value::mapping();
  other.set("decay", Value::real(0.9));
  const Value changed = with_average(other);
  BOOST_TEST(changed.find("average")->entries.size() == 1U);
  BOOST_TEST(changed.find("average")->find("decay")->text == "0.9");
}

BOOST_AUTO_TEST_CASE(keys_of_a_type_are_the_first_versions_for_that_type_alone) {
  Value document = to_value(parse({}));
  Value section = Value::mapping();
  section.set("type", Value::string("rmsprop"));
  Value momentum = Value::real(0);
  momentum.is_default = true;
  section.set("momentum", momentum);
  document.set("optimizer", section);
  BOOST_TEST(identity_document(document).find("optimizer")->find("momentum") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_later_key_of_a_layer_is_left_out_at_its_default) {
  Value document = to_value(parse({}));
  Value dilation = Value::integer(1);
  dilation.is_default = true;
  Value& layer = document.find("model")->find("layers")->items.at(0);
  layer.set("dilation", dilation);
  BOOST_TEST((identity_document(document) == identity_document(to_value(parse({})))));
  layer.set("dilation", Value::integer(2));
  BOOST_TEST((identity_document(document) != identity_document(to_value(parse({})))));
}

BOOST_AUTO_TEST_CASE(a_run_stored_without_a_layers_default_is_the_run_with_it) {
  const ExperimentConfig config = parse({.model = "model: {name: m, input: {shape: [4]}, layers: "
                                                  "[{name: f1, type: dense, units: 10}]}\n"});
  ExperimentConfig resolved = config;
  Value& layer = resolved.model.find("layers")->items.at(0);
  layer.set("bias", Value::boolean(true));
  BOOST_TEST(differing_keys(config, resolved).empty());
  layer.set("bias", Value::boolean(false));
  BOOST_TEST((differing_keys(config, resolved) ==
              Keys{"model.layers.f1.bias", "model.layers.f1.init.bias"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
