#include "lanewise/objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "aligned.hpp"
#include "evaluate.hpp"
#include "lanewise/own_kernels.hpp"

namespace lanewise {

void Objective::evaluate_f32(const Block<float>& block) const {
    std::ranges::fill(block.f(), std::numeric_limits<float>::quiet_NaN());
}

void evaluate_points(const Objective& objective, std::span<const std::vector<double>> points, Isa isa,
                     std::span<const std::uint32_t> ids,
                     const std::function<void(std::size_t, const Evaluation&)>& visit) {
    if (const OwnKernels* own = own_kernels(objective))
        own->compile_for(static_cast<double>(points.size()), isa, Precision::f64);
    constexpr std::size_t group = kernels::lane_group;
    // The caller is handed all of them at once.
    const bool is_one_block = objective.calls() == Calls::from_the_caller;
    const std::size_t lanes =
        is_one_block ? std::max((points.size() + group - 1) / group * group, group) : group;
    const std::size_t d = objective.dimension();
    const AlignedArray<double> rows((2 * d + 1) * lanes);
    const AlignedArray<double> scratch(objective.scratch_rows() * lanes);
    double* f = rows.data();
    double* x = f + lanes;
    double* g = x + d * lanes;
    std::vector<std::uint32_t> counting(is_one_block ? points.size() : 0);
    std::iota(counting.begin(), counting.end(), 0U);
    std::vector<std::uint32_t> id_row(ids.empty() ? 0 : lanes);
    const Block<double> block{lanes,   d, x, f, g, scratch.data(), isa, ids.empty() ? nullptr : id_row.data(),
                              counting};
    Evaluation at{.f = 0, .gradient = std::vector<double>(d)};
    for (std::size_t first = 0; first < points.size(); first += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t of = std::min(first + lane, points.size() - 1);
            const std::vector<double>& point = points[of];
            if (!ids.empty()) id_row[lane] = ids[of];
            for (std::size_t j = 0; j < d; ++j) x[j * lanes + lane] = point[j];
        }
        objective.evaluate(block);
        for (std::size_t lane = 0; lane < std::min(lanes, points.size() - first); ++lane) {
            at.f = f[lane];
            for (std::size_t j = 0; j < d; ++j) at.gradient[j] = g[j * lanes + lane];
            visit(first + lane, at);
        }
    }
}

std::vector<Evaluation> evaluate(const Objective& objective, std::span<const std::vector<double>> points,
                                 Isa isa, std::span<const std::uint32_t> ids) {
    for (const std::vector<double>& x : points) {
        if (x.size() != objective.dimension())
            throw std::invalid_argument(fmt::format("the point has {} coordinates, the objective {}",
                                                    x.size(), objective.dimension()));
    }
    choose_isa(isa);
    std::vector<Evaluation> all;
    all.reserve(points.size());
    evaluate_points(objective, points, isa, ids,
                    [&](std::size_t /*index*/, const Evaluation& at) { all.push_back(at); });
    return all;
}

Evaluation evaluate(const Objective& objective, std::span<const double> x, Isa isa) {
    const std::vector<double> point(x.begin(), x.end());
    return evaluate(objective, std::span(&point, 1), isa).front();
}

}  // namespace lanewise
