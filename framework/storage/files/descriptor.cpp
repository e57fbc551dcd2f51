#include "framework/storage/files/descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace lockstep {
namespace {

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::create:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case OpenMode::append:
      return O_WRONLY | O_CREAT | O_APPEND;
    case OpenMode::update:
      return O_RDWR;
    case OpenMode::lock_file:
      return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

std::string_view action_of(OpenMode mode) {
  return mode == OpenMode::read ? "read" : "open for writing";
}

/// What a path is when it is no regular file.
std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

// Called before opening: opening a pipe waits for its other end, and opening a device may act.
void require_regular(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw system_error("read", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(errors::kNoFile, fmt::format("cannot read {}: it is {}, expected a file.",
                                             path.string(), kind_of(status.st_mode)));
  }
}

}  // namespace

std::string_view remedy_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "make room there";
    case EROFS:
      return "mount it for writing";
    case EACCES:
    case EPERM:
      return "check its permissions";
    case ENOENT:
      return "check the name";
    case ENOTDIR:
      return "a part of its name is a file, where a folder is expected";
    case ENAMETOOLONG:
      return "take a shorter name";
    case EMFILE:
    case ENFILE:
      return "allow more open files, with ulimit -n";
    case EIO:
      return "check the device; dmesg may say more";
    default:
      return "";
  }
}

SystemError::SystemError(const std::string& reason, int number)
    : Error(errors::kSystem, reason + (remedy_of(number).empty() ? "" : "; ") +
                                 std::string(remedy_of(number)) + "."),
      reason_(reason),
      number_(number) {}

SystemError system_error(std::string_view action, const std::filesystem::path& path,
                         int error_number) {
  return {fmt::format("cannot {} {}: {}", action, path.string(),
                      std::generic_category().message(error_number)),
          error_number};
}

Descriptor::Descriptor(const std::filesystem::path& path, OpenMode mode) : path_(path) {
  if (mode == OpenMode::read) require_regular(path);
  constexpr mode_t kPermissions = 0666;  // less the user's umask
  number_ = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC | O_NONBLOCK, kPermissions);
  if (number_ < 0) throw system_error(action_of(mode), path, errno);
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : path_(std::move(other.path_)), number_(std::exchange(other.number_, -1)) {}

std::int64_t Descriptor::size() const {
  struct stat status {};
  if (::fstat(number_, &status) != 0) throw system_error("read", path_, errno);
  return status.st_size;
}

std::size_t Descriptor::read_at(std::int64_t offset, std::span<std::byte> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(number_, bytes.data() + done, bytes.size() - done,
                                  offset + static_cast<std::int64_t>(done));
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw system_error("read", path_, errno);
    }
  }
  return done;
}

void Descriptor::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(number_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw system_error("write", path_, errno);
    }
  }
}

void Descriptor::append_record(std::string_view record) {
  ssize_t count = 0;
  do {
    count = ::write(number_, record.data(), record.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) throw system_error("write", path_, errno);
  if (static_cast<std::size_t>(count) == record.size()) return;
  truncate(size() - count);
  throw system_error("write", path_, ENOSPC);
}

void Descriptor::write_at(std::int64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(number_, bytes.data(), bytes.size(), offset);
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += count;
    } else if (errno != EINTR) {
      throw system_error("write", path_, errno);
    }
  }
}

void Descriptor::truncate(std::int64_t size) {
  if (::ftruncate(number_, size) != 0) throw system_error("shorten", path_, errno);
}

void Descriptor::sync() {
  if (::fsync(number_) != 0) throw system_error("write", path_, errno);
}

void Descriptor::sync_data() {
  if (::fdatasync(number_) != 0) throw system_error("write", path_, errno);
}

void Descriptor::close() {
  if (::close(std::exchange(number_, -1)) != 0) throw system_error("write", path_, errno);
}

bool is_missing(const std::filesystem::path& path) {
  std::error_code problem;
  return !std::filesystem::exists(path, problem) && !problem;
}

std::vector<std::byte> read_whole_file(const std::filesystem::path& path, std::int64_t limit) {
  const Descriptor file(path, OpenMode::read);
  const std::int64_t size = file.size();
  if (size > limit) {
    throw Error(errors::kFileTooLarge,
                fmt::format("cannot read {}: it has {} bytes, expected at most {}.", path.string(),
                            size, limit));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  bytes.resize(file.read_at(0, bytes));
  return bytes;
}

std::string read_text_file(const std::filesystem::path& path, std::int64_t limit) {
  const std::vector<std::byte> bytes = read_whole_file(path, limit);
  std::string text(bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) text[i] = static_cast<char>(bytes[i]);
  return text;
}

void sync_folder(const std::filesystem::path& folder) {
  const std::filesystem::path name = folder.empty() ? std::filesystem::path(".") : folder;
  const int number = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) throw system_error("open", name, errno);
  const int failure = ::fsync(number) == 0 ? 0 : errno;
  ::close(number);
  // EINVAL: this file system cannot sync folders, and then it needs no such call either.
  if (failure != 0 && failure != EINVAL) throw system_error("write", name, failure);
}

}  // namespace lockstep
