#include "framework/storage/sandbox/message.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace lockstep {
namespace {

BOOST_AUTO_TEST_SUITE(message)

BOOST_AUTO_TEST_CASE(a_message_is_read_as_it_was_written) {
  const std::vector<std::string> texts = {"", "a", std::string("b\0c", 3)};
  MessageWriter writer;
  writer.add_number(0);
  writer.add_text("größe");
  writer.add_texts(texts);
  writer.add_number(std::numeric_limits<std::uint64_t>::max());
  MessageReader reader(writer.message());
  BOOST_TEST(reader.number() == 0U);
  BOOST_TEST(reader.text() == "größe");
  BOOST_TEST((reader.texts() == texts));
  BOOST_TEST(reader.number() == std::numeric_limits<std::uint64_t>::max());
  BOOST_CHECK_THROW(reader.number(), MalformedMessage);
}

BOOST_AUTO_TEST_CASE(every_shorter_message_is_malformed) {
  MessageWriter writer;
  writer.add_text("abc");
  writer.add_number(7);
  for (std::size_t size = 0; size < writer.message().size(); ++size) {
    Message cut = writer.message();
    cut.resize(size);
    MessageReader reader(std::move(cut));
    const auto read_both = [&] { return reader.text() + std::to_string(reader.number()); };
    BOOST_CHECK_THROW(read_both(), MalformedMessage);
  }
}

BOOST_AUTO_TEST_CASE(a_length_beyond_the_message_is_malformed) {
  for (const std::uint64_t length :
       {std::uint64_t{1}, std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
    MessageWriter writer;
    writer.add_number(length);
    BOOST_CHECK_THROW(MessageReader(writer.message()).text(), MalformedMessage);
    BOOST_CHECK_THROW(MessageReader(writer.message()).texts(), MalformedMessage);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
