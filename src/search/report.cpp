#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cluster.hpp"
#include "coverage.hpp"
#include "evaluate.hpp"
#include "lanewise/minimize.hpp"

namespace lanewise {

namespace {

class Report {
  public:
    Report(const Setting& setting, const Findings& findings)
        : setting_(&setting),
          findings_(&findings),
          polished_(findings.polished.size()),
          clusters_(cluster_minima(findings, setting.widths, setting.options->same)) {}

    Result result() const {
        const Incumbent& best = findings_->best;
        if (!std::isfinite(best.f))
            throw NothingFinite("nothing finite found: value or gradient is not finite at any start");
        Result result{};
        result.status = findings_->status;
        result.best = {.f = setting_->sign * best.f,
                       .x = best.x,
                       .start_id = best.line,
                       .iteration = best.iteration,
                       .offspring = best.line != best.id,
                       .polished = best.polished};
        result.minima = describe();
        result.minima_found = clusters_.count;
        for (std::size_t run = 0; run < runs().count(); ++run) {
            if (!runs().is_offspring(run)) ++result.runs[static_cast<std::size_t>(runs().status[run])];
        }
        // Those whose turn did not come.
        result.runs[static_cast<std::size_t>(RunStatus::stopped)] +=
            setting_->starts.count() - (runs().count() - findings_->offspring);
        result.offspring = findings_->offspring;
        result.coverage = estimate_coverage(*findings_, setting_->starts, clusters_);
        result.audit = audit();
        result.iterations = findings_->iterations;
        result.work = findings_->work;
        result.isa = setting_->isa;
        result.threads = findings_->threads;
        result.tile_lanes = findings_->tile_lanes;
        return result;
    }

  private:
    bool is_run(std::uint32_t member) const { return member >= 2 * polished_; }

    const Runs& runs() const { return findings_->runs; }

    void count(Minimum& minimum, std::size_t run) const {
        if (runs().is_offspring(run)) {
            ++minimum.offspring;
        } else {
            minimum.start_ids.push_back(static_cast<std::uint32_t>(runs().id[run]));
        }
    }

    std::vector<double> point(std::uint32_t member) const {
        if (member < polished_) return findings_->polished[member].x;
        if (!is_run(member)) return findings_->polished[member - polished_].rough_x;
        const auto x = findings_->runs.point(member - 2 * polished_);
        return {x.begin(), x.end()};
    }

    std::vector<Minimum> describe() const {
        const std::size_t most = setting_->options->most_minima;
        std::vector<Minimum> minima;
        std::vector<std::vector<double>> points;
        for (const auto& [f, member, cluster] : clusters_.members) {
            if (cluster >= most) continue;
            if (cluster == minima.size()) {
                minima.push_back({.f = setting_->sign * f,
                                  .x = point(member),
                                  .polished = member < polished_,
                                  .gradient_norm = 0,
                                  .at_bound = std::vector<std::int8_t>(setting_->box->dimension(), 0),
                                  .start_ids = {},
                                  .offspring = 0});
                points.push_back(minima.back().x);
            }
            if (is_run(member)) count(minima[cluster], member - 2 * polished_);
        }
        const std::vector<std::uint32_t> of_run = clusters_of_runs(*findings_, clusters_);
        for (std::uint32_t run = 0; run < of_run.size(); ++run) {
            if (!std::isfinite(runs().f[run]) && of_run[run] < minima.size()) count(minima[of_run[run]], run);
        }
        evaluate_points(
            *setting_->objective, points, setting_->isa,
            [&](std::size_t i, const Evaluation& at) { add_first_order(minima[i], at.gradient); });
        return minima;
    }

    /// What the gradient says about a minimum: a variable at a bound that it pushes against counts as
    /// settled.
    void add_first_order(Minimum& minimum, std::vector<double> gradient) const {
        const Box& box = *setting_->box;
        double largest = 0;
        for (std::size_t j = 0; j < minimum.x.size(); ++j) {
            const bool at_lower = minimum.x[j] == box.lower()[j];
            const bool at_upper = minimum.x[j] == box.upper()[j];
            minimum.at_bound[j] = static_cast<std::int8_t>(at_lower ? -1 : static_cast<int>(at_upper));
            const double downhill = -setting_->sign * gradient[j];
            const bool held =
                (at_lower && downhill <= 0) || (at_upper && downhill >= 0) || (at_lower && at_upper);
            if (held) gradient[j] = 0;
            largest = std::max(largest, std::abs(gradient[j]));
        }
        if (largest == 0) return;
        // Scaled against overflow; not std::hypot, whose bits differ between C libraries.
        double sum = 0;
        for (const double g : gradient) sum += (g / largest) * (g / largest);
        minimum.gradient_norm = largest * std::sqrt(sum);
    }

    /// Compares the runs that were spared with those that were given up for the same.
    Audit audit() const {
        const Runs& runs = findings_->runs;
        Audit audit{};
        double best_spared = std::numeric_limits<double>::infinity();
        for (std::size_t run = 0; run < runs.count(); ++run) {
            if (runs.audited[run] == 0) continue;
            ++audit.spared;
            best_spared = std::min(best_spared, runs.f[run]);
            // A run that was merged later has another holder by now.
            if (runs.holder[run] < 0) continue;
            const auto leader = static_cast<std::size_t>(runs.holder[run]);
            const double gap = runs.f[leader] - runs.f[run];
            if (gap > setting_->options->same.exact_value * std::max(1.0, std::abs(runs.f[leader])))
                ++audit.better_than_leader;
        }
        double best_other = std::numeric_limits<double>::infinity();
        for (std::size_t run = 0; run < runs.count(); ++run) {
            if (runs.audited[run] == 0) best_other = std::min(best_other, runs.f[run]);
        }
        if (best_spared < best_other && std::isfinite(best_other)) audit.regret = best_other - best_spared;
        return audit;
    }

    const Setting* setting_;
    const Findings* findings_;
    std::size_t polished_;
    Clusters clusters_;
};

}  // namespace

Result report(const Setting& setting, const Findings& findings) {
    return Report(setting, findings).result();
}

}  // namespace lanewise
