#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "framework/core/error_code.hpp"

namespace lockstep {

/// A mistake of the user or of the world around the program (never ours: those are assertions).
///
/// The message is one full sentence that says what is wrong, where, what was expected, what was
/// found and what to do. Whoever shows it appends the code, as `sentence_of` does.
class Error : public std::runtime_error {
 public:
  Error(const ErrorCode& code, const std::string& message)
      : std::runtime_error(message), code_(code) {}

  const ErrorCode& code() const { return code_; }
  ErrorKind kind() const { return code_.kind; }
  int exit_code() const { return static_cast<int>(code_.kind); }

 private:
  ErrorCode code_;
};

/// The message as people see it: "cannot read a.bin: it is a folder, expected a file. [E502]".
std::string sentence_of(const ErrorCode& code, std::string_view message);
std::string sentence_of(const std::exception& exception);

/// An exception as people see it: an Error itself, or what lack of memory and the unforeseen are
/// called.
Error as_error(const std::exception& exception);

/// The code at the end of a sentence, "E502"; "" where there is none, as in texts of 0.1.0.
std::string_view code_behind(std::string_view sentence);

/// An error about the value of one key of an experiment, found when the value is used. Whoever read
/// the experiment knows where the key was written and prepends that place.
class SettingError : public Error {
 public:
  /// @param key  its path, "data.validation"
  SettingError(const ErrorCode& code, std::string key, const std::string& message)
      : Error(code, message), key_(std::move(key)) {}

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
