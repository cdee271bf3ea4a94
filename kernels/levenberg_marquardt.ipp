// Levenberg-Marquardt in lanes: every lane has its own damping, walls and end. Nothing is an absolute number
// and no root is taken, so that units which differ by a power of two change no bit.
#pragma once

#include <limits>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

namespace least_squares {

// Nielsen 1999, "Damping parameter in Marquardt's method", with the damping of each variable in units of its
// largest second derivative so far (More 1978).
constexpr double first_damping = 1e-3;
constexpr double most_shrinking = 1.0 / 3.0;
constexpr double first_growth = 2;
/// A pivot is at least this part of its diagonal: below that it is rounding.
constexpr double least_pivot = 0x1p-48;
/// A step promises at least this part of what the slope along it does. Where H is positive definite it
/// promises half of it or more.
constexpr double least_of_slope = 0.25;
/// So often a step that runs into walls is taken again with the variables at them held there.
constexpr int most_walls = 3;
/// The unit of a variable is |x|, and at least this part of the width of its bounds.
constexpr double least_unit = 0x1p-26;
/// A value tells no more about where the minimum is than these units in the last place.
constexpr double noise_units = 8;

/// One vector of a tile.
template <class T>
class Vector {
  public:
    using B = Batch<T>;
    using M = Mask<T>;

    Vector(const LeastSquares<T>& tile, std::size_t lane)
        : tile_(tile), lane_(lane), d_(tile.dimension), phase_(number(LmRow::phase)) {}

    void advance() {
        const M begins = is(LmPhase::begun);
        const M tries = is(LmPhase::tried);
        if (!xsimd::any(begins | tries)) return;
        const B f = load(tile_.f + lane_);
        const M finite = is_finite(f);
        const M begins_well = begins & finite;
        go_to(begins & ~finite, LmPhase::no_value);

        const B base_f = number(LmRow::base_f);
        const M better = tries & finite & (f < base_f);
        const M worse = tries & ~better;
        damp(begins_well, better, worse, (base_f - f) / number(LmRow::promised));
        set(LmRow::start_f, xsimd::select(begins_well, f, number(LmRow::start_f)));
        set(LmRow::steps, number(LmRow::steps) + xsimd::select(tries, B(T(1)), B(T(0))));
        accept(begins_well | better, f);
        go_to(tries & ~(number(LmRow::steps) < B(tile_.most_steps)), LmPhase::out_of_steps);

        M goes_on = begins_well | is(LmPhase::tried);
        if (xsimd::any(goes_on)) step(goes_on);
        set(LmRow::phase, phase_);
        // Where a lane has ended, its point is the best one: neighbours are evaluated beside it.
        const M ended = ~is(LmPhase::tried);
        for (std::size_t j = 0; j < d_; ++j) x(j, xsimd::select(ended, base_x(j), x(j)));
    }

  private:
    static std::size_t packed(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }

    T* at(T* rows, std::size_t row) const { return rows + row * tile_.lanes + lane_; }
    const T* at(const T* rows, std::size_t row) const { return rows + row * tile_.lanes + lane_; }
    B x(std::size_t j) const { return load(at(tile_.x, j)); }
    void x(std::size_t j, B value) const { store(at(tile_.x, j), value); }
    B base_x(std::size_t j) const { return load(at(tile_.base_x, j)); }
    B base_g(std::size_t row) const { return load(at(tile_.base_g, row)); }
    /// Second derivatives at the base.
    B matrix(std::size_t i, std::size_t j) const {
        return base_g(d_ + (i < j ? packed(j, i) : packed(i, j)));
    }
    B lower(std::size_t j) const { return load(at(tile_.lower, j)); }
    B upper(std::size_t j) const { return load(at(tile_.upper, j)); }
    B number(LmRow row) const { return load(at(tile_.numbers, static_cast<std::size_t>(row))); }
    void set(LmRow row, B value) const { store(at(tile_.numbers, static_cast<std::size_t>(row)), value); }

    M is(LmPhase phase) const { return phase_ == B(T(static_cast<int>(phase))); }
    void go_to(M where, LmPhase phase) {
        phase_ = xsimd::select(where, B(T(static_cast<int>(phase))), phase_);
    }
    /// 1 where a bound is infinite.
    B width(std::size_t j) const {
        const B width = upper(j) - lower(j);
        const M is_bounded = width < B(std::numeric_limits<T>::infinity());
        return xsimd::select(is_bounded, width, B(T(1)));
    }
    M is_fixed(std::size_t j) const { return lower(j) == upper(j); }

    /// Value and derivatives, but for those of fixed variables.
    M is_finite(B f) const {
        const B zero(T(0));
        B fault = zero * f;
        for (std::size_t i = 0; i < d_; ++i) {
            const M fixed = is_fixed(i);
            fault = fault + xsimd::select(fixed, zero, zero * load(at(tile_.g, i)));
            for (std::size_t j = 0; j <= i; ++j)
                fault = fault +
                        xsimd::select(fixed | is_fixed(j), zero, zero * load(at(tile_.g, d_ + packed(i, j))));
        }
        return fault == zero;
    }

    void damp(M begins, M better, M worse, B gain) const {
        const B one(T(1));
        const B two(T(2));
        const B damping = number(LmRow::damping);
        const B growth = number(LmRow::growth);
        const B around = two * gain - one;
        const B shrinking = max(B(T(most_shrinking)), one - around * around * around);
        B next = xsimd::select(better, damping * shrinking, damping);
        next = xsimd::select(worse, damping * growth, next);
        set(LmRow::damping, xsimd::select(begins, B(T(first_damping)), next));
        set(LmRow::growth,
            xsimd::select(worse, two * growth, xsimd::select(better | begins, B(T(first_growth)), growth)));
    }

    /// The point that was evaluated becomes the base.
    void accept(M which, B f) const {
        set(LmRow::base_f, xsimd::select(which, f, number(LmRow::base_f)));
        for (std::size_t j = 0; j < d_; ++j)
            store(at(tile_.base_x, j), xsimd::select(which, x(j), base_x(j)));
        // What a fixed variable has to do with it counts as 0, whatever it is.
        const auto accept_row = [&](std::size_t row, M fixed) {
            const B now = xsimd::select(fixed, B(T(0)), load(at(tile_.g, row)));
            store(at(tile_.base_g, row), xsimd::select(which, now, base_g(row)));
        };
        for (std::size_t i = 0; i < d_; ++i) {
            accept_row(i, is_fixed(i));
            for (std::size_t j = 0; j <= i; ++j) accept_row(d_ + packed(i, j), is_fixed(i) | is_fixed(j));
        }
        for (std::size_t j = 0; j < d_; ++j) {
            const B before = load(at(tile_.largest, j));
            const B now = xsimd::abs(matrix(j, j));
            store(at(tile_.largest, j), xsimd::select(which & (before < now), now, before));
        }
    }

    // Rows of the work, as wide as a vector: a triangle of factors, then rows of a number for each variable.
    B work(std::size_t row) const { return load(tile_.work + row * B::size); }
    void work(std::size_t row, B value) const { store(tile_.work + row * B::size, value); }
    std::size_t factor_row(std::size_t i, std::size_t j) const { return packed(i, j); }
    std::size_t delta_row(std::size_t j) const { return packed(d_, 0) + j; }
    /// What a variable that is held moves by; NaN where it is free.
    std::size_t held_row(std::size_t j) const { return packed(d_, 0) + d_ + j; }
    B delta(std::size_t j) const { return work(delta_row(j)); }
    M is_held(std::size_t j) const { return work(held_row(j)) == work(held_row(j)); }

    /// Goes on to the next point to try, or ends.
    void step(M goes_on) {
        hold_at_walls();
        M meets_walls = no_lanes();
        for (int walls = 0; walls < most_walls; ++walls) {
            solve();
            const M leaves = hold_what_leaves();
            if (!xsimd::any(leaves)) break;
            meets_walls = meets_walls | leaves;
        }
        for (std::size_t j = 0; j < d_; ++j) work(delta_row(j), move_inside(j, delta(j)));
        B promised = promise_of(&Vector::delta_row);
        if (xsimd::any(meets_walls)) promised = take_better_of_two(meets_walls, promised);
        set(LmRow::promised, xsimd::select(goes_on, promised, number(LmRow::promised)));
        M is_short = goes_on;
        for (std::size_t j = 0; j < d_; ++j) {
            const B unit = max(xsimd::abs(base_x(j)), B(T(least_unit)) * width(j));
            is_short = is_short & (xsimd::abs(delta(j)) <= B(tile_.tolerance) * unit);
            x(j, xsimd::select(goes_on, moved_by(j, delta(j)), x(j)));
        }
        const B noise =
            B(T(noise_units) * std::numeric_limits<T>::epsilon()) * xsimd::abs(number(LmRow::base_f));
        const M is_hidden = goes_on & (promised <= noise);
        go_to(goes_on, LmPhase::tried);
        go_to(is_short | is_hidden, LmPhase::converged);
    }

    /// By how much a variable moves, within its bounds.
    B move_inside(std::size_t j, B by) const {
        const B from = base_x(j);
        return clamp(from + by, lower(j), upper(j)) - from;
    }

    /// Where a variable is after a move. A move that ends at a wall ends at the very number of the wall.
    B moved_by(std::size_t j, B by) const {
        const B from = base_x(j);
        B to = xsimd::select(by == lower(j) - from, lower(j), from + by);
        to = xsimd::select(by == upper(j) - from, upper(j), to);
        return clamp(to, lower(j), upper(j));
    }

    /// What the value falls by along a step that is in rows of the work, as H has it.
    B promise_of(std::size_t (Vector::*row)(std::size_t) const) const {
        B promised(T(0));
        B slope(T(0));
        const B half(T(0.5));
        for (std::size_t i = 0; i < d_; ++i) {
            const B by = work((this->*row)(i));
            B along = half * matrix(i, i) * by;
            for (std::size_t j = 0; j < i; ++j) along = fma(matrix(i, j), work((this->*row)(j)), along);
            promised = fnma(base_g(i) + along, by, promised);
            slope = fma(base_g(i), by, slope);
        }
        // Where H is not positive definite, the step was found by another matrix.
        return max(promised, B(T(-least_of_slope)) * slope);
    }

    /// A step that ran into walls may lead up from where several meet. One down the gradient, each variable
    /// in units of its second derivative and all within the box, never does: of the two the better is taken.
    B take_better_of_two(M where, B promised) const {
        const B zero(T(0));
        const B dimension(T(static_cast<int>(d_)));
        const B damping = number(LmRow::damping);
        for (std::size_t j = 0; j < d_; ++j) {
            const B g = base_g(j);
            const B bend = dimension * fma(damping, load(at(tile_.largest, j)), load(at(tile_.largest, j)));
            work(held_row(j), move_inside(j, xsimd::select(g == zero, zero, negate(g) / bend)));
        }
        const B down = promise_of(&Vector::held_row);
        const M is_better = where & (promised < down);
        for (std::size_t j = 0; j < d_; ++j)
            work(delta_row(j), xsimd::select(is_better, work(held_row(j)), delta(j)));
        return xsimd::select(is_better, down, promised);
    }

    /// Variables that the way down leads out of the box by, and fixed ones, stay where they are.
    void hold_at_walls() const {
        const B zero(T(0));
        const B free(std::numeric_limits<T>::quiet_NaN());
        for (std::size_t j = 0; j < d_; ++j) {
            const B at_base = base_x(j);
            const B g = base_g(j);
            const M held =
                is_fixed(j) | ((at_base <= lower(j)) & (zero < g)) | ((upper(j) <= at_base) & (g < zero));
            work(held_row(j), xsimd::select(held, zero, free));
        }
    }

    static M no_lanes() { return B(T(1)) < B(T(0)); }

    /// Holds the variables that the step leads out of the box at their walls; the lanes that have any.
    M hold_what_leaves() const {
        M any = no_lanes();
        for (std::size_t j = 0; j < d_; ++j) {
            const B from = base_x(j);
            const B to = from + delta(j);
            const B inside = clamp(to, lower(j), upper(j));
            const M leaves = ~(inside == to) & ~is_held(j);
            any = any | leaves;
            work(held_row(j), xsimd::select(leaves, inside - from, work(held_row(j))));
        }
        return any;
    }

    /// (H + damping) delta = -g in the free variables, by the factors L D L^T, with |D| in the place of D:
    /// that leads downwards whatever H is.
    void solve() const {
        const B zero(T(0));
        const B one(T(1));
        const B damping = number(LmRow::damping);
        for (std::size_t i = 0; i < d_; ++i) {
            const M held = is_held(i);
            for (std::size_t j = 0; j < i; ++j) {
                B sum = xsimd::select(held | is_held(j), zero, matrix(i, j));
                for (std::size_t k = 0; k < j; ++k)
                    sum = fnma(work(factor_row(i, k)), work(factor_row(j, k)) * work(factor_row(k, k)), sum);
                work(factor_row(i, j), sum / work(factor_row(j, j)));
            }
            const B damped = damping * load(at(tile_.largest, i));
            B pivot = damped + matrix(i, i);
            for (std::size_t k = 0; k < i; ++k) {
                const B factor = work(factor_row(i, k));
                pivot = fnma(factor * factor, work(factor_row(k, k)), pivot);
            }
            const B least = B(T(least_pivot)) * (damped + xsimd::abs(matrix(i, i)));
            pivot = max(xsimd::abs(pivot), least);
            // Where the value bends nowhere, the step goes from wall to wall.
            pivot = xsimd::select(zero < pivot, pivot, xsimd::abs(base_g(i)) / width(i));
            work(factor_row(i, i), xsimd::select(held | ~(zero < pivot), one, pivot));
        }
        for (std::size_t i = 0; i < d_; ++i) {
            B sum = negate(base_g(i));
            for (std::size_t j = 0; j < d_; ++j) {
                const B moved = xsimd::select(is_held(j), work(held_row(j)), zero);
                sum = fnma(matrix(i, j), moved, sum);
            }
            sum = xsimd::select(is_held(i), work(held_row(i)), sum);
            for (std::size_t k = 0; k < i; ++k) sum = fnma(work(factor_row(i, k)), delta(k), sum);
            work(delta_row(i), sum);
        }
        for (std::size_t i = d_; i-- > 0;) {
            B sum = delta(i) / work(factor_row(i, i));
            for (std::size_t k = i + 1; k < d_; ++k) sum = fnma(work(factor_row(k, i)), delta(k), sum);
            work(delta_row(i), xsimd::select(is_held(i), work(held_row(i)), sum));
        }
    }

    const LeastSquares<T> tile_;
    std::size_t lane_, d_;
    B phase_;
};

}  // namespace least_squares

template <class T>
void advance_least_squares(const LeastSquares<T>& tile) {
    for (std::size_t lane = 0; lane < tile.lanes; lane += Batch<T>::size)
        least_squares::Vector<T>(tile, lane).advance();
}

}  // namespace
}  // namespace lanewise::kernels
