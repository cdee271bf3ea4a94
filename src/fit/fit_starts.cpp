#include "fit_starts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

#include "inside.hpp"
#include "logarithm.hpp"
#include "search/design.hpp"

namespace lanewise {

namespace {

/// The starts of a wave, and of all waves, where the number of starts is not given.
constexpr std::size_t starts_of_wave = 16;
constexpr std::size_t most_starts = 1024;

std::size_t given_starts(const Problems& problems, const FitOptions& options) {
    return options.start_points.size() + (problems.starts.empty() ? 0 : 1);
}

std::vector<bool> logs_of(const Box& box) {
    std::vector<bool> logs;
    for (std::size_t j = 0; j < box.dimension(); ++j) logs.push_back(box.is_log(j));
    return logs;
}

double log_of(double x) {
    return log_over(x, 1);
}

/// Starts that are drawn towards 0 come down to 2^-30 of the far bound.
constexpr double most_powers = 30;

/// Even in the logarithm between bounds of one sign, or towards 0 where that is within them: a bound may be
/// generous by many decades.
double across_decades(double unit, double lower, double upper) {
    if (lower > 0) return exp_over(unit * std::min(log_over(upper, lower), most_exponent), lower);
    if (upper < 0) return -across_decades(1 - unit, -upper, -lower);
    const double size = std::max(upper, -lower);
    const bool is_negative = lower < 0 && (upper == 0 || unit < 0.5);
    const double of_side = lower == 0 || upper == 0 ? unit : 2 * unit - (unit < 0.5 ? 0 : 1);
    const double at = size * exp_over(-of_side * most_powers * std::numbers::ln2, 1);
    return is_negative ? -at : at;
}

}  // namespace

FitStarts::FitStarts(const Box& box, const Problems& problems, const FitOptions& options)
    : box_(&box),
      problems_(&problems),
      options_(&options),
      given_(given_starts(problems, options)),
      is_open_(!options.starts && given_ == 0),
      drawn_(is_open_ ? most_starts : options.starts.value_or(0)),
      units_(drawn_ * box.dimension()),
      has_own_bounds_(!problems.lower.empty() || !problems.upper.empty()),
      is_log_(logs_of(box)),
      given_bounds_{.lower = box.lower(), .upper = box.upper()},
      bounds_(in_search(given_bounds_)) {
    const std::size_t d = box.dimension();
    if (given_ + drawn_ == 0)
        throw std::invalid_argument("starts 0: at least 1 is needed where no starts are given");
    for (const std::vector<double>& start : options.start_points) {
        if (start.size() != d)
            throw std::invalid_argument(
                fmt::format("start: {} coordinates are given, there are {}", start.size(), d));
    }
    const DesignPoints design = design_points(choose_design({}, d), options.seed, d);
    for (std::size_t i = 0; i < drawn_; ++i)
        std::visit([&](const auto& points) { points.point(i, std::span(units_).subspan(i * d, d)); }, design);
    for (std::size_t p = 0; p < problems.count() && drawn_ > 0; ++p) {
        FitBounds own;
        const FitBounds& bounds = given_bounds(p, own);
        for (std::size_t j = 0; j < d; ++j) {
            if (!std::isfinite(bounds.upper[j] - bounds.lower[j]))
                throw std::invalid_argument(
                    fmt::format("bounds of '{}' are {} and {}: starts can be drawn between finite ones only",
                                box.coordinate_name(j), bounds.lower[j], bounds.upper[j]));
        }
        if (!has_own_bounds_) break;
    }
}

std::size_t FitStarts::of_wave(std::size_t wave) const noexcept {
    if (!is_open_) return wave == 0 ? given_ + drawn_ : 0;
    return wave < most_starts / starts_of_wave ? starts_of_wave : 0;
}

std::size_t FitStarts::index(std::size_t wave, std::size_t i) const noexcept {
    return wave * starts_of_wave + i;
}

std::span<const double> FitStarts::given(std::size_t problem, std::size_t index) const {
    const std::size_t d = box_->dimension();
    if (!problems_->starts.empty()) {
        if (index == 0) return problems_->starts.subspan(problem * d, d);
        --index;
    }
    return options_->start_points[index];
}

double FitStarts::drawn(std::size_t index, std::size_t j, double lower, double upper) const {
    const double unit = units_[index * box_->dimension() + j];
    const bool in_decades = index % 2 == 1 && !box_->variable_of(j).log.has_value();
    const double x = in_decades ? across_decades(unit, lower, upper) : lower + unit * (upper - lower);
    return inside(x, lower, upper);
}

bool FitStarts::point(std::size_t problem, const FitBounds& bounds, std::size_t wave, std::size_t i,
                      std::span<double> x) const {
    const std::size_t at = index(wave, i);
    if (at >= given_) {
        for (std::size_t j = 0; j < x.size(); ++j)
            x[j] = drawn(at - given_, j, bounds.lower[j], bounds.upper[j]);
        return true;
    }
    const std::span<const double> start = given(problem, at);
    for (std::size_t j = 0; j < x.size(); ++j) {
        if (std::isnan(start[j])) return false;
        const double at = is_log_[j] && start[j] <= 0 ? -std::numeric_limits<double>::infinity()
                          : is_log_[j]                ? log_of(start[j])
                                                      : start[j];
        x[j] = inside(at, bounds.lower[j], bounds.upper[j]);
    }
    return true;
}

FitBounds FitStarts::own_given_bounds(std::size_t problem) const {
    const std::size_t d = box_->dimension();
    FitBounds bounds = given_bounds_;
    const auto take = [&](std::span<const double> own, std::vector<double>& to) {
        for (std::size_t j = 0; j < d && !own.empty(); ++j) {
            if (!std::isnan(own[problem * d + j])) to[j] = own[problem * d + j];
        }
    };
    take(problems_->lower, bounds.lower);
    take(problems_->upper, bounds.upper);
    return bounds;
}

FitBounds FitStarts::in_search(FitBounds bounds) const {
    for (std::size_t j = 0; j < bounds.lower.size(); ++j) {
        if (!is_log_[j]) continue;
        bounds.lower[j] = log_of(bounds.lower[j]);
        bounds.upper[j] = log_of(bounds.upper[j]);
    }
    return bounds;
}

const FitBounds& FitStarts::given_bounds(std::size_t problem, FitBounds& own) const {
    if (!has_own_bounds_) return given_bounds_;
    own = own_given_bounds(problem);
    return own;
}

const FitBounds& FitStarts::bounds(std::size_t problem, FitBounds& own) const {
    if (!has_own_bounds_) return bounds_;
    own = in_search(own_given_bounds(problem));
    return own;
}

double FitStarts::to_variable(std::size_t j, double x, const FitBounds& given) const {
    return inside(is_log_[j] ? exp_over(x, 1) : x, given.lower[j], given.upper[j]);
}

}  // namespace lanewise
