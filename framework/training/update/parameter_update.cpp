#include "framework/training/update/parameter_update.hpp"

#include <algorithm>
#include <cmath>

#include "framework/kernels/buffers.hpp"
#include "framework/kernels/reduce.hpp"

namespace lockstep {

ParameterUpdate::ParameterUpdate(const Parts& parts)
    : parts_(parts),
      gradient_(parts.parameters.layout().size()),
      norm_(gradient_.size()),
      digests_((gradient_.size() + kDigestPieceFloats - 1) / kDigestPieceFloats) {}

ParameterUpdate::Piece ParameterUpdate::piece(std::size_t index) const {
  const std::size_t first = index * kDigestPieceFloats;
  return {index, first, std::min(kDigestPieceFloats, gradient_.size() - first)};
}

void ParameterUpdate::start(const Request& request) {
  request_ = request;
  is_finite_ = true;
  parts_.optimizer.start_step(request.learning_rate);
}

bool ParameterUpdate::work(StagedWork::Walk& walk) {
  const std::size_t pieces = digests_.size();
  if (!request_.clip_norm) {
    return walk.stage(pieces, [&](std::size_t i) {
      take_mean(piece(i));
      update(piece(i), {});
    });
  }
  // Clipping needs the whole gradient before any value changes.
  return walk.stage(pieces, [&](std::size_t i) { take_mean(piece(i)); }) &&
         walk.stage(1, [&](std::size_t /*piece*/) { norm_to_clip_ = norm_.norm(); }) &&
         walk.stage(std::isfinite(*norm_to_clip_) ? pieces : 0, [&](std::size_t i) {
           update(piece(i), clip_factor(*norm_to_clip_, *request_.clip_norm));
         });
}

void ParameterUpdate::take_mean(const Piece& piece) {
  const std::span<float> mean = gradient_.span().subspan(piece.first, piece.size);
  divide_buffer(request_.sum.subspan(piece.first, piece.size), static_cast<float>(request_.samples),
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
