#include "lanewise/callback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace lanewise {

namespace {

constexpr double coarsest = 8 * std::numeric_limits<double>::epsilon();
constexpr double largest_step = 0.25;
constexpr double least_width_share = 0.01;

/// The slope at x from the values there and at two other points: the line through the slopes to both, read
/// at x.
double slope(double x, double f, double a, double f_a, double b, double f_b) noexcept {
    const double to_a = a - x;
    const double to_b = b - x;
    const double slope_a = (f_a - f) / to_a;
    const double slope_b = (f_b - f) / to_b;
    if (!std::isfinite(f_a)) return slope_b;
    if (!std::isfinite(f_b)) return slope_a;
    return (slope_a * to_b - slope_b * to_a) / (to_b - to_a);
}

}  // namespace

Callback::Callback(std::size_t dimension, Function function, Calls calls)
    : dimension_(dimension), function_(std::move(function)), calls_(calls) {
    if (dimension_ == 0) throw std::invalid_argument("callback: dimension 0; at least 1 is needed");
    if (!function_) throw std::invalid_argument("callback: the function is empty");
}

void Callback::evaluate(const Block<double>& block) const {
    function_({block.x_rows, dimension_, block.lanes}, block.f(), {block.g_rows, dimension_, block.lanes});
}

struct CentralDifferences::Shifts {
    double a, b;
};

CentralDifferences::CentralDifferences(const Box& box, Function function, const DifferenceOptions& options)
    : function_(std::move(function)), step_(options.step), calls_(options.calls) {
    if (!function_) throw std::invalid_argument("differences: the function is empty");
    if (!(step_ > 0 && step_ <= largest_step))
        throw std::invalid_argument(
            fmt::format("differences: step {}: must be above 0 and at most {}", step_, largest_step));
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        const double lower = box.lower()[j];
        const double upper = box.upper()[j];
        const double farthest =
            std::max(std::isfinite(lower) ? std::abs(lower) : 0, std::isfinite(upper) ? std::abs(upper) : 0);
        const double least_shift = std::max(coarsest * farthest, std::numeric_limits<double>::min());
        axes_.push_back({lower, upper, least_shift});
        if (!axes_[j].fixed() && (upper - lower) * largest_step < least_shift)
            throw std::invalid_argument(fmt::format("differences: the box {}:{} of {} is too narrow", lower,
                                                    upper, box.coordinate_name(j)));
    }
}

CentralDifferences::Shifts CentralDifferences::shifted(const Axis& axis, double x) const noexcept {
    const double width = axis.upper - axis.lower;
    const double size = std::isfinite(width) ? std::clamp(std::abs(x), least_width_share * width, width)
                                             : std::max(1.0, std::abs(x));
    const double h = std::max({step_ * size, axis.least_shift, std::isfinite(width) ? 0 : coarsest * size});
    if (x - h < axis.lower) return {x + h, x + 2 * h};
    if (x + h > axis.upper) return {x - h, x - 2 * h};
    return {x - h, x + h};
}

void CentralDifferences::evaluate(const Block<double>& block) const {
    const std::size_t lanes = block.lanes;
    const std::size_t d = dimension();
    function_({block.x_rows, d, lanes}, block.f());

    // Two neighbouring scratch rows are one row of twice as many lanes.
    const Rows<double> pairs(block.scratch_rows, d + 1, 2 * lanes);
    const std::span<double> pair_f = pairs[d];
    const auto unshift = [&](std::size_t j) {
        std::ranges::copy(block.x(j), pairs[j].begin());
        std::ranges::copy(block.x(j), pairs[j].subspan(lanes).begin());
    };
    for (std::size_t j = 0; j < d; ++j) unshift(j);
    for (std::size_t j = 0; j < d; ++j) {
        const std::span<const double> x = block.x(j);
        const std::span<double> g = block.g(j);
        const std::span<double> pair = pairs[j];
        if (axes_[j].fixed()) {
            std::ranges::fill(g, 0.0);
            continue;
        }
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const Shifts to = shifted(axes_[j], x[lane]);
            pair[lane] = to.a;
            pair[lane + lanes] = to.b;
        }
        function_({block.scratch_rows, d, 2 * lanes}, pair_f);
        for (std::size_t lane = 0; lane < lanes; ++lane)
            g[lane] = slope(x[lane], block.f_row[lane], pair[lane], pair_f[lane], pair[lane + lanes],
                            pair_f[lane + lanes]);
        unshift(j);
    }
}

}  // namespace lanewise
