#include "coverage.hpp"

#include <algorithm>

namespace lanewise {

std::vector<std::uint32_t> clusters_of_runs(const Findings& findings, const Clusters& clusters) {
    const std::size_t polished = findings.polished.size();
    std::vector<std::uint32_t> of_run(findings.runs.count(), no_cluster);
    std::vector<std::uint32_t> of_polished(polished, no_cluster);
    for (const auto& [f, member, cluster] : clusters.members) {
        if (member < polished) of_polished[member] = cluster;
        if (member >= 2 * polished) of_run[member - 2 * polished] = cluster;
    }
    for (std::size_t run = 0; run < of_run.size(); ++run) {
        // The best run has an end of its own, even if it was merged.
        if (findings.runs.status[run] != RunStatus::merged || of_run[run] != no_cluster) continue;
        // Holders were going when the run ended: the way along them ends.
        std::int64_t holder = findings.runs.holder[run];
        while (holder >= 0 && findings.runs.status[static_cast<std::size_t>(holder)] == RunStatus::merged)
            holder = findings.runs.holder[static_cast<std::size_t>(holder)];
        of_run[run] = holder < 0 ? of_polished[static_cast<std::size_t>(~holder)]
                                 : of_run[static_cast<std::size_t>(holder)];
    }
    return of_run;
}

Coverage estimate_coverage(const Findings& findings, const Starts& starts, const Clusters& clusters) {
    const std::vector<std::uint32_t> of_run = clusters_of_runs(findings, clusters);
    std::vector<bool> reached(clusters.count, false);
    double n = 0;
    for (std::size_t run = 0; run < of_run.size(); ++run) {
        if (!starts.is_sample(findings.runs.id[run]) || of_run[run] == no_cluster) continue;
        reached[of_run[run]] = true;
        ++n;
    }
    const auto w = static_cast<double>(std::ranges::count(reached, true));
    Coverage coverage{.runs = static_cast<std::size_t>(n),
                      .minima_found = static_cast<std::size_t>(w),
                      .minima_expected = {},
                      .volume_covered = {},
                      .unseen_probability = {}};
    if (n > w + 2) coverage.minima_expected = w * (n - 1) / (n - w - 2);
    if (n > 1) {
        coverage.volume_covered = std::max(0.0, (n - w - 1) * (n + w) / (n * (n - 1)));
        coverage.unseen_probability = std::min(1.0, w * (w + 1) / (n * (n - 1)));
    }
    return coverage;
}

}  // namespace lanewise
