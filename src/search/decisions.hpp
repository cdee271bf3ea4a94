// The decisions about the runs of a wave. They follow from a look at the runs, from their history and from
// what is between them. Nothing here advances anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "basins.hpp"
#include "engine/look.hpp"
#include "findings.hpp"
#include "lanewise/options.hpp"
#include "search_box.hpp"

namespace lanewise {

/// A run whose value was the same at so many looks in a row has converged.
inline constexpr std::uint8_t enough_looks = 3;

/// The history of a wave's runs, kept from one look to the next: [run - first].
struct History {
    std::size_t first = 0;
    std::vector<std::uint8_t> looks_unchanged = {};  ///< in a row
    std::vector<double> first_f = {};                ///< at the first look after a step
    std::vector<double> last_f = {};                 ///< at the last look
    std::vector<double> earlier_best_f = {};         ///< when pruning was last due
    std::vector<std::uint8_t> is_sample = {};        ///< or a run of the sample was merged into it

    std::size_t index(std::uint32_t run) const { return run - first; }
};

/// The index of the best of the runs that have visited a better point than the best so far, without those
/// refused.
std::optional<std::size_t> better_run(const Look& look, const Findings& findings,
                                      const std::vector<std::size_t>& refused);

/// Ends the runs that broke or have converged: where the value would change by 1e-10 of itself, to first
/// order, on a way as long as the box is wide, or has changed by 1e-13 of itself at each of some looks. Where
/// that is so only of the range of values since the first look, L-BFGS is to go on if it `follows`.
std::vector<Verdict> retire(const Look& look, History& history, bool follows);

/// Ends runs that have fallen into the basin of a better one, or of a minimum that is known. `points` are
/// those where the runs stand. A run into which one of the sample is merged counts as one of the sample.
std::vector<Verdict> merge(const Look& look, const Points& points, History& history, const Findings& findings,
                           const SearchBox& box, double distance, const SameBasin& same_basin);

/// The same for runs from `first` on that are over but have not converged, and minima that were polished.
void merge_into_polished(Findings& findings, std::size_t first, const SearchBox& box, double distance,
                         const SameBasin& same_basin);

struct Pruning {
    std::vector<Verdict> pruned;
    /// Runs of the sample that go on, each with the run for which it would have been pruned.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> spared = {};
};

/// Where no run of a neighbourhood, falling on as it has, would come near the best value of all, only its
/// best run goes on, and what is of the sample. A neighbourhood reaches as far as `reach`, in units of the
/// box. `points` are those where the runs stand.
Pruning prune(const Look& look, const Points& points, const History& history, const Findings& findings,
              const SearchBox& box, double reach);

/// The best points that runs which go on have visited, of each neighbourhood one, at most `most`; none near a
/// minimum that is known. `points` are those best points.
std::vector<PolishStart> best_points(const Look& look, const Points& points, const Findings& findings,
                                     const SearchBox& box, double distance, const SameBasin& same_basin,
                                     std::size_t most);

/// Ends `count` runs of the look from index `begin` on: those that go on at the point asked for, those that
/// broke with no value.
std::vector<Verdict> end_some(const Look& look, std::size_t begin, std::size_t count, RunStatus why,
                              Where where);

/// The best run of all ends at its best point, whatever the reason to end it.
void keep_best(std::vector<Verdict>& verdicts, const Look& look, const Findings& findings);

/// The look without the runs of these verdicts, which are in its order.
void leave_out(Look& look, const std::vector<Verdict>& verdicts);

}  // namespace lanewise
