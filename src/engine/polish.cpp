#include "polish.hpp"

#include <nlopt.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "aligned.hpp"
#include "evaluator.hpp"
#include "inside.hpp"

namespace lanewise {

namespace {

constexpr std::size_t lanes = kernels::lane_group;

/// L-BFGS for one point after another, each in units of the box around itself.
class Polisher {
  public:
    Polisher(const Setup& setup, std::uint64_t most_evaluations, Halt& halt)
        : box_(setup.box),
          halt_(&halt),
          rows_((2 * box_->dimension() + 1) * lanes),
          scratch_(setup.objective->scratch_rows() * lanes),
          evaluator_{setup.objective, setup.isa, scratch_.data(), &halt},
          sign_(setup.sign),
          target_(setup.target),
          left_(most_evaluations) {
        for (std::size_t j = 0; j < box_->dimension(); ++j) {
            if (box_->lower()[j] != box_->upper()[j]) free_.push_back(j);
        }
    }

    std::uint64_t evaluations() const { return evaluations_; }
    bool is_finished() const { return !is_over(); }
    bool is_starved() const { return left_ == 0 || skipped_curvature_; }
    double f() const { return best_f_; }
    std::vector<double> x() const { return best_; }

    /// Value at x.
    double from(std::span<const double> x) {
        best_.assign(x.begin(), x.end());
        point_ = best_;
        gradient_.resize(x.size());
        best_f_ = std::numeric_limits<double>::infinity();
        const double start_f = evaluate();
        if (!std::isfinite(start_f) || free_.empty()) return start_f;
        choose_unit();
        for (int escapes = 0; escapes < most_escapes; ++escapes) {
            descend();
            if (!leave_saddle()) break;
        }
        return start_f;
    }

  private:
    static constexpr int most_escapes = 5;
    static constexpr int most_rounds = 4;
    static constexpr int most_newton_steps = 3;
    /// Curvature is looked at in up to this many variables: it takes a gradient for each.
    static constexpr std::size_t most_curved = 256;

    /// Values and slopes are taken in units of 2^unit_exponent_, which is 1 but where they are so large that
    /// their products or differences would overflow.
    void choose_unit() {
        constexpr int largest = 500;
        int exponent = best_f_ == 0 ? 0 : std::ilogb(best_f_);
        for (const std::size_t j : free_) {
            if (best_gradient_[j] != 0)
                exponent = std::max(exponent, std::ilogb(best_gradient_[j]) + std::ilogb(width(j)));
        }
        unit_exponent_ = std::max(exponent - largest, 0);
    }
    double in_units(double value) const {
        return unit_exponent_ == 0 ? value : std::scalbn(value, -unit_exponent_);
    }

    /// The slope along variable j over the width of the box.
    double along(std::size_t j) const { return in_units(best_gradient_[j]) * width(j); }

    double in_box(std::size_t j, double x) const { return inside(x, box_->lower()[j], box_->upper()[j]); }

    bool is_over() const { return left_ == 0 || best_f_ <= target_ || halt_->requested(); }
    double width(std::size_t j) const { return box_->upper()[j] - box_->lower()[j]; }

    double* x_row(std::size_t j) const { return rows_.data() + (1 + j) * lanes; }
    double* g_row(std::size_t j) const { return rows_.data() + (1 + box_->dimension() + j) * lanes; }

    /// Values and gradients, of the minimisation, of what stands in the x rows.
    void evaluate_rows(std::size_t points) {
        evaluator_(lanes, box_->dimension(), x_row(0), rows_.data(), g_row(0));
        if (sign_ < 0) {
            std::transform(rows_.data(), rows_.data() + lanes, rows_.data(), std::negate());
            for (const std::size_t j : free_)
                std::transform(g_row(j), g_row(j) + lanes, g_row(j), std::negate());
        }
        const auto count = std::min<std::uint64_t>(points, left_);
        evaluations_ += count;
        left_ -= count;
    }

    /// Value at point_, and gradient_; keeps the best.
    double evaluate() {
        for (std::size_t j = 0; j < point_.size(); ++j) std::fill_n(x_row(j), lanes, point_[j]);
        evaluate_rows(1);
        const double f = rows_[0];
        bool finite = std::isfinite(f);
        for (const std::size_t j : free_) {
            gradient_[j] = g_row(j)[0];
            finite = finite && std::isfinite(gradient_[j]);
        }
        if (!finite) return std::numeric_limits<double>::infinity();
        if (f < best_f_) {
            best_f_ = f;
            best_ = point_;
            best_gradient_ = gradient_;
        }
        return f;
    }

    bool is_held(std::size_t j) const {
        return (best_[j] == box_->lower()[j] && best_gradient_[j] >= 0) ||
               (best_[j] == box_->upper()[j] && best_gradient_[j] <= 0);
    }

    /// The steepest way down inside the box, in units of its width.
    double slope() const {
        double steepest = 0;
        for (const std::size_t j : free_) {
            if (!is_held(j)) steepest = std::max(steepest, std::abs(along(j)));
        }
        return steepest;
    }

    double tolerance() const { return 1e-14 * std::max(1.0, std::abs(best_f_)); }

    /// The second derivative along the gradient, in units of the box. L-BFGS begins with a step as long as
    /// the gradient: of the value in units of this it leads to where the gradient would vanish along it. Not
    /// far: else it would leave the basin.
    double first_curvature() {
        constexpr double apart = 1e-6;
        constexpr double longest_step = 0.02;
        // Scaled against overflow.
        const double steepest = slope();
        double square = 0;
        for (const std::size_t j : free_) {
            const double share = is_held(j) ? 0 : along(j) / steepest;
            square += share * share;
        }
        const double length = steepest * std::sqrt(square);
        point_ = best_;
        for (const std::size_t j : free_) {
            if (is_held(j)) continue;
            point_[j] = in_box(j, best_[j] - apart * (along(j) / length) * width(j));
        }
        const std::vector<double> here = best_gradient_;
        const std::vector<double> from = best_;
        evaluate();
        double curvature = 0;
        for (const std::size_t j : free_)
            curvature +=
                (in_units(here[j]) - in_units(gradient_[j])) * (from[j] - point_[j]) / (apart * apart);
        return std::isfinite(curvature) ? std::max(curvature, length / longest_step) : length / longest_step;
    }

    /// NLopt's L-BFGS ends at a gradient of 1e-8: begun anew while that gains.
    void descend() {
        for (int round = 0; round < most_rounds && !is_over(); ++round) {
            const double before = best_f_;
            const double steepest = slope();
            if (steepest <= in_units(tolerance())) return;
            run_lbfgs();
            if (slope() > 0.5 * steepest && before - best_f_ <= tolerance()) return;
        }
    }

    void run_lbfgs() {
        scale_ = first_curvature();
        centre_ = best_;
        centre_f_ = best_f_;
        const std::size_t n = free_.size();
        std::vector<double> lower(n);
        std::vector<double> upper(n);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t j = free_[i];
            lower[i] = (box_->lower()[j] - centre_[j]) / width(j);
            upper[i] = (box_->upper()[j] - centre_[j]) / width(j);
        }
        lower_ = lower;
        upper_ = upper;
        const std::unique_ptr<nlopt_opt_s, void (*)(nlopt_opt)> optimizer(
            nlopt_create(NLOPT_LD_LBFGS, static_cast<unsigned>(n)), nlopt_destroy);
        if (!optimizer) return;
        optimizer_ = optimizer.get();
        nlopt_set_min_objective(optimizer_, &Polisher::call, this);
        nlopt_set_lower_bounds(optimizer_, lower.data());
        nlopt_set_upper_bounds(optimizer_, upper.data());
        nlopt_set_ftol_rel(optimizer_, 1e-17);
        nlopt_set_maxeval(optimizer_, 20'000);
        // By itself NLopt remembers as many steps as fit in 10 MB: more would hardly spare an evaluation.
        constexpr unsigned remembered_steps = 10;
        nlopt_set_vector_storage(optimizer_, remembered_steps);
        std::vector<double> u(n, 0.0);
        double f = 0;
        nlopt_optimize(optimizer_, u.data(), &f);  // whatever it says: the best point is kept here
    }

    static double call(unsigned n, const double* u, double* gradient, void* self) {
        return static_cast<Polisher*>(self)->value_at(n, u, gradient);
    }

    double value_at(unsigned n, const double* u, double* gradient) {
        halt_->poll(omp_get_thread_num() == 0);
        if (is_over()) {
            nlopt_force_stop(optimizer_);
            if (gradient != nullptr) std::fill_n(gradient, n, 0.0);
            return 0;
        }
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t j = free_[i];
            const double lower = box_->lower()[j];
            const double upper = box_->upper()[j];
            point_[j] = u[i] <= lower_[i]   ? lower
                        : u[i] >= upper_[i] ? upper
                                            : in_box(j, centre_[j] + u[i] * width(j));
        }
        const double f = evaluate();
        const bool finite = std::isfinite(f);
        for (std::size_t i = 0; i < n && gradient != nullptr; ++i)
            gradient[i] = finite ? in_units(gradient_[free_[i]]) * width(free_[i]) / scale_ : 0.0;
        // A wall of no value: high enough to turn back from.
        return finite ? (in_units(f) - in_units(centre_f_)) / scale_ : 1e10;
    }

    /// Second derivatives in the variables that no wall holds, by differences of gradients; in units of the
    /// box.
    std::vector<double> curvature(const std::vector<std::size_t>& moving) {
        const std::size_t n = moving.size();
        std::vector<double> hessian(n * n);
        std::vector<double> steps(n);
        for (std::size_t first = 0; first < n; first += lanes / 2) {
            const std::size_t count = std::min(lanes / 2, n - first);
            for (std::size_t j = 0; j < best_.size(); ++j) std::fill_n(x_row(j), lanes, best_[j]);
            for (std::size_t i = 0; i < count; ++i) {
                const std::size_t j = moving[first + i];
                const double h = 1e-5 * width(j);
                x_row(j)[2 * i] = std::min(best_[j] + h, box_->upper()[j]);
                x_row(j)[2 * i + 1] = std::max(best_[j] - h, box_->lower()[j]);
                steps[first + i] = (x_row(j)[2 * i] - x_row(j)[2 * i + 1]) / width(j);
            }
            evaluate_rows(2 * count);
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t k = 0; k < n; ++k)
                    hessian[(first + i) * n + k] =
                        (in_units(g_row(moving[k])[2 * i]) - in_units(g_row(moving[k])[2 * i + 1])) *
                        width(moving[k]) / steps[first + i];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < i; ++k)
                hessian[i * n + k] = hessian[k * n + i] = (hessian[i * n + k] + hessian[k * n + i]) / 2;
        }
        return hessian;
    }

    /// Cholesky's factorisation: L in the lower triangle of `a`. It fails where the matrix curves down; then
    /// the outcome is a direction along which it does.
    static std::optional<std::vector<double>> factorise(std::vector<double>& a, std::size_t n) {
        double largest = 0;
        for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(a[i * n + i]));
        const double flat = 1e-7 * largest;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k <= i; ++k) {
                double sum = a[i * n + k];
                for (std::size_t m = 0; m < k; ++m) sum -= a[i * n + m] * a[k * n + m];
                if (k < i) {
                    a[i * n + k] = sum / a[k * n + k];
                } else if (sum < -flat) {
                    // The leading block L L^T is positive: (-L^-T l, 1) has curvature `sum`.
                    std::vector<double> direction(n, 0.0);
                    direction[i] = 1;
                    for (std::size_t row = i; row-- > 0;) {
                        double rest = -a[i * n + row];
                        for (std::size_t m = row + 1; m < i; ++m) rest -= a[m * n + row] * direction[m];
                        direction[row] = rest / a[row * n + row];
                    }
                    return direction;
                } else {
                    a[i * n + i] = std::sqrt(std::max(sum, flat));
                }
            }
        }
        return std::nullopt;
    }

    /// The variables that no wall holds.
    std::vector<std::size_t> moving_variables() const {
        std::vector<std::size_t> moving;
        for (const std::size_t j : free_) {
            if (!is_held(j)) moving.push_back(j);
        }
        return moving;
    }

    /// By second derivatives: True when there was a way down that the gradient does not show, and best_ is on
    /// it; else the last digits are gained by steps of Newton's method.
    bool leave_saddle() {
        const std::vector<std::size_t> moving = moving_variables();
        const std::size_t n = moving.size();
        if (n == 0 || n > most_curved || is_over()) return false;
        skipped_curvature_ = left_ < 2 * n + 2 * lanes;
        if (skipped_curvature_) return false;
        std::vector<double> factor = curvature(moving);
        if (!std::ranges::all_of(factor, [](double h) { return std::isfinite(h); })) return false;
        if (std::ranges::all_of(factor, [](double h) { return h == 0; })) return false;
        if (const auto direction = factorise(factor, n)) return go_down(moving, *direction);
        for (int step = 0; step < most_newton_steps && newton_step(moving, factor); ++step) {
        }
        return false;
    }

    /// True when it made the gradient smaller.
    bool newton_step(const std::vector<std::size_t>& moving, const std::vector<double>& factor) {
        const std::size_t n = moving.size();
        std::vector<double> step(n);
        for (std::size_t i = 0; i < n; ++i) {
            double rest = along(moving[i]);
            for (std::size_t m = 0; m < i; ++m) rest -= factor[i * n + m] * step[m];
            step[i] = rest / factor[i * n + i];
        }
        for (std::size_t i = n; i-- > 0;) {
            double rest = step[i];
            for (std::size_t m = i + 1; m < n; ++m) rest -= factor[m * n + i] * step[m];
            step[i] = rest / factor[i * n + i];
        }
        point_ = best_;
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t j = moving[i];
            if (!std::isfinite(step[i])) return false;
            point_[j] = in_box(j, best_[j] - step[i] * width(j));
        }
        const double before = slope();
        const double f = best_f_;
        const std::vector<double> x = best_;
        const std::vector<double> g = best_gradient_;
        const double f_there = evaluate();
        if (f_there < f) return slope() < before;  // evaluate has kept it
        if (f_there != f) return false;
        best_ = point_;
        best_gradient_ = gradient_;
        if (slope() < before) return true;
        best_ = x;
        best_gradient_ = g;
        return false;
    }

    /// Tries steps of many lengths both ways; true when one of them goes down.
    bool go_down(const std::vector<std::size_t>& moving, const std::vector<double>& direction) {
        constexpr std::array<double, lanes / 2> lengths = {1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5};
        if (!std::ranges::all_of(direction, [](double d) { return std::isfinite(d); })) return false;
        double longest = 0;
        for (const double component : direction) longest = std::max(longest, std::abs(component));
        for (std::size_t j = 0; j < best_.size(); ++j) std::fill_n(x_row(j), lanes, best_[j]);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const double length = (lane % 2 == 0 ? 1 : -1) * lengths[lane / 2];
            for (std::size_t i = 0; i < moving.size(); ++i) {
                const std::size_t j = moving[i];
                x_row(j)[lane] = in_box(j, best_[j] + length * direction[i] / longest * width(j));
            }
        }
        evaluate_rows(lanes);
        const double* lowest = std::min_element(rows_.data(), rows_.data() + lanes, [](double a, double b) {
            return a < b || (std::isnan(b) && !std::isnan(a));
        });
        if (!(*lowest < best_f_ - tolerance())) return false;
        const auto lane = lowest - rows_.data();
        for (std::size_t j = 0; j < best_.size(); ++j) point_[j] = x_row(j)[lane];
        const double before = best_f_;
        evaluate();
        return best_f_ < before;
    }

    const Box* box_;
    Halt* halt_;
    std::vector<std::size_t> free_;
    AlignedArray<double> rows_;  ///< f, then x and g
    AlignedArray<double> scratch_;
    Evaluator<double> evaluator_;
    double sign_;
    double target_;
    std::uint64_t left_, evaluations_ = 0;
    bool skipped_curvature_ = false;  ///< for want of evaluations

    std::vector<double> point_, gradient_, best_, best_gradient_;
    double best_f_ = 0;
    int unit_exponent_ = 0;

    nlopt_opt optimizer_ = nullptr;
    std::vector<double> centre_, lower_, upper_;
    double centre_f_ = 0;
    double scale_ = 1;
};

}  // namespace

Polished polish(const Setup& setup, const PolishStart& start, std::uint64_t most_evaluations, Halt& halt) {
    Polisher polisher(setup, most_evaluations, halt);
    const double start_f = polisher.from(start.x);
    return {.f = polisher.f(),
            .x = polisher.x(),
            .finished = polisher.is_finished(),
            .starved = polisher.is_starved(),
            .start_f = start_f,
            .start_x = start.x,
            .run = start.run,
            .iteration = start.iteration,
            .evaluations = polisher.evaluations()};
}

}  // namespace lanewise
