// Writing aside, stopped and killed at every stage, and on full disks: the old file stays.

#include <fmt/format.h>
#include <sys/mount.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "tests/framework/storage/samples.hpp"
#include "tests/support/child_process.hpp"

namespace lockstep::testing {
namespace {

constexpr std::array kStages = {WriteStage::created, WriteStage::written, WriteStage::synced,
                                WriteStage::verified, WriteStage::renamed};

WriteOptions stopping_at(WriteStage stage) {
  return {.on_stage = [stage](WriteStage reached, const std::filesystem::path&) {
    if (reached == stage) throw Error(errors::kDamagedData, "stopped here.");
  }};
}

BOOST_AUTO_TEST_SUITE(atomic_write)

BOOST_AUTO_TEST_CASE(all_stages_are_passed_in_order) {
  const TemporaryFolder folder("stages");
  std::vector<WriteStage> passed;
  write_checkpoint(folder / "a.h5", sample_checkpoint(),
                   {.on_stage = [&passed](WriteStage stage, const std::filesystem::path&) {
                     passed.push_back(stage);
                   }});
  BOOST_TEST((passed == std::vector<WriteStage>(kStages.begin(), kStages.end())));
}

BOOST_AUTO_TEST_CASE(a_failure_at_any_stage_leaves_the_old_file_and_nothing_else) {
  const TemporaryFolder folder("failures");
  write_checkpoint(folder / "a.h5", sample_checkpoint(1));
  for (const WriteStage stage : kStages) {
    if (stage == WriteStage::renamed) continue;  // it is the new file then
    const std::string error = error_of(
        [&] { write_checkpoint(folder / "a.h5", sample_checkpoint(2), stopping_at(stage)); });
    BOOST_TEST(contains(error, "a.h5 is not written: stopped here."));
    BOOST_TEST(same_bits(read_checkpoint(folder / "a.h5").checkpoint, sample_checkpoint(1)));
    BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
  }
}

BOOST_AUTO_TEST_CASE(a_kill_at_any_stage_leaves_a_whole_file_under_the_name) {
  const TemporaryFolder folder("kills");
  for (const WriteStage stage : kStages) {
    write_checkpoint(folder / "a.h5", sample_checkpoint(1));
    const int ended = in_child([&] {
      write_checkpoint(folder / "a.h5", sample_checkpoint(2),
                       {.on_stage = [stage](WriteStage reached, const std::filesystem::path&) {
                         if (reached == stage) ::raise(SIGKILL);
                       }});
      return 0;
    });
    BOOST_TEST(ended == -SIGKILL);
    const LoadedCheckpoint loaded = read_checkpoint(folder / "a.h5");
    const Index expected = stage == WriteStage::renamed ? 2 : 1;
    BOOST_TEST(loaded.verified);
    BOOST_TEST(loaded.checkpoint.state->progress.step == expected);
    remove_temporary_files(folder.path());
    BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
  }
}

BOOST_AUTO_TEST_CASE(what_the_disk_changes_after_the_writing_is_found_by_reading_again) {
  const TemporaryFolder folder("reread");
  write_checkpoint(folder / "other.h5", sample_checkpoint(3));
  const std::string other = bytes_of(folder / "other.h5");
  std::filesystem::remove(folder / "other.h5");
  write_checkpoint(folder / "a.h5", sample_checkpoint(1));
  const auto error_after = [&](const auto& damage) {
    const WriteOptions damaging = {
        .on_stage = [&damage](WriteStage reached, const std::filesystem::path& file) {
          if (reached == WriteStage::synced) damage(file);
        }};
    const std::string error =
        error_of([&] { write_checkpoint(folder / "a.h5", sample_checkpoint(2), damaging); });
    BOOST_TEST(read_checkpoint(folder / "a.h5").checkpoint.state->progress.step == 1);
    BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
    return error;
  };
  const auto flip = [](const std::filesystem::path& file) {
    std::string bytes = bytes_of(file);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    put_bytes(file, bytes);
  };
  const auto empty = [](const std::filesystem::path& file) { put_bytes(file, ""); };
  // A whole and verified file of other values.
  const auto replace = [&other](const std::filesystem::path& file) { put_bytes(file, other); };
  BOOST_TEST(contains(error_after(flip), "its digest is"));
  BOOST_TEST(contains(error_after(empty), "it is empty"));
  BOOST_TEST(contains(error_after(replace), "gave other values than were written"));
}

BOOST_AUTO_TEST_CASE(
    a_checkpoint_that_outgrows_the_limit_at_any_byte_is_reported_and_keeps_the_old) {
  const TemporaryFolder folder("full");
  write_checkpoint(folder / "a.h5", sample_checkpoint(2));
  const std::size_t full = bytes_of(folder / "a.h5").size();
  write_checkpoint(folder / "a.h5", sample_checkpoint(1));
  for (std::size_t part = 0; part <= 40; ++part) {
    const std::size_t limit = part * (full - 1) / 40;
    const int code = in_child([&] {
      limit_file_size(limit);
      const std::string error =
          error_of([&] { write_checkpoint(folder / "a.h5", sample_checkpoint(2)); });
      return contains(error, "3: checkpoint") && contains(error, "a.h5") &&
                     contains(error, "File too large")
                 ? 3
                 : 0;
    });
    BOOST_TEST(code == 3, "limit " << limit << " of " << full);
    BOOST_TEST(read_checkpoint(folder / "a.h5").checkpoint.state->progress.step == 1);
    BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"a.h5"});
  }
}

BOOST_AUTO_TEST_CASE(metrics_on_a_full_disk_are_reported_or_complete) {
  const TemporaryFolder folder("full_metrics");
  const MetricsTables old = sample_metrics(3);
  const MetricsTables grown = sample_metrics(2000);
  publish_metrics(folder / "m.h5", grown);
  const std::size_t full = bytes_of(folder / "m.h5").size();
  publish_metrics(folder / "m.h5", sample_metrics(5));
  for (std::size_t part = 0; part <= 40; ++part) {
    const std::size_t limit = part * (full - 1) / 40;
    const int code = in_child([&] {
      limit_file_size(limit);
      return error_of([&] { publish_metrics(folder / "m.h5", grown); }).starts_with("3: ") ? 3 : 0;
    });
    BOOST_TEST(code == 3, "limit " << limit << " of " << full);
    BOOST_TEST(same(read_metrics(folder / "m.h5"), sample_metrics(5)));
    BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"m.h5"});
  }
}

/// A file system of a given size; only root may mount one.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& folder, std::size_t bytes) : folder_(folder) {
    std::filesystem::create_directory(folder);
    const std::string size = fmt::format("size={}", bytes);
    mounted_ = ::mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return mounted_; }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

boost::test_tools::assertion_result may_mount(boost::unit_test::test_unit_id /*unit*/) {
  const TemporaryFolder folder("may_mount");
  const bool may = SmallDisk(folder / "disk", 1 << 16).is_mounted();
  if (!may) fmt::print("SKIPPED: mounting a tmpfs needs root\n");  // Boost itself says nothing
  return may;
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_named_and_keeps_the_old_checkpoint,
                     *boost::unit_test::precondition(may_mount)) {
  const TemporaryFolder folder("small_disk");
  Checkpoint large = sample_checkpoint(2);
  large.parameters.push_back(sample_tensor("f3", "weight", {300, 300}, 1));
  int full = 0;
  for (std::size_t kilobytes = 40; kilobytes <= 800; kilobytes += 40) {
    const SmallDisk disk(folder / fmt::format("disk{}", kilobytes), kilobytes * 1024);
    BOOST_REQUIRE(disk.is_mounted());
    const std::filesystem::path path = folder.path() / fmt::format("disk{}/a.h5", kilobytes);
    write_checkpoint(path, sample_checkpoint(1));
    const std::string error = error_of([&] { write_checkpoint(path, large); });
    const bool succeeded = error == "no error";
    if (!succeeded) ++full;
    BOOST_TEST((succeeded || contains(error, "No space left on device")), error);
    BOOST_TEST(
        same_bits(read_checkpoint(path).checkpoint, succeeded ? large : sample_checkpoint(1)));
  }
  BOOST_TEST(full >= 5);  // the 360 kB do not fit the smallest disks
  BOOST_TEST(full < 20);  // but do fit the largest
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_missing_is_named) {
  const TemporaryFolder folder("missing");
  BOOST_TEST(contains(error_of([&] { write_checkpoint(folder / "no/a.h5", sample_checkpoint()); }),
                      "No such file or directory"));
}

BOOST_AUTO_TEST_CASE(a_text_file_is_replaced_as_a_whole) {
  const TemporaryFolder folder("text");
  write_text_file(folder / "t", "old\n");
  BOOST_TEST(contains(
      error_of([&] { write_text_file(folder / "t", "new\n", stopping_at(WriteStage::synced)); }),
      "stopped"));
  BOOST_TEST(bytes_of(folder / "t") == "old\n");
  write_text_file(folder / "t", "new\n");
  BOOST_TEST(bytes_of(folder / "t") == "new\n");
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"t"});
}

BOOST_AUTO_TEST_CASE(only_names_of_unpublished_files_are_cleaned_away) {
  const TemporaryFolder folder("cleaning");
  for (const char* name : {".a.h5.tmp-123", ".latest.tmp-1"}) put_bytes(folder / name, "x");
  for (const char* name : {".bashrc", "a.tmp-12", ".a.tmp-", ".a.tmp-12x", "a.h5"}) {
    put_bytes(folder / name, "x");
  }
  remove_temporary_files(folder.path());
  BOOST_TEST(names_in(folder.path()) ==
                 (std::vector<std::string>{".a.tmp-", ".a.tmp-12x", ".bashrc", "a.h5", "a.tmp-12"}),
             boost::test_tools::per_element());
  remove_temporary_files(folder / "missing");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
