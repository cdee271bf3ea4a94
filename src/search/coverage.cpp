#include "coverage.hpp"

#include <algorithm>

namespace lanewise {

std::vector<std::uint32_t> clusters_of_runs(const Findings& findings, const Clusters& clusters) {
    const Runs& runs = findings.runs;
    std::vector<std::uint32_t> of_run(runs.count(), no_cluster);
    std::vector<std::uint32_t> of_polish(findings.polished.size(), no_cluster);
    for (const auto& [end, cluster] : clusters.members) {
        if (is_polish(end.of) || end.of == EndOf::cut_polish) of_polish[end.index] = cluster;
        if (end.of == EndOf::run) of_run[end.index] = cluster;
    }
    for (std::size_t run = 0; run < of_run.size(); ++run) {
        // What a run was merged into was still going then, or polished: the way ends. The best run has an end
        // of its own, even if it was merged.
        auto at = static_cast<std::int64_t>(run);
        while (at >= 0 && of_run[static_cast<std::size_t>(at)] == no_cluster &&
               runs.status[static_cast<std::size_t>(at)] == RunStatus::merged)
            at = runs.given_up_for[static_cast<std::size_t>(at)];
        of_run[run] =
            at < 0 ? of_polish[static_cast<std::size_t>(~at)] : of_run[static_cast<std::size_t>(at)];
    }
    return of_run;
}

Coverage estimate_coverage(const Findings& findings, const Starts& starts, const Clusters& clusters,
                           const std::vector<std::uint32_t>& clusters_of_runs) {
    std::vector<bool> reached(clusters.count, false);
    double n = 0;
    for (std::size_t run = 0; run < clusters_of_runs.size(); ++run) {
        if (!starts.is_sample(findings.runs.id[run]) || clusters_of_runs[run] == no_cluster) continue;
        reached[clusters_of_runs[run]] = true;
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
