#include "data/section.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "data/catalogue.hpp"
#include "framework/core/settings.hpp"
#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

Value mapping(std::initializer_list<std::pair<std::string, Value>> entries) {
  Value result = Value::mapping();
  for (const auto& [key, value] : entries) result.set(key, value);
  return result;
}

Value text(const std::string& text) { return Value::scalar(text); }

Value list(std::initializer_list<std::string> texts) {
  std::vector<Value> items;
  for (const std::string& item : texts) items.push_back(text(item));
  return Value::sequence(items);
}

std::string refusal(const Value& section) {
  return error_of(ErrorKind::usage, [&] { read_data_section(section); });
}

/// What is read of `data.synthetic` where nothing is given.
Value synthetic_defaults() {
  return mapping({{"train", Value::integer(12000)},
                  {"test", Value::integer(2000)},
                  {"channels", Value::integer(1)},
                  {"side", Value::integer(28)}});
}

BOOST_AUTO_TEST_SUITE(data_section)

BOOST_AUTO_TEST_CASE(the_least_section_has_these_defaults) {
  const DataSection section = read_data_section(mapping({{"dataset", text("mnist")}}));
  BOOST_TEST((section.source.names == std::vector<std::string>{"mnist"}));
  BOOST_TEST(section.source.path.empty());
  BOOST_TEST((section.source.settings == Value::mapping()));
  BOOST_TEST(section.validation == 5000);
  BOOST_TEST((section.preprocessing.mean == std::vector<double>{0.0}));
  BOOST_TEST((section.preprocessing.standard_deviation == std::vector<double>{1.0}));
  BOOST_TEST((section.settings ==
              mapping({{"dataset", Value::string("mnist")},
                       {"validation", Value::integer(5000)},
                       {"normalize", mapping({{"mean", Value::real(0)}, {"std", Value::real(1)}})},
                       {"augment", mapping({{"shift", Value::integer(0)}})},
                       {"synthetic", synthetic_defaults()}})));
}

/// Every key of 0.1.0, none at its default, in another order than they are written in.
Value full_section() {
  return mapping(
      {{"synthetic", mapping({{"side", text("32")},
                              {"channels", text("3")},
                              {"train", text("50")},
                              {"test", text("20")}})},
       {"augment", mapping({{"shift", text("2")}})},
       {"normalize", mapping({{"std", list({"1", "2"})}, {"mean", list({"0.5", "0.25"})}})},
       {"validation", text("100")},
       {"path", text("/set.h5")},
       {"dataset", list({"hdf5", "synthetic"})}});
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  const DataSection section = read_data_section(full_section());
  BOOST_TEST((section.source.names == std::vector<std::string>{"hdf5", "synthetic"}));
  BOOST_TEST(section.source.path == "/set.h5");
  const Value drawn = mapping({{"train", Value::integer(50)},
                               {"test", Value::integer(20)},
                               {"channels", Value::integer(3)},
                               {"side", Value::integer(32)}});
  BOOST_TEST((section.source.settings == mapping({{"synthetic", drawn}})));
  BOOST_TEST(section.validation == 100);
  BOOST_TEST((section.preprocessing.mean == std::vector<double>{0.5, 0.25}));
  BOOST_TEST((section.preprocessing.standard_deviation == std::vector<double>{1, 2}));
  BOOST_TEST((section.preprocessing.augment == mapping({{"shift", Value::integer(2)}})));
}

BOOST_AUTO_TEST_CASE(what_was_read_is_in_its_order_and_reads_back_as_itself) {
  const Value settings = read_data_section(full_section()).settings;
  std::vector<std::string> keys;
  for (const Value::Entry& entry : settings.entries) keys.push_back(entry.key);
  BOOST_TEST((keys == std::vector<std::string>{"dataset", "path", "validation", "normalize",
                                               "augment", "synthetic"}));
  BOOST_TEST((read_data_section(settings).settings == settings));
}

BOOST_AUTO_TEST_CASE(one_name_in_a_list_is_written_as_a_name) {
  const DataSection section = read_data_section(mapping({{"dataset", list({"mnist"})}}));
  BOOST_TEST((*section.settings.find("dataset") == Value::string("mnist")));
}

BOOST_AUTO_TEST_CASE(settings_of_formats_that_are_not_named_decide_nothing_of_what_is_read) {
  const Value section =
      mapping({{"dataset", text("mnist")}, {"synthetic", mapping({{"train", text("7")}})}});
  BOOST_TEST((read_data_section(section).source.settings == Value::mapping()));
}

BOOST_AUTO_TEST_CASE(the_smallest_default_of_the_names_is_split_off_for_validation) {
  const auto validation = [](const Value& names) {
    return read_data_section(mapping({{"dataset", names}, {"path", text("x")}})).validation;
  };
  BOOST_TEST(validation(list({"mnist", "fashion_mnist"})) == 5000);
  BOOST_TEST(validation(list({"mnist", "synthetic"})) == 0);
  BOOST_TEST(validation(text("idx")) == 0);
}

BOOST_AUTO_TEST_CASE(unknown_names_are_refused_with_all_that_there_are_and_the_nearest) {
  const std::string all = fmt::format("{}", fmt::join(dataset_names(), ", "));
  BOOST_TEST(refusal(mapping({{"dataset", list({"mnist", "zzz"})}})) ==
             "data.dataset must be one of " + all + ", or a list of them, but is the text 'zzz'.");
  BOOST_TEST(refusal(mapping({{"dataset", text("fashion-mnist")}}))
                 .ends_with("but is the text 'fashion-mnist', did you mean 'fashion_mnist'?"));
  BOOST_TEST(refusal(Value::mapping()) ==
             "data.dataset is missing; it must be one of " + all + ", or a list of them.");
  BOOST_TEST(refusal(mapping({{"dataset", Value::sequence({})}})) ==
             "data.dataset is an empty list; name at least one data set.");
  BOOST_TEST(refusal(mapping({{"dataset", list({"synthetic", "mnist", "synthetic"})}})) ==
             "data.dataset names 'synthetic' twice; the first that is present is taken, so remove "
             "one of the two.");
}

BOOST_AUTO_TEST_CASE(a_format_whose_files_lie_anywhere_needs_a_path) {
  const Value without = mapping({{"dataset", list({"mnist", "idx"})}});
  Value with_none = without;
  with_none.set("path", Value::string(""));
  for (const Value& section : {without, with_none}) {
    BOOST_TEST(refusal(section) ==
               "data.path is missing; it says where the data set 'idx' lies, relative to the "
               "experiment file.");
  }
  const DataSection unneeded =
      read_data_section(mapping({{"dataset", text("mnist")}, {"path", Value::string("")}}));
  BOOST_TEST(unneeded.settings.find("path") == nullptr);
}

BOOST_AUTO_TEST_CASE(numbers_out_of_bounds_and_unknown_keys_are_refused) {
  const auto with = [](const std::string& key, const Value& value) {
    return refusal(mapping({{"dataset", text("mnist")}, {key, value}}));
  };
  BOOST_TEST(with("normalize", mapping({{"std", list({"1", "0"})}})) ==
             "data.normalize.std must be a number from 1e-30 to 1000000, or a list of such, but is "
             "the number 0.");
  BOOST_TEST(contains(with("normalize", mapping({{"std", text("1e-40")}})), "from 1e-30"));
  BOOST_TEST(contains(with("augment", mapping({{"shift", text("1025")}})), "from 0 to 1024"));
  BOOST_TEST(contains(with("synthetic", mapping({{"side", text("7")}})), "from 8 to 1024"));
  BOOST_TEST(contains(with("augment", mapping({{"shfit", text("1")}})), "did you mean 'shift'?"));
  BOOST_TEST(contains(with("synthetic", mapping({{"rows", text("9")}})), "data.synthetic.rows"));
  BOOST_TEST(contains(with("augmentation", text("1")), "did you mean 'augment'?"));
  BOOST_TEST(contains(with("mnist", Value::mapping()), "unknown key data.mnist"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
