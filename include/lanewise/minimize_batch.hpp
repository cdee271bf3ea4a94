/// Many runs, each for itself: for who embeds an optimizer and wants every start's own result.
///
///     const lanewise::Box box = lanewise::Box::from_bounds({0, 0}, {1, infinity});
///     for (const lanewise::RunEnd& end : lanewise::minimize_batch(objective, box, starts))
///         if (end.status == lanewise::RunStatus::converged_gradient) use(end.x, end.f);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// What can be set about a batch. A field with a name of Options means the same.
struct BatchOptions {
    /// L-BFGS, or the steps of another rule, whose alpha, schedule, warm_up, final_alpha and scale are then
    /// in effect.
    Rule rule = {.method = Method::lbfgs};
    std::size_t iterations = 1000;  ///< of each run, 1 to 10^7
    Schedule schedule = Schedule::cosine;
    std::size_t warm_up = 0;
    std::optional<double> final_alpha = {};
    Scale scale = Scale::box;  ///< Scale::none where a bound is infinite and the rule is not lbfgs

    /// L-BFGS has converged where two steps in a row moved no variable by more than this times (|x_j| + 2^-26
    /// widths of its bounds; 1 counts as the width of those that are not finite) and took three quarters of
    /// the slope along them, or where there is no slope. At least 0. It is the same in whatever units f and x
    /// are.
    double tolerance = 1e-8;

    bool maximize = false;
    /// Of L-BFGS: ends each run that has come to a value at least this good.
    std::optional<double> target = {};

    int threads = 0;
    std::optional<Isa> isa = {};
    Jit jit = Jit::automatic;
    /// Bytes; fewer runs of L-BFGS are under way at once then. Does not change results.
    std::optional<std::uint64_t> memory = {};

    /// Whether RunEnd tells gradients, for which all ends are evaluated once more.
    bool gradients = false;

    // Limits of the call. Runs that are still going then tell how far they have come.
    std::optional<double> max_time = {};  ///< seconds
    /// Of all runs together; each may take an equal share. With fewer than there are starts none is begun.
    std::optional<std::uint64_t> max_evaluations = {};
    std::function<bool()> stop = {};
};

/// Where a run ended.
struct RunEnd {
    /// The best point it visited; where it started, if there is no value there. The status is of where it
    /// stopped: where rounding hides which of the two is lower, the slope at x may be the larger one.
    std::vector<double> x;
    double f;  ///< there; NaN where the start has no finite value and gradient, or was not evaluated
    /// converged_gradient, converged_value (no lower point was found, or the target is reached),
    /// max_iterations (the iterations or evaluations are spent), nan_at_start, nan_on_the_way (of the other
    /// rules), or stopped.
    RunStatus status;
    std::size_t iterations;
    std::uint64_t evaluations;
    /// [d] at x, of the objective as it is; empty unless BatchOptions::gradients. It may not be finite.
    std::vector<double> gradient = {};
};

/// Minimises from each start for itself and returns where each ended, in the order given. Nothing is drawn,
/// merged, pruned or polished: a result is a function of objective, box, options and its own start alone, the
/// same bits whatever else is in the batch (but for max_time, stop and the share of max_evaluations). Bounds
/// may be infinite. A start without a value is a status in its place.
///
/// Runs that are finished leave the batch: an objective that is called from the caller's thread
/// (Calls::from_the_caller) is handed the points that are still wanted, in one block of a multiple of 16
/// lanes. Block::ids says which starts they belong to, so that data can differ from start to start.
///
/// \throws std::invalid_argument before any work, naming the option, its value and what is allowed. What the
/// objective or `stop` throws is thrown here.
std::vector<RunEnd> minimize_batch(const Objective& objective, const Box& box,
                                   std::span<const std::vector<double>> starts,
                                   const BatchOptions& options = {});

/// The same for a formula in the variables of `box`; see Expression.
inline std::vector<RunEnd> minimize_batch(std::string_view expression, const Box& box,
                                          std::span<const std::vector<double>> starts,
                                          const BatchOptions& options = {}) {
    return minimize_batch(Expression(expression, box), box, starts, options);
}

}  // namespace lanewise
