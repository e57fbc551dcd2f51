#pragma once

// libhdf5 for those files of this folder that use it: checked calls, owned identifiers, types. Only
// included by sources of this folder.

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "framework/storage/hdf5/contents.hpp"

namespace lockstep::hdf5 {

/// The library's reasons for its last failure, outermost first, on one line.
std::string library_reasons();

/// Throws an Error with the library's reasons.
[[noreturn]] void refuse_failed_call(const Where& where);

/// The only check of return values: in every call of the library, a negative value means failure.
template <typename Result>
Result checked(Result result, const Where& where) {
  if (result < 0) refuse_failed_call(where);
  return result;
}

/// Owns one identifier of the library, whatever it names.
class Handle {
 public:
  Handle(hid_t id, const Where& where) : id_(checked(id, where)) {}
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  hid_t id() const { return id_; }

  /// Closes it and reports errors that only closing finds: data that could not be written.
  void close(const Where& where) { checked(H5Idec_ref(std::exchange(id_, -1)), where); }

 private:
  hid_t id_;
};

/// Stops the library from printing its failures. Needed once in every thread.
void silence();

/// How one element type is stored (in both byte orders) and held in memory. The library's
/// identifiers are known only at run time, so this is a function and not a constant.
struct NumberType {
  Hdf5Element element;
  hid_t little_endian;
  hid_t big_endian;
  hid_t memory;
  std::size_t bytes;
};

NumberType number_type(Hdf5Element element);

Hdf5Element element_of(const Handle& type, const Where& where);

/// Opens an object in a group or file, by its path. Links are followed.
Handle open_object(hid_t parent, const std::string& name, const Where& where);

Handle access_properties(const Where& where);

/// The library takes two open files with the same name for one file. So each file in memory has a
/// name of its own.
std::string unique_name(const void* owner);

}  // namespace lockstep::hdf5
