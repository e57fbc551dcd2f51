#include "framework/storage/checkpoint/training_state.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <memory>

#include "tests/framework/storage/samples.hpp"
#include "tests/support/networks.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {
namespace {

const Value kAdam = parse_settings({{"type", "adam"}});
const Value kMomentum = parse_settings({{"type", "sgd"}, {"momentum", "0.9"}});

/// Everything that training works on, beginning with other values for another seed.
struct Training {
  explicit Training(std::uint64_t seed, const Value& settings = kAdam,
                    const GraphSpec& network = busy_network())
      : graph(network),
        parameters(graph, seed),
        optimizer(make_optimizer(settings, parameters.layout().size())) {
    auto value = static_cast<float>(seed);
    for (OptimizerBuffer& buffer : optimizer->buffers()) {
      for (float& number : buffer.values.span()) number = (value += 0.5F);
    }
    for (OptimizerScalar& scalar : optimizer->scalars()) scalar.value = 1.0 / (value += 3);
  }

  Checkpoint checkpoint(const TrainingProgress& progress) const {
    return checkpoint_of({.parameters = parameters,
                          .optimizer = *optimizer,
                          .progress = progress,
                          .steps_per_epoch = 4,
                          .seed = 11});
  }

  Graph graph;
  ParameterStore parameters;
  std::unique_ptr<Optimizer> optimizer;
};

constexpr TrainingProgress kProgress{.step = 6,
                                     .samples_seen = 550,
                                     .train_seconds = 1.5,
                                     .epoch_samples = 200,
                                     .epoch_correct = 150,
                                     .epoch_loss = 0.1 + 0.2,
                                     .best_accuracy = 0.75,
                                     .best_step = 4};

/// A checkpoint on disk, as another process finds it.
struct Saved {
  explicit Saved(Checkpoint checkpoint) : folder("training_state") {
    checkpoint.model = "name: test\n";
    found.path = folder / "c.h5";
    write_checkpoint(found.path, checkpoint);
    found.checkpoint = read_checkpoint(found.path).checkpoint;
  }
  TemporaryFolder folder;
  FoundCheckpoint found;
};

const TrainingData kData{.digest = {.high = 1, .low = 2}, .origin = "folder"};

std::string refusal(const FoundCheckpoint& found, Training& other) {
  return error_of([&] {
    resume_training(found, kData, {.parameters = other.parameters, .optimizer = *other.optimizer});
  });
}

BOOST_AUTO_TEST_SUITE(training_state)

BOOST_AUTO_TEST_CASE(what_goes_on_has_every_bit_of_what_was_saved) {
  const Training trained(1);
  const Saved saved(trained.checkpoint(kProgress));
  Training other(2);
  BOOST_TEST((other.parameters.digest() != trained.parameters.digest()));
  const TrainingProgress progress = resume_training(
      saved.found, kData, {.parameters = other.parameters, .optimizer = *other.optimizer});
  BOOST_TEST((other.parameters.digest() == trained.parameters.digest()));
  BOOST_TEST(same_bits(trained.checkpoint(kProgress), other.checkpoint(progress)));
  BOOST_TEST(progress.step == 6);
  BOOST_TEST(saved.found.checkpoint.state->epoch == 1.5);
  BOOST_TEST(saved.found.checkpoint.optimizer.size() == 2U);
}

BOOST_AUTO_TEST_CASE(without_a_best_accuracy_the_file_has_none_and_training_begins_with_none) {
  TrainingProgress progress = kProgress;
  progress.best_step = 0;
  progress.best_accuracy = 0;
  Training trained(1);
  const Saved saved(trained.checkpoint(progress));
  BOOST_TEST(std::isnan(saved.found.checkpoint.state->best()));
  BOOST_TEST(resume_training(saved.found, kData,
                             {.parameters = trained.parameters, .optimizer = *trained.optimizer})
                 .best_accuracy == 0);
}

BOOST_AUTO_TEST_CASE(other_data_another_optimizer_and_another_network_are_refused) {
  const Training trained(1);
  Checkpoint checkpoint = trained.checkpoint(kProgress);
  checkpoint.provenance.entries = {{kDataDigest, kData.digest.hex()}};
  Training same(2);
  BOOST_TEST(refusal(Saved(checkpoint).found, same) == "no error");
  checkpoint.provenance.entries = {{kDataDigest, Digest{.high = 1, .low = 3}.hex()}};
  BOOST_TEST(contains(refusal(Saved(checkpoint).found, same),
                      "3: The training data of folder have the digest"));
  checkpoint.provenance.entries.clear();
  const Saved saved(checkpoint);
  Training other_optimizer(2, kMomentum);
  BOOST_TEST(contains(refusal(saved.found, other_optimizer), "has no optimizer state 'momentum'"));
  Training other_network(2, kAdam, lenet5_network());
  BOOST_TEST(contains(refusal(saved.found, other_network), "is not of this network"));
}

BOOST_AUTO_TEST_CASE(weights_without_a_state_are_refused) {
  Training trained(1);
  Checkpoint checkpoint = trained.checkpoint(kProgress);
  checkpoint.state.reset();
  BOOST_TEST(contains(refusal(Saved(checkpoint).found, trained), "has no /state"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
