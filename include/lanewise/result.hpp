/// What a search found.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lanewise/isa.hpp"

namespace lanewise {

/// Why a search ended.
enum class SearchStatus {
    completed,        ///< every run ended on its own
    target,           ///< the target value was reached
    max_time,         ///< the time was up
    max_evaluations,  ///< the evaluations were spent, or too few were left for all that was to be done
    interrupted,      ///< Options::stop said so
    covered,          ///< Options::max_unseen is met
    out_of_memory,    ///< there was not the memory to go on
};

/// Why a run ended.
enum class RunStatus : std::uint8_t {
    converged_gradient,  ///< the projected gradient is small
    converged_value,     ///< the value no longer falls
    max_iterations,      ///< all its iterations are done, or all that change its value, and L-BFGS has not
                         ///< converged
    pruned,              ///< given up as hopeless
    merged,              ///< fell into a basin another run holds
    nan_at_start,        ///< value or gradient not finite at the start: no point to report
    nan_on_the_way,      ///< value or gradient became not finite: frozen at its best point
    stopped,             ///< the search ended first
};
inline constexpr std::size_t run_statuses = 8;

/// As the JSON spells it: "max-time", "nan-on-the-way", ...
std::string_view name(SearchStatus status) noexcept;
std::string_view name(RunStatus status) noexcept;

/// The best point a search visited. Of points with the same value it is a polished one, if there is one, and
/// then that of the smallest start id; the first of Result::minima is at the same point.
struct Best {
    double f;
    std::vector<double> x;
    std::uint64_t start_id;
    /// The iteration that moved the run there, from 0; -1 when it is the start itself.
    std::int64_t iteration;
    bool offspring;  ///< found by offspring of that start's run
    bool polished;   ///< by a polish that began where the run had come
};

/// A distinct local minimum: a place where runs ended or a polish led. A run ends where its last iteration
/// left it (the best run at its best point; after max_time or stop every run at its best point); runs that
/// broke on the way or were pruned have no end, one that was merged has that of the run it was merged into.
/// Ends and polished points are taken best first. One belongs to the minimum of the nearest better one within
/// Options::same_distance if the value rises above both at none of 7 points between them; else the nearest
/// ends of up to three other minima are tried, and else it is a new minimum. Ends that coincide belong to one
/// minimum, and so do the point from which a polish began and the one it led to. Runs that are still on their
/// way when their iterations are done go on by L-BFGS (Options::polish); what has not converged then found no
/// minimum: it belongs to one that is near, or to none.
struct Minimum {
    double f;               ///< of its best end
    std::vector<double> x;  ///< its best end
    /// A run converged here or a polish came to its end; or Options::polish is off and the rule is another
    /// than lbfgs. The best point heads the list even where it is none yet, and does not count in
    /// Result::minima_found then.
    bool finished;
    bool polished;                         ///< to full precision; else where a run ended
    double gradient_norm;                  ///< Euclidean norm of the projected gradient at x
    std::vector<std::int8_t> at_bound;     ///< [d] -1 at the lower bound, 1 at the upper, else 0
    std::vector<std::uint32_t> start_ids;  ///< of the runs that ended here, best first, then of those merged
    std::size_t offspring;                 ///< further runs that did

    std::size_t hits() const noexcept { return start_ids.size(); }
};

/// How much of the box the search has seen (Boender & Rinnooy Kan 1987), from a sample of the starts: every
/// eighth that is drawn is an independent uniform point, not the best of several, and its run is never
/// pruned; all that are drawn where the options ask for just that (explore 1, prune off, Design::uniform). N
/// are those of the sample whose runs ended in a minimum, W the minima they found. Valid when every run
/// of it has reached its minimum. Minima that only other runs or offspring found are not in W: more is
/// thought to be unseen than is.
struct Coverage {
    std::size_t runs;                       ///< N
    std::size_t minima_found;               ///< W
    std::optional<double> minima_expected;  ///< W (N-1) / (N-W-2), when N > W+2
    std::optional<double> volume_covered;   ///< (N-W-1) (N+W) / (N (N-1)), when N > 1
    std::optional<double>
        unseen_probability;  ///< W (W+1) / (N (N-1)), when N > 1: the next run finds a new one
};

/// What pruning may have cost, from the sample of the starts, whose runs go on where others are pruned.
struct Audit {
    std::size_t spared;              ///< runs of the sample that would have been pruned
    std::size_t better_than_leader;  ///< of these: ended better than the run for which they would have been
    double regret;  ///< by how much the best of these is better than all other runs; 0: it is not
};

struct Work {
    double seconds;
    std::uint64_t run_iterations;  ///< iterations, summed over runs
    std::uint64_t evaluations;     ///< values with gradients, summed over runs
    double lane_occupancy;         ///< share of the computed lanes that held a live run
};

struct Result {
    SearchStatus status;
    Best best;
    std::vector<Minimum> minima;                 ///< best first, at most Options::most_minima
    std::size_t minima_found;                    ///< of all
    std::array<std::size_t, run_statuses> runs;  ///< number of starts by how their runs ended
    std::size_t offspring;                       ///< runs that Options::offspring added to those
    Coverage coverage;
    Audit audit;
    std::size_t iterations;  ///< done by the runs that went furthest
    Work work;
    Isa isa;                 ///< the instruction set that was used
    bool native;             ///< a native objective, or a program that was compiled (Options::jit)
    int threads;             ///< the threads that were used
    std::size_t tile_lanes;  ///< the tile width that was used

    std::size_t runs_started() const noexcept;
    std::size_t runs_with(RunStatus status) const noexcept { return runs[static_cast<std::size_t>(status)]; }
};

}  // namespace lanewise
