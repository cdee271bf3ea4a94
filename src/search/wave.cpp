#include "wave.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "lanewise/objective.hpp"
#include "schedule.hpp"

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
static_assert(most_given_up_in_a_row == 2 * std::size(then_late));

}  // namespace

template <class T>
Wave<T>::Wave(const Setting& setting, Crew<T>& crew, Findings& findings)
    : setting_(&setting),
      crew_(&crew),
      findings_(&findings),
      options_(*setting.options),
      swarm_(0, 0, *setting.box, *setting.options, kernels::lane_group) {}

template <class T>
bool Wave<T>::begin(const Plan& plan) {
    options_.rule.alpha = plan.alpha;
    options_.iterations = plan.iterations;
    first_ = findings_->runs.count();
    runs_ = plan.runs;
    alive_ = plan.runs;
    first_id_ = plan.first_id;
    for (const Child& child : plan.offspring) lines_.push_back(child.line);
    swarm_ = Swarm<T>(first_, plan.runs, *setting_->box, options_, crew_->choose_tile_lanes(plan.runs));
    crew_->begin(swarm_, plan.first_id, plan.offspring);
    if (crew_->halt().requested()) return false;
    enlist();
    note_best();
    return true;
}

template <class T>
void Wave<T>::enlist() {
    last_f_.resize(runs_, nowhere);
    earlier_best_f_.resize(runs_, nowhere);
    for (std::size_t i = 0; i < runs_; ++i)
        is_sample_.push_back(setting_->starts.is_sample(first_id_ + i) ? 1 : 0);
    std::vector<std::uint8_t> looks_unchanged(runs_, 0);
    findings_->runs.begin(runs_, first_id_, lines_);
    looks_unchanged_.swap(looks_unchanged);  // From here on it has begun.
    findings_->tile_lanes = std::max(findings_->tile_lanes, swarm_.tile_lanes());
}

template <class T>
std::size_t Wave<T>::next_stage() const noexcept {
    return is_cut_off() ? cut_off_ : whole_stage();
}

template <class T>
std::size_t Wave<T>::whole_stage() const noexcept {
    const std::size_t iterations = options_.iterations;
    return std::min(std::clamp(iterations / looks_aimed_at, shortest_stage, longest_stage),
                    iterations - iteration_);
}

template <class T>
bool Wave<T>::is_due(double share) const {
    const auto due = static_cast<std::size_t>(share * static_cast<double>(options_.iterations));
    return iteration_ >= due && iteration_ < due + stage_;
}

template <class T>
void Wave<T>::advance(std::size_t iterations) {
    cut_off_ = iterations;
    crew_->advance(swarm_, options_, iteration_, iterations);
    if (crew_->halt().requested()) return;
    stage_ = std::exchange(cut_off_, 0);
    iteration_ += stage_;
    findings_->iterations = std::max(findings_->iterations, iteration_);

    note_best();
    retire();
    if (iteration_ < options_.iterations) {
        const bool late = std::ranges::any_of(then_late, [&](double share) { return is_due(share); });
        if (late) {
            merge();
            if (options_.prune) prune();
        }
        if (late || is_due(first_late)) {
            for (const std::size_t lane : live_lanes()) earlier_best_f_[in_wave(lane)] = swarm_.best_f(lane);
        }
    }
    alive_ = swarm_.alive();
    constexpr double dense = 0.875;
    if (static_cast<double>(alive_) <= dense * static_cast<double>(swarm_.lanes())) swarm_.compact();
}

template <class T>
void Wave<T>::note_best() {
    // In single precision a value may not be what it is in double: then the next best is looked at, and what
    // is left after some waits for the wave's end.
    constexpr int most_looked_at = is_single ? 16 : 1;
    std::vector<std::size_t> refused;
    for (int i = 0; i < most_looked_at; ++i) {
        const std::optional<std::size_t> lane = best_lane(refused);
        if (!lane) return;
        if constexpr (is_single) {
            const double f =
                setting_->sign * evaluate(*setting_->objective, point(*lane, Which::best), setting_->isa).f;
            if (!std::isfinite(f) ||
                !findings_->best.is_beaten_by(f, EndOf::run, findings_->runs.id[swarm_.run(*lane)])) {
                refused.push_back(*lane);
                continue;
            }
            take_best(*lane, f);
        } else {
            take_best(*lane, swarm_.best_f(*lane));
        }
        return;
    }
}

/// The best of the lanes that are better than the best point so far, without those refused.
template <class T>
std::optional<std::size_t> Wave<T>::best_lane(const std::vector<std::size_t>& refused) const {
    Incumbent next = {.f = findings_->best.f, .id = findings_->best.id, .of = findings_->best.of};
    std::optional<std::size_t> best;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        const std::uint64_t id = findings_->runs.id[swarm_.run(lane)];
        if (swarm_.status(lane) == kernels::ended ||
            !next.is_beaten_by(swarm_.best_f(lane), EndOf::run, id) || std::ranges::count(refused, lane) > 0)
            continue;
        next.f = swarm_.best_f(lane);
        next.id = id;
        next.of = EndOf::run;
        best = lane;
    }
    return best;
}

/// Takes no new memory: this is done at every look.
template <class T>
void Wave<T>::take_best(std::size_t lane, double f) {
    const std::size_t run = swarm_.run(lane);
    Incumbent& best = findings_->best;
    best.f = f;
    best.id = findings_->runs.id[run];
    best.line = findings_->runs.line[run];
    best.iteration = swarm_.best_iteration(lane);
    best.of = EndOf::run;
    best.x.resize(setting_->box->dimension());
    for (std::size_t j = 0; j < best.x.size(); ++j) best.x[j] = swarm_.coordinate(lane, Which::best, j);
}

template <class T>
std::vector<double> Wave<T>::point(std::size_t lane, Which which) const {
    std::vector<double> x(setting_->box->dimension());
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = swarm_.coordinate(lane, which, j);
    return x;
}

/// f is infinite where the end counts for nothing.
template <class T>
void Wave<T>::end_run(std::size_t lane, RunStatus status, double f, Which where) {
    Runs& runs = findings_->runs;
    const std::size_t run = swarm_.run(lane);
    // The best run ends at its best point.
    if (runs.id[run] == findings_->best.id && findings_->best.of != EndOf::polish) {
        f = swarm_.best_f(lane);
        where = Which::best;
    }
    runs.status[run] = status;
    runs.f[run] = f;
    runs.iteration[run] =
        where == Which::best ? swarm_.best_iteration(lane) : static_cast<std::int32_t>(iteration_) - 1;
    for (std::size_t j = 0; j < runs.dimension; ++j)
        runs.x[run * runs.dimension + j] = swarm_.coordinate(lane, where, j);
    swarm_.retire(lane);
}

/// Ends the runs that broke or have converged.
template <class T>
void Wave<T>::retire() {
    constexpr double flat = 1e-10;
    constexpr double unchanged = 1e-13;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        const kernels::LaneStatus status = swarm_.status(lane);
        if (status == kernels::ended) continue;
        if (status != kernels::live) {
            end_run(lane,
                    status == kernels::nan_at_start ? RunStatus::nan_at_start : RunStatus::nan_on_the_way,
                    nowhere, Which::best);
            continue;
        }
        const double f = swarm_.f(lane);
        const double unit = std::max(1.0, std::abs(f));
        double& last_f = last_f_[in_wave(lane)];
        std::uint8_t& looks_unchanged = looks_unchanged_[in_wave(lane)];
        looks_unchanged = std::abs(f - last_f) <= unchanged * unit ? looks_unchanged + 1 : 0;
        last_f = f;
        if (swarm_.slope(lane) <= flat * unit) {
            end_run(lane, RunStatus::converged_gradient, f, Which::current);
        } else if (looks_unchanged == enough_looks) {
            end_run(lane, RunStatus::converged_value, f, Which::current);
        }
    }
}

/// Runs that have fallen into the basin of a better one, or of a minimum that is known, end.
template <class T>
void Wave<T>::merge() {
    const Clusters clusters = cluster_lanes(Which::current, setting_->options->same,
                                            [&](std::size_t lane) { return swarm_.f(lane); });
    std::vector<End> founders;
    for (const auto& [end, cluster] : clusters.members) {
        if (cluster == founders.size()) {
            founders.push_back(end);
        } else if (end.of == EndOf::run) {
            const End& founder = founders[cluster];
            const bool into_run = founder.of == EndOf::run;
            end_run(end.index, RunStatus::merged, nowhere, Which::current);
            findings_->runs.given_up_for[swarm_.run(end.index)] =
                into_run ? static_cast<std::int64_t>(swarm_.run(founder.index))
                         : ~static_cast<std::int64_t>(founder.index);
            if (into_run) is_sample_[in_wave(founder.index)] |= is_sample_[in_wave(end.index)];
        }
    }
}

/// Where no run of a neighbourhood, falling on as it has, would come near the best value of all, only its
/// best run goes on, and what is of the sample.
template <class T>
void Wave<T>::prune() {
    constexpr double falls_on = 3;
    const auto promise = [&](std::size_t lane) {
        const double best_f = swarm_.best_f(lane);
        return best_f - falls_on * (earlier_best_f_[in_wave(lane)] - best_f);
    };
    // As far as a few steps go, runs are in each other's neighbourhood.
    constexpr double steps = 3;
    constexpr double widest = 0.03;
    const double reach =
        options_.scale == Scale::box ? std::min(steps * step_size(options_, iteration_), widest) : 0.0;
    const Clusters clusters = cluster_lanes(
        Which::current,
        {.distance = std::max(reach, options_.same.distance), .value = nowhere, .exact_value = nowhere},
        [&](std::size_t lane) { return swarm_.best_f(lane); });
    std::vector<double> most_promising(clusters.count, nowhere);
    std::vector<std::int64_t> leaders(clusters.count, Runs::nothing);
    for (const auto& [end, cluster] : clusters.members) {
        if (end.of != EndOf::run) continue;
        most_promising[cluster] = std::min(most_promising[cluster], promise(end.index));
        if (leaders[cluster] == Runs::nothing)
            leaders[cluster] = static_cast<std::int64_t>(swarm_.run(end.index));
    }
    Runs& runs = findings_->runs;
    for (const auto& [end, cluster] : clusters.members) {
        if (end.of != EndOf::run || most_promising[cluster] <= findings_->best.f) continue;
        const std::size_t run = swarm_.run(end.index);
        const std::int64_t leader = leaders[cluster];
        if (static_cast<std::int64_t>(run) == leader) continue;
        if (is_sample_[in_wave(end.index)] == 0) {
            end_run(end.index, RunStatus::pruned, nowhere, Which::current);
            runs.given_up_for[run] = leader;
        } else if (runs.spared_from[run] == Runs::nothing) {
            runs.spared_from[run] = leader;
        }
    }
}

/// Live lanes in the order of their runs.
template <class T>
std::vector<std::size_t> Wave<T>::live_lanes() const {
    std::vector<std::size_t> lanes;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        if (swarm_.status(lane) == kernels::live) lanes.push_back(lane);
    }
    std::ranges::sort(lanes, {}, [&](std::size_t lane) { return swarm_.run(lane); });
    return lanes;
}

/// Clusters of what was polished and of the live lanes, which are the indices of runs here.
template <class T>
template <class Value>
Clusters Wave<T>::cluster_lanes(Which where, const Nearness& nearness, Value value) const {
    const std::vector<std::size_t> lanes = live_lanes();
    Ends ends(*setting_->box, 2 * findings_->polished.size() + lanes.size());
    add_polished(ends, *findings_);
    for (const std::size_t lane : lanes)
        ends.add({value(lane), EndOf::run, static_cast<std::uint32_t>(lane)},
                 [&](std::size_t j) { return swarm_.coordinate(lane, where, j); });
    return cluster(ends, nearness);
}

template <class T>
std::vector<Rough> Wave<T>::best_points(std::size_t most) const {
    const Clusters clusters = cluster_lanes(Which::best, setting_->options->same,
                                            [&](std::size_t lane) { return swarm_.best_f(lane); });
    std::vector<Rough> points;
    for (const End& end : founders(clusters)) {
        if (points.size() == most) break;
        if (end.of == EndOf::run)
            points.push_back({.x = point(end.index, Which::best),
                              .run = swarm_.run(end.index),
                              .iteration = swarm_.best_iteration(end.index)});
    }
    return points;
}

template <class T>
void Wave<T>::end() {
    if (!has_begun()) enlist();
    note_best();
    const bool looked_at = !is_cut_off() && stage_ > 0;
    const RunStatus status =
        iteration_ == options_.iterations ? RunStatus::max_iterations : RunStatus::stopped;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        switch (swarm_.status(lane)) {
            case kernels::ended: break;
            case kernels::live:
                end_run(lane, status, looked_at ? swarm_.f(lane) : swarm_.best_f(lane),
                        looked_at ? Which::current : Which::best);
                break;
            case kernels::nan_at_start: end_run(lane, RunStatus::nan_at_start, nowhere, Which::best); break;
            case kernels::nan_on_the_way:
                end_run(lane, RunStatus::nan_on_the_way, nowhere, Which::best);
                break;
        }
    }
    if constexpr (is_single) findings_->evaluate_in_double(*setting_, first_);
}

template class Wave<double>;
template class Wave<float>;

}  // namespace lanewise
