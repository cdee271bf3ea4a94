// Values and gradients at single points.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lanewise/objective.hpp"

namespace lanewise {

/// As lanewise::evaluate, for many points of the objective's dimension; `visit` is called with the index of
/// each point.
void evaluate_points(const Objective& objective, std::span<const std::vector<double>> points, Isa isa,
                     std::span<const std::uint32_t> ids,
                     const std::function<void(std::size_t, const Evaluation&)>& visit);

}  // namespace lanewise
