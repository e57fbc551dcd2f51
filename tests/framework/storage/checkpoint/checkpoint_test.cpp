#include "framework/storage/checkpoint/checkpoint.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <limits>
#include <random>

#include "framework/core/error.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(everything_comes_back_with_the_same_bits) {
  const TemporaryFolder folder("round_trip");
  const Checkpoint checkpoint = sample_checkpoint();
  write_checkpoint(folder / "a.h5", checkpoint);
  const LoadedCheckpoint loaded = read_checkpoint(folder / "a.h5");
  BOOST_TEST(loaded.verified);
  BOOST_TEST(same_bits(loaded.checkpoint, checkpoint));
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
}

BOOST_AUTO_TEST_CASE(same_bits_sees_each_part) {
  const Checkpoint checkpoint = sample_checkpoint();
  BOOST_TEST(same_bits(checkpoint, checkpoint));
  std::vector<Checkpoint> others(12, checkpoint);
  others[0].arithmetic_version = 2;
  others[1].experiment += " ";
  others[2].model += " ";
  others[3].parameters[0].values[1] = +0.0F;  // was -0
  others[4].parameters[3].axis_order = "I";
  others[5].parameters[1].layer = "c2";
  others[6].optimizer[1].tensors[2].values[7] += 1;
  others[7].optimizer_scalars[0].second = 0.2;
  others[8].state->progress.epoch_loss = 0.3;  // was 0.1 + 0.2
  others[9].state->digest.low = 43;
  others[10].state.reset();
  others[11].provenance.entries.pop_back();
  for (const Checkpoint& other : others) BOOST_TEST(!same_bits(checkpoint, other));
}

BOOST_AUTO_TEST_CASE(weights_alone_are_a_checkpoint_too) {
  const TemporaryFolder folder("weights");
  Checkpoint weights;
  weights.model = "name: m\n";
  weights.parameters = sample_tensors(1);
  write_checkpoint(folder / "w.h5", weights);
  const LoadedCheckpoint loaded = read_checkpoint(folder / "w.h5");
  BOOST_TEST(same_bits(loaded.checkpoint, weights));
  BOOST_TEST(!loaded.checkpoint.state.has_value());
}

BOOST_AUTO_TEST_CASE(a_summary_has_all_but_the_values) {
  const TemporaryFolder folder("summary");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const Checkpoint summary = read_checkpoint_summary(folder / "a.h5").checkpoint;
  BOOST_TEST(summary.parameters.size() == 4U);
  BOOST_TEST(summary.parameters[0].shape.to_string() == "2x1x3x3");
  BOOST_TEST(summary.parameters[0].values.empty());
  BOOST_TEST(summary.state->progress.step == 860);
}

BOOST_AUTO_TEST_CASE(equal_checkpoints_give_equal_bytes) {
  const TemporaryFolder folder("bytes");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  // Other heap contents and another name, as another run would have.
  const std::vector<std::string> noise(1000, std::string(100, 'x'));
  write_checkpoint(folder / "another_name.h5", sample_checkpoint());
  BOOST_TEST(bytes_of(folder / "a.h5") == bytes_of(folder / "another_name.h5"));
}

BOOST_AUTO_TEST_CASE(the_first_512_bytes_say_in_words_what_the_file_is) {
  const TemporaryFolder folder("words");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const std::string bytes = bytes_of(folder / "a.h5");
  const std::string start = bytes.substr(0, kUserBlockBytes);
  BOOST_TEST(start.starts_with("LOCKSTEP CHECKPOINT 1\n"));
  BOOST_TEST(contains(start, fmt::format("length {:020}\n", bytes.size() - kUserBlockBytes)));
  BOOST_TEST(contains(start, "HDF5"));
  BOOST_TEST(
      std::ranges::all_of(start, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  BOOST_TEST(bytes.substr(kUserBlockBytes, 4) == "\x89HDF");
}

BOOST_AUTO_TEST_CASE(every_changed_bit_is_found) {
  const TemporaryFolder folder("flips");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const std::string good = bytes_of(folder / "a.h5");
  std::mt19937 random(20240601);
  const auto refused_with_flip = [&](std::size_t position, int bit) {
    std::string bad = good;
    bad[position] = static_cast<char>(bad[position] ^ (1 << bit));
    put_bytes(folder / "bad.h5", bad);
    return error_of([&] { read_checkpoint(folder / "bad.h5"); }).starts_with("3: ");
  };
  for (int i = 0; i < 300; ++i) {
    const std::size_t position = random() % good.size();
    const int bit = static_cast<int>(random() % 8);
    BOOST_TEST(refused_with_flip(position, bit), "byte " << position << " bit " << bit);
  }
  for (std::size_t position = 0; position < kUserBlockBytes; ++position) {
    BOOST_TEST(refused_with_flip(position, 0), "user block's byte " << position);
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_and_addition_is_found) {
  const TemporaryFolder folder("lengths");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const std::string good = bytes_of(folder / "a.h5");
  std::vector<std::size_t> lengths = {0, 1, 8, 100, 511, 512, 513, 520, good.size() - 1};
  for (std::size_t i = 1; i < 100; ++i) lengths.push_back(i * good.size() / 100);
  for (const std::size_t length : lengths) {
    put_bytes(folder / "bad.h5", good.substr(0, length));
    BOOST_TEST(error_of([&] { read_checkpoint(folder / "bad.h5"); }).starts_with("3: "),
               "cut to " << length << " bytes");
  }
  put_bytes(folder / "bad.h5", good + "x");
  BOOST_TEST(contains(error_of([&] { read_checkpoint(folder / "bad.h5"); }),
                      fmt::format("it has {} bytes, expected {}", good.size() + 1, good.size())));
}

BOOST_AUTO_TEST_CASE(a_wrong_digest_is_told_with_both_digests) {
  const TemporaryFolder folder("digest");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  std::string bytes = bytes_of(folder / "a.h5");
  const std::string expected = bytes.substr(bytes.find("xxh3-128 ") + 9, 32);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  put_bytes(folder / "a.h5", bytes);
  const Digest found = digest_of(std::as_bytes(std::span(bytes)).subspan(kUserBlockBytes));
  const std::string sentence = fmt::format("3: {} is damaged: its digest is {}, expected {}.",
                                           (folder / "a.h5").string(), found.hex(), expected);
  BOOST_TEST(error_of([&] { read_checkpoint(folder / "a.h5"); }) == sentence);
  BOOST_TEST("3: " + check_file(folder / "a.h5").message == sentence);
}

BOOST_AUTO_TEST_CASE(a_lost_user_block_is_damage_but_a_removed_one_is_not) {
  const TemporaryFolder folder("block");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const std::string good = bytes_of(folder / "a.h5");
  put_bytes(folder / "zeros.h5", std::string(kUserBlockBytes, '\0') + good.substr(kUserBlockBytes));
  BOOST_TEST(contains(error_of([&] { read_checkpoint(folder / "zeros.h5"); }), "damaged"));
  put_bytes(folder / "plain.h5", good.substr(kUserBlockBytes));
  const LoadedCheckpoint plain = read_checkpoint(folder / "plain.h5");
  BOOST_TEST(!plain.verified);
  BOOST_TEST(same_bits(plain.checkpoint, sample_checkpoint()));
}

BOOST_AUTO_TEST_CASE(a_newer_file_is_refused_as_such) {
  const TemporaryFolder folder("newer");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  std::string bytes = bytes_of(folder / "a.h5");
  bytes.replace(bytes.find("CHECKPOINT 1"), 12, "CHECKPOINT 2");
  put_bytes(folder / "a.h5", bytes);
  BOOST_TEST(contains(error_of([&] { read_checkpoint(folder / "a.h5"); }), "newer version"));
}

BOOST_AUTO_TEST_CASE(check_file_tells_three_states_apart) {
  const TemporaryFolder folder("states");
  write_checkpoint(folder / "a.h5", sample_checkpoint());
  const std::string good = bytes_of(folder / "a.h5");
  put_bytes(folder / "plain.h5", good.substr(kUserBlockBytes));
  put_bytes(folder / "bad.h5", good.substr(0, good.size() - 10));
  BOOST_TEST((check_file(folder / "a.h5").state == FileState::verified));
  BOOST_TEST((check_file(folder / "plain.h5").state == FileState::not_verified));
  BOOST_TEST((check_file(folder / "bad.h5").state == FileState::damaged));
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_are_neither_written_nor_read) {
  const TemporaryFolder folder("finite");
  Checkpoint checkpoint = sample_checkpoint();
  write_checkpoint(folder / "a.h5", checkpoint);
  const std::string before = bytes_of(folder / "a.h5");
  checkpoint.parameters[2].values[5] = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(contains(error_of([&] { write_checkpoint(folder / "a.h5", checkpoint); }),
                      "a0 weight has the value nan at position 5, and training cannot go on"));
  BOOST_CHECK_EXCEPTION(write_checkpoint(folder / "a.h5", checkpoint), Error,
                        [](const Error& error) { return error.kind() == ErrorKind::numeric; });
  BOOST_TEST(bytes_of(folder / "a.h5") == before);
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
}

BOOST_AUTO_TEST_CASE(what_is_no_hdf5_file_gets_a_sentence_that_says_what_it_is) {
  const TemporaryFolder folder("others");
  const auto sentence = [&](const std::string& name) {
    return error_of([&] { read_checkpoint(folder / name); });
  };
  put_bytes(folder / "empty", "");
  put_bytes(folder / "text", "name: lenet5\n");
  put_bytes(folder / "packed", "\x1f\x8b\x08 etc");
  put_bytes(folder / "noise", std::string("\x01\x02\x00\x7f", 4));
  std::filesystem::create_directory(folder / "inner");
  BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  BOOST_TEST(contains(sentence("missing"), "No such file"));
  BOOST_TEST(contains(sentence("empty"), "it is empty"));
  BOOST_TEST(contains(sentence("text"), "it is a text file"));
  BOOST_TEST(contains(sentence("packed"), "compressed by gzip"));
  BOOST_TEST(contains(sentence("noise"), "it is not an HDF5 file"));
  BOOST_TEST(contains(sentence("inner"), "it is a folder, expected a file"));
  BOOST_TEST(contains(sentence("pipe"), "it is a pipe, expected a file"));
  BOOST_TEST(contains(error_of([] { read_checkpoint("/dev/zero"); }), "it is a device"));
  for (const std::string name : {"empty", "text", "packed", "noise", "inner", "pipe"}) {
    BOOST_TEST(contains(sentence(name), "3: "));
    BOOST_TEST(contains(sentence(name), (folder / name).string()));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
