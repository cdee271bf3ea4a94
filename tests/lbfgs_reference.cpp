// The order of operations matters here: it is the kernel's.
#include "lbfgs_reference.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace lanewise::test {

namespace {

using kernels::LbfgsPhase;

constexpr double infinity = std::numeric_limits<double>::infinity();

// The numbers of the kernel; it says what they are for.
constexpr double least_decrease = 1e-4;
constexpr double flatter = 0.9;
constexpr double noise = 0x1p-50;
constexpr double least_curvature = 0x1p-52;
constexpr double least_of_terms = 0x1p-30;
constexpr int most_trials = 20;
constexpr int most_idle_steps = 3;
constexpr double probe = 1e-6;
constexpr double first_step = 0.02;
constexpr double nearest = 0.1;
constexpr double farthest = 0.9;
constexpr double before_hole = 0.25;
constexpr double near_wall = 1e-6;
constexpr double taken = 0.25;
constexpr int enough_short_steps = 2;
constexpr double short_step = 1e-6;
constexpr double fallen = 1e-2;
constexpr double less_than_probed = 1e-3;
constexpr double remembered = 0.9;
constexpr double least_unit = 0x1p-26;
constexpr double least_growth = 1.1;
constexpr double most_growth = 4;
constexpr double any_length = 0x1p1000;

// Of two numbers of which one is NaN, each of these gives the second.
double least(double a, double b) {
    return a < b ? a : b;
}
double greatest(double a, double b) {
    return a > b ? a : b;
}
double clamp(double x, double lower, double upper) {
    return greatest(least(x, upper), lower);
}

/// The power of two at or below a positive number. That of NaN is infinite, that of a subnormal number is 0.
double power_of_two(double a) {
    constexpr auto exponent = std::bit_cast<std::uint64_t>(infinity);
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & exponent);
}

/// A sum of terms by their number: four partial sums, the terms taking turns.
class Sum {
  public:
    double& part(std::size_t j) { return parts_[j % 4]; }
    double total() const { return (parts_[0] + parts_[1]) + (parts_[2] + parts_[3]); }

  private:
    double parts_[4] = {0, 0, 0, 0};
};

class Run {
  public:
    Run(const ScalarObjective& objective, const Point& lower, const Point& upper, const LbfgsLimits& limits,
        double sign, MultiplyAdd multiply_add)
        : objective_(objective),
          lower_(lower),
          upper_(upper),
          limits_(limits),
          sign_(sign),
          is_fused_(multiply_add == MultiplyAdd::fused),
          d_(lower.size()),
          scale_(d_),
          inverse_scale_(d_),
          x_(d_),
          g_(d_),
          base_x_(d_),
          base_g_(d_),
          p_(d_),
          moves_(d_, false) {
        for (std::size_t j = 0; j < d_; ++j) {
            scale_[j] = std::isfinite(upper[j] - lower[j]) ? upper[j] - lower[j] : 1;
            inverse_scale_[j] = scale_[j] == 0 ? 0 : 1 / scale_[j];
        }
        for (Pair& pair : ring_) pair = {.s = Point(d_), .y = Point(d_), .inverse_product = 0};
    }

    LbfgsOutcome descend(const Point& start) {
        const LbfgsPhase why = go(start);
        return {.why = why,
                .start_f = start_f_,
                .f = best_f_,
                .x = best_x_,
                .is_near = is_near_ || short_steps_ != 0,
                .iterations = iterations_,
                .evaluations = evaluations_};
    }

  private:
    /// A step, the change of the gradient along it, and 1 / (s y); 0 where the pair is not used.
    struct Pair {
        Point s, y;
        double inverse_product;
    };

    /// How a line search ended.
    enum class Search { stepped, found_nothing, spent };

    /// What was seen at x_, in units but for the first.
    struct Seen {
        bool is_finite;
        double f, slope;
        double decrease;  ///< what the slope at the base promised for the way to x_
    };

    /// One end of the interval of a line search.
    struct End {
        double length, f, slope;
    };

    /// What is beyond the lower end of the interval.
    enum class Beyond { nothing, end, hole };

    double fma(double a, double b, double c) const { return is_fused_ ? std::fma(a, b, c) : a * b + c; }
    double fnma(double a, double b, double c) const { return is_fused_ ? std::fma(-a, b, c) : c - a * b; }

    LbfgsPhase go(const Point& start) {
        x_ = best_x_ = base_x_ = start;
        if (!look_at_start()) return kernels::no_value;
        settle();
        for (;;) {
            find_walls();
            if (const std::optional<LbfgsPhase> why = end()) return *why;
            multiply_gradient();
            switch (search()) {
                case Search::stepped:
                    ++iterations_;
                    settle();
                    break;
                case Search::found_nothing:
                    if (pairs_ == 0) return kernels::no_lower;
                    forget();
                    break;
                case Search::spent: return kernels::out_of_work;
            }
        }
    }

    // The objective.

    double gradient(std::size_t j) const { return scale_[j] == 0 ? 0 : g_[j] * unit_; }

    bool is_stopped_by_wall(std::size_t j) const {
        return (x_[j] == lower_[j] && p_[j] < 0) || (x_[j] == upper_[j] && p_[j] > 0);
    }

    /// The gradient at the start is looked at before there is a unit: the sign takes its place.
    bool look_at_start() {
        unit_ = sign_;
        raw_f_ = objective_(x_, g_);
        Sum zero;
        for (std::size_t j = 0; j < d_; ++j) zero.part(j) = fma(0, gradient(j), zero.part(j));
        start_f_ = raw_f_ * sign_;
        choose_unit();
        f_ = raw_f_ * unit_;
        const bool is_finite = fma(0, f_, zero.total()) == 0 && std::isfinite(start_f_);
        if (is_finite) keep_best();
        ++evaluations_;
        return is_finite;
    }

    /// The power of two by which value and slopes at the start are near 1.
    void choose_unit() {
        double largest = std::abs(raw_f_);
        for (std::size_t j = 0; j < d_; ++j) {
            if (scale_[j] != 0) largest = greatest(std::abs(g_[j] * scale_[j]), largest);
        }
        const double power = power_of_two(largest);
        if (power >= 0x1p-1000 && power <= 0x1p1000) {
            unit_ = sign_ / power;
        } else {
            unit_ = sign_ / (power > 1 ? 0x1p1000 : 1);
        }
    }

    Seen look() {
        raw_f_ = objective_(x_, g_);
        f_ = raw_f_ * unit_;
        Sum zero;
        Sum slope;
        Sum decrease;
        for (std::size_t j = 0; j < d_; ++j) {
            const double g = gradient(j);
            zero.part(j) = fma(0, g, zero.part(j));
            slope.part(j) = fma(g, is_stopped_by_wall(j) ? 0 : p_[j], slope.part(j));
            decrease.part(j) = fma(base_g_[j], x_[j] - base_x_[j], decrease.part(j));
        }
        const bool is_finite =
            fma(0, f_, zero.total()) == 0 && std::isfinite(slope.total()) && std::isfinite(raw_f_ * sign_);
        if (is_finite) keep_best();
        ++evaluations_;
        slope_ = slope.total();
        return {.is_finite = is_finite, .f = f_, .slope = slope.total(), .decrease = decrease.total()};
    }

    void keep_best() {
        const double f = raw_f_ * sign_;
        if (!(f < best_f_)) return;
        best_f_ = f;
        best_x_ = x_;
    }

    // The step.

    /// Makes x_ the base, and what changed on the way to it the newest pair. The start is a step of length 0.
    void settle() {
        if (raw_f_ * sign_ == best_f_) best_x_ = x_;
        newest_ = (newest_ + 1) % kernels::lbfgs_pairs;
        Pair& pair = ring_[newest_];
        Sum sy;
        Sum yy;
        Sum sg;
        for (std::size_t j = 0; j < d_; ++j) {
            const double g = gradient(j);
            pair.s[j] = x_[j] - base_x_[j];
            pair.y[j] = g - base_g_[j];
            const double scaled = pair.y[j] * scale_[j];
            sy.part(j) = fma(pair.s[j], pair.y[j], sy.part(j));
            yy.part(j) = fma(scaled, scaled, yy.part(j));
            sg.part(j) = fma(pair.s[j], base_g_[j], sg.part(j));
            base_x_[j] = x_[j];
            base_g_[j] = g;
        }
        const bool is_short = iterations_ > 0 && std::abs(slope_) <= taken * std::abs(base_slope_) &&
                              is_no_longer_than(limits_.tolerance, pair.s);
        short_steps_ = is_short ? short_steps_ + 1 : 0;
        const double inverse = 1 / sy.total();
        const bool is_good = sy.total() > least_curvature * std::abs(sg.total()) && yy.total() > 0 &&
                             std::isfinite(inverse) && std::isfinite(yy.total());
        pair.inverse_product = is_good ? inverse : 0;
        if (!is_good) pair.s = pair.y = Point(d_, 0.0);
        if (is_good) {
            gamma_ = sy.total() / yy.total();
            if (pairs_ < kernels::lbfgs_pairs) ++pairs_;
        }
        const bool is_idle = base_f_ - f_ <= noise * std::abs(f_);
        idle_steps_ = is_idle ? idle_steps_ + 1 : 0;
        base_f_ = f_;
    }

    void forget() {
        pairs_ = 0;
        for (Pair& pair : ring_) pair.inverse_product = 0;
    }

    // The walls.

    /// Finds the variables that a wall holds, and the steepest way down inside the box.
    void find_walls() {
        const double nearness = near_wall * least(steepest_, 1);
        double steepest = 0;
        bool changed = false;
        for (std::size_t j = 0; j < d_; ++j) {
            const double x = base_x_[j];
            const double g = base_g_[j];
            const double near = nearness * scale_[j];
            const bool at_wall = (x == lower_[j] && g >= 0) || (x == upper_[j] && g <= 0);
            const bool is_held = (x - lower_[j] <= near && g >= 0) || (upper_[j] - x <= near && g <= 0);
            // The last step may have led such a variable to its wall.
            const bool was_moved = is_held && ring_[newest_].s[j] != 0;
            if (moves_[j] == is_held || was_moved) changed = true;
            moves_[j] = !is_held;
            steepest = greatest(at_wall ? 0 : std::abs(g * scale_[j]), steepest);
        }
        steepest_ = steepest;
        steepest_lately_ = greatest(steepest, remembered * steepest_lately_);
        if (changed) restrict_pairs();
    }

    /// Takes the products of the pairs in the variables that move.
    void restrict_pairs() {
        for (Pair& pair : ring_) {
            if (pair.inverse_product == 0) continue;
            Sum product;
            Sum terms;
            for (std::size_t j = 0; j < d_; ++j) {
                const double term = pair.s[j] * pair.y[j] * moving(j);
                product.part(j) = product.part(j) + term;
                terms.part(j) = terms.part(j) + std::abs(term);
            }
            const double inverse = 1 / product.total();
            const bool is_good = product.total() > least_of_terms * terms.total() && std::isfinite(inverse);
            pair.inverse_product = is_good ? inverse : 0;
        }
    }

    double moving(std::size_t j) const { return moves_[j] ? 1 : 0; }

    bool is_spent() const { return evaluations_ >= limits_.evaluations; }

    /// Why the run ends at the base, if it does. The last reason that holds counts.
    std::optional<LbfgsPhase> end() const {
        std::optional<LbfgsPhase> why;
        if (iterations_ >= limits_.iterations || is_spent()) why = kernels::out_of_work;
        if (idle_steps_ >= most_idle_steps) why = kernels::no_lower;
        if (steepest_ == 0 || short_steps_ >= enough_short_steps) why = kernels::converged;
        if (best_f_ <= limits_.target) why = kernels::at_target;
        return why;
    }

    // The direction.

    double initial(std::size_t j, double q) const { return gamma_ * scale_[j] * scale_[j] * q; }

    double times_p(const Point& row) const {
        Sum sum;
        for (std::size_t j = 0; j < d_; ++j) sum.part(j) = fma(row[j], p_[j], sum.part(j));
        return sum.total();
    }

    /// p = H g by the two loops of Nocedal 1980, in the variables that move.
    void multiply_gradient() {
        std::vector<const Pair*> used;  // the newest first
        for (std::size_t age = 0; age < kernels::lbfgs_pairs; ++age) {
            const Pair& pair = ring_[(newest_ + kernels::lbfgs_pairs - age) % kernels::lbfgs_pairs];
            if (pair.inverse_product != 0) used.push_back(&pair);
        }
        std::vector<double> factors;
        for (std::size_t j = 0; j < d_; ++j) p_[j] = base_g_[j] * moving(j);
        for (const Pair* pair : used) {
            const double a = pair->inverse_product * times_p(pair->s);
            factors.push_back(a);
            for (std::size_t j = 0; j < d_; ++j) p_[j] = fnma(a, pair->y[j] * moving(j), p_[j]);
        }
        for (std::size_t j = 0; j < d_; ++j) p_[j] = initial(j, p_[j]);
        for (std::size_t k = used.size(); k-- > 0;) {
            const double b = factors[k] - used[k]->inverse_product * times_p(used[k]->y);
            for (std::size_t j = 0; j < d_; ++j) p_[j] = fma(b, used[k]->s[j] * moving(j), p_[j]);
        }
    }

    /// Makes a direction of p = H g: down, not out of the box, and for a variable that a wall holds twice the
    /// rest of the way to it.
    void point_down() {
        longest_ = 0;
        Sum slope;
        for (std::size_t j = 0; j < d_; ++j) {
            const double x = base_x_[j];
            const double g = base_g_[j];
            const bool leaves = (x == lower_[j] && p_[j] > 0) || (x == upper_[j] && p_[j] < 0);
            const double wall = g >= 0 ? lower_[j] : upper_[j];
            if (moves_[j]) {
                p_[j] = 0 - (leaves ? 0 : p_[j]);
            } else {
                p_[j] = (wall - x) + (wall - x);
            }
            longest_ = greatest(std::abs(p_[j] * inverse_scale_[j]), longest_);
            slope.part(j) = fma(g, p_[j], slope.part(j));
        }
        base_slope_ = slope.total();
    }

    /// The way in no variable, in units of x.
    bool is_no_longer_than(double step, const Point& way) const {
        for (std::size_t j = 0; j < d_; ++j) {
            if (!(std::abs(way[j]) <= step * fma(least_unit, scale_[j], std::abs(base_x_[j])))) return false;
        }
        return true;
    }

    /// Whether the probe shows that the minimum along the gradient is near.
    void note_nearness(const Seen& probed) {
        const double base_slope = std::abs(base_slope_);
        const double root = length_ * (base_slope / (probed.slope + base_slope));
        Point way = p_;
        for (double& of_variable : way) of_variable = root * of_variable;
        is_near_ = probed.is_finite && base_slope <= less_than_probed * probed.slope &&
                   is_no_longer_than(short_step, way);
    }

    // The line search.

    Search search() {
        point_down();
        const bool is_steepest =
            pairs_ == 0 || !(base_slope_ < 0) || !std::isfinite(base_slope_) || !std::isfinite(longest_);
        if (is_steepest) {
            forget();
            for (std::size_t j = 0; j < d_; ++j) p_[j] = scale_[j] * (scale_[j] * base_g_[j]);
            point_down();
        } else {
            const bool has_fallen = steepest_ <= fallen * steepest_lately_;
            is_near_ = is_no_longer_than(short_step, p_) && (has_fallen || is_near_);
        }
        most_length_ = least(limits_.longest_step / longest_, any_length);
        low_ = {.length = 0, .f = base_f_, .slope = base_slope_};
        beyond_ = Beyond::nothing;
        length_ = is_steepest ? least(probe / longest_, most_length_) : least(1, most_length_);
        if (!place()) return Search::found_nothing;
        std::optional<Seen> far_probe;
        if (is_steepest) {
            const Seen probed = look();
            note_nearness(probed);
            if (probed.is_finite && (probed.slope > 0 || probed.f > base_f_)) {
                far_probe = probed;
            } else {
                learn_from_probe(probed);
                if (is_spent()) return Search::spent;
                if (!place()) return Search::found_nothing;
            }
        }
        for (int trial = 1;; ++trial) {
            const Seen seen = far_probe ? *std::exchange(far_probe, std::nullopt) : look();
            if (is_accepted(seen)) return Search::stepped;
            narrow(seen);
            if (trial == most_trials) break;
            if (is_spent()) return Search::spent;
            if (!place()) return Search::found_nothing;
        }
        return go_back_to_low();
    }

    /// Writes the trial point. False: it is the base, the step is too short to be told from none.
    bool place() {
        bool moved = false;
        for (std::size_t j = 0; j < d_; ++j) {
            x_[j] = clamp(fma(length_, p_[j], base_x_[j]), lower_[j], upper_[j]);
            if (x_[j] != base_x_[j]) moved = true;
        }
        return moved;
    }

    /// The first trial: where the gradient would vanish along the direction, by the curvature that the probe
    /// saw.
    void learn_from_probe(const Seen& seen) {
        const double most = least(first_step / longest_, most_length_);
        const double root = length_ * (base_slope_ / (base_slope_ - seen.slope));
        high_.length = length_;
        if (!seen.is_finite) {
            beyond_ = Beyond::hole;
            length_ = length_ * before_hole;
        } else if (seen.slope > base_slope_ && std::isfinite(root)) {
            length_ = least(root, most);
        } else {
            length_ = most;
        }
    }

    /// Values that differ by less are told apart by their slopes alone.
    double unsure() const { return noise * std::abs(base_f_); }

    bool is_lower(const Seen& seen) const {
        return seen.is_finite && seen.f <= fma(least_decrease, seen.decrease, base_f_) + unsure() &&
               seen.f <= low_.f + unsure();
    }

    bool is_accepted(const Seen& seen) const {
        const bool is_flat = std::abs(seen.slope) <= flatter * std::abs(base_slope_);
        const bool is_at_end = length_ >= most_length_ && seen.slope < 0;
        return is_lower(seen) && (is_flat || is_at_end);
    }

    /// The trial becomes an end of the interval, and the next one is chosen (Nocedal & Wright 2006,
    /// algorithms 3.5 and 3.6).
    void narrow(const Seen& seen) {
        const End trial = {.length = length_, .f = seen.f, .slope = seen.slope};
        const End old_low = low_;
        if (is_lower(seen)) {
            const bool is_turned =
                beyond_ == Beyond::nothing ? seen.slope > 0 : seen.slope * (high_.length - low_.length) >= 0;
            if (is_turned) {
                high_ = low_;
                beyond_ = Beyond::end;
            }
            low_ = trial;
        } else {
            high_ = trial;
            beyond_ = seen.is_finite ? Beyond::end : Beyond::hole;
        }
        length_ = beyond_ == Beyond::nothing ? farther(trial, old_low) : within();
    }

    /// By the slopes at the last two trials.
    double farther(const End& trial, const End& before) const {
        const double step = trial.length - before.length;
        const double ahead = trial.slope / (before.slope - trial.slope);
        const double growth = trial.slope > before.slope && std::isfinite(ahead)
                                  ? clamp(ahead, least_growth - 1, most_growth - 1)
                                  : most_growth - 1;
        return least(fma(growth, step, trial.length), most_length_);
    }

    double within() const { return fma(share(), high_.length - low_.length, low_.length); }

    /// Which part of the interval is left behind.
    double share() const {
        if (beyond_ == Beyond::hole) return before_hole;
        const bool is_noise = std::abs(low_.f - high_.f) <= 4 * unsure();
        const double wanted = is_noise ? root_of_slopes() : minimum_of_cubic();
        return std::isfinite(wanted) ? clamp(wanted, nearest, farthest) : 0.5;
    }

    double root_of_slopes() const { return low_.slope / (low_.slope - high_.slope); }

    double minimum_of_cubic() const {
        const double width = high_.length - low_.length;
        const double mean = low_.slope + high_.slope + 3 * ((low_.f - high_.f) / width);
        const double root = std::sqrt(fnma(low_.slope, high_.slope, mean * mean));
        const double way = width < 0 ? 0 - root : root;
        return 1 - (high_.slope + way - mean) / (high_.slope - low_.slope + way + way);
    }

    /// The trials are spent: the best of them is the step, if one was lower.
    Search go_back_to_low() {
        if (!(low_.length > 0)) return Search::found_nothing;
        if (is_spent()) return Search::spent;
        length_ = low_.length;
        if (!place()) return Search::found_nothing;
        return look().is_finite ? Search::stepped : Search::found_nothing;
    }

    const ScalarObjective& objective_;
    const Point& lower_;
    const Point& upper_;
    const LbfgsLimits& limits_;
    const double sign_;
    const bool is_fused_;
    const std::size_t d_;
    Point scale_, inverse_scale_;

    // At the point that was evaluated last; f_ is in units.
    Point x_, g_;
    double raw_f_ = 0;
    double f_ = 0;
    double slope_ = 0;  ///< along the direction
    double unit_ = 1;

    // At the base of the line search, in units.
    Point base_x_, base_g_;
    double base_f_ = infinity;
    double base_slope_ = 0;
    double steepest_ = 0;
    double steepest_lately_ = 0;
    int short_steps_ = 0;
    bool is_near_ = false;

    Point p_;
    double longest_ = 0;  ///< in a variable, in units of its scale
    std::vector<bool> moves_;
    Pair ring_[kernels::lbfgs_pairs];
    std::size_t newest_ = 0;
    std::size_t pairs_ = 0;  ///< remembered since all were forgotten, also those that are no longer used
    double gamma_ = 1;

    double length_ = 0;
    double most_length_ = 0;
    End low_ = {};
    End high_ = {};
    Beyond beyond_ = Beyond::nothing;

    double start_f_ = infinity;
    double best_f_ = infinity;
    Point best_x_;
    std::uint64_t iterations_ = 0;
    std::uint64_t evaluations_ = 0;
    int idle_steps_ = 0;
};

}  // namespace

LbfgsOutcome lbfgs_reference(const ScalarObjective& objective, const Point& start, const Point& lower,
                             const Point& upper, const LbfgsLimits& limits, double sign,
                             MultiplyAdd multiply_add) {
    return Run(objective, lower, upper, limits, sign, multiply_add).descend(start);
}

}  // namespace lanewise::test
