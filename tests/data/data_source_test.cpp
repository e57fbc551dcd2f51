#include <boost/test/unit_test.hpp>
#include <string>

#include "data/catalogue.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/data/small_set.hpp"

namespace lockstep {
namespace {

BOOST_AUTO_TEST_SUITE(data_source)

BOOST_AUTO_TEST_CASE(a_command_line_may_give_a_name_a_file_or_a_folder) {
  const TemporaryFolder root;
  BOOST_TEST(data_source_for("mnist").names.front() == "mnist");
  write_set(root, {.folder = "mine", .mark = 9, .ending = ".gz"});
  const std::string mine = (root / "mine").string();
  BOOST_TEST(data_source_for(mine).names.front() == "idx");
  BOOST_TEST(data_source_for(mine).path == mine);
  root.write("mine/test.h5", "");
  BOOST_TEST(data_source_for(mine).names.front() == "hdf5");
  const std::string absent = (root / "absent").string();
  BOOST_TEST(contains(error_of(ErrorKind::data, [&] { data_source_for(absent); }), absent));
  const std::string message = error_of(ErrorKind::usage, [] { data_source_for("mnits"); });
  BOOST_TEST(contains(message, "did you mean 'mnist'?"), message);
}

BOOST_AUTO_TEST_CASE(a_file_or_folder_of_no_format_is_refused_with_what_it_lacks) {
  const TemporaryFolder root;
  const std::string text = root.write("a.txt", "text").string();
  BOOST_TEST(contains(error_of(ErrorKind::data, [&] { data_source_for(text); }), "is not HDF5"));
  const std::string folder = root.path().string();
  const std::string message = error_of(ErrorKind::data, [&] { data_source_for(folder); });
  BOOST_TEST(contains(message, "hdf5: no train.h5; idx: no train-images-idx3-ubyte[.gz]"), message);
}

BOOST_AUTO_TEST_CASE(the_usual_places_come_from_the_variable_and_the_build) {
  const BuildInfo build{.version = "",
                        .commit = "",
                        .compiler = "",
                        .build_type = "",
                        .sanitizers = "",
                        .source_directory = "/src",
                        .share_directory = "/share/lockstep"};
  const DataPlaces places = usual_places("/mine", build);
  BOOST_TEST(places.chosen == "/mine");
  BOOST_TEST(places.source == "/src/data");
  BOOST_TEST(places.installed == "/share/lockstep/data");
  BOOST_TEST(places.packages == "/usr/share/datasets");
  BOOST_TEST(usual_places("", build).chosen.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
