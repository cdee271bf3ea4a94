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

const char* plural(std::size_t count) {
    return count == 1 ? "" : "s";
}

std::string with_unit(double count) {
    if (count >= 1e9) return fmt::format("{:.3g} G", count / 1e9);
    if (count >= 1e6) return fmt::format("{:.3g} M", count / 1e6);
    if (count >= 1e3) return fmt::format("{:.3g} k", count / 1e3);
    return fmt::format("{:.3g} ", count);
}

std::string best(const Result& result, const Box& box) {
    const Best& best = result.best;
    const std::string run =
        fmt::format("{}start {}", best.offspring ? "an offspring of " : "", best.start_id);
    const std::string point =
        best.iteration >= 0 ? fmt::format("iteration {} of {}", best.iteration, run) : run;
    return fmt::format("best   f = {}\n       {}\n       {}{}{}\n", to_text(best.f),
                       variables(box, best.x, 17, box.dimension()), best.polished ? "polished from " : "",
                       point, best.finished ? "" : "; it is no minimum");
}

/// How many variables a minimum has at a bound; one that the box fixes has no choice and does not count.
std::size_t at_bounds(const Minimum& minimum, const Box& box) {
    std::size_t count = 0;
    for (std::size_t j = 0; j < box.dimension(); ++j)
        count += static_cast<std::size_t>(minimum.at_bound[j] != 0 && box.lower()[j] != box.upper()[j]);
    return count;
}

std::string remarks(const Minimum& minimum, const Box& box) {
    std::string text;
    const auto add = [&](std::string_view remark) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", remark);
    };
    if (const std::size_t count = at_bounds(minimum, box); count > 0)
        add(fmt::format("{} at a bound", count));
    if (!minimum.finished) {
        add("unfinished: no minimum yet");
    } else if (!minimum.polished) {
        add("not polished");
    }
    if (minimum.continuum) add("one of a continuum");
    if (minimum.hits() + minimum.offspring == 0) add("no run ended here");
    return text.empty() ? "" : fmt::format("  ({})", text);
}

std::string minima(const Result& result, const Box& box) {
    const std::size_t shown = std::min(result.minima.size(), most_minima_shown);
    const bool is_estimated = result.parts && result.parts->tail_share < 1;
    std::string text =
        fmt::format("minima {}{} distinct\n", is_estimated ? "about " : "", result.minima_found);
    if (shown > 0)
        text += fmt::format("  {:>16}  {:>8}  {:>9}  {:>10}\n", "f", "hits", "offspring", "|gradient|");
    for (std::size_t i = 0; i < shown; ++i) {
        const Minimum& minimum = result.minima[i];
        text += fmt::format("  {:>16.9g}  {:>8}  {:>9}  {:>10.2g}  {}{}\n", minimum.f, minimum.hits(),
                            minimum.offspring, minimum.gradient_norm,
                            variables(box, minimum.x, 5, most_coordinates_shown), remarks(minimum, box));
    }
    if (result.minima_found > shown) text += fmt::format("  ... and {} more\n", result.minima_found - shown);
    return text;
}

/// How runs ended. Those of starts whose turn did not come are counted as stopped, too.
std::string_view end_of_run(RunStatus status) {
    return status == RunStatus::stopped ? "stopped or not begun" : name(status);
}

std::string runs(const Result& result) {
    std::string text = fmt::format("runs   {} start{}", result.runs_started(), plural(result.runs_started()));
    for (std::size_t i = 0; i < run_statuses; ++i) {
        if (result.runs[i] != 0)
            text += fmt::format(", {} {}", result.runs[i], end_of_run(static_cast<RunStatus>(i)));
    }
    if (result.offspring > 0) text += fmt::format("; {} offspring", result.offspring);
    return text + "\n";
}

std::string region(const Result& result, const Box& box) {
    if (!result.region) return "";
    const Region& region = *result.region;
    std::string bounds;
    for (std::size_t j = 0; j < std::min(box.dimension(), most_coordinates_shown); ++j)
        bounds += fmt::format("{}{} = {:.3g}:{:.3g}", j == 0 ? "" : ", ", box.coordinate_name(j),
                              region.lower[j], region.upper[j]);
    if (box.dimension() > most_coordinates_shown)
        bounds += fmt::format(", ... {} more", box.dimension() - most_coordinates_shown);
    return fmt::format("region the landscape leads inwards: most starts were drawn in {}\n", bounds);
}

std::string parts(const Result& result) {
    if (!result.parts) return "";
    const auto& [of, numbers, tail_share] = *result.parts;
    if (numbers.size() == 1 && of > 1) return fmt::format("parts  number {} of {} alone\n", numbers[0], of);
    return fmt::format("parts  {} of {}\n", numbers.size(), of);
}

std::string coverage(const Result& result) {
    const Coverage& coverage = result.coverage;
    if (!coverage.unseen_probability) return "";
    constexpr double nearly_certain = 0.99;
    const std::string chance = *coverage.unseen_probability > nearly_certain
                                   ? fmt::format("above {}", nearly_certain)
                                   : fmt::format("of about {:.2g}", *coverage.unseen_probability);
    return fmt::format(
        "unseen another run comes to a new minimum with a chance {} ({} of {} came to one alone)\n", chance,
        coverage.found_once, coverage.runs);
}

std::string work(const Result& result) {
    const Work& work = result.work;
    const double rate = work.seconds > 0 ? static_cast<double>(work.run_iterations) / work.seconds : 0;
    return fmt::format("time   {:.3g} s, {}run-iterations/s ({}{}, {} thread{})\n", work.seconds,
                       with_unit(rate), isa_name(result.isa), result.native ? ", machine code" : "",
                       result.threads, plural(static_cast<std::size_t>(result.threads)));
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

std::string to_text(const Progress& progress) {
    constexpr int width = 30;
    const double share = progress.share;
    const int filled = static_cast<int>(share * width);
    const double rate =
        progress.seconds > 0 ? static_cast<double>(progress.run_iterations) / progress.seconds : 0;
    const std::string best =
        std::isfinite(progress.best_f) ? fmt::format("{:.6g}", progress.best_f) : "none yet";
    const std::string left =
        share > 0 && share < 1 ? fmt::format("{:.1f} s left", progress.seconds * (1 - share) / share) : "";
    std::string at;
    if (progress.iterations > 0) {
        at = fmt::format(", iteration {} of {}, {} runs alive", progress.iteration, progress.iterations,
                         progress.runs_alive);
    } else if (progress.phase != Phase::polish) {
        at = ", by L-BFGS";
    }
    return fmt::format("[{:<{}}] {:3.0f} %  {}{}  best {}  {} minima  {:.3g} M run-iterations/s  {}",
                       std::string(static_cast<std::size_t>(filled), '#'), width, share * 100,
                       name(progress.phase), at, best, progress.minima, rate / 1e6, left);
}

std::string to_table(const Result& result, const Box& box) {
    std::string text;
    if (result.status != SearchStatus::completed) text += fmt::format("ended  {}\n", name(result.status));
    return text + best(result, box) + minima(result, box) + runs(result) + parts(result) +
           region(result, box) + coverage(result) + work(result);
}

}  // namespace lanewise
