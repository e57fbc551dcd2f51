#include "framework/storage/files/atomic_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";

std::filesystem::path temporary_name(const std::filesystem::path& target) {
  return target.parent_path() /
         fmt::format(".{}{}{}", target.filename().string(), kTemporaryMark, ::getpid());
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, const WriteOptions& options)
    : target_(std::move(target)), temporary_(temporary_name(target_)), options_(options) {
  Descriptor(temporary_, OpenMode::create).close();
  try {
    options_.reached(WriteStage::created, temporary_);
  } catch (...) {
    ::unlink(temporary_.c_str());
    throw;
  }
}

AtomicFile::~AtomicFile() {
  if (!published_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  Descriptor file(temporary_, OpenMode::create);
  file.write_at(0, bytes);
  file.close();
  options_.reached(WriteStage::written, temporary_);
}

void AtomicFile::sync() {
  Descriptor file(temporary_, OpenMode::update);
  file.sync();
  file.close();
  options_.reached(WriteStage::synced, temporary_);
}

void AtomicFile::publish() {
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    throw system_error("write", target_, errno);
  }
  published_ = true;
  options_.reached(WriteStage::renamed, target_);
  sync_folder(target_.parent_path());
}

void write_text_file(const std::filesystem::path& path, std::string_view text,
                     const WriteOptions& options) {
  replace_file(path, std::as_bytes(std::span(text)), options);
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                  const WriteOptions& options) {
  AtomicFile aside(path, options);
  aside.write(bytes);
  aside.sync();
  aside.publish();
}

bool is_temporary_name(std::string_view name) {
  const std::size_t mark = name.rfind(kTemporaryMark);
  if (!name.starts_with('.') || mark == std::string_view::npos || mark < 2) return false;
  const std::string_view process = name.substr(mark + kTemporaryMark.size());
  return !process.empty() && process.find_first_not_of("0123456789") == std::string_view::npos;
}

void remove_temporary_files(const std::filesystem::path& folder) {
  std::error_code missing;
  std::vector<std::filesystem::path> left_over;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
    if (is_temporary_name(entry.path().filename().string())) left_over.push_back(entry.path());
  }
  for (const std::filesystem::path& path : left_over) {
    if (::unlink(path.c_str()) != 0) throw system_error("remove", path, errno);
  }
}

}  // namespace lockstep
