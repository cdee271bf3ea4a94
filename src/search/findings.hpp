// The findings of a search, so far or in the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "basins.hpp"
#include "cluster.hpp"
#include "engine/engine.hpp"
#include "lanewise/result.hpp"
#include "parent.hpp"

namespace lanewise {

/// All runs that have begun, in that order.
struct Runs {
    static constexpr std::int64_t nothing = std::numeric_limits<std::int64_t>::min();

    std::size_t count() const noexcept { return status.size(); }
    std::span<const double> point(std::size_t run) const {
        return std::span(x).subspan(run * dimension, dimension);
    }

    /// Adds so many runs, with ids from `first_id` on. `lines` are what offspring descend from; it is empty
    /// for starts. Where there is not the memory for all of them, nothing is changed.
    void begin(std::size_t more, std::uint64_t first_id, std::span<const std::uint64_t> lines);

    /// Growing would take half as much again for a while.
    void reserve(std::size_t most);

    bool is_offspring(std::size_t run) const { return line[run] != id[run]; }

    template <class Archive>
    void archive(Archive& archive) {
        archive(id, line, status, f, x, iteration, given_up_for, spared_from);
    }

    std::size_t dimension;
    std::vector<std::uint64_t> id = {};    ///< start id; from the number of starts on: of offspring
    std::vector<std::uint64_t> line = {};  ///< start id of the run it descends from, or its own
    std::vector<RunStatus> status = {};    ///< stopped while the run goes on
    // Where the run ended, and the iteration that moved it there.
    std::vector<double> f = {};  ///< infinity where that counts for nothing
    std::vector<double> x = {};  ///< [run][d]
    std::vector<std::int32_t> iteration = {};
    /// A merged or pruned run was given up for this run, or for polished point i where it is ~i; else
    /// nothing.
    std::vector<std::int64_t> given_up_for = {};
    /// A run that went on where others were pruned would have been pruned for this run; else nothing.
    std::vector<std::int64_t> spared_from = {};
};

/// The best point visited, its value in double precision. Of points with the same value it is a polished one,
/// else one whose polish was cut, else a run's, and of those that of the smallest start id.
struct BestSoFar {
    double f = std::numeric_limits<double>::infinity();
    std::vector<double> x = {};
    std::uint64_t id = 0;
    std::uint64_t line = 0;
    std::int64_t iteration = -1;
    EndOf of = EndOf::run;

    bool is_beaten_by(double other_f, EndOf other_of, std::uint64_t other_id) const noexcept {
        if (other_f != f) return other_f < f;
        return other_of != of ? other_of < of : other_id < id;
    }

    template <class Archive>
    void archive(Archive& archive) {
        archive(f, x, id, line, iteration, of);
    }
};

/// Two polished points, by their numbers, between which a way leads along which the function is as low as in
/// both. With one point alone, a way that is as low leads away from it.
struct Joint {
    std::uint32_t one, other;

    template <class Archive>
    void archive(Archive& archive) {
        archive(one, other);
    }
};

/// The kind of end that a polished point is.
EndOf end_of(const Polished& polished) noexcept;

/// Values are those of the minimisation, also when maximising.
struct Findings {
    explicit Findings(std::size_t dimension) : runs{.dimension = dimension} { best.x.reserve(dimension); }

    /// A polished point counts as visited by its run.
    void add(Polished minimum);

    /// A run that had done its iterations has gone on from its end to where L-BFGS led.
    void converge(const Polished& run);

    /// Evaluates the ends of runs from `first_run` on, so far known in single precision, in double; the best
    /// point is still the best of all then.
    void evaluate_in_double(Engine& engine, std::size_t first_run);

    /// All but the status, which is the search's to tell.
    template <class Archive>
    void archive(Archive& archive) {
        archive(runs, best, polished, joints, offspring, iterations, work.seconds, work.run_iterations,
                work.evaluations, work.lane_occupancy, threads, tile_lanes);
    }

    Runs runs;
    BestSoFar best;
    std::vector<Polished> polished;  ///< in the order they were polished
    std::vector<Joint> joints;       ///< between some of these
    SearchStatus status = SearchStatus::completed;
    std::size_t offspring = 0;   ///< runs that are
    std::size_t iterations = 0;  ///< done by the runs that went furthest
    Work work = {};
    int threads = 1;
    std::size_t tile_lanes = 0;
    Profile profile = {};              ///< where that is wanted
    std::vector<Parent> parents = {};  ///< in the end

  private:
    void take(const Polished& minimum, EndOf of);
};

/// Makes one of the clusters between which there are joints, and knows them as continua. The ends of polishes
/// have numbers below `polished`.
void join(Clusters& clusters, std::span<const Joint> joints, std::size_t polished);

/// Adds the points that were polished, in the order of their start ids, and those where a polish began.
void add_polished(Ends& ends, const Findings& findings);

/// Whether runs go on until they converge, so that minima are told from other ends.
inline bool runs_converge(const Options& options) noexcept {
    return options.polish || options.rule.method == Method::lbfgs;
}

/// The minima: clusters of what was polished, joined where there are joints, and the ends of runs from
/// `first_run` on. Where runs `converge`, one is a minimum only if a run converged in it or a polish was
/// finished. Beside the runs of a wave, with `first_run` above 0, polished points are not told apart.
Clusters cluster_minima(const Findings& findings, const SearchBox& box, double distance,
                        const SameBasin& same_basin, bool converge, std::size_t first_run = 0);

/// Polished in the end: at most this many of the best minima.
inline constexpr std::size_t most_last_polished = 1000;

/// Those of all runs that are listed: not where a run seemed to have converged, but the polish from there
/// went down and did not come to its end. Where `all_are_polished`, as after the last polish, the best are
/// minima only if a polish came to its end there.
Clusters listed_minima(const Findings& findings, const SearchBox& box, double distance,
                       const SameBasin& same_basin, bool converge, bool all_are_polished);

}  // namespace lanewise
