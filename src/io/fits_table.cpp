#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "lanewise/io.hpp"
#include "part_line.hpp"
#include "student.hpp"
#include "told.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_problems_shown = 5;
constexpr std::size_t most_variables_shown = 6;

bool is_deviance(Loss loss) {
    return loss == Loss::poisson || loss == Loss::logistic;
}

/// What is called rss elsewhere.
std::string_view name_of_value(Loss loss) {
    if (loss == Loss::squared) return "rss";
    return is_deviance(loss) ? "deviance" : "loss";
}

const char* plural(std::size_t count) {
    return count == 1 ? "" : "s";
}

/// The bounds of a variable in a problem.
struct Bounds {
    double lower, upper;
};

Bounds bounds(const Told& told, std::size_t problem, std::size_t j) {
    const auto own = [&](std::span<const double> numbers, double of_box) {
        if (numbers.empty()) return of_box;
        const double number = numbers[(told.first_problem() + problem) * told.box.dimension() + j];
        return std::isnan(number) ? of_box : number;
    };
    return {own(told.problems.lower, told.box.lower()[j]), own(told.problems.upper, told.box.upper()[j])};
}

std::string_view remark(const Bounds& bounds, double x) {
    if (bounds.lower == bounds.upper) return "fixed";
    if (x == bounds.lower) return "at its lower bound";
    return x == bounds.upper ? "at its upper bound" : "";
}

/// Rows beyond the variables that are free.
double degrees_of_freedom(const Told& told, std::size_t problem) {
    std::size_t free = 0;
    for (std::size_t j = 0; j < told.box.dimension(); ++j) {
        const auto [lower, upper] = bounds(told, problem, j);
        free += static_cast<std::size_t>(lower != upper);
    }
    return static_cast<double>(told.n_used[problem]) - static_cast<double>(free);
}

/// How many standard errors are half of an interval.
double half_interval(const Told& told, const FitsOf& of, std::size_t problem) {
    const bool knows_scale = of.options.absolute_sigma || is_deviance(of.model.loss);
    return student_quantile(of.confidence, knows_scale ? std::numeric_limits<double>::infinity()
                                                       : degrees_of_freedom(told, problem));
}

std::size_t width_of_names(const Box& box) {
    std::size_t width = 0;
    for (std::size_t j = 0; j < box.dimension(); ++j) width = std::max(width, box.coordinate_name(j).size());
    return width;
}

std::string line_without_blanks(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

/// With standard errors and intervals.
std::string variables_of_fit(const Told& told, const Fits& fits, const FitsOf& of) {
    const Box& box = of.box;
    const std::size_t width = width_of_names(box);
    const std::string interval = fmt::format("{:.6g} % from", of.confidence * 100);
    std::string text = fmt::format("  {:<{}}  {:>24}  {:>12}  {:>14}  {:>14}\n", "", width, "value",
                                   "std. error", interval, "to");
    const double half = half_interval(told, of, 0);
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        const double x = fits.x[j];
        const double error = fits.standard_error[j];
        const Bounds its_bounds = bounds(told, 0, j);
        const double reach = its_bounds.lower == its_bounds.upper ? 0 : half * error;
        text += line_without_blanks(fmt::format("  {:<{}}  {:>24}  {:>12.5g}  {:>14.7g}  {:>14.7g}  {}",
                                                box.coordinate_name(j), width, to_text(x), error, x - reach,
                                                x + reach, remark(its_bounds, x)));
    }
    return text;
}

std::string variables_of_one(const Told& told) {
    std::string text;
    for (std::size_t j = 0; j < told.box.dimension(); ++j) {
        text += line_without_blanks(fmt::format("  {:<{}}  {:>24}  {}", told.box.coordinate_name(j),
                                                width_of_names(told.box), to_text(told.x[j]),
                                                remark(bounds(told, 0, j), told.x[j])));
    }
    return text;
}

std::string value_of_fit(const Told& told, const FitsOf& of) {
    const double degrees = degrees_of_freedom(told, 0);
    const std::string error =
        of.model.loss == Loss::squared && degrees > 0
            ? fmt::format("residual standard error {:.5g}, ", std::sqrt(told.value[0] / degrees))
            : "";
    return fmt::format("{:<9}{}  ({}{} degree{} of freedom)\n", name_of_value(of.model.loss),
                       to_text(told.value[0]), error, degrees, degrees == 1 ? "" : "s");
}

std::string seconds_of(const Told& told) {
    return fmt::format("time     {:.3g} s\n", told.seconds);
}

std::size_t sum(const std::vector<std::size_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

/// Where there are any.
std::string rows_of(const Told& told) {
    const std::size_t used = sum(told.n_used);
    const std::size_t left_out = sum(told.n_left_out);
    return used + left_out == 0 ? "" : fmt::format("rows     {} used, {} left out\n", used, left_out);
}

/// Where not all problems were worked on.
std::string part_of_all(const Told& told) {
    if (!told.part) return {};
    const std::size_t problems = told.problems.count();
    return fmt::format("part     {} of {}: {} of {}\n", told.part->number, told.part->of,
                       problems_of(*told.part, problems), problems);
}

std::string table_of_one(const Told& told, const std::string& variables, const std::string& value) {
    return part_of_all(told) + fmt::format("{:<9}{}\n", told.what, name(told.status[0])) + variables + value +
           rows_of(told) +
           fmt::format("runs     {}, of which {} agree{} with the best\n", told.runs[0], told.agree[0],
                       told.agree[0] == 1 ? "s" : "") +
           seconds_of(told);
}

std::string statuses(const Told& told) {
    std::array<std::size_t, fit_statuses> counts{};
    for (const FitStatus status : told.status) ++counts[static_cast<std::size_t>(status)];
    std::string text;
    for (std::size_t i = 0; i < fit_statuses; ++i) {
        if (counts[i] != 0)
            text +=
                fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[i], name(static_cast<FitStatus>(i)));
    }
    return fmt::format("{:<9}{} problems{}{}\n", told.what_of_many, told.count(), text.empty() ? "" : ": ",
                       text);
}

/// Of numbers in order the one that a share of them is below.
double quantile(const std::vector<double>& ordered, double share) {
    return ordered[static_cast<std::size_t>(std::lround(share * static_cast<double>(ordered.size() - 1)))];
}

std::string quantiles(const Told& told, std::string_view name_of_value) {
    std::vector<double> ordered;
    std::ranges::copy_if(told.value, std::back_inserter(ordered), [](double f) { return !std::isnan(f); });
    if (ordered.empty()) return "";
    std::ranges::sort(ordered);
    return fmt::format("{:<9}least {:.5g}, quartiles {:.5g}, {:.5g}, {:.5g}, greatest {:.5g}\n",
                       name_of_value, ordered.front(), quantile(ordered, 0.25), quantile(ordered, 0.5),
                       quantile(ordered, 0.75), ordered.back());
}

std::string runs_of(const Told& told) {
    std::size_t alone = 0;
    for (std::size_t p = 0; p < told.count(); ++p) alone += told.agree[p] == 1 && told.runs[p] > 1 ? 1 : 0;
    const std::size_t runs = sum(told.runs);
    if (alone == 0) return fmt::format("runs     {}\n", runs);
    return fmt::format("runs     {}; in {} problem{} no other run agrees with the best\n", runs, alone,
                       plural(alone));
}

std::string first_problems(const Told& told, std::string_view name_of_value) {
    const std::size_t shown = std::min(told.count(), most_problems_shown);
    const std::size_t dimension = told.box.dimension();
    const std::size_t variables = std::min(dimension, most_variables_shown);
    const std::string title = told.keys.empty() ? "problem" : told.group;
    std::size_t width = title.size();
    for (std::size_t p = 0; p < shown; ++p) width = std::max(width, told.key(p).size());
    std::string text = fmt::format("  {:<{}}  {:<14}  {:>11}", title, width, "status", name_of_value);
    for (std::size_t j = 0; j < variables; ++j) text += fmt::format("  {:>11}", told.box.coordinate_name(j));
    text += dimension > variables ? fmt::format("  ... {} more\n", dimension - variables) : "\n";
    for (std::size_t p = 0; p < shown; ++p) {
        text += fmt::format("  {:<{}}  {:<14}  {:>11.5g}", told.key(p), width, name(told.status[p]),
                            told.value[p]);
        for (std::size_t j = 0; j < variables; ++j) text += fmt::format("  {:>11.5g}", told.x_of(p)[j]);
        text += "\n";
    }
    if (told.count() > shown) text += fmt::format("  ... and {} more\n", told.count() - shown);
    return text;
}

std::string table_of_many(const Told& told, std::string_view name_of_value) {
    return part_of_all(told) + statuses(told) + quantiles(told, name_of_value) + rows_of(told) +
           runs_of(told) + first_problems(told, name_of_value) + seconds_of(told);
}

}  // namespace

std::string to_table(const Fits& fits, const FitsOf& of) {
    const Told told = told_of(fits, of);
    if (fits.count() == 1)
        return table_of_one(told, variables_of_fit(told, fits, of), value_of_fit(told, of));
    return table_of_many(told, name_of_value(of.model.loss));
}

std::string to_table(const ProblemEnds& ends, const EndsOf& of) {
    const Told told = told_of(ends, of);
    if (ends.count() == 1)
        return table_of_one(told, variables_of_one(told), fmt::format("f        {}\n", to_text(ends.f[0])));
    return table_of_many(told, told.key_of_value);
}

std::string to_text(const FitProgress& progress) {
    constexpr std::size_t width = 30;
    const double share = progress.problems == 0
                             ? 1
                             : static_cast<double>(progress.done) / static_cast<double>(progress.problems);
    const std::string bar(static_cast<std::size_t>(share * width), '#');
    const std::string left =
        share > 0 && share < 1 ? fmt::format("  {:.1f} s left", progress.seconds * (1 - share) / share) : "";
    return fmt::format("[{:<{}}] {:3.0f} %  {} of {} problems  {} runs{}", bar, width, share * 100,
                       progress.done, progress.problems, progress.runs, left);
}

}  // namespace lanewise
