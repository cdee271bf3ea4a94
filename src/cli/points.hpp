// What `lanewise evaluate --at-file` prints.
#pragma once

#include <string>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// A line for each point: f, the coordinates, the derivatives by them, and a status: finite, f-not-finite or
/// gradient-not-finite. What is not finite is left empty. The columns of coordinates are named as those of a
/// starts file, so that the whole is one.
std::string points_csv(const Box& box, const std::vector<std::vector<double>>& points,
                       const std::vector<Evaluation>& at);

/// The same as a list of {"f", "gradient", "x", "status"}, with null for what is not finite.
std::string points_json(const std::vector<std::vector<double>>& points, const std::vector<Evaluation>& at);

/// \throws NothingFinite when there is no point where value and gradient are.
void require_any_finite(const std::vector<Evaluation>& at);

}  // namespace lanewise::cli
