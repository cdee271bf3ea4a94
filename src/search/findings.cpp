#include "findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "evaluate.hpp"

namespace lanewise {

void Runs::begin(std::size_t more, std::uint64_t first_id, std::span<const std::uint64_t> lines) {
    const std::size_t all = count() + more;
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

void Findings::take(const Polished& minimum) {
    best.f = minimum.f;
    best.x = minimum.x;
    best.id = runs.id[minimum.run];
    best.line = runs.line[minimum.run];
    best.iteration = minimum.iteration;
    best.polished = minimum.finished;
}

void Findings::add(Polished minimum) {
    if (minimum.f < best.f) take(minimum);
    polished.push_back(std::move(minimum));
}

void Findings::evaluate_in_double(const Setting& setting, std::size_t first_run) {
    constexpr double nowhere = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> ended;
    std::vector<std::vector<double>> points;
    for (std::size_t run = first_run; run < runs.count(); ++run) {
        if (!std::isfinite(runs.f[run])) continue;
        const auto x = runs.point(run);
        ended.push_back(run);
        points.emplace_back(x.begin(), x.end());
    }
    evaluate_points(*setting.objective, points, setting.isa, [&](std::size_t i, const Evaluation& at) {
        const bool has_value = std::isfinite(at.f);
        runs.f[ended[i]] = has_value ? setting.sign * at.f : nowhere;
        if (!has_value) runs.status[ended[i]] = RunStatus::nan_on_the_way;
    });
    for (const std::size_t run : ended) {
        if (!best.is_beaten_by(runs.f[run], runs.id[run])) continue;
        const auto x = runs.point(run);
        best = {.f = runs.f[run],
                .x = {x.begin(), x.end()},
                .id = runs.id[run],
                .line = runs.line[run],
                .iteration = runs.iteration[run],
                .polished = false};
    }
}

void add_polished(Ends& ends, const std::vector<Polished>& polished) {
    for (std::uint32_t i = 0; i < polished.size(); ++i) {
        const Polished& minimum = polished[i];
        ends.add({minimum.f, minimum.finished ? EndOf::polish : EndOf::cut_polish, i},
                 [&](std::size_t j) { return minimum.x[j]; });
    }
    for (std::uint32_t i = 0; i < polished.size(); ++i)
        ends.add({polished[i].rough_f, EndOf::origin, i},
                 [&](std::size_t j) { return polished[i].rough_x[j]; });
}

Clusters cluster_minima(const Findings& findings, const Box& box, const Nearness& nearness) {
    Ends ends(box, 2 * findings.polished.size() + findings.runs.count());
    add_polished(ends, findings.polished);
    for (std::uint32_t run = 0; run < findings.runs.count(); ++run)
        ends.add({findings.runs.f[run], EndOf::run, run},
                 [x = findings.runs.point(run)](std::size_t j) { return x[j]; });
    return cluster(ends, nearness);
}

}  // namespace lanewise
