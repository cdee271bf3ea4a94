// How much of the box a search has seen.
#pragma once

#include <cstddef>
#include <vector>

#include "findings.hpp"
#include "starts.hpp"

namespace lanewise {

/// The cluster every run ended in, itself or by way of the run or minimum it was merged into; none where it
/// broke, was pruned or is still going.
inline constexpr std::uint32_t no_cluster = static_cast<std::uint32_t>(-1);
std::vector<std::uint32_t> clusters_of_runs(const Findings& findings, const Clusters& clusters);

/// See Coverage.
Coverage estimate_coverage(const Findings& findings, const Starts& starts, const Clusters& clusters,
                           const std::vector<std::uint32_t>& clusters_of_runs);

/// The chance that going on finds a better value, by the runs that came to one as low as the best: see
/// Options::settle.
double chance_of_better(const Findings& findings, const Starts& starts, const Clusters& clusters,
                        const std::vector<std::uint32_t>& clusters_of_runs);

/// Values that differ from the best by no more than this are as low: it is what rounding may make of it, and
/// little beside the differences between minima.
double difference_that_counts(const Findings& findings, const Clusters& clusters);

}  // namespace lanewise
