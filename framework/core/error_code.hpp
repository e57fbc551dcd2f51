#pragma once

#include <string>
#include <string_view>

namespace lockstep {

/// Why a request cannot be met. The value is the program's exit code.
enum class ErrorKind {
  usage = 2,    ///< command line or configuration
  data = 3,     ///< data or checkpoint missing, damaged, or not writable
  peer = 4,     ///< another rank failed or stalled
  numeric = 5,  ///< NaN or infinity, or replicas apart
};

/// One mistake that people meet. Its number stays the same for ever.
struct ErrorCode {
  int number;
  ErrorKind kind;
  std::string_view meaning;  ///< in a few words, for lists

  /// The name at the end of messages: "E204".
  std::string name() const { return "E" + std::to_string(number); }

  friend bool operator==(const ErrorCode& a, const ErrorCode& b) { return a.number == b.number; }
};

/// All error codes. A number is given once and is never reused, even when its mistake can no longer
/// happen. A new code takes the number after the last one of its hundred, and a row in the table of
/// this folder's README.
namespace errors {
// The table has one row per line.
// clang-format off

// The command line.
inline constexpr ErrorCode kUnknownVerb{101, ErrorKind::usage, "no verb, or one that is unknown"};
inline constexpr ErrorCode kCommandLine{102, ErrorKind::usage, "an option or argument is unknown, missing or malformed"};
inline constexpr ErrorCode kOptionsExclude{103, ErrorKind::usage, "options that exclude each other"};
inline constexpr ErrorCode kOptionValue{104, ErrorKind::usage, "an option's value does not suit its subject"};
inline constexpr ErrorCode kOutputExists{105, ErrorKind::usage, "something that would be written exists already"};
inline constexpr ErrorCode kOutputLost{106, ErrorKind::data, "standard output cannot be written"};

// Experiment, model and sweep files.
inline constexpr ErrorCode kUnreadableText{201, ErrorKind::usage, "a YAML file cannot be read"};
inline constexpr ErrorCode kMalformedYaml{202, ErrorKind::usage, "a YAML file breaks the language's rules"};
inline constexpr ErrorCode kOtherDocument{203, ErrorKind::usage, "a file of another kind than expected"};
inline constexpr ErrorCode kUnknownKey{204, ErrorKind::usage, "a key is unknown where it stands"};
inline constexpr ErrorCode kMissingKey{205, ErrorKind::usage, "a key is missing"};
inline constexpr ErrorCode kWrongValue{206, ErrorKind::usage, "a value of the wrong type or out of range"};
inline constexpr ErrorCode kUnknownName{207, ErrorKind::usage, "a name that is not one of those allowed"};
inline constexpr ErrorCode kConflictingKeys{208, ErrorKind::usage, "keys that do not go together"};
inline constexpr ErrorCode kOverride{209, ErrorKind::usage, "an override that cannot be applied"};
inline constexpr ErrorCode kTooManyTrials{210, ErrorKind::usage, "a sweep with too many trials"};
inline constexpr ErrorCode kSweepMetric{211, ErrorKind::usage, "a sweep's metric that its trials do not have"};
inline constexpr ErrorCode kSweepRanks{212, ErrorKind::usage, "ranks that cannot be divided among trials"};

// Networks.
inline constexpr ErrorCode kGraph{301, ErrorKind::usage, "layers that do not make a network"};
inline constexpr ErrorCode kLayerInput{302, ErrorKind::usage, "a layer's inputs do not suit it"};
inline constexpr ErrorCode kTooLarge{303, ErrorKind::usage, "a network too large for any machine"};
inline constexpr ErrorCode kNothingToTrain{304, ErrorKind::usage, "a network without parameters"};
inline constexpr ErrorCode kModelAndData{305, ErrorKind::usage, "a network whose input or output does not suit the data"};

// Data sets and pictures.
inline constexpr ErrorCode kDataMissing{401, ErrorKind::data, "a data set is missing"};
inline constexpr ErrorCode kUnknownData{402, ErrorKind::usage, "a data set's name is unknown"};
inline constexpr ErrorCode kDamagedData{403, ErrorKind::data, "a data file is damaged or not what was expected"};
inline constexpr ErrorCode kDataSetting{404, ErrorKind::usage, "a setting does not suit the data"};
inline constexpr ErrorCode kEmptyPart{405, ErrorKind::data, "a part of a data set has no samples"};
inline constexpr ErrorCode kPicture{406, ErrorKind::data, "a picture is damaged or has an unsupported format"};
inline constexpr ErrorCode kPictureShape{407, ErrorKind::usage, "pictures cannot be made into the network's input"};

// Runs and their files.
inline constexpr ErrorCode kSystem{501, ErrorKind::data, "the system refuses to read or write a file"};
inline constexpr ErrorCode kNoFile{502, ErrorKind::data, "a folder, device or pipe where a file is expected"};
inline constexpr ErrorCode kFileTooLarge{503, ErrorKind::data, "a file larger than the limit for reading it"};
inline constexpr ErrorCode kRunInUse{504, ErrorKind::usage, "a folder that another process writes to"};
inline constexpr ErrorCode kRunFolder{505, ErrorKind::usage, "a folder that a run cannot use"};
inline constexpr ErrorCode kNoRun{506, ErrorKind::data, "a folder that is neither a run's nor a sweep's"};
inline constexpr ErrorCode kNoCheckpoint{507, ErrorKind::data, "no checkpoint, or no good one"};
inline constexpr ErrorCode kDamagedFile{508, ErrorKind::data, "a stored file is damaged"};
inline constexpr ErrorCode kForeignFile{509, ErrorKind::data, "a file that is not Lockstep's, or another kind of its files than expected"};
inline constexpr ErrorCode kOtherNetwork{510, ErrorKind::data, "stored weights of another network or optimizer"};
inline constexpr ErrorCode kOtherArithmetic{511, ErrorKind::data, "a run of a version with different arithmetic"};
inline constexpr ErrorCode kOtherConfiguration{512, ErrorKind::usage, "a run with another configuration"};
inline constexpr ErrorCode kOtherTrainingData{513, ErrorKind::data, "a run that was trained on other data"};
inline constexpr ErrorCode kReadBack{514, ErrorKind::data, "a file that reads back differently from what was written"};
inline constexpr ErrorCode kNothingRecorded{515, ErrorKind::data, "a run that has recorded nothing"};
inline constexpr ErrorCode kRunIsLonger{516, ErrorKind::usage, "a run that is longer than asked for"};
inline constexpr ErrorCode kNewerVersion{517, ErrorKind::data, "a file that a newer version of Lockstep wrote"};
inline constexpr ErrorCode kHarmfulFile{518, ErrorKind::data, "a file whose reading crashes, hangs or takes too much memory"};

// Ranks and machines.
inline constexpr ErrorCode kPeerFailed{601, ErrorKind::peer, "another rank or the network between ranks has failed"};
inline constexpr ErrorCode kStalled{602, ErrorKind::peer, "a rank waited in vain"};
inline constexpr ErrorCode kRanksDiffer{603, ErrorKind::usage, "ranks were started differently"};
inline constexpr ErrorCode kRanksHaveOtherData{604, ErrorKind::data, "ranks see different files"};
inline constexpr ErrorCode kLaunch{605, ErrorKind::usage, "a job that was started in a way that cannot work"};
inline constexpr ErrorCode kInstructionSet{606, ErrorKind::usage, "an instruction set that is not available here"};
inline constexpr ErrorCode kMessageTooLarge{607, ErrorKind::usage, "a message between ranks of more than 2 GiB"};
inline constexpr ErrorCode kMemory{608, ErrorKind::usage, "not enough memory"};
inline constexpr ErrorCode kHost{609, ErrorKind::data, "the system does not report something that is needed"};
inline constexpr ErrorCode kUnforeseen{699, ErrorKind::data, "an unforeseen failure"};

// Numbers.
inline constexpr ErrorCode kNotFinite{701, ErrorKind::numeric, "a loss, gradient or weight is not finite"};
inline constexpr ErrorCode kReplicasApart{702, ErrorKind::numeric, "ranks whose weights differ"};

// clang-format on
}  // namespace errors
}  // namespace lockstep
