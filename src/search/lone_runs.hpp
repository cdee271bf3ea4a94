// Runs from given starts, each for itself: none is merged, pruned or polished.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "engine/course.hpp"
#include "engine/engine.hpp"
#include "engine/halt.hpp"
#include "engine/look.hpp"
#include "engine/setup.hpp"
#include "lanewise/minimize_batch.hpp"

namespace lanewise {

/// What is known of such runs before any of them.
std::vector<RunEnd> not_begun(std::span<const std::vector<double>> starts);

struct LoneRuns {
    std::span<const std::vector<double>> starts;  ///< in coordinates
    std::span<const Course> courses;              ///< each from every start
    std::size_t most_iterations;                  ///< of each run
    /// Is shown every look, with the runs that end after it. Looks are then more frequent: the first is at
    /// the starts, and further ones come after at most an eighth of the iterations done. Does not change
    /// where runs end.
    std::function<void(const Look&)> visit = {};
};

/// Takes them by the steps of the engine. What comes of a run is a function of its start and course alone.
/// Returns where each ended, in coordinates, [course][start].
std::vector<RunEnd> take(const LoneRuns& runs, const Setup& setup, Engine& engine, const Halt& halt);

}  // namespace lanewise
