#include "lanewise/objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "aligned.hpp"
#include "evaluator.hpp"

namespace lanewise {

void Objective::evaluate_f32(const Block<float>& block) const noexcept {
    std::ranges::fill(block.f(), std::numeric_limits<float>::quiet_NaN());
}

Evaluation evaluate(const Objective& objective, std::span<const double> x, Isa isa) {
    const std::size_t d = objective.dimension();
    if (x.size() != d)
        throw std::invalid_argument(
            fmt::format("the point has {} coordinates, the objective {}", x.size(), d));
    constexpr std::size_t lanes = kernels::lane_group;
    const AlignedArray<double> rows((2 * d + 1) * lanes);
    const AlignedArray<double> scratch(objective.scratch_rows() * lanes);
    double* f = rows.data();
    double* points = f + lanes;
    double* gradients = points + d * lanes;
    for (std::size_t j = 0; j < d; ++j) std::fill_n(points + j * lanes, lanes, x[j]);
    Evaluator<double>{&objective, isa, false, scratch.data()}(lanes, d, points, f, gradients);
    Evaluation at{.f = f[0], .gradient = std::vector<double>(d)};
    for (std::size_t j = 0; j < d; ++j) at.gradient[j] = gradients[j * lanes];
    return at;
}

}  // namespace lanewise
