// Values and gradients at single points.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "lanewise/objective.hpp"

namespace lanewise {

/// Whether the objective is told the index of each point as that of a start (Block::ids).
enum class TellIds : bool { no, yes };

/// As lanewise::evaluate, for many points of the objective's dimension; `visit` is called with the index of
/// each point.
void evaluate_points(const Objective& objective, std::span<const std::vector<double>> points, Isa isa,
                     TellIds tells_ids, const std::function<void(std::size_t, const Evaluation&)>& visit);

}  // namespace lanewise
