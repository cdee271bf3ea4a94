#include "lanewise/check_gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "aligned.hpp"
#include "design.hpp"
#include "evaluator.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_points = 1'000'000;
constexpr std::size_t lanes = kernels::lane_group;
constexpr double margin = 0x1p-4;
/// No neat fraction: the steps are then no multiples of a period that the box was cut to.
constexpr double first_step = 0.0611;
constexpr int halvings = 27;
/// Of the width. The first three tell, unless the values are too coarse to change over them.
constexpr std::array noise_steps = {1.0 * 0x1p-30, 1.3 * 0x1p-30, 1.7 * 0x1p-30, 0x1p-28, 0x1p-26, 0x1p-24,
                                    0x1p-22,       0x1p-20,       0x1p-18,       0x1p-16, 0x1p-14};
constexpr int noise_samples = 3;
constexpr double safety = 10;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A component of a gradient and what differences of the value say it is.
struct Comparison {
    double gradient, difference, difference_error;

    double size() const { return std::max(std::abs(gradient), std::abs(difference)); }
    bool settled(double tolerance) const {
        return difference_error <= tolerance * size() || gradient == difference;
    }
    /// 0 where the difference's own error explains it.
    double relative_error() const {
        if (!std::isfinite(difference_error)) return 0;
        if (!std::isfinite(gradient)) return infinity;
        const double beyond = std::abs(gradient - difference) - difference_error;
        return beyond > 0 ? beyond / size() : 0;
    }
    bool agrees(double tolerance) const { return settled(tolerance) && relative_error() <= tolerance; }
};

/// One lane's component of the gradient against central differences with ever smaller steps.
class Extrapolation {
  public:
    explicit Extrapolation(double gradient)
        : latest_{gradient, nan, nan}, best_{gradient, nan, infinity}, gradient_(gradient) {}

    /// Takes the difference with half the step of the one before, and what noise may have added to it.
    void add(double difference, double noise) {
        const double fourth = (4 * difference - difference_) / 3;
        const double sixth = (16 * fourth - fourth_) / 15;
        const double change = std::abs(sixth - latest_.difference);
        // NaN, and no better than anything, until there are four before it.
        latest_ = {gradient_, sixth, safety * (change + change_ + noise)};
        if (latest_.difference_error < best_.difference_error) {
            best_ = latest_;
            doubted_ = false;
        } else if (supports_gradient_only()) {
            doubted_ = true;
        }
        difference_ = difference;
        fourth_ = fourth;
        change_ = change;
    }

    const Comparison& latest() const { return latest_; }
    /// The one with the least error. A small step that finds the gradient right although this finds it wrong
    /// saw what larger steps passed over: then nothing is known.
    Comparison verdict() const {
        return doubted_ ? Comparison{gradient_, best_.difference, infinity} : best_;
    }

  private:
    bool supports_gradient_only() const {
        const double error = latest_.difference_error;
        return std::abs(gradient_ - latest_.difference) <= error &&
               std::abs(best_.difference - latest_.difference) > error;
    }

    Comparison latest_, best_;
    double gradient_;
    double difference_ = nan, fourth_ = nan, change_ = nan;
    bool doubted_ = false;
};

/// How far the values of a lane are from a straight line over steps so small that they should be on one.
class Noise {
  public:
    /// Takes the change of the value over a step up and down, steps growing.
    void add(double up, double down) {
        if (known()) return;
        if (up == 0 || down == 0) {
            coarse_ = true;
            return;
        }
        // The first change after none at all is what a last digit is worth.
        if (samples_ == 0 && coarse_) size_ = std::max(std::abs(up), std::abs(down));
        const double bend = std::abs(up + down);
        if (bend > size_) size_ = bend;
        ++samples_;
    }

    bool known() const { return samples_ == noise_samples; }
    double size() const { return size_; }

  private:
    int samples_ = 0;
    bool coarse_ = false;
    double size_ = 0;
};

/// Up to `lanes` points at once, one per lane.
class Check {
  public:
    Check(const Objective& objective, const Box& box, const GradientCheckOptions& options)
        : box_(&box),
          options_(&options),
          d_(box.dimension()),
          rows_(2 * (d_ + 1) * lanes + d_ * lanes),
          scratch_(objective.scratch_rows() * lanes),
          x_(rows_.data()),
          f_(x_ + d_ * lanes),
          g_(f_ + lanes),
          shifted_f_(g_ + d_ * lanes),
          shifted_g_(shifted_f_ + lanes),
          evaluator_{&objective, choose_isa(options.isa), false, scratch_.data(), {}},
          wrong_(d_, false) {
        check_.points = options.points;
        check_.tolerance = options.tolerance;
    }

    GradientCheck run() {
        for (std::size_t first = 0; first < options_->points; first += lanes) check_points(first);
        for (std::size_t j = 0; j < d_; ++j) {
            if (wrong_[j]) check_.wrong.push_back(j);
        }
        check_.passed = check_.wrong.empty() && check_.points_not_finite < check_.points;
        return check_;
    }

  private:
    using Lanes = std::array<double, lanes>;
    double width(std::size_t j) const { return box_->upper()[j] - box_->lower()[j]; }

    void check_points(std::size_t first) {
        points_ = std::min(lanes, options_->points - first);
        place_points(first);
        evaluator_(lanes, d_, x_, f_, g_);
        for (std::size_t lane = 0; lane < points_; ++lane)
            check_.points_not_finite += std::isfinite(f_[lane]) ? 0 : 1;
        unsettled_.fill(false);
        for (std::size_t j = 0; j < d_; ++j) {
            if (width(j) > 0) check_variable(j);
        }
        check_.points_unsettled += static_cast<std::size_t>(std::ranges::count(unsettled_, true));
    }

    /// The lanes behind the last point are copies of it.
    void place_points(std::size_t first) {
        const UniformPoints points(options_->seed);
        std::vector<double> unit(d_);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            points.point(first + std::min(lane, points_ - 1), unit);
            for (std::size_t j = 0; j < d_; ++j)
                x_[j * lanes + lane] = box_->lower()[j] + (margin + (1 - 2 * margin) * unit[j]) * width(j);
        }
    }

    void check_variable(std::size_t j) {
        const double* g = g_ + j * lanes;
        const Lanes noise = measure_noise(j);
        std::vector<Extrapolation> slopes(g, g + lanes);
        std::array<bool, lanes> agreed{};
        for (std::size_t lane = 0; lane < lanes; ++lane)
            agreed[lane] = lane >= points_ || !std::isfinite(f_[lane]);
        double h = first_step * width(j);
        for (int k = 0; k <= halvings && std::ranges::count(agreed, false) != 0; ++k, h /= 2) {
            const Pair pair = evaluate_pair(j, h);
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                if (agreed[lane]) continue;
                const double rounding = std::numeric_limits<double>::epsilon() *
                                        std::max(std::abs(pair.f_up[lane]), std::abs(pair.f_down[lane]));
                slopes[lane].add((pair.f_up[lane] - pair.f_down[lane]) / pair.distance[lane],
                                 std::max(noise[lane], rounding) / h);
                agreed[lane] = slopes[lane].latest().agrees(options_->tolerance);
                if (agreed[lane]) note(j, lane, slopes[lane].latest());
            }
        }
        for (std::size_t lane = 0; lane < points_; ++lane) {
            if (!agreed[lane]) note(j, lane, slopes[lane].verdict());
        }
    }

    struct Pair {
        Lanes f_up, f_down, distance;
    };

    /// Values at x_j + h and x_j - h.
    Pair evaluate_pair(std::size_t j, double h) {
        Pair pair{};
        Lanes x{};
        double* row = x_ + j * lanes;
        std::copy_n(row, lanes, x.begin());
        for (std::size_t lane = 0; lane < lanes; ++lane) row[lane] = x[lane] + h;
        evaluator_(lanes, d_, x_, shifted_f_, shifted_g_);
        std::copy_n(shifted_f_, lanes, pair.f_up.begin());
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            pair.distance[lane] = row[lane] - (x[lane] - h);
            row[lane] = x[lane] - h;
        }
        evaluator_(lanes, d_, x_, shifted_f_, shifted_g_);
        std::copy_n(shifted_f_, lanes, pair.f_down.begin());
        std::ranges::copy(x, row);
        return pair;
    }

    Lanes measure_noise(std::size_t j) {
        std::array<Noise, lanes> noise{};
        for (const double step : noise_steps) {
            if (std::ranges::all_of(noise, &Noise::known)) break;
            const Pair pair = evaluate_pair(j, step * width(j));
            for (std::size_t lane = 0; lane < lanes; ++lane)
                noise[lane].add(pair.f_up[lane] - f_[lane], pair.f_down[lane] - f_[lane]);
        }
        Lanes size{};
        std::ranges::transform(noise, size.begin(), &Noise::size);
        return size;
    }

    void note(std::size_t j, std::size_t lane, const Comparison& comparison) {
        const double error = comparison.relative_error();
        if (error > options_->tolerance) {
            wrong_[j] = true;
        } else if (!comparison.settled(options_->tolerance)) {
            unsettled_[lane] = true;
        }
        if (check_.worst && error <= check_.worst->relative_error) return;
        std::vector<double> x(d_);
        for (std::size_t i = 0; i < d_; ++i) x[i] = x_[i * lanes + lane];
        check_.worst = {.coordinate = j,
                        .name = box_->coordinate_name(j),
                        .x = std::move(x),
                        .gradient = comparison.gradient,
                        .difference = comparison.difference,
                        .difference_error = comparison.difference_error,
                        .relative_error = error};
    }

    const Box* box_;
    const GradientCheckOptions* options_;
    std::size_t d_;
    AlignedArray<double> rows_, scratch_;
    double *x_, *f_, *g_;  ///< of the points
    double *shifted_f_, *shifted_g_;
    Evaluator<double> evaluator_;
    std::size_t points_ = 0;  ///< of this block
    std::array<bool, lanes> unsettled_{};
    std::vector<bool> wrong_;
    GradientCheck check_{};
};

}  // namespace

GradientCheck check_gradient(const Objective& objective, const Box& box,
                             const GradientCheckOptions& options) {
    if (objective.dimension() != box.dimension())
        throw std::invalid_argument(fmt::format("the objective has {} variables, the box {}",
                                                objective.dimension(), box.dimension()));
    if (options.points < 1 || options.points > most_points)
        throw std::invalid_argument(
            fmt::format("gradient check: points {}: must be 1 to {}", options.points, most_points));
    if (!(options.tolerance > 0 && options.tolerance < 1))
        throw std::invalid_argument(
            fmt::format("gradient check: tolerance {}: must be above 0 and below 1", options.tolerance));
    return Check(objective, box, options).run();
}

}  // namespace lanewise
