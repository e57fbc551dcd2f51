// What every data format must keep to, tried on all examples of every registered one. A new format
// is covered at once.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "data/formats/data_format.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

/// One example of one format.
struct TriedFormat {
  const DataFormat& format;
  const DataExample& example;

  Value settings() const {
    Value settings = Value::mapping();
    for (const auto& [key, text] : example.settings) {
      settings.set(key, read_yaml_override(text, "example"));
    }
    return settings;
  }
  std::unique_ptr<const DataReader> make() const {
    const Value given = settings();
    return make_data_reader(format, &given);
  }
};

void for_each_format(std::vector<DataExample> DataFormat::*examples,
                     const std::function<void(const TriedFormat&)>& check) {
  for (const DataFormat& format : all_data_formats()) {
    for (const DataExample& example : format.*examples) {
      std::string settings;
      for (const auto& [key, text] : example.settings) {
        settings.append(" ").append(key).append("=").append(text);
      }
      BOOST_TEST_CONTEXT(format.name << settings) { check({format, example}); }
    }
  }
}

/// The examples of formats whose data sets lie in files.
void for_each_written(const std::function<void(const TriedFormat&)>& check) {
  for_each_format(&DataFormat::examples, [&](const TriedFormat& tried) {
    if (tried.format.home != DataHome::nowhere) check(tried);
  });
}

constexpr DataPart kParts[] = {DataPart::train, DataPart::test};

const ImageSet& part_of(const ImageParts& parts, DataPart part) {
  return part == DataPart::train ? parts.train : parts.test;
}

void check_same(const ImageSet& found, const ImageSet& expected) {
  BOOST_TEST(found.size() == expected.size());
  BOOST_TEST((found.sample_shape() == expected.sample_shape()));
  BOOST_TEST(found.classes() == expected.classes());
  BOOST_TEST(found.digest().hex() == expected.digest().hex());  // kind, sizes, labels, pixels
}

/// Whether these are the first samples of the others.
bool is_begin_of(const ImageSet& some, const ImageSet& all) {
  const auto begins = [](auto part, auto whole) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
  };
  if (some.has_bytes() != all.has_bytes() || !begins(some.labels(), all.labels())) return false;
  return some.has_bytes() ? begins(some.bytes(), all.bytes()) : begins(some.floats(), all.floats());
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Every length shorter than the file, or a thousand lengths spread over a long file.
std::vector<std::uintmax_t> shorter_lengths(std::uintmax_t size) {
  const std::uintmax_t step = 1 + size / 1000;
  std::vector<std::uintmax_t> lengths;
  for (std::uintmax_t length = 0; length < size; length += step) lengths.push_back(length);
  if (size > 0) lengths.push_back(size - 1);
  return lengths;
}

/// Reads all there is, as the catalogue does. @return whether an Error (data) refuses it
bool refuses(const DataReader& reader, const fs::path& folder, const ImageParts& whole,
             bool may_be_shorter) {
  const DataPlace place{.path = folder};
  try {
    for (const DataPart part : kParts) {
      if (!reader.lack_of(part, place).empty()) continue;
      const ImageSet found = reader.read(part, place);
      if (may_be_shorter && !is_begin_of(found, part_of(whole, part))) return false;
    }
  } catch (const Error& error) {
    return error.kind() == ErrorKind::data && std::string(error.what()).size() > 20;
  }
  return may_be_shorter;
}

BOOST_AUTO_TEST_SUITE(data_format_contract)

BOOST_AUTO_TEST_CASE(every_format_has_examples_settings_that_are_refused_and_a_sentence) {
  for (const DataFormat& format : all_data_formats()) {
    BOOST_TEST_CONTEXT(format.name) {
      BOOST_TEST(!format.summary.empty());
      BOOST_TEST(!format.refused.empty());
      BOOST_TEST(!format.examples.empty());
      for (const DataExample& example : format.examples) {
        BOOST_TEST((example.write == nullptr) == (format.home == DataHome::nowhere));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_read_of_the_settings_reads_back_as_the_same) {
  for_each_format(&DataFormat::examples, [](const TriedFormat& tried) {
    const Value settings = tried.settings();
    SettingsReader reader(settings, "data");
    tried.format.create(reader);
    reader.finish();
    const bool has_settings = tried.format.section != SectionShown::never;
    BOOST_TEST(reader.consumed().entries.empty() != has_settings);
    SettingsReader again(reader.consumed(), "data");
    tried.format.create(again);
    again.finish();
    BOOST_TEST((again.consumed() == reader.consumed()));
  });
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  for_each_written([](const TriedFormat& tried) {
    const TemporaryFolder folder("format");
    const ImageParts written = tried.example.write(folder.path());
    const auto reader = tried.make();
    const DataPlace place{.path = folder.path()};
    BOOST_TEST(written.train.size() > 0);
    BOOST_TEST(written.test.size() > 0);
    for (const DataPart part : kParts) {
      BOOST_TEST(reader->lack_of(part, place) == "");
      check_same(reader->read(part, place), part_of(written, part));
    }
    BOOST_TEST(reader->recognises(folder.path()));
  });
}

BOOST_AUTO_TEST_CASE(each_part_is_read_where_the_other_is_not_wanted) {
  for_each_written([](const TriedFormat& tried) {
    const TemporaryFolder folder("format");
    const ImageParts written = tried.example.write(folder.path());
    const auto reader = tried.make();
    check_same(reader->read(DataPart::train, {folder.path(), DataParts::training}), written.train);
    check_same(reader->read(DataPart::test, {folder.path(), DataParts::test}), written.test);
  });
}

BOOST_AUTO_TEST_CASE(a_place_without_a_data_set_is_told_in_words_and_not_recognised) {
  for_each_written([](const TriedFormat& tried) {
    const TemporaryFolder folder("format");
    const auto reader = tried.make();
    for (const fs::path& path : {folder.path(), folder.path() / "absent"}) {
      for (const DataPart part : kParts) BOOST_TEST(reader->lack_of(part, {.path = path}) != "");
      BOOST_TEST(!reader->recognises(path));
    }
    const fs::path text = folder.write("a.txt", "text");
    BOOST_TEST(!reader->recognises(text));
  });
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_short_anywhere_is_refused) {
  for_each_written([](const TriedFormat& tried) {
    const TemporaryFolder folder("format");
    const ImageParts written = tried.example.write(folder.path());
    const auto reader = tried.make();
    for (const fs::path& file : files_in(folder.path())) {
      const auto size = fs::file_size(file);
      const fs::path kept = folder.path().string() + "_kept";
      fs::copy_file(file, kept, fs::copy_options::overwrite_existing);
      for (const std::uintmax_t length : shorter_lengths(size)) {
        fs::copy_file(kept, file, fs::copy_options::overwrite_existing);
        fs::resize_file(file, length);
        BOOST_TEST(refuses(*reader, folder.path(), written, !tried.format.tells_size),
                   file.filename() << " of " << size << " bytes cut to " << length);
      }
      fs::rename(kept, file);
    }
    check_same(reader->read(DataPart::train, {.path = folder.path()}), written.train);
  });
}

BOOST_AUTO_TEST_CASE(damaged_bytes_never_do_worse_than_an_error) {
  for_each_written([](const TriedFormat& tried) {
    const TemporaryFolder folder("format");
    tried.example.write(folder.path());
    const auto reader = tried.make();
    for (const fs::path& file : files_in(folder.path())) {
      std::ifstream stream(file, std::ios::binary);
      const std::string whole{std::istreambuf_iterator<char>(stream), {}};
      for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 200) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ '\xff');
        std::ofstream(file, std::ios::binary) << damaged;
        for (const DataPart part : kParts) {
          try {
            if (reader->lack_of(part, {.path = folder.path()}).empty()) {
              BOOST_TEST(reader->read(part, {.path = folder.path()}).size() > 0);
            }
          } catch (const Error& error) {
            BOOST_TEST((error.kind() == ErrorKind::data));
          }
        }
      }
      std::ofstream(file, std::ios::binary) << whole;
    }
  });
}

BOOST_AUTO_TEST_CASE(a_set_that_lies_nowhere_is_the_same_each_time) {
  for_each_format(&DataFormat::examples, [](const TriedFormat& tried) {
    if (tried.format.home != DataHome::nowhere) return;
    for (const DataPart part : kParts) {
      BOOST_TEST(tried.make()->lack_of(part, {}) == "");
      const ImageSet first = tried.make()->read(part, {});
      BOOST_TEST(first.size() > 0);
      check_same(tried.make()->read(part, {}), first);
    }
  });
}

BOOST_AUTO_TEST_CASE(settings_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  for_each_format(&DataFormat::refused, [](const TriedFormat& tried) {
    std::string message;
    try {
      tried.make();
    } catch (const Error& error) {
      BOOST_TEST((error.kind() == ErrorKind::usage));
      message = error.what();
    }
    BOOST_TEST_INFO("message: " << message);
    BOOST_TEST(message.find("data." + std::string(tried.format.name)) != std::string::npos);
    BOOST_TEST((message.ends_with('.') || message.ends_with('?') || message.ends_with(')')));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
