#include "coverage.hpp"

#include <algorithm>
#include <cmath>

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

Coverage estimate_coverage(std::uint64_t drawn, std::uint64_t ended, std::uint64_t found_once) {
    Coverage coverage{.runs = ended, .found_once = found_once, .unseen_probability = {}};
    if (ended > 0 && 2 * ended >= drawn)
        coverage.unseen_probability = static_cast<double>(found_once + 1) / static_cast<double>(ended + 1);
    return coverage;
}

double chance_of_better(const Findings& findings, const Starts& starts, const Clusters& clusters,
                        const std::vector<std::uint32_t>& clusters_of_runs) {
    const std::vector<End> minima = founders(clusters);
    const double as_low = findings.best.f + difference_that_counts(findings, clusters);
    double hits = 0;
    std::size_t drawn = 0;
    for (std::size_t run = 0; run < clusters_of_runs.size(); ++run) {
        const std::uint32_t cluster = clusters_of_runs[run];
        const bool is_drawn = starts.is_drawn(findings.runs.id[run]);
        if (is_drawn) ++drawn;
        if (cluster == no_cluster || !(minima[cluster].f <= as_low)) continue;
        if (is_drawn) ++hits;
        if (findings.runs.is_offspring(run)) hits += weight_of_offspring;
    }
    return chance_of_better(drawn, hits);
}

double chance_of_better(std::uint64_t drawn, double hits) {
    constexpr double few_starts = 24;
    return std::max(1 / ((1 + hits) * (1 + hits)), few_starts / (static_cast<double>(drawn) * hits));
}

double difference_that_counts(const Findings& findings, const Clusters& clusters) {
    const double best = findings.best.f;
    const std::vector<End> minima = founders(clusters);
    return difference_that_counts(best, minima.empty() ? best : minima[minima.size() / 2].f);
}

double difference_that_counts(double best, double median) {
    constexpr double noise = 0x1p-40;
    constexpr double of_range = 1e-9;
    return noise * std::abs(best) + of_range * std::max(0.0, median - best);
}

}  // namespace lanewise
