#include "outcome.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "basins.hpp"
#include "cluster.hpp"
#include "continuum.hpp"
#include "coverage.hpp"
#include "lanewise/own_kernels.hpp"

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

/// Takes together what the runs of a search came to.
class Summary {
  public:
    Summary(const Setting& setting, const Findings& findings, Engine& engine)
        : setting_(&setting),
          findings_(&findings),
          clusters_(listed_minima(findings, *setting.box, setting.options->same_distance,
                                  same_basin_by_values(engine, *setting.box), runs_converge(*setting.options),
                                  all_are_polished())),
          clusters_of_runs_(clusters_of_runs(findings, clusters_)) {}

    Outcome outcome() const {
        const std::size_t dimension = setting_->box->dimension();
        Outcome outcome{.minima = {.dimension = dimension}};
        outcome.status = findings_->status;
        outcome.best = findings_->best;
        outcome.best_is_minimum = best_is_minimum();
        outcome.minima_found = clusters_.count;
        count_runs(outcome);
        outcome.offspring = findings_->offspring;
        outcome.audit = audit();
        outcome.iterations = findings_->iterations;
        outcome.parents = findings_->parents;
        outcome.work = findings_->work;
        outcome.threads = findings_->threads;
        outcome.tile_lanes = findings_->tile_lanes;
        const OwnKernels* own = own_kernels(*setting_->objective);
        outcome.native = own != nullptr && own->native(setting_->isa, setting_->precision) != nullptr;
        return outcome;
    }

    std::size_t minima() const noexcept { return clusters_.count; }

    std::vector<ContinuumPoint> continua() const {
        std::vector<ContinuumPoint> points;
        const std::vector<ClusterSpan> spans = cluster_spans(findings_->polished, clusters_, *setting_->box);
        for (std::uint32_t minimum = 0; minimum < spans.size(); ++minimum) {
            if (clusters_.is_continuum[minimum] == 0 || spans[minimum].furthest == ClusterSpan::none)
                continue;
            const Polished& point = findings_->polished[spans[minimum].furthest];
            points.push_back({.minimum = minimum, .f = point.f, .x = point.x, .is_rough = point.is_rough});
        }
        return points;
    }

    /// The best of the minima, as many as `most`.
    FoundMinima describe(std::size_t most) const {
        FoundMinima minima{.dimension = setting_->box->dimension()};
        minima.resize(most);
        std::vector<std::vector<std::uint32_t>> ids(most);
        std::uint32_t found = 0;
        for (const auto& [end, cluster] : clusters_.members) {
            if (cluster >= most) continue;
            if (cluster == found) {
                minima.f[cluster] = end.f;
                minima.of[cluster] = end.of;
                minima.is_continuum[cluster] = clusters_.is_continuum[cluster];
                const std::span<const double> x = point(end);
                std::ranges::copy(x, minima.x.begin() + static_cast<std::ptrdiff_t>(cluster * x.size()));
                ++found;
            }
            if (end.of == EndOf::run) count(minima, ids[cluster], cluster, end.index);
        }
        for (std::uint32_t run = 0; run < runs().count(); ++run) {
            const std::uint32_t cluster = clusters_of_runs_[run];
            if (!std::isfinite(runs().f[run]) && cluster < most) count(minima, ids[cluster], cluster, run);
        }
        for (const std::vector<std::uint32_t>& of_minimum : ids)
            minima.start_ids.insert(minima.start_ids.end(), of_minimum.begin(), of_minimum.end());
        return minima;
    }

  private:
    const Runs& runs() const { return findings_->runs; }

    bool best_is_minimum() const {
        return !clusters_.members.empty() && clusters_.members.front().end.f == findings_->best.f;
    }

    bool all_are_polished() const {
        const bool is_whole =
            findings_->status == SearchStatus::completed || findings_->status == SearchStatus::settled;
        return setting_->options->polish && is_whole;
    }

    void count_runs(Outcome& outcome) const {
        std::vector<std::size_t> hits(clusters_.count, 0);
        outcome.starts = setting_->starts.to_run().count();
        for (std::size_t run = 0; run < runs().count(); ++run) {
            outcome.points_tried += setting_->starts.candidates(runs().id[run]);
            if (runs().is_offspring(run)) continue;
            ++outcome.runs[static_cast<std::size_t>(runs().status[run])];
            if (setting_->starts.is_drawn(runs().id[run])) ++outcome.drawn;
            if (!is_of_coverage(run)) continue;
            ++outcome.not_pruned;
            if (clusters_of_runs_[run] == no_cluster) continue;
            ++outcome.ended;
            ++hits[clusters_of_runs_[run]];
        }
        outcome.found_once = static_cast<std::uint64_t>(std::ranges::count(hits, std::size_t{1}));
    }

    bool is_of_coverage(std::size_t run) const {
        return setting_->starts.is_drawn(runs().id[run]) && runs().status[run] != RunStatus::pruned;
    }

    void count(FoundMinima& minima, std::vector<std::uint32_t>& ids, std::size_t minimum,
               std::size_t run) const {
        if (runs().is_offspring(run)) {
            ++minima.offspring[minimum];
            return;
        }
        ++minima.hits[minimum];
        if (is_of_coverage(run)) ++minima.drawn_hits[minimum];
        ids.push_back(static_cast<std::uint32_t>(runs().id[run]));
    }

    std::span<const double> point(const End& end) const {
        if (end.of == EndOf::polish_start) return findings_->polished[end.index].start_x;
        if (end.of != EndOf::run) return findings_->polished[end.index].x;
        return runs().point(end.index);
    }

    /// Compares the runs that were spared with those for which they would have been given up, by the minima
    /// they came to.
    FoundAudit audit() const {
        constexpr double difference = 1e-6;  // of minima that counts, in the range of their values
        const std::vector<End> minima = founders(clusters_);
        const double range = minima.empty() ? 0 : minima.back().f - minima.front().f;
        const auto f_of = [&](std::size_t run) {
            const std::uint32_t cluster = clusters_of_runs_[run];
            if (cluster == no_cluster) return nowhere;
            return minima[cluster].f;
        };
        FoundAudit audit{};
        for (std::size_t run = 0; run < runs().count(); ++run) {
            const bool spared = runs().spared_from[run] != Runs::nothing;
            double& best = spared ? audit.best_spared : audit.best_other;
            best = std::min(best, f_of(run));
            if (!spared) continue;
            ++audit.spared;
            auto leader = static_cast<std::size_t>(runs().spared_from[run]);
            while (runs().status[leader] == RunStatus::pruned)
                leader = static_cast<std::size_t>(runs().given_up_for[leader]);
            if (f_of(leader) - f_of(run) > difference * range) ++audit.better_than_leader;
        }
        return audit;
    }

    const Setting* setting_;
    const Findings* findings_;
    Clusters clusters_;
    std::vector<std::uint32_t> clusters_of_runs_;
};

}  // namespace

void FoundMinima::resize(std::size_t count) {
    std::uint64_t ids = 0;
    for (std::size_t minimum = 0; minimum < std::min(count, hits.size()); ++minimum) ids += hits[minimum];
    if (ids < start_ids.size()) start_ids.resize(ids);
    f.resize(count);
    x.resize(count * dimension);
    of.resize(count);
    is_continuum.resize(count);
    hits.resize(count);
    drawn_hits.resize(count);
    offspring.resize(count);
}

Outcome outcome_of(const Setting& setting, const Findings& findings, Engine& engine, const Halt& halt,
                   std::size_t most) {
    const Summary summary(setting, findings, engine);
    Outcome outcome = summary.outcome();
    for (most = std::min(most, summary.minima());; most /= 2) {
        try {
            outcome.minima = summary.describe(most);
            if (setting.options->part > 0) outcome.continua = summary.continua();
            return outcome;
        } catch (const std::bad_alloc&) {
            // What a part finds does not depend on memory.
            if (most <= 1 || setting.options->part > 0 || halt.is_thrown_by_caller()) throw;
        }
    }
}

}  // namespace lanewise
