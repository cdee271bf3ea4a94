#include "wave.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

// Iterations between two looks.
constexpr std::size_t shortest_stage = 32;
constexpr std::size_t longest_stage = 256;
constexpr std::size_t looks_aimed_at = 16;

// Runs are merged and pruned late: before, they are still on their way from basin to basin. Pruning compares
// with the time before.
constexpr double first_late = 0.5;
constexpr double then_late[] = {0.625, 0.75, 0.875};
static_assert(most_given_up_in_a_row == 2 * std::size(then_late) + 1);

class StartOrigins final : public Origins {
  public:
    StartOrigins(const Starts& starts, std::uint64_t first_id) : starts_(&starts), first_id_(first_id) {}
    std::size_t candidates(std::size_t i) const override { return starts_->candidates(first_id_ + i); }
    void candidate(std::size_t i, std::size_t which, std::span<double> x) const override {
        starts_->candidate(first_id_ + i, which, x);
    }

  private:
    const Starts* starts_;
    std::uint64_t first_id_;
};

class OffspringOrigins final : public Origins {
  public:
    explicit OffspringOrigins(std::span<const Child> children) : children_(children) {}
    std::size_t candidates(std::size_t /*i*/) const override { return 1; }
    void candidate(std::size_t i, std::size_t /*which*/, std::span<double> x) const override {
        std::ranges::copy(children_[i].x, x.begin());
    }

  private:
    std::span<const Child> children_;
};

}  // namespace

Wave::Wave(const Setting& setting, Engine& engine, Halt& halt, Findings& findings)
    : setting_(&setting),
      engine_(&engine),
      halt_(&halt),
      findings_(&findings),
      same_basin_(same_basin_by_values(engine, *setting.box)),
      course_(*setting.options) {}

bool Wave::begin(const Plan& plan) {
    course_ = plan.course;
    history_.first = findings_->runs.count();
    runs_ = plan.runs;
    alive_ = plan.runs;
    first_id_ = plan.first_id;
    for (const Child& child : plan.offspring) lines_.push_back(child.line);
    if (plan.offspring.empty()) {
        engine_->begin(first(), runs_, course_, StartOrigins(setting_->starts, first_id_));
    } else {
        engine_->begin(first(), runs_, course_, OffspringOrigins(plan.offspring));
    }
    if (halt_->requested()) return false;
    enlist();
    note_best(look());
    return true;
}

void Wave::enlist() {
    history_.first_f.resize(runs_, nowhere);
    history_.last_f.resize(runs_, nowhere);
    history_.earlier_best_f.resize(runs_, nowhere);
    for (std::size_t i = 0; i < runs_; ++i)
        history_.is_sample.push_back(setting_->starts.is_sample(first_id_ + i) ? 1 : 0);
    std::vector<std::uint8_t> looks_unchanged(runs_, 0);
    findings_->runs.begin(runs_, first_id_, lines_);
    history_.looks_unchanged.swap(looks_unchanged);  // From here on it has begun.
    findings_->tile_lanes = std::max(findings_->tile_lanes, engine_->tile_lanes());
}

std::size_t Wave::next_stage() const noexcept {
    return is_cut_off() ? cut_off_ : whole_stage();
}

std::size_t Wave::whole_stage() const noexcept {
    return std::min(std::clamp(iterations() / looks_aimed_at, shortest_stage, longest_stage),
                    iterations() - iteration_);
}

bool Wave::is_due(double share) const {
    const auto due = static_cast<std::size_t>(share * static_cast<double>(iterations()));
    return iteration_ >= due && iteration_ < due + stage_;
}

void Wave::advance(std::size_t iterations) {
    cut_off_ = iterations;
    engine_->advance(iteration_, iterations);
    if (halt_->requested()) return;
    stage_ = std::exchange(cut_off_, 0);
    iteration_ += stage_;
    findings_->iterations = std::max(findings_->iterations, iteration_);

    Look& look = this->look();
    note_best(look);
    std::vector<Verdict> all;
    const auto take = [&](std::vector<Verdict> verdicts) {
        keep_best(verdicts, look, *findings_);
        leave_out(look, verdicts);
        all.insert(all.end(), verdicts.begin(), verdicts.end());
    };
    take(retire(look, history_, setting_->options->polish));
    const bool is_last = iteration_ == course_.iterations;
    const bool is_late =
        !is_last && std::ranges::any_of(then_late, [&](double share) { return is_due(share); });
    // In the end, of those that fell into a basin one goes on by L-BFGS.
    if (is_late || (is_last && setting_->options->polish))
        take(merge(look, points(Where::current), history_, *findings_, *setting_->box,
                   setting_->options->same_distance, same_basin_));
    if (is_late && setting_->options->prune) {
        Pruning pruning = prune(look, points(Where::current), history_, *findings_, *setting_->box, reach());
        for (const auto& [run, leader] : pruning.spared) {
            std::int64_t& spared_from = findings_->runs.spared_from[run];
            if (spared_from == Runs::nothing) spared_from = leader;
        }
        take(std::move(pruning.pruned));
    }
    if (is_late || (!is_last && is_due(first_late))) {
        for (std::size_t i = 0; i < look.count(); ++i)
            history_.earlier_best_f[history_.index(look.run[i])] = look.best_f[i];
    }
    alive_ = look.count();
    carry_out(all);
}

Look& Wave::look() {
    engine_->look(look_);
    return look_;
}

Points Wave::points(Where where) const {
    return [engine = engine_, where](std::span<const std::uint32_t> runs, std::span<double> x) {
        engine->points(runs, where, x);
    };
}

double Wave::reach() const {
    // Runs that a few steps lead to each other are in one neighbourhood.
    constexpr double steps = 3;
    constexpr double widest = 0.03;
    const double stride =
        course_.scale == Scale::box ? std::min(steps * step_size(course_, iteration_), widest) : 0.0;
    return std::max(stride, setting_->options->same_distance);
}

void Wave::note_best(const Look& look) {
    // In single precision a value may not be what it is in double: then the next best is looked at, and what
    // is left after some waits for the wave's end.
    const bool is_single = setting_->precision == Precision::f32;
    const int most_looked_at = is_single ? 16 : 1;
    std::vector<std::size_t> refused;
    for (int n = 0; n < most_looked_at; ++n) {
        const std::optional<std::size_t> i = better_run(look, *findings_, refused);
        if (!i) return;
        if (!is_single) {
            take_best(look, *i, look.best_f[*i]);
            return;
        }
        std::vector<double> x(setting_->box->dimension());
        engine_->points(std::span(&look.run[*i], 1), Where::best, x);
        double f = nowhere;
        engine_->evaluate(std::span(&x, 1), [&](std::size_t, const Evaluation& at) { f = at.f; });
        if (std::isfinite(f) &&
            findings_->best.is_beaten_by(f, EndOf::run, findings_->runs.id[look.run[*i]])) {
            take_best(look, *i, f);
            return;
        }
        refused.push_back(*i);
    }
}

void Wave::take_best(const Look& look, std::size_t i, double f) {
    const std::uint32_t run = look.run[i];
    BestSoFar& best = findings_->best;
    best.f = f;
    best.id = findings_->runs.id[run];
    best.line = findings_->runs.line[run];
    best.iteration = look.best_iteration[i];
    best.of = EndOf::run;
    best.x.resize(setting_->box->dimension());
    engine_->points(std::span(&run, 1), Where::best, best.x);
}

void Wave::carry_out(const std::vector<Verdict>& verdicts) {
    Runs& runs = findings_->runs;
    engine_->end(verdicts, std::span(runs.x).subspan(first() * runs.dimension));
    for (const Verdict& verdict : verdicts) {
        runs.status[verdict.run] = verdict.why;
        runs.f[verdict.run] = verdict.f;
        runs.iteration[verdict.run] = verdict.iteration;
        runs.given_up_for[verdict.run] = verdict.given_up_for;
    }
}

std::vector<PolishStart> Wave::best_points(std::size_t most) {
    return lanewise::best_points(look(), points(Where::best), *findings_, *setting_->box,
                                 setting_->options->same_distance, same_basin_, most);
}

void Wave::end() {
    if (!has_begun()) enlist();
    const Look& look = this->look();
    note_best(look);
    const bool looked_at = !is_cut_off() && stage_ > 0;
    const RunStatus why = iteration_ == iterations() ? RunStatus::max_iterations : RunStatus::stopped;
    constexpr std::size_t most_at_once = 1024;
    for (std::size_t i = 0; i < look.count(); i += most_at_once) {
        std::vector<Verdict> verdicts = end_some(look, i, std::min(most_at_once, look.count() - i), why,
                                                 looked_at ? Where::current : Where::best);
        keep_best(verdicts, look, *findings_);
        carry_out(verdicts);
    }
    if (setting_->precision == Precision::f32) findings_->evaluate_in_double(*engine_, first());
}

}  // namespace lanewise
