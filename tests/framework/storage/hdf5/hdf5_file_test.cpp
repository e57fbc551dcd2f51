#include "framework/storage/hdf5/hdf5_file.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

using boost::test_tools::per_element;

template <typename Value>
Hdf5Dataset dataset(const std::string& path, const Hdf5Extents& extents,
                    const std::vector<Value>& values) {
  return {.path = path,
          .extents = extents,
          .values = std::span<const Value>(values),
          .units = "m",
          .long_name = "name of " + path};
}

BOOST_AUTO_TEST_SUITE(hdf5_file)

BOOST_AUTO_TEST_CASE(numbers_and_texts_of_every_type_come_back) {
  const TemporaryFolder folder("types");
  const std::vector<float> floats = {1.5F, -0.0F, 3e38F, 1e-45F, 0, 7};
  const std::vector<double> doubles = {0.1, 1e308};
  const std::vector<std::int64_t> integers = {std::numeric_limits<std::int64_t>::min(), 0, 5};
  const std::vector<std::uint64_t> naturals = {~std::uint64_t{0}, 1};
  const std::vector<std::uint8_t> bytes = {0, 127, 128, 255};
  const std::vector<std::string> texts = {"", "ein \xC3\xBC", std::string(100000, 'x')};
  Hdf5Writer writer(folder / "a.h5");
  writer.add_group("/g");
  writer.add_dataset(dataset("/g/floats", {2, 3}, floats));
  writer.add_dataset(dataset("/g/doubles", {2}, doubles));
  writer.add_dataset(dataset("/g/integers", {3, 1}, integers));
  writer.add_dataset(dataset("/g/naturals", {2}, naturals));
  writer.add_dataset(dataset("/g/bytes", {1, 2, 2, 1}, bytes));
  writer.add_dataset(dataset("/g/texts", {3}, texts));
  writer.close();
  const Hdf5Reader reader(folder / "a.h5");
  BOOST_TEST(reader.read_floats("/g/floats") == floats, per_element());
  BOOST_TEST(std::signbit(reader.read_floats("/g/floats")[1]));
  BOOST_TEST(reader.read_reals("/g/doubles") == doubles, per_element());
  BOOST_TEST(reader.read_integers("/g/integers") == integers, per_element());
  BOOST_TEST(reader.read_unsigned("/g/naturals") == naturals, per_element());
  BOOST_TEST(reader.read_bytes("/g/bytes") == bytes, per_element());
  BOOST_TEST(reader.read_integers("/g/bytes") == (std::vector<std::int64_t>{0, 127, 128, 255}),
             per_element());
  BOOST_TEST(reader.read_texts("/g/texts") == texts, per_element());
  BOOST_TEST(to_string(reader.extents("/g/bytes")) == "(1, 2, 2, 1)");
  BOOST_TEST(to_string(reader.element("/g/naturals")) == "uint64");
  BOOST_TEST(to_string(reader.element("/g/texts")) == "text");
  BOOST_TEST(reader.text_attribute("/g/floats", "units") == "m");
  BOOST_TEST(reader.text_attribute("/g/floats", "long_name") == "name of /g/floats");
}

BOOST_AUTO_TEST_CASE(attributes_of_every_kind_come_back) {
  const TemporaryFolder folder("attributes");
  Hdf5Writer writer(folder / "a.h5");
  writer.add_attribute("/", "text", "Zeile");
  writer.add_attribute("/", "real", 0.1);
  writer.add_attribute("/", "integer", std::int64_t{-7});
  writer.add_attribute("/", "natural", ~std::uint64_t{0});
  writer.add_attribute("/", "pair", std::vector<std::uint64_t>{1, 2});
  for (int i = 0; i < 50; ++i)
    writer.add_attribute("/", "many" + std::to_string(i), std::int64_t{i});
  writer.close();
  const Hdf5Reader reader(folder / "a.h5");
  BOOST_TEST(reader.text_attribute("/", "text") == "Zeile");
  BOOST_TEST(reader.real_attribute("/", "real") == 0.1);
  BOOST_TEST(reader.integer_attribute("/", "integer") == -7);
  BOOST_TEST(reader.unsigned_attribute("/", "natural", 1).front() == ~std::uint64_t{0});
  BOOST_TEST(reader.unsigned_attribute("/", "pair", 2) == (std::vector<std::uint64_t>{1, 2}),
             per_element());
  BOOST_TEST(reader.integer_attribute("/", "many37") == 37);
  BOOST_TEST(reader.has_attribute("/", "real"));
  BOOST_TEST(!reader.has_attribute("/", "unreal"));
  BOOST_TEST(reader.attributes("/").at(1) == "real");  // in the order of writing
  BOOST_TEST(contains(error_of([&] { reader.unsigned_attribute("/", "pair", 3); }),
                      "has 2 values in attribute pair, expected 3"));
  BOOST_TEST(
      contains(error_of([&] { reader.integer_attribute("/", "natural"); }), "expected at most"));
  BOOST_TEST(contains(error_of([&] { reader.text_attribute("/", "real"); }), "expected texts"));
}

BOOST_AUTO_TEST_CASE(children_are_listed_in_the_order_of_writing) {
  const TemporaryFolder folder("order");
  Hdf5Writer writer(folder / "a.h5");
  std::vector<std::string> names;
  for (int i = 30; i > 0; --i) names.push_back("g" + std::to_string(i));
  for (const std::string& name : names) writer.add_group("/" + name);
  writer.close();
  BOOST_TEST(Hdf5Reader(folder / "a.h5").children("/") == names, per_element());
}

BOOST_AUTO_TEST_CASE(nodes_are_told_apart_and_links_are_not_followed) {
  const TemporaryFolder folder("nodes");
  Hdf5Writer writer(folder / "a.h5");
  writer.add_group("/g");
  writer.add_dataset(dataset("/g/d", {1}, std::vector<double>{1}));
  writer.add_external_link("/g/e", "a.h5", "/g/d");
  writer.close();
  const Hdf5Reader reader(folder / "a.h5");
  BOOST_TEST((reader.node("/") == Hdf5Node::group));
  BOOST_TEST((reader.node("/g") == Hdf5Node::group));
  BOOST_TEST((reader.node("/g/d") == Hdf5Node::dataset));
  BOOST_TEST((reader.node("/g/e") == Hdf5Node::link));
  BOOST_TEST((reader.node("/g/d/below") == Hdf5Node::missing));
  BOOST_TEST((reader.node("/none/below") == Hdf5Node::missing));
  BOOST_TEST(contains(error_of([&] { reader.read_reals("/g/e"); }), "link, which is not followed"));
  BOOST_TEST(contains(error_of([&] { reader.read_reals("/g/x"); }),
                      "a.h5: /g/x is missing, expected a data set."));
  BOOST_TEST(
      contains(error_of([&] { reader.children("/g/d"); }), "is a data set, expected a group"));
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_never_converted_silently) {
  const TemporaryFolder folder("conversion");
  Hdf5Writer writer(folder / "a.h5");
  writer.add_dataset(dataset("/d", {2}, std::vector<double>{1, 1e39}));
  writer.add_dataset(dataset("/u", {1}, std::vector<std::uint64_t>{~std::uint64_t{0}}));
  writer.add_dataset(dataset("/i", {1}, std::vector<std::int64_t>{300}));
  writer.close();
  const Hdf5Reader reader(folder / "a.h5");
  BOOST_TEST(contains(error_of([&] { reader.read_floats("/d"); }), "which float32 cannot hold"));
  BOOST_TEST(contains(error_of([&] { reader.read_integers("/u"); }), "expected at most"));
  BOOST_TEST(contains(error_of([&] { reader.read_bytes("/i"); }), "holds int64 values"));
  BOOST_TEST(contains(error_of([&] { reader.read_integers("/d"); }), "expected integers"));
  BOOST_TEST(contains(error_of([&] { reader.read_reals("/i"); }), "expected float32 or float64"));
}

BOOST_AUTO_TEST_CASE(data_of_several_chunks_and_of_none_come_back) {
  const TemporaryFolder folder("chunks");
  std::vector<float> values(700000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Hdf5Writer writer(folder / "a.h5");
  writer.add_dataset(dataset("/rows", {7000, 100}, values));
  writer.add_dataset(dataset("/wide", {2, 350000}, values));
  writer.add_dataset(dataset("/none", {0, 5}, std::vector<float>{}));
  writer.close();
  const Hdf5Reader reader(folder / "a.h5");
  BOOST_TEST((reader.read_floats("/rows") == values));
  BOOST_TEST((reader.read_floats("/wide") == values));
  BOOST_TEST(reader.read_floats("/none").empty());
}

BOOST_AUTO_TEST_CASE(two_images_in_memory_are_two_files) {
  const TemporaryFolder folder("images");
  const auto image_with = [&](double value) {
    Hdf5Writer writer(folder / "never_written.h5");
    writer.add_attribute("/", "value", value);
    return writer.finish();
  };
  const std::vector<std::byte> one = image_with(1);
  const std::vector<std::byte> two = image_with(2);
  const Hdf5Reader first(one, "same name");
  const Hdf5Reader second(two, "same name");
  BOOST_TEST(first.real_attribute("/", "value") == 1);
  BOOST_TEST(second.real_attribute("/", "value") == 2);
  BOOST_TEST(names_in(folder.path()).empty());
}

BOOST_AUTO_TEST_CASE(a_writer_given_up_writes_nothing_and_frees_its_memory) {
  const TemporaryFolder folder("given_up");
  for (int i = 0; i < 50; ++i) {
    Hdf5Writer writer(folder / "a.h5");
    writer.add_group("/g");
  }
  BOOST_TEST(names_in(folder.path()).empty());
}

BOOST_AUTO_TEST_CASE(reasons_of_the_library_are_told_in_one_line) {
  const TemporaryFolder folder("reasons");
  Hdf5Writer writer(folder / "a.h5");
  const std::string error = error_of([&] { writer.add_group("/missing/child"); });
  BOOST_TEST(contains(error, "a.h5: /missing/child cannot be read or written ("));
  BOOST_TEST(contains(error, "unable to create group"));
  BOOST_TEST(!contains(error, "\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
