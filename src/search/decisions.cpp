#include "decisions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

/// Clusters of what was polished and of the runs that go on, whose ends have their index in the look. Null
/// `same_basin`: of all that are near.
Clusters cluster_runs(const Look& look, const Points& points, const std::vector<double>& values,
                      const Findings& findings, const SearchBox& box, double distance,
                      const SameBasin* same_basin) {
    constexpr std::size_t most_at_once = 1024;
    const std::size_t d = box.dimension();
    Ends ends(box, 2 * findings.polished.size() + look.count());
    add_polished(ends, findings);
    std::vector<double> x;
    for (std::size_t first = 0; first < look.count(); first += most_at_once) {
        const std::size_t count = std::min(most_at_once, look.count() - first);
        x.resize(count * d);
        points(std::span(look.run).subspan(first, count), x);
        for (std::size_t i = 0; i < count; ++i) {
            if (look.goes_on(first + i))
                ends.add({values[first + i], EndOf::run, static_cast<std::uint32_t>(first + i)},
                         [&](std::size_t j) { return x[i * d + j]; });
        }
    }
    if (same_basin == nullptr) return cluster(ends, distance);
    return cluster(ends, distance, in_one_basin_among(ends, *same_basin), Joining::runs);
}

/// The verdict that the run of index i ends, with a value that counts as f.
Verdict verdict(const Look& look, std::size_t i, RunStatus why, Where where, double f,
                std::int64_t given_up_for = Runs::nothing) {
    const std::int32_t iteration =
        where == Where::best ? look.best_iteration[i] : static_cast<std::int32_t>(look.iteration) - 1;
    return {look.run[i], why, where, iteration, f, given_up_for};
}

Verdict broke(const Look& look, std::size_t i) {
    return verdict(look, i, look.status[i], Where::best, nowhere);
}

void sort_by_run(std::vector<Verdict>& verdicts) {
    std::ranges::sort(verdicts, {}, &Verdict::run);
}

}  // namespace

std::optional<std::size_t> better_run(const Look& look, const Findings& findings,
                                      const std::vector<std::size_t>& refused) {
    BestSoFar next = {.f = findings.best.f, .id = findings.best.id, .of = findings.best.of};
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < look.count(); ++i) {
        const std::uint64_t id = findings.runs.id[look.run[i]];
        if (!next.is_beaten_by(look.best_f[i], EndOf::run, id) || std::ranges::count(refused, i) > 0)
            continue;
        next.f = look.best_f[i];
        next.id = id;
        next.of = EndOf::run;
        best = i;
    }
    return best;
}

std::vector<Verdict> retire(const Look& look, History& history, bool follows) {
    constexpr double flat = 1e-10;
    constexpr double unchanged = 1e-13;
    std::vector<Verdict> verdicts;
    for (std::size_t i = 0; i < look.count(); ++i) {
        if (!look.goes_on(i)) {
            verdicts.push_back(broke(look, i));
            continue;
        }
        const std::size_t at = history.index(look.run[i]);
        const double f = look.f[i];
        double& first_f = history.first_f[at];
        if (!std::isfinite(first_f)) first_f = f;
        const double change = std::abs(f - std::exchange(history.last_f[at], f));
        const double value = std::abs(f);
        const double range = std::max(value, std::abs(first_f - f));
        std::uint8_t& looks_unchanged = history.looks_unchanged[at];
        looks_unchanged = change <= unchanged * range ? looks_unchanged + 1 : 0;
        const auto end = [&](bool has_converged, RunStatus why) {
            const RunStatus status = has_converged || !follows ? why : RunStatus::max_iterations;
            verdicts.push_back(verdict(look, i, status, Where::current, f));
        };
        if (look.slope[i] <= flat * range) {
            end(look.slope[i] <= flat * value, RunStatus::converged_gradient);
        } else if (looks_unchanged == enough_looks) {
            end(change <= unchanged * value, RunStatus::converged_value);
        }
    }
    return verdicts;
}

std::vector<Verdict> merge(const Look& look, const Points& points, History& history, const Findings& findings,
                           const SearchBox& box, double distance, const SameBasin& same_basin) {
    const Clusters clusters = cluster_runs(look, points, look.f, findings, box, distance, &same_basin);
    std::vector<Verdict> verdicts;
    std::vector<End> founders;
    for (const auto& [end, cluster] : clusters.members) {
        if (cluster == founders.size()) {
            founders.push_back(end);
        } else if (end.of == EndOf::run) {
            const End& founder = founders[cluster];
            const std::int64_t into = founder.of == EndOf::run
                                          ? static_cast<std::int64_t>(look.run[founder.index])
                                          : ~static_cast<std::int64_t>(founder.index);
            verdicts.push_back(verdict(look, end.index, RunStatus::merged, Where::current, nowhere, into));
            if (founder.of == EndOf::run)
                history.is_sample[history.index(look.run[founder.index])] |=
                    history.is_sample[history.index(look.run[end.index])];
        }
    }
    sort_by_run(verdicts);
    return verdicts;
}

void merge_into_polished(Findings& findings, std::size_t first, const SearchBox& box, double distance,
                         const SameBasin& same_basin) {
    Runs& runs = findings.runs;
    const auto is_under_way = [&](std::size_t run) {
        return runs.status[run] == RunStatus::max_iterations && runs.id[run] != findings.best.id;
    };
    Ends ends(box, 2 * findings.polished.size() + (runs.count() - first));
    add_polished(ends, findings);
    for (auto run = static_cast<std::uint32_t>(first); run < runs.count(); ++run) {
        if (is_under_way(run))
            ends.add({runs.f[run], EndOf::run, run}, [x = runs.point(run)](std::size_t j) { return x[j]; });
    }
    const Clusters clusters = cluster(ends, distance, in_one_basin_among(ends, same_basin), Joining::runs);
    const std::vector<End> founders = lanewise::founders(clusters);
    for (const auto& [end, cluster] : clusters.members) {
        const End& founder = founders[cluster];
        if (end.of != EndOf::run || !is_polish(founder.of)) continue;
        runs.status[end.index] = RunStatus::merged;
        runs.f[end.index] = nowhere;
        runs.given_up_for[end.index] = ~static_cast<std::int64_t>(founder.index);
    }
}

Pruning prune(const Look& look, const Points& points, const History& history, const Findings& findings,
              const SearchBox& box, double reach) {
    constexpr double falls_on = 3;
    const auto promise = [&](std::size_t i) {
        const double best_f = look.best_f[i];
        return best_f - falls_on * (history.earlier_best_f[history.index(look.run[i])] - best_f);
    };
    const Clusters clusters = cluster_runs(look, points, look.best_f, findings, box, reach, nullptr);
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    std::vector<double> most_promising(clusters.count, nowhere);
    std::vector<std::uint32_t> leaders(clusters.count, none);
    for (const auto& [end, cluster] : clusters.members) {
        if (end.of != EndOf::run) continue;
        most_promising[cluster] = std::min(most_promising[cluster], promise(end.index));
        if (leaders[cluster] == none) leaders[cluster] = look.run[end.index];
    }
    Pruning pruning;
    for (const auto& [end, cluster] : clusters.members) {
        if (end.of != EndOf::run || most_promising[cluster] <= findings.best.f) continue;
        const std::uint32_t run = look.run[end.index];
        const std::uint32_t leader = leaders[cluster];
        if (run == leader) continue;
        if (history.is_sample[history.index(run)] == 0) {
            pruning.pruned.push_back(
                verdict(look, end.index, RunStatus::pruned, Where::current, nowhere, leader));
        } else {
            pruning.spared.emplace_back(run, leader);
        }
    }
    sort_by_run(pruning.pruned);
    return pruning;
}

std::vector<PolishStart> best_points(const Look& look, const Points& points, const Findings& findings,
                                     const SearchBox& box, double distance, const SameBasin& same_basin,
                                     std::size_t most) {
    const Clusters clusters = cluster_runs(look, points, look.best_f, findings, box, distance, &same_basin);
    std::vector<PolishStart> best;
    for (const End& end : founders(clusters)) {
        if (best.size() == most) break;
        if (end.of != EndOf::run) continue;
        best.push_back({.x = std::vector<double>(box.dimension()),
                        .run = look.run[end.index],
                        .iteration = look.best_iteration[end.index]});
        points(std::span(&look.run[end.index], 1), best.back().x);
    }
    return best;
}

std::vector<Verdict> end_some(const Look& look, std::size_t begin, std::size_t count, RunStatus why,
                              Where where) {
    std::vector<Verdict> verdicts;
    verdicts.reserve(count);
    for (std::size_t i = begin; i < begin + count; ++i) {
        const double f = where == Where::current ? look.f[i] : look.best_f[i];
        verdicts.push_back(look.goes_on(i) ? verdict(look, i, why, where, f) : broke(look, i));
    }
    return verdicts;
}

void keep_best(std::vector<Verdict>& verdicts, const Look& look, const Findings& findings) {
    if (is_polish(findings.best.of)) return;
    for (Verdict& of_run : verdicts) {
        if (findings.runs.id[of_run.run] != findings.best.id) continue;
        const auto i =
            static_cast<std::size_t>(std::ranges::lower_bound(look.run, of_run.run) - look.run.begin());
        of_run.where = Where::best;
        of_run.iteration = look.best_iteration[i];
        of_run.f = look.best_f[i];
    }
}

void leave_out(Look& look, const std::vector<Verdict>& verdicts) {
    if (verdicts.empty()) return;
    auto next = verdicts.begin();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < look.count(); ++i) {
        if (next != verdicts.end() && next->run == look.run[i]) {
            ++next;
            continue;
        }
        look.run[kept] = look.run[i];
        look.status[kept] = look.status[i];
        look.f[kept] = look.f[i];
        look.slope[kept] = look.slope[i];
        look.steps_taken[kept] = look.steps_taken[i];
        look.best_f[kept] = look.best_f[i];
        look.best_iteration[kept] = look.best_iteration[i];
        ++kept;
    }
    look.resize(kept);
}

}  // namespace lanewise
