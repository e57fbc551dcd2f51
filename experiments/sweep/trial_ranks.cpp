#include "experiments/sweep/trial_ranks.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "experiments/run/training_run.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr int kWordChannel = 1001;  // different from those of trainers
constexpr auto kLookPause = std::chrono::milliseconds(5);

RankGroup make_group(const MpiSession& session, int size) {
  RankGroup group{.communicator = session.make_group(session.rank() / size)};
  const Placement& mine = session.placement().of(session.rank());
  group.hosts = static_cast<int>(gather_placements(*group.communicator, mine).hosts().size());
  return group;
}

class EndedTrial final : public RunningTrial {
 public:
  explicit EndedTrial(int code) : code_(code) {}
  std::optional<int> poll() override { return code_; }
  void send(int /*signal*/) const override {}

 private:
  int code_;
};

struct Closing {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

TrialRanks::TrialRanks(const CommandContext& context, RunRequests& requests, int size)
    : context_(context),
      requests_(requests),
      group_(make_group(context.session, size)),
      word_(group_.communicator->make_exchange(kWordChannel)) {}

std::unique_ptr<RunningTrial> TrialRanks::start(const TrialLaunch& launch) {
  tell({.number = static_cast<std::int64_t>(launch.number), .until = launch.until});
  return std::make_unique<EndedTrial>(train(launch));
}

void TrialRanks::dismiss() { tell({}); }

void TrialRanks::tell(const Word& word) {
  said_ = word;
  std::vector<OutgoingMessage> outgoing;
  for (int other = 1; other < group_.communicator->size(); ++other) {
    outgoing.push_back({other, std::as_bytes(std::span(&said_, 1))});
  }
  word_->start(outgoing, {});
  while (!word_->progress()) std::this_thread::sleep_for(kLookPause);
}

void TrialRanks::listen() {
  const std::array<IncomingMessage, 1> incoming = {
      {{.from = 0, .data = std::as_writable_bytes(std::span(&said_, 1))}}};
  word_->start({}, incoming);
}

void TrialRanks::follow(const SweepPlan& plan, SweepPeers& peers) {
  requests_.set_others([&](bool was_asked) {
    const bool stops = was_asked || peers.was_any_asked();
    peers.say({.was_asked = stops, .stops = stops, .is_through = true});
    peers.progress();
    return peers.stops_any();
  });
  bool is_dismissed = false;
  listen();
  while (!is_dismissed || !peers.are_all_through()) {
    static_cast<void>(requests_.take());
    if (!is_dismissed && word_->progress()) {
      is_dismissed = said_.number == kNoMore;
      if (!is_dismissed) {
        const auto number = static_cast<std::size_t>(said_.number);
        train({.number = number,
               .folder = plan.trials[number].folder,
               .said = {},
               .until = said_.until});
        listen();
      }
    }
    std::this_thread::sleep_for(kLookPause);
  }
  requests_.set_others({});
}

int TrialRanks::train(const TrialLaunch& launch) const {
  const std::unique_ptr<std::FILE, Closing> said(leads() ? std::fopen(launch.said.c_str(), "ae")
                                                         : nullptr);
  const Console console(said.get());
  const CommonOptions options{.quiet = true, .threads = context_.options.threads};
  const CommandContext context{.session = context_.session,
                               .options = options,
                               .console = console,
                               .data_places = context_.data_places,
                               .words = context_.words,
                               .asked_threads = context_.asked_threads,
                               .group = &group_};
  requests_.begin_run();
  const int code = train_or_fail(context, launch);
  requests_.begin_run();  // the sweep's own time, which has no limit
  context_.session.set_deadline(0);
  context_.session.heartbeat().enter("words of the sweep's ranks", 0);
  return code;
}

int TrialRanks::train_or_fail(const CommandContext& context, const TrialLaunch& launch) const {
  TrainOptions options;
  options.experiment = (launch.folder / "resolved.yaml").string();
  options.out = launch.folder.string();
  options.until = static_cast<int>(launch.until);
  options.resume = true;
  try {
    return train_experiment(context, options, requests_);
  } catch (const CollectiveError& error) {
    const bool is_of_all =
        error.kind() != ErrorKind::peer && context.session.all_ranks_come(context.communicator());
    if (!is_of_all) throw;
    context.console.warning(sentence_of(error));
    return error.exit_code();
  }
}

}  // namespace lockstep
