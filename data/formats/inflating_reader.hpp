#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace lockstep {

/// Reads a regular file from its beginning to its end and inflates it on the way if it is gzipped.
///
/// The content decides, not the name: a file that begins with 1f 8b is gzip. Checksums and lengths
/// inside the gzip stream are verified at its end. Several streams in a row are one content. Memory
/// use is constant, whatever the file claims to be. One thread at a time.
class InflatingReader {
 public:
  /// @throws Error (data) if the file cannot be opened or is no regular file
  explicit InflatingReader(const std::filesystem::path& path);
  ~InflatingReader();
  InflatingReader(const InflatingReader&) = delete;
  InflatingReader& operator=(const InflatingReader&) = delete;

  const std::filesystem::path& path() const;
  bool gzipped() const;
  std::uint64_t file_size() const;  ///< bytes on disk

  /// An upper bound of the content in bytes: the file's size, or the most that deflate can make of
  /// it.
  std::uint64_t largest_content() const;

  /// Fills `buffer` with the next bytes of the content and returns how many there were: fewer only
  /// at the end of the content.
  /// @throws Error (data) if the gzip stream is damaged, cut short or followed by something else
  std::size_t read(std::span<std::uint8_t> buffer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a zlib stream, given in pieces, is sound and inflates to at most `limit` bytes. Its
/// content is not kept.
bool inflates_within(std::span<const std::span<const std::uint8_t>> pieces, std::uint64_t limit);

}  // namespace lockstep
