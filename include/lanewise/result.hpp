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
    settled,          ///< going on would hardly find a better value: see Options::settle
    out_of_memory,    ///< there was not the memory to go on
    parts_missing,    ///< not all of its parts are here: they are missing, or of rounds to come
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
    bool finished;   ///< a minimum: see Minimum::finished
};

/// A distinct local minimum: a place where runs ended or a polish led. A run ends where its last iteration
/// left it (the best run at its best point; after max_time or stop every run at its best point); runs that
/// broke on the way or were pruned have no end, one that was merged has that of the run it was merged into.
/// Ends and polished points are taken best first. One belongs to the minimum of the nearest better one within
/// Options::same_distance if none of 7 to 14 points between them shows a hump, and the end of a run only
/// where each variable is within half of its size there; else the nearest ends of up to three other minima
/// are tried, and else it is a new minimum. Ends that coincide belong to one minimum, and so do the point
/// from which a polish began and the one it led to. Runs that are still on their way when their iterations
/// are done go on by L-BFGS (Options::polish); what has not converged then found no minimum: it belongs to
/// one that is near, or to none.
struct Minimum {
    double f;               ///< of its best end
    std::vector<double> x;  ///< its best end
    /// A run converged here or a polish came to its end; or Options::polish is off and the rule is another
    /// than lbfgs. The best point heads the list even where it is none yet, and does not count in
    /// Result::minima_found then. Of a search that came to its end with Options::polish, the best 1000 minima
    /// are those where a polish came to its end.
    bool finished;
    bool polished;  ///< to full precision; else where a run ended
    /// Other points beside it are as low: a line, an edge, a ring or a face of minima, of which this is one
    /// point. Polished points are of one continuum where points put between them, polished, stay near there
    /// and are as low: within 2^-40 of the value and of what it rises by nearby, 2^-30 where the gradient
    /// jumps.
    bool continuum;
    double gradient_norm;                  ///< Euclidean norm of the projected gradient at x
    std::vector<std::int8_t> at_bound;     ///< [d] -1 at the lower bound, 1 at the upper, else 0
    std::vector<std::uint32_t> start_ids;  ///< of the runs that ended here, best first, then of those merged
    /// Further starts whose run did, of parts that do not tell their ids (Options::start_ids).
    std::size_t unlisted_hits = 0;
    std::size_t offspring;  ///< further runs that did

    std::size_t hits() const noexcept { return start_ids.size() + unlisted_hits; }
};

/// A part of the box.
struct Region {
    std::vector<double> lower, upper;  ///< [d]
};

/// What the search may not have seen. Another start's run, one that is not given up and that comes to a
/// minimum, comes to one that is not among those found with a chance of about (f1 + 1) / (N + 1) (Good 1953):
/// of N such runs of drawn starts, f1 came to a minimum that no other of them came to, and each of these
/// would have been unseen had that start not been drawn. The 1 stands for what has not been seen yet. A run
/// hops between basins on its way: the chance is one of runs, not of descents from a point.
struct Coverage {
    std::size_t runs;        ///< N
    std::size_t found_once;  ///< f1
    /// None where fewer than half of the runs that were not given up came to a minimum: the others may be on
    /// their way to something else.
    std::optional<double> unseen_probability;
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

/// Which parts of a search are in a result.
struct PartsTold {
    std::size_t of;
    std::vector<std::size_t> numbers;  ///< from 1 on, in order
    /// Of minima beyond the best 1000 the parts tell this share. Counts of them, in Result::minima_found and
    /// coverage, are estimates where it is below 1.
    double tail_share = 1;
};

struct Result {
    SearchStatus status;
    Best best;
    std::vector<Minimum> minima;  ///< best first, at most Options::most_minima
    std::size_t minima_found;     ///< of all
    /// Number of starts by how their runs ended; of a search that is settled, those that it began.
    std::array<std::size_t, run_statuses> runs;
    std::size_t offspring;  ///< runs that Options::offspring added to those
    Coverage coverage;
    Audit audit;
    /// Where most starts were drawn, if that is not all of the box. The search looks at the values of some
    /// points spread over the box, and of these moved half of their way to 0 again and again (to the bound
    /// nearest to 0, where the box does not have it). Where the value falls ten times or more, as by a power
    /// of the distance, the landscape leads inwards from far out. Seven of eight starts are drawn in the
    /// region where that ends, which is found for each variable by itself, and the widths of the region take
    /// the place of those of the box as units of steps and distances, wherever Options speak of box widths.
    /// Runs may leave it. Where Options::scale is none, and for variables on a log scale, there is no region
    /// but the box.
    std::optional<Region> region;
    /// Of a search in parts: those that were merged, or the one that was worked on.
    std::optional<PartsTold> parts;
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
