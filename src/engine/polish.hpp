// The polish: from points near minima to the minima themselves, in double precision. L-BFGS goes down in
// lanes; second derivatives tell what is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// What a polish came to; f is that of the minimisation, also when maximising.
struct Polished {
    double f;
    std::vector<double> x;
    bool finished;  ///< no lower point was found in any direction, or L-BFGS has converged
    bool is_rough;  ///< the gradient jumps there, or values end
    // Not part of the state:
    bool is_converged;         ///< L-BFGS was: see LbfgsLimits::tolerance
    std::uint64_t iterations;  ///< of L-BFGS
    bool is_at_limit;          ///< its iterations or evaluations are spent
    bool starved;              ///< it would have taken more evaluations than it had
    // The polish began here.
    double start_f;
    std::vector<double> start_x;
    std::size_t run;
    std::int32_t iteration;
    std::uint64_t evaluations;

    template <class Archive>
    void archive(Archive& archive) {
        archive(f, x, finished, is_rough, start_f, start_x, run, iteration, evaluations);
    }
};

/// How far a polish goes.
enum class PolishTo : std::uint8_t {
    /// L-BFGS until it has converged, or seems slow: that may not be the end then.
    lbfgs,
    /// L-BFGS until it has converged: the run has come to its minimum. Second derivatives are looked at
    /// only where L-BFGS does not come so far.
    convergence,
    /// As long as there is a lower point; never to a saddle.
    last_digit,
    /// L-BFGS alone, until it has converged, no lower point is found or the iterations are done.
    lbfgs_end,
};

/// Of a run of a search; see LbfgsLimits.
inline constexpr double usual_tolerance = 1e-7;

/// What a polish may take for each of its points, about.
struct PolishEffort {
    std::uint64_t evaluations;
    // Of lbfgs_end:
    std::uint64_t iterations;
    double tolerance = usual_tolerance;
};

/// Calls work(i) for i = 0 to count - 1, on several threads where they may be used.
using Share = std::function<void(std::size_t count, const std::function<void(std::size_t i)>& work)>;

/// Minimises within the box from each point; no outcome is worse than its start, and each depends on its own
/// start alone. Each ends at once at the target or when the search is halted: then it is not finished.
std::vector<Polished> polish(const Setup& setup, std::span<const PolishStart> starts, PolishTo to,
                             const PolishEffort& effort, const Share& share, Halt& halt);

}  // namespace lanewise
