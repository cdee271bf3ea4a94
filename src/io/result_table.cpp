#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lanewise/io.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_minima_shown = 10;
constexpr std::size_t most_coordinates_shown = 6;
/// Why differences cannot tell a gradient.
constexpr const char* disagreement = "differences with different steps do not agree with each other";

/// "x = 1, y = 2" or "x = [1, 2, ...]".
std::string variables(const Box& box, const std::vector<double>& x, int digits, std::size_t most) {
    std::string text;
    for (const Box::Place& place : box.variables()) {
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", place.name, place.length ? "[" : "");
        for (std::size_t i = 0; i < std::min(place.size(), most); ++i)
            text += fmt::format("{}{:.{}g}", i == 0 ? "" : ", ", x[place.offset + i], digits);
        if (place.size() > most) text += fmt::format(", ... {} more", place.size() - most);
        if (place.length) text += "]";
    }
    return text;
}

std::string with_unit(double count) {
    if (count >= 1e9) return fmt::format("{:.3g} G", count / 1e9);
    if (count >= 1e6) return fmt::format("{:.3g} M", count / 1e6);
    if (count >= 1e3) return fmt::format("{:.3g} k", count / 1e3);
    return fmt::format("{:.3g} ", count);
}

std::string best(const Result& result, const Box& box) {
    const std::string where =
        result.best.iteration < 0 ? "its start" : fmt::format("iteration {}", result.best.iteration);
    return fmt::format("best   f = {}\n       {}\n       {}start {}, {}{}\n", to_text(result.best.f),
                       variables(box, result.best.x, 17, box.dimension()),
                       result.best.offspring ? "offspring of " : "", result.best.start_id, where,
                       result.best.polished ? ", polished" : "");
}

std::string minima(const Result& result, const Box& box) {
    const std::size_t shown = std::min(result.minima.size(), most_minima_shown);
    std::string text = fmt::format("minima {} distinct\n  {:>16}  {:>8}  {:>9}\n", result.minima_found, "f",
                                   "hits", "|gradient|");
    for (std::size_t i = 0; i < shown; ++i) {
        const Minimum& minimum = result.minima[i];
        const auto walls = std::ranges::count_if(minimum.at_bound, [](int side) { return side != 0; });
        text += fmt::format("  {:>16.9g}  {:>8}  {:>10.2g}  {}{}\n", minimum.f, minimum.hits(),
                            minimum.gradient_norm, variables(box, minimum.x, 5, most_coordinates_shown),
                            walls > 0 ? fmt::format("  ({} at a bound)", walls) : "");
    }
    if (result.minima_found > shown) text += fmt::format("  ... and {} more\n", result.minima_found - shown);
    return text;
}

std::string runs(const Result& result) {
    std::string text = fmt::format("runs   {} started", result.runs_started());
    for (std::size_t i = 0; i < run_statuses; ++i) {
        if (result.runs[i] != 0)
            text += fmt::format(", {} {}", result.runs[i], name(static_cast<RunStatus>(i)));
    }
    if (result.offspring > 0) text += fmt::format("; {} offspring", result.offspring);
    return text + "\n";
}

std::string coverage(const Result& result) {
    const Coverage& coverage = result.coverage;
    if (!coverage.unseen_probability) return "";
    const std::string expected =
        coverage.minima_expected
            ? fmt::format("about {:.4g} minima expected in all, ", *coverage.minima_expected)
            : "";
    return fmt::format("cover  {}chance that another run finds a new one {:.2g}\n", expected,
                       *coverage.unseen_probability);
}

std::string work(const Result& result) {
    const Work& work = result.work;
    const double rate = work.seconds > 0 ? static_cast<double>(work.run_iterations) / work.seconds : 0;
    return fmt::format("time   {:.3g} s, {}run-iterations/s ({}{}, {} thread{})\n", work.seconds,
                       with_unit(rate), isa_name(result.isa), result.native ? ", native" : "", result.threads,
                       result.threads == 1 ? "" : "s");
}

std::string wrong_gradient(const GradientCheck& check, const Box& box) {
    const GradientCheck::Component& worst = *check.worst;
    const std::string error = std::isfinite(worst.relative_error)
                                  ? fmt::format(" (relative error {:.2g})", worst.relative_error)
                                  : "";
    return fmt::format(
        "the gradient is wrong in {} of {} variables, worst in {}: {} where differences say {}{} at {}",
        check.wrong.size(), box.dimension(), worst.name,
        std::isnan(worst.gradient) ? "NaN" : to_text(worst.gradient), to_text(worst.difference), error,
        variables(box, worst.x, 17, most_coordinates_shown));
}

/// "x[3], y"
std::string coordinates(const std::vector<std::size_t>& list, const Box& box) {
    std::string text;
    for (std::size_t i = 0; i < std::min(list.size(), most_coordinates_shown); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : ", ", box.coordinate_name(list[i]));
    if (list.size() > most_coordinates_shown)
        text += fmt::format(", ... {} more", list.size() - most_coordinates_shown);
    return text;
}

}  // namespace

std::string to_text(double number) {
    return fmt::format("{}", number);
}

std::string to_text(const GradientCheck& check, const Box& box) {
    if (!check.wrong.empty()) return wrong_gradient(check, box);
    const std::size_t compared = check.points - check.points_not_finite;
    if (compared == 0)
        return fmt::format("the gradient could not be checked: no finite value at any of {} points",
                           check.points);
    const std::string points =
        compared == check.points
            ? fmt::format("{} points", compared)
            : fmt::format("{} of {} points, the others have no value", compared, check.points);
    if (!check.worst && !check.unsettled.empty())
        return fmt::format("cannot tell in {} whether the gradient is right: {} at any of {}",
                           coordinates(check.unsettled, box), disagreement, points);
    std::string agrees =
        fmt::format("the gradient agrees with differences to {} at {}", check.tolerance, points);
    if (!check.unsettled.empty())
        return fmt::format("{}, but cannot tell in {}: {} at any of them", agrees,
                           coordinates(check.unsettled, box), disagreement);
    if (check.points_unsettled != 0)
        return fmt::format("{}; at {} of them cannot tell in some variable: {} there", agrees,
                           check.points_unsettled, disagreement);
    return agrees;
}

std::string to_table(const Result& result, const Box& box) {
    std::string text;
    if (result.status != SearchStatus::completed) text += fmt::format("ended  {}\n", name(result.status));
    return text + best(result, box) + minima(result, box) + runs(result) + coverage(result) + work(result);
}

}  // namespace lanewise
