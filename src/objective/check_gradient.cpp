#include "lanewise/check_gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "aligned.hpp"
#include "finite_box.hpp"
#include "lanewise/own_kernels.hpp"
#include "random.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_points = 1'000'000;
constexpr std::size_t lanes = kernels::lane_group;
constexpr double margin = 0x1p-4;
/// No neat fraction: the steps are then no multiples of a period that the box was cut to.
constexpr double first_step = 0.0611;
/// The last step is 2^-52 of the width.
constexpr std::size_t halvings = 48;
/// Differences in an extrapolation whose last two changes are known.
constexpr std::size_t window = 5;
/// Smaller steps that there must be before a window is believed against a gradient.
constexpr std::size_t smaller_steps = 4;
/// A stretch without any change counts as flat if it is longer than this step, else as coarse values.
constexpr std::size_t flat_step = 6;
constexpr double safety = 10;
/// What rounding in an objective may add up to, in roundings of its value and of x.
constexpr double most_roundings = 8;
/// Products in a derivative may underflow where a value is smaller than this part of other values.
constexpr double underflow = 0x1p-511;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A component of a gradient and what differences of the value say it is.
struct Comparison {
    double gradient, difference, difference_error;

    double size() const { return std::max(std::abs(gradient), std::abs(difference)); }
    /// 0 where the difference's own error explains it.
    double relative_error() const {
        if (!std::isfinite(difference_error)) return 0;
        if (!std::isfinite(gradient)) return infinity;
        const double beyond = std::abs(gradient - difference) - difference_error;
        return beyond > 0 ? beyond / size() : 0;
    }
};

/// One lane's component of the gradient against central differences with ever smaller steps.
class Differences {
  public:
    Differences(double value, double gradient, double tolerance)
        : value_(value), gradient_(gradient), tolerance_(tolerance) {}

    /// Takes what is a step up and a step down, half the step of those before.
    void add(double step, double distance, double up, double down, double gradient_up, double gradient_down) {
        const double difference = (up - down) / distance;
        const double fourth = (4 * difference - difference_) / 3;
        const double sixth = (16 * fourth - fourth_) / 15;
        const double change = std::abs(sixth - sixth_);
        const double size = std::max(std::abs(up), std::abs(down));
        if (std::isfinite(size)) largest_ = std::max(largest_, size);
        const double rounding =
            std::max({std::numeric_limits<double>::denorm_min(),
                      std::numeric_limits<double>::epsilon() * size, underflow * largest_});
        if (up != down) quantum_ = steps_ < flat_step ? 0 : std::abs(up - down);
        const double most = std::max(std::abs(up - value_), std::abs(down - value_));
        if (most > most_roundings * rounding)
            steepest_ = std::max(std::isinf(steepest_) ? 0 : steepest_, most / step);
        history_[steps_++] = {
            step,
            difference,
            sixth,
            change + change_,
            rounding,
            up == down ? std::max(rounding, quantum_) : rounding,
            std::max(std::abs(gradient_up - gradient_), std::abs(gradient_down - gradient_))};
        difference_ = difference;
        fourth_ = fourth;
        sixth_ = sixth;
        change_ = change;
    }

    /// The last window, if it has settled to the tolerance and finds the gradient right.
    std::optional<Comparison> agreement() const {
        if (steps_ == 0) return {};
        const Comparison last = compare(steps_ - 1, 0);
        // A slope of 0 is told from the noise by the slopes that larger steps saw.
        const double scale = gradient_ == last.difference ? std::max(last.size(), steepest_) : last.size();
        const bool agrees =
            last.difference_error <= tolerance_ * scale && last.relative_error() <= tolerance_;
        return agrees ? std::optional(last) : std::nullopt;
    }

    /// The window with the least error of those that find the gradient wrong, and no reason to doubt it.
    std::optional<Comparison> contradiction() const {
        std::optional<Comparison> best;
        for (std::size_t k = window - 1; k + smaller_steps < steps_; ++k) {
            const double noise = scatter_below(k);
            const Comparison comparison = compare(k, noise);
            if (!(comparison.relative_error() > tolerance_)) continue;
            if (best && best->difference_error <= comparison.difference_error) continue;
            // A gradient that is no number is wrong wherever there is a difference.
            if (std::isnan(gradient_) ||
                !(may_be_coarse(comparison) || supported_below(k) || turns_below(k) || is_lost_in(noise, k)))
                best = comparison;
        }
        return best;
    }

  private:
    struct Step {
        double size, difference;
        double extrapolated;  ///< NaN, as its changes are, until there are enough steps
        double changes;       ///< of it, over the last two halvings
        double rounding;      ///< of the values
        double coarseness;    ///< of the values, at least
        double turn;          ///< of the gradient
    };

    Comparison compare(std::size_t k, double noise) const {
        const Step& step = history_[k];
        return {gradient_, step.extrapolated,
                safety * (step.changes + std::max(step.coarseness, noise) / step.size)};
    }

    /// How far the values with smaller steps are from the slope that step k sees.
    double scatter_below(std::size_t k) const {
        double most = 0;
        for (std::size_t m = k + 1; m < steps_; ++m)
            most = std::max(most,
                            std::abs(history_[m].extrapolated - history_[k].extrapolated) * history_[m].size);
        return most;
    }

    /// Whether no slope is seen but was with larger steps, or there is no value but 0: coarse values leave
    /// flat stretches of a slope.
    bool may_be_coarse(const Comparison& comparison) const {
        return std::abs(comparison.difference) <= comparison.difference_error &&
               (!std::isinf(steepest_) || largest_ == 0);
    }

    /// Whether two smaller steps in a row, large enough for rounding, are for the gradient and against step
    /// k: they see what it passed over.
    bool supported_below(std::size_t k) const {
        const double distance = std::abs(history_[k].extrapolated - gradient_);
        const auto supports = [&](const Step& step) {
            return distance * step.size > step.rounding &&
                   (step.difference == gradient_ || std::abs(step.difference - gradient_) < 0.5 * distance);
        };
        for (std::size_t m = k + 2; m < steps_; ++m) {
            if (supports(history_[m - 1]) && supports(history_[m])) return true;
        }
        return false;
    }

    /// Whether the gradient itself changes over smaller steps, by as much as it is off: then it follows
    /// something too fine for step k, be it lower than the rounding of the values.
    bool turns_below(std::size_t k) const {
        const double distance = std::abs(history_[k].extrapolated - gradient_);
        for (std::size_t m = k; m < steps_; ++m) {
            if (history_[m].turn > 0.5 * distance) return true;
        }
        return false;
    }

    /// Whether the values scatter around step k by more than rounding explains, and the gradient means that
    /// they should over the smallest step too: then both may follow something finer than that.
    bool is_lost_in(double noise, std::size_t k) const {
        const Step& last = history_[steps_ - 1];
        const double slope = std::abs(history_[k].extrapolated);
        return std::min(noise, std::abs(history_[k].extrapolated - gradient_) * last.size) >
               most_roundings * (last.rounding + slope * last.size);
    }

    double value_, gradient_, tolerance_;
    double difference_ = nan, fourth_ = nan, sixth_ = nan, change_ = nan;
    double quantum_ = 0;          ///< the last change before a short stretch without any
    double steepest_ = infinity;  ///< of the differences, once one is more than rounding
    double largest_ = 0;          ///< of the values
    std::size_t steps_ = 0;
    std::array<Step, halvings + 1> history_{};
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
          objective_(&objective),
          own_kernels_(options.compile ? own_kernels(objective) : nullptr),
          isa_(choose_isa(options.isa)),
          verdicts_(d_, Verdict::none) {
        check_.points = options.points;
        check_.tolerance = options.tolerance;
    }

    GradientCheck run() {
        for (std::size_t first = 0; first < options_->points; first += lanes) check_points(first);
        for (std::size_t j = 0; j < d_; ++j) {
            if (verdicts_[j] == Verdict::wrong) check_.wrong.push_back(j);
            if (verdicts_[j] == Verdict::cannot_tell) check_.unsettled.push_back(j);
        }
        check_.passed = check_.wrong.empty() && check_.points_not_finite < check_.points;
        return check_;
    }

  private:
    using Lanes = std::array<double, lanes>;
    /// On a variable. The largest over the points is what is said of it.
    enum class Verdict { none, cannot_tell, agrees, wrong };

    double width(std::size_t j) const { return box_->upper()[j] - box_->lower()[j]; }

    /// Value and gradient of what stands in the x rows.
    void evaluate(double* f, double* g) {
        if (own_kernels_ != nullptr) own_kernels_->compile_for(lanes, isa_, Precision::f64);
        objective_->evaluate({lanes, d_, x_, f, g, scratch_.data(), isa_});
    }

    void check_points(std::size_t first) {
        points_ = std::min(lanes, options_->points - first);
        place_points(first);
        evaluate(f_, g_);
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
        std::vector<Differences> differences;
        differences.reserve(lanes);
        std::array<bool, lanes> done{};
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            differences.emplace_back(f_[lane], g[lane], options_->tolerance);
            done[lane] = lane >= points_ || !std::isfinite(f_[lane]);
        }
        double h = first_step * width(j);
        for (std::size_t k = 0; k <= halvings && std::ranges::count(done, false) != 0; ++k, h /= 2) {
            const Pairs pairs = evaluate_pairs(j, h);
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                if (done[lane] || h < spacing(x_[j * lanes + lane])) continue;
                differences[lane].add(pairs.step[lane], pairs.distance[lane], pairs.f_up[lane],
                                      pairs.f_down[lane], pairs.g_up[lane], pairs.g_down[lane]);
                if (const auto agreement = differences[lane].agreement()) {
                    done[lane] = true;
                    note(j, lane, Verdict::agrees, *agreement);
                }
            }
        }
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            if (done[lane]) continue;
            if (const auto contradiction = differences[lane].contradiction()) {
                note(j, lane, Verdict::wrong, *contradiction);
            } else {
                verdicts_[j] = std::max(verdicts_[j], Verdict::cannot_tell);
                unsettled_[lane] = true;
            }
        }
    }

    static double spacing(double x) { return std::nextafter(std::abs(x), infinity) - std::abs(x); }

    struct Pairs {
        Lanes f_up, f_down, g_up, g_down, step, distance;
    };

    /// Values at x_j + h and x_j - h, where h is rounded to the digits of x_j: both are as far away.
    Pairs evaluate_pairs(std::size_t j, double h) {
        Pairs pairs{};
        Lanes x{};
        double* row = x_ + j * lanes;
        std::copy_n(row, lanes, x.begin());
        for (std::size_t lane = 0; lane < lanes; ++lane) row[lane] = x[lane] + h;
        evaluate(shifted_f_, shifted_g_);
        std::copy_n(shifted_f_, lanes, pairs.f_up.begin());
        std::copy_n(shifted_g_ + j * lanes, lanes, pairs.g_up.begin());
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            pairs.step[lane] = row[lane] - x[lane];
            const double down = x[lane] - pairs.step[lane];
            pairs.distance[lane] = row[lane] - down;
            row[lane] = down;
        }
        evaluate(shifted_f_, shifted_g_);
        std::copy_n(shifted_f_, lanes, pairs.f_down.begin());
        std::copy_n(shifted_g_ + j * lanes, lanes, pairs.g_down.begin());
        std::ranges::copy(x, row);
        return pairs;
    }

    void note(std::size_t j, std::size_t lane, Verdict verdict, const Comparison& comparison) {
        verdicts_[j] = std::max(verdicts_[j], verdict);
        const double error = comparison.relative_error();
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
    const Objective* objective_;
    const OwnKernels* own_kernels_;  ///< null: none, or they are not to be made
    Isa isa_;
    std::size_t points_ = 0;  ///< of this block
    std::array<bool, lanes> unsettled_{};
    std::vector<Verdict> verdicts_;  ///< [d]
    GradientCheck check_{};
};

}  // namespace

GradientCheck check_gradient(const Objective& objective, const Box& box,
                             const GradientCheckOptions& options) {
    if (objective.dimension() != box.dimension())
        throw std::invalid_argument(fmt::format("the objective has {} variables, the box {}",
                                                objective.dimension(), box.dimension()));
    check_finite(box);
    if (options.points < 1 || options.points > most_points)
        throw std::invalid_argument(
            fmt::format("gradient check: points {}: must be 1 to {}", options.points, most_points));
    if (!(options.tolerance > 0 && options.tolerance < 1))
        throw std::invalid_argument(
            fmt::format("gradient check: tolerance {}: must be above 0 and below 1", options.tolerance));
    return Check(objective, box, options).run();
}

}  // namespace lanewise
