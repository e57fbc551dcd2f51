#pragma once

// What all verbs share: their common options, and where their output goes.

#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/mpi_session.hpp"
#include "data/catalogue.hpp"
#include "experiments/program/command_line.hpp"

namespace lockstep {

enum class ColorChoice { automatic, always, never };

struct CommonOptions {
  bool json = false;
  bool quiet = false;
  int threads = 0;  ///< 0: this rank's fair share of cores
  std::string color = "auto";
};

/// Where a verb writes. Results go to stdout, remarks and progress to stderr, so that a pipe gets
/// results alone. Only rank 0's console says anything. A launcher such as mpirun gives its
/// processes terminals of its own making, which say nothing about where the output ends up: under
/// one there is no colour unless it is asked for.
class Console {
 public:
  Console(const CommonOptions& options, const MpiSession& session);
  /// Says nothing but warnings.
  /// @param warnings  where they go; null: nowhere
  explicit Console(std::FILE* warnings);

  bool json() const { return json_; }
  /// Whether stderr is a terminal that may be redrawn by this process.
  bool redraws() const { return redraws_; }

  /// A result for people; silent with --json.
  void result(std::string_view line) const;
  /// The one object of --json.
  void json_object(const std::string& text) const;
  /// A remark on stderr; silent with --quiet.
  void remark(std::string_view line) const;
  /// Like a remark, but never silenced: something is not as the user may think.
  void warning(std::string_view line) const;
  /// Puts this in the place of the terminal's current line, on stderr.
  void redraw(std::string_view line) const;

  /// @throws Error (data) when a result could not be written. What goes to stderr may get lost.
  void check_results() const;

  /// Emphasis for stdout, where colour is wanted.
  std::string bold(std::string_view text) const;

 private:
  bool json_ = false;
  bool quiet_ = true;
  std::FILE* results_ = nullptr;  // null: silent
  std::FILE* remarks_;            // likewise
  bool color_out_ = false;
  bool color_err_ = false;
  bool redraws_ = false;
  mutable int output_error_ = 0;  // of the first result that could not be written

  void write_result(std::string_view line) const;
};

/// Some of a job's ranks, which work on their own.
struct RankGroup {
  std::unique_ptr<Communicator> communicator;
  int hosts = 1;
};

/// Everything a verb's body may use.
struct CommandContext {
  MpiSession& session;
  const CommonOptions& options;
  const Console& console;
  DataPlaces data_places;
  std::span<const char* const> words;  ///< the command line, the program's name first
  std::vector<int> asked_threads;      ///< of each rank, by --threads; 0: not asked
  const RankGroup* group = nullptr;    ///< that works on this; null: all ranks

  Communicator& communicator() const {
    return group != nullptr ? *group->communicator : session.communicator();
  }
  bool is_root() const { return communicator().rank() == 0; }
  int ranks() const { return communicator().size(); }
  int hosts() const { return group != nullptr ? group->hosts : session.hosts(); }
  /// Threads of this rank, from --threads or the affinity mask.
  int threads() const;
};

/// One verb: its options and its body.
class Command {
 public:
  virtual ~Command() = default;

  virtual std::string_view name() const = 0;
  virtual std::string_view summary() const = 0;
  /// Text below the options in --help; may be empty.
  virtual std::string_view notes() const { return ""; }
  virtual void add_options(OptionList& list) = 0;
  /// @return the exit code
  virtual int run(const CommandContext& context) = 0;
};

/// All verbs, in the order of the help text.
std::vector<std::unique_ptr<Command>> all_commands();

// One a verb, each in the file of its name.
std::unique_ptr<Command> make_train_command();
std::unique_ptr<Command> make_evaluate_command();
std::unique_ptr<Command> make_predict_command();
std::unique_ptr<Command> make_describe_command();
std::unique_ptr<Command> make_inspect_command();
std::unique_ptr<Command> make_check_command();
std::unique_ptr<Command> make_bench_command();
std::unique_ptr<Command> make_replay_command();
std::unique_ptr<Command> make_sweep_command();
std::unique_ptr<Command> make_report_command();
std::unique_ptr<Command> make_compare_command();
std::unique_ptr<Command> make_bundle_command();
std::unique_ptr<Command> make_doctor_command();

/// Parses the command line and runs its verb.
int run_program(MpiSession& session, int argc, const char* const* argv);

}  // namespace lockstep
