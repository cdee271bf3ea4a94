#include "offspring.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "inside.hpp"

namespace lanewise {

namespace {

/// The uniform points from this index on make offspring.
constexpr std::uint64_t first_point = std::uint64_t{1} << 51U;

/// Once off a wall, then at the wall.
double reflect(double x, double lower, double upper) {
    if (x < lower) x = 2 * lower - x;
    if (x > upper) x = 2 * upper - x;
    return inside(x, lower, upper);
}

template <class Choices>
const auto& pick(const Choices& choices, double unit) {
    const auto index = static_cast<std::size_t>(unit * static_cast<double>(choices.size()));
    return choices[std::min(index, choices.size() - 1)];
}

}  // namespace

void Offspring::take_parents(const Findings& findings, std::size_t first) {
    const Runs& runs = findings.runs;
    const auto held = static_cast<std::uint32_t>(parents_.size());
    Ends ends(*setting_->box, held + (runs.count() - first));
    for (std::uint32_t i = 0; i < held; ++i)
        ends.add({parents_[i].f, EndOf::run, i}, [&](std::size_t j) { return parents_[i].x[j]; });
    for (std::uint32_t i = 0; i < runs.count() - first; ++i)
        ends.add({runs.f[first + i], EndOf::run, held + i},
                 [x = runs.point(first + i)](std::size_t j) { return x[j]; });
    const Clusters distinct = cluster(ends, setting_->options->same_distance);
    std::vector<Parent> best;
    for (const End& end : founders(distinct)) {
        if (best.size() == most_parents) break;
        if (end.index < held) {
            best.push_back(std::move(parents_[end.index]));
        } else {
            const std::size_t run = first + (end.index - held);
            const auto x = runs.point(run);
            best.push_back({runs.f[run], {x.begin(), x.end()}, runs.line[run]});
        }
    }
    parents_ = std::move(best);
}

Child Offspring::child(std::uint64_t id) const {
    constexpr std::array rates = {0.1, 0.3, 0.9};
    constexpr std::array factors = {0.5, 1.0, 1.0};
    enum { rate, factor, first, second, third, always, choices };
    const Box& box = *setting_->box;
    std::vector<double> unit(choices + box.dimension());
    UniformPoints(setting_->options->seed).point(first_point + id, unit);
    // The better a parent, the likelier it is the one that is changed.
    const Parent& a = pick(parents_, unit[first] * unit[first]);
    std::vector<double> x = a.x;
    const std::vector<double>& b = pick(parents_, unit[second]).x;
    const std::vector<double>& c = pick(parents_, unit[third]).x;
    for (std::size_t j = 0; j < x.size(); ++j) {
        const bool changes = unit[choices + j] < pick(rates, unit[rate]) ||
                             j == static_cast<std::size_t>(unit[always] * static_cast<double>(x.size()));
        if (changes)
            x[j] =
                reflect(x[j] + pick(factors, unit[factor]) * (b[j] - c[j]), box.lower()[j], box.upper()[j]);
    }
    return {.x = std::move(x), .line = a.line};
}

}  // namespace lanewise
