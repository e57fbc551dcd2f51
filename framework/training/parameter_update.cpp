#include "framework/training/parameter_update.hpp"

#include <algorithm>
#include <cmath>

#include "framework/kernels/optimizer.hpp"
#include "framework/kernels/reduce.hpp"

namespace lockstep {

ParameterUpdate::ParameterUpdate(const Parts& parts)
    : parts_(parts),
      gradient_(parts.parameters.layout().size()),
      norm_(gradient_.size()),
      digests_((gradient_.size() + kDigestPieceFloats - 1) / kDigestPieceFloats) {}

template <class Work>
void ParameterUpdate::for_pieces(const Work& work) const {
  std::atomic<std::size_t> next = 0;
  const auto take_pieces = [&](int /*slot*/) {
    for (std::size_t i = next++; i < digests_.size(); i = next++) {
      const std::size_t first = i * kDigestPieceFloats;
      work(Piece{i, first, std::min(kDigestPieceFloats, gradient_.size() - first)});
    }
  };
  parts_.team.run(take_pieces);
}

ParameterUpdate::Result ParameterUpdate::run(const Request& request) {
  is_finite_ = true;
  parts_.optimizer.start_step(request.learning_rate);
  // Only clipping has to know the whole gradient before any value changes.
  for_pieces([&](const Piece& piece) {
    take_mean(request, piece);
    if (!request.clip_norm) update(piece, {});
  });
  const double norm = norm_.norm();
  if (request.clip_norm && std::isfinite(norm)) {
    const std::optional<float> factor = clip_factor(norm, *request.clip_norm);
    for_pieces([&](const Piece& piece) { update(piece, factor); });
  }
  return {.gradient_norm = norm, .is_finite = is_finite_};
}

void ParameterUpdate::take_mean(const Request& request, const Piece& piece) {
  const std::span<float> mean = gradient_.span().subspan(piece.first, piece.size);
  divide_buffer(request.sum.subspan(piece.first, piece.size), static_cast<float>(request.samples),
                mean);
  parts_.parameters.layout().apply_scales(piece.first, mean);
  norm_.add(piece.first, mean);
}

void ParameterUpdate::update(const Piece& piece, std::optional<float> factor) {
  const std::span<float> mean = gradient_.span().subspan(piece.first, piece.size);
  const std::span<float> values =
      parts_.parameters.mutable_values().subspan(piece.first, piece.size);
  if (factor) scale_buffer(mean, *factor, mean);
  parts_.optimizer.update(piece.first, values, mean);
  if (!all_finite(values)) is_finite_ = false;
  digests_[piece.index] = piece_digest(values);
}

}  // namespace lockstep
