#include "experiments/program/agreement.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "data/section.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/training/exchange/thread_communicator.hpp"

namespace lockstep {
namespace {

// What both of two ranks are told, and the exit code they end with.
void check_refused(const std::function<void(Communicator&)>& body, int exit_code,
                   const std::string& message) {
  std::array<std::string, 2> told;
  std::array<int, 2> codes{};
  ThreadGroup(2).run([&](Communicator& communicator) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    try {
      body(communicator);
    } catch (const CollectiveError& error) {
      told[rank] = error.what();
      codes[rank] = error.exit_code();
    }
  });
  for (const std::size_t rank : {0U, 1U}) {
    BOOST_TEST(codes[rank] == exit_code);
    BOOST_TEST(told[rank].starts_with(message), told[rank]);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(a_rank_with_another_arithmetic_is_refused) {
  BuildInfo build = build_info();
  build.version = "1.2.3";
  build.commit = "abc";
  check_refused(
      [&](Communicator& communicator) {
        check_same_program(communicator, program_line(build, 1 + communicator.rank()));
      },
      2,
      "Rank 1 has another version of the program than rank 0: expected 'lockstep 1.2.3 of commit "
      "abc, arithmetic version 1', found 'lockstep 1.2.3 of commit abc, arithmetic version 2'");
}

BOOST_AUTO_TEST_CASE(what_ranks_compare_holds_the_arithmetic_of_this_program) {
  BOOST_TEST(own_program_line() == program_line(build_info(), kArithmeticVersion));
}

BOOST_AUTO_TEST_CASE(a_rank_that_starts_from_other_weights_is_named_with_both_digests) {
  const Digest ours{.high = 1, .low = 2};
  const Digest others{.high = 1, .low = 3};
  check_refused(
      [&](Communicator& communicator) {
        check_same_start(communicator, communicator.rank() == 0 ? ours : others);
      },
      5,
      "Rank 1 has another set of weights to start from than rank 0: expected 'digest " +
          ours.hex() + "', found 'digest " + others.hex() + "'");
}

BOOST_AUTO_TEST_CASE(ranks_that_are_alike_go_on) {
  ThreadGroup(3).run([](Communicator& communicator) {
    check_same_program(communicator, own_program_line());
    check_same_start(communicator, Digest{.high = 4, .low = 5});
  });
}

BOOST_AUTO_TEST_CASE(every_setting_that_decides_what_is_read_makes_another_key) {
  std::size_t settings = 0;
  for (const DataFormat& format : all_data_formats()) {
    if (format.section == SectionShown::never) continue;
    Value data = Value::mapping();
    data.set("dataset", Value::string(std::string(format.name)));
    data.set("path", Value::string("/set"));
    const DataSection section = read_data_section(data);
    const std::string key = key_of({.source = section.source});
    BOOST_TEST(key_of({.source = read_data_section(section.settings).source}) == key);
    for (const Value::Entry& entry : section.settings.find(format.name)->entries) {
      const auto number = parse_integer(entry.value.text);
      BOOST_REQUIRE_MESSAGE(number, "give " << entry.key << " another value here");
      Value changed = section.settings;
      changed.find(format.name)->set(entry.key, Value::integer(*number + 1));
      BOOST_TEST(key_of({.source = read_data_section(changed).source}) != key, entry.key);
      ++settings;
    }
  }
  BOOST_TEST(settings >= 4U);
}

BOOST_AUTO_TEST_CASE(names_paths_places_and_parts_make_other_keys) {
  const DataRequest request{
      .source = {.names = {"mnist", "idx"}, .path = "/a"},
      .places = {.chosen = "/b", .source = "/c", .installed = "/d", .packages = "/e"}};
  std::set<std::string> keys{key_of(request)};
  const auto add = [&](const std::function<void(DataRequest&)>& change) {
    DataRequest changed = request;
    change(changed);
    BOOST_TEST(keys.insert(key_of(changed)).second);
  };
  add([](DataRequest& changed) { changed.source.names = {"idx", "mnist"}; });
  add([](DataRequest& changed) { changed.source.names = {"mnist idx"}; });
  add([](DataRequest& changed) { changed.source.path = "/x"; });
  add([](DataRequest& changed) { changed.places.chosen = "/x"; });
  add([](DataRequest& changed) { changed.places.source = "/x"; });
  add([](DataRequest& changed) { changed.places.installed = "/x"; });
  add([](DataRequest& changed) { changed.places.packages = "/x"; });
  add([](DataRequest& changed) { changed.parts = DataParts::test; });
  add([](DataRequest& changed) { changed.parts = DataParts::training; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
