#include "search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "coverage.hpp"
#include "crew.hpp"
#include "offspring.hpp"
#include "wave.hpp"

namespace lanewise {

namespace {

// Waves of starts: the first is small, so that what is easy is found at once; each further one makes the
// search four times as large, up to a bound on the memory a wave takes.
constexpr std::size_t first_wave = 16;
constexpr std::size_t largest_wave = std::size_t{1} << 18U;

// Between two waves come generations of offspring. They start near minima: their runs are shorter.
constexpr std::size_t generation = 128;
constexpr std::size_t offspring_iterations = 128;
constexpr std::size_t most_barren = 16;

/// How many of the first wave's best starts are polished before they are run.
constexpr std::size_t polished_starts = 4;

/// How many of a wave's best points are polished before the next.
constexpr std::size_t polished_per_wave = 16;

template <class T>
class Search {
  public:
    explicit Search(const Setting& setting)
        : setting_(&setting),
          options_(setting.options),
          halt_(*setting.options),
          crew_(setting, halt_),
          findings_(setting.box->dimension()),
          offspring_(setting) {}

    Findings run() {
        const std::size_t runs = setting_->starts.count();
        for (std::size_t end = first_wave; begun_ < runs && !is_over();) {
            take_wave({.alpha = options_->rule.alpha,
                       .iterations = options_->iterations,
                       .runs = std::min(end, runs) - begun_,
                       .first_id = begun_});
            begun_ = findings_.runs.count() - findings_.offspring;
            if (options_->offspring) breed();
            end += std::min(3 * end, largest_wave);
        }
        if (findings_.status == SearchStatus::completed || findings_.status == SearchStatus::covered) {
            polish_minima();
            // Values in single precision do not compare with those in double.
            if (options_->precision == Precision::f32) findings_.prefer_polished();
        }
        sum_up();
        return std::move(findings_);
    }

  private:
    bool is_over() const { return findings_.status != SearchStatus::completed; }

    void take_wave(Plan plan) {
        plan.runs = std::min<std::uint64_t>(plan.runs, affordable_runs());
        if (plan.runs == 0) {
            findings_.status = SearchStatus::max_evaluations;
            return;
        }
        const std::size_t first = findings_.runs.count();
        Wave<T> wave(*setting_, crew_, findings_, plan);
        check_target();
        // What is easy is found from the best starts already.
        if (first == 0 && std::isfinite(findings_.best.f)) polish(wave.best_points(polished_starts));
        while (wave.iteration() < plan.iterations && wave.alive() > 0 && !is_over()) {
            const std::size_t stage = affordable_iterations(wave.next_stage(), wave.alive());
            if (stage == 0) {
                findings_.status = SearchStatus::max_evaluations;
                break;
            }
            wave.advance(stage);
            look(wave, plan);
        }
        const std::vector<Rough> best =
            is_over() ? std::vector<Rough>() : wave.best_points(polished_per_wave);
        wave.end();
        check_target();
        polish(best);
        if (options_->offspring) offspring_.take_parents(findings_, first);
        if (!is_over() && options_->max_unseen && is_covered()) findings_.status = SearchStatus::covered;
    }

    /// Generations of offspring, until they have found nothing better for a while, or are twice as many runs
    /// as the drawn starts.
    void breed() {
        const std::size_t given = std::min(setting_->starts.given(), begun_);
        std::size_t barren = 0;
        while (barren < most_barren && offspring_.is_possible() && !is_over()) {
            const std::size_t runs = std::min(generation, 2 * (begun_ - given) - findings_.offspring);
            if (runs == 0) return;
            const std::uint64_t first_id = setting_->starts.count() + findings_.offspring;
            std::vector<Child> children;
            for (std::size_t i = 0; i < runs; ++i) children.push_back(offspring_.child(first_id + i));
            const double before = findings_.best.f;
            take_wave({.alpha = options_->rule.alpha / 4,
                       .iterations = std::min(offspring_iterations, options_->iterations),
                       .runs = runs,
                       .first_id = first_id,
                       .offspring = children});
            findings_.offspring = findings_.runs.count() - begun_;
            const double gain = options_->same.exact_value * std::max(1.0, std::abs(before));
            barren = findings_.best.f < before - gain ? 0 : barren + 1;
        }
    }

    void look(const Wave<T>& wave, const Plan& plan) {
        if (halt_.requested()) {
            findings_.status = halt_.reason();
            return;
        }
        check_target();
        if (options_->progress) tell(wave, plan);
    }

    void check_target() {
        if (!is_over() && options_->target && findings_.best.f <= setting_->sign * *options_->target)
            findings_.status = SearchStatus::target;
    }

    bool is_covered() const {
        const Coverage coverage = estimate_coverage(
            findings_, setting_->starts, cluster_minima(findings_, setting_->widths, options_->same));
        constexpr double less_than_one = 0.5;
        return (coverage.unseen_probability && *coverage.unseen_probability <= *options_->max_unseen) ||
               (coverage.minima_expected &&
                *coverage.minima_expected - static_cast<double>(coverage.minima_found) <= less_than_one);
    }

    // What max_evaluations leaves: an iteration of a run takes one, and each look at it one more.

    std::uint64_t evaluations() const {
        const CrewWork work = crew_.work();
        return work.run_iterations + work.evaluations + polish_evaluations_;
    }
    std::uint64_t evaluations_left() const {
        if (!options_->max_evaluations) return std::numeric_limits<std::uint64_t>::max();
        const std::uint64_t spent = evaluations();
        return *options_->max_evaluations > spent ? *options_->max_evaluations - spent : 0;
    }
    std::uint64_t affordable_runs() const {
        const std::size_t to_begin = options_->explore == 1 ? 0 : options_->explore;
        return evaluations_left() / (to_begin + 1);
    }
    std::size_t affordable_iterations(std::size_t stage, std::size_t alive) const {
        const std::uint64_t each = evaluations_left() / alive;
        return each == 0 ? 0 : std::min<std::uint64_t>(stage, each - 1);
    }
    std::uint64_t affordable_polish(std::size_t points) const {
        const std::uint64_t each = 2000 + 200 * setting_->box->dimension();
        return std::min<std::uint64_t>(each, evaluations_left() / points);
    }

    // Polishing.

    /// Best first: the first alone, it may be all that was looked for.
    void polish(const std::vector<Rough>& points) {
        if (!options_->polish) return;
        for (std::size_t first = 0; first < points.size() && !is_over();) {
            const std::size_t count = first == 0 ? 1 : points.size() - first;
            const std::uint64_t most = affordable_polish(count);
            if (most == 0) return;
            std::vector<Polished> polished(count);
            crew_.share(count, [&](std::size_t i) {
                polished[i] = lanewise::polish(*setting_, points[first + i], most, halt_);
            });
            for (Polished& minimum : polished) {
                polish_evaluations_ += minimum.evaluations;
                if (minimum.evaluations > 0 && std::isfinite(minimum.f)) findings_.add(std::move(minimum));
            }
            if (halt_.requested()) findings_.status = halt_.reason();
            check_target();
            first += count;
        }
    }

    /// Until the best end of every minimum that will be described is polished.
    void polish_minima() {
        const SearchStatus status = findings_.status;
        constexpr int most_rounds = 8;
        for (int round = 0; round < most_rounds && findings_.status == status; ++round) {
            const Clusters clusters = cluster_minima(findings_, setting_->widths, options_->same);
            const std::size_t known = 2 * findings_.polished.size();
            std::vector<Rough> rough;
            std::size_t founded = 0;
            for (const auto& [f, member, cluster] : clusters.members) {
                if (cluster != founded || founded == options_->most_minima) continue;
                ++founded;
                if (member < known) continue;
                const auto x = findings_.runs.point(member - known);
                rough.push_back({.x = {x.begin(), x.end()}, .run = member - known});
            }
            if (rough.empty() || !options_->polish) return;
            findings_.status = SearchStatus::completed;
            polish(rough);
            if (findings_.status == SearchStatus::completed) findings_.status = status;
        }
    }

    void tell(const Wave<T>& wave, const Plan& plan) {
        const double of_wave = static_cast<double>(wave.iteration()) / static_cast<double>(plan.iterations);
        const double starts = static_cast<double>(begun_) +
                              (plan.offspring.empty() ? of_wave * static_cast<double>(plan.runs) : 0.0);
        options_->progress({.iteration = wave.iteration(),
                            .iterations = plan.iterations,
                            .runs = setting_->starts.count(),
                            .runs_begun = findings_.runs.count(),
                            .runs_alive = wave.alive(),
                            .minima = findings_.polished.size(),
                            .share = starts / static_cast<double>(setting_->starts.count()),
                            .best_f = setting_->sign * findings_.best.f,
                            .run_iterations = crew_.work().run_iterations,
                            .seconds = halt_.seconds()});
    }

    void sum_up() {
        const CrewWork work = crew_.work();
        findings_.threads = crew_.threads();
        findings_.work = {.seconds = halt_.seconds(),
                          .run_iterations = work.run_iterations,
                          .evaluations = evaluations(),
                          .lane_occupancy = work.lane_iterations == 0
                                                ? 0
                                                : static_cast<double>(work.run_iterations) /
                                                      static_cast<double>(work.lane_iterations)};
    }

    const Setting* setting_;
    const Options* options_;
    Halt halt_;
    Crew<T> crew_;
    Findings findings_;
    std::uint64_t polish_evaluations_ = 0;
    Offspring offspring_;
    std::size_t begun_ = 0;  ///< starts of the design
};

}  // namespace

Findings search(const Setting& setting) {
    return setting.options->precision == Precision::f64 ? Search<double>(setting).run()
                                                        : Search<float>(setting).run();
}

}  // namespace lanewise
