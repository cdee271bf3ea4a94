#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "coverage.hpp"
#include "lanewise/minimize.hpp"
#include "tail.hpp"

namespace lanewise {

namespace {

/// In the variables and values of the objective that was given.
class Report {
  public:
    Report(const Setting& setting, Outcome outcome, Engine& engine, const Halt& halt)
        : setting_(&setting), outcome_(std::move(outcome)), engine_(&engine), halt_(&halt) {}

    Result result() {
        const BestSoFar& best = outcome_.best;
        if (!std::isfinite(best.f)) throw NothingFinite(why_nothing_is_finite());
        Result result{};
        result.status = outcome_.status;
        result.best = {.f = setting_->sign * best.f,
                       .x = best.x,
                       .start_id = best.line,
                       .iteration = best.iteration,
                       .offspring = best.line != best.id,
                       .polished = is_polish(best.of),
                       .finished = outcome_.best_is_minimum};
        setting_->coordinates->to_variables(result.best.x);
        result.minima = describe_as_many_as_possible();
        result.minima_found = outcome_.minima_found;
        std::size_t begun = 0;
        for (std::size_t status = 0; status < run_statuses; ++status)
            begun += result.runs[status] = outcome_.runs[status];
        // The starts whose turn did not come. A search that is settled does not want them.
        if (result.status != SearchStatus::settled)
            result.runs[static_cast<std::size_t>(RunStatus::stopped)] += outcome_.starts - begun;
        result.offspring = outcome_.offspring;
        result.coverage = estimate_coverage(outcome_.not_pruned, outcome_.ended, outcome_.found_once);
        result.audit = audit();
        if (result.region = setting_->box->region(); result.region) {
            setting_->coordinates->to_variables(result.region->lower);
            setting_->coordinates->to_variables(result.region->upper);
        }
        result.iterations = outcome_.iterations;
        result.work = outcome_.work;
        result.isa = setting_->isa;
        result.native = outcome_.native;
        result.threads = outcome_.threads;
        result.tile_lanes = outcome_.tile_lanes;
        return result;
    }

  private:
    std::string why_nothing_is_finite() const {
        const std::string where =
            outcome_.status == SearchStatus::completed
                ? (outcome_.points_tried == 1
                       ? "the point tried"
                       : fmt::format("any of the {} points tried", outcome_.points_tried))
                : fmt::format("any point that was tried before the search ended ({})", name(outcome_.status));
        return fmt::format(
            "nothing finite found: the value or its gradient is not finite at {}; bounds within the domain "
            "of the "
            "objective, more starts, or a start given by hand where it is finite would help",
            where);
    }

    /// Describes as many minima as are asked for, or as there is the memory for.
    std::vector<Minimum> describe_as_many_as_possible() {
        if (setting_->options->most_minima == 0) return {};
        // What is told of a tail is a sample.
        const std::size_t told = outcome_.tail_halvings == 0 ? outcome_.minima.count()
                                                             : std::min(outcome_.minima.count(), most_told);
        for (std::size_t most = std::min(setting_->options->most_minima, told);; most /= 2) {
            try {
                return describe(most);
            } catch (const std::bad_alloc&) {
                if (most <= 1 || halt_->is_thrown_by_caller()) throw;
            }
        }
    }

    std::vector<Minimum> describe(std::size_t most) const {
        const FoundMinima& found = outcome_.minima;
        std::vector<Minimum> minima;
        std::vector<std::vector<double>> points;
        auto ids = found.start_ids.begin();
        if (!outcome_.best_is_minimum) {
            minima.push_back(unfinished_best());
            points.push_back(outcome_.best.x);
        }
        for (std::size_t i = 0; i < most; ++i) {
            const std::span<const double> x = found.point(i);
            Minimum& minimum = minima.emplace_back(minimum_at({x.begin(), x.end()}, found.f[i]));
            minimum.finished = true;
            minimum.polished = is_polish(found.of[i]);
            minimum.continuum = found.is_continuum[i] != 0;
            minimum.offspring = found.offspring[i];
            const auto hits = static_cast<std::ptrdiff_t>(found.start_ids.empty() ? 0 : found.hits[i]);
            minimum.start_ids.assign(ids, ids + hits);
            minimum.unlisted_hits = found.hits[i] - static_cast<std::size_t>(hits);
            ids += hits;
            points.push_back(minimum.x);
        }
        for (Minimum& minimum : minima) setting_->coordinates->to_variables(minimum.x);
        engine_->evaluate(
            points, [&](std::size_t i, const Evaluation& at) { add_first_order(minima[i], at.gradient); });
        return minima;
    }

    Minimum minimum_at(std::vector<double> x, double f) const {
        return {.f = setting_->sign * f,
                .x = std::move(x),
                .finished = false,
                .polished = false,
                .continuum = false,
                .gradient_norm = 0,
                .at_bound = std::vector<std::int8_t>(setting_->box->dimension(), 0),
                .start_ids = {},
                .unlisted_hits = 0,
                .offspring = 0};
    }

    /// The best point, where it is none of the minima.
    Minimum unfinished_best() const {
        const BestSoFar& best = outcome_.best;
        Minimum unfinished = minimum_at(best.x, best.f);
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

    Audit audit() const {
        const FoundAudit& found = outcome_.audit;
        Audit audit{.spared = found.spared, .better_than_leader = found.better_than_leader, .regret = 0};
        if (found.best_spared < found.best_other && std::isfinite(found.best_other))
            audit.regret = found.best_other - found.best_spared;
        return audit;
    }

    const Setting* setting_;
    Outcome outcome_;
    Engine* engine_;
    const Halt* halt_;
};

}  // namespace

Result report(const Setting& setting, Outcome outcome, Engine& engine, const Halt& halt) {
    return Report(setting, std::move(outcome), engine, halt).result();
}

}  // namespace lanewise
