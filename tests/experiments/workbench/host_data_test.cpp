#include "experiments/workbench/host_data.hpp"

#include <sys/resource.h>

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/core/error.hpp"
#include "framework/training/exchange/thread_communicator.hpp"

namespace lockstep {
namespace {

/// What a rank did and has.
struct Outcome {
  int opened = 0;
  HostData loaded;
  std::string error;
};

LoadedData sample_data() {
  const ImageSet train({.name = "small",
                        .origin = "a\nb\xff",
                        .sample_shape = {1, 1, 3},
                        .pixels = std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6},
                        .labels = {10, 2},
                        .classes = 11});
  const ImageSet test({.name = "small",
                       .origin = "there",
                       .sample_shape = {1, 1, 3},
                       .pixels = std::vector<float>{0.25F, 0.5F, 1.0F},
                       .labels = {3},
                       .classes = 11});
  return {.name = "small", .origin = "here", .train = train, .test = test, .warning = "careful"};
}

/// Ranks on hosts of these names load; `open` is told its rank.
std::vector<Outcome> load_on(const std::vector<std::string>& hosts,
                             const std::function<LoadedData(int)>& open) {
  std::vector<Outcome> outcomes(hosts.size());
  ThreadGroup group(static_cast<int>(hosts.size()));
  group.run([&](Communicator& communicator) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    Outcome& mine = outcomes[rank];
    try {
      mine.loaded = load_once_a_host(communicator, {.sharers = hosts[rank], .open = [&] {
                                                      ++mine.opened;
                                                      return open(communicator.rank());
                                                    }});
    } catch (const CollectiveError& error) {
      mine.error = error.what();
    }
  });
  return outcomes;
}

std::vector<Outcome> load_on(const std::vector<std::string>& hosts) {
  return load_on(hosts, [](int) { return sample_data(); });
}

std::vector<int> openings(const std::vector<Outcome>& outcomes) {
  std::vector<int> counts;
  for (const Outcome& outcome : outcomes) counts.push_back(outcome.opened);
  return counts;
}

void check_samples(const LoadedData& found) {
  const LoadedData expected = sample_data();
  BOOST_TEST(found.train.bytes() == expected.train.bytes(), boost::test_tools::per_element());
  BOOST_TEST(found.train.labels() == expected.train.labels(), boost::test_tools::per_element());
  BOOST_TEST(found.test.floats() == expected.test.floats(), boost::test_tools::per_element());
  BOOST_TEST((found.train.digest() == expected.train.digest()));
  BOOST_TEST((found.test.digest() == expected.test.digest()));
  BOOST_TEST((found.train.sample_shape() == expected.train.sample_shape()));
  BOOST_TEST(found.train.classes() == 11);
  BOOST_TEST(found.test.origin() == "there");
  BOOST_TEST(found.name == "small");
  BOOST_TEST(found.origin == "here");
  BOOST_TEST(found.warning == "careful");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_data)

BOOST_AUTO_TEST_CASE(the_lowest_rank_of_each_host_reads_for_all_of_it) {
  const std::vector<Outcome> outcomes = load_on({"b", "a", "b", "a", "a"});
  BOOST_TEST(openings(outcomes) == (std::vector<int>{1, 1, 0, 0, 0}),
             boost::test_tools::per_element());
  for (const Outcome& outcome : outcomes) {
    BOOST_REQUIRE(outcome.loaded.memory);
    const std::byte* const pixels = std::as_bytes(outcome.loaded.data->train.bytes()).data();
    BOOST_TEST(pixels == outcome.loaded.memory->bytes().data());  // no copy
    check_samples(*outcome.loaded.data);
    BOOST_TEST(outcome.loaded.warning == "");
  }
  const auto ticket = [&](std::size_t rank) { return outcomes[rank].loaded.memory->ticket(); };
  BOOST_TEST(ticket(0) == ticket(2));
  BOOST_TEST(ticket(1) == ticket(4));
  BOOST_TEST(ticket(0) != ticket(1));
}

BOOST_AUTO_TEST_CASE(a_rank_alone_on_its_host_has_memory_of_its_own) {
  for (const std::vector<std::string>& hosts : {std::vector<std::string>{"a"}, {"a", "b"}}) {
    for (const Outcome& outcome : load_on(hosts)) {
      BOOST_TEST(outcome.opened == 1);
      BOOST_TEST(!outcome.loaded.memory);
      check_samples(*outcome.loaded.data);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_part_that_is_not_there_has_no_samples) {
  const auto without_test = [](int) {
    LoadedData data = sample_data();
    data.test = {};
    return data;
  };
  for (const Outcome& outcome : load_on({"a", "a"}, without_test)) {
    BOOST_TEST(outcome.loaded.data->train.size() == 2);
    BOOST_TEST(outcome.loaded.data->test.size() == 0);
    BOOST_TEST((outcome.loaded.data->test.digest() == Digest{}));
  }
}

BOOST_AUTO_TEST_CASE(what_a_reader_cannot_open_fails_on_all_ranks) {
  const auto damaged_on_b = [](int rank) {
    if (rank == 2) throw Error(errors::kDamagedData, "damaged");
    return sample_data();
  };
  for (const Outcome& outcome : load_on({"a", "a", "b", "b"}, damaged_on_b)) {
    BOOST_TEST(outcome.error == "On rank 2: damaged");
  }
}

BOOST_AUTO_TEST_CASE(where_memory_cannot_be_shared_each_rank_reads_and_all_say_why) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit{.rlim_cur = 16, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::vector<Outcome> outcomes = load_on({"a", "b", "b"});
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  for (const Outcome& outcome : outcomes) {
    BOOST_TEST(outcome.opened == 1);
    BOOST_TEST(!outcome.loaded.memory);
    check_samples(*outcome.loaded.data);
    BOOST_TEST(outcome.loaded.warning.starts_with(
        "Rank 1 cannot share its images with the other ranks of its host (writing shared memory: "
        "File too large), so "));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
