#include "findings.hpp"

#include <algorithm>
#include <utility>

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
    while (holder.size() < all) holder.push_back(static_cast<std::int64_t>(holder.size()));
    audited.resize(all, 0);
}

void Findings::take(const Polished& minimum) {
    best.f = minimum.f;
    best.x = minimum.x;
    best.id = runs.id[minimum.run];
    best.line = runs.line[minimum.run];
    best.polished = true;
}

void Findings::add(Polished minimum) {
    if (minimum.f < best.f) take(minimum);
    polished.push_back(std::move(minimum));
}

void Findings::prefer_polished() {
    const auto lowest = std::ranges::min_element(polished, {}, &Polished::f);
    if (lowest != polished.end()) take(*lowest);
}

Clusters cluster_minima(const Findings& findings, std::span<const double> widths, const Nearness& nearness) {
    const std::vector<Polished>& polished = findings.polished;
    const std::size_t p = polished.size();
    return cluster({.count = 2 * p + findings.runs.count(),
                    .polished = p,
                    .widths = widths,
                    .f =
                        [&](std::size_t i) {
                            return i < p       ? polished[i].f
                                   : i < 2 * p ? polished[i - p].rough_f
                                               : findings.runs.f[i - 2 * p];
                        },
                    .x =
                        [&](std::size_t i, std::size_t j) {
                            return i < p       ? polished[i].x[j]
                                   : i < 2 * p ? polished[i - p].rough_x[j]
                                               : findings.runs.x[(i - 2 * p) * findings.runs.dimension + j];
                        }},
                   nearness);
}

}  // namespace lanewise
