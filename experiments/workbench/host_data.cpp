#include "experiments/workbench/host_data.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using PlainJson = nlohmann::json;

/// Pieces placed one after the other, each at the beginning of a cache line.
class Layout {
 public:
  /// @return where the piece begins
  std::size_t add(std::span<const std::byte> bytes) {
    constexpr std::size_t kCacheLine = 64;
    const std::size_t begin = end_;
    pieces_.push_back({begin, bytes});
    end_ += (bytes.size() + kCacheLine - 1) / kCacheLine * kCacheLine;
    return begin;
  }

  std::span<const HostMemory::Piece> pieces() const { return pieces_; }

 private:
  std::vector<HostMemory::Piece> pieces_;
  std::size_t end_ = 0;
};

PlainJson to_json(const ImageSet& images, Layout& layout) {
  const auto extents = images.sample_shape().extents();
  const bool bytes = images.has_bytes();
  return {{"name", images.name()},
          {"origin", images.origin()},
          {"shape", std::vector<Index>(extents.begin(), extents.end())},
          {"classes", images.classes()},
          {"digest", images.digest().hex()},
          {"samples", images.size()},
          {"bytes", bytes},
          {"pixels",
           layout.add(bytes ? std::as_bytes(images.bytes()) : std::as_bytes(images.floats()))},
          {"labels", layout.add(std::as_bytes(images.labels()))}};
}

PlainJson to_json(const LoadedData& data, Layout& layout) {
  return {{"name", data.name},
          {"origin", data.origin},
          {"warning", data.warning},
          {"train", to_json(data.train, layout)},
          {"test", to_json(data.test, layout)}};
}

template <class T>
std::span<const T> values_at(const HostMemory& memory, std::size_t begin, std::size_t count) {
  const auto bytes = memory.bytes().subspan(begin, count * sizeof(T));
  return {reinterpret_cast<const T*>(bytes.data()), count};
}

Pixels pixels_in(const HostMemory& memory, const PlainJson& part, std::size_t count) {
  const std::size_t begin = part.at("pixels");
  if (part.at("bytes").get<bool>()) return values_at<std::uint8_t>(memory, begin, count);
  return values_at<float>(memory, begin, count);
}

ImageSet images_in(const HostMemory& memory, const PlainJson& part) {
  const std::size_t samples = part.at("samples");
  if (samples == 0) return {};
  const auto extents = part.at("shape").get<std::vector<Index>>();
  const Shape shape{std::span(extents)};
  const auto labels = values_at<Label>(memory, part.at("labels"), samples);
  return ImageSet(
      {.name = part.at("name"),
       .origin = part.at("origin"),
       .sample_shape = shape,
       .pixels = pixels_in(memory, part, samples * static_cast<std::size_t>(shape.size())),
       .labels = {labels.begin(), labels.end()},
       .classes = part.at("classes"),
       .digest = Digest::parse(part.at("digest").get<std::string>())});
}

std::unique_ptr<const LoadedData> data_in(const HostMemory& memory, const PlainJson& description) {
  return std::make_unique<const LoadedData>(
      LoadedData{.name = description.at("name"),
                 .origin = description.at("origin"),
                 .train = images_in(memory, description.at("train")),
                 .test = images_in(memory, description.at("test")),
                 .warning = description.at("warning")});
}

/// One rank's part in the loading.
class Loading {
 public:
  Loading(const HostDataRequest& request, const Communicator& communicator,
          const std::vector<std::string>& sharers)
      : request_(request),
        rank_(communicator.rank()),
        reader_(std::find(sharers.begin(), sharers.end(), request.sharers) - sharers.begin()),
        is_shared_(std::count(sharers.begin(), sharers.end(), request.sharers) > 1) {}

  bool reads() const { return reader_ == rank_; }
  std::size_t reader() const { return static_cast<std::size_t>(reader_); }

  void read() {
    if (!loaded_.data) loaded_.data = std::make_unique<const LoadedData>(request_.open());
  }

  /// What the others need to see this rank's data; empty if they are not to see it.
  std::string offer() {
    if (!reads() || !is_shared_) return {};
    std::string text;
    share([&] {
      Layout layout;
      const PlainJson description = to_json(*loaded_.data, layout);
      loaded_.memory = std::make_unique<const HostMemory>(layout.pieces());
      loaded_.data = data_in(*loaded_.memory, description);
      text = loaded_.memory->ticket() + '\n' +
             description.dump(-1, ' ', false, PlainJson::error_handler_t::replace);
    });
    return text;
  }

  void take(const std::string& offer) {
    if (reads() || offer.empty()) return;
    share([&] {
      const std::size_t line_end = offer.find('\n');
      loaded_.memory = std::make_unique<const HostMemory>(offer.substr(0, line_end));
      loaded_.data = data_in(*loaded_.memory, PlainJson::parse(offer.substr(line_end + 1)));
    });
  }

  /// Why this rank's memory is its own although it should be shared; mostly empty.
  const std::string& failure() const { return failure_; }

  HostData finish(std::string warning) && {
    loaded_.warning = std::move(warning);
    return std::move(loaded_);
  }

 private:
  const HostDataRequest& request_;
  std::ptrdiff_t rank_;
  std::ptrdiff_t reader_;
  bool is_shared_;
  HostData loaded_;
  std::string failure_;

  template <class Sharing>
  void share(const Sharing& sharing) {
    try {
      sharing();
    } catch (const std::system_error& error) {
      failure_ = error.what();
    }
  }
};

std::string warning_of(const std::vector<std::string>& failures) {
  const auto failed = std::find_if(failures.begin(), failures.end(),
                                   [](const std::string& failure) { return !failure.empty(); });
  if (failed == failures.end()) return {};
  return fmt::format(
      "Rank {} cannot share its images with the other ranks of its host ({}), so ranks read copies "
      "of their own; this changes no result, but takes as much memory for each of them: where that "
      "is short, raise the limits on memory and on sizes of files (ulimit -f).",
      failed - failures.begin(), *failed);
}

}  // namespace

HostData load_once_a_host(Communicator& communicator, const HostDataRequest& request) {
  Loading loading(request, communicator, all_gather_text(communicator, request.sharers));
  fail_together(communicator, [&] {
    if (loading.reads()) loading.read();
  });
  const std::vector<std::string> offers = all_gather_text(communicator, loading.offer());
  loading.take(offers[loading.reader()]);
  fail_together(communicator, [&] { loading.read(); });
  std::string warning = warning_of(all_gather_text(communicator, loading.failure()));
  return std::move(loading).finish(std::move(warning));
}

}  // namespace lockstep
