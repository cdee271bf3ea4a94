// What a search, or a part of one, came to: what is told of it, without its runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "findings.hpp"
#include "lanewise/result.hpp"
#include "parent.hpp"
#include "setting.hpp"

namespace lanewise {

/// Distinct minima, best first. Each array has an element for each of them.
struct FoundMinima {
    std::size_t count() const noexcept { return f.size(); }
    std::span<const double> point(std::size_t minimum) const {
        return std::span(x).subspan(minimum * dimension, dimension);
    }
    void resize(std::size_t count);
    /// Keeps those of which is_kept(i) is true.
    template <class Predicate>
    void keep_if(Predicate is_kept);

    template <class Archive>
    void archive(Archive& archive) {
        archive(f, x, of, is_continuum, hits, drawn_hits, offspring, start_ids);
    }

    std::size_t dimension;
    std::vector<double> f = {};
    std::vector<double> x = {};  ///< [minimum][d]
    std::vector<EndOf> of = {};  ///< the best end
    std::vector<std::uint8_t> is_continuum = {};
    std::vector<std::uint64_t> hits = {};        ///< starts whose run ended there
    std::vector<std::uint64_t> drawn_hits = {};  ///< of these: drawn ones
    std::vector<std::uint64_t> offspring = {};   ///< further runs that did
    /// Of the starts of the first minimum, then of the next; or none of any.
    std::vector<std::uint32_t> start_ids = {};
};

/// A further polished point of a minimum that is a continuum: the one that is furthest from its best. By it
/// merging knows that both are joined.
struct ContinuumPoint {
    std::uint32_t minimum;
    double f;
    std::vector<double> x;
    bool is_rough;

    template <class Archive>
    void archive(Archive& archive) {
        archive(minimum, f, x, is_rough);
    }
};

/// The same of runs that were spared from pruning and of all others; see Audit.
struct FoundAudit {
    std::uint64_t spared = 0;
    std::uint64_t better_than_leader = 0;
    double best_spared = std::numeric_limits<double>::infinity();
    double best_other = std::numeric_limits<double>::infinity();

    template <class Archive>
    void archive(Archive& archive) {
        archive(spared, better_than_leader, best_spared, best_other);
    }
};

/// Values are those of the minimisation, and points those of the coordinates of the search.
struct Outcome {
    /// The same for the same part, whoever works on it.
    template <class Archive>
    void archive(Archive& archive) {
        archive(status, best, best_is_minimum, minima, continua, minima_found, tail_halvings, starts,
                std::span(runs), points_tried, offspring, drawn, not_pruned, ended, found_once, audit,
                iterations, work.run_iterations, work.evaluations, parents);
    }
    /// What depends on that.
    template <class Archive>
    void archive_work(Archive& archive) {
        archive(work.seconds, work.lane_occupancy, threads, tile_lanes, native);
    }

    SearchStatus status = SearchStatus::completed;
    BestSoFar best = {};
    bool best_is_minimum = false;
    FoundMinima minima;
    std::vector<ContinuumPoint> continua = {};
    std::uint64_t minima_found = 0;                     ///< of which the best may be all that are here
    std::uint8_t tail_halvings = 0;                     ///< see tail.hpp
    std::uint64_t starts = 0;                           ///< that were to be run
    std::array<std::uint64_t, run_statuses> runs = {};  ///< of those that have begun
    std::uint64_t points_tried = 0;                     ///< where they and offspring could have started
    std::uint64_t offspring = 0;
    std::uint64_t drawn = 0;       ///< drawn starts that have begun
    std::uint64_t not_pruned = 0;  ///< of these: those whose runs were not pruned
    std::uint64_t ended = 0;       ///< of these: those that came to a minimum
    std::uint64_t found_once = 0;  ///< see Coverage
    FoundAudit audit = {};
    std::uint64_t iterations = 0;      ///< done by the runs that went furthest
    std::vector<Parent> parents = {};  ///< best first
    Work work = {};
    int threads = 1;
    std::uint64_t tile_lanes = 0;
    bool native = false;  ///< see Result::native
};

/// Of the minima as many of the best as `most`, or as there is the memory for.
Outcome outcome_of(const Setting& setting, const Findings& findings, Engine& engine, const Halt& halt,
                   std::size_t most);

template <class Predicate>
void FoundMinima::keep_if(Predicate is_kept) {
    const bool has_ids = !start_ids.empty();
    std::size_t kept = 0;
    std::size_t ids = 0;
    std::size_t next_id = 0;
    for (std::size_t i = 0; i < count(); ++i) {
        const std::size_t its_ids = has_ids ? hits[i] : 0;
        const std::size_t first_id = std::exchange(next_id, next_id + its_ids);
        if (!is_kept(i)) continue;
        f[kept] = f[i];
        std::copy_n(x.data() + i * dimension, dimension, x.data() + kept * dimension);
        of[kept] = of[i];
        is_continuum[kept] = is_continuum[i];
        hits[kept] = hits[i];
        drawn_hits[kept] = drawn_hits[i];
        offspring[kept] = offspring[i];
        std::copy_n(start_ids.data() + first_id, its_ids, start_ids.data() + ids);
        ids += its_ids;
        ++kept;
    }
    start_ids.resize(ids);
    resize(kept);
}

}  // namespace lanewise
