// Checkpoints that other programs wrote (h5py here), good and hostile: a value or one sentence.

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "framework/core/build_info.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// All files of make_foreign_files.py.
struct ForeignFiles {
  ForeignFiles() : folder("foreign_files") {
    const std::string script = std::string(build_info().source_directory) +
                               "/tests/framework/storage/checkpoint/make_foreign_files.py";
    const std::string command =
        fmt::format("/usr/bin/python3 {} {}", script, folder.path().string());
    BOOST_REQUIRE_MESSAGE(std::system(command.c_str()) == 0, "failed (python3-h5py?): " << command);
  }

  std::string sentence_about(const std::string& name) const {
    return error_of([&] { read_checkpoint(folder / (name + ".h5")); });
  }

  TemporaryFolder folder;
};

BOOST_AUTO_TEST_SUITE(foreign_files)

BOOST_FIXTURE_TEST_CASE(model_and_weights_in_any_usual_form_are_read, ForeignFiles) {
  const std::string model = "name: tiny\ninput: {shape: [1, 2, 2]}";
  for (const std::string name :
       {"plain", "model_fixed", "model_null_terminated", "model_blank_padded", "model_ascii",
        "model_list_of_one", "weights_float64", "weights_big_endian", "weights_compressed"}) {
    BOOST_TEST_CONTEXT(name) {
      const LoadedCheckpoint loaded = read_checkpoint(folder / (name + ".h5"));
      BOOST_TEST(!loaded.verified);
      BOOST_TEST(loaded.checkpoint.model.substr(0, model.size()) == model);
      BOOST_TEST(loaded.checkpoint.model.size() <= model.size() + 1);  // with or without line feed
      BOOST_REQUIRE(loaded.checkpoint.parameters.size() == 1U);
      const StoredTensor& weight = loaded.checkpoint.parameters.front();
      BOOST_TEST(weight.layer == "f1");
      BOOST_TEST(weight.name == "weight");
      BOOST_TEST(weight.axis_order == "OI");
      BOOST_TEST(weight.shape.to_string() == "2x4");
      BOOST_TEST(weight.values == (std::vector<float>{0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75}),
                 boost::test_tools::per_element());
      BOOST_TEST(loaded.checkpoint.experiment.empty());
      BOOST_TEST(!loaded.checkpoint.state.has_value());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(another_programs_user_block_is_no_damage, ForeignFiles) {
  BOOST_TEST(read_checkpoint(folder / "many_names.h5").checkpoint.parameters.size() == 41U);
}

BOOST_FIXTURE_TEST_CASE(parts_of_our_names_that_hold_other_things_are_left_aside, ForeignFiles) {
  for (const std::string name : {"own_state", "own_provenance"}) {
    const LoadedCheckpoint loaded = read_checkpoint(folder / (name + ".h5"));
    BOOST_TEST(loaded.checkpoint.parameters.size() == 1U);
    BOOST_TEST(!loaded.checkpoint.state.has_value());
    BOOST_TEST(loaded.checkpoint.provenance.entries.empty());
  }
}

BOOST_FIXTURE_TEST_CASE(values_never_written_are_the_fill_value, ForeignFiles) {
  const Checkpoint checkpoint = read_checkpoint(folder / "values_never_written.h5").checkpoint;
  BOOST_REQUIRE(checkpoint.parameters.size() == 3U);
  for (const StoredTensor& tensor : checkpoint.parameters) {
    if (tensor.name == "weight") continue;
    const float fill = tensor.name == "bias" ? 0.0F : 0.5F;
    BOOST_TEST(tensor.values == (std::vector<float>{fill, fill}), boost::test_tools::per_element());
  }
}

struct Refusal {
  const char* name;
  const char* part;
};

BOOST_FIXTURE_TEST_CASE(what_is_wrong_is_said_in_one_sentence, ForeignFiles) {
  const std::vector<Refusal> refusals = {
      {"too_large_for_float32", "holds 1e+300 at position 6, which float32 cannot hold"},
      {"not_a_number", "/parameters/f1/weight holds nan at position 3"},
      {"integers", "holds int32 values, expected float32 or float64"},
      {"half_precision", "holds unsupported values, expected float32 or float64"},
      {"external_storage", "keeps its values in another file"},
      {"virtual", "is a virtual data set"},
      {"soft_link", "/parameters/f1/bias is a soft or external link"},
      {"soft_link_loop", "/parameters is a soft or external link"},
      {"external_link", "/parameters/f1/weight is a soft or external link"},
      {"hard_link_loop", "/parameters/f1/loop is a group, expected a data set"},
      {"lzf_filter", "uses HDF5 filter 32000"},
      {"terabytes", "claims 1099511627776 values of 4 bytes but stores only 0 bytes"},
      {"overflowing", "claims more elements than 63 bits can count"},
      {"no_value", "/model has no value"},
      {"five_axes", "has the shape (2, 2, 2, 1, 1), expected one to 4 axes"},
      {"single_value", "has the shape (), expected one to 4 axes"},
      {"empty_axis", "has the shape (0, 4), expected one to 4 axes, none empty"},
      {"other_axis_order", "has axes in the order IO, expected OI; transpose it"},
      {"no_model", "/model is missing, expected /model and /parameters; the file has: notes, "},
      {"no_parameters", "/parameters is missing"},
      {"model_is_group", "/model is a group, expected a data set"},
      {"model_is_number", "/model holds int64 values, expected texts"},
      {"model_is_two_texts", "/model holds 2 texts, expected one"},
      {"model_is_type", "/model is a named type, expected a data set"},
      {"parameters_are_data", "/parameters is a data set, expected a group"},
      {"layer_is_data", "/parameters/f1 is a data set, expected a group"},
      {"newer_schema", "written by a newer version of Lockstep (schema_version 99"},
      {"other_format", "of the format somebody-else, expected lockstep-checkpoint"},
  };
  for (const Refusal& refusal : refusals) {
    const std::string sentence = sentence_about(refusal.name);
    BOOST_TEST(contains(sentence, refusal.part), sentence << " | " << refusal.part);
    BOOST_TEST(sentence.starts_with("3: " + (folder / refusal.name).string() + ".h5"));
    BOOST_TEST(sentence.ends_with("."));
    BOOST_TEST(!contains(sentence, "\n"));
  }
}

BOOST_FIXTURE_TEST_CASE(terabytes_are_refused_by_a_summary_too, ForeignFiles) {
  const std::string sentence = error_of([&] { read_checkpoint_summary(folder / "terabytes.h5"); });
  BOOST_TEST(contains(sentence, "claims 1099511627776 values of 4 bytes"), sentence);
}

BOOST_FIXTURE_TEST_CASE(truncated_and_changed_files_are_refused_or_read, ForeignFiles) {
  // Nothing protects these files, so a change may go unseen; but it must not crash or hang.
  const std::string good = bytes_of(folder / "plain.h5");
  for (std::size_t length = 0; length < good.size(); length += 97) {
    put_bytes(folder / "cut.h5", good.substr(0, length));
    BOOST_TEST(sentence_about("cut").starts_with("3: "), "cut to " << length);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
