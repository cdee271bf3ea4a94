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

/// See Coverage. Of `drawn` starts whose runs were not pruned, `ended` came to a minimum.
Coverage estimate_coverage(std::uint64_t drawn, std::uint64_t ended, std::uint64_t found_once);

/// The chance that going on finds a better value, by the runs that came to one as low as the best: see
/// Options::settle.
double chance_of_better(const Findings& findings, const Starts& starts, const Clusters& clusters,
                        const std::vector<std::uint32_t>& clusters_of_runs);
double chance_of_better(std::uint64_t drawn, double hits);
inline constexpr double weight_of_offspring = 1.0 / 8;

/// Fewer starts do not tell that.
inline constexpr std::size_t least_starts_to_settle = 32;

/// Values that differ from the best by no more than this are as low: it is what rounding may make of it, and
/// little beside the differences between minima.
double difference_that_counts(const Findings& findings, const Clusters& clusters);
double difference_that_counts(double best, double median);

}  // namespace lanewise
