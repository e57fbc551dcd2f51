#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace lockstep {

/// Why a request cannot be met. The value is the program's exit code.
enum class ErrorKind {
  usage = 2,    ///< command line or configuration
  data = 3,     ///< data or checkpoint missing, damaged, or not writable
  peer = 4,     ///< another rank failed or stalled
  numeric = 5,  ///< NaN or infinity, or replicas apart
};

/// A mistake of the user or of the world around the program (never of ours: those are assertions).
///
/// The message is one full sentence that says what, where, what was expected, what was found and
/// what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// An error about the value of one key of an experiment, found when the value is used: whoever read
/// the experiment knows where the key was written, and puts the place in front.
class SettingError : public Error {
 public:
  /// @param key  its path, "data.validation"
  SettingError(ErrorKind kind, std::string key, const std::string& message)
      : Error(kind, message), key_(std::move(key)) {}

  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

/// An error that every rank finds at the same moment from the same facts: rank 0 alone reports it.
class CollectiveError : public Error {
 public:
  using Error::Error;
};

}  // namespace lockstep
