#include "data/formats/inflating_reader.hpp"

#include <fmt/format.h>
#define ZLIB_CONST  // zlib reads its input through a pointer to const
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kChunk = 1 << 16;
// The format allows no more: one 258-byte match costs at least two bits.
constexpr std::uint64_t kLargestDeflateRatio = 1032;
constexpr int kGzipWindow = 15 + 16;  // zlib's way of saying: a gzip header, not a zlib one

}  // namespace

struct InflatingReader::State {
  explicit State(const std::filesystem::path& path)
      : file(path, OpenMode::read), gzipped(refill() && begins_like_gzip()) {
    if (gzipped && inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~State() {
    if (gzipped) inflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool refill() {
    const std::size_t got = file.read_at(position, std::as_writable_bytes(std::span(chunk)));
    position += static_cast<std::int64_t>(got);
    pending = std::span(chunk).first(got);
    return !pending.empty();
  }

  bool begins_like_gzip() const {
    return pending.size() >= 2 && pending[0] == 0x1f && pending[1] == 0x8b;
  }

  std::size_t copy(std::span<std::uint8_t> buffer);
  std::size_t inflate_into(std::span<std::uint8_t> buffer);
  int inflate_some(std::span<std::uint8_t> buffer, std::size_t& produced);
  void end_of_stream();
  [[noreturn]] void refuse(std::string_view what) const;

  Descriptor file;
  std::int64_t position = 0;  ///< of the first byte not read from the file yet
  std::array<std::uint8_t, kChunk> chunk{};
  std::span<std::uint8_t> pending;  ///< read from the file, not used yet
  bool gzipped;                     ///< after the first bytes are pending
  z_stream stream{};
  bool after_a_stream = false;  ///< one gzip stream has ended and no byte of another was accepted
  bool ended = false;
};

void InflatingReader::State::refuse(std::string_view what) const {
  throw Error(errors::kDamagedData,
              fmt::format("{}: expected a whole gzip file, found one that {}; fetch it again.",
                          file.path().string(), what));
}

std::size_t InflatingReader::State::copy(std::span<std::uint8_t> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size() && (!pending.empty() || refill())) {
    const std::size_t count = std::min(pending.size(), buffer.size() - filled);
    std::copy_n(pending.begin(), count, buffer.begin() + static_cast<std::ptrdiff_t>(filled));
    pending = pending.subspan(count);
    filled += count;
  }
  return filled;
}

int InflatingReader::State::inflate_some(std::span<std::uint8_t> buffer, std::size_t& produced) {
  const std::size_t room = std::min<std::size_t>(buffer.size(), 1U << 30U);
  stream.next_in = pending.data();
  stream.avail_in = static_cast<uInt>(pending.size());
  stream.next_out = buffer.data();
  stream.avail_out = static_cast<uInt>(room);
  const int result = inflate(&stream, Z_NO_FLUSH);
  produced = room - stream.avail_out;
  pending = pending.last(stream.avail_in);
  return result;
}

void InflatingReader::State::end_of_stream() {
  after_a_stream = true;
  ended = pending.empty() && !refill();
  if (!ended) inflateReset(&stream);
}

std::size_t InflatingReader::State::inflate_into(std::span<std::uint8_t> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size() && !ended) {
    const bool exhausted = pending.empty() && !refill();
    std::size_t produced = 0;
    const int result = inflate_some(buffer.subspan(filled), produced);
    filled += produced;
    if (produced > 0) after_a_stream = false;
    if (result == Z_STREAM_END) {
      end_of_stream();
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      refuse(after_a_stream ? "is followed by other bytes" : "is damaged inside");
    } else if (exhausted && produced == 0) {
      refuse("ends in the middle");
    }
  }
  return filled;
}

InflatingReader::InflatingReader(const std::filesystem::path& path)
    : state_(std::make_unique<State>(path)) {}

InflatingReader::~InflatingReader() = default;

const std::filesystem::path& InflatingReader::path() const { return state_->file.path(); }

bool InflatingReader::gzipped() const { return state_->gzipped; }

std::uint64_t InflatingReader::file_size() const {
  return static_cast<std::uint64_t>(state_->file.size());
}

std::uint64_t InflatingReader::largest_content() const {
  return gzipped() ? file_size() * kLargestDeflateRatio : file_size();
}

std::size_t InflatingReader::read(std::span<std::uint8_t> buffer) {
  return gzipped() ? state_->inflate_into(buffer) : state_->copy(buffer);
}

bool inflates_within(std::span<const std::span<const std::uint8_t>> pieces, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  std::array<std::uint8_t, 1 << 14> discarded{};
  int result = Z_OK;
  for (const auto piece : pieces) {
    stream.next_in = piece.data();
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = discarded.data();
      stream.avail_out = static_cast<uInt>(discarded.size());
      result = inflate(&stream, Z_NO_FLUSH);
    } while (result == Z_OK && stream.avail_out == 0 && stream.total_out <= limit);
    if (result != Z_OK && result != Z_BUF_ERROR) break;
  }
  const bool within = result == Z_STREAM_END && stream.total_out <= limit;
  inflateEnd(&stream);
  return within;
}

}  // namespace lockstep
