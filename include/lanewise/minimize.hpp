/// The one entry: run Adam, or a relative, from every start, report the best run.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// No run ever saw a finite value: there is nothing to report.
class NothingFinite : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Minimises `objective` over `box`.
///
/// The result is a function of objective, box and options: the same bits for any number of threads, any tile
/// width and every instruction set with fused multiply-add (unless max_time or stop cut it short). \throws
/// std::invalid_argument before any work, naming the option, its value and what is allowed. \throws
/// NothingFinite when value or gradient are not finite at any start. What the objective or a callback of the
/// options throws ends the search and is thrown here.
Result minimize(const Objective& objective, const Box& box, const Options& options = {});

/// The same for a formula in the variables of `box`; see Expression.
inline Result minimize(std::string_view expression, const Box& box, const Options& options = {}) {
    return minimize(Expression(expression, box), box, options);
}

/// The points where the given starts of a search begin: of the points drawn for each the best (see
/// Options::explore). \throws std::invalid_argument as visit_paths.
std::vector<std::vector<double>> chosen_starts(const Objective& objective, const Box& box,
                                               const Options& options,
                                               std::span<const std::uint64_t> start_ids);

/// A point on a run's path: where iteration `iteration` (from 0) moved the run, and the value there.
/// Iteration -1 is the start.
struct PathPoint {
    std::uint64_t start_id;
    std::int64_t iteration;
    double f;
    std::span<const double> x;
};

enum class PathsFrom { first_iteration, start };

/// Runs the given starts of a search again and hands every point of their paths to `visit`, run by run. A
/// path ends before the first point whose value or gradient is not finite, and after `iterations` iterations.
/// \throws std::invalid_argument as minimize, and when a start id is not below the number of starts.
void visit_paths(const Objective& objective, const Box& box, const Options& options,
                 std::span<const std::uint64_t> start_ids, std::size_t iterations,
                 const std::function<void(const PathPoint&)>& visit,
                 PathsFrom from = PathsFrom::first_iteration);

}  // namespace lanewise
