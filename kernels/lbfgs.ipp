// L-BFGS in lanes: every lane has its own line search, pairs and end. Lanes of a vector wait for each other
// after a step, so that they share the loops over the pairs; what a lane does is not changed by that.
#pragma once

#include <limits>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

namespace lbfgs {

using Reals = Batch<double>;
using Lanes = Mask<double>;

// A trial is accepted where the value falls by at least this part of what the slope promises, and the slope
// has become at most that part of what it was (the strong conditions of Wolfe; Nocedal & Wright 2006, 3.7).
constexpr double least_decrease = 1e-4;
constexpr double flatter = 0.9;
/// Values that differ by less than this part of themselves are told apart by their slopes alone: 4 units in
/// the last place.
constexpr double noise = 0x1p-50;
/// A pair is remembered where s y is more than this part of what the value fell by, to first order.
constexpr double least_curvature = 0x1p-52;
/// A pair is used as long as its s y in the variables that move is more than this part of its terms.
constexpr double least_of_terms = 0x1p-30;
constexpr double most_trials = 20;
constexpr double most_idle_steps = 3;
// Lengths of the first trials along the gradient, in units of the scale.
constexpr double probe = 1e-6;
constexpr double first_step = 0.02;
// The next trial lies between these parts of the interval, or so many times further out.
constexpr double nearest = 0.1;
constexpr double farthest = 0.9;
constexpr double before_hole = 0.25;
/// A wall that the slope leads to holds a variable from this distance on, in units of the scale.
constexpr double near_wall = 1e-6;
/// A lane has converged where steps were short and took all but this part of the slope along them: where the
/// gradient jumps a short step does not.
constexpr double taken = 0.25;
/// So often in a row: the first short steps in a narrow valley only lead to its floor.
constexpr double enough_short_steps = 2;
/// A lane that finds no lower point is near a minimum where the minimum along its direction seemed no further
/// away than this, in units of x, and the slope is small: beside what it was lately, or beside that at the
/// probe.
constexpr double short_step = 1e-6;
constexpr double fallen = 1e-2;
constexpr double less_than_probed = 1e-3;
/// The largest slope of late: with each step what was before counts for this part.
constexpr double remembered = 0.9;
/// The unit of a variable is |x| and this part of its scale.
constexpr double least_unit = 0x1p-26;
constexpr double least_growth = 1.1;
constexpr double most_growth = 4;

inline Reals number(double value) {
    return Reals(value);
}
inline Lanes is_finite(Reals a) {
    return number(0) * a == number(0);
}
inline Lanes no_lanes() {
    return number(0) < number(0);
}

/// Rows of a vector, one for each variable. A copy in a function lets the compiler keep it in registers.
class Rows {
  public:
    Rows(double* first, std::size_t stride) : first_(first), stride_(stride) {}
    Reals operator[](std::size_t j) const { return load(first_ + j * stride_); }
    void set(std::size_t j, Reals value) const { store(first_ + j * stride_, value); }

  private:
    double* first_;
    std::size_t stride_;
};

template <std::size_t count>
struct Sums {
    Reals of[count];
};

/// Sums over the variables: term(j, sums) adds what variable j contributes. Four partial sums, so that one
/// addition need not wait for the one before.
template <std::size_t count, class Term>
Sums<count> sum(std::size_t dimension, Term term) {
    constexpr std::size_t parts = 4;
    Sums<count> part[parts];
    for (Sums<count>& sums : part) {
        for (Reals& of : sums.of) of = number(0);
    }
    std::size_t j = 0;
    for (; j + parts <= dimension; j += parts) {
        term(j, part[0].of);
        term(j + 1, part[1].of);
        term(j + 2, part[2].of);
        term(j + 3, part[3].of);
    }
    for (; j < dimension; ++j) term(j, part[j % parts].of);
    Sums<count> all;
    for (std::size_t i = 0; i < count; ++i)
        all.of[i] = (part[0].of[i] + part[1].of[i]) + (part[2].of[i] + part[3].of[i]);
    return all;
}

/// One vector of a tile.
class Vector {
  public:
    Vector(const Lbfgs& tile, std::size_t lane)
        : tile_(tile), lane_(lane), phase_(number_of(LbfgsRow::phase)), unit_(number_of(LbfgsRow::unit)) {}

    void advance() {
        const Lanes evaluated = is(starting) | is(probing) | is(searching) | is(settling);
        if (!xsimd::any(evaluated)) return;
        judge(evaluated);
        if (xsimd::any(under_way())) stop_where(place(under_way()));
        while (!xsimd::any(under_way()) && xsimd::any(is(waiting) | is(restarting))) turn();
        set(LbfgsRow::phase, phase_);
    }

  private:
    static constexpr std::size_t width = Reals::size;

    Lanes is(LbfgsPhase phase) const { return phase_ == number(phase); }
    Lanes under_way() const { return is(probing) | is(searching) | is(settling); }
    void enter(Lanes which, LbfgsPhase phase) { phase_ = xsimd::select(which, number(phase), phase_); }

    Rows shared(double* rows) const { return {rows + lane_, tile_.lanes}; }
    Rows own(LbfgsBlock block, std::size_t pair = 0) const {
        return {tile_.own_row(lane_ / width, width, block, 0, pair), width};
    }
    Reals number_of(LbfgsRow row, std::size_t pair = 0) const { return load(tile_.row(row, pair) + lane_); }
    void set(LbfgsRow row, Reals value, std::size_t pair = 0) const {
        store(tile_.row(row, pair) + lane_, value);
    }
    void set_where(Lanes which, LbfgsRow row, Reals value) const {
        set(row, xsimd::select(which, value, number_of(row)));
    }

    /// The gradient in units; that of a fixed variable counts as 0, whatever it is.
    auto gradient() const {
        return [rows = shared(tile_.g), scale = tile_.scale, unit = unit_](std::size_t j) {
            return scale[j] == 0 ? number(0) : rows[j] * unit;
        };
    }

    // What has been evaluated.

    void judge(Lanes evaluated) {
        const auto gradient = this->gradient();
        const double* const lower = tile_.lower;
        const double* const upper = tile_.upper;
        const Rows x_rows = shared(tile_.x);
        const Rows p_rows = own(LbfgsBlock::p);
        const Rows base_g_rows = own(LbfgsBlock::base_g);
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        if (xsimd::any(is(starting))) choose_unit();
        const auto [seen] = sum<3>(tile_.dimension, [&](std::size_t j, Reals* sums) {
            const Reals x = x_rows[j];
            const Reals g = gradient(j);
            const Reals p = p_rows[j];
            const Lanes is_stopped =
                ((x == number(lower[j])) & (p < number(0))) | ((x == number(upper[j])) & (p > number(0)));
            sums[0] = fma(number(0), g, sums[0]);
            sums[1] = fma(g, xsimd::select(is_stopped, number(0), p), sums[1]);
            sums[2] = fma(base_g_rows[j], x - base_x_rows[j], sums[2]);
        });
        const Reals raw_f = load(tile_.f + lane_) * number(tile_.sign);
        const Reals f = load(tile_.f + lane_) * unit_;
        const Reals slope = seen[1];
        const Lanes finite = (fma(number(0), f, seen[0]) == number(0)) & is_finite(slope) & is_finite(raw_f);
        set_where(evaluated, LbfgsRow::evaluations, number_of(LbfgsRow::evaluations) + number(1));

        set_where(is(starting), LbfgsRow::start_f, raw_f);
        const Lanes searched = is(searching);
        const Lanes probed = is(probing);
        enter(is(starting) & ~finite, no_value);
        enter((is(starting) | is(settling)) & finite, waiting);
        // A point that had a value has none the second time.
        stop_where(is(settling) & ~finite);
        f_ = f;
        slope_ = slope;
        // A probe that went too far is a trial like others.
        const Lanes too_far = probed & finite & ((slope > number(0)) | (f > number_of(LbfgsRow::base_f)));
        if (xsimd::any(probed)) note_nearness(probed, finite);
        enter(too_far, searching);
        if (xsimd::any(probed & ~too_far)) after_probe(probed & ~too_far, finite);
        if (xsimd::any(searched | too_far)) after_trial(searched | too_far, finite, seen[2]);
        keep_best(evaluated & finite, raw_f);
        const Lanes is_spent = number_of(LbfgsRow::evaluations) >= number(tile_.most_evaluations);
        enter(under_way() & is_spent, out_of_work);
    }

    /// The power of two by which value and slopes at the start are near 1.
    void choose_unit() {
        const Rows g_rows = shared(tile_.g);
        Reals largest = xsimd::abs(load(tile_.f + lane_));
        for (std::size_t j = 0, end = tile_.dimension; j < end; ++j) {
            if (tile_.scale[j] == 0) continue;
            largest = greatest(xsimd::abs(g_rows[j] * number(tile_.scale[j])), largest);
        }
        const Reals power = largest & number(std::numeric_limits<double>::infinity());
        const Lanes is_usual = (power >= number(0x1p-1000)) & (power <= number(0x1p1000));
        const Reals bounded =
            xsimd::select(is_usual, power, xsimd::select(power > number(1), number(0x1p1000), number(1)));
        const Reals unit = divide(number(tile_.sign), bounded);
        unit_ = xsimd::select(is(starting), unit, unit_);
        set(LbfgsRow::unit, unit_);
    }

    /// Of points with the same value it is the last to which a step led: as a rule its slope is the smallest.
    void keep_best(Lanes valid, Reals f) {
        const Rows x_rows = shared(tile_.x);
        const Rows best_x_rows = own(LbfgsBlock::best_x);
        const Reals best_f = number_of(LbfgsRow::best_f);
        const Lanes improved = valid & ((f < best_f) | (is(waiting) & (f == best_f)));
        if (!xsimd::any(improved)) return;
        set(LbfgsRow::best_f, xsimd::select(improved, f, best_f));
        for (std::size_t j = 0, end = tile_.dimension; j < end; ++j)
            best_x_rows.set(j, xsimd::select(improved, x_rows[j], best_x_rows[j]));
    }

    /// Whether the probe shows that the minimum along the gradient is near.
    void note_nearness(Lanes probed, Lanes finite) const {
        const Reals base_slope = xsimd::abs(number_of(LbfgsRow::base_slope));
        const Reals root = number_of(LbfgsRow::length) * divide(base_slope, slope_ + base_slope);
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        const Rows p_rows = own(LbfgsBlock::p);
        Lanes is_near = finite & (base_slope <= number(less_than_probed) * slope_);
        for (std::size_t j = 0, end = tile_.dimension; j < end; ++j)
            is_near = is_near & is_short_way(root * p_rows[j], base_x_rows[j], tile_.scale[j], short_step);
        set_where(probed, LbfgsRow::is_near, xsimd::select(is_near, number(1), number(0)));
    }

    /// Whether a way from x is no longer than so many units of x.
    static Lanes is_short_way(Reals way, Reals x, double scale, double most) {
        return xsimd::abs(way) <= number(most) * fma(number(least_unit), number(scale), xsimd::abs(x));
    }

    /// To where the gradient would vanish along the direction, by the curvature that the probe saw.
    void after_probe(Lanes probed, Lanes finite) {
        const Reals length = number_of(LbfgsRow::length);
        const Reals base_slope = number_of(LbfgsRow::base_slope);
        const Reals most = number_of(LbfgsRow::high_length);
        const Lanes is_curved = slope_ > base_slope;
        const Reals root = length * divide(base_slope, base_slope - slope_);
        const Reals to_root = xsimd::select(is_curved & is_finite(root), least(root, most), most);
        set_where(probed, LbfgsRow::length, xsimd::select(finite, to_root, length * number(before_hole)));
        set_where(probed, LbfgsRow::high_kind, xsimd::select(finite, number(0), number(2)));
        set_where(probed, LbfgsRow::high_length, length);
        enter(probed, searching);
    }

    /// The line search of Nocedal & Wright 2006 (algorithms 3.5 and 3.6), one trial further.
    void after_trial(Lanes searched, Lanes finite, Reals decrease) {
        const Reals length = number_of(LbfgsRow::length);
        const Reals base_f = number_of(LbfgsRow::base_f);
        const Reals base_slope = number_of(LbfgsRow::base_slope);
        const Reals most_length = number_of(LbfgsRow::most_length);
        const Reals old_low = number_of(LbfgsRow::low_length);
        const Reals old_low_f = number_of(LbfgsRow::low_f);
        const Reals old_low_slope = number_of(LbfgsRow::low_slope);
        const Reals old_high = number_of(LbfgsRow::high_length);
        const Reals old_high_f = number_of(LbfgsRow::high_f);
        const Reals old_high_slope = number_of(LbfgsRow::high_slope);
        const Reals old_kind = number_of(LbfgsRow::high_kind);
        const Reals unsure = number(noise) * xsimd::abs(base_f);

        const Lanes lower = finite & (f_ <= fma(number(least_decrease), decrease, base_f) + unsure) &
                            (f_ <= old_low_f + unsure);
        const Lanes is_flat = xsimd::abs(slope_) <= number(flatter) * xsimd::abs(base_slope);
        const Lanes accepted =
            searched & lower & (is_flat | ((length >= most_length) & (slope_ < number(0))));
        enter(accepted, waiting);

        // The interval: the trial is its new end.
        const Lanes none = old_kind == number(0);
        const Lanes turned =
            lower & ((none & (slope_ > number(0))) | (~none & (slope_ * (old_high - old_low) >= number(0))));
        const Reals low = xsimd::select(lower, length, old_low);
        const Reals low_f = xsimd::select(lower, f_, old_low_f);
        const Reals low_slope = xsimd::select(lower, slope_, old_low_slope);
        const Reals high = xsimd::select(lower, xsimd::select(turned, old_low, old_high), length);
        const Reals high_f = xsimd::select(lower, xsimd::select(turned, old_low_f, old_high_f), f_);
        const Reals high_slope =
            xsimd::select(lower, xsimd::select(turned, old_low_slope, old_high_slope), slope_);
        const Reals kind = xsimd::select(lower, xsimd::select(turned, number(1), old_kind),
                                         xsimd::select(finite, number(1), number(2)));
        const Lanes goes_on = searched & ~accepted;
        set_where(goes_on, LbfgsRow::low_length, low);
        set_where(goes_on, LbfgsRow::low_f, low_f);
        set_where(goes_on, LbfgsRow::low_slope, low_slope);
        set_where(goes_on, LbfgsRow::high_length, high);
        set_where(goes_on, LbfgsRow::high_f, high_f);
        set_where(goes_on, LbfgsRow::high_slope, high_slope);
        set_where(goes_on, LbfgsRow::high_kind, kind);

        // The next trial within it: the minimum of the cubic through both ends, or where the slopes are told
        // from noise better than the values, the root of the line through those.
        const Reals width = high - low;
        const Reals by_f = low_f - high_f;
        const Reals mean = low_slope + high_slope + number(3) * divide(by_f, width);
        const Reals root = square_root(fnma(low_slope, high_slope, mean * mean));
        const Reals way = xsimd::select(width < number(0), number(0) - root, root);
        const Reals of_cubic =
            number(1) - divide(high_slope + way - mean, high_slope - low_slope + way + way);
        const Reals of_slopes = divide(low_slope, low_slope - high_slope);
        const Lanes is_noise = xsimd::abs(by_f) <= number(4) * unsure;
        const Reals wanted = xsimd::select(is_noise, of_slopes, of_cubic);
        const Reals share = xsimd::select(
            kind == number(2), number(before_hole),
            xsimd::select(is_finite(wanted), clamp(wanted, number(nearest), number(farthest)), number(0.5)));
        const Reals within = fma(share, width, low);
        // Or beyond it.
        const Reals step = length - old_low;
        const Reals ahead = divide(slope_, old_low_slope - slope_);
        const Reals growth = xsimd::select((slope_ > old_low_slope) & is_finite(ahead),
                                           clamp(ahead, number(least_growth - 1), number(most_growth - 1)),
                                           number(most_growth - 1));
        const Reals beyond = least(fma(growth, step, length), most_length);
        set_where(goes_on, LbfgsRow::length, xsimd::select(kind == number(0), beyond, within));

        const Reals trials = number_of(LbfgsRow::trials) + number(1);
        set_where(goes_on, LbfgsRow::trials, trials);
        const Lanes gives_up = goes_on & (trials >= number(most_trials));
        const Lanes has_lower = gives_up & (low > number(0));
        set_where(has_lower, LbfgsRow::length, low);
        enter(has_lower, settling);
        stop_where(gives_up & ~has_lower);
    }

    /// A line search that found nothing lower: down the gradient then, if this was another direction.
    void stop_where(Lanes which) {
        if (!xsimd::any(which)) return;
        const Lanes has_pairs = number_of(LbfgsRow::pairs) > number(0);
        enter(which & has_pairs, restarting);
        enter(which & ~has_pairs, no_lower);
        forget(which);
    }

    void forget(Lanes which) const {
        set_where(which, LbfgsRow::pairs, number(0));
        for (std::size_t k = 0; k < lbfgs_pairs; ++k)
            set(LbfgsRow::inverse_products,
                xsimd::select(which, number(0), number_of(LbfgsRow::inverse_products, k)), k);
    }

    /// Writes the trial points of lanes. Returns those whose point is where the search began: the step is too
    /// short to be told from none.
    Lanes place(Lanes which) const {
        const double* const lower = tile_.lower;
        const double* const upper = tile_.upper;
        const Rows x_rows = shared(tile_.x);
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        const Rows p_rows = own(LbfgsBlock::p);
        const Reals length = number_of(LbfgsRow::length);
        Lanes moved = no_lanes();
        for (std::size_t j = 0, end = tile_.dimension; j < end; ++j) {
            const Reals base = base_x_rows[j];
            const Reals there = clamp(fma(length, p_rows[j], base), number(lower[j]), number(upper[j]));
            moved = moved | (there != base);
            x_rows.set(j, xsimd::select(which, there, x_rows[j]));
        }
        return which & ~moved;
    }

    // The next direction.

    void turn() {
        const Lanes stepped = is(waiting);
        Lanes turning = stepped | is(restarting);
        if (xsimd::any(stepped)) remember(stepped);
        const Reals steepest = find_walls(turning);
        turning = turning & ~end(turning, steepest);
        if (!xsimd::any(turning)) return;
        find_direction(turning);
        begin_search(turning);
    }

    /// Takes the step: x becomes the base, and the pair of step and change of the gradient the newest.
    void remember(Lanes stepped) const {
        const auto gradient = this->gradient();
        const double* const scale = tile_.scale;
        const Rows x_rows = shared(tile_.x);
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        const Rows base_g_rows = own(LbfgsBlock::base_g);
        std::uint8_t& newest = tile_.newest[lane_ / width];
        newest = static_cast<std::uint8_t>((newest + 1U) % lbfgs_pairs);
        const Rows s_rows = own(LbfgsBlock::s, newest);
        const Rows y_rows = own(LbfgsBlock::y, newest);
        Lanes is_short = xsimd::abs(slope_) <= number(taken) * xsimd::abs(number_of(LbfgsRow::base_slope));
        const auto [product] = sum<3>(tile_.dimension, [&](std::size_t j, Reals* sums) {
            const Reals x = x_rows[j];
            const Reals g = gradient(j);
            const Reals base_x = base_x_rows[j];
            const Reals base_g = base_g_rows[j];
            const Reals s = xsimd::select(stepped, x - base_x, number(0));
            const Reals y = xsimd::select(stepped, g - base_g, number(0));
            s_rows.set(j, s);
            y_rows.set(j, y);
            base_x_rows.set(j, xsimd::select(stepped, x, base_x));
            base_g_rows.set(j, xsimd::select(stepped, g, base_g));
            const Reals scaled = y * number(scale[j]);
            is_short = is_short & is_short_way(s, x, scale[j], tile_.tolerance);
            sums[0] = fma(s, y, sums[0]);
            sums[1] = fma(scaled, scaled, sums[1]);
            sums[2] = fma(s, base_g, sums[2]);
        });
        const Reals inverse = divide(number(1), product[0]);
        const Lanes is_good = stepped & (product[0] > number(least_curvature) * xsimd::abs(product[2])) &
                              (product[1] > number(0)) & is_finite(inverse) & is_finite(product[1]);
        // What is not used must not hold an infinity either: a neighbour may use its own pair of that age.
        const Lanes is_bad = stepped & ~is_good;
        for (std::size_t j = 0; j < tile_.dimension && xsimd::any(is_bad); ++j) {
            s_rows.set(j, xsimd::select(is_bad, number(0), s_rows[j]));
            y_rows.set(j, xsimd::select(is_bad, number(0), y_rows[j]));
        }
        set(LbfgsRow::inverse_products, xsimd::select(is_good, inverse, number(0)), newest);
        set_where(is_good, LbfgsRow::gamma, divide(product[0], product[1]));
        const Reals pairs = number_of(LbfgsRow::pairs) + number(1);
        set_where(is_good, LbfgsRow::pairs, least(pairs, number(lbfgs_pairs)));
        set_where(stepped, LbfgsRow::iterations, number_of(LbfgsRow::iterations) + number(1));
        const Reals base_f = number_of(LbfgsRow::base_f);
        const Lanes is_idle = base_f - f_ <= number(noise) * xsimd::abs(f_);
        set_where(stepped, LbfgsRow::idle_steps,
                  xsimd::select(is_idle, number_of(LbfgsRow::idle_steps) + number(1), number(0)));
        set_where(stepped, LbfgsRow::base_f, f_);
        const Lanes has_moved = number_of(LbfgsRow::iterations) > number(0);
        const Reals short_steps = number_of(LbfgsRow::short_steps) + number(1);
        set_where(stepped, LbfgsRow::short_steps,
                  xsimd::select(is_short & has_moved, short_steps, number(0)));
    }

    /// Finds the variables that a wall holds, and the steepest way down inside the box, in units of the
    /// scale. A wall that the slope leads to holds a variable from a little before it, or else the way would
    /// be bent at once (Bertsekas 1982).
    Reals find_walls(Lanes turning) {
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        const Rows base_g_rows = own(LbfgsBlock::base_g);
        const Rows moves_rows = own(LbfgsBlock::moves);
        const double* const lower = tile_.lower;
        const double* const upper = tile_.upper;
        const double* const scale = tile_.scale;
        const Rows newest_rows = own(LbfgsBlock::s, tile_.newest[lane_ / width]);
        const Reals nearness = number(near_wall) * least(number_of(LbfgsRow::steepest), number(1));
        Reals steepest = number(0);
        Lanes changed = no_lanes();
        Lanes held_somewhere = changed;
        for (std::size_t j = 0, end = tile_.dimension; j < end; ++j) {
            const Reals x = base_x_rows[j];
            const Reals g = base_g_rows[j];
            const Reals before = moves_rows[j];
            const Reals near = nearness * number(scale[j]);
            const Lanes is_down = g >= number(0);
            const Lanes is_up = g <= number(0);
            const Lanes at_wall = ((x == number(lower[j])) & is_down) | ((x == number(upper[j])) & is_up);
            const Lanes held =
                ((x - number(lower[j]) <= near) & is_down) | ((number(upper[j]) - x <= near) & is_up);
            const Reals moves = xsimd::select(held, number(0), number(1));
            const Reals along = xsimd::select(at_wall, number(0), xsimd::abs(g * number(scale[j])));
            // The last step may have led such a variable to its wall.
            const Lanes was_moved = held & (newest_rows[j] != number(0));
            changed = changed | (turning & ((moves != before) | was_moved));
            held_somewhere = held_somewhere | (turning & held);
            moves_rows.set(j, xsimd::select(turning, moves, before));
            steepest = greatest(along, steepest);
        }
        set_where(turning, LbfgsRow::steepest, steepest);
        set_where(turning, LbfgsRow::steepest_lately,
                  greatest(steepest, number(remembered) * number_of(LbfgsRow::steepest_lately)));
        is_any_held_ = xsimd::any(held_somewhere);
        if (xsimd::any(changed)) restrict_pairs(changed);
        return steepest;
    }

    /// A pair is one of the variables that move.
    void restrict_pairs(Lanes which) const {
        const Rows moves_rows = own(LbfgsBlock::moves);
        for (std::size_t k = 0; k < lbfgs_pairs; ++k) {
            const Reals inverse = number_of(LbfgsRow::inverse_products, k);
            const Lanes used = which & (inverse != number(0));
            if (!xsimd::any(used)) continue;
            const Rows s_rows = own(LbfgsBlock::s, k);
            const Rows y_rows = own(LbfgsBlock::y, k);
            const auto [product] = sum<2>(tile_.dimension, [&](std::size_t j, Reals* sums) {
                const Reals term = s_rows[j] * y_rows[j] * moves_rows[j];
                sums[0] = sums[0] + term;
                sums[1] = sums[1] + xsimd::abs(term);
            });
            const Reals restricted = divide(number(1), product[0]);
            const Lanes is_good = (product[0] > number(least_of_terms) * product[1]) & is_finite(restricted);
            set(LbfgsRow::inverse_products,
                xsimd::select(used, xsimd::select(is_good, restricted, number(0)), inverse), k);
        }
    }

    /// Ends lanes that need not go on, and returns them.
    Lanes end(Lanes turning, Reals steepest) {
        const Lanes spent = (number_of(LbfgsRow::iterations) >= number(tile_.most_iterations)) |
                            (number_of(LbfgsRow::evaluations) >= number(tile_.most_evaluations));
        enter(turning & spent, out_of_work);
        enter(turning & (number_of(LbfgsRow::idle_steps) >= number(most_idle_steps)), no_lower);
        enter(turning & ((steepest == number(0)) |
                         (number_of(LbfgsRow::short_steps) >= number(enough_short_steps))),
              converged);
        enter(turning & (number_of(LbfgsRow::best_f) <= number(tile_.target)), at_target);
        return turning & (phase_ >= number(converged));
    }

    void find_direction(Lanes turning) {
        if (is_any_held_) {
            multiply_gradient<true>(turning);
        } else {
            multiply_gradient<false>(turning);
        }
    }

    /// p = H g by the two loops of Nocedal 1980, in the variables that move.
    template <bool is_any_held>
    void multiply_gradient(Lanes turning) const {
        const Rows moves_rows = own(LbfgsBlock::moves);
        const Rows base_g_rows = own(LbfgsBlock::base_g);
        const Rows p_rows = own(LbfgsBlock::p);
        std::size_t slots[lbfgs_pairs];  // newest first
        Reals inverse[lbfgs_pairs];
        Reals factor[lbfgs_pairs];
        std::size_t count = 0;
        for (std::size_t age = 0; age < lbfgs_pairs; ++age) {
            const std::size_t slot = (tile_.newest[lane_ / width] + lbfgs_pairs - age) % lbfgs_pairs;
            inverse[count] = xsimd::select(turning, number_of(LbfgsRow::inverse_products, slot), number(0));
            if (xsimd::any(inverse[count] != number(0))) slots[count++] = slot;
        }
        const Reals gamma = number_of(LbfgsRow::gamma);
        const auto masked = [moves_rows](std::size_t j, Reals number) {
            return is_any_held ? number * moves_rows[j] : number;
        };
        const auto initial = [gamma, scale = tile_.scale](std::size_t j, Reals q) {
            return gamma * number(scale[j]) * number(scale[j]) * q;
        };
        const auto used = [&](std::size_t k, Reals product) {
            return xsimd::select(inverse[k] != number(0), inverse[k] * product, number(0));
        };
        if (count == 0) {
            for (std::size_t j = 0, end = tile_.dimension; j < end; ++j)
                p_rows.set(j, initial(j, masked(j, base_g_rows[j])));
            return;
        }
        const Rows first_rows = own(LbfgsBlock::s, slots[0]);
        Reals product = sum<1>(tile_.dimension, [=](std::size_t j, Reals* sums) {
                            const Reals q = masked(j, base_g_rows[j]);
                            p_rows.set(j, q);
                            sums[0] = fma(first_rows[j], q, sums[0]);
                        }).of[0];
        for (std::size_t k = 0; k < count; ++k) {
            const Reals a = factor[k] = used(k, product);
            const Rows y_rows = own(LbfgsBlock::y, slots[k]);
            if (k + 1 == count) {
                product = sum<1>(tile_.dimension, [=](std::size_t j, Reals* sums) {
                              const Reals y = y_rows[j];
                              const Reals q = initial(j, fnma(a, masked(j, y), p_rows[j]));
                              p_rows.set(j, q);
                              sums[0] = fma(y, q, sums[0]);
                          }).of[0];
            } else {
                const Rows s_rows = own(LbfgsBlock::s, slots[k + 1]);
                product = sum<1>(tile_.dimension, [=](std::size_t j, Reals* sums) {
                              const Reals q = fnma(a, masked(j, y_rows[j]), p_rows[j]);
                              p_rows.set(j, q);
                              sums[0] = fma(s_rows[j], q, sums[0]);
                          }).of[0];
            }
        }
        for (std::size_t k = count; k-- > 0;) {
            const Reals b = factor[k] - used(k, product);
            const Rows s_rows = own(LbfgsBlock::s, slots[k]);
            const Rows y_rows = own(LbfgsBlock::y, slots[k == 0 ? 0 : k - 1]);
            product = sum<1>(tile_.dimension, [=](std::size_t j, Reals* sums) {
                          const Reals r = fma(b, masked(j, s_rows[j]), p_rows[j]);
                          p_rows.set(j, r);
                          sums[0] = fma(y_rows[j], r, sums[0]);
                      }).of[0];
        }
    }

    struct Direction {
        Reals slope;
        Reals longest;   ///< step in a variable, in units of the scale
        Lanes is_short;  ///< at most short_step in every variable
    };

    /// Turns r = H g into a direction; a variable that a wall holds goes the rest of the way to it.
    template <class Product>
    Direction point_down(Lanes which, Product r) const {
        const Rows base_x_rows = own(LbfgsBlock::base_x);
        const Rows base_g_rows = own(LbfgsBlock::base_g);
        const Rows moves_rows = own(LbfgsBlock::moves);
        const Rows p_rows = own(LbfgsBlock::p);
        const double* const lower = tile_.lower;
        const double* const upper = tile_.upper;
        const double* const scale = tile_.scale;
        const double* const inverse_scale = tile_.inverse_scale;
        Reals longest = number(0);
        Lanes is_short = ~no_lanes();
        const auto [slope] = sum<1>(tile_.dimension, [&](std::size_t j, Reals* sums) {
            const Reals x = base_x_rows[j];
            const Reals g = base_g_rows[j];
            const Reals product = r(j);
            const Lanes leaves = ((x == number(lower[j])) & (product > number(0))) |
                                 ((x == number(upper[j])) & (product < number(0)));
            const Reals wall = xsimd::select(g >= number(0), number(lower[j]), number(upper[j]));
            // Twice the way, so that the step ends on the wall itself.
            const Reals to_wall = (wall - x) + (wall - x);
            const Reals down = number(0) - xsimd::select(leaves, number(0), product);
            const Reals p = xsimd::select(moves_rows[j] == number(0), to_wall, down);
            p_rows.set(j, xsimd::select(which, p, p_rows[j]));
            longest = greatest(xsimd::abs(p * number(inverse_scale[j])), longest);
            is_short = is_short & is_short_way(p, x, scale[j], short_step);
            sums[0] = fma(g, p, sums[0]);
        });
        return {slope[0], longest, is_short};
    }

    /// Begins the line search, and places its first trial.
    void begin_search(Lanes turning) {
        const Rows product_rows = own(LbfgsBlock::p);
        const Direction newton = point_down(turning, [=](std::size_t j) { return product_rows[j]; });
        const Lanes is_steepest =
            turning & ((number_of(LbfgsRow::pairs) == number(0)) | ~(newton.slope < number(0)) |
                       ~is_finite(newton.slope) | ~is_finite(newton.longest));
        const Lanes was_near = number_of(LbfgsRow::is_near) != number(0);
        const Lanes has_fallen =
            number_of(LbfgsRow::steepest) <= number(fallen) * number_of(LbfgsRow::steepest_lately);
        set_where(turning & ~is_steepest, LbfgsRow::is_near,
                  xsimd::select(newton.is_short & (has_fallen | was_near), number(1), number(0)));
        Reals slope = newton.slope;
        Reals longest = newton.longest;
        if (xsimd::any(is_steepest)) {
            forget(is_steepest);
            const Rows base_g_rows = own(LbfgsBlock::base_g);
            const Direction steepest = point_down(is_steepest, [=, scale = tile_.scale](std::size_t j) {
                return number(scale[j]) * (number(scale[j]) * base_g_rows[j]);
            });
            slope = xsimd::select(is_steepest, steepest.slope, slope);
            longest = xsimd::select(is_steepest, steepest.longest, longest);
        }
        constexpr double any_length = 0x1p1000;
        const Reals most_length = least(divide(number(tile_.longest_step), longest), number(any_length));
        const Reals first_length = least(divide(number(first_step), longest), most_length);
        const Reals length = xsimd::select(is_steepest, least(divide(number(probe), longest), most_length),
                                           least(number(1), most_length));
        set_where(turning, LbfgsRow::base_slope, slope);
        set_where(turning, LbfgsRow::most_length, most_length);
        set_where(turning, LbfgsRow::length, length);
        set_where(turning, LbfgsRow::low_length, number(0));
        set_where(turning, LbfgsRow::low_f, number_of(LbfgsRow::base_f));
        set_where(turning, LbfgsRow::low_slope, slope);
        set_where(turning, LbfgsRow::high_length, first_length);
        set_where(turning, LbfgsRow::high_kind, number(0));
        set_where(turning, LbfgsRow::trials, number(0));
        enter(turning, searching);
        enter(is_steepest, probing);
        stop_where(place(turning));
    }

    const Lbfgs& tile_;
    std::size_t lane_;
    Reals phase_, unit_;
    // At the point that was evaluated, in units.
    Reals f_ = number(0);
    Reals slope_ = number(0);
    bool is_any_held_ = false;
};

}  // namespace lbfgs

inline void advance_lbfgs(const Lbfgs& tile) {
    for (std::size_t lane = 0; lane < tile.lanes; lane += lbfgs::Reals::size)
        lbfgs::Vector(tile, lane).advance();
}

}  // namespace
}  // namespace lanewise::kernels
