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

/// The estimates of Boender & Rinnooy Kan from the sample of the starts.
Coverage estimate_coverage(const Findings& findings, const Starts& starts, const Clusters& clusters,
                           const std::vector<std::uint32_t>& clusters_of_runs);

}  // namespace lanewise
