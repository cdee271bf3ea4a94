// A rule's step over a tile. What every rule shares (faults, best point, projection onto the box, freezing)
// is here; the rules are in rules.ipp.
#pragma once

#include <limits>
#include <utility>

#include "rules.ipp"

namespace lanewise::kernels {
namespace {

/// What a vector of runs keeps beside its points, but for the count of its steps.
template <class T>
struct Standing {
    Batch<T> best_f, best_step, status;
};

/// What a look at one vector says about its lanes.
template <class T>
struct Seen {
    Mask<T> moving;    ///< live, value and gradient finite
    Mask<T> improved;  ///< of those: the value is the best so far; best x is still to be written
    Mask<T> broken;    ///< live until now: x is still to be put back to the best
    bool all_finite;   ///< the usual case: no lane is broken
};

/// Freezes the lanes that are not finite and keeps the best value of the others. `all_finite` may be false
/// where all are: it only says which way to take.
template <class T>
Seen<T> inspect(Standing<T>& runs, Batch<T> f, Mask<T> finite, bool all_finite, T step) {
    const Mask<T> is_live = runs.status == Batch<T>(T(live));
    const Mask<T> moving = is_live & finite;
    const Mask<T> improved = moving & (f < runs.best_f);
    const Seen<T> seen{moving, improved, is_live & ~finite, all_finite};
    if (!all_finite) {
        const Mask<T> has_best = runs.best_f < Batch<T>(std::numeric_limits<T>::infinity());
        const Batch<T> why = xsimd::select(has_best, Batch<T>(T(nan_on_the_way)), Batch<T>(T(nan_at_start)));
        runs.status = xsimd::select(seen.broken, why, runs.status);
    }
    // Without a branch: whether any lane of a vector improved is too hard to predict.
    runs.best_f = xsimd::select(improved, f, runs.best_f);
    runs.best_step = xsimd::select(improved, Batch<T>(step), runs.best_step);
    return seen;
}

/// The steps a vector of runs has taken, with one more for those that move.
template <class T>
Batch<T> count(Batch<T> steps_taken, const Seen<T>& seen) {
    return steps_taken + xsimd::select(seen.moving, Batch<T>(T(1)), Batch<T>(T(0)));
}

/// How far one variable may go, and what a step size of 1 means for it.
template <class T>
struct Range {
    Batch<T> lower, upper, scale;

    Range(const Tile<T>& tile, std::size_t j)
        : lower(tile.lower[j]), upper(tile.upper[j]), scale(tile.scale[j]) {}
    Range(const Tile<T>& tile, std::size_t j, std::size_t lane) {
        if (tile.ranges_by_lane == nullptr) {
            *this = Range(tile, j);
            return;
        }
        const T* rows = tile.ranges_by_lane + j * tile.lanes + lane;
        const std::size_t block = tile.dimension * tile.lanes;
        lower = load(rows);
        upper = load(rows + block);
        scale = load(rows + 2 * block);
    }
};

// A step has two halves, which fused.ipp keeps apart.

/// What the first half leaves to the second.
template <class T, class Rule>
using Stride = decltype(Rule::stride(std::declval<const WideStep<T>&>(), std::declval<Batch<T>>(),
                                     std::declval<Moments<T, Rule::rows>&>()));

/// The first half: updates the moments.
template <class T, class Rule>
Stride<T, Rule> begin_move(Batch<T> g, Moments<T, Rule::rows>& moments, Batch<T> scale,
                           const WideStep<T>& step) {
    return Rule::stride(step, Rule::is_normalised ? g : scale * g, moments);
}

/// The second half: keeps x where the lanes improved, then moves those that are to move, projected onto the
/// box.
template <class T, class Rule>
void finish_move(Batch<T>& x, Batch<T>& best_x, Moments<T, Rule::rows>& moments, Stride<T, Rule> stride,
                 const Range<T>& range, const Seen<T>& seen) {
    best_x = xsimd::select(seen.improved, x, best_x);
    const Batch<T> target = fnma(range.scale, value(stride), x);
    const Batch<T> inside = clamp(target, range.lower, range.upper);
    if constexpr (Rule::has_momentum)
        moments[0] = xsimd::select(inside == target, moments[0], Batch<T>(T(0)));
    x = xsimd::select(seen.moving, inside, x);
}

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

template <class T>
Standing<T> load_standing(const Tile<T> tile, std::size_t lane) {
    return {load(tile.best_f + lane), load(tile.best_step + lane), load(tile.status + lane)};
}

template <class T, class Rule>
void load_moments(const Tile<T> tile, std::size_t at, Moments<T, Rule::rows>& moments) {
    for (std::size_t r = 0; r < Rule::rows; ++r)
        moments[r] = load(tile.moments + r * tile.dimension * tile.lanes + at);
}

template <class T, class Rule>
void store_moments(const Tile<T> tile, std::size_t at, const Moments<T, Rule::rows>& moments) {
    for (std::size_t r = 0; r < Rule::rows; ++r)
        store(tile.moments + r * tile.dimension * tile.lanes + at, moments[r]);
}

/// Evaluates a tile. The gradient of a fixed variable counts as 0, whatever it is.
template <class T>
void evaluate_tile(const Tile<T>& tile, Evaluate<T> evaluate) {
    evaluate.call(evaluate.context, tile);
    if (tile.fixed == nullptr) return;
    for (std::size_t j = 0; j < tile.dimension; ++j) {
        for (std::size_t lane = 0; lane < tile.lanes && tile.fixed[j]; lane += Batch<T>::size)
            store(tile.g + j * tile.lanes + lane, Batch<T>(T(0)));
    }
}

/// Flips a sign where the bit is -0: from the objective's value or slope to that of the minimisation.
template <class T>
Batch<T> flip(T bit, Batch<T> number) {
    return number ^ Batch<T>(bit);
}

/// A look at one vector of a tile that has been evaluated.
template <class T>
Seen<T> inspect(const Tile<T> tile, std::size_t lane, T step) {
    const Batch<T> f = flip(tile.flip, load(tile.f + lane));
    Standing<T> runs = load_standing(tile, lane);
    const Mask<T> finite = finite_lanes(tile, lane, f);
    const Seen<T> seen = inspect(runs, f, finite, xsimd::all(finite), step);
    store(tile.best_f + lane, runs.best_f);
    store(tile.best_step + lane, runs.best_step);
    if (!seen.all_finite) {
        store(tile.status + lane, runs.status);
        copy_rows(tile, lane, seen.broken, tile.best_x, tile.x);
    }
    return seen;
}

template <class T, class Rule>
void move(const Tile<T> tile, std::size_t lane, const Seen<T> seen, const WideStep<T>& step) {
    for (std::size_t j = 0; j < tile.dimension; ++j) {
        const std::size_t at = j * tile.lanes + lane;
        Batch<T> x = load(tile.x + at);
        Batch<T> best_x = load(tile.best_x + at);
        Moments<T, Rule::rows> moments;
        load_moments<T, Rule>(tile, at, moments);
        const Range<T> range(tile, j, lane);
        const Stride<T, Rule> stride = begin_move<T, Rule>(load(tile.g + at), moments, range.scale, step);
        finish_move<T, Rule>(x, best_x, moments, stride, range, seen);
        store(tile.x + at, x);
        store(tile.best_x + at, best_x);
        store_moments<T, Rule>(tile, at, moments);
    }
}

/// One iteration after the evaluation; false when no lane is live any more.
template <class T, class Rule>
bool iterate(const Tile<T> tile, T k, const WideStep<T> step) {
    bool any_live = false;
    for (std::size_t lane = 0; lane < tile.lanes; lane += Batch<T>::size) {
        const Seen<T> seen = inspect(tile, lane, k);
        if (!xsimd::any(seen.moving)) continue;
        any_live = true;
        store(tile.steps_taken + lane, count(load(tile.steps_taken + lane), seen));
        move<T, Rule>(tile, lane, seen, step);
    }
    return any_live;
}

template <class T, class Rule>
std::size_t advance(const Tile<T>& tile, const Step<T>* steps, std::size_t first, std::size_t last,
                    Evaluate<T> evaluate) {
    for (std::size_t k = first; k < last; ++k) {
        evaluate_tile(tile, evaluate);
        if (!iterate<T, Rule>(tile, T(k), WideStep<T>(steps[k], tile))) return k;
    }
    return last;
}

/// max over j of |scale_j g_j|, without the variables that a wall holds: what the value changes by, to first
/// order, on a way of length 1 in units of the scale.
template <class T>
Batch<T> slope(const Tile<T> tile, std::size_t lane) {
    const Batch<T> zero(T(0));
    Batch<T> steepest = zero;
    for (std::size_t j = 0; j < tile.dimension; ++j) {
        const Range<T> range(tile, j, lane);
        const Batch<T> x = load(tile.x + j * tile.lanes + lane);
        const Batch<T> g = flip(tile.flip, load(tile.g + j * tile.lanes + lane));
        const Mask<T> held = ((x == range.lower) & (zero < g)) | ((x == range.upper) & (g < zero));
        const Batch<T> along = xsimd::select(held, zero, xsimd::abs(range.scale * g));
        steepest = xsimd::select(steepest < along, along, steepest);
    }
    return steepest;
}

template <class T>
void look(const Tile<T>& tile, T step, Evaluate<T> evaluate) {
    evaluate_tile(tile, evaluate);
    for (std::size_t lane = 0; lane < tile.lanes; lane += Batch<T>::size) {
        copy_rows(tile, lane, inspect(tile, lane, step).improved, tile.x, tile.best_x);
        store(tile.f + lane, flip(tile.flip, load(tile.f + lane)));
        store(tile.slope + lane, slope(tile, lane));
    }
}

}  // namespace
}  // namespace lanewise::kernels
