// Standard errors of fits.
#pragma once

#include <span>
#include <vector>

namespace lanewise {

/// The inverse of H / 2 times `variance`, with H's lower triangle by rows [d (d + 1) / 2] and 0 for variables
/// that are fixed. Infinite where H is not positive definite to within rounding. `covariance` is [d][d].
void invert_curvature(std::span<const double> h, const std::vector<bool>& is_fixed, double variance,
                      std::span<double> covariance);

}  // namespace lanewise
