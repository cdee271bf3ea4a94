#include "findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace lanewise {

void Runs::begin(std::size_t more, std::uint64_t first_id, std::span<const std::uint64_t> lines) {
    const std::size_t all = count() + more;
    if (all > status.capacity()) reserve(std::max(all, count() + count() / 2));
    status.resize(all, RunStatus::stopped);
    f.resize(all, std::numeric_limits<double>::infinity());
    x.resize(all * dimension);
    for (std::size_t i = 0; i < more; ++i) {
        id.push_back(first_id + i);
        line.push_back(lines.empty() ? first_id + i : lines[i]);
    }
    iteration.resize(all, -1);
    given_up_for.resize(all, nothing);
    spared_from.resize(all, nothing);
}

void Runs::reserve(std::size_t most) {
    id.reserve(most);
    line.reserve(most);
    status.reserve(most);
    f.reserve(most);
    x.reserve(most * dimension);
    iteration.reserve(most);
    given_up_for.reserve(most);
    spared_from.reserve(most);
}

EndOf end_of(const Polished& polished) noexcept {
    if (!polished.finished) return EndOf::cut_polish;
    return polished.is_rough ? EndOf::rough_polish : EndOf::polish;
}

void Findings::take(const Polished& minimum, EndOf of) {
    best.f = minimum.f;
    best.x = minimum.x;
    best.id = runs.id[minimum.run];
    best.line = runs.line[minimum.run];
    best.iteration = minimum.iteration;
    best.of = of;
}

void Findings::add(Polished minimum) {
    polished.push_back(std::move(minimum));
    const Polished& added = polished.back();
    RunStatus& status = runs.status[added.run];
    const bool seemed_converged =
        status == RunStatus::converged_gradient || status == RunStatus::converged_value;
    if (!added.finished && seemed_converged) status = RunStatus::max_iterations;
    if (best.is_beaten_by(added.f, end_of(added), runs.id[added.run])) take(added, end_of(added));
}

void Findings::converge(const Polished& there) {
    const std::size_t run = there.run;
    if (!std::isfinite(there.start_f)) {
        runs.status[run] = RunStatus::nan_at_start;
        runs.f[run] = std::numeric_limits<double>::infinity();
        return;
    }
    if (there.finished)
        runs.status[run] = there.is_converged ? RunStatus::converged_gradient : RunStatus::converged_value;
    if (!(there.f <= runs.f[run])) return;
    runs.f[run] = there.f;
    std::ranges::copy(there.x, runs.x.begin() + static_cast<std::ptrdiff_t>(run * runs.dimension));
    if (best.is_beaten_by(there.f, EndOf::run, runs.id[run])) take(there, EndOf::run);
}

void Findings::evaluate_in_double(Engine& engine, std::size_t first_run) {
    constexpr double nowhere = std::numeric_limits<double>::infinity();
    constexpr std::size_t most_at_once = 256;
    std::vector<std::size_t> ended;
    std::vector<std::vector<double>> points;
    for (std::size_t run = first_run; run < runs.count(); ++run) {
        if (std::isfinite(runs.f[run])) {
            const auto x = runs.point(run);
            ended.push_back(run);
            points.emplace_back(x.begin(), x.end());
        }
        if (points.size() < most_at_once && run + 1 < runs.count()) continue;
        engine.evaluate(points, [&](std::size_t i, const Evaluation& at) {
            runs.f[ended[i]] = at.f;
            if (std::isfinite(at.f)) return;
            runs.f[ended[i]] = nowhere;
            runs.status[ended[i]] = RunStatus::nan_on_the_way;
        });
        ended.clear();
        points.clear();
    }
    for (std::size_t run = first_run; run < runs.count(); ++run) {
        if (!best.is_beaten_by(runs.f[run], EndOf::run, runs.id[run])) continue;
        const auto x = runs.point(run);
        best = {.f = runs.f[run],
                .x = {x.begin(), x.end()},
                .id = runs.id[run],
                .line = runs.line[run],
                .iteration = runs.iteration[run],
                .of = EndOf::run};
    }
}

void add_polished(Ends& ends, const Findings& findings) {
    const std::vector<Polished>& polished = findings.polished;
    std::vector<std::uint32_t> order(polished.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) {
        return std::pair(end_of(polished[i]), findings.runs.id[polished[i].run]);
    });
    const auto add_ends = [&](bool finished) {
        for (const std::uint32_t i : order) {
            const Polished& minimum = polished[i];
            if (minimum.finished != finished) continue;
            ends.add({minimum.f, end_of(minimum), i}, [&](std::size_t j) { return minimum.x[j]; });
        }
    };
    add_ends(true);
    // Where a polish went on from one that was cut, that one belongs to where it led.
    for (std::uint32_t i = 0; i < polished.size(); ++i)
        ends.add({polished[i].start_f, EndOf::polish_start, i},
                 [&](std::size_t j) { return polished[i].start_x[j]; });
    add_ends(false);
}

namespace {

bool has_converged(const Findings& findings, const End& end) {
    if (end.of != EndOf::run) return is_polish(end.of);
    const RunStatus status = findings.runs.status[end.index];
    return status == RunStatus::converged_gradient || status == RunStatus::converged_value;
}

}  // namespace

void join(Clusters& clusters, std::span<const Joint> joints, std::size_t polished) {
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> of_polished(polished, none);
    for (const auto& [end, cluster] : clusters.members) {
        if (is_polish(end.of)) of_polished[end.index] = cluster;
    }
    // The best cluster of those that belong together stands for them.
    std::vector<std::uint32_t> better(clusters.count);
    std::iota(better.begin(), better.end(), std::uint32_t{0});
    const auto best = [&](std::uint32_t cluster) {
        while (better[cluster] != cluster) cluster = better[cluster] = better[better[cluster]];
        return cluster;
    };
    std::vector<std::uint8_t> is_joined(clusters.count, 0);
    for (const Joint& joint : joints) {
        if (of_polished[joint.one] == none || of_polished[joint.other] == none) continue;
        const auto [first, second] =
            std::minmax({best(of_polished[joint.one]), best(of_polished[joint.other])});
        better[second] = first;
        is_joined[first] = is_joined[second] = 1;
    }
    std::vector<std::uint32_t> number(clusters.count);
    std::size_t count = 0;
    clusters.is_continuum.clear();
    for (std::uint32_t cluster = 0; cluster < clusters.count; ++cluster) {
        if (best(cluster) != cluster) continue;
        number[cluster] = static_cast<std::uint32_t>(count++);
        clusters.is_continuum.push_back(is_joined[cluster]);
    }
    for (Clusters::Member& member : clusters.members) member.cluster = number[best(member.cluster)];
    clusters.count = count;
}

namespace {

/// Leaves out clusters that are no minima.
void keep(Clusters& clusters, const std::vector<std::uint8_t>& is_minimum) {
    std::vector<std::uint32_t> number(clusters.count);
    std::exclusive_scan(is_minimum.begin(), is_minimum.end(), number.begin(), std::uint32_t{0});
    std::erase_if(clusters.members,
                  [&](const Clusters::Member& member) { return is_minimum[member.cluster] == 0; });
    for (Clusters::Member& member : clusters.members) member.cluster = number[member.cluster];
    for (std::size_t cluster = 0; cluster < clusters.count; ++cluster) {
        if (is_minimum[cluster] != 0) clusters.is_continuum[number[cluster]] = clusters.is_continuum[cluster];
    }
    clusters.count = static_cast<std::size_t>(std::ranges::count(is_minimum, 1));
    clusters.is_continuum.resize(clusters.count);
}

void leave_out_unfinished(Clusters& clusters, const Findings& findings) {
    std::vector<std::uint8_t> is_minimum(clusters.count, 0);
    for (const auto& [end, cluster] : clusters.members) {
        if (has_converged(findings, end)) is_minimum[cluster] = 1;
    }
    keep(clusters, is_minimum);
}

}  // namespace

Clusters cluster_minima(const Findings& findings, const SearchBox& box, double distance,
                        const SameBasin& same_basin, bool converge, std::size_t first_run) {
    const Runs& runs = findings.runs;
    Ends ends(box, 2 * findings.polished.size() + runs.count());
    add_polished(ends, findings);
    // By start ids, of which those of offspring come last.
    for (const bool offspring : {false, true}) {
        for (auto run = static_cast<std::uint32_t>(first_run); run < runs.count(); ++run) {
            if (runs.is_offspring(run) != offspring) continue;
            ends.add({runs.f[run], EndOf::run, run}, [x = runs.point(run)](std::size_t j) { return x[j]; });
        }
    }
    Clusters clusters = cluster(ends, distance, in_one_basin_among(ends, same_basin),
                                first_run == 0 ? Joining::all : Joining::runs);
    join(clusters, findings.joints, findings.polished.size());
    if (converge) leave_out_unfinished(clusters, findings);
    return clusters;
}

Clusters listed_minima(const Findings& findings, const SearchBox& box, double distance,
                       const SameBasin& same_basin, bool converge, bool all_are_polished) {
    Clusters clusters = cluster_minima(findings, box, distance, same_basin, converge);
    if (!converge) return clusters;
    std::vector<std::uint8_t> is_minimum;
    std::size_t kept = 0;
    for (const End& end : founders(clusters)) {
        const bool is_run = end.of == EndOf::run;
        const bool has_come_to_its_end =
            is_polish(end.of) || (end.of == EndOf::polish_start && findings.polished[end.index].finished);
        const bool may_be_unpolished = !all_are_polished || kept >= most_last_polished;
        const bool is_listed = has_come_to_its_end || (is_run && may_be_unpolished);
        is_minimum.push_back(is_listed ? 1 : 0);
        kept += is_listed ? 1 : 0;
    }
    keep(clusters, is_minimum);
    return clusters;
}

}  // namespace lanewise
