#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "basins.hpp"
#include "cluster.hpp"
#include "coverage.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/own_kernels.hpp"

namespace lanewise {

namespace {

class Report {
  public:
    Report(const Setting& setting, const Findings& findings, Engine& engine, const Halt& halt)
        : setting_(&setting),
          engine_(&engine),
          halt_(&halt),
          findings_(&findings),
          clusters_(listed_minima(findings, *setting.box, setting.options->same_distance,
                                  same_basin_by_values(engine, *setting.box), runs_converge(*setting.options),
                                  all_are_polished())),
          clusters_of_runs_(clusters_of_runs(findings, clusters_)) {}

    Result result() const {
        const BestSoFar& best = findings_->best;
        if (!std::isfinite(best.f)) throw NothingFinite(why_nothing_is_finite());
        Result result{};
        result.status = findings_->status;
        result.best = {.f = setting_->sign * best.f,
                       .x = best.x,
                       .start_id = best.line,
                       .iteration = best.iteration,
                       .offspring = best.line != best.id,
                       .polished = is_polish(best.of),
                       .finished = best_is_minimum()};
        setting_->coordinates->to_variables(result.best.x);
        result.minima = describe_as_many_as_possible();
        result.minima_found = clusters_.count;
        for (std::size_t run = 0; run < runs().count(); ++run) {
            if (!runs().is_offspring(run)) ++result.runs[static_cast<std::size_t>(runs().status[run])];
        }
        // The starts whose turn did not come. A search that is settled does not want them.
        if (result.status != SearchStatus::settled)
            result.runs[static_cast<std::size_t>(RunStatus::stopped)] +=
                setting_->starts.count() - (runs().count() - findings_->offspring);
        result.offspring = findings_->offspring;
        result.coverage = estimate_coverage(*findings_, setting_->starts, clusters_, clusters_of_runs_);
        result.audit = audit();
        if (result.region = setting_->box->region(); result.region) {
            setting_->coordinates->to_variables(result.region->lower);
            setting_->coordinates->to_variables(result.region->upper);
        }
        result.iterations = findings_->iterations;
        result.work = findings_->work;
        result.isa = setting_->isa;
        const OwnKernels* own = own_kernels(*setting_->objective);
        result.native = own != nullptr && own->native(setting_->isa, setting_->precision) != nullptr;
        result.threads = findings_->threads;
        result.tile_lanes = findings_->tile_lanes;
        return result;
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

    std::string why_nothing_is_finite() const {
        std::uint64_t points = 0;
        for (const std::uint64_t id : runs().id) points += setting_->starts.candidates(id);
        const std::string where =
            findings_->status == SearchStatus::completed
                ? (points == 1 ? "the point tried" : fmt::format("any of the {} points tried", points))
                : fmt::format("any point that was tried before the search ended ({})",
                              name(findings_->status));
        return fmt::format(
            "nothing finite found: the value or its gradient is not finite at {}; bounds within the domain "
            "of the "
            "objective, more starts, or a start given by hand where it is finite would help",
            where);
    }

    void count(Minimum& minimum, std::size_t run) const {
        if (runs().is_offspring(run)) {
            ++minimum.offspring;
        } else {
            minimum.start_ids.push_back(static_cast<std::uint32_t>(runs().id[run]));
        }
    }

    std::vector<double> point(const End& end) const {
        if (end.of == EndOf::polish_start) return findings_->polished[end.index].start_x;
        if (end.of != EndOf::run) return findings_->polished[end.index].x;
        const auto x = runs().point(end.index);
        return {x.begin(), x.end()};
    }

    /// Describes as many minima as are asked for, or as there is the memory for.
    std::vector<Minimum> describe_as_many_as_possible() const {
        if (setting_->options->most_minima == 0) return {};
        for (std::size_t most = std::min(setting_->options->most_minima, clusters_.count);; most /= 2) {
            try {
                return describe(most);
            } catch (const std::bad_alloc&) {
                if (most <= 1 || halt_->is_thrown_by_caller()) throw;
            }
        }
    }

    std::vector<Minimum> describe(std::size_t most) const {
        std::vector<Minimum> minima;
        std::vector<std::vector<double>> points;
        for (const auto& [end, cluster] : clusters_.members) {
            if (cluster >= most) continue;
            if (cluster == minima.size()) {
                minima.push_back({.f = setting_->sign * end.f,
                                  .x = point(end),
                                  .finished = true,
                                  .polished = is_polish(end.of),
                                  .continuum = clusters_.is_continuum[cluster] != 0,
                                  .gradient_norm = 0,
                                  .at_bound = std::vector<std::int8_t>(setting_->box->dimension(), 0),
                                  .start_ids = {},
                                  .offspring = 0});
                points.push_back(minima.back().x);
            }
            if (end.of == EndOf::run) count(minima[cluster], end.index);
        }
        for (std::uint32_t run = 0; run < runs().count(); ++run) {
            const std::uint32_t cluster = clusters_of_runs_[run];
            if (!std::isfinite(runs().f[run]) && cluster < minima.size()) count(minima[cluster], run);
        }
        if (!best_is_minimum()) {
            minima.insert(minima.begin(), unfinished_best());
            points.insert(points.begin(), findings_->best.x);
        }
        for (Minimum& minimum : minima) setting_->coordinates->to_variables(minimum.x);
        engine_->evaluate(
            points, [&](std::size_t i, const Evaluation& at) { add_first_order(minima[i], at.gradient); });
        return minima;
    }

    /// The best point, where it is none of the minima.
    Minimum unfinished_best() const {
        const BestSoFar& best = findings_->best;
        Minimum unfinished = {.f = setting_->sign * best.f,
                              .x = best.x,
                              .finished = false,
                              .polished = false,
                              .continuum = false,
                              .gradient_norm = 0,
                              .at_bound = std::vector<std::int8_t>(setting_->box->dimension(), 0),
                              .start_ids = {},
                              .offspring = 0};
        if (best.id != best.line) {
            ++unfinished.offspring;
        } else {
            unfinished.start_ids.push_back(static_cast<std::uint32_t>(best.id));
        }
        return unfinished;
    }

    /// What the gradient in the coordinates says about a minimum: a variable at a bound that it pushes
    /// against counts as settled.
    void add_first_order(Minimum& minimum, std::vector<double> gradient) const {
        const Box& box = setting_->coordinates->given_box();
        double largest = 0;
        for (std::size_t j = 0; j < minimum.x.size(); ++j) {
            const bool at_lower = minimum.x[j] == box.lower()[j];
            const bool at_upper = minimum.x[j] == box.upper()[j];
            minimum.at_bound[j] = static_cast<std::int8_t>(at_lower ? -1 : static_cast<int>(at_upper));
            const bool held = (at_lower && gradient[j] >= 0) || (at_upper && gradient[j] <= 0);
            if (held) gradient[j] = 0;
            if (box.is_log(j)) gradient[j] /= minimum.x[j];
            largest = std::max(largest, std::abs(gradient[j]));
        }
        if (largest == 0) return;
        // Scaled against overflow; not std::hypot, whose bits differ between C libraries.
        double sum = 0;
        for (const double g : gradient) sum += (g / largest) * (g / largest);
        minimum.gradient_norm = largest * std::sqrt(sum);
    }

    /// Compares the runs that were spared with those for which they would have been given up, by the minima
    /// they came to.
    Audit audit() const {
        constexpr double nowhere = std::numeric_limits<double>::infinity();
        constexpr double difference = 1e-6;  // of minima that counts, in the range of their values
        const std::vector<End> minima = founders(clusters_);
        const double range = minima.empty() ? 0 : minima.back().f - minima.front().f;
        const auto f_of = [&](std::size_t run) {
            const std::uint32_t cluster = clusters_of_runs_[run];
            if (cluster == no_cluster) return nowhere;
            return minima[cluster].f;
        };
        Audit audit{};
        double best_spared = nowhere;
        double best_other = nowhere;
        for (std::size_t run = 0; run < runs().count(); ++run) {
            const bool spared = runs().spared_from[run] != Runs::nothing;
            double& best = spared ? best_spared : best_other;
            best = std::min(best, f_of(run));
            if (!spared) continue;
            ++audit.spared;
            auto leader = static_cast<std::size_t>(runs().spared_from[run]);
            while (runs().status[leader] == RunStatus::pruned)
                leader = static_cast<std::size_t>(runs().given_up_for[leader]);
            if (f_of(leader) - f_of(run) > difference * range) ++audit.better_than_leader;
        }
        if (best_spared < best_other && std::isfinite(best_other)) audit.regret = best_other - best_spared;
        return audit;
    }

    const Setting* setting_;
    Engine* engine_;
    const Halt* halt_;
    const Findings* findings_;
    Clusters clusters_;
    std::vector<std::uint32_t> clusters_of_runs_;
};

}  // namespace

Result report(const Setting& setting, const Findings& findings, Engine& engine, const Halt& halt) {
    return Report(setting, findings, engine, halt).result();
}

}  // namespace lanewise
