#include "framework/training/exchange/communicator.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

template <class T>
std::vector<T> all_gather_values(Communicator& communicator, T mine) {
  const auto ranks = static_cast<std::size_t>(communicator.size());
  std::vector<T> values(ranks);
  values[static_cast<std::size_t>(communicator.rank())] = mine;
  std::vector<MessagePart> parts(ranks);
  for (std::size_t r = 0; r < ranks; ++r) parts[r] = {r * sizeof(T), sizeof(T)};
  communicator.all_gather(std::as_writable_bytes(std::span(values)), parts);
  return values;
}

// A single rank has nobody to send to.
class NoExchange final : public Exchange {
 public:
  void start(std::span<const OutgoingMessage> /*outgoing*/,
             std::span<const IncomingMessage> /*incoming*/) override {}
  bool progress() override { return true; }
};

// The first line in which the two texts differ, from each text.
std::pair<std::string, std::string> first_differing_lines(const std::string& left,
                                                          const std::string& right) {
  std::istringstream left_lines(left);
  std::istringstream right_lines(right);
  std::string of_left;
  std::string of_right;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(left_lines, of_left));
    const bool more_right = static_cast<bool>(std::getline(right_lines, of_right));
    if (!more_left) of_left = "nothing";
    if (!more_right) of_right = "nothing";
    if (!more_left || !more_right || of_left != of_right) return {of_left, of_right};
  }
}

}  // namespace

void SoloCommunicator::broadcast(std::span<std::byte> /*data*/, int /*root*/) {}

std::unique_ptr<Exchange> SoloCommunicator::make_exchange(int /*channel*/) {
  return std::make_unique<NoExchange>();
}

void SoloCommunicator::all_gather(std::span<std::byte> /*data*/,
                                  std::span<const MessagePart> /*parts*/) {}

std::string broadcast_text(Communicator& communicator, std::string text, int root) {
  std::uint64_t length = text.size();
  broadcast_value(communicator, length, root);
  text.resize(length);
  communicator.broadcast(std::as_writable_bytes(std::span(text)), root);
  return text;
}

std::vector<std::string> all_gather_text(Communicator& communicator, const std::string& text) {
  const std::vector<std::uint64_t> lengths =
      all_gather_values<std::uint64_t>(communicator, text.size());
  std::vector<MessagePart> parts;
  std::size_t total = 0;
  for (const std::uint64_t length : lengths) {
    parts.push_back({total, length});
    total += length;
  }
  std::string joined(total, '\0');
  const MessagePart& mine = parts[static_cast<std::size_t>(communicator.rank())];
  std::copy(text.begin(), text.end(), joined.begin() + static_cast<std::ptrdiff_t>(mine.offset));
  communicator.all_gather(std::as_writable_bytes(std::span(joined)), parts);
  std::vector<std::string> texts;
  for (const MessagePart& part : parts) texts.push_back(joined.substr(part.offset, part.size));
  return texts;
}

void fail_together(Communicator& communicator, const std::function<void()>& body) {
  std::string failure;  // kind as one digit, number as three, then the message; empty: none
  try {
    body();
  } catch (const Error& error) {
    if (communicator.size() == 1) throw;
    failure = fmt::format("{}{:03}{}", error.exit_code(), error.code().number, error.what());
  }
  const std::vector<std::string> failures = all_gather_text(communicator, failure);
  for (std::size_t rank = 0; rank < failures.size(); ++rank) {
    if (failures[rank].empty()) continue;
    const auto kind = static_cast<ErrorKind>(failures[rank].front() - '0');
    const ErrorCode code{std::stoi(failures[rank].substr(1, 3)), kind, ""};
    const std::string message = failures[rank].substr(4);
    throw CollectiveError(code, rank == 0 ? message : fmt::format("On rank {}: {}", rank, message));
  }
}

void require_agreement(Communicator& communicator, const Agreement& agreement) {
  const std::vector<std::string> all = all_gather_text(communicator, agreement.mine);
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    const auto [expected, found] = first_differing_lines(all[0], all[rank]);
    throw CollectiveError(agreement.code,
                          fmt::format("Rank {} has another {} than rank 0: expected '{}', found "
                                      "'{}'; {}",
                                      rank, agreement.what, expected, found, agreement.advice));
  }
}

std::vector<Digest> all_gather_digests(Communicator& communicator, const Digest& mine) {
  return all_gather_values(communicator, mine);
}

}  // namespace lockstep
