#include "wave.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

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

}  // namespace

template <class T>
Wave<T>::Wave(const Setting& setting, Crew<T>& crew, Findings& findings)
    : setting_(&setting),
      crew_(&crew),
      findings_(&findings),
      options_(*setting.options),
      swarm_(0, 0, *setting.box, *setting.options, kernels::lane_group) {}

template <class T>
void Wave<T>::begin(const Plan& plan) {
    options_.rule.alpha = plan.alpha;
    options_.iterations = plan.iterations;
    first_ = findings_->runs.count();
    alive_ = plan.runs;
    looks_unchanged_.resize(plan.runs, 0);
    last_f_.resize(plan.runs, nowhere);
    earlier_best_f_.resize(plan.runs, nowhere);
    swarm_ = Swarm<T>(first_, plan.runs, *setting_->box, options_, crew_->choose_tile_lanes(plan.runs));
    std::vector<std::uint64_t> lines;
    for (const Child& child : plan.offspring) lines.push_back(child.line);
    findings_->runs.begin(plan.runs, plan.first_id, lines);
    findings_->tile_lanes = std::max(findings_->tile_lanes, swarm_.tile_lanes());
    crew_->begin(swarm_, plan.first_id, plan.offspring);
    note_best();
}

/// What is read belongs together.
template <class T>
bool Wave<T>::is_possible() const {
    const std::size_t all = findings_->runs.count();
    bool possible = first_ <= all && runs() <= all - first_ && looks_unchanged_.size() == runs() &&
                    earlier_best_f_.size() == runs();
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane)
        possible = possible && swarm_.run(lane) >= first_ && in_wave(lane) < runs();
    return possible;
}

template <class T>
std::size_t Wave<T>::next_stage() const noexcept {
    if (is_cut_off()) return cut_off_;
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
    steps_.clear();
    for (std::size_t k = 0; k < iterations; ++k) steps_.push_back(step_at<T>(options_, iteration_ + k));
    cut_off_ = iterations;
    crew_->advance(swarm_, steps_, iteration_);
    if (crew_->halt().requested()) return;
    stage_ = std::exchange(cut_off_, 0);
    iteration_ += stage_;
    findings_->iterations = std::max(findings_->iterations, iteration_);

    note_best();
    retire();
    if (is_due(first_late)) prune();
    for (const double share : then_late) {
        if (!is_due(share)) continue;
        merge();
        prune();
    }
    alive_ = swarm_.alive();
    constexpr double dense = 0.875;
    if (static_cast<double>(alive_) <= dense * static_cast<double>(swarm_.lanes())) swarm_.compact();
}

template <class T>
void Wave<T>::note_best() {
    Incumbent& best = findings_->best;
    std::optional<std::size_t> found;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        if (swarm_.status(lane) == kernels::ended ||
            !best.is_beaten_by(swarm_.best_f(lane), findings_->runs.id[swarm_.run(lane)]))
            continue;
        best.f = swarm_.best_f(lane);
        best.id = findings_->runs.id[swarm_.run(lane)];
        best.line = findings_->runs.line[swarm_.run(lane)];
        found = lane;
    }
    if (!found) return;
    best.x.resize(setting_->box->dimension());
    for (std::size_t j = 0; j < best.x.size(); ++j) best.x[j] = swarm_.coordinate(*found, Which::best, j);
    best.iteration = swarm_.best_iteration(*found);
    best.polished = false;
}

template <class T>
std::vector<double> Wave<T>::point(std::size_t lane, Which which) const {
    std::vector<double> x(setting_->box->dimension());
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = swarm_.coordinate(lane, which, j);
    return x;
}

/// f is infinite where the end counts for nothing.
template <class T>
void Wave<T>::end(std::size_t lane, RunStatus status, double f, Which where) {
    const std::size_t run = swarm_.run(lane);
    const std::size_t d = setting_->box->dimension();
    // The best run ends at its best point.
    if (findings_->runs.id[run] == findings_->best.id && !findings_->best.polished) {
        f = swarm_.best_f(lane);
        where = Which::best;
    }
    findings_->runs.status[run] = status;
    findings_->runs.f[run] = f;
    for (std::size_t j = 0; j < d; ++j) findings_->runs.x[run * d + j] = swarm_.coordinate(lane, where, j);
    swarm_.retire(lane);
}

/// Ends the runs that broke or have converged.
template <class T>
void Wave<T>::retire() {
    constexpr double flat = 1e-10;
    constexpr double unchanged = 1e-13;
    constexpr std::uint8_t enough_looks = 3;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        const kernels::LaneStatus status = swarm_.status(lane);
        if (status == kernels::ended) continue;
        if (status != kernels::live) {
            end(lane, status == kernels::nan_at_start ? RunStatus::nan_at_start : RunStatus::nan_on_the_way,
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
            end(lane, RunStatus::converged_gradient, f, Which::current);
        } else if (looks_unchanged == enough_looks) {
            end(lane, RunStatus::converged_value, f, Which::current);
        }
    }
}

/// Runs that have fallen into the basin of a better one, or of a minimum that is known, end.
template <class T>
void Wave<T>::merge() {
    const std::vector<std::size_t> lanes = live_lanes();
    const std::size_t known = findings_->polished.size();
    const Clusters clusters = cluster_lanes(lanes, Which::current, setting_->options->same,
                                            [&](std::size_t lane) { return swarm_.f(lane); });
    std::vector<std::int64_t> holders;
    for (const auto& [f, member, cluster] : clusters.members) {
        if (cluster == holders.size()) {
            holders.push_back(member < known
                                  ? ~static_cast<std::int64_t>(member)
                                  : static_cast<std::int64_t>(swarm_.run(lanes[member - 2 * known])));
        } else if (member >= 2 * known) {
            const std::size_t lane = lanes[member - 2 * known];
            end(lane, RunStatus::merged, nowhere, Which::current);
            findings_->runs.holder[swarm_.run(lane)] = holders[cluster];
        }
    }
}

/// Where no run of a neighbourhood, falling on as it has, would come near the best value of all, only its
/// best run goes on.
template <class T>
void Wave<T>::prune() {
    const Options& options = options_;
    const std::vector<std::size_t> lanes = live_lanes();
    constexpr double falls_on = 3;
    const auto promise = [&](std::size_t lane) {
        const double best_f = swarm_.best_f(lane);
        return best_f - falls_on * (earlier_best_f_[in_wave(lane)] - best_f);
    };
    if (options.prune && !is_due(first_late)) {
        // As far as a few steps go, runs are in each other's neighbourhood.
        constexpr double steps = 3;
        constexpr double widest = 0.03;
        const double reach =
            options.scale == Scale::box ? std::min(steps * step_size(options, iteration_), widest) : 0.0;
        const Clusters clusters = cluster_lanes(
            lanes, Which::current,
            {.distance = std::max(reach, options.same.distance), .value = nowhere, .exact_value = nowhere},
            [&](std::size_t lane) { return swarm_.best_f(lane); });
        std::vector<double> most_promising(clusters.count, nowhere);
        std::vector<std::int64_t> leaders(clusters.count, -1);
        const std::size_t known = 2 * findings_->polished.size();
        for (const auto& [f, member, cluster] : clusters.members) {
            if (member < known) continue;
            const std::size_t lane = lanes[member - known];
            most_promising[cluster] = std::min(most_promising[cluster], promise(lane));
            if (leaders[cluster] < 0) leaders[cluster] = static_cast<std::int64_t>(swarm_.run(lane));
        }
        for (const auto& [f, member, cluster] : clusters.members) {
            if (member < known || most_promising[cluster] <= findings_->best.f) continue;
            const std::size_t lane = lanes[member - known];
            const std::size_t run = swarm_.run(lane);
            if (static_cast<std::int64_t>(run) == leaders[cluster]) continue;
            findings_->runs.holder[run] = leaders[cluster];
            if (setting_->starts.is_sample(findings_->runs.id[run])) {
                findings_->runs.audited[run] = 1;
            } else {
                end(lane, RunStatus::pruned, nowhere, Which::current);
            }
        }
    }
    for (const std::size_t lane : lanes) earlier_best_f_[in_wave(lane)] = swarm_.best_f(lane);
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

/// Clusters of the polished minima and these lanes.
template <class T>
template <class Value>
Clusters Wave<T>::cluster_lanes(const std::vector<std::size_t>& lanes, Which where, const Nearness& nearness,
                                Value value) const {
    const std::vector<Polished>& polished = findings_->polished;
    const std::size_t p = polished.size();
    return cluster(
        {.count = 2 * p + lanes.size(),
         .polished = p,
         .widths = setting_->widths,
         .f =
             [&](std::size_t i) {
                 return i < p ? polished[i].f : i < 2 * p ? polished[i - p].rough_f : value(lanes[i - 2 * p]);
             },
         .x =
             [&](std::size_t i, std::size_t j) {
                 return i < p       ? polished[i].x[j]
                        : i < 2 * p ? polished[i - p].rough_x[j]
                                    : swarm_.coordinate(lanes[i - 2 * p], where, j);
             }},
        nearness);
}

template <class T>
std::vector<Rough> Wave<T>::best_points(std::size_t most) const {
    const std::vector<std::size_t> lanes = live_lanes();
    const std::size_t known = 2 * findings_->polished.size();
    const Clusters clusters = cluster_lanes(lanes, Which::best, setting_->options->same,
                                            [&](std::size_t lane) { return swarm_.best_f(lane); });
    std::vector<Rough> points;
    std::size_t founded = 0;
    for (const auto& [f, member, cluster] : clusters.members) {
        if (points.size() == most) break;
        if (cluster != founded) continue;
        ++founded;
        if (member < known) continue;
        const std::size_t lane = lanes[member - known];
        points.push_back({.x = point(lane, Which::best), .run = swarm_.run(lane)});
    }
    return points;
}

template <class T>
void Wave<T>::end() {
    note_best();
    const bool looked_at = !is_cut_off() && stage_ > 0;
    const RunStatus status =
        iteration_ == options_.iterations ? RunStatus::max_iterations : RunStatus::stopped;
    for (std::size_t lane = 0; lane < swarm_.lanes(); ++lane) {
        switch (swarm_.status(lane)) {
            case kernels::ended: break;
            case kernels::live:
                end(lane, status, looked_at ? swarm_.f(lane) : swarm_.best_f(lane),
                    looked_at ? Which::current : Which::best);
                break;
            case kernels::nan_at_start: end(lane, RunStatus::nan_at_start, nowhere, Which::best); break;
            case kernels::nan_on_the_way: end(lane, RunStatus::nan_on_the_way, nowhere, Which::best); break;
        }
    }
}

template class Wave<double>;
template class Wave<float>;

}  // namespace lanewise
