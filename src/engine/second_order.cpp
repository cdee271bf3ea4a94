#include "second_order.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "inside.hpp"
#include "power_of_two.hpp"

namespace lanewise {

namespace {

constexpr std::size_t lanes = kernels::lane_group;
constexpr double nowhere = std::numeric_limits<double>::infinity();
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr int most_rounds = 200;
/// Whole steps in a row that lead no lower: in a bent valley the one after leads back to its floor, further
/// on (the watchdog of Chamberlain, Powell, Lemarechal & Pedersen 1982).
constexpr int most_adrift = 3;
/// Whole steps that make the slope smaller and leave the value.
constexpr int most_flatter = 3;
/// Rounds in a row that gain next to nothing, on the floor of a valley that bends: no round will see its end.
constexpr int most_crawled = 16;

// Damping of a step, in units of the second derivatives on the diagonal.
constexpr std::array damping = {1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0};
// Lengths of steps along a direction that curves down, in units of the box.
constexpr std::array lengths = {1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5};

// Differences of gradients are taken over this part of |x|, or where that is little, of a part of the width,
// which is made so many times shorter where the gradient bends on the way.
constexpr double difference = 6e-6;
constexpr double least_of_width = 0.01;
constexpr double shorter = 1.0 / 32;
constexpr int most_shorter = 5;
/// The gradient bends where its changes on both sides differ by more than this part of them, and by more than
/// rounding in the function may make of them.
constexpr double bend = 0.25;
constexpr double noise = 0x1p-44;

// A minimum is no higher than what is this far beside it in any variable, in widths and in units of x.
constexpr double feeler_of_width = 1e-7;
constexpr double feeler_of_x = 1e-6;

/// So many evaluations are enough for a round in n variables.
std::size_t evaluations_of_round(std::size_t n) {
    return 2 * n * (most_shorter + 1) + 2 + damping.size() + 2 * lengths.size() + 4 * n;
}

}  // namespace

/// A point with the second derivatives there, in the variables that no wall holds, each in a unit in which
/// the second derivative along it is 1. Powers of two are taken out of values and variables before, so that
/// neither changes anything.
class SecondOrder::Model {
  public:
    Model(const SearchBox& box, std::span<const double> x, double f, std::span<const double> g)
        : box_(&box), x_(x.begin(), x.end()), f_(f), g_(g.begin(), g.end()) {
        for (std::size_t j = 0; j < x_.size(); ++j) {
            const double lower = box.lower()[j];
            const double upper = box.upper()[j];
            const bool held =
                lower == upper || (x_[j] == lower && g_[j] > 0) || (x_[j] == upper && g_[j] < 0);
            if (!held) moving_.push_back(j);
        }
        for (const std::size_t j : moving_) {
            scale_.push_back(power_of_two(width(j)));
            reach_.push_back(difference * std::clamp(std::abs(x_[j]), least_of_width * width(j), width(j)));
        }
        const auto n = static_cast<Eigen::Index>(moving_.size());
        curvature_.resize(n, n);
    }

    double f() const { return f_; }
    const std::vector<double>& x() const { return x_; }
    const std::vector<std::size_t>& moving() const { return moving_; }

    /// The two points from whose gradients the second derivatives along a moving variable are taken.
    std::array<double, 2> beside(std::size_t i) const {
        const std::size_t j = moving_[i];
        return {std::min(x_[j] + reach_[i], box_->upper()[j]), std::max(x_[j] - reach_[i], box_->lower()[j])};
    }

    /// Takes the second derivatives along a moving variable from the gradients at those points; `trial` is
    /// that of the first. False where the gradient bends on the way: then the points move closer.
    bool learn_curvature(std::size_t i, const Trials& trials, std::size_t trial) {
        const std::size_t j = moving_[i];
        const double above = trials.x(trial)[j];
        const double below = trials.x(trial + 1)[j];
        const std::span<const double> g_above = trials.g(trial);
        const std::span<const double> g_below = trials.g(trial + 1);
        for (std::size_t k = 0; k < moving_.size(); ++k) {
            const std::size_t along = moving_[k];
            curvature_(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
                (g_above[along] - g_below[along]) / (above - below);
        }
        const double ahead = g_above[j] - g_[j];
        const double behind = g_[j] - g_below[j];
        // Beside a wall the way to it may be the shorter one, and tells nothing beside the other.
        const bool has_both = above - x_[j] <= 2 * (x_[j] - below) && x_[j] - below <= 2 * (above - x_[j]);
        const double most = bend * (std::abs(ahead) + std::abs(behind)) + noise * std::abs(f_) / reach_[i];
        const bool is_straight = std::abs(ahead - behind) <= most || !has_both;
        const bool has_values = std::isfinite(trials.f(trial)) && std::isfinite(trials.f(trial + 1));
        const bool is_shortest = reach_[i] <= difference * std::abs(x_[j]) || shortened_ >= most_shorter;
        if (is_straight && has_values) return true;
        if (is_shortest) {
            is_rough_ = true;
            return true;
        }
        reach_[i] = std::max(reach_[i] * shorter, difference * std::abs(x_[j]));
        return false;
    }
    void count_shorter() { ++shortened_; }
    /// The gradient bends however short the way is, or there are no values on it.
    bool is_rough() const { return is_rough_; }

    /// Makes one whole of the second derivatives. False where they are not finite or all 0.
    bool set_curvature() {
        const auto n = static_cast<Eigen::Index>(moving_.size());
        for (Eigen::Index i = 0; i < n; ++i) {
            for (Eigen::Index k = 0; k < n; ++k)
                curvature_(i, k) *= scale_[static_cast<std::size_t>(i)] * scale_[static_cast<std::size_t>(k)];
        }
        curvature_ = ((curvature_ + curvature_.transpose()) / 2).eval();
        if (!curvature_.allFinite() || curvature_.isZero(0)) return false;
        f_scale_ = power_of_two(curvature_.cwiseAbs().maxCoeff());
        curvature_ /= f_scale_;
        unit_.resize(n);
        for (Eigen::Index i = 0; i < n; ++i) {
            const double of_variable = std::sqrt(std::abs(curvature_(i, i)));
            unit_(i) = of_variable > 0 ? 1 / of_variable : width(variable(i)) / scale(i);
        }
        scaled_ = unit_.asDiagonal() * curvature_ * unit_.asDiagonal();
        if (!scaled_.allFinite()) return false;
        is_curved_up_ = factorise(0);
        return true;
    }
    bool is_curved_up() const { return is_curved_up_; }

    /// The slope is no larger than what rounding in x and in the function may make of it.
    bool is_rounded() const {
        constexpr double roundings = 16;
        for (Eigen::Index i = 0; i < curvature_.rows(); ++i) {
            double rounding = 0;
            for (Eigen::Index k = 0; k < curvature_.cols(); ++k)
                rounding += std::abs(curvature_(i, k) * (x_[variable(k)] / scale(k)));
            if (std::abs(slope(i)) > roundings * epsilon * rounding) return false;
        }
        return true;
    }

    /// Writes where the step by the last factorisation leads, and returns what the value should fall by;
    /// infinite where that is not finite.
    double step(std::span<double> x) const {
        const Eigen::VectorXd scaled = scaled_gradient();
        const Eigen::VectorXd step = factor_.solve(scaled);
        if (!step.allFinite()) return nowhere;
        for (Eigen::Index i = 0; i < step.size(); ++i) {
            const std::size_t j = variable(i);
            x[j] = in_box(j, x_[j] - step(i) * unit_(i) * scale(i));
        }
        return scaled.dot(step) / 2 * f_scale_;
    }

    /// Factorises the second derivatives with so much on the diagonal; false where they are not positive.
    bool factorise(double damping) {
        Eigen::MatrixXd damped = scaled_;
        damped.diagonal().array() += damping;
        factor_.compute(damped);
        return factor_.info() == Eigen::Success;
    }

    /// The direction of the least curvature, in units of the box; empty where that is not downward beyond
    /// what differences of gradients can tell.
    std::vector<double> way_down() const {
        constexpr double least = 1e-8;
        const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled_);
        if (solver.info() != Eigen::Success || !(solver.eigenvalues()(0) < -least)) return {};
        std::vector<double> direction(moving_.size());
        double longest = 0;
        for (std::size_t i = 0; i < direction.size(); ++i) {
            const auto k = static_cast<Eigen::Index>(i);
            direction[i] = solver.eigenvectors()(k, 0) * unit_(k) * scale(k) / width(moving_[i]);
            longest = std::max(longest, std::abs(direction[i]));
        }
        if (!(longest > 0) || !std::isfinite(longest)) return {};
        for (double& component : direction) component /= longest;
        return direction;
    }

    /// By how much the differences had to become shorter, at most.
    double shortening() const {
        double least = 1;
        for (std::size_t i = 0; i < moving_.size(); ++i)
            least = std::min(least, reach_[i] / (difference * std::max(std::abs(x_[moving_[i]]),
                                                                       least_of_width * width(moving_[i]))));
        return least;
    }

    /// The second derivative along a moving variable, in units of the function and of the variable.
    double curvature_along(std::size_t i) const {
        const auto k = static_cast<Eigen::Index>(i);
        return curvature_(k, k) / scale_[i] * f_scale_ / scale_[i];
    }

    /// How far a feeler goes along a moving variable.
    std::array<double, 2> feelers(std::size_t i) const {
        const std::size_t j = moving_[i];
        return {feeler_of_width * width(j), feeler_of_x * std::abs(x_[j])};
    }
    bool is_in_corner() const {
        return std::ranges::count_if(moving_, [&](std::size_t j) { return is_at_wall(j); }) > 1;
    }
    void leave_walls(std::span<double> x) const {
        for (const std::size_t j : moving_) {
            if (!is_at_wall(j)) continue;
            const double way = feeler_of_width * width(j);
            x[j] = in_box(j, x_[j] == box_->lower()[j] ? x_[j] + way : x_[j] - way);
        }
    }
    double beside(std::size_t i, double way) const { return in_box(moving_[i], x_[moving_[i]] + way); }

    void go_along(std::span<const double> direction, double length, std::span<double> x) const {
        for (std::size_t i = 0; i < moving_.size(); ++i) {
            const std::size_t j = moving_[i];
            x[j] = in_box(j, x_[j] + length * direction[i] * width(j));
        }
    }

    /// As low, with a smaller slope, each variable in the unit that it has here.
    bool is_flatter(const Model& there) const {
        if (there.f_ != f_) return false;
        double steepest = 0;
        double steepest_there = 0;
        for (Eigen::Index i = 0; i < unit_.size(); ++i) {
            const double in_units = unit_(i) * scale(i);
            steepest = std::max(steepest, std::abs(g_[variable(i)] * in_units));
            steepest_there = std::max(steepest_there, std::abs(there.g_[variable(i)] * in_units));
        }
        return steepest_there < steepest;
    }

  private:
    std::size_t variable(Eigen::Index i) const { return moving_[static_cast<std::size_t>(i)]; }
    Eigen::VectorXd scaled_gradient() const {
        Eigen::VectorXd scaled(unit_.size());
        for (Eigen::Index i = 0; i < scaled.size(); ++i) scaled(i) = slope(i) * unit_(i);
        return scaled;
    }
    double scale(Eigen::Index i) const { return scale_[static_cast<std::size_t>(i)]; }
    /// Along a moving variable, without the powers of two.
    double slope(Eigen::Index i) const { return g_[variable(i)] * scale(i) / f_scale_; }
    bool is_at_wall(std::size_t j) const { return x_[j] == box_->lower()[j] || x_[j] == box_->upper()[j]; }
    double width(std::size_t j) const { return box_->width_at(j, x_[j]); }
    double in_box(std::size_t j, double x) const { return inside(x, box_->lower()[j], box_->upper()[j]); }

    const SearchBox* box_;
    std::vector<double> x_;
    double f_;
    std::vector<double> g_;
    std::vector<std::size_t> moving_;
    // [moving variable]
    std::vector<double> scale_;  ///< the power of two that is taken out
    std::vector<double> reach_;  ///< of the differences
    int shortened_ = 0;          ///< so often
    bool is_rough_ = false;
    double f_scale_ = 1;  ///< the power of two that is taken out of values
    Eigen::MatrixXd curvature_, scaled_;
    Eigen::VectorXd unit_;
    Eigen::LLT<Eigen::MatrixXd> factor_{Eigen::MatrixXd::Identity(1, 1)};  // Eigen leaves its state undefined
    bool is_curved_up_ = false;
};

/// A descent goes from model to model; it may be adrift, at a point that is not its best.
struct SecondOrder::Descent {
    enum class Next : std::uint8_t { whole_step, other_steps, feel, next_round };

    bool is_over() const { return end.has_value(); }
    /// No step leads lower: what is beside it in each variable is looked at yet.
    void come_to_rest() { next = Next::feel; }
    const Model& best() const { return before_drift ? *before_drift : *here; }
    void move(Model model) {
        here = std::move(model);
        before_drift.reset();
        adrift = 0;
        next = Next::next_round;
    }
    /// What was gained is no more than rounding makes of a value.
    static bool is_small(double gain, double f) { return !(gain > 4 * epsilon * std::abs(f)); }
    void count_crawling(double f_before) {
        constexpr double little = 0x1p-36;
        crawled = f_before - best().f() <= little * std::abs(f_before) ? crawled + 1 : 0;
        if (!is_over() && crawled == most_crawled) end = SecondOrderPoint::End::out_of_work;
    }

    std::uint64_t evaluations;  ///< left
    std::optional<Model> here = {};
    std::optional<Model> before_drift = {};
    int adrift = 0;
    int flatter = 0;
    int crawled = 0;
    Next next = Next::whole_step;
    double promise = 0;  ///< of the whole step
    bool is_saddle = false;
    std::optional<SecondOrderPoint::End> end = {};
    std::vector<std::size_t> unknown = {};  ///< moving variables whose second derivatives are
    // As of the last second derivatives:
    std::vector<double> curvature = {};  ///< [d] along each variable
    bool is_rough = false;
    // Of the trials.
    std::size_t first = 0;
    std::size_t count = 0;
};

SecondOrder::SecondOrder(const Setup& setup, Halt& halt)
    : setup_(&setup), halt_(&halt), trials_(setup, halt) {}

std::span<double> SecondOrder::add_trial(Descent& of, std::span<const double> x) {
    if (of.count++ == 0) of.first = trials_.count();
    of.evaluations -= std::min<std::uint64_t>(of.evaluations, 1);
    return trials_.add(x);
}

SecondOrder::Model SecondOrder::model_at(std::size_t trial) const {
    return {*setup_->box, trials_.x(trial), trials_.f(trial), trials_.g(trial)};
}

void SecondOrder::refine(std::span<SecondOrderPoint> points) {
    // In many variables the trials of one point fill the lanes.
    const bool is_for_the_caller = setup_->objective->calls() == Calls::from_the_caller;
    const std::size_t group = is_for_the_caller
                                  ? points.size()
                                  : std::clamp<std::size_t>(2 * lanes / setup_->box->dimension(), 1, lanes);
    for (std::size_t first = 0; first < points.size() && !halt_->requested(); first += group)
        refine_group(points.subspan(first, std::min(group, points.size() - first)));
}

void SecondOrder::refine_group(std::span<SecondOrderPoint> points) {
    std::vector<Descent> descents;
    trials_.clear();
    for (const SecondOrderPoint& point : points) {
        descents.push_back({.evaluations = point.evaluations});
        add_trial(descents.back(), point.x);
    }
    trials_.evaluate();
    for (Descent& descent : descents) descent.move(model_at(descent.first));
    std::vector<double> f_before(descents.size());
    for (int round = 0; round < most_rounds; ++round) {
        if (halt_->requested() || std::ranges::all_of(descents, &Descent::is_over)) break;
        for (std::size_t i = 0; i < descents.size(); ++i) f_before[i] = descents[i].best().f();
        take_curvature(descents);
        take_whole_steps(descents);
        take_other_steps(descents);
        feel(descents);
        for (std::size_t i = 0; i < descents.size(); ++i) descents[i].count_crawling(f_before[i]);
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Model& best = descents[i].best();
        points[i] = {.x = best.x(),
                     .f = best.f(),
                     .evaluations = descents[i].evaluations,
                     .end = descents[i].end.value_or(SecondOrderPoint::End::out_of_work)};
    }
}

void SecondOrder::take_curvature(std::vector<Descent>& descents) {
    trials_.clear();
    for (Descent& descent : descents) {
        descent.count = 0;
        if (descent.is_over()) continue;
        const Model& here = *descent.here;
        const std::size_t n = here.moving().size();
        if (descent.evaluations < evaluations_of_round(n)) {
            descent.end = SecondOrderPoint::End::out_of_work;
        } else if (n == 0 || n > most_variables) {
            descent.end = SecondOrderPoint::End::minimum;
        } else {
            descent.unknown.resize(n);
            std::iota(descent.unknown.begin(), descent.unknown.end(), std::size_t{0});
        }
    }
    while (std::ranges::any_of(descents, [](const Descent& descent) { return !descent.unknown.empty(); }))
        learn_curvature(descents);
    for (Descent& descent : descents) {
        if (descent.is_over()) continue;
        const bool is_known = descent.here->set_curvature();
        descent.is_rough = descent.here->is_rough();
        descent.curvature.assign(descent.here->x().size(), 0);
        for (std::size_t i = 0; i < descent.here->moving().size() && is_known; ++i)
            descent.curvature[descent.here->moving()[i]] = descent.here->curvature_along(i);
        // Adrift, the function may curve down: the least damped step leads on then.
        if (is_known && (descent.here->is_curved_up() ||
                         (descent.adrift > 0 && std::ranges::any_of(damping, [&](double by) {
                              return descent.here->factorise(by);
                          })))) {
            descent.next = Descent::Next::whole_step;
        } else if (is_known || descent.adrift > 0) {
            descent.next = Descent::Next::other_steps;
        } else {
            descent.come_to_rest();
        }
    }
}

/// Of the variables along which the second derivatives are not known.
void SecondOrder::learn_curvature(std::vector<Descent>& descents) {
    trials_.clear();
    for (Descent& descent : descents) {
        descent.count = 0;
        for (const std::size_t i : descent.unknown) {
            const Model& here = *descent.here;
            for (const double x : here.beside(i)) add_trial(descent, here.x())[here.moving()[i]] = x;
        }
    }
    trials_.evaluate();
    for (Descent& descent : descents) {
        std::size_t trial = descent.first;
        std::erase_if(descent.unknown, [&](std::size_t i) {
            trial += 2;
            return descent.here->learn_curvature(i, trials_, trial - 2);
        });
        if (!descent.unknown.empty()) descent.here->count_shorter();
    }
}

void SecondOrder::take_whole_steps(std::vector<Descent>& descents) {
    trials_.clear();
    for (Descent& descent : descents) {
        descent.count = 0;
        if (descent.is_over() || descent.next != Descent::Next::whole_step) continue;
        descent.promise = descent.here->step(add_trial(descent, descent.here->x()));
    }
    trials_.evaluate();
    for (Descent& descent : descents) {
        if (descent.count > 0) after_whole_step(descent);
    }
}

void SecondOrder::after_whole_step(Descent& descent) const {
    Model there = model_at(descent.first);
    const Model& best = descent.best();
    const double gain = best.f() - there.f();
    const bool is_at_floor =
        descent.adrift == 0 && (Descent::is_small(descent.promise, best.f()) || best.is_rounded());
    if (gain > 0) {
        const bool is_last = is_at_floor || Descent::is_small(gain, there.f());
        descent.move(std::move(there));
        if (is_last) descent.come_to_rest();
    } else if (descent.adrift == 0 && best.is_flatter(there)) {
        descent.move(std::move(there));
        if (++descent.flatter == most_flatter) descent.come_to_rest();
    } else if (is_at_floor) {
        descent.come_to_rest();
    } else if (std::isfinite(there.f()) && descent.adrift < most_adrift) {
        if (descent.adrift++ == 0) descent.before_drift = std::move(descent.here);
        descent.here = std::move(there);
        descent.next = Descent::Next::next_round;
    } else {
        descent.next = Descent::Next::other_steps;
    }
}

/// From the best point: damped steps, and steps both ways along the direction that curves down most.
void SecondOrder::take_other_steps(std::vector<Descent>& descents) {
    trials_.clear();
    for (Descent& descent : descents) {
        descent.count = 0;
        if (descent.is_over() || descent.next != Descent::Next::other_steps) continue;
        if (descent.before_drift) descent.move(std::move(*std::exchange(descent.before_drift, std::nullopt)));
        Model& here = *descent.here;
        if (!here.is_curved_up()) {
            const std::vector<double> direction = here.way_down();
            descent.is_saddle = !direction.empty();
            for (std::size_t i = 0; i < lengths.size(); ++i) {
                // Every second one is for what is as small as the differences tell.
                const double length = lengths[i] * (i % 2 == 0 ? 1 : here.shortening());
                if (!descent.is_saddle) break;
                here.go_along(direction, length, add_trial(descent, here.x()));
                here.go_along(direction, -length, add_trial(descent, here.x()));
            }
        }
        for (const double by : damping) {
            if (here.factorise(by)) here.step(add_trial(descent, here.x()));
        }
        if (descent.count == 0) descent.come_to_rest();
    }
    trials_.evaluate();
    for (Descent& descent : descents) {
        if (descent.count > 0) after_other_steps(descent);
    }
}

void SecondOrder::after_other_steps(Descent& descent) const {
    const std::size_t lowest = trials_.lowest(descent.first, descent.count);
    const double gain = descent.here->f() - trials_.f(lowest);
    const bool is_last = Descent::is_small(gain, trials_.f(lowest));
    if (!is_last && descent.is_saddle) descent.end = SecondOrderPoint::End::way_down;
    if (gain > 0) descent.move(model_at(lowest));
    if (is_last) descent.come_to_rest();
    descent.is_saddle = false;
}

/// What is a little beside those that have come to rest.
void SecondOrder::feel(std::vector<Descent>& descents) {
    trials_.clear();
    for (Descent& descent : descents) {
        descent.count = 0;
        if (descent.is_over() || descent.next != Descent::Next::feel) continue;
        const Model& here = *descent.here;
        for (std::size_t i = 0; i < here.moving().size(); ++i) {
            for (const double way : here.feelers(i)) {
                add_trial(descent, here.x())[here.moving()[i]] = here.beside(i, way);
                add_trial(descent, here.x())[here.moving()[i]] = here.beside(i, -way);
            }
        }
        // In a corner where the slope is 0 the way down may be one of all walls together.
        if (here.is_in_corner()) here.leave_walls(add_trial(descent, here.x()));
    }
    trials_.evaluate();
    for (Descent& descent : descents) {
        if (descent.is_over() || descent.next != Descent::Next::feel) continue;
        const std::size_t lowest = descent.count == 0 ? 0 : trials_.lowest(descent.first, descent.count);
        if (descent.count == 0 ||
            Descent::is_small(descent.here->f() - trials_.f(lowest), trials_.f(lowest))) {
            descent.end = is_rough(descent) ? SecondOrderPoint::End::rough : SecondOrderPoint::End::minimum;
            continue;
        }
        descent.move(model_at(lowest));
        descent.end = SecondOrderPoint::End::beside;
    }
}

/// The gradient bends, or the feelers rise as they would not by the second derivatives: a gradient that jumps
/// to both sides seems to be straight.
bool SecondOrder::is_rough(const Descent& descent) const {
    constexpr double most_rise = 4;
    if (descent.is_rough) return true;
    const Model& here = *descent.here;
    std::size_t trial = descent.first;
    for (const std::size_t j : here.moving()) {
        for (std::size_t feeler = 0; feeler < 2; ++feeler, trial += 2) {
            const double up = trials_.x(trial)[j] - here.x()[j];
            const double down = trials_.x(trial + 1)[j] - here.x()[j];
            if (up != -down) continue;
            const double rise = (trials_.f(trial) + trials_.f(trial + 1)) / 2 - here.f();
            const double expected = std::abs(descent.curvature[j]) * up * up / 2;
            if (!(rise <= most_rise * expected + noise * std::abs(here.f()))) return true;
        }
    }
    return false;
}

}  // namespace lanewise
