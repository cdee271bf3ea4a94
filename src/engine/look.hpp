// The values that pass between the engine, which advances runs, and the search, which decides about them.
// They are plain: another process could send them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lanewise/result.hpp"

namespace lanewise {

/// One of the two points that the engine keeps of a run.
enum class Where : std::uint8_t {
    current,  ///< where the run stands
    best,     ///< the best point it has visited
};

/// Writes points of the runs of a look, [run][d]. All of them at once can be far more than all else that is
/// known of the runs: they are asked for in pieces.
using Points = std::function<void(std::span<const std::uint32_t> runs, std::span<double> x)>;

/// A look at all runs that have not been ended, in the order of their numbers: index i of every array is the
/// same run. Values are those of the minimisation.
struct Look {
    std::size_t iteration = 0;  ///< iterations done by all that go on
    std::vector<std::uint32_t> run;
    /// stopped: the run goes on; nan_at_start, nan_on_the_way: it broke, and is to be ended.
    std::vector<RunStatus> status;
    std::vector<double> f;       ///< value where the run stands
    std::vector<double> slope;   ///< there, the steepest way down inside the box; see kernels::Tile::slope
    std::vector<double> best_f;  ///< infinite while the run has seen nothing finite
    /// The iteration that moved the run to its best point, from 0; -1: the start.
    std::vector<std::int32_t> best_iteration;
    /// Iterations that the run has taken part in: more than `iteration` where a stage was cut off, fewer
    /// where it broke.
    std::vector<std::uint64_t> steps_taken;

    std::size_t count() const noexcept { return run.size(); }
    void resize(std::size_t count) {
        run.resize(count);
        status.resize(count);
        f.resize(count);
        slope.resize(count);
        best_f.resize(count);
        best_iteration.resize(count);
        steps_taken.resize(count);
    }
    bool goes_on(std::size_t i) const { return status[i] == RunStatus::stopped; }
};

/// A verdict says that a run is to end.
struct Verdict {
    std::uint32_t run;
    RunStatus why;
    Where where;             ///< its end
    std::int32_t iteration;  ///< that moved it there, from 0; -1: the start
    double f;                ///< value there; infinite where the end counts for nothing
    /// A merged or pruned run was given up for this run, or for polished point i where it is ~i; else
    /// nothing.
    std::int64_t given_up_for;
};

}  // namespace lanewise
