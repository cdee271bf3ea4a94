// A rule's step over a tile. The rule is a policy; what every rule shares (faults, best point, projection
// onto the box, freezing) is here once.
#pragma once

#include <limits>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

/// Adam: m and v rows; `step` returns what is to be subtracted from x, in units of the variable's scale.
template <class T>
struct Adam {
    static constexpr std::size_t rows = adam_moments;

    Batch<T> alpha, eps, beta1, one_minus_beta1, beta2, one_minus_beta2;

    explicit Adam(const Step<T>& s)
        : alpha(s.alpha),
          eps(s.eps),
          beta1(s.beta1),
          one_minus_beta1(s.one_minus_beta1),
          beta2(s.beta2),
          one_minus_beta2(s.one_minus_beta2) {}

    Batch<T> step(Batch<T> g, Batch<T> (&moments)[rows]) const {
        auto& [m, v] = moments;
        m = fma(beta1, m, one_minus_beta1 * g);
        v = fma(beta2, v, one_minus_beta2 * (g * g));
        return divide(alpha * m, square_root(v) + eps);
    }

    /// At a wall the first moment is dropped, so that a run leaves the wall as soon as the gradient turns.
    static void stop_at_wall(Batch<T> (&moments)[rows], Mask<T> at_wall) {
        moments[0] = xsimd::select(at_wall, Batch<T>(T(0)), moments[0]);
    }
};

// The functions below take the tile by value: the compiler may then keep its pointers in registers.

/// Lanes whose value and gradient are finite: 0 times anything else is NaN.
template <class T>
Mask<T> finite_lanes(const Tile<T> tile, std::size_t lane, Batch<T> f) {
    const Batch<T> zero(T(0));
    Batch<T> fault = zero * f;
    const T* g = tile.g + lane;
    for (std::size_t j = 0; j < tile.dimension; ++j, g += tile.lanes) fault = fma(zero, load(g), fault);
    return fault == zero;
}

/// Where `which` is set, writes the rows of `from` over those of `to`.
template <class T>
void copy_rows(const Tile<T> tile, std::size_t lane, Mask<T> which, const T* from, T* to) {
    const std::size_t end = tile.dimension * tile.lanes;
    for (std::size_t at = lane; at < end; at += tile.lanes)
        store(to + at, xsimd::select(which, load(from + at), load(to + at)));
}

/// What a look at one vector says about its lanes.
template <class T>
struct Seen {
    Mask<T> moving;    ///< live, value and gradient finite
    Mask<T> improved;  ///< of those: the value is the best so far; best_x is still to be written
};

/// Freezes the lanes of one vector that are not finite and keeps the best value of the others.
template <class T>
Seen<T> inspect(const Tile<T> tile, std::size_t lane, T step) {
    const Batch<T> f = load(tile.f + lane);
    const Batch<T> best_f = load(tile.best_f + lane);
    const Batch<T> status = load(tile.status + lane);
    const Mask<T> is_live = status == Batch<T>(T(live));
    const Mask<T> finite = finite_lanes(tile, lane, f);
    const Mask<T> moving = is_live & finite;
    const Mask<T> improved = moving & (f < best_f);

    // Without a branch: whether any lane of a vector improved is too hard to predict.
    store(tile.best_f + lane, xsimd::select(improved, f, best_f));
    store(tile.best_step + lane, xsimd::select(improved, Batch<T>(step), load(tile.best_step + lane)));
    if (!xsimd::all(finite)) {
        const Mask<T> broken = is_live & ~finite;
        const Mask<T> has_best = best_f < Batch<T>(std::numeric_limits<T>::infinity());
        const Batch<T> why = xsimd::select(has_best, Batch<T>(T(nan_on_the_way)), Batch<T>(T(nan_at_start)));
        store(tile.status + lane, xsimd::select(broken, why, status));
        copy_rows(tile, lane, broken, tile.best_x, tile.x);
    }
    return {moving, improved};
}

/// Keeps the point of the lanes that improved, then takes the step of those that move, projected onto the
/// box.
template <class T, class Rule>
void move(const Tile<T> tile, std::size_t lane, const Seen<T> seen, const Rule& rule) {
    const std::size_t pitch = tile.dimension * tile.lanes;
    std::size_t at = lane;
    for (std::size_t j = 0; j < tile.dimension; ++j, at += tile.lanes) {
        const Batch<T> x = load(tile.x + at);
        store(tile.best_x + at, xsimd::select(seen.improved, x, load(tile.best_x + at)));
        Batch<T> before[Rule::rows];
        Batch<T> moments[Rule::rows];
        for (std::size_t r = 0; r < Rule::rows; ++r)
            moments[r] = before[r] = load(tile.moments + r * pitch + at);

        const Batch<T> lower(tile.lower[j]);
        const Batch<T> upper(tile.upper[j]);
        const Batch<T> target = fnma(Batch<T>(tile.scale[j]), rule.step(load(tile.g + at), moments), x);
        const Mask<T> below = target < lower;
        const Mask<T> above = target > upper;
        Rule::stop_at_wall(moments, below | above);

        const Batch<T> inside = xsimd::select(below, lower, xsimd::select(above, upper, target));
        store(tile.x + at, xsimd::select(seen.moving, inside, x));
        for (std::size_t r = 0; r < Rule::rows; ++r)
            store(tile.moments + r * pitch + at, xsimd::select(seen.moving, moments[r], before[r]));
    }
}

/// One iteration after the evaluation; false when no lane is live any more.
template <class T, class Rule>
bool iterate(const Tile<T> tile, T step, const Rule rule) {
    bool any_live = false;
    for (std::size_t lane = 0; lane < tile.lanes; lane += Batch<T>::size) {
        const Seen<T> seen = inspect(tile, lane, step);
        if (!xsimd::any(seen.moving)) continue;
        any_live = true;
        const Batch<T> taken = load(tile.steps_taken + lane);
        store(tile.steps_taken + lane, taken + xsimd::select(seen.moving, Batch<T>(T(1)), Batch<T>(T(0))));
        move(tile, lane, seen, rule);
    }
    return any_live;
}

template <class T, template <class> class Rule>
std::size_t advance(const Tile<T>& tile, const Step<T>* steps, std::size_t first, std::size_t last,
                    Evaluate<T> evaluate) {
    for (std::size_t k = first; k < last; ++k) {
        evaluate.call(evaluate.context, tile);
        if (!iterate(tile, T(k), Rule<T>(steps[k]))) return k + 1;
    }
    return last;
}

template <class T>
void settle(const Tile<T>& tile, Evaluate<T> evaluate) {
    evaluate.call(evaluate.context, tile);
    for (std::size_t lane = 0; lane < tile.lanes; lane += Batch<T>::size)
        copy_rows(tile, lane, inspect(tile, lane, T(0)).improved, tile.x, tile.best_x);
}

}  // namespace
}  // namespace lanewise::kernels
