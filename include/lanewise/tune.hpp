/// A sweep over the settings of Adam and its relatives: which of them comes to a value soonest, and most
/// often?
///
///     const lanewise::Tuning tuning = lanewise::tune(
///         objective, box, {}, {.alpha = lanewise::Between{1e-3, 1}, .beta1 = {0.5, 0.9}, .settings = 32});
///     lanewise::minimize(objective, box, tuning.settings.front().setting.in({}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/minimize_batch.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// A range; both ends belong to it.
struct Between {
    double lower, upper;
};

/// How an option is varied: over these values, or over a range. Without either it is not.
template <class T>
struct Varied {
    std::vector<T> values = {};
    std::optional<Between> range = {};

    Varied() = default;
    Varied(std::initializer_list<T> of_these) : values(of_these) {}   // NOLINT(*explicit*)
    Varied(std::vector<T> of_these) : values(std::move(of_these)) {}  // NOLINT(*explicit*)
    Varied(Between ends) : range(ends) {}                             // NOLINT(*explicit*)
};

/// What is varied, and how. A range is covered evenly in what matters of its option: alpha, eps and
/// iterations in the logarithm, beta1 and beta2 in log(1 - beta), warm_up and final_alpha as they are.
/// Numbers from a range have three digits, those of a beta in 1 - beta.
struct TuneOptions {
    Varied<Method> rule = {};  ///< values alone, any but lbfgs
    Varied<double> alpha = {};
    Varied<double> beta1 = {};
    Varied<double> beta2 = {};
    Varied<double> eps = {};
    Varied<std::size_t> iterations = {};
    Varied<Schedule> schedule = {};  ///< values alone
    Varied<std::size_t> warm_up = {};
    Varied<double> final_alpha = {};

    /// So many settings from a scrambled Sobol sequence, which depends on Options::seed. Unless set, and
    /// where `grid` is not and a range is varied, 64.
    std::optional<std::size_t> settings = {};
    /// Every combination of all values and so many of each range, with its ends.
    std::optional<std::size_t> grid = {};
    /// Starts that are drawn, beside those given by hand. Unless set 64, or none where some are given.
    std::optional<std::size_t> starts = {};
    /// Where there is no target: how far above the best value of all runs, as a fraction of the way down to
    /// it from the median of the starts, a run has come to it (More & Wild 2009, equation 2.2). In [0, 1).
    double tolerance = 1e-6;
};

/// A setting: the options that can be varied, those that are not as they were given.
struct TuneSetting {
    Rule rule;
    Schedule schedule;
    std::size_t warm_up;
    std::optional<double> final_alpha;
    std::size_t iterations;

    /// Options with this setting.
    Options in(Options options) const;

    bool operator==(const TuneSetting&) const = default;
};

/// What came of a setting. Its runs are those of minimize_batch from the same starts, bit for bit. With
/// Options::batch_rows, which minimize_batch does not have, they go the ways that visit_paths shows, and
/// their best points are the best of those at which they were looked at.
struct Tuned {
    TuneSetting setting;
    std::size_t number = 0;         ///< in the design, from 0
    std::vector<RunEnd> ends = {};  ///< [start]
    /// [start] iterations after which the run had come to the target, which is one evaluation more; none
    /// where it did not. Runs are looked at from time to time, and what is told is the best iteration up to
    /// the look that found the target reached. It was first reached at most an eighth of the iterations
    /// earlier, and at most 31.
    std::vector<std::optional<std::size_t>> iterations_to_target = {};
    std::size_t reached = 0;  ///< runs that came to the target
    /// Evaluations until a run comes to the target, where runs follow one another until one does: those of
    /// all runs, up to the target where they reached it, for each that did (Hansen et al. 2021, ERT of
    /// COCO). Infinite where none did.
    double expected_evaluations = 0;
    double median_iterations = 0;  ///< to the target, of the runs that reached it; NaN where none did
    double least_iterations = 0;   ///< likewise
    double best_f = 0;             ///< of all runs; NaN where none has a value
    double median_f = 0;  ///< where runs ended, one without a value being worst; NaN where it is that one
    std::uint64_t evaluations = 0;  ///< of all runs, to their end
};

struct Tuning {
    /// Best first: the fewest expected evaluations, then the lowest median_f, then the lowest best_f.
    std::vector<Tuned> settings = {};
    /// As used: with what is varied where nothing is said, and with settings (unless there is a grid) and
    /// starts.
    TuneOptions tune_options = {};
    std::vector<std::vector<double>> starts = {};  ///< of every setting
    double target = 0;                             ///< given, or found
    double best_f = 0;                             ///< of all runs
    std::vector<double> best_x = {};
    /// completed, or why runs were ended before their iterations were done
    SearchStatus status = SearchStatus::completed;
    double seconds = 0;
    std::uint64_t evaluations = 0;  ///< of all runs
    int threads = 1;
    Isa isa = {};
    bool native = false;
};

/// Runs every setting from the same starts, all at once, and tells which come to the target soonest and most
/// often. Where nothing is varied it is alpha from 1e-3 to 1, beta1 from 0 to 0.99 and beta2 from 0.9 to
/// 0.9999.
///
/// `options` are those of a search, whose starts these are (chosen_starts). What is beyond starts and the
/// course of a run has no effect: runs are neither merged nor pruned nor polished. The target is
/// Options::target, which ends no run here. Each run may take an equal share of max_evaluations. When
/// max_time or stop end it, all settings have come equally far.
/// \throws std::invalid_argument before any work, naming the option, its value and what is allowed;
///         NothingFinite when value or gradient are not finite at any start. What the objective or a callback
///         of the options throws is thrown here.
Tuning tune(const Objective& objective, const Box& box, const Options& options = {},
            const TuneOptions& tune_options = {});

/// The same for a formula in the variables of `box`; see Expression.
inline Tuning tune(std::string_view expression, const Box& box, const Options& options = {},
                   const TuneOptions& tune_options = {}) {
    return tune(Expression(expression, box), box, options, tune_options);
}

}  // namespace lanewise
