#include "search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "basins.hpp"
#include "budget.hpp"
#include "continuum.hpp"
#include "coverage.hpp"
#include "memory.hpp"
#include "offspring.hpp"
#include "state.hpp"
#include "state_rules.hpp"
#include "wave.hpp"

namespace lanewise {

namespace {

// Waves of starts: the first is small, so that what is easy is found at once; each further one makes the
// search twice as large, up to a bound (memory.hpp).
constexpr std::size_t first_wave = 16;

// Between two waves come generations of offspring. They start near minima: their runs are shorter.
constexpr std::size_t generation = 128;
constexpr std::size_t offspring_iterations = 128;

/// Polished before the first wave is run: this many of its best starts.
constexpr std::size_t polished_starts = 4;

/// Polished between two waves: this many of the best points of the first.
constexpr std::size_t polished_per_wave = 16;

/// Polished in one step, so that the state can be saved in between: at most this many.
constexpr std::size_t polished_at_once = 64;

// Runs go on by L-BFGS in groups: of at least so many, for starts and for offspring, and at most this part of
// a wave.
constexpr std::size_t least_starts_at_once = 32;
constexpr std::size_t least_offspring_at_once = 8;
constexpr std::size_t converge_parts = 4;

// After a wave of starts, and after one of offspring, so many runs go on by second derivatives.
constexpr std::size_t refined_starts = 16;
constexpr std::size_t refined_offspring = 4;

/// L-BFGS takes seldom more evaluations for a step, on the average of a run.
constexpr std::uint64_t lbfgs_trials = 2;

/// Goes step by step. Between two of them its state is whole: what an archive takes.
class Search {
  public:
    Search(const Setting& setting, Engine& engine, Halt& halt)
        : setting_(&setting),
          options_(setting.options),
          memory_(share_memory(*setting.options, setting.box->dimension())),
          halt_(&halt),
          engine_(&engine),
          same_basin_(same_basin_by_values(engine, *setting.box)),
          findings_(setting.box->dimension()),
          offspring_(setting),
          polish_evaluations_(setting.is_region_known ? setting.evaluations_before : 0),
          evaluations_in_vain_(setting.is_region_known ? 0 : setting.evaluations_before) {}

    /// Takes up a search that was saved.
    void read(Reader& saved) {
        saved(*this);
        Reader::require(saved.at_end());
        if (setting_->is_region_known) polish_evaluations_ += setting_->evaluations_before;
    }

    Findings run() {
        if (options_->memory) findings_.runs.reserve(setting_->starts.to_run().count());
        // What the region is has to be found yet: a state has no more than that.
        if (!setting_->is_region_known) fall_short();
        check_target();
        try {
            while (next_ != Next::nothing && !is_over()) {
                spare_.hold_for(findings_, *setting_->box);
                if (seconds() - saved_at_ >= options_->checkpoint_every) save();
                step();
                sum_up();
            }
            // The last state of a part is what it found.
            if (options_->part == 0 || next_ != Next::nothing) save();
        } catch (const std::bad_alloc&) {
            if (halt_->is_thrown_by_caller() || !std::isfinite(findings_.best.f)) throw;
            findings_.status = SearchStatus::out_of_memory;
            if (wave_ && !wave_->has_begun()) wave_.reset();
            // It may have begun in the step that did not come to its end.
            if (begun_ + findings_.offspring < findings_.runs.count()) count_runs();
        }
        spare_.release();
        return conclude();
    }

    /// The findings when the search ends here.
    Findings conclude() {
        if (wave_) {
            if (!wave_->has_begun()) count_runs();
            wave_->end();
            first_ = wave_->first();
            if (options_->rule.method == Method::lbfgs) to_converge_ = runs_under_way();
        }
        for (Polished& polished : std::exchange(cut_short_, {})) {
            if (polished.is_at_limit) std::erase(to_converge_, polished.run);
            take(std::move(polished), cut_short_to_);
        }
        if (options_->rule.method == Method::lbfgs) {
            for (const std::uint32_t run : to_converge_) stop(run);
        }
        const EngineWork done = work();
        if (!std::isfinite(findings_.best.f) && done.run_iterations + done.evaluations == 0)
            look_at_first_start();
        findings_.work.evaluations = evaluations() + engine_->evaluations_in_vain() + evaluations_in_vain_;
        if (!is_over() && next_ != Next::nothing) findings_.status = SearchStatus::interrupted;
        if (!is_over() && has_fallen_short_) findings_.status = SearchStatus::max_evaluations;
        if (!is_over() && settled_) findings_.status = SearchStatus::settled;
        if (options_->profile) findings_.profile = engine_->profile();
        findings_.parents = offspring_.parents();
        return std::move(findings_);
    }

    template <class Archive>
    void archive(Archive& archive) {
        EngineWork work_so_far = work();
        double seconds_so_far = seconds();
        bool in_wave = wave_ && wave_->has_begun();
        archive(findings_, next_, settled_, best_before_starts_, begun_, breeding_, barren_, best_before_,
                best_x_before_, first_, to_converge_, converge_evaluations_, converge_group_, last_rounds_,
                asked_for_joints_, joint_evaluations_, to_polish_, best_first_, polish_evaluations_,
                offspring_, work_so_far, seconds_so_far, in_wave);
        if constexpr (Archive::reads) {
            earlier_work_ = work_so_far;
            earlier_seconds_ = saved_at_ = seconds_so_far;
            if (in_wave) wave_.emplace(*setting_, *engine_, *halt_, findings_);
        }
        if (in_wave) archive(*wave_);
        if constexpr (Archive::reads)
            require_rules(SearchState{.setting = *setting_,
                                      .findings = findings_,
                                      .offspring = offspring_,
                                      .wave = wave_ ? &*wave_ : nullptr,
                                      .next = next_,
                                      .settled = settled_,
                                      .best_before_starts = best_before_starts_,
                                      .breeding = breeding_,
                                      .begun = begun_,
                                      .barren = barren_,
                                      .first = first_,
                                      .last_rounds = last_rounds_,
                                      .asked_for_joints = asked_for_joints_,
                                      .joint_evaluations = joint_evaluations_,
                                      .to_converge = to_converge_,
                                      .converge_evaluations = converge_evaluations_,
                                      .converge_group = converge_group_,
                                      .best_before = best_before_,
                                      .best_x_before = best_x_before_,
                                      .to_polish = to_polish_,
                                      .polish_evaluations = polish_evaluations_,
                                      .work = earlier_work_,
                                      .seconds = earlier_seconds_});
    }

  private:
    bool is_over() const { return findings_.status != SearchStatus::completed; }

    void step() {
        if (!to_polish_.empty()) {
            take_polish();
            return;
        }
        switch (next_) {
            case Next::begin_wave: begin_wave(); break;
            case Next::stage: wave_->is_over() ? end_wave() : take_stage(); break;
            case Next::converge: converge(); break;
            case Next::refine: refine(); break;
            case Next::after_wave: after_wave(); break;
            case Next::last_polish: last_polish(); break;
            case Next::nothing: break;
        }
    }

    // Waves: of starts, each followed by generations of offspring until they have found nothing better for
    // a while, or are twice as many runs as the drawn starts.

    void begin_wave() {
        const StartRange& to_run = setting_->starts.to_run();
        const std::size_t starts = to_run.count();
        const std::size_t size = begun_ == 0 ? first_wave : begun_ + std::min(begun_, memory_.largest_wave);
        const std::size_t born = offspring_to_begin();
        breeding_ = born > 0;
        if (!breeding_) settled_ = is_settled();
        if (!breeding_ && (begun_ == starts || settled_)) {
            next_ = Next::last_polish;
            return;
        }
        Plan plan = {.course = Course(*options_),
                     .runs = std::min(size, starts) - begun_,
                     .first_id = to_run.first + begun_};
        std::vector<Child> children;
        if (breeding_) {
            plan.course.rule.alpha /= 4;
            plan.course.iterations = std::min(offspring_iterations, plan.course.iterations);
            plan.runs = born;
            plan.first_id = setting_->starts.first_offspring() + findings_.offspring;
            for (std::size_t i = 0; i < born; ++i) children.push_back(offspring_.child(plan.first_id + i));
            plan.offspring = children;
        }
        const std::size_t affordable = budget().runs(setting_->starts, plan.first_id, plan.runs);
        if (affordable < plan.runs) fall_short();
        if (affordable == 0) {
            findings_.status = SearchStatus::max_evaluations;
            return;
        }
        plan.runs = affordable;
        best_before_ = findings_.best.f;
        if (!breeding_) best_before_starts_ = findings_.best.f;
        best_x_before_ = findings_.best.x;
        wave_.emplace(*setting_, *engine_, *halt_, findings_);
        if (!wave_->begin(plan)) {
            findings_.status = halt_->reason();
            return;
        }
        count_runs();
        next_ = Next::stage;
        check_target();
        // Easy functions are minimised from the best starts already.
        if (options_->polish && wave_->first() == 0 && std::isfinite(findings_.best.f))
            to_polish_ = wave_->best_points(polished_starts);
    }

    void count_runs() { (breeding_ ? findings_.offspring : begun_) += wave_->runs(); }

    std::size_t offspring_to_begin() const {
        if (!options_->offspring || barren_ == most_barren || !offspring_.is_possible()) return 0;
        return std::min(generation,
                        std::min(most_offspring * setting_->starts.drawn_of(begun_), memory_.most_offspring) -
                            findings_.offspring);
    }

    void take_stage() {
        const std::size_t wanted = wave_->next_stage();
        const std::optional<std::size_t> stage =
            wave_->is_cut_off() ? wanted : budget().iterations(wanted, wave_->alive());
        if (stage != wanted) fall_short();
        if (!stage) {
            findings_.status = SearchStatus::max_evaluations;
            return;
        }
        wave_->advance(*stage);
        if (halt_->requested()) {
            findings_.status = halt_->reason();
            return;
        }
        check_target();
        if (stage == std::size_t{0} && !is_over()) findings_.status = SearchStatus::max_evaluations;
        if (options_->progress) tell();
    }

    void end_wave() {
        first_ = wave_->first();
        wave_->end();
        wave_.reset();
        converge_evaluations_ = 0;
        if (runs_converge(*options_)) to_converge_ = runs_under_way();
        std::stable_partition(to_converge_.begin(), to_converge_.end(), [&](std::uint32_t run) {
            return setting_->starts.is_sample(findings_.runs.id[run]);
        });
        next_ = runs_converge(*options_) ? Next::converge : Next::after_wave;
        check_target();
    }

    /// Runs that are still on their way when the steps of their rule are done go on by L-BFGS: those of the
    /// sample, then the others, best first, as long as that is a small part of the wave's work.
    void converge() {
        const bool is_lbfgs = options_->rule.method == Method::lbfgs;
        const std::uint64_t most = most_converge_evaluations();
        if (converge_group_ == 0 && (is_lbfgs || converge_evaluations_ < most)) {
            // About what a run takes, so that not much more is spent than is to be.
            const std::uint64_t of_run = 50 + 2 * setting_->box->dimension();
            const std::size_t affordable = is_lbfgs ? to_converge_.size() : most / of_run / converge_parts;
            const std::size_t part = (findings_.runs.count() - first_) / converge_parts;
            const std::size_t least = breeding_ ? least_offspring_at_once : least_starts_at_once;
            converge_group_ = std::min(std::max(least, std::min(part, affordable)), to_converge_.size());
        }
        if (converge_group_ > 0) {
            converge_group_ -= go_on(converge_group_, is_lbfgs ? PolishTo::lbfgs_end : PolishTo::lbfgs);
            return;
        }
        to_converge_.clear();
        if (!options_->polish) {
            next_ = Next::after_wave;
            return;
        }
        next_ = Next::refine;
        to_polish_ = unpolished_minima(first_, polished_per_wave);
    }

    /// What L-BFGS may spend on a wave: a share of the iterations that runs have by default, however many
    /// they have. In many variables its pairs are far from the processor, and an evaluation takes as long as
    /// ten iterations.
    std::uint64_t most_converge_evaluations() const {
        constexpr std::size_t few_variables = 256;
        const std::uint64_t runs = findings_.runs.count() - first_;
        const std::uint64_t iterations =
            breeding_ ? offspring_iterations : std::max(options_->iterations, Options{}.iterations);
        const std::uint64_t share = breeding_ ? 8 : 4;
        const std::uint64_t slower = setting_->box->dimension() > few_variables ? 3 : 1;
        return runs * iterations / (share * slower);
    }

    /// The best of those for which L-BFGS is slow go on by second derivatives too, unless they are near a
    /// minimum that is known by now: then they have come to it.
    void refine() {
        if (to_converge_.empty() && options_->rule.method != Method::lbfgs) {
            merge_into_polished(findings_, first_, *setting_->box, options_->same_distance, same_basin_);
            to_converge_ = runs_under_way();
            const std::size_t most = breeding_ ? refined_offspring : refined_starts;
            if (to_converge_.size() > most) to_converge_.resize(most);
        }
        const bool goes_on = !to_converge_.empty();
        if (goes_on) go_on(to_converge_.size(), PolishTo::convergence);
        if (!to_converge_.empty() || is_over()) return;
        next_ = Next::after_wave;
        if (goes_on) to_polish_ = unpolished_minima(first_, polished_per_wave);
    }

    /// Runs of the wave that have not converged, best first.
    std::vector<std::uint32_t> runs_under_way() const {
        const Runs& runs = findings_.runs;
        std::vector<std::uint32_t> under_way;
        for (auto run = static_cast<std::uint32_t>(first_); run < runs.count(); ++run) {
            if (runs.status[run] == RunStatus::max_iterations) under_way.push_back(run);
        }
        std::ranges::stable_sort(under_way, {}, [&](std::uint32_t run) { return runs.f[run]; });
        return under_way;
    }

    /// Returns how many of them went on: fewer where evaluations are scarce, none where the search is over.
    std::size_t go_on(std::size_t at_once, PolishTo to) {
        std::vector<PolishStart> starts;
        for (const std::uint32_t run : std::span(to_converge_).first(std::min(at_once, to_converge_.size())))
            starts.push_back(end_of_run(run));
        const std::uint64_t before = polish_evaluations_;
        const std::size_t count = polish(starts, to);
        converge_evaluations_ += polish_evaluations_ - before;
        to_converge_.erase(to_converge_.begin(), to_converge_.begin() + static_cast<std::ptrdiff_t>(count));
        check_target();
        if (options_->progress && !is_over()) tell();
        return count;
    }

    void after_wave() {
        if (options_->offspring) offspring_.take_parents(findings_, first_);
        barren_ = !breeding_ || has_better_minimum() ? 0 : barren_ + 1;
        next_ = Next::begin_wave;
    }

    /// Whether the wave has led to a better basin than that of the best point before it.
    bool has_better_minimum() const {
        if (!(findings_.best.f < best_before_)) return false;
        if (!std::isfinite(best_before_)) return true;
        Ends ends(*setting_->box, 2);
        ends.add({best_before_, EndOf::run, 0}, [&](std::size_t j) { return best_x_before_[j]; });
        ends.add({findings_.best.f, EndOf::run, 1}, [&](std::size_t j) { return findings_.best.x[j]; });
        constexpr double anywhere = 1;
        return cluster(ends, anywhere, in_one_basin_among(ends, same_basin_)).count == 2;
    }

    /// A run by L-BFGS alone that the search did not take to its end.
    void stop(std::size_t run) {
        RunStatus& status = findings_.runs.status[run];
        if (status == RunStatus::max_iterations) status = RunStatus::stopped;
    }

    void last_polish() {
        if (options_->polish && last_rounds_ < most_last_rounds) {
            const Clusters clusters = minima(0);
            to_polish_ = unpolished(clusters, most_last_polished);
            const bool has_joints = to_polish_.empty() && find_joints(clusters);
            if (is_over()) return;
            ++last_rounds_;
            if (!to_polish_.empty() || (has_joints && clusters.count > most_last_polished)) return;
        }
        next_ = Next::nothing;
        if (options_->polish && options_->progress) tell();
    }

    /// Whether there are new ones: then others are among the best minima.
    bool find_joints(const Clusters& clusters) {
        std::uint64_t evaluations = 0;
        const auto polish = [&](std::span<const std::vector<double>> points, PolishTo to) {
            return polish_points(points, to, evaluations);
        };
        const std::vector<Joint> joints = lanewise::find_joints(
            findings_.polished, clusters, asked_for_joints_, *engine_, *setting_->box, polish);
        // A search that is resumed takes the step again.
        (is_over() ? evaluations_in_vain_ : polish_evaluations_) += evaluations;
        if (is_over()) return false;
        joint_evaluations_ += evaluations;
        asked_for_joints_ = findings_.polished.size();
        findings_.joints.insert(findings_.joints.end(), joints.begin(), joints.end());
        return !joints.empty();
    }

    /// Polishes points that no run has visited, and adds what that takes to `evaluations`. None where the
    /// search is over meanwhile, or joints have taken as much as all else.
    std::vector<Polished> polish_points(std::span<const std::vector<double>> points, PolishTo to,
                                        std::uint64_t& evaluations) {
        constexpr std::uint64_t least = 100'000;
        const std::uint64_t before = this->evaluations();
        const std::uint64_t most_for_joints = std::max(least, before - joint_evaluations_);
        const std::uint64_t wanted = evaluations_of_polish(setting_->box->dimension());
        std::vector<Polished> polished;
        while (polished.size() < points.size()) {
            if (joint_evaluations_ + evaluations >= most_for_joints) return {};
            const std::size_t left = std::min(points.size() - polished.size(), polished_at_once);
            const std::uint64_t all =
                Budget(setting_->most_evaluations, before + evaluations_in_vain_ + evaluations)
                    .evaluations(wanted * left);
            if (all == 0) {
                fall_short();
                findings_.status = SearchStatus::max_evaluations;
                return {};
            }
            std::vector<PolishStart> starts;
            const std::size_t count = std::clamp<std::size_t>(all / wanted, 1, left);
            for (const std::vector<double>& x : points.subspan(polished.size(), count))
                starts.push_back({.x = x, .run = 0, .iteration = -1});
            const std::uint64_t each = std::min(wanted, all);
            bool is_starved = false;
            for (Polished& one :
                 engine_->polish(starts, to, {.evaluations = each, .iterations = each, .tolerance = 1e-9})) {
                evaluations += one.evaluations;
                is_starved = is_starved || one.starved;
                polished.push_back(std::move(one));
            }
            if (each < wanted && is_starved) {
                fall_short();
                findings_.status = SearchStatus::max_evaluations;
                return {};
            }
            if (halt_->requested()) {
                findings_.status = halt_->reason();
                return {};
            }
        }
        return polished;
    }

    bool has_reached_target(double f) const { return f <= setting_->target; }
    void check_target() {
        if (!is_over() && has_reached_target(findings_.best.f)) findings_.status = SearchStatus::target;
    }

    /// Looked at when a wave of starts and the offspring after it are over.
    bool is_settled() const {
        // Of parts all together are looked at, between their rounds.
        if (options_->used_settle() == 0 || options_->parts > 0 || begun_ < least_starts_to_settle ||
            begun_ == setting_->starts.count())
            return false;
        const Clusters clusters = listed_minima(findings_, *setting_->box, options_->same_distance,
                                                same_basin_, runs_converge(*options_), false);
        if (best_before_starts_ - findings_.best.f > difference_that_counts(findings_, clusters))
            return false;
        return chance_of_better(findings_, setting_->starts, clusters,
                                clusters_of_runs(findings_, clusters)) <= options_->used_settle();
    }

    // The state, to go on from.

    void save() {
        if (!options_->checkpoint || has_fallen_short_) return;
        saved_at_ = seconds();
        std::string state;
        try {
            Writer writer = begin_state(*setting_);
            writer(*this);
            state = end_state(std::move(writer));
        } catch (const std::bad_alloc&) {
            return;  // The state before stays the last.
        }
        halt_->call([&] { options_->checkpoint(state); });
    }

    /// From here on the search does not do what it would do without max_evaluations.
    void fall_short() {
        save();
        has_fallen_short_ = true;
    }

    EngineWork work() const {
        EngineWork sum = engine_->work();
        return sum += earlier_work_;
    }
    double seconds() const { return earlier_seconds_ + halt_->seconds(); }
    std::uint64_t evaluations() const {
        const EngineWork work = this->work();
        return work.run_iterations + work.evaluations + polish_evaluations_;
    }
    Budget budget() const { return {setting_->most_evaluations, evaluations() + evaluations_in_vain_}; }

    // Polishing.

    /// Best first. Where there is a target, the first alone: it may be all that was looked for.
    void take_polish() {
        const bool is_alone = best_first_ && std::isfinite(setting_->target);
        const std::size_t most = is_alone ? 1 : std::min(polished_at_once, to_polish_.size());
        const std::size_t count = polish(std::span(to_polish_).first(most), PolishTo::last_digit);
        to_polish_.erase(to_polish_.begin(), to_polish_.begin() + static_cast<std::ptrdiff_t>(count));
        best_first_ = to_polish_.empty();
        if (options_->progress && next_ == Next::last_polish) tell();
    }

    /// Polishes the first of these, and returns how many; none where the search is over.
    std::size_t polish(std::span<const PolishStart> starts, PolishTo to) {
        const std::uint64_t wanted = to == PolishTo::lbfgs_end
                                         ? (lbfgs_trials + 1) * options_->iterations + 1
                                         : evaluations_of_polish(setting_->box->dimension());
        const std::uint64_t all = budget().evaluations(wanted * starts.size());
        const std::size_t count = std::clamp<std::size_t>(all / wanted, 1, starts.size());
        const std::uint64_t most = std::min(wanted, all);
        if (most == 0) {
            fall_short();
            findings_.status = SearchStatus::max_evaluations;
            return 0;
        }
        std::vector<Polished> polished = engine_->polish(
            starts.first(count), to, {.evaluations = most, .iterations = options_->iterations});
        const bool at_target = std::ranges::any_of(polished, [&](const Polished& minimum) {
            return minimum.evaluations > 0 && has_reached_target(minimum.f);
        });
        if (halt_->requested() || at_target) {
            findings_.status = halt_->requested() ? halt_->reason() : SearchStatus::target;
            cut_short_ = std::move(polished);
            cut_short_to_ = to;
            return 0;
        }
        if (most < wanted && std::ranges::any_of(polished, &Polished::starved)) {
            fall_short();
            findings_.status = SearchStatus::max_evaluations;
        }
        for (Polished& minimum : polished) {
            const bool is_cut_off = to == PolishTo::lbfgs_end && most < wanted && minimum.starved;
            const std::size_t run = minimum.run;
            take(std::move(minimum), to);
            if (is_cut_off) stop(run);
        }
        return count;
    }

    void take(Polished polished, PolishTo to) {
        polish_evaluations_ += polished.evaluations;
        if (polished.evaluations == 0) return;
        if (to == PolishTo::lbfgs_end)
            findings_.iterations = std::max<std::size_t>(findings_.iterations, polished.iterations);
        if (to != PolishTo::last_digit) {
            findings_.converge(polished);
        } else if (std::isfinite(polished.f)) {
            findings_.add(std::move(polished));
        }
    }

    PolishStart end_of_run(std::size_t run) const {
        const auto x = findings_.runs.point(run);
        return {.x = {x.begin(), x.end()}, .run = run, .iteration = findings_.runs.iteration[run]};
    }

    /// Of runs from `first` on.
    Clusters minima(std::size_t first) const {
        return cluster_minima(findings_, *setting_->box, options_->same_distance, same_basin_,
                              runs_converge(*options_), first);
    }

    std::vector<PolishStart> unpolished_minima(std::size_t first, std::size_t most) const {
        return unpolished(minima(first), most);
    }

    /// The ends of the best minima, where they are not polished yet; and the best point of all, which may be
    /// that of a run that broke. In the end polishes that were cut go on.
    std::vector<PolishStart> unpolished(const Clusters& clusters, std::size_t most) const {
        std::vector<PolishStart> starts;
        std::vector<End> minima = founders(clusters);
        if (minima.size() > most) minima.resize(most);
        for (const End& end : minima) {
            if (end.of == EndOf::run) starts.push_back(end_of_run(end.index));
            const bool is_cut = end.of == EndOf::cut_polish || end.of == EndOf::polish_start;
            if (!is_cut || next_ != Next::last_polish) continue;
            const Polished& cut = findings_.polished[end.index];
            starts.push_back({.x = cut.x, .run = cut.run, .iteration = cut.iteration});
        }
        const BestSoFar& best = findings_.best;
        const bool is_cut = best.of == EndOf::cut_polish && next_ == Next::last_polish;
        if ((best.of != EndOf::run && !is_cut) || !std::isfinite(best.f)) return starts;
        const std::vector<std::uint64_t>& ids = findings_.runs.id;
        const auto run = static_cast<std::size_t>(std::ranges::find(ids, best.id) - ids.begin());
        if (std::ranges::find(starts, run, &PolishStart::run) == starts.end())
            starts.push_back(
                {.x = best.x, .run = run, .iteration = static_cast<std::int32_t>(best.iteration)});
        return starts;
    }

    /// A search that ended before it had seen anything has its first start at least.
    void look_at_first_start() {
        std::vector<double> x(setting_->box->dimension());
        const std::uint64_t first = setting_->starts.to_run().first;
        setting_->starts.point(first, x);
        Evaluation at{};
        engine_->evaluate(std::span(&x, 1), [&](std::size_t, const Evaluation& there) { at = there; });
        ++polish_evaluations_;
        if (!std::ranges::all_of(at.gradient, [](double g) { return std::isfinite(g); })) return;
        Runs& runs = findings_.runs;
        if (runs.count() == 0) {
            runs.begin(1, first, {});
            ++begun_;
        }
        findings_.best.f = runs.f[0] = at.f;
        findings_.best.x = x;
        findings_.best.id = findings_.best.line = first;
        std::ranges::copy(x, runs.x.begin());
    }

    void tell() {
        const auto iteration = wave_ ? wave_->iteration() : 0;
        const auto iterations = wave_ ? wave_->iterations() : 0;
        const bool with_starts = wave_ && !breeding_;
        const double of_wave = !with_starts || wave_->is_over()
                                   ? 1
                                   : static_cast<double>(iteration) / static_cast<double>(iterations);
        const double to_come = with_starts ? (1 - of_wave) * static_cast<double>(wave_->runs()) : 0;
        const std::size_t runs = setting_->starts.to_run().count();
        const auto starts = static_cast<double>(runs);
        const bool is_last = next_ == Next::last_polish || next_ == Next::nothing;
        const Progress progress = {.phase = is_last     ? Phase::polish
                                            : breeding_ ? Phase::offspring
                                                        : Phase::starts,
                                   .iteration = iteration,
                                   .iterations = iterations,
                                   .runs = runs,
                                   .runs_begun = begun_,
                                   .runs_alive = wave_ ? wave_->alive() : 0,
                                   .minima = findings_.polished.size(),
                                   .share = settled_ ? 1 : (static_cast<double>(begun_) - to_come) / starts,
                                   .best_f = setting_->sign * findings_.best.f,
                                   .run_iterations = work().run_iterations,
                                   .seconds = seconds()};
        halt_->call([&] { options_->progress(progress); });
    }

    void sum_up() {
        const EngineWork work = this->work();
        findings_.threads = std::max(findings_.threads, engine_->threads());
        findings_.work = {.seconds = seconds(),
                          .run_iterations = work.run_iterations,
                          .evaluations = evaluations(),
                          .lane_occupancy = work.lane_iterations == 0
                                                ? 0
                                                : static_cast<double>(work.run_iterations) /
                                                      static_cast<double>(work.lane_iterations)};
    }

    const Setting* setting_;
    const Options* options_;
    MemoryShares memory_;
    Halt* halt_;
    Engine* engine_;
    SameBasin same_basin_;
    Findings findings_;
    Next next_ = Next::begin_wave;
    bool settled_ = false;
    double best_before_starts_ = std::numeric_limits<double>::infinity();  ///< the last wave of them
    bool has_fallen_short_ = false;                                        ///< of evaluations
    std::size_t begun_ = 0;                                                ///< starts

    std::optional<Wave> wave_;
    bool breeding_ = false;                                         ///< the wave is of offspring
    double best_before_ = std::numeric_limits<double>::infinity();  ///< the wave
    std::vector<double> best_x_before_ = {};                        ///< where that is
    std::size_t first_ = 0;                                         ///< run of the wave before

    std::vector<std::uint32_t> to_converge_;  ///< runs of the wave before, in turn
    std::uint64_t converge_evaluations_ = 0;
    std::size_t converge_group_ = 0;  ///< so many of them go on before evaluations are counted again
    std::size_t barren_ = 0;          ///< generations in a row
    Offspring offspring_;

    std::vector<PolishStart> to_polish_;  ///< to polish before anything else
    bool best_first_ = true;              ///< the first of them alone
    PolishTo cut_short_to_ = PolishTo::last_digit;
    std::vector<Polished> cut_short_ = {};  ///< what a polish came to that was; for the result alone
    std::uint64_t polish_evaluations_ = 0;
    std::uint64_t evaluations_in_vain_ = 0;  ///< of a step that was cut off
    std::size_t last_rounds_ = 0;            ///< of polish
    std::size_t asked_for_joints_ = 0;       ///< of what was polished
    std::uint64_t joint_evaluations_ = 0;

    EngineWork earlier_work_;  ///< before the search was resumed
    double earlier_seconds_ = 0;
    double saved_at_ = 0;
    Spare spare_;
};

}  // namespace

Findings search(const Setting& setting, Engine& engine, Halt& halt) {
    return Search(setting, engine, halt).run();
}

Findings resume(const Setting& setting, Engine& engine, Halt& halt, Reader saved) {
    Search search(setting, engine, halt);
    search.read(saved);
    return search.run();
}

Findings found(const Setting& setting, Engine& engine, Halt& halt, Reader saved) {
    Search search(setting, engine, halt);
    search.read(saved);
    return search.conclude();
}

}  // namespace lanewise
