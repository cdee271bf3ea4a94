// The polish: from a point near a minimum to the minimum itself, in double precision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "halt.hpp"
#include "setup.hpp"

namespace lanewise {

/// A point to polish.
struct PolishStart {
    std::vector<double> x;
    std::size_t run;         ///< that visited it
    std::int32_t iteration;  ///< that moved the run there; -1: the start

    template <class Archive>
    void archive(Archive& archive) {
        archive(x, run, iteration);
    }
};

/// A minimum, as precisely as doubles tell; f is that of the minimisation, also when maximising.
struct Polished {
    double f;
    std::vector<double> x;
    bool finished;  ///< not ended before by a limit
    bool starved;   ///< it would have taken more evaluations than it had; not part of the state
    // The polish began here.
    double start_f;
    std::vector<double> start_x;
    std::size_t run;
    std::int32_t iteration;
    std::uint64_t evaluations;

    template <class Archive>
    void archive(Archive& archive) {
        archive(f, x, finished, start_f, start_x, run, iteration, evaluations);
    }
};

/// Minimises within the box from x on with NLopt's L-BFGS, in units of the box; the outcome is never worse
/// than x. Where the gradient vanishes at a saddle, goes on downhill along a direction of negative curvature.
/// Takes at most `most_evaluations`, and ends at once at the target or when the search is halted: then it is
/// not finished.
Polished polish(const Setup& setup, const PolishStart& start, std::uint64_t most_evaluations, Halt& halt);

}  // namespace lanewise
